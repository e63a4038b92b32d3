package vcapi_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/roundel/roundel/internal/apptest"
)

// entry asks for, or names, a status entry.
func entry(purpose string) object {
	return object{"type": "BitstringStatusListEntry", "statusPurpose": purpose}
}

// TestStatus: a withdrawal shows to everybody who asks after it was answered,
// and only who issued a credential can withdraw it.
func TestStatus(t *testing.T) {
	h, p := start(t, apptest.Options{})
	vc := p.issue(plain(p.ids["ed25519"]), object{"credentialStatus": []any{entry("revocation"), entry("suspension")}})
	id := vc["id"].(string)
	p.verify(vc).Want(http.StatusOK)
	set := func(p *program, id, purpose string, status any) *apptest.Answer {
		return p.post("/vc/credentials/status", object{"credentialId": id, "credentialStatus": entry(purpose), "status": status})
	}

	other := newProgram(t, h, h.NewOrganisation(t, h.OwnerID, "Southlight School"))
	problem(t, set(other, id, "revocation", true), http.StatusNotFound)
	problem(t, set(p, "urn:uuid:00000000-0000-4000-8000-000000000000", "revocation", true), http.StatusNotFound)
	problem(t, set(p, id, "message", true), http.StatusNotFound)
	problem(t, set(p, id, "revocation", 2), http.StatusBadRequest)
	problem(t, set(p, id, "revocation", "yes"), http.StatusBadRequest)
	problem(t, set(p, id, "revocation", -1), http.StatusBadRequest)
	problem(t, p.post("/vc/credentials/status", object{"credentialStatus": entry("revocation")}), http.StatusBadRequest)
	p.verify(vc).Want(http.StatusOK)

	set(p, id, "suspension", true).Want(http.StatusOK)
	if got := problem(t, p.verify(vc), http.StatusBadRequest); got != "[RANGE_ERROR]" {
		t.Errorf("suspended: %s", got)
	}
	p.verify(vc, "proof").Want(http.StatusOK) // the answer rests on the proof only
	set(p, id, "suspension", false).Want(http.StatusOK)
	p.verify(vc).Want(http.StatusOK)
	set(p, id, "revocation", true).Want(http.StatusOK)
	if got := problem(t, p.verify(vc, "credentialStatus"), http.StatusBadRequest); got != "[RANGE_ERROR]" {
		t.Errorf("revoked: %s", got)
	}
	problem(t, set(p, id, "revocation", false), http.StatusConflict)
}

// TestStatusListIsPublic: whoever is shown a credential can look, in the form
// that they read, and learns nothing about the order of issue.
func TestStatusListIsPublic(t *testing.T) {
	h, p := start(t, apptest.Options{})
	positions := map[string]bool{}
	var list string
	for range 4 {
		c := plain(p.ids["p256"])
		delete(c, "id")
		vc := p.issue(c, object{"credentialStatus": entry("revocation")})
		if id, _ := vc["id"].(string); !strings.HasPrefix(id, "urn:uuid:") {
			t.Errorf("a credential with a status has the id %q", id)
		}
		e := vc["credentialStatus"].(object)
		if next := e["statusListCredential"].(string); list != "" && next != list {
			t.Errorf("another list: %s", next)
		}
		list = e["statusListCredential"].(string)
		positions[e["statusListIndex"].(string)] = true
	}
	if len(positions) != 4 || positions["0"] && positions["1"] && positions["2"] {
		t.Errorf("places %v", positions)
	}
	visitor := h.Client(t)
	for accept, media := range map[string]string{"": "application/vc", "application/vc": "application/vc", "application/ld+json, application/json": "application/ld+json", "application/json": "application/json", "text/html": "application/vc"} {
		a := visitor.Get(list, "Accept", accept).Want(http.StatusOK)
		if a.Media() != media || a.Header.Get("Cache-Control") != "public, max-age=60" || a.JSON()["issuer"] != p.ids["p256"] {
			t.Errorf("accept %q: %s, %s, issuer %v", accept, a.Media(), a.Header.Get("Cache-Control"), a.JSON()["issuer"])
		}
	}
	p.verify(visitor.Get(list).JSON(), "proof", "issuer").Want(http.StatusOK)
	for _, id := range []string{"", "x", strings.Repeat("a", 26)} {
		problem(t, p.get("/vc/status/"+id), http.StatusNotFound)
	}
}

func TestStatusRefuses(t *testing.T) {
	_, p := start(t, apptest.Options{})
	four := []any{object{"status": "0x0", "message": "a"}, object{"status": "0x1", "message": "b"}, object{"status": "0x2", "message": "c"}, object{"status": "0x3", "message": "d"}}
	with := func(purpose string, more object) object {
		e := entry(purpose)
		for name, value := range more {
			e[name] = value
		}
		return e
	}
	for name, status := range map[string]any{
		"an unknown purpose":      entry("annoyance"),
		"no purpose":              object{"type": "BitstringStatusListEntry"},
		"another type":            object{"type": "StatusList2021Entry", "statusPurpose": "revocation"},
		"a text":                  "revocation",
		"one purpose twice":       []any{entry("revocation"), entry("revocation")},
		"a place of one's choice": with("revocation", object{"statusListIndex": "1"}),
		"a list of one's own":     with("revocation", object{"statusListCredential": "https://example.org/list"}),
		"a size for a revocation": with("revocation", object{"statusSize": 2}),
		"a message without texts": with("message", object{"statusSize": 2}),
		"too few texts":           with("message", object{"statusSize": 2, "statusMessage": four[:3]}),
		"texts out of order":      with("message", object{"statusSize": 2, "statusMessage": []any{four[1], four[0], four[2], four[3]}}),
		"too large a size":        with("message", object{"statusSize": 40, "statusMessage": four}),
		"a size below nothing":    with("message", object{"statusSize": -1, "statusMessage": four[:2]}),
	} {
		a := p.post("/vc/credentials/issue", object{"credential": plain(p.ids["ed25519"]), "options": object{"credentialStatus": status}})
		if a.Status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", name, a.Status, a.Text())
			continue
		}
		problem(t, a, http.StatusBadRequest)
	}
	vc := p.issue(plain(p.ids["ed25519"]), object{"credentialStatus": with("message", object{"statusSize": 2, "statusMessage": four})})
	p.post("/vc/credentials/status", object{"credentialId": vc["id"], "credentialStatus": entry("message"), "status": 3}).Want(http.StatusOK)
	problem(t, p.post("/vc/credentials/status", object{"credentialId": vc["id"], "credentialStatus": entry("message"), "status": 4}), http.StatusBadRequest)
	p.verify(vc).Want(http.StatusOK) // a message says nothing against it
}
