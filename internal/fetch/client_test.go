package fetch

import (
	"bytes"
	"compress/gzip"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/roundel/roundel/did"
)

// serveTLS starts a server on loopback and returns its base address with a
// client that may ask it.
func serveTLS(t *testing.T, h http.HandlerFunc) (string, *Client) {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = silent
	s.StartTLS()
	t.Cleanup(s.Close)
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	return s.URL, &Client{AllowLoopback: true, RootCAs: pool}
}

func TestGet(t *testing.T) {
	var got *http.Request
	base, c := serveTLS(t, func(w http.ResponseWriter, r *http.Request) {
		got = r
		w.Header().Set("Content-Type", "application/did+json; charset=utf-8")
		fmt.Fprint(w, `{"id":"did:web:example.org"}`)
	})
	body, contentType, err := c.Get(t.Context(), base+"/a%2Fb?q=1#part", "application/did+json")
	if err != nil || string(body) != `{"id":"did:web:example.org"}` || contentType != "application/did+json; charset=utf-8" {
		t.Fatalf("Get = %q, %q, %v", body, contentType, err)
	}
	if got.Method != "GET" || got.RequestURI != "/a%2Fb?q=1" {
		t.Errorf("the server saw %s %s", got.Method, got.RequestURI)
	}
	want := http.Header{"Accept": {"application/did+json"}, "Accept-Encoding": {"identity"}, "User-Agent": {"Roundel"}, "Connection": {"close"}}
	if fmt.Sprint(got.Header) != fmt.Sprint(want) {
		t.Errorf("headers are %v, want %v", got.Header, want)
	}
	c.UserAgent = "Roundel/1.0 (+https://badges.example)"
	if _, _, err := c.Get(t.Context(), base, ""); err != nil || got.Header.Get("User-Agent") != c.UserAgent || got.Header["Accept"] != nil {
		t.Errorf("headers are %v: %v", got.Header, err)
	}
}

// TestLoopback: this machine is open in development only, and then only to
// addresses that name it.
func TestLoopback(t *testing.T) {
	base, dev := serveTLS(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Host) })
	open := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Host) }))
	t.Cleanup(open.Close)
	port := must(url.Parse(open.URL)).Port()
	for _, address := range []string{base, open.URL, "http://localhost:" + port, "http://LOCALHOST.:" + port, "http://issuer.localhost:" + port, "http://[::ffff:127.0.0.1]:" + port} {
		if body, _, err := dev.Get(t.Context(), address, ""); err != nil || len(body) == 0 {
			t.Errorf("%s in development: %q, %v", address, body, err)
		}
		if _, _, err := (&Client{RootCAs: dev.RootCAs}).Get(t.Context(), address, ""); !errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v, want ErrRefused", address, err)
		}
	}
}

// TestLoopback6: localhost is this machine whichever family the server speaks.
func TestLoopback6(t *testing.T) {
	l, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		t.Skipf("this machine has no IPv6 loopback: %v", err)
	}
	s := &httptest.Server{Listener: l, Config: &http.Server{Handler: http.NotFoundHandler()}}
	s.Start()
	t.Cleanup(s.Close)
	_, port, _ := net.SplitHostPort(l.Addr().String())
	for _, host := range []string{"localhost", "[::1]", "a.localhost"} {
		var status *did.StatusError
		if _, _, err := (&Client{AllowLoopback: true}).Get(t.Context(), "http://"+host+":"+port, ""); !errors.As(err, &status) {
			t.Errorf("%s: %v", host, err)
		}
	}
}

func TestCertificates(t *testing.T) {
	base, c := serveTLS(t, func(http.ResponseWriter, *http.Request) {})
	var unknown x509.UnknownAuthorityError
	if _, _, err := (&Client{AllowLoopback: true}).Get(t.Context(), base, ""); !errors.As(err, &unknown) {
		t.Errorf("with the system's roots: %v", err)
	}
	var name x509.HostnameError
	base = strings.Replace(base, "127.0.0.1", "localhost", 1)
	if _, _, err := c.Get(t.Context(), base, ""); !errors.As(err, &name) {
		t.Errorf("with another name: %v", err)
	}
}

func TestStatus(t *testing.T) {
	base, c := serveTLS(t, func(w http.ResponseWriter, r *http.Request) {
		var code int
		fmt.Sscan(r.URL.Path[1:], &code)
		w.WriteHeader(code)
	})
	for _, code := range []int{300, 301, 302, 303, 304, 305, 307, 308, 400, 401, 403, 404, 407, 410, 418, 429, 500, 502, 503, 599} {
		_, _, err := c.Get(t.Context(), fmt.Sprint(base, "/", code), "")
		var status *did.StatusError
		if !errors.As(err, &status) || status.Code != code {
			t.Errorf("status %d gives %v", code, err)
		}
	}
	for _, code := range []int{200, 203, 204} {
		if _, _, err := c.Get(t.Context(), fmt.Sprint(base, "/", code), ""); err != nil {
			t.Errorf("status %d gives %v", code, err)
		}
	}
}

