// Package fetch is the one way out: HTTP requests to addresses that strangers
// choose, which can never reach a private network.
//
// A credential names addresses freely: its issuer's did:web document, its
// status list, its picture. Whoever makes us follow them must not reach what
// only we can reach. So the final IP address is checked as the connection is
// made, after name resolution, when no answer of a name server can change it
// any more; and every redirect goes through the same checks.
package fetch

import (
	"context"
	"crypto/x509"
	"fmt"
	"math"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/roundel/roundel/did"
	"github.com/roundel/roundel/internal/observe"
)

// The limits of a request, for fields that are zero.
const (
	DefaultMax     = 1 << 20          // bytes of a body
	DefaultTimeout = 10 * time.Second // from the call to the last byte, redirects included
	DefaultPerHost = 6                // requests to one host at a time

	maxRedirects   = 3
	maxURLLength   = 8 << 10  // bytes
	maxHeaderBytes = 32 << 10 // of an answer
)

// Client fetches public addresses over https. The zero value is ready to use.
// Fields are set before the first request and not changed later; any number of
// goroutines may then share the client.
type Client struct {
	// AllowLoopback is for development: it opens localhost and the addresses of
	// this machine's loopback interface, on any port and over http too. Private
	// networks stay closed, and so does a public name that resolves to loopback.
	AllowLoopback bool

	// RootCAs are the certificate authorities to trust; nil means the system's.
	RootCAs *x509.CertPool

	// UserAgent is sent with each request; empty means "Roundel".
	UserAgent string

	// Own returns the handler that answers u when u lies under our own base
	// address, and nil for all others. Such a request never reaches the network.
	// The host of u is in lower case and in ASCII, without a final dot and
	// without the scheme's default port; the fragment is gone.
	Own func(u *url.URL) http.Handler

	// Timeout bounds a call with all its redirects; zero means DefaultTimeout.
	Timeout time.Duration

	// PerHost bounds the requests that are under way to one host, counted over
	// all callers; more wait. Zero means DefaultPerHost.
	PerHost int

	slots slots

	// Both are nil outside tests.
	resolver *net.Resolver
	passed   func(address string) error // sees what the guard lets through, before the connection
}

var _ did.Getter = (*Client)(nil)

// Get returns the body and the Content-Type of address, with at most DefaultMax
// bytes. It is GetMax otherwise, but stays at the origin of address (scheme,
// host and port), as did.Getter demands: a redirect elsewhere is not followed
// and is an error that wraps ErrOtherOrigin.
func (c *Client) Get(ctx context.Context, address, accept string) (body []byte, contentType string, err error) {
	return c.get(ctx, address, accept, DefaultMax, true)
}

// GetMax is for what people point to, where it does not matter who serves it in
// the end: redirects may lead to other hosts. What a host says about itself is
// asked with Get.
//
// It returns the body and the Content-Type of address, asking for the media
// types in accept (an Accept header; may be empty) and following at most three
// redirects. max bounds the body in bytes; zero or less means DefaultMax.
//
// An answer other than 2xx is a *did.StatusError. Other errors wrap ErrRefused,
// ErrTooLarge, ErrRedirects or ErrEncoding, or the error of ctx, or come from
// the network; their text holds neither the path of the address nor any address
// of our own network.
func (c *Client) GetMax(ctx context.Context, address, accept string, max int64) (body []byte, contentType string, err error) {
	return c.get(ctx, address, accept, max, false)
}

func (c *Client) get(ctx context.Context, address, accept string, max int64, stay bool) (body []byte, contentType string, err error) {
	switch {
	case max <= 0:
		max = DefaultMax
	case max == math.MaxInt64:
		max-- // one byte more is read, to see that there is more
	}
	ctx, end := observe.Start(ctx, "fetch")
	defer func() { end(err) }()
	ctx, cancel := context.WithTimeout(ctx, c.timeout())
	defer cancel()

	u, err := parse(address)
	if err != nil {
		return nil, "", fmt.Errorf("fetch: %w", err)
	}
	for redirects := 0; ; redirects++ {
		a, err := c.ask(ctx, u, accept, max)
		if err != nil {
			return nil, "", fmt.Errorf("fetch from %.100s: %w", u.Host, plain(err))
		}
		if a.location == "" {
			return a.body, a.contentType, nil
		}
		if redirects == maxRedirects {
			return nil, "", fmt.Errorf("fetch from %.100s: %w", u.Host, ErrRedirects)
		}
		next, err := follow(u, a.location)
		if err != nil {
			return nil, "", fmt.Errorf("fetch: redirect: %w", err)
		}
		if stay && !sameOrigin(u, next) {
			return nil, "", fmt.Errorf("fetch from %.100s: %w", u.Host, ErrOtherOrigin)
		}
		u = next
	}
}

// An answer is a body, or the place that a redirect points to.
type answer struct {
	body        []byte
	contentType string
	location    string
}

// ask makes one request, in process when the address is our own.
func (c *Client) ask(ctx context.Context, u *url.URL, accept string, max int64) (*answer, error) {
	if c.Own != nil {
		if h := c.Own(u); h != nil {
			return askOwn(ctx, h, c.request(u, accept), max)
		}
	}
	if err := c.permit(u); err != nil {
		return nil, err
	}
	release, err := c.slots.take(ctx, u.Hostname(), c.perHost())
	if err != nil {
		return nil, err
	}
	defer release()
	return c.askNetwork(ctx, c.request(u, accept), max)
}

// request returns a GET request that says nothing about us but UserAgent.
func (c *Client) request(u *url.URL, accept string) *http.Request {
	r := &http.Request{
		Method: http.MethodGet, URL: u, Host: u.Host, Header: http.Header{},
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
	if accept != "" {
		r.Header.Set("Accept", accept)
	}
	// A compressed body would make the limit on bytes meaningless.
	r.Header.Set("Accept-Encoding", "identity")
	agent := c.UserAgent
	if agent == "" {
		agent = "Roundel"
	}
	r.Header.Set("User-Agent", agent)
	return r
}

func (c *Client) timeout() time.Duration {
	if c.Timeout > 0 {
		return c.Timeout
	}
	return DefaultTimeout
}

func (c *Client) perHost() int {
	if c.PerHost > 0 {
		return c.PerHost
	}
	return DefaultPerHost
}
