package apptest_test

import (
	"bytes"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/roundel/roundel/internal/api"
	"github.com/roundel/roundel/internal/apptest"
	"github.com/roundel/roundel/internal/protocol/vcapi"
	"github.com/roundel/roundel/internal/web"
)

var (
	routeValue = regexp.MustCompile(`\{([^}]*)\}`)
	inlineRun  = regexp.MustCompile(`(?i)<script(?:\s[^>]*)?>|\son[a-z]+\s*=|\sstyle\s*=|<style|javascript:`)
	scriptTag  = regexp.MustCompile(`(?i)^<script\s`)
)

// everyRoute returns every route of the platform, as "METHOD pattern".
func everyRoute() []string {
	all := []string{"GET /healthz", "GET /readyz", "GET /nothing/here", "GET /api/v1/openapi.json", "GET /api/v1/nothing", "GET /vc/nothing", "GET /favicon.ico"}
	for pattern := range web.Routes() {
		all = append(all, pattern)
	}
	for pattern := range api.Routes() {
		all = append(all, pattern)
	}
	for pattern := range vcapi.Routes() {
		all = append(all, pattern)
	}
	return all
}

// TestEveryAnswerIsSafe asks every route for everybody, and for the operator
// who owns the organisation, and looks at what browsers are told.
func TestEveryAnswerIsSafe(t *testing.T) {
	h := apptest.StartHouse(t, apptest.Options{TLS: true})
	award := h.Award(t, "Amara Okafor", "amara@example.org")
	known := map[string]string{"org": h.Org.Slug, "slug": h.Org.Slug, "badge": h.Badge.PublicID.String(), "award": award.PublicID.String(), "id": award.PublicID.String(), "$": ""}
	stranger := h.Client(t)
	stranger.HTTP.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	pages := 0
	for _, route := range everyRoute() {
		method, pattern, found := strings.Cut(route, " ")
		if !found { // answers every method
			method, pattern = http.MethodGet, route
		}
		address := routeValue.ReplaceAllStringFunc(pattern, func(p string) string {
			name := strings.TrimSuffix(p[1:len(p)-1], "...")
			if value, is := known[name]; is {
				return value
			}
			return "x"
		})
		for who, c := range map[string]*apptest.Client{"a stranger": stranger, "the owner": h.Owner} {
			if method != http.MethodGet {
				a := c.Do(method, address, "application/x-www-form-urlencoded", strings.NewReader("a=b"), "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example")
				if a.Status < 400 {
					t.Errorf("%s from another site, as %s: %d", route, who, a.Status)
				}
				if !strings.HasPrefix(pattern, "/saml/") && !strings.HasPrefix(pattern, "/lti/") && a.Status != http.StatusForbidden {
					t.Errorf("%s from another site, as %s: %d, want 403", route, who, a.Status)
				}
				safe(t, route, who, a)
				continue
			}
			a := c.Get(address)
			if a.Status >= 500 && a.Status != http.StatusServiceUnavailable {
				t.Errorf("%s as %s: %d", route, who, a.Status)
			}
			safe(t, route, who, a)
			if a.Media() == "text/html" {
				pages++
			}
		}
	}
	h.TakeErrors()
	if pages < 60 {
		t.Errorf("only %d pages were looked at", pages)
	}
}

// safe looks at the headers of an answer, and at what is in a page.
func safe(t *testing.T, route, who string, a *apptest.Answer) {
	t.Helper()
	h := a.Header
	csp := h.Get("Content-Security-Policy")
	// Pictures run nothing, whatever they hold: they are in a sandbox. Their style
	// stands inside them.
	picture := a.Media() == "image/svg+xml" && strings.HasPrefix(csp, "sandbox; default-src 'none'")
	for name, ok := range map[string]bool{
		"X-Content-Type-Options":          h.Get("X-Content-Type-Options") == "nosniff",
		"a policy that denies by default": strings.Contains(csp, "default-src 'none'"),
		"a policy without unsafe":         !strings.Contains(csp, "*") && (!strings.Contains(csp, "unsafe") || picture),
		"nobody frames it":                strings.Contains(csp, "frame-ancestors 'none'") || strings.Contains(csp, "sandbox"),
		"one policy":                      len(h.Values("Content-Security-Policy")) == 1,
		"Referrer-Policy":                 h.Get("Referrer-Policy") == "same-origin" || h.Get("Referrer-Policy") == "no-referrer",
		"Permissions-Policy":              strings.Contains(h.Get("Permissions-Policy"), "camera=()"),
		"HSTS":                            strings.Contains(h.Get("Strict-Transport-Security"), "max-age=31536000"),
		"the number of the request":       len(h.Get("X-Request-Id")) >= 20,
		"no product name":                 h.Get("Server") == "" && h.Get("X-Powered-By") == "",
		"a type":                          h.Get("Content-Type") != "" || len(a.Body) == 0,
		"cookies for https and this host": cookiesAreSafe(h),
	} {
		if !ok {
			t.Errorf("%s as %s (%d): %s: %v", route, who, a.Status, name, h)
		}
	}
	if a.Media() != "text/html" {
		return
	}
	for _, m := range inlineRun.FindAll(a.Body, -1) {
		if scriptTag.Match(m) && (bytes.Contains(m, []byte(" src=")) || bytes.Contains(m, []byte("application/ld+json"))) {
			continue
		}
		t.Errorf("%s as %s: inline %s", route, who, m)
	}
}

func cookiesAreSafe(h http.Header) bool {
	for _, line := range h.Values("Set-Cookie") {
		if !strings.Contains(line, "; Secure") || !strings.Contains(line, "; HttpOnly") || !strings.Contains(line, "; SameSite=") || strings.Contains(line, "Domain=") {
			return false
		}
	}
	return true
}
