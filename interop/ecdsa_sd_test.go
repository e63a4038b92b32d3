package interop

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/roundel/roundel/proof"
	"github.com/roundel/roundel/strictjson"
)

// gradedBadge has what selective disclosure can stumble over: nodes that look
// alike, arrays, numbers, a list, text of every kind.
const gradedBadge = `{
  "@context": ["https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],
  "id": "urn:uuid:0d3c9f4e-7a44-4f0c-9d43-3ad3b6b3a004",
  "type": ["VerifiableCredential", "OpenBadgeCredential"],
  "name": "Étude “Übung” 学习 \u0001\t☃ \ud83d\ude00 <b> \\ \"",
  "issuer": {"id": "ISSUER", "type": ["Profile"], "name": "Elsewhere College"},
  "validFrom": "2026-01-01T00:00:00Z",
  "credentialSubject": {
    "id": "did:example:ebfeb1f712ebc6f1c276e12ec21",
    "type": ["AchievementSubject"],
    "creditsEarned": 2.5,
    "result": [
      {"type": ["Result"], "resultDescription": "urn:uuid:8b1ff7f0-0bd1-4d0a-a5b2-9d6a1e0a3a10", "value": "A"},
      {"type": ["Result"], "value": "90"},
      {"type": ["Result"], "value": "90"},
      {"type": ["Result"], "status": "Completed", "value": "\ud83d\ude00\uffee"}
    ],
    "achievement": {
      "id": "https://elsewhere.example/achievements/1", "type": ["Achievement"], "achievementType": "MicroCredential",
      "name": "Study habits", "description": "Learns from mistakes.", "criteria": {"narrative": "Hand in *three* drafts.\n\nRevise them."},
      "tag": ["study", "writing", "writing"],
      "alignment": [
        {"type": ["Alignment"], "targetName": "Study", "targetUrl": "https://elsewhere.example/s"},
        {"type": ["Alignment"], "targetName": "Write", "targetUrl": "https://elsewhere.example/w", "targetCode": "W"}
      ]
    }
  }
}`

// gradedSelections are what holders show of it.
var gradedSelections = [][]string{
	nil,
	{"/name"},
	{"/credentialSubject/id"},
	{"/credentialSubject/result/0"},
	{"/credentialSubject/result/2"},
	{"/credentialSubject/result/3/status", "/credentialSubject/result/1"},
	{"/credentialSubject/result"},
	{"/credentialSubject/achievement/criteria/narrative", "/credentialSubject/creditsEarned"},
	{"/credentialSubject/achievement/tag/1", "/credentialSubject/achievement/alignment/1/targetName"},
	{"/credentialSubject/achievement/alignment", "/name", "/credentialSubject/achievement/name"},
	{"/credentialSubject"},
}

func (c cipher) graded(t *testing.T) (doc []byte, method string) {
	t.Helper()
	_, method = c.badge(t)
	issuer, _, _ := strings.Cut(method, "#")
	return []byte(strings.Replace(gradedBadge, "ISSUER", issuer, 1)), method
}

// sdCipher is the cryptosuite of selective disclosure.
func sdCipher(t *testing.T) cipher {
	t.Helper()
	all := ciphers(t)
	return all[len(all)-1]
}

