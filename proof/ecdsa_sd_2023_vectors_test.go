package proof

import (
	"crypto"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"path"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/roundel/roundel/internal/vectors"
	"github.com/roundel/roundel/jsonld"
	"github.com/roundel/roundel/multikey"
)

// repeatable signs like its key, but always the same for the same data (RFC
// 6979), as the published vectors do.
type repeatable struct{ crypto.Signer }

func (r repeatable) Sign(_ io.Reader, digest []byte, o crypto.SignerOpts) ([]byte, error) {
	return r.Signer.Sign(nil, digest, o)
}

// sdVectorKeys are the issuer's key of the W3C vectors and the secrets of their
// base proofs.
func sdVectorKeys(t testing.TB) (crypto.Signer, *sdSecrets) {
	t.Helper()
	var file struct {
		BaseKeyPair, ProofKeyPair struct{ SecretKeyMultibase string }
		HMACKeyString             string
	}
	if err := json.Unmarshal(vectors.File(t, "vc-di-ecdsa", "TestVectors", "ecdsa-sd-2023", "SDKeyMaterial.json"), &file); err != nil {
		t.Fatal(err)
	}
	issuer, err := multikey.DecodePrivate(file.BaseKeyPair.SecretKeyMultibase)
	if err != nil {
		t.Fatal(err)
	}
	single, err := multikey.DecodePrivate(file.ProofKeyPair.SecretKeyMultibase)
	if err != nil {
		t.Fatal(err)
	}
	hmacKey, err := hex.DecodeString(file.HMACKeyString)
	if err != nil {
		t.Fatal(err)
	}
	return repeatable{issuer}, &sdSecrets{hmacKey: hmacKey, key: repeatable{single}}
}

// sdVector reads files of one example of vc-di-ecdsa 1.0, appendix A.7.
type sdVector struct {
	t      testing.TB
	folder string
}

func (v sdVector) file(name string) []byte {
	v.t.Helper()
	return vectors.File(v.t, "vc-di-ecdsa", "TestVectors", path.Join("ecdsa-sd-2023", v.folder, name))
}

func (v sdVector) read(name string, into any) {
	v.t.Helper()
	if err := json.Unmarshal(v.file(name), into); err != nil {
		v.t.Fatal(err)
	}
}

func (v sdVector) same(what string, got, want any) {
	v.t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		v.t.Errorf("%s (- want, + got):\n%s", what, diff)
	}
}

// sdTask is a signed document as its suite gets it.
func sdTask(t testing.TB, signed []byte, contexts *jsonld.Contexts) (*task, Proof) {
	t.Helper()
	unsecured, proofs, err := Split(decode(t, signed))
	if err != nil {
		t.Fatal(err)
	}
	config := map[string]any{}
	for name, value := range proofs[0].Raw {
		if name != "proofValue" {
			config[name] = value
		}
	}
	return &task{document: unsecured, proof: config, contexts: contexts}, proofs[0]
}

var sdVectors = map[string]string{"prc": "prCred", "employ": "employ"}

