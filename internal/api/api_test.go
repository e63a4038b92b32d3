package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/roundel/roundel/internal/apptest"
	"github.com/roundel/roundel/internal/issuing"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/verify"
)

// program is a program with a token.
type program struct {
	*apptest.Client
	t     *testing.T
	token string
}

// newHouse starts a server behind TLS, so that its awards are live, and a
// program that acts for its organisation.
func newHouse(t *testing.T) (*apptest.House, *program) {
	t.Helper()
	h := apptest.StartHouse(t, apptest.Options{TLS: true})
	return h, newProgram(t, h, h.Org)
}

func newProgram(t *testing.T, h *apptest.House, o *org.Organisation) *program {
	t.Helper()
	secret, _, err := h.App.Features.Accounts.CreateToken(t.Context(), o.ID, h.OwnerID, "learning platform", time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	return &program{Client: h.Client(t), t: t, token: secret}
}

// send sends JSON with the program's token.
func (p *program) send(method, path, body string, headers ...string) *apptest.Answer {
	p.t.Helper()
	headers = append(headers, "Authorization", "Bearer "+p.token)
	if body == "" {
		return p.Do(method, "/api/v1"+path, "", nil, headers...)
	}
	return p.Do(method, "/api/v1"+path, "application/json", strings.NewReader(body), headers...)
}

// body is a request for an award of the house's badge.
func body(h *apptest.House, email string) string {
	return fmt.Sprintf(`{"badge": %q, "recipient": {"name": "Amara Okafor", "email": %q}, "result": "92 %%"}`, h.Badge.PublicID, email)
}

// fault reads a problem document and returns the places that it names.
func fault(t *testing.T, a *apptest.Answer, status int) map[string]string {
	t.Helper()
	a.Want(status)
	if a.Media() != "application/problem+json" {
		t.Errorf("the answer is %s", a.Media())
	}
	var p struct {
		Status        int
		Title, Detail string
		Errors        []struct{ Location, Message string }
	}
	if err := json.Unmarshal(a.Body, &p); err != nil || p.Status != status || p.Title == "" || p.Detail == "" {
		t.Errorf("no problem document: %v: %s", err, a.Body)
	}
	at := map[string]string{}
	for _, e := range p.Errors {
		if at[e.Location] = e.Message; e.Message == "" {
			t.Errorf("%s is at fault without a reason", e.Location)
		}
	}
	return at
}

func TestTokenRequired(t *testing.T) {
	h, p := newHouse(t)
	accounts := h.App.Features.Accounts
	ended, token, err := accounts.CreateToken(t.Context(), h.Org.ID, h.OwnerID, "ended", time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if err := accounts.RevokeToken(t.Context(), h.Org.ID, token.PublicID); err != nil {
		t.Fatal(err)
	}
	id := h.Award(t, "Amara Okafor", "amara@example.org").PublicID.String()
	for name, authorization := range map[string]string{
		"none": "", "another scheme": "Basic " + p.token, "the token alone": p.token, "unknown": "Bearer rndl_0123456789",
		"nothing behind it": "Bearer ", "ended": "Bearer " + ended,
	} {
		for _, path := range []string{"POST /awards", "GET /awards/" + id, "GET /awards/" + id + "/credential", "POST /awards/" + id + "/revocation"} {
			method, path, _ := strings.Cut(path, " ")
			headers := []string{"Content-Type", "application/json"}
			if authorization != "" {
				headers = append(headers, "Authorization", authorization)
			}
			a := p.Do(method, "/api/v1"+path, "", strings.NewReader("{}"), headers...)
			fault(t, a, http.StatusUnauthorized)
			if got := a.Header.Get("WWW-Authenticate"); !strings.HasPrefix(got, "Bearer ") {
				t.Errorf("%s, %s: WWW-Authenticate is %q", name, path, got)
			}
		}
	}
	// A person's session is no token: a page elsewhere could send it along.
	fault(t, h.Owner.Get("/api/v1/awards/"+id), http.StatusUnauthorized)
	p.send("GET", "/awards/"+id, "").Want(http.StatusOK)
}

func TestAward(t *testing.T) {
	h, p := newHouse(t)
	a := p.send("POST", "/awards", fmt.Sprintf(`{"badge": %q, "recipient": {"name": "Amara Okafor", "email": "Amara@Example.org"},
		"validFrom": "2026-05-30T10:00:00+02:00", "validUntil": "2036-05-30T00:00:00Z", "result": "92 %%", "narrative": "All six.",
		"evidence": [{"url": "https://example.org/report", "name": "Report"}]}`, h.Badge.PublicID)).Want(http.StatusCreated)
	got := a.JSON()
	id, _ := got["id"].(string)
	if a.Header.Get("Location") != "/api/v1/awards/"+id || got["url"] != h.BaseURL+"/awards/"+id {
		t.Errorf("the award %q is at %s and %v", id, a.Header.Get("Location"), got["url"])
	}
	for name, want := range map[string]any{
		"badgeName": "Applied Data Analysis", "state": "current", "claim": "waiting", "public": false, "trial": false,
		"validFrom": "2026-05-30T08:00:00Z", "validUntil": "2036-05-30T00:00:00Z", "revokedAt": nil,
	} {
		if got[name] != want {
			t.Errorf("%s is %v, not %v", name, got[name], want)
		}
	}
	again := p.send("GET", "/awards/"+id, "").Want(http.StatusOK)
	if !bytes.Equal(again.Body, a.Body) {
		t.Errorf("looked up, the award is another:\n%s\n%s", again.Body, a.Body)
	}

	// The credential is there byte for byte, and verifies.
	publicID, err := publicid.Parse(id)
	if err != nil {
		t.Fatal(err)
	}
	award, err := h.App.Features.Issuing.Award(t.Context(), h.Org.ID, publicID)
	if err != nil {
		t.Fatal(err)
	}
	file := p.send("GET", "/awards/"+id+"/credential", "").Want(http.StatusOK)
	if !bytes.Equal(file.Body, award.Document) || file.Media() != "application/vc+ld+json" {
		t.Errorf("%s is not what was signed: %.200s", file.Media(), file.Body)
	}
	v := verify.Verifier{Get: h.App.Ground.Fetch, Now: time.Now, Recipient: "amara@example.org"}
	if r := v.Verify(t.Context(), file.Body); r.Verdict != verify.Valid {
		t.Errorf("the credential is %s: %+v", r.Verdict, r.Checks)
	}
}

func TestIdempotency(t *testing.T) {
	h, p := newHouse(t)
	const requests = 50
	answers := make([]*apptest.Answer, requests)
	var all sync.WaitGroup
	for n := range requests {
		all.Go(func() {
			answers[n] = p.send("POST", "/awards", body(h, "amara@example.org"), "Idempotency-Key", "order 4711")
		})
	}
	all.Wait()
	for _, a := range answers {
		if a.Status != http.StatusCreated || !bytes.Equal(a.Body, answers[0].Body) || a.Header.Get("Location") != answers[0].Header.Get("Location") {
			t.Errorf("%d %s: %s\nis not\n%s", a.Status, a.Header.Get("Location"), a.Body, answers[0].Body)
		}
	}
	awards := func() int {
		list, err := h.App.Features.Issuing.List(t.Context(), h.Org.ID, issuing.Filter{})
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	if n := awards(); n != 1 {
		t.Errorf("%d requests with one key made %d awards", requests, n)
	}

	// The same key with another body is a mistake of the program.
	at := fault(t, p.send("POST", "/awards", body(h, "jonas@example.org"), "Idempotency-Key", "order 4711"), http.StatusUnprocessableEntity)
	if at["header.Idempotency-Key"] == "" {
		t.Errorf("what is at fault: %v", at)
	}
	// Another key, or none, is another award; and keys are each organisation's own.
	p.send("POST", "/awards", body(h, "amara@example.org"), "Idempotency-Key", "order 4712").Want(http.StatusCreated)
	// What no database keeps as text is no key.
	fault(t, p.send("POST", "/awards", body(h, "amara@example.org"), "Idempotency-Key", "order \xff"), http.StatusUnprocessableEntity)
	p.send("POST", "/awards", body(h, "amara@example.org")).Want(http.StatusCreated)
	if n := awards(); n != 3 {
		t.Errorf("%d awards", n)
	}
	other := h.NewOrganisation(t, h.OwnerID, "Southlight College")
	fault(t, newProgram(t, h, other).send("POST", "/awards", body(h, "amara@example.org"), "Idempotency-Key", "order 4711"), http.StatusNotFound)
}

// TestEveryFaultIsNamed: what is wrong is said with its place in the request,
// and nothing is awarded.
func TestEveryFaultIsNamed(t *testing.T) {
	h, p := newHouse(t)
	badge := h.Badge.PublicID.String()
	full := func(member, value string) string {
		members := map[string]string{"badge": `"` + badge + `"`, "recipient": `{"name": "Amara", "email": "amara@example.org"}`}
		if members[member] = value; value == "" {
			delete(members, member)
		}
		var list []string
		for k, v := range members {
			list = append(list, fmt.Sprintf("%q: %s", k, v))
		}
		return "{" + strings.Join(list, ", ") + "}"
	}
	long := `"` + strings.Repeat("x", 6000) + `"`
	for _, c := range []struct{ member, value, at string }{
		{"badge", "", "body"},
		{"badge", `"fog"`, "body.badge"},
		{"badge", "7", "body.badge"},
		{"recipient", "", "body"},
		{"recipient", `{"email": "amara@example.org"}`, "body.recipient"},
		{"recipient", `{"name": "", "email": "amara@example.org"}`, "body.recipient.name"},
		{"recipient", `{"name": "  ", "email": "amara@example.org"}`, "body.recipient.name"},
		{"recipient", `{"name": "Amara", "email": "amara at example.org"}`, "body.recipient.email"},
		{"recipient", `{"name": "Amara", "email": "a@example.org", "mail": "x"}`, "body.recipient.mail"},
		{"validFrom", `"yesterday"`, "body.validFrom"},
		{"validFrom", `"1066-10-14T00:00:00Z"`, "body.validFrom"},
		{"validUntil", `"2001-01-01T00:00:00Z"`, "body.validUntil"},
		{"evidence", `[{"url": "javascript:alert(1)"}]`, "body.evidence"},
		{"evidence", `[{"link": "https://example.org"}]`, "body.evidence[0].link"},
		{"evidence", "{}", "body.evidence"},
		{"result", long, "body.result"},
		{"narrative", long, "body.narrative"},
		{"validUntill", `"2030-01-01T00:00:00Z"`, "body.validUntill"},
	} {
		if at := fault(t, p.send("POST", "/awards", full(c.member, c.value)), http.StatusUnprocessableEntity); at[c.at] == "" {
			t.Errorf("%s %.60s: %v does not name %s", c.member, c.value, at, c.at)
		}
	}
	// Several at once.
	at := fault(t, p.send("POST", "/awards", `{"badge": "`+badge+`", "recipient": {"name": " ", "email": "nobody"}, "validFrom": "1066-10-14T00:00:00Z"}`), http.StatusUnprocessableEntity)
	if at["body.recipient.name"] == "" || at["body.recipient.email"] == "" || at["body.validFrom"] == "" {
		t.Errorf("of three faults these are named: %v", at)
	}

	fault(t, p.send("POST", "/awards", full("badge", `"`+publicid.New().String()+`"`)), http.StatusNotFound)
	fault(t, p.send("POST", "/awards", `{"badge": `), http.StatusBadRequest)
	fault(t, p.send("POST", "/awards", "{}{}"), http.StatusBadRequest)
	fault(t, p.send("POST", "/awards", `{"narrative": "`+strings.Repeat("x", 1<<20)+`"}`), http.StatusRequestEntityTooLarge)
	fault(t, p.send("POST", "/awards", full("a", "1"), "Idempotency-Key", strings.Repeat("k", 300)), http.StatusUnprocessableEntity)
	fault(t, p.send("GET", "/awards/fog", ""), http.StatusNotFound)
	fault(t, p.send("GET", "/awards/"+publicid.New().String(), ""), http.StatusNotFound)
	fault(t, p.send("GET", "/badges", ""), http.StatusNotFound)
	if list, err := h.App.Features.Issuing.List(t.Context(), h.Org.ID, issuing.Filter{}); err != nil || len(list) != 0 {
		t.Errorf("%d awards were made: %v", len(list), err)
	}
}

func TestRevocation(t *testing.T) {
	h, p := newHouse(t)
	award := h.Award(t, "Amara Okafor", "amara@example.org")
	path := "/awards/" + award.PublicID.String()
	if at := fault(t, p.send("POST", path+"/revocation", `{"reason": "dislike"}`), http.StatusUnprocessableEntity); at["body.reason"] == "" {
		t.Errorf("what is at fault: %v", at)
	}
	fault(t, p.send("POST", path+"/revocation", `{}`), http.StatusUnprocessableEntity)
	if at := fault(t, p.send("POST", path+"/revocation", `{"reason": "not_stated", "because": "x"}`), http.StatusUnprocessableEntity); at["body.because"] == "" {
		t.Errorf("what is at fault: %v", at)
	}
	if got := p.send("GET", path, "").JSON(); got["state"] != "current" {
		t.Errorf("the award is %v", got["state"])
	}
	got := p.send("POST", path+"/revocation", `{"reason": "issued_in_error", "note": "the wrong Amara"}`).Want(http.StatusOK).JSON()
	if got["state"] != "revoked" || got["reason"] != "issued_in_error" || got["revokedAt"] == nil {
		t.Errorf("revoked: %v", got)
	}
	if bytes.Contains(p.send("GET", path, "").Want(http.StatusOK).Body, []byte("wrong Amara")) {
		t.Error("the private note is in the answer")
	}
	v := verify.Verifier{Get: h.App.Ground.Fetch, Now: time.Now}
	if r := v.Verify(t.Context(), award.Document); r.Verdict != verify.Revoked {
		t.Errorf("a stranger sees it as %s", r.Verdict)
	}
	fault(t, p.send("POST", path+"/revocation", `{"reason": "not_stated"}`), http.StatusConflict)
	fault(t, p.send("POST", "/awards/"+publicid.New().String()+"/revocation", `{"reason": "not_stated"}`), http.StatusNotFound)
	fault(t, p.send("POST", "/awards/fog/revocation", `{"reason": "not_stated"}`), http.StatusNotFound)
}

// TestAnotherOrganisation: a token sees its own organisation's awards and
// cannot tell another's from those that do not exist.
func TestAnotherOrganisation(t *testing.T) {
	h, _ := newHouse(t)
	path := "/awards/" + h.Award(t, "Amara Okafor", "amara@example.org").PublicID.String()
	p := newProgram(t, h, h.NewOrganisation(t, h.OwnerID, "Southlight College"))
	nowhere := "/awards/" + publicid.New().String()
	for _, c := range []struct{ method, path, body string }{
		{"GET", "", ""}, {"GET", "/credential", ""}, {"POST", "/revocation", `{"reason": "not_stated"}`},
	} {
		theirs, nobodys := p.send(c.method, path+c.path, c.body), p.send(c.method, nowhere+c.path, c.body)
		fault(t, theirs, http.StatusNotFound)
		for _, a := range []*apptest.Answer{theirs, nobodys} { // each names its own request, and nothing else differs
			id := a.Header.Get("X-Request-Id")
			if !bytes.Contains(a.Body, []byte("urn:request:"+id)) || id == "" {
				t.Errorf("%s %s: the problem does not name the request %q: %s", c.method, c.path, id, a.Body)
			}
			a.Body = bytes.ReplaceAll(a.Body, []byte(id), nil)
		}
		if !bytes.Equal(theirs.Body, nobodys.Body) {
			t.Errorf("%s %s tells: %s, but %s", c.method, c.path, theirs.Body, nobodys.Body)
		}
	}
	fault(t, p.send("POST", "/awards", body(h, "amara@example.org")), http.StatusNotFound)
	if got := newProgram(t, h, h.Org).send("GET", path, "").JSON(); got["state"] != "current" {
		t.Errorf("the award is %v", got["state"])
	}
}
