package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/roundel/roundel/did"
)

// ownFunc lets h answer everything under badges.example.
func ownFunc(h http.HandlerFunc) func(*url.URL) http.Handler {
	return func(u *url.URL) http.Handler {
		if u.Host != "badges.example" {
			return nil
		}
		return h
	}
}

// TestOwn: a handler sees what it would see over the network.
func TestOwn(t *testing.T) {
	var got *http.Request
	n := &network{}
	c := n.client()
	var asked []string
	own := ownFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusEarlyHints)
		fmt.Fprint(w, "{", "}")
		w.Header().Set("Content-Type", "too/late")
		w.WriteHeader(http.StatusTeapot)
	})
	c.Own = func(u *url.URL) http.Handler {
		asked = append(asked, u.String())
		return own(u)
	}
	body, contentType, err := c.Get(t.Context(), "HTTPS://Badges.Example.:443/a%2Fb/c?q=1#part", "application/json")
	if err != nil || string(body) != "{}" || contentType != "application/json" {
		t.Fatalf("Get = %q, %q, %v", body, contentType, err)
	}
	if fmt.Sprint(asked) != "[https://badges.example/a%2Fb/c?q=1]" || len(n.asked) > 0 || len(n.take()) > 0 {
		t.Errorf("Own was asked for %s, the network for %s", asked, n.asked)
	}
	over := overNetwork(t, "/a%2Fb/c?q=1", "application/json")
	if got.Method != over.Method || got.URL.String() != over.URL.String() || got.URL.RawPath != over.URL.RawPath ||
		got.RequestURI != over.RequestURI || got.Proto != over.Proto || got.Host != "badges.example" {
		t.Errorf("the handler saw %s %s %s %s, over the network %s %s %s", got.Method, got.URL, got.RequestURI, got.Proto, over.Method, over.URL, over.RequestURI)
	}
	if got.TLS == nil || got.RemoteAddr != ownRemote || got.Header.Get("Accept") != "application/json" || len(got.Header) != 3 {
		t.Errorf("the handler saw %v from %s with TLS %v", got.Header, got.RemoteAddr, got.TLS)
	}
	if b, err := io.ReadAll(got.Body); len(b) > 0 || err != nil {
		t.Errorf("the handler saw the body %q, %v", b, err)
	}
}

// overNetwork returns the request as a real server sees it.
func overNetwork(t *testing.T, path, accept string) (got *http.Request) {
	base, c := serveTLS(t, func(_ http.ResponseWriter, r *http.Request) { got = r })
	if _, _, err := c.Get(t.Context(), base+path, accept); err != nil {
		t.Fatal(err)
	}
	return got
}

// TestOwnMux: routing, cleaning of paths and host patterns work as on the server.
func TestOwnMux(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET badges.example/award/{id}", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.PathValue("id")) })
	mux.HandleFunc("GET badges.example/{$}", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "home") })
	c := &Client{Own: ownFunc(mux.ServeHTTP)}
	for address, want := range map[string]string{
		"https://badges.example":                 "home",
		"https://badges.example/":                "home",
		"https://badges.example/award/x%2Fy":     "x/y",
		"https://badges.example/a/../award//one": "one", // one redirect
	} {
		if body, _, err := c.Get(t.Context(), address, ""); err != nil || string(body) != want {
			t.Errorf("%s = %q, %v", address, body, err)
		}
	}
	var status *did.StatusError
	if _, _, err := c.Get(t.Context(), "https://badges.example/none", ""); !errors.As(err, &status) || status.Code != 404 {
		t.Errorf("none: %v", err)
	}
}

