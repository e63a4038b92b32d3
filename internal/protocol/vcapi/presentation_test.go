package vcapi_test

import (
	"crypto/ed25519"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/roundel/roundel/did"
	"github.com/roundel/roundel/internal/apptest"
	"github.com/roundel/roundel/jsonld"
	"github.com/roundel/roundel/proof"
)

// holder is somebody with a wallet.
type holder struct {
	t          testing.TB
	key        ed25519.PrivateKey
	id, method string
}

func newHolder(t testing.TB) *holder {
	t.Helper()
	public, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	h := &holder{t: t, key: key}
	if h.id, h.method, err = did.KeyDID(public); err != nil {
		t.Fatal(err)
	}
	return h
}

// present signs a presentation of credentials for a challenge and a domain.
func (h *holder) present(challenge, domain, purpose string, credentials ...any) object {
	h.t.Helper()
	doc := object{"@context": []any{"https://www.w3.org/ns/credentials/v2"}, "type": []any{"VerifiablePresentation"}, "holder": h.id}
	if len(credentials) > 0 {
		doc["verifiableCredential"] = credentials
	}
	text, err := json.Marshal(doc)
	if err != nil {
		h.t.Fatal(err)
	}
	signed, err := proof.Sign(text, h.key, proof.SignOptions{Method: h.method, Purpose: purpose, Challenge: challenge, Domain: domain, Created: time.Now(), Contexts: jsonld.WithExamples()})
	if err != nil {
		h.t.Fatal(err)
	}
	var vp object
	if err := json.Unmarshal(signed, &vp); err != nil {
		h.t.Fatal(err)
	}
	return vp
}

