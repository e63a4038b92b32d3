package proof

import (
	"crypto"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

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

// vectorKey reads one of the key pairs of the W3C vectors.
func vectorKey(t testing.TB, set, file string) crypto.Signer {
	t.Helper()
	var pair struct{ PrivateKeyMultibase, SecretKeyMultibase string }
	if err := json.Unmarshal(vectors.File(t, set, "TestVectors", file), &pair); err != nil {
		t.Fatal(err)
	}
	key, err := multikey.DecodePrivate(pair.PrivateKeyMultibase + pair.SecretKeyMultibase)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// TestW3CVectors runs the worked examples of vc-di-eddsa and vc-di-ecdsa step by
// step and byte for byte: canonical forms, hashes, signature and signed document.
func TestW3CVectors(t *testing.T) {
	const ed, ec = "vc-di-eddsa", "vc-di-ecdsa"
	for _, c := range []struct{ set, folder, suffix, unsigned, key, cryptosuite string }{
		{ed, "eddsa-rdfc-2022", "DataInt", "unsigned.json", "keyPair.json", "eddsa-rdfc-2022"},
		{ed, "eddsa-rdfc-2022/employ", "DataInt", "employmentAuth.json", "keyPair.json", "eddsa-rdfc-2022"},
		{ed, "eddsa-jcs-2022", "JCS", "unsigned.json", "keyPair.json", "eddsa-jcs-2022"},
		{ed, "Ed25519Signature2020", "EdSig", "", "keyPair.json", "Ed25519Signature2020"},
		{ec, "ecdsa-rdfc-2019-p256", "ECDSAP256", "unsigned.json", "p256KeyPair.json", "ecdsa-rdfc-2019"},
		{ec, "ecdsa-rdfc-2019-p256/employ", "ECDSAP256", "employmentAuth.json", "p256KeyPair.json", "ecdsa-rdfc-2019"},
		{ec, "ecdsa-rdfc-2019-p384", "ECDSAP384", "unsigned.json", "p384KeyPair.json", "ecdsa-rdfc-2019"},
		{ec, "ecdsa-rdfc-2019-p384/employ", "ECDSAP384", "employmentAuth.json", "p384KeyPair.json", "ecdsa-rdfc-2019"},
		{ec, "ecdsa-jcs-2019-p256", "JCSECDSAP256", "unsigned.json", "p256KeyPair.json", "ecdsa-jcs-2019"},
		{ec, "ecdsa-jcs-2019-p384", "JCSECDSAP384", "unsigned.json", "p384KeyPair.json", "ecdsa-jcs-2019"},
	} {
		t.Run(c.folder, func(t *testing.T) {
			file := func(name, extension string) []byte {
				return vectors.File(t, c.set, "TestVectors", path.Join(c.folder, name+c.suffix+extension))
			}
			text := func(name string) string { return strings.TrimSpace(string(file(name, ".txt"))) }
			key := vectorKey(t, c.set, c.key)
			contexts := vectorContexts(t)
			secured := file("signed", ".json")
			unsecured, proofs, err := Split(decode(t, secured))
			if err != nil {
				t.Fatal(err)
			}
			unsigned, err := json.Marshal(unsecured)
			if err != nil {
				t.Fatal(err)
			}
			if c.unsigned != "" {
				unsigned = vectors.File(t, c.set, "TestVectors", c.unsigned)
			}

			s, err := suiteOf(proofs[0].Type, proofs[0].Cryptosuite)
			if err != nil {
				t.Fatal(err)
			}
			task := &task{document: decode(t, unsigned), proof: decode(t, file("proofConfig", ".json")), contexts: contexts}
			h := hashFor(key.Public())
			options, document, err := s.(hashSuite).canonical(task, h)
			if err != nil {
				t.Fatal(err)
			}
			same(t, "canonical document", string(document), string(file("canonDoc", ".txt")))
			same(t, "canonical proof options", string(options), string(file("proofCanon", ".txt")))
			same(t, "document hash", hex.EncodeToString(sum(h, document)), text("docHash"))
			same(t, "proof hash", hex.EncodeToString(sum(h, options)), text("proofHash"))
			data, err := s.(hashSuite).data(task, h)
			if err != nil {
				t.Fatal(err)
			}
			same(t, "combined hash", hex.EncodeToString(data), text("combinedHash"))
			sig, err := hex.DecodeString(text("sigHex"))
			if err != nil {
				t.Fatal(err)
			}
			same(t, "proofValue", multikey.EncodeMultibase(sig), text("sigBTC58"))
			if err := verifyData(key.Public(), data, sig); err != nil {
				t.Errorf("signature: %v", err)
			}
			if err := verifyAll(secured, key.Public(), VerifyOptions{Contexts: contexts}); err != nil {
				t.Errorf("signed document: %v", err)
			}

			again(t, unsigned, secured, key, c.cryptosuite)
		})
	}
}

// again makes the proof of a vector anew.
func again(t *testing.T, unsigned, secured []byte, key crypto.Signer, cryptosuite string) {
	t.Helper()
	contexts := vectorContexts(t)
	_, proofs, err := Split(decode(t, secured))
	if err != nil {
		t.Fatal(err)
	}
	signed, err := Sign(unsigned, key, SignOptions{
		Cryptosuite: cryptosuite, Method: proofs[0].VerificationMethod, Created: at(t, proofs[0].Created), Contexts: contexts,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := verifyAll(signed, key.Public(), VerifyOptions{Contexts: contexts}); err != nil {
		t.Errorf("signed by us: %v", err)
	}
	_, ours, err := Split(decode(t, signed))
	if err != nil {
		t.Fatal(err)
	}
	if _, fixed := key.(ed25519.PrivateKey); !fixed { // ECDSA is different each time
		delete(ours[0].Raw, "proofValue")
		delete(proofs[0].Raw, "proofValue")
		if diff := cmp.Diff(proofs[0].Raw, ours[0].Raw); diff != "" {
			t.Errorf("proof: %s", diff)
		}
		return
	}
	if diff := cmp.Diff(decode(t, secured), decode(t, signed)); diff != "" {
		t.Errorf("signed document: %s", diff)
	}
}

// fragmentKey is the key that a did:key method names.
func fragmentKey(t testing.TB, method string) crypto.PublicKey {
	t.Helper()
	_, fragment, _ := strings.Cut(method, "#")
	key, err := multikey.DecodePublic(fragment)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// TestW3CProofSetAndChain verifies the sets and chains of vc-di-eddsa, appendix
// B.4 and B.5, and makes them again byte for byte.
func TestW3CProofSetAndChain(t *testing.T) {
	contexts := vectorContexts(t)
	var pairs map[string]struct{ PublicKeyMultibase, PrivateKeyMultibase string }
	if err := json.Unmarshal(vectors.File(t, "vc-di-eddsa", "TestVectors", "proof-set-chain", "multiKeyPairs.json"), &pairs); err != nil {
		t.Fatal(err)
	}
	for name, layers := range map[string][][]int{
		"signedProofSet1.json":   {{0}},
		"signedProofSet2.json":   {{0, 1}},
		"signedProofChain1.json": {{0, 1}, {2}},
		"signedProofChain2.json": {{0, 1}, {2}, {3}},
	} {
		file := vectors.File(t, "vc-di-eddsa", "TestVectors", "proof-set-chain", name)
		unsecured, proofs, err := Split(decode(t, file))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Order(proofs); err != nil || !reflect.DeepEqual(got, layers) {
			t.Errorf("%s: Order %v, %v; want %v", name, got, err, layers)
		}
		signed, err := json.Marshal(unsecured)
		if err != nil {
			t.Fatal(err)
		}
		for i, p := range proofs {
			if err := VerifyOne(unsecured, p, fragmentKey(t, p.VerificationMethod), VerifyOptions{Contexts: contexts, Set: proofs}); err != nil {
				t.Errorf("%s: proof %d: %v", name, i, err)
			}
			if err := VerifyOne(unsecured, p, fragmentKey(t, p.VerificationMethod), VerifyOptions{Contexts: contexts}); len(p.Previous) > 0 && !errors.Is(err, ErrUnsupported) {
				t.Errorf("%s: proof %d without its set: %v", name, i, err)
			}
			for _, pair := range pairs {
				if !strings.HasSuffix(p.VerificationMethod, pair.PublicKeyMultibase) {
					continue
				}
				key, err := multikey.DecodePrivate(pair.PrivateKeyMultibase)
				if err != nil {
					t.Fatal(err)
				}
				signed, err = Sign(signed, key, SignOptions{
					Method: p.VerificationMethod, Created: at(t, p.Created), ID: p.ID, Previous: p.Previous, Contexts: contexts, List: len(proofs) > 1,
				})
				if err != nil {
					t.Fatal(err)
				}
			}
		}
		if diff := cmp.Diff(decode(t, file), decode(t, signed)); diff != "" {
			t.Errorf("%s, made again: %s", name, diff)
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
