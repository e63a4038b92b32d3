package fetch

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"testing"
)

// TestGetStaysAtTheOrigin: what Get returns was said by the origin that was
// asked. A login page that redirects wherever its query says must not make
// another host's words its own.
func TestGetStaysAtTheOrigin(t *testing.T) {
	evil, _ := serveTLS(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "evil") })
	famous, c := serveTLS(t, func(w http.ResponseWriter, r *http.Request) {
		if next := r.URL.Query().Get("next"); next != "" {
			http.Redirect(w, r, next, http.StatusFound)
			return
		}
		fmt.Fprint(w, "famous")
	})
	reached := map[string]bool{}
	c.passed = func(address string) error { reached["https://"+address] = true; return nil }
	via := func(next string) string { return famous + "/login?next=" + url.QueryEscape(next) }

	for _, next := range []string{evil + "/me.json", via(evil + "/me.json"), "//" + evil[len("https://"):]} {
		if body, _, err := c.Get(t.Context(), via(next), ""); !errors.Is(err, ErrOtherOrigin) || body != nil {
			t.Errorf("to %s: %q, %v; want ErrOtherOrigin", next, body, err)
		}
		if body, _, err := c.GetMax(t.Context(), via(next), "", 0); errors.Is(err, ErrOtherOrigin) || err == nil && string(body) != "evil" {
			t.Errorf("GetMax to %s: %q, %v", next, body, err)
		}
	}
	clear(reached)
	if _, _, err := c.Get(t.Context(), via(evil), ""); err == nil || reached[evil] {
		t.Errorf("the other origin was asked: %v", err)
	}
	for _, next := range []string{"/", famous + "/x", via("/x"), "?"} {
		if body, _, err := c.Get(t.Context(), via(next), ""); err != nil || string(body) != "famous" {
			t.Errorf("to %s: %q, %v", next, body, err)
		}
	}
}

func TestSameOrigin(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"https://uni.edu/a", "https://UNI.edu:443/b?c", true},
		{"https://uni.edu/", "https://uni.edu./", true},
		{"https://uni.edu/", "https://www.uni.edu/", false},
		{"https://uni.edu/", "https://uni.edu:8443/", false},
		{"http://localhost/", "https://localhost/", false},
		{"http://localhost:80/", "http://localhost/", true},
	} {
		if got := sameOrigin(must(parse(c.a)), must(parse(c.b))); got != c.want {
			t.Errorf("%s and %s: %t", c.a, c.b, got)
		}
	}
}
