package apptest_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/roundel/roundel/internal/apptest"
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

// TestOthersHouse checks that the owner of one organisation reaches nothing of
// another's through its own console's addresses.
func TestOthersHouse(t *testing.T) {
	t.Parallel()
	h := apptest.StartHouse(t, apptest.Options{TLS: true})
	f := h.App.Features
	ctx := t.Context()

	// A neighbour with an account, a badge, an award, a spreadsheet and a mail.
	other := h.NewOrganisation(t, h.OwnerID, "Southlight College")
	theirs := h.NewBadge(t, other, "Plain Language")
	_ = ctx
	base := h.Console
	award := h.Award(t, "Rosalind", "rosalind@mail.example")
	foreign := "/console/" + other.Slug
	for _, c := range []struct{ mine, wrong string }{
		{base + "/badges/" + h.Badge.PublicID.String(), base + "/badges/" + theirs.PublicID.String()},
		{base + "/badges/" + h.Badge.PublicID.String() + "/edit", base + "/badges/" + theirs.PublicID.String() + "/edit"},
		{base + "/badges/" + h.Badge.PublicID.String() + "/award", base + "/badges/" + theirs.PublicID.String() + "/award"},
		{base + "/badges/" + h.Badge.PublicID.String() + "/spreadsheet", base + "/badges/" + theirs.PublicID.String() + "/spreadsheet"},
		{base + "/awards/" + award.PublicID.String(), foreign + "/awards/" + award.PublicID.String()},
		{base + "/awards/" + award.PublicID.String() + "/badge.json", foreign + "/awards/" + award.PublicID.String() + "/badge.json"},
		{base + "/awards/" + award.PublicID.String() + "/badge.png", foreign + "/awards/" + award.PublicID.String() + "/badge.png"},
	} {
		h.Owner.Get(c.mine).Want(http.StatusOK)
		h.Owner.Get(c.wrong).Want(http.StatusNotFound)
	}
	for _, c := range []struct {
		path string
		form url.Values
	}{
		{foreign + "/awards/" + award.PublicID.String() + "/state", url.Values{"do": {"revoke"}, "revoke_reason": {"not_stated"}}},
		{foreign + "/awards/" + award.PublicID.String() + "/link", nil},
		{foreign + "/awards/" + award.PublicID.String() + "/mail", nil},
		{base + "/badges/" + theirs.PublicID.String() + "/publish", nil},
		{base + "/badges/" + theirs.PublicID.String() + "/archive", nil},
		{base + "/badges/" + theirs.PublicID.String() + "/award", url.Values{"name": {"Eve"}, "email": {"eve@mail.example"}}},
	} {
		if answer := h.Owner.Post(c.path, c.form); answer.Status != http.StatusNotFound {
			t.Errorf("POST %s: %d", c.path, answer.Status)
		}
	}
	after, err := f.Issuing.Award(ctx, h.Org.ID, award.PublicID)
	if err != nil || !after.RevokedAt.IsZero() {
		t.Errorf("withdrawn through another organisation's console: %v, %v", after.RevokedAt, err)
	}

	// Somebody who belongs to nothing is told the same about what exists and
	// what does not.
	guest := h.Client(t)
	real, unreal := guest.Get(base), guest.Get("/console/no-such-organisation")
	if real.Status != http.StatusSeeOther || unreal.Status != http.StatusSeeOther {
		t.Errorf("a stranger in the console: %d and %d", real.Status, unreal.Status)
	}
	if !strings.HasPrefix(real.Location(), "/sign-in?next=") {
		t.Errorf("a stranger is led to %s", real.Location())
	}
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
		c := h.Client(t)
		answer := c.Post("/sign-in", url.Values{"email": {apptest.OwnerEmail}, "password": {apptest.OwnerPassword}, "next": {next}})
		if got := answer.Location(); got != want {
			t.Errorf("next=%q leads to %q, want %q", next, got, want)
		}
		// Somebody who is signed in already is led on at once.
		if got := c.Get("/sign-in?next=" + url.QueryEscape(next)).Location(); got != want {
			t.Errorf("signed in, next=%q leads to %q, want %q", next, got, want)
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
