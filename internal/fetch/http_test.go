package fetch

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestHTTP(t *testing.T) {
	base, c := serveTLS(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/away":
			http.Redirect(w, r, "/", http.StatusFound)
		case "/long":
			_, _ = io.WriteString(w, strings.Repeat("x", 2000))
		case "/endless":
			w.(http.Flusher).Flush()
			_, _ = io.WriteString(w, strings.Repeat("x", 2000))
		default:
			body, _ := io.ReadAll(r.Body)
			_, _ = io.WriteString(w, r.Method+" "+string(body)+" "+r.Header.Get("Cookie")+r.Header.Get("Authorization"))
		}
	})
	h := c.HTTP(1000)
	post := func(path string) (string, int, error) {
		r, err := http.NewRequestWithContext(t.Context(), "POST", base+path, strings.NewReader("code=1"))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Basic x")
		resp, err := h.Do(r)
		if err != nil {
			return "", 0, err
		}
		defer func() { _ = resp.Body.Close() }()
		body, err := io.ReadAll(resp.Body)
		return string(body), resp.StatusCode, err
	}
	if body, code, err := post("/"); err != nil || code != 200 || body != "POST code=1 Basic x" {
		t.Errorf("%q, %d, %v", body, code, err)
	}
	if _, code, err := post("/away"); err != nil || code != http.StatusFound {
		t.Errorf("a redirect: %d, %v; it was followed, or hidden", code, err)
	}
	for _, path := range []string{"/long", "/endless"} {
		if _, _, err := post(path); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: %v", path, err)
		}
	}
	// What Get refuses is refused here.
	c.AllowLoopback = false
	if _, _, err := post("/"); !errors.Is(err, ErrRefused) {
		t.Errorf("loopback outside development: %v", err)
	}
	for _, bad := range []string{"http://example.org/", "https://example.org:8443/", "https://10.0.0.1/", "https://[::ffff:10.0.0.1]/", "https://user@example.org/"} {
		if resp, err := h.Get(bad); !errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v", bad, err)
			if resp != nil {
				_ = resp.Body.Close()
			}
		}
	}
	c.AllowLoopback, c.Own = true, func(u *url.URL) http.Handler { return http.NotFoundHandler() }
	if _, _, err := post("/"); !errors.Is(err, ErrRefused) {
		t.Errorf("our own address: %v", err)
	}
}