func TestOwnAnswers(t *testing.T) {
	page := "<!DOCTYPE html><title>x</title>"
	c := &Client{Own: ownFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/nothing":
		case "/sniffed":
			io.WriteString(w, page)
		case "/untyped":
			w.Header()["Content-Type"] = nil
			io.WriteString(w, page)
		case "/gone":
			http.Error(w, strings.Repeat("x", 5000), http.StatusGone)
		case "/full":
			io.WriteString(w, strings.Repeat("x", 500))
			io.WriteString(w, strings.Repeat("x", 500))
		case "/large":
			io.WriteString(w, strings.Repeat("x", 500))
			if n, err := io.WriteString(w, strings.Repeat("x", 501)); n != 0 || err == nil {
				t.Errorf("writing too much: %d, %v", n, err)
			}
			io.WriteString(w, "x") // does not fit in either: nothing may follow a gap
		case "/compressed":
			w.Header().Set("Content-Encoding", "gzip")
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		case "/down":
			http.Redirect(w, r, "http://badges.example/", http.StatusFound)
		case "/away":
			http.Redirect(w, r, "https://10.0.0.1/", http.StatusFound)
		case "/panic":
			panic("secret")
		}
	})}
	for path, want := range map[string]struct {
		size  int
		media string
		err   error
	}{
		"/nothing": {}, "/sniffed": {len(page), "text/html; charset=utf-8", nil}, "/untyped": {len(page), "", nil},
		"/gone": {err: &did.StatusError{Code: 410}}, "/full": {1000, "text/plain; charset=utf-8", nil}, "/large": {err: ErrTooLarge},
		"/compressed": {err: ErrEncoding}, "/loop": {err: ErrRedirects}, "/down": {err: ErrRefused}, "/away": {err: ErrRefused}, "/panic": {err: errPanic},
	} {
		body, media, err := c.GetMax(t.Context(), "https://badges.example"+path, "", 1000)
		var status *did.StatusError
		if errors.As(err, &status) && want.err != nil {
			if status.Error() != want.err.Error() {
				t.Errorf("%s: %v", path, err)
			}
		} else if !errors.Is(err, want.err) || len(body) != want.size || media != want.media {
			t.Errorf("%s = %d bytes, %q, %v; want %v", path, len(body), media, err, want)
		}
	}
}

// TestOwnRefused: the rules for the text of an address hold for ours too.
func TestOwnRefused(t *testing.T) {
	c := (&network{}).client()
	c.Own = func(*url.URL) http.Handler { t.Error("Own was asked"); return nil }
	for _, address := range malformedAddresses {
		if _, _, err := c.Get(t.Context(), address, ""); !errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// TestOwnNested: our pages cannot be made to ask each other in a circle.
func TestOwnNested(t *testing.T) {
	calls := 0
	c := &Client{}
	c.Own = ownFunc(func(w http.ResponseWriter, r *http.Request) {
		calls++
		if _, _, err := c.Get(r.Context(), "https://badges.example/", ""); !errors.Is(err, errNested) {
			t.Errorf("the inner request: %v", err)
		}
	})
	if _, _, err := c.Get(t.Context(), "https://badges.example/", ""); err != nil || calls != 1 {
		t.Errorf("%d calls, %v", calls, err)
	}
}

// TestOwnEnded: a page that finishes after its time is no answer.
func TestOwnEnded(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	calls := 0
	c := &Client{Own: ownFunc(func(w http.ResponseWriter, r *http.Request) {
		calls++
		cancel()
		<-r.Context().Done()
		fmt.Fprint(w, "late")
	})}
	for range 2 {
		if _, _, err := c.Get(ctx, "https://badges.example/", ""); !errors.Is(err, context.Canceled) {
			t.Errorf("error is %v", err)
		}
	}
	if calls != 1 {
		t.Errorf("%d calls", calls)
	}
}

// TestOwnAndOthers: a redirect of ours to others, and of others to us.
func TestOwnAndOthers(t *testing.T) {
	base, c := serveTLS(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/theirs" {
			fmt.Fprint(w, "theirs")
			return
		}
		http.Redirect(w, r, "https://badges.example/ours", http.StatusFound)
	})
	c.Own = func(u *url.URL) http.Handler {
		// Our own address may be this machine's, on the way to elsewhere on it.
		if u.Host != "badges.example" && u.Path != "/mine" {
			return nil
		}
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/ours" {
				fmt.Fprint(w, "ours")
				return
			}
			http.Redirect(w, r, base+"/theirs", http.StatusFound)
		})
	}
	if body, _, err := c.GetMax(t.Context(), base+"/", "", 0); err != nil || string(body) != "ours" {
		t.Errorf("from others to us: %q, %v", body, err)
	}
	if body, _, err := c.GetMax(t.Context(), base+"/mine", "", 0); err != nil || string(body) != "theirs" {
		t.Errorf("from us to others: %q, %v", body, err)
	}
}
