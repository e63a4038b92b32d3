package apptest_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/roundel/roundel/internal/apptest"
	"github.com/roundel/roundel/internal/outbox"
)

func TestUnknownPaths(t *testing.T) {
	t.Parallel()
	s := apptest.Start(t, apptest.Options{})
	c := s.Client(t)
	for _, p := range []string{"/nowhere", "/awards/aaaaaaaaaaaaaaaaaaaaaaaaaa", "/awards/x", "/badges/x", "/badges/aaaaaaaaaaaaaaaaaaaaaaaaaa/1", "/issuers/nobody",
		"/status/x", "/pictures/x.png", "/pictures/..%2f..%2fkey-encryption-key.png", "/static/nothing.css", "/claim/wrong/badge.png", "/claim/wrong", "/set-up/wrong", "/reset/wrong", "/styleguide", "/api/v1/nothing"} {
		answer := c.Get(p, "Accept", "text/html")
		if answer.Status != http.StatusNotFound {
			t.Errorf("%s: %d %.100s", p, answer.Status, answer.Body)
		}
	}
	c.Get("/nowhere").Want(http.StatusNotFound).Says("There is nothing here")
	for p, accept := range map[string]string{
		"/nowhere": "application/json", "/nowhere.json": "", "/awards/aaaaaaaaaaaaaaaaaaaaaaaaaa": "application/vc+ld+json",
		"/awards/aaaaaaaaaaaaaaaaaaaaaaaaaa.json": "text/html", "/badges/aaaaaaaaaaaaaaaaaaaaaaaaaa.json": "", "/issuers/nobody.json": "",
		"/issuers/nobody/did.json": "", "/status/aaaaaaaaaaaaaaaaaaaaaaaaaa": "application/json",
	} {
		answer := c.Get(p, "Accept", accept)
		if answer.Status != http.StatusNotFound || answer.Media() != "application/problem+json" {
			t.Errorf("%s as %q: %d %s", p, accept, answer.Status, answer.Media())
			continue
		}
		if problem := answer.JSON(); problem["status"] != float64(http.StatusNotFound) || problem["detail"] == "" || problem["title"] == "" {
			t.Errorf("%s as %q: %v", p, accept, problem)
		}
	}
	if answer := c.Post("/verify/other", nil); answer.Status != http.StatusNotFound && answer.Status != http.StatusMethodNotAllowed {
		t.Errorf("POST to nowhere: %d", answer.Status)
	}
}

