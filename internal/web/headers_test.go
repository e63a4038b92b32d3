package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestHeadersOfEveryPage(t *testing.T) {
	x := newTestRenderer(t)
	for _, s := range samplePages() {
		h := show(t, x, s).Header
		csp := h.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"} {
			if !strings.Contains(csp, part) {
				t.Errorf("%s: policy without %s", s.name, part)
			}
		}
		if strings.Contains(csp, "unsafe") || h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %v", s.name, h)
		}
		secret := s.data.common().Secret
		if got := h.Get("Referrer-Policy"); secret != (got == "no-referrer") {
			t.Errorf("%s: secret %v, Referrer-Policy %s", s.name, secret, got)
		}
		if secret && (h.Get("Cache-Control") != "no-store" || h.Get("X-Robots-Tag") != "noindex") {
			t.Errorf("%s: a secret that may be kept: %v", s.name, h)
		}
	}
}

func TestRenderFailsBeforeItWrites(t *testing.T) {
	x := newTestRenderer(t)
	w := httptest.NewRecorder()
	if err := x.render(w, httptest.NewRequest("GET", "/", nil), 200, "no/such.html", &verifyPage{}); err == nil {
		t.Error("a page that does not exist was rendered")
	}
	// A struct without the fields that the template asks for.
	if err := x.render(w, httptest.NewRequest("GET", "/", nil), 200, "public/award.html", &verifyPage{}); err == nil {
		t.Error("a page with the wrong struct was rendered")
	}
	if w.Body.Len() > 0 {
		t.Errorf("wrote %q", w.Body)
	}
}

func TestHeadHasNoBody(t *testing.T) {
	x := newTestRenderer(t)
	w := httptest.NewRecorder()
	if err := x.render(w, httptest.NewRequest(http.MethodHead, "/", nil), 200, "public/verify.html", &verifyPage{}); err != nil {
		t.Fatal(err)
	}
	if w.Body.Len() > 0 || w.Header().Get("Content-Length") == "0" {
		t.Errorf("%d bytes, Content-Length %s", w.Body.Len(), w.Header().Get("Content-Length"))
	}
}