// TestPresentations: a presentation holds for the request it was made for, when
// every credential in it does.
func TestPresentations(t *testing.T) {
	_, p := start(t, apptest.Options{})
	h := newHolder(t)
	vc := p.issue(plain(p.ids["ed25519"]), nil)
	changed := p.issue(plain(p.ids["ed25519"]), nil)
	changed["credentialSubject"].(object)["name"] = "Mallory"
	over := plain(p.ids["ed25519"])
	over["validUntil"] = "2021-01-01T00:00:00Z"
	stale := p.issue(over, nil)
	ask := func(vp any, options object) *apptest.Answer {
		return p.post("/vc/presentations/verify", object{"verifiablePresentation": vp, "options": options})
	}
	asked := object{"challenge": "c1", "domain": "verifier.example"}
	const authentication = "authentication"
	good := h.present("c1", "verifier.example", authentication, vc)
	a := ask(good, asked).Want(http.StatusOK).JSON()
	if a["verified"] != true || a["holder"] != h.id {
		t.Errorf("%v", a)
	}
	ask(h.present("c1", "verifier.example", authentication), asked).Want(http.StatusOK)
	if a := ask(good, nil).Want(http.StatusOK); !strings.Contains(a.Text(), "may show it again") {
		t.Errorf("no warning that it can be shown again: %s", a.Text())
	}
	ask(h.present("c1", "verifier.example", authentication, stale), object{"challenge": "c1", "checks": []any{"proof"}}).Want(http.StatusOK)

	unsigned := object{"@context": []any{"https://www.w3.org/ns/credentials/v2"}, "type": []any{"VerifiablePresentation"}, "holder": h.id, "verifiableCredential": []any{vc}}
	another := h.present("c1", "verifier.example", authentication, vc)
	another["holder"] = newHolder(t).id
	more := h.present("c1", "verifier.example", authentication, vc)
	more["verifiableCredential"] = append(more["verifiableCredential"].([]any), vc)
	for name, c := range map[string]struct {
		vp      any
		options object
		want    string
	}{
		"another challenge":    {good, object{"challenge": "c2", "domain": "verifier.example"}, "INVALID_CHALLENGE_ERROR"},
		"another domain":       {good, object{"challenge": "c1", "domain": "other.example"}, "INVALID_DOMAIN_ERROR"},
		"no challenge in it":   {h.present("", "", authentication, vc), asked, "INVALID_CHALLENGE_ERROR"},
		"a claim's purpose":    {h.present("c1", "verifier.example", "assertionMethod", vc), asked, "PROOF_VERIFICATION_ERROR"},
		"unsigned":             {unsigned, asked, "PROOF_VERIFICATION_ERROR"},
		"another holder":       {another, asked, "PROOF_VERIFICATION_ERROR"},
		"a credential added":   {more, asked, "PROOF_VERIFICATION_ERROR"},
		"a changed credential": {h.present("c1", "verifier.example", authentication, vc, changed), asked, "PROOF_VERIFICATION_ERROR"},
		"one that is over":     {h.present("c1", "verifier.example", authentication, stale), asked, "RANGE_ERROR"},
		"a credential":         {vc, asked, ""},
		"nothing":              {nil, asked, ""},
		"a number":             {7, asked, ""},
		"an unknown check":     {good, object{"checks": []any{"everything"}}, ""},
	} {
		a := ask(c.vp, c.options)
		if got := problem(t, a, http.StatusBadRequest); !strings.Contains(got, c.want) {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		if v, ok := a.JSON()["verified"].(bool); !ok || v {
			t.Errorf("%s: verified is not false: %s", name, a.Body)
		}
	}
}

// TestEnveloped: credentials as JWT, in an envelope or alone.
func TestEnveloped(t *testing.T) {
	_, p := start(t, apptest.Options{})
	for _, key := range []string{"ed25519", "p256", "p384"} {
		vc := p.issue(plain(p.ids[key]), object{"mediaType": "application/vc+jwt"})
		if vc["type"] != "EnvelopedVerifiableCredential" {
			t.Fatalf("%v", vc)
		}
		_, token, _ := strings.Cut(vc["id"].(string), ",")
		p.verify(vc).Want(http.StatusOK)
		p.verify(token).Want(http.StatusOK)
		at := strings.LastIndexByte(token, '.') - 2
		bad := token[:at] + map[bool]string{true: "B", false: "A"}[token[at] == 'A'] + token[at+1:]
		problem(t, p.verify(bad, "proof"), http.StatusBadRequest)
		vc["id"] = "data:application/vc+jwt," + bad
		problem(t, p.verify(vc, "proof"), http.StatusBadRequest)
	}
	for name, options := range map[string]object{
		"another form":   {"mediaType": "application/vc+cose"},
		"two forms":      {"mediaType": "application/vc+jwt", "cryptosuite": "eddsa-rdfc-2022"},
		"what JWT lacks": {"mediaType": "application/vc+jwt", "mandatoryPointers": []any{"/issuer"}},
	} {
		a := p.post("/vc/credentials/issue", object{"credential": plain(p.ids["ed25519"]), "options": options})
		if a.Status != http.StatusBadRequest {
			t.Errorf("%s: %d", name, a.Status)
		}
	}
}

// TestOwnVocabulary: a document may bring vocabulary of its own, and whoever
// verifies it is told so. What the data model protects stays what it is.
func TestOwnVocabulary(t *testing.T) {
	_, p := start(t, apptest.Options{})
	c := plain(p.ids["ed25519"])
	c["@context"] = []any{"https://www.w3.org/ns/credentials/v2", object{"hobby": "https://example.org/hobby"}}
	c["credentialSubject"].(object)["hobby"] = "chess"
	vc := p.issue(c, nil)
	if a := p.verify(vc).Want(http.StatusOK); !strings.Contains(string(a.Body), "vocabulary of its own") {
		t.Errorf("no warning: %s", a.Body)
	}
	if a := p.verify(p.issue(plain(p.ids["ed25519"]), nil)).Want(http.StatusOK); strings.Contains(string(a.Body), "vocabulary of its own") {
		t.Errorf("a warning about nothing: %s", a.Body)
	}
	vc["@context"] = []any{"https://www.w3.org/ns/credentials/v2", object{"hobby": "https://example.org/profession"}}
	problem(t, p.verify(vc, "proof"), http.StatusBadRequest)
	c["@context"] = []any{"https://www.w3.org/ns/credentials/v2", object{"VerifiableCredential": "https://example.org/Hobby", "hobby": "https://example.org/hobby"}}
	problem(t, p.post("/vc/credentials/issue", object{"credential": c}), http.StatusBadRequest)
}

// TestChecksInTheQuery: who has no say in the body can name checks in the
// address; the body counts more.
func TestChecksInTheQuery(t *testing.T) {
	_, p := start(t, apptest.Options{})
	c := plain(p.ids["ed25519"])
	c["validUntil"] = "2021-01-01T00:00:00Z"
	vc := p.issue(c, nil)
	body := object{"verifiableCredential": vc}
	problem(t, p.post("/vc/credentials/verify", body), http.StatusBadRequest)
	p.post("/vc/credentials/verify?checks=proof,issuer", body).Want(http.StatusOK)
	problem(t, p.post("/vc/credentials/verify?checks=proof,validity", body), http.StatusBadRequest)
	problem(t, p.post("/vc/credentials/verify?checks=", body), http.StatusBadRequest)
	body["options"] = object{"checks": []any{"validity"}}
	problem(t, p.post("/vc/credentials/verify?checks=proof", body), http.StatusBadRequest)
}

// TestOwnVocabularyOfBadges: badges mean what the standards say; one with words
// of its own is not signed, as it is not accepted.
func TestOwnVocabularyOfBadges(t *testing.T) {
	_, p := start(t, apptest.Options{})
	badge := func(own any) object {
		return object{
			"@context": []any{"https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json", own},
			"id":       "urn:x:1", "type": []any{"VerifiableCredential", "OpenBadgeCredential"}, "name": "Skipper", "validFrom": "2024-01-01T00:00:00Z",
			"issuer": object{"id": p.ids["ed25519"], "type": []any{"Profile"}, "name": "Harbour"},
			"credentialSubject": object{"id": "did:example:alice", "type": []any{"AchievementSubject"}, "achievement": object{
				"id": "https://example.org/b", "type": []any{"Achievement"}, "name": "Skipper", "description": "Sails.", "criteria": object{"narrative": "Five days at sea."}}},
		}
	}
	a := p.post("/vc/credentials/issue", object{"credential": badge(object{"hobby": "https://example.org/hobby"})})
	if got := problem(t, a, http.StatusBadRequest); got != "[PROOF_GENERATION_ERROR]" {
		t.Errorf("%s: %s", got, a.Body)
	}
	p.verify(p.issue(badge("https://www.w3.org/ns/credentials/examples/v2"), nil)).Want(http.StatusOK)
}
