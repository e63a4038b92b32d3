package apptest

import (
	"crypto/tls"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
)

// Client is somebody with a browser of their own, without scripts: it keeps
// cookies and shows every answer as it came. Redirects are not followed.
type Client struct {
	HTTP *http.Client
	base string
	t    testing.TB
}

// Client returns a new visitor.
func (s *Server) Client(t testing.TB) *Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: s.Roots}, DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &Client{t: t, base: s.BaseURL, HTTP: &http.Client{
		Jar: jar, Transport: transport, Timeout: time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Answer is what came back.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
	t      testing.TB
}

// Get asks for an address, which may be a path. Headers are pairs of name and
// value.
func (c *Client) Get(address string, headers ...string) *Answer {
	c.t.Helper()
	return c.Do(http.MethodGet, address, "", nil, headers...)
}

// Post sends a form.
func (c *Client) Post(address string, form url.Values, headers ...string) *Answer {
	c.t.Helper()
	return c.Do(http.MethodPost, address, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()), headers...)
}

// Do sends any request.
func (c *Client) Do(method, address, contentType string, body io.Reader, headers ...string) *Answer {
	c.t.Helper()
	if strings.HasPrefix(address, "/") {
		address = c.base + address
	}
	r, err := http.NewRequestWithContext(c.t.Context(), method, address, body)
	if err != nil {
		c.t.Fatal(err)
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := c.HTTP.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	if err := answer.Body.Close(); err != nil {
		c.t.Fatal(err)
	}
	return &Answer{Status: answer.StatusCode, Header: answer.Header, Body: data, t: c.t}
}

// Want fails the test when the status is another.
func (a *Answer) Want(status int) *Answer {
	a.t.Helper()
	if a.Status != status {
		a.t.Fatalf("status %d, want %d: %s", a.Status, status, a.Text())
	}
	return a
}

// Location returns the address that the answer redirects to.
func (a *Answer) Location() string {
	a.t.Helper()
	to := a.Header.Get("Location")
	if to == "" || a.Status < 300 || a.Status > 399 {
		a.t.Fatalf("status %d to %q is no redirect: %s", a.Status, to, a.Text())
	}
	return to
}

// Media returns the media type without parameters.
func (a *Answer) Media() string {
	media, _, _ := strings.Cut(a.Header.Get("Content-Type"), ";")
	return media
}

// JSON reads the body.
func (a *Answer) JSON() map[string]any {
	a.t.Helper()
	var v map[string]any
	if err := json.Unmarshal(a.Body, &v); err != nil {
		a.t.Fatalf("not a JSON object: %v: %.300s", err, a.Body)
	}
	return v
}

// Text returns what a person reads on the page, in one line; other bodies as
// they are, cut short.
func (a *Answer) Text() string {
	if a.Media() != "text/html" {
		return string(a.Body[:min(len(a.Body), 600)])
	}
	var words []string
	tokens := html.NewTokenizer(strings.NewReader(string(a.Body)))
	hidden := ""
	for {
		switch tokens.Next() {
		case html.ErrorToken:
			return strings.Join(words, " ")
		case html.StartTagToken:
			if name, _ := tokens.TagName(); string(name) == "script" || string(name) == "style" {
				hidden = string(name)
			}
		case html.EndTagToken:
			if name, _ := tokens.TagName(); string(name) == hidden {
				hidden = ""
			}
		case html.TextToken:
			if hidden == "" {
				words = append(words, strings.Fields(string(tokens.Text()))...)
			}
		}
	}
}

// Says fails the test unless a person reads the words on the page.
func (a *Answer) Says(words string) *Answer {
	a.t.Helper()
	if !strings.Contains(a.Text(), words) {
		a.t.Errorf("the page does not say %q; it says: %s", words, a.Text())
	}
	return a
}