// TestSDVectorsBase makes the base proofs of the published vectors, step by step
// and byte for byte.
func TestSDVectorsBase(t *testing.T) {
	issuer, secrets := sdVectorKeys(t)
	suite := sdSuite{fresh: func() (*sdSecrets, error) { return secrets, nil }}
	for folder, prefix := range sdVectors {
		t.Run(folder, func(t *testing.T) {
			v := sdVector{t, folder}
			task, p := sdTask(t, v.file("addSignedSDBase.json"), vectorContexts(t))
			if err := json.Unmarshal(vectors.File(t, "vc-di-ecdsa", "TestVectors", prefix+"Mandatory.json"), &task.mandatory); err != nil {
				t.Fatal(err)
			}
			value := &baseValue{hmacKey: secrets.hmacKey, mandatory: task.mandatory}
			var err error
			if value.publicKey, err = multikeyBytes(secrets.key.Public()); err != nil {
				t.Fatal(err)
			}
			b, err := openBase(task, value)
			if err != nil {
				t.Fatal(err)
			}

			var lines []string
			v.read("addBaseDocCanon.json", &lines)
			canonical, err := jsonld.Canonicalize(task.document, task.jsonld())
			if err != nil {
				t.Fatal(err)
			}
			v.same("canonical document", string(canonical), strings.Join(lines, ""))
			v.read("addBaseDocHMACCanon.json", &lines)
			v.same("statements with labels", b.whole.lines, lines)
			var transform struct {
				Mandatory, NonMandatory struct{ Value [][2]any }
			}
			v.read("addBaseTransform.json", &transform)
			var mandatory []int
			for _, pair := range transform.Mandatory.Value {
				mandatory = append(mandatory, int(pair[0].(float64)))
				v.same("mandatory statement", any(b.whole.lines[mandatory[len(mandatory)-1]]), pair[1])
			}
			v.same("mandatory places", b.mandatory.places, mandatory)
			v.same("statements in all", len(mandatory)+len(transform.NonMandatory.Value), len(b.whole.lines))
			var hashes struct{ ProofHash, MandatoryHash string }
			v.read("addHashData.json", &hashes)
			v.same("signed", hex.EncodeToString(b.signed), hashes.ProofHash+hex.EncodeToString(value.publicKey)+hashes.MandatoryHash)

			got, err := suite.sign(task, issuer)
			if err != nil {
				t.Fatal(err)
			}
			v.same("proofValue", got, p.Value)
		})
	}
}

// TestSDVectorsDerive derives what the published vectors derive, byte for byte,
// and verifies it.
func TestSDVectorsDerive(t *testing.T) {
	issuer, _ := sdVectorKeys(t)
	for folder, prefix := range sdVectors {
		t.Run(folder, func(t *testing.T) {
			v := sdVector{t, folder}
			contexts := vectorContexts(t)
			var selective []string
			if err := json.Unmarshal(vectors.File(t, "vc-di-ecdsa", "TestVectors", prefix+"Selective.json"), &selective); err != nil {
				t.Fatal(err)
			}
			got, err := Derive(v.file("addSignedSDBase.json"), selective, DeriveOptions{Contexts: contexts, Key: issuer.Public()})
			if err != nil {
				t.Fatal(err)
			}
			v.same("derived document", decode(t, got), decode(t, v.file("derivedRevealDocument.json")))

			task, p := sdTask(t, got, contexts)
			value, err := parseDerived(p.Value)
			if err != nil {
				t.Fatal(err)
			}
			var want struct {
				Signatures       []string
				LabelMap         struct{ Value [][2]string }
				MandatoryIndexes []uint64
			}
			v.read("derivedDisclosureData.json", &want)
			v.same("mandatory places", value.mandatory, want.MandatoryIndexes)
			v.same("signatures", len(value.signatures), len(want.Signatures))
			for i, sig := range value.signatures {
				v.same("signature", hex.EncodeToString(sig), want.Signatures[i])
			}
			names := map[string]string{}
			for n, pair := range want.LabelMap.Value {
				names[pair[0]] = pair[1]
				v.same("name of a blank node", blankName(value.labels[uint64(n)]), pair[1])
			}
			var lines []string
			v.read("verifyNQuads.json", &lines)
			quads, err := jsonld.Canonicalize(task.document, task.jsonld())
			if err != nil {
				t.Fatal(err)
			}
			relabelled, err := relabel(quads, names)
			if err != nil {
				t.Fatal(err)
			}
			v.same("statements to verify", relabelled, lines)
			for name, doc := range map[string][]byte{"ours": got, "the published one": v.file("derivedRevealDocument.json")} {
				if err := verifyAll(doc, issuer.Public(), VerifyOptions{Contexts: contexts}); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
			err = verifyAll(v.file("addSignedSDBase.json"), issuer.Public(), VerifyOptions{Contexts: contexts})
			if !errors.Is(err, ErrBaseProof) || !errors.Is(err, ErrMalformed) {
				t.Errorf("base proof: %v", err)
			}
		})
	}
}
