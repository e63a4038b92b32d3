package vcapi_test

import (
	"net/http"
	"testing"

	"github.com/roundel/roundel/internal/apptest"
)

func TestDerive(t *testing.T) {
	_, p := start(t, apptest.Options{})
	c := plain(p.ids["p256"])
	c["credentialSubject"] = object{"id": "did:example:alice", "name": "Alice", "description": "Plays chess."}
	base := p.issue(c, object{"cryptosuite": "ecdsa-sd-2023", "mandatoryPointers": []any{"/issuer"}})
	derive := func(vc any, pointers ...string) *apptest.Answer {
		return p.post("/vc/credentials/derive", object{"verifiableCredential": vc, "options": object{"selectivePointers": pointers}})
	}
	shown, ok := derive(base, "/credentialSubject/name").Want(http.StatusCreated).JSON()["verifiableCredential"].(object)
	if !ok {
		t.Fatal("no credential")
	}
	subject := shown["credentialSubject"].(object)
	if subject["name"] != "Alice" || subject["description"] != nil || shown["issuer"] != p.ids["p256"] {
		t.Errorf("it shows %v", shown)
	}
	p.verify(shown).Want(http.StatusOK)
	subject["name"] = "Mallory"
	problem(t, p.verify(shown, "proof"), http.StatusBadRequest)

	whole := p.issue(plain(p.ids["p256"]), nil)
	forged := p.issue(c, object{"cryptosuite": "ecdsa-sd-2023", "mandatoryPointers": []any{"/issuer"}})
	forged["credentialSubject"].(object)["name"] = "Mallory"
	for name, a := range map[string]*apptest.Answer{
		"nothing of a pointer":      derive(base, "/credentialSubject/age"),
		"no pointer at all":         derive(base, "credentialSubject"),
		"another proof":             derive(whole, "/credentialSubject/name"),
		"a proof of something else": derive(forged, "/credentialSubject/name"),
		"already derived":           derive(shown, "/credentialSubject/name"),
		"unsigned":                  derive(c, "/credentialSubject/name"),
		"a text":                    derive("text"),
		"an unknown option":         p.post("/vc/credentials/derive", object{"verifiableCredential": base, "options": object{"pointers": []any{"/issuer"}}}),
		"a mandatory pointer to nothing": p.post("/vc/credentials/issue", object{"credential": c,
			"options": object{"cryptosuite": "ecdsa-sd-2023", "mandatoryPointers": []any{"/credentialSubject/age"}}}),
	} {
		if a.Status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", name, a.Status, a.Text())
			continue
		}
		problem(t, a, http.StatusBadRequest)
	}
}

// TestDeriveOwnVocabulary: what may be issued may be derived from.
func TestDeriveOwnVocabulary(t *testing.T) {
	_, p := start(t, apptest.Options{})
	c := plain(p.ids["p256"])
	c["@context"] = []any{"https://www.w3.org/ns/credentials/v2", object{"hobby": "https://example.org/hobby"}}
	c["credentialSubject"].(object)["hobby"] = "chess"
	base := p.issue(c, object{"cryptosuite": "ecdsa-sd-2023", "mandatoryPointers": []any{"/issuer"}})
	shown := p.post("/vc/credentials/derive", object{"verifiableCredential": base, "options": object{"selectivePointers": []any{"/credentialSubject/hobby"}}}).
		Want(http.StatusCreated).JSON()["verifiableCredential"].(object)
	if shown["credentialSubject"].(object)["hobby"] != "chess" {
		t.Errorf("it shows %v", shown)
	}
	p.verify(shown).Want(http.StatusOK)
}
