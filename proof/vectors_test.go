package proof

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path"
	"reflect"
	"strings"
	"testing"

	"github.com/roundel/roundel/internal/vectors"
	"github.com/roundel/roundel/jsonld"
	"github.com/roundel/roundel/multikey"
	"github.com/roundel/roundel/strictjson"
)

// vectorContexts adds the two contexts that the W3C vectors use and that
// credentials in earnest have no business with.
func vectorContexts(t testing.TB) *jsonld.Contexts {
	t.Helper()
	citizenship, err := os.ReadFile("testdata/citizenship-v4rc1.jsonld")
	if err != nil {
		t.Fatal(err)
	}
	c, err := jsonld.Embedded().With("https://www.w3.org/ns/credentials/examples/v2",
		[]byte(`{"@context":{"@vocab":"https://www.w3.org/ns/credentials/examples#"}}`))
	if err != nil {
		t.Fatal(err)
	}
	c, err = c.With("https://w3id.org/citizenship/v4rc1", citizenship)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func decode(t testing.TB, data []byte) map[string]any {
	t.Helper()
	v, err := strictjson.Decode(data, strictjson.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return v.(map[string]any)
}

func vectorKey(t testing.TB) ed25519.PrivateKey {
	t.Helper()
	var pair struct{ PrivateKeyMultibase string }
	if err := json.Unmarshal(vectors.File(t, "vc-di-eddsa", "TestVectors", "keyPair.json"), &pair); err != nil {
		t.Fatal(err)
	}
	key, err := multikey.DecodePrivate(pair.PrivateKeyMultibase)
	if err != nil {
		t.Fatal(err)
	}
	return key.(ed25519.PrivateKey)
}

// TestW3CVectors runs both worked examples of vc-di-eddsa, appendix B.1, step
// by step and byte for byte.
func TestW3CVectors(t *testing.T) {
	key := vectorKey(t)
	contexts := vectorContexts(t)
	for folder, unsignedFile := range map[string]string{
		"eddsa-rdfc-2022":        "unsigned.json",
		"eddsa-rdfc-2022/employ": "employmentAuth.json",
	} {
		t.Run(folder, func(t *testing.T) {
			file := func(name string) []byte {
				return vectors.File(t, "vc-di-eddsa", "TestVectors", path.Join(folder, name))
			}
			text := func(name string) string { return strings.TrimSpace(string(file(name))) }
			unsigned := vectors.File(t, "vc-di-eddsa", "TestVectors", unsignedFile)

			task := &task{document: decode(t, unsigned), proof: decode(t, file("proofConfigDataInt.json")), contexts: contexts}
			options, err := task.canonicalProof(crypto.SHA256)
			if err != nil {
				t.Fatal(err)
			}
			document, err := jsonld.Canonicalize(decode(t, unsigned), jsonld.Options{Contexts: contexts})
			if err != nil {
				t.Fatal(err)
			}
			same(t, "canonical document", string(document), string(file("canonDocDataInt.txt")))
			same(t, "canonical proof options", string(options), string(file("proofCanonDataInt.txt")))
			documentHash, optionsHash := sha256.Sum256(document), sha256.Sum256(options)
			same(t, "document hash", hex.EncodeToString(documentHash[:]), text("docHashDataInt.txt"))
			same(t, "proof hash", hex.EncodeToString(optionsHash[:]), text("proofHashDataInt.txt"))
			data, err := rdfcSuite{}.data(task, crypto.SHA256)
			if err != nil {
				t.Fatal(err)
			}
			same(t, "combined hash", hex.EncodeToString(data), text("combinedHashDataInt.txt"))
			sig := ed25519.Sign(key, data)
			same(t, "signature", hex.EncodeToString(sig), text("sigHexDataInt.txt"))
			same(t, "proofValue", multikey.EncodeMultibase(sig), text("sigBTC58DataInt.txt"))

			_, proofs, err := Split(decode(t, file("signedDataInt.json")))
			if err != nil {
				t.Fatal(err)
			}
			signed, err := Sign(unsigned, key, SignOptions{Method: proofs[0].VerificationMethod, Created: at(t, proofs[0].Created), Contexts: contexts})
			if err != nil {
				t.Fatal(err)
			}
			var compact bytes.Buffer
			if err := json.Compact(&compact, file("signedDataInt.json")); err != nil {
				t.Fatal(err)
			}
			same(t, "signed document", string(signed), compact.String())
			if err := verifyAll(signed, key.Public(), VerifyOptions{Contexts: contexts}); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestW3CProofSetAndChain: both proofs of the set verify, and of the chain the
// links that build on others are refused, not mistaken.
func TestW3CProofSetAndChain(t *testing.T) {
	contexts := vectorContexts(t)
	for name, want := range map[string][]error{
		"signedProofSet1.json":   {nil},
		"signedProofSet2.json":   {nil, nil},
		"signedProofChain1.json": {nil, nil, ErrUnsupported},
		"signedProofChain2.json": {nil, nil, ErrUnsupported, ErrUnsupported},
	} {
		unsecured, proofs, err := Split(decode(t, vectors.File(t, "vc-di-eddsa", "TestVectors", "proof-set-chain", name)))
		if err != nil {
			t.Fatal(err)
		}
		if len(proofs) != len(want) {
			t.Errorf("%s: %d proofs, want %d", name, len(proofs), len(want))
			continue
		}
		for i, p := range proofs {
			_, fragment, _ := strings.Cut(p.VerificationMethod, "#")
			key, err := multikey.DecodePublic(fragment)
			if err != nil {
				t.Fatal(err)
			}
			if err := VerifyOne(unsecured, p, key, VerifyOptions{Contexts: contexts}); !errors.Is(err, want[i]) || (err == nil) != (want[i] == nil) {
				t.Errorf("%s: proof %d: %v, want %v", name, i, err, want[i])
			}
		}
		if last := proofs[len(proofs)-1]; strings.Contains(name, "Chain2") && !reflect.DeepEqual(last.Previous, []string{"urn:uuid:d94f792a-c546-4d06-b38a-da070ab56c23"}) {
			t.Errorf("%s: previous %q", name, last.Previous)
		}
	}
}

// TestOtherW3CSuites: proofs of kinds that come later are "cannot say", not "bad".
func TestOtherW3CSuites(t *testing.T) {
	key := vectorKey(t).Public()
	for _, name := range []string{"eddsa-jcs-2022/signedJCS.json", "Ed25519Signature2020/signedEdSig.json"} {
		err := verifyAll(vectors.File(t, "vc-di-eddsa", "TestVectors", name), key, VerifyOptions{Contexts: vectorContexts(t)})
		if !errors.Is(err, ErrUnsupported) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestSpecVectors: the worked examples of the Open Badges 3.0 and CLR 2.0
// documents, canonical forms included.
func TestSpecVectors(t *testing.T) {
	const fragment = "z6MkjZRZv3aez3r18pB1RBFJR1kwUVJ5jHt92JmQwXbd5hwi"
	key, err := multikey.DecodePublic(fragment)
	if err != nil {
		t.Fatal(err)
	}
	for name, folder := range map[string]string{"ob3-signed.json": ".", "clr2-signed.json": "clrv2p0"} {
		t.Run(name, func(t *testing.T) {
			signed := vectors.File(t, "ob3-spec-vector", name)
			unsecured, proofs, err := Split(decode(t, signed))
			if err != nil {
				t.Fatal(err)
			}
			config := maps.Clone(proofs[0].Raw)
			delete(config, "proofValue")
			options, err := (&task{document: unsecured, proof: config}).canonicalProof(crypto.SHA256)
			if err != nil {
				t.Fatal(err)
			}
			document, err := jsonld.Canonicalize(unsecured, jsonld.Options{})
			if err != nil {
				t.Fatal(err)
			}
			same(t, "canonical document", string(document), string(vectors.File(t, "ob3-spec-vector", folder, "document-canon.txt")))
			same(t, "canonical proof options", string(options), string(vectors.File(t, "ob3-spec-vector", folder, "proof-canon.txt")))
			if err := verifyAll(signed, key, VerifyOptions{}); err != nil {
				t.Error(err)
			}
			// The credential inside the transcript has a proof of its own.
			if name == "clr2-signed.json" {
				inner := unsecured["credentialSubject"].(map[string]any)["verifiableCredential"].([]any)[0].(map[string]any)
				unsecured, proofs, err := Split(inner)
				if err != nil {
					t.Fatal(err)
				}
				if err := VerifyOne(unsecured, proofs[0], key, VerifyOptions{}); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func same(t testing.TB, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s:\n%s\nwant:\n%s", what, got, want)
	}
}