// TestOthersHouse checks that what belongs to one organisation is not there in
// the console of another, not even for somebody who manages both.
func TestOthersHouse(t *testing.T) {
	t.Parallel()
	h := apptest.StartHouse(t, apptest.Options{TLS: true, SMTP: true})
	f, ctx := h.App.Features, t.Context()
	other := h.NewOrganisation(t, h.OwnerID, "Southlight College")
	foreign := "/console/" + other.Slug

	// Something of each kind.
	award := h.Award(t, "Rosalind", "rosalind@mail.example")
	batch, err := f.Issuing.CreateBatch(ctx, h.Org.ID, h.OwnerID, h.Badge.PublicID, "people.csv", []byte("name,email\nBo Li,b.li@mail.example\n"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Mail.Wait(ctx, 1); err != nil {
		t.Fatal(err)
	}
	mails, err := f.Outbox.List(ctx, h.Org.ID, outbox.Filter{})
	if err != nil || len(mails) != 1 {
		t.Fatalf("%d mails, %v", len(mails), err)
	}
	_, token, err := f.Accounts.CreateToken(ctx, h.Org.ID, h.OwnerID, "Moodle", time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	badgePath, awardPath := "/badges/"+h.Badge.PublicID.String(), "/awards/"+award.PublicID.String()
	batchPath, mailPath := "/batches/"+batch.PublicID.String(), "/outbox/"+mails[0].ID.String()

	for _, p := range []string{
		badgePath, badgePath + "/edit", badgePath + "/award", badgePath + "/spreadsheet",
		awardPath, awardPath + "/badge.json", awardPath + "/badge.png",
		batchPath, batchPath + "/columns", batchPath + "/bad.csv", batchPath + "/report.csv", mailPath,
	} {
		h.Owner.Get(h.Console + p).Want(http.StatusOK)
		if answer := h.Owner.Get(foreign + p); answer.Status != http.StatusNotFound {
			t.Errorf("GET %s in another console: %d", p, answer.Status)
		}
	}
	for _, c := range []struct {
		path string
		form url.Values
	}{
		{badgePath + "/edit", url.Values{"name": {"Eve"}}}, {badgePath + "/publish", nil}, {badgePath + "/discard", nil}, {badgePath + "/archive", nil},
		{badgePath + "/award", url.Values{"do": {"award"}, "name": {"Eve"}, "email": {"eve@mail.example"}}},
		{awardPath + "/state", url.Values{"do": {"revoke"}, "revoke_reason": {"not_stated"}}}, {awardPath + "/link", nil}, {awardPath + "/mail", nil},
		{batchPath + "/columns", url.Values{"column_1": {"name"}, "column_2": {"email"}}}, {batchPath + "/rows/1", nil},
		{batchPath + "/confirm", nil}, {batchPath + "/discard", nil}, {mailPath + "/retry", nil},
		{"/settings/tokens/" + token.PublicID.String() + "/revoke", nil},
	} {
		if answer := h.Owner.Post(foreign+c.path, c.form); answer.Status != http.StatusNotFound {
			t.Errorf("POST %s in another console: %d", c.path, answer.Status)
		}
	}
	after, err := f.Issuing.Award(ctx, h.Org.ID, award.PublicID)
	if err != nil || !after.RevokedAt.IsZero() {
		t.Errorf("withdrawn through another organisation's console: %v, %v", after.RevokedAt, err)
	}

	// Somebody who is not signed in is told the same about what exists and what
	// does not, and is led to sign in.
	guest := h.Client(t)
	real, unreal := guest.Get(h.Console), guest.Get("/console/no-such-organisation")
	if real.Location() != "/sign-in?next="+url.QueryEscape(h.Console) || !strings.HasPrefix(unreal.Location(), "/sign-in?next=") {
		t.Errorf("a stranger in the console is led to %s and %s", real.Location(), unreal.Location())
	}
	h.Owner.Get("/console/no-such-organisation").Want(http.StatusNotFound)
}

func TestCrossSite(t *testing.T) {
	t.Parallel()
	h := apptest.StartHouse(t, apptest.Options{TLS: true})
	award := h.Award(t, "Rosalind", "rosalind@mail.example")
	link := h.ClaimPath(t, award)
	for _, headers := range [][]string{
		{"Sec-Fetch-Site", "cross-site"},
		{"Sec-Fetch-Site", "same-site"},
		{"Origin", "https://evil.example"},
		{"Origin", "null"},
	} {
		for path, form := range map[string]url.Values{
			h.Console + "/awards/" + award.PublicID.String() + "/state": {"do": {"revoke"}, "revoke_reason": {"not_stated"}},
			"/sign-out": {}, "/sign-in": {"email": {apptest.OwnerEmail}, "password": {apptest.OwnerPassword}},
			link: {"answer": {"accept"}}, "/console/new": {"name": {"Evil"}}, h.Console + "/settings/tokens": {"name": {"x"}},
		} {
			if answer := h.Owner.Post(path, form, headers...); answer.Status != http.StatusForbidden {
				t.Errorf("POST %s from another site (%s): %d", path, headers[1], answer.Status)
			}
		}
	}
	after, err := h.App.Features.Issuing.Award(t.Context(), h.Org.ID, award.PublicID)
	if err != nil || !after.RevokedAt.IsZero() || after.Claim != "waiting" {
		t.Errorf("another site has changed the award: %+v, %v", after, err)
	}
	h.Owner.Get(h.Console).Want(http.StatusOK) // still signed in
	h.Owner.Post("/sign-out", nil, "Sec-Fetch-Site", "same-origin", "Origin", h.BaseURL).Want(http.StatusSeeOther)
}

func TestSignInLeadsNowhereElse(t *testing.T) {
	t.Parallel()
	h := apptest.StartHouse(t, apptest.Options{TLS: true})
	for next, want := range map[string]string{
		h.Console + "/awards?q=x": h.Console + "/awards?q=x", "": "/console",
		"https://evil.example/": "/console", "//evil.example": "/console", `/\evil.example`: "/console", `\\evil.example`: "/console",
		"/\t/evil.example": "/console", "javascript:alert(1)": "/console", "evil.example": "/console", "https:evil.example": "/console",
		"/%2f/evil.example": "/%2f/evil.example", "\n//evil.example": "/console", "///evil.example": "/console", "http:/evil.example": "/console",
	} {
		// Somebody who is signed in already is led on at once.
		if got := h.Owner.Get("/sign-in?next=" + url.QueryEscape(next)).Location(); got != want {
			t.Errorf("signed in, next=%q leads to %q, want %q", next, got, want)
		}
	}
	for next, want := range map[string]string{h.Console + "/awards?q=x": h.Console + "/awards?q=x", "https://evil.example/": "/console", `/\evil.example`: "/console", "//evil.example": "/console"} {
		answer := h.Client(t).Post("/sign-in", url.Values{"email": {apptest.OwnerEmail}, "password": {apptest.OwnerPassword}, "next": {next}})
		if got := answer.Location(); got != want {
			t.Errorf("next=%q leads to %q, want %q", next, got, want)
		}
	}
	// The form keeps what was asked for.
	answer := h.Client(t).Get("/sign-in?next=" + url.QueryEscape(h.Console))
	if !strings.Contains(string(answer.Body), `name="next" value="`+h.Console+`"`) {
		t.Error("the form forgets where somebody wanted to go")
	}
}

func TestSession(t *testing.T) {
	t.Parallel()
	for _, o := range []apptest.Options{{TLS: true}, {}} {
		h := apptest.StartHouse(t, o)
		c := h.Client(t)
		c.Post("/sign-in", url.Values{"email": {apptest.OwnerEmail}, "password": {"wrong wrong wrong wrong"}}).Want(http.StatusUnprocessableEntity)
		if answer := c.Get(h.Console); answer.Status != http.StatusSeeOther {
			t.Errorf("in with a wrong password: %d", answer.Status)
		}
		answer := c.Post("/sign-in", url.Values{"email": {" ADA@northlight.example "}, "password": {apptest.OwnerPassword}}).Want(http.StatusSeeOther)
		cookie := sessionCookie(t, answer.Header)
		if !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.Path != "/" || cookie.Domain != "" || cookie.Secure != o.TLS {
			t.Errorf("the session's cookie: %s", cookie)
		}
		if o.TLS != strings.HasPrefix(cookie.Name, "__Host-") {
			t.Errorf("the session's cookie is called %s", cookie.Name)
		}
		if len(cookie.Value) < 32 {
			t.Errorf("the session's secret is short: %d characters", len(cookie.Value))
		}
		if o.TLS && !strings.HasPrefix(answer.Header.Get("Strict-Transport-Security"), "max-age=") {
			t.Error("browsers are not told to come back over https")
		}
		c.Get(h.Console).Want(http.StatusOK)
		c.Post("/sign-out", nil).Want(http.StatusSeeOther)

		// The secret is worth nothing after signing out, even to who kept it.
		thief := h.Client(t)
		stolen := thief.Get(h.Console, "Cookie", cookie.Name+"="+cookie.Value)
		if stolen.Status != http.StatusSeeOther {
			t.Errorf("the session outlives signing out: %d", stolen.Status)
		}
		h.Owner.Get(h.Console).Want(http.StatusOK) // another session of the same person stays
	}
}

func sessionCookie(t *testing.T, h http.Header) *http.Cookie {
	t.Helper()
	for _, line := range h.Values("Set-Cookie") {
		c, err := http.ParseSetCookie(line)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(c.Name, "roundel") {
			return c
		}
	}
	t.Fatalf("no session in %q", h.Values("Set-Cookie"))
	return nil
}

func TestSetUpLink(t *testing.T) {
	t.Parallel()
	s := apptest.Start(t, apptest.Options{TLS: true})
	first, second := s.SetUpURL(t), s.SetUpURL(t)
	good := url.Values{"name": {"Ada"}, "email": {"ada@northlight.example"}, "password": {apptest.OwnerPassword}}
	c := s.Client(t)
	for range 3 { // looking does not use it up
		c.Get(second).Want(http.StatusOK).Says("Welcome")
	}
	short := url.Values{"name": {"Ada"}, "email": {"ada@northlight.example"}, "password": {"fourteen chars"}}
	c.Post(second, short).Want(http.StatusUnprocessableEntity).Says("15 characters")
	page := c.Get(second)
	if page.Header.Get("Cache-Control") != "no-store" || page.Header.Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("the page with the secret: Cache-Control %q, Referrer-Policy %q", page.Header.Get("Cache-Control"), page.Header.Get("Referrer-Policy"))
	}
	c.Post(second, good).Want(http.StatusSeeOther)
	for _, link := range []string{first, second} {
		stranger := s.Client(t)
		stranger.Get(link).Want(http.StatusNotFound)
		stranger.Post(link, url.Values{"name": {"Eve"}, "email": {"eve@evil.example"}, "password": {"a long enough password"}}).Want(http.StatusNotFound)
		stranger.Get("/console").Want(http.StatusSeeOther)
	}
	if link, err := s.App.SetUpURL(t.Context()); err != nil || link != "" {
		t.Errorf("there is another set-up link: %q, %v", link, err)
	}
}
