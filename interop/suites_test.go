package interop

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/roundel/roundel/did"
	"github.com/roundel/roundel/multikey"
	"github.com/roundel/roundel/proof"
	"github.com/roundel/roundel/strictjson"
)

const suiteBadge = `{
  "@context": ["https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],
  "id": "urn:uuid:0d3c9f4e-7a44-4f0c-9d43-3ad3b6b3a002",
  "type": ["VerifiableCredential", "OpenBadgeCredential"],
  "name": "Étude “Übung” 学习 \u0001\t☃ \ud83d\ude00",
  "issuer": {"id": "ISSUER", "type": ["Profile"], "name": "Elsewhere College"},
  "validFrom": "2026-01-01T00:00:00Z",
  "credentialSubject": {
    "type": ["AchievementSubject"],
    "identifier": [{"type": "IdentityObject", "hashed": true, "identityType": "emailAddress", "salt": "Kosher",
      "identityHash": "sha256$b5809d8a92f8858436d7e6b87c12ebc0ae1eac4baecc2c0b913aee2c922ef399"}],
    "creditsEarned": 2.5,
    "achievement": {
      "id": "https://elsewhere.example/achievements/1", "type": ["Achievement"], "achievementType": "MicroCredential",
      "name": "Study habits", "description": "Learns from mistakes.", "criteria": {"narrative": "Hand in *three* drafts.\n\nRevise them."},
      "tag": ["study", "writing"]
    }
  }
}`

// A cipher is one cryptosuite with a key for it.
type cipher struct {
	name, suite string
	key         crypto.Signer
}

func ciphers(t *testing.T) []cipher {
	t.Helper()
	ec := func(curve elliptic.Curve) *ecdsa.PrivateKey {
		key, err := ecdsa.ParseRawPrivateKey(curve, bytes.Repeat([]byte{3}, (curve.Params().BitSize+7)/8))
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	seed := sha256.Sum256([]byte("suites"))
	ed, p256, p384 := ed25519.NewKeyFromSeed(seed[:]), ec(elliptic.P256()), ec(elliptic.P384())
	return []cipher{
		{"eddsa-rdfc-2022", "eddsa-rdfc-2022", ed},
		{"eddsa-jcs-2022", "eddsa-jcs-2022", ed},
		{"Ed25519Signature2020", "Ed25519Signature2020", ed},
		{"ecdsa-rdfc-2019 P-256", "ecdsa-rdfc-2019", p256},
		{"ecdsa-rdfc-2019 P-384", "ecdsa-rdfc-2019", p384},
		{"ecdsa-jcs-2019 P-256", "ecdsa-jcs-2019", p256},
		{"ecdsa-jcs-2019 P-384", "ecdsa-jcs-2019", p384},
		{"ecdsa-sd-2023", "ecdsa-sd-2023", p256},
	}
}

// badge is an unsigned credential by the cipher's did:key.
func (c cipher) badge(t *testing.T) (doc []byte, method string) {
	t.Helper()
	id, method, err := did.KeyDID(c.key.Public())
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(suiteBadge, "ISSUER", id, 1)
	if c.suite == "Ed25519Signature2020" {
		text = strings.Replace(text, `3.0.3.json"]`, `3.0.3.json", "https://w3id.org/security/suites/ed25519-2020/v1"]`, 1)
	}
	return []byte(text), method
}

// multikeys are the key as the npm packages want it.
func (c cipher) multikeys(t *testing.T) (public, secret string) {
	t.Helper()
	public, err := multikey.EncodePublic(c.key.Public())
	if err != nil {
		t.Fatal(err)
	}
	if c.suite == "Ed25519Signature2020" {
		// The older form: with the public key after the seed.
		return public, multikey.EncodeMultibase(append([]byte{0x80, 0x26}, c.key.(ed25519.PrivateKey)...))
	}
	if secret, err = multikey.EncodePrivate(c.key); err != nil {
		t.Fatal(err)
	}
	return public, secret
}

// pointers are for ecdsa-sd-2023 only.
func (c cipher) pointers() []string {
	if c.suite == "ecdsa-sd-2023" {
		return []string{"/issuer", "/validFrom"}
	}
	return nil
}

func (c cipher) signed(t *testing.T) []byte {
	t.Helper()
	doc, method := c.badge(t)
	signed, err := proof.Sign(doc, c.key, proof.SignOptions{
		Cryptosuite: c.suite, Method: method, Created: time.Now(), MandatoryPointers: c.pointers(),
	})
	if err != nil {
		t.Fatalf("%s: %v", c.name, err)
	}
	return signed
}

// A job is what suites.mjs does, and an outcome what it answers.
type (
	job struct {
		Do                 string          `json:"do"`
		Document           json.RawMessage `json:"document"`
		Cryptosuite        string          `json:"cryptosuite,omitempty"`
		PublicKeyMultibase string          `json:"publicKeyMultibase,omitempty"`
		SecretKeyMultibase string          `json:"secretKeyMultibase,omitempty"`
		MandatoryPointers  []string        `json:"mandatoryPointers,omitempty"`
		SelectivePointers  []string        `json:"selectivePointers,omitempty"`
	}
	outcome struct {
		Document json.RawMessage
		Verified bool
		Reasons  []string
		Error    string
	}
)

// throughNode runs jobs with the npm packages.
func throughNode(t *testing.T, jobs []job) []outcome {
	t.Helper()
	var outcomes []outcome
	ask(t, "suites.mjs", jobs, &outcomes)
	if len(outcomes) != len(jobs) {
		t.Fatalf("%d answers for %d jobs", len(outcomes), len(jobs))
	}
	return outcomes
}

// ask writes a value into a file, runs a script on it, and reads what it prints.
func ask(t *testing.T, script string, question, answer any) {
	t.Helper()
	text, err := json.Marshal(question)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "question.json")
	write(t, file, text)
	out := run(t, 0, script, file)
	if err := json.Unmarshal(out, answer); err != nil {
		t.Fatalf("%s printed %q: %v", script, tail(out), err)
	}
}