// TestRedirects counts down in the path.
func TestRedirects(t *testing.T) {
	var requests atomic.Int32
	base, c := serveTLS(t, func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		var left, status int
		fmt.Sscanf(r.URL.Path, "/%d/%d", &status, &left)
		if r.Header.Get("Referer") != "" || r.Header.Get("Accept") != "text/plain" {
			t.Errorf("headers are %v", r.Header)
		}
		if left > 0 {
			w.Header().Set("Location", fmt.Sprintf("../%d/%d", status, left-1))
			w.WriteHeader(status)
		}
		fmt.Fprint(w, "body of ", left)
	})
	for _, status := range []int{301, 302, 303, 307, 308} {
		for redirects := range 6 {
			requests.Store(0)
			body, _, err := c.Get(t.Context(), fmt.Sprintf("%s/%d/%d", base, status, redirects), "text/plain")
			if redirects <= 3 && (err != nil || string(body) != "body of 0") {
				t.Errorf("%d redirects: %q, %v", redirects, body, err)
			}
			if redirects > 3 && !errors.Is(err, ErrRedirects) {
				t.Errorf("%d redirects: %v", redirects, err)
			}
			if want := int32(min(redirects, 3) + 1); requests.Load() != want {
				t.Errorf("%d redirects: %d requests, want %d", redirects, requests.Load(), want)
			}
		}
	}
}

// TestRedirectRefused: the target of a redirect is judged like any other.
func TestRedirectRefused(t *testing.T) {
	var hits atomic.Int32
	open := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits.Add(1) }))
	t.Cleanup(open.Close)
	targets := []string{open.URL, "https://example.org:8443/", "http://example.org/"}
	for _, target := range malformedAddresses {
		if u, err := url.Parse(target); err == nil && u.Scheme != "" && (u.Host != "" || u.Opaque != "") {
			targets = append(targets, target) // else relative to the page that redirects
		}
	}
	for _, ip := range hostileAddresses {
		if !ip.IsLoopback() { // the page that redirects is on loopback too
			targets = append(targets, "https://"+net.JoinHostPort(ip.String(), "443")+"/")
		}
	}
	var target string
	base, c := serveTLS(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", target)
		w.WriteHeader(http.StatusFound)
	})
	c.passed = func(address string) error {
		if "https://"+address == base {
			return nil
		}
		t.Errorf("reached %s", address)
		return errStopped
	}
	for _, target = range targets {
		if _, _, err := c.GetMax(t.Context(), base, "", 0); !errors.Is(err, ErrRefused) {
			t.Errorf("redirect to %q: %v, want ErrRefused", target, err)
		}
	}
	if len(targets) < 200 || hits.Load() > 0 {
		t.Errorf("%d targets, %d requests to the http server", len(targets), hits.Load())
	}
}

func TestNoCookies(t *testing.T) {
	base, c := serveTLS(t, func(w http.ResponseWriter, r *http.Request) {
		if cookies := r.Cookies(); len(cookies) > 0 || r.Header.Get("Authorization") != "" {
			t.Errorf("%s came with %v", r.URL, r.Header)
		}
		http.SetCookie(w, &http.Cookie{Name: "track", Value: "1", Path: "/"})
		if r.URL.Path == "/first" {
			http.Redirect(w, r, "/second", http.StatusFound)
		}
	})
	for range 2 {
		if _, _, err := c.Get(t.Context(), base+"/first", ""); err != nil {
			t.Error(err)
		}
	}
}

// TestCompressed: a few bytes that grow to many are refused before they grow.
func TestCompressed(t *testing.T) {
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	z.Write(make([]byte, 4<<20))
	z.Close()
	var coding string
	base, c := serveTLS(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", coding)
		w.Write(bomb.Bytes())
	})
	for _, coding = range []string{"gzip", "GZIP", "x-gzip", "deflate", "br", "zstd", "identity, gzip", "unknown"} {
		if _, _, err := c.Get(t.Context(), base, ""); !errors.Is(err, ErrEncoding) {
			t.Errorf("%s: %v", coding, err)
		}
	}
	for _, coding = range []string{"", "identity", " Identity "} {
		if body, _, err := c.Get(t.Context(), base, ""); err != nil || len(body) != bomb.Len() {
			t.Errorf("%q: %d bytes, %v", coding, len(body), err)
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