func unsecuredTree(t *testing.T, doc []byte) map[string]any {
	t.Helper()
	v, err := strictjson.Decode(doc, strictjson.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	unsecured, _, err := proof.Split(v.(map[string]any))
	if err != nil {
		t.Fatal(err)
	}
	return unsecured
}

// TestDeriveAlike: from a base proof of ours, and from one of theirs, both show
// the same of a document, and both verify what either shows.
func TestDeriveAlike(t *testing.T) {
	needNode(t)
	c := sdCipher(t)
	doc, method := c.graded(t)
	public, secret := c.multikeys(t)
	mandatory := []string{"/issuer", "/validFrom", "/credentialSubject/achievement/type", "/credentialSubject/result/0/value"}
	ours, err := proof.Sign(doc, c.key, proof.SignOptions{Cryptosuite: c.suite, Method: method, MandatoryPointers: mandatory})
	if err != nil {
		t.Fatal(err)
	}
	signed := throughNode(t, []job{{Do: "sign", Document: doc, Cryptosuite: c.suite, PublicKeyMultibase: public, SecretKeyMultibase: secret, MandatoryPointers: mandatory}})[0]
	if signed.Error != "" {
		t.Fatal(signed.Error)
	}
	var jobs []job
	var derived [][]byte
	for _, base := range [][]byte{ours, signed.Document} {
		for _, pointers := range gradedSelections {
			shown, err := proof.Derive(base, pointers, proof.DeriveOptions{Key: c.key.Public()})
			if err != nil {
				t.Fatalf("%q: %v", pointers, err)
			}
			derived = append(derived, shown)
			jobs = append(jobs, job{Do: "derive", Document: base, SelectivePointers: pointers}, job{Do: "verify", Document: shown})
		}
	}
	outcomes := throughNode(t, jobs)
	var again []job
	for i, shown := range derived {
		name := fmt.Sprintf("%q of base %d", gradedSelections[i%len(gradedSelections)], i/len(gradedSelections))
		theirs, verdict := outcomes[2*i], outcomes[2*i+1]
		if !verdict.Verified {
			t.Errorf("%s: they refuse what we derived: %v %s", name, verdict.Reasons, verdict.Error)
		}
		if theirs.Error != "" {
			t.Errorf("%s: they cannot derive: %s", name, theirs.Error)
			continue
		}
		if err := ourAnswer(t, theirs.Document, c.key.Public()); err != nil {
			t.Errorf("%s: we refuse what they derived: %v", name, err)
		}
		if ours, theirs := unsecuredTree(t, shown), unsecuredTree(t, theirs.Document); !reflect.DeepEqual(ours, theirs) {
			t.Errorf("%s: we show %v, they %v", name, ours, theirs)
		}
		changed := bytes.Replace(shown, []byte("Elsewhere College"), []byte("Elsewhere Collage"), 1)
		again = append(again, job{Do: "verify", Document: changed})
		changed = bytes.Replace(shown, []byte(`"achievement":{`), []byte(`"creditsEarned":2.5,"achievement":{`), 1)
		if !bytes.Contains(shown, []byte("creditsEarned")) {
			again = append(again, job{Do: "verify", Document: changed})
		}
	}
	for _, base := range [][]byte{ours, signed.Document} {
		again = append(again, job{Do: "verify", Document: base}) // shows everything: not for verifiers
	}
	for i, o := range throughNode(t, again) {
		if o.Verified {
			t.Errorf("they accept %s", again[i].Document)
		}
		if err := ourAnswer(t, again[i].Document, c.key.Public()); err == nil {
			t.Errorf("we accept %s", again[i].Document)
		}
	}
}

// TestListsAreOurs: their deriving gives up on ordered lists (allowedValue in
// Open Badges 3.0), their verifying does not.
func TestListsAreOurs(t *testing.T) {
	needNode(t)
	c := sdCipher(t)
	doc, method := c.graded(t)
	doc = bytes.Replace(doc, []byte(`"tag":`), []byte(`"resultDescription": [{"id": "urn:uuid:8b1ff7f0-0bd1-4d0a-a5b2-9d6a1e0a3a10", "type": ["ResultDescription"],
		"name": "Grade", "resultType": "LetterGrade", "allowedValue": ["A", "B", "B"]}], "tag":`), 1)
	base, err := proof.Sign(doc, c.key, proof.SignOptions{Cryptosuite: c.suite, Method: method, MandatoryPointers: []string{"/issuer"}})
	if err != nil {
		t.Fatal(err)
	}
	shown, err := proof.Derive(base, []string{"/credentialSubject/achievement/resultDescription"}, proof.DeriveOptions{})
	if err != nil {
		t.Fatal(err)
	}
	outcomes := throughNode(t, []job{
		{Do: "verify", Document: shown},
		{Do: "verify", Document: bytes.Replace(shown, []byte(`["A","B","B"]`), []byte(`["B","A","B"]`), 1)},
		{Do: "derive", Document: base, SelectivePointers: []string{"/name"}},
	})
	if !outcomes[0].Verified {
		t.Errorf("they refuse a list: %v %s", outcomes[0].Reasons, outcomes[0].Error)
	}
	if outcomes[1].Verified {
		t.Error("they accept another order")
	}
	if given := outcomes[2].Error; given != "" {
		if !strings.Contains(given, "@list") {
			t.Errorf("they cannot derive for another reason than the list: %s", given)
		}
		t.Logf("they cannot derive from a document with a list: %s", given)
	} else {
		if err := ourAnswer(t, outcomes[2].Document, c.key.Public()); err != nil {
			t.Errorf("we refuse what they derived: %v", err)
		}
	}
}