// TestTheyVerifyEverySuite: what we sign with each cryptosuite verifies with the
// npm packages, and with one character changed it does not.
func TestTheyVerifyEverySuite(t *testing.T) {
	needNode(t)
	var jobs []job
	all := ciphers(t)
	for _, c := range all {
		doc := c.signed(t)
		if c.suite == "ecdsa-sd-2023" {
			// Holders show derived proofs only.
			derived, err := proof.Derive(doc, []string{"/credentialSubject/achievement/name", "/credentialSubject/achievement/tag/1", "/name"}, proof.DeriveOptions{})
			if err != nil {
				t.Fatal(err)
			}
			doc = derived
		}
		changed := bytes.Replace(doc, []byte("Study habits"), []byte("Study hobbit"), 1)
		if bytes.Equal(changed, doc) {
			t.Fatalf("%s: nothing to change", c.name)
		}
		jobs = append(jobs, job{Do: "verify", Document: doc}, job{Do: "verify", Document: changed})
	}
	outcomes := throughNode(t, jobs)
	for i, c := range all {
		if good := outcomes[2*i]; !good.Verified {
			t.Errorf("%s: they refuse ours: %v %s", c.name, good.Reasons, good.Error)
		}
		if bad := outcomes[2*i+1]; bad.Verified || bad.Error != "" || !slices.ContainsFunc(bad.Reasons, func(r string) bool { return strings.Contains(strings.ToLower(r), "signature") }) {
			t.Errorf("%s with one character changed: %+v", c.name, bad)
		}
	}
}

// TestWeVerifyEverySuite is the other way round.
func TestWeVerifyEverySuite(t *testing.T) {
	needNode(t)
	var jobs []job
	all := ciphers(t)
	for _, c := range all {
		doc, _ := c.badge(t)
		public, secret := c.multikeys(t)
		jobs = append(jobs, job{Do: "sign", Document: doc, Cryptosuite: c.suite, PublicKeyMultibase: public, SecretKeyMultibase: secret, MandatoryPointers: c.pointers()})
	}
	for i, o := range throughNode(t, jobs) {
		c := all[i]
		if o.Error != "" {
			t.Errorf("%s: they cannot sign: %s", c.name, o.Error)
			continue
		}
		if c.suite == "ecdsa-sd-2023" {
			derived, err := proof.Derive(o.Document, []string{"/credentialSubject/achievement/name"}, proof.DeriveOptions{})
			if err != nil {
				t.Errorf("%s: we cannot derive: %v", c.name, err)
				continue
			}
			o.Document = derived
		}
		if err := ourAnswer(t, o.Document, c.key.Public()); err != nil {
			t.Errorf("%s: we refuse theirs: %v", c.name, err)
		}
		changed := bytes.Replace(o.Document, []byte("Study habits"), []byte("Study hobbit"), 1)
		if err := ourAnswer(t, changed, c.key.Public()); err == nil || bytes.Equal(changed, o.Document) {
			t.Errorf("%s with one character changed: %v", c.name, err)
		}
	}
}

// TestSelectiveDisclosureBothWays: they derive from our base proof and we verify,
// and we derive from theirs and they verify.
func TestSelectiveDisclosureBothWays(t *testing.T) {
	needNode(t)
	all := ciphers(t)
	c := all[len(all)-1]
	doc, _ := c.badge(t)
	public, secret := c.multikeys(t)
	shown := []string{"/credentialSubject/achievement/name", "/credentialSubject/creditsEarned"}
	outcomes := throughNode(t, []job{
		{Do: "derive", Document: c.signed(t), SelectivePointers: shown},
		{Do: "sign", Document: doc, Cryptosuite: c.suite, PublicKeyMultibase: public, SecretKeyMultibase: secret, MandatoryPointers: c.pointers()},
	})
	for _, o := range outcomes {
		if o.Error != "" {
			t.Fatal(o.Error)
		}
	}
	if err := ourAnswer(t, outcomes[0].Document, c.key.Public()); err != nil {
		t.Errorf("we refuse what they derived from ours: %v", err)
	}
	derived, err := proof.Derive(outcomes[1].Document, shown, proof.DeriveOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := ourAnswer(t, derived, c.key.Public()); err != nil {
		t.Errorf("we refuse what we derived from theirs: %v", err)
	}
	if a := throughNode(t, []job{{Do: "verify", Document: derived}})[0]; !a.Verified {
		t.Errorf("they refuse what we derived from theirs: %v %s", a.Reasons, a.Error)
	}
	// Both show the same.
	if ours, theirs := members(t, derived), members(t, outcomes[0].Document); !slices.Equal(ours, theirs) {
		t.Errorf("we show %q, they %q", ours, theirs)
	}
}

// members are the names of what a document shows of its subject's achievement.
func members(t *testing.T, doc []byte) (names []string) {
	t.Helper()
	tree, err := strictjson.Decode(doc, strictjson.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	subject, _ := tree.(map[string]any)["credentialSubject"].(map[string]any)
	achievement, _ := subject["achievement"].(map[string]any)
	for name := range subject {
		names = append(names, name)
	}
	for name := range achievement {
		names = append(names, "achievement/"+name)
	}
	slices.Sort(names)
	return names
}
