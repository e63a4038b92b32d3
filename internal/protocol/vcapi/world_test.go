package vcapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/roundel/roundel/internal/apptest"
	"github.com/roundel/roundel/internal/org"
)

// program is a program with a token of an organisation.
type program struct {
	*apptest.Client
	t     testing.TB
	token string
	ids   map[string]string // our issuers by kind of key
}

// start starts a server behind TLS and a program that acts for its organisation.
func start(t testing.TB, o apptest.Options) (*apptest.House, *program) {
	t.Helper()
	o.TLS = true
	h := apptest.StartHouse(t, o)
	return h, newProgram(t, h, h.Org)
}

func newProgram(t testing.TB, h *apptest.House, o *org.Organisation) *program {
	t.Helper()
	secret, _, err := h.App.Features.Accounts.CreateToken(t.Context(), o.ID, h.OwnerID, "coordinator", time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	p := &program{Client: h.Client(t), t: t, token: secret, ids: map[string]string{}}
	if err := json.Unmarshal(p.get("/vc/issuer-ids").Want(http.StatusOK).Body, &p.ids); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *program) get(path string) *apptest.Answer {
	p.t.Helper()
	return p.Get(path, "Authorization", "Bearer "+p.token)
}

// post sends JSON: text as it is, and everything else encoded.
func (p *program) post(path string, body any) *apptest.Answer {
	p.t.Helper()
	text, ok := body.(string)
	if !ok {
		data, err := json.Marshal(body)
		if err != nil {
			p.t.Fatal(err)
		}
		text = string(data)
	}
	return p.Do(http.MethodPost, path, "application/json", strings.NewReader(text), "Authorization", "Bearer "+p.token)
}

// object is a JSON object.
type object = map[string]any

// plain is a small credential of the issuer that is no badge.
func plain(issuer string) object {
	return object{
		"@context": []any{"https://www.w3.org/ns/credentials/v2"}, "id": "urn:uuid:86294362-4254-4f36-854f-3952fe42555d",
		"type": []any{"VerifiableCredential"}, "issuer": issuer, "credentialSubject": object{"id": "did:example:alice", "name": "Alice"},
	}
}

// issue has a credential signed.
func (p *program) issue(credential, options object) object {
	p.t.Helper()
	a := p.post("/vc/credentials/issue", object{"credential": credential, "options": options}).Want(http.StatusCreated)
	vc, ok := a.JSON()["verifiableCredential"].(object)
	if !ok {
		p.t.Fatalf("no credential in %s", a.Body)
	}
	return vc
}

// verify asks for a verification by these checks; none stands for all.
func (p *program) verify(vc any, checks ...string) *apptest.Answer {
	p.t.Helper()
	options := object{}
	if checks != nil {
		options["checks"] = checks
	}
	return p.post("/vc/credentials/verify", object{"verifiableCredential": vc, "options": options})
}

// problem reads a problem document and returns the types of its problems.
func problem(t testing.TB, a *apptest.Answer, status int) string {
	t.Helper()
	a.Want(status)
	var p struct {
		Type, Title, Detail string
		Status              int
		Verified            *bool
		ProblemDetails      []struct{ Type, Title, Detail string }
	}
	if err := json.Unmarshal(a.Body, &p); err != nil || a.Media() != "application/problem+json" {
		t.Fatalf("%s is no problem document (%v): %s", a.Media(), err, a.Body)
	}
	if p.Status != status || p.Type == "" || p.Title == "" || p.Detail == "" || len(p.ProblemDetails) == 0 || p.ProblemDetails[0].Type != p.Type {
		t.Errorf("an incomplete problem document: %s", a.Body)
	}
	if p.Verified != nil && *p.Verified {
		t.Errorf("a refusal says verified: %s", a.Body)
	}
	var types []string
	for _, d := range p.ProblemDetails {
		if d.Title == "" || d.Detail == "" {
			t.Errorf("an incomplete problem: %+v", d)
		}
		types = append(types, d.Type[strings.LastIndexAny(d.Type, "#:")+1:])
	}
	return fmt.Sprint(types)
}
