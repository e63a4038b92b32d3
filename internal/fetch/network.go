package fetch

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"syscall"

	"github.com/roundel/roundel/did"
)

// transport returns what sends one request. It is not shared, because
// connections to strangers are not kept, and it is asked directly, without an
// http.Client: there is nothing that could keep cookies or follow redirects.
//
// ctx is the request's: http.Transport itself gives the dial another one, which
// goes on when the request is over.
func (c *Client) transport(ctx context.Context) *http.Transport {
	return &http.Transport{
		Proxy: nil, // never from the environment: a proxy would connect where we would not
		DialContext: func(_ context.Context, network, address string) (net.Conn, error) {
			return c.dial(ctx, network, address)
		},
		TLSClientConfig:        &tls.Config{RootCAs: c.RootCAs, MinVersion: tls.VersionTLS12},
		DisableKeepAlives:      true,
		DisableCompression:     true,
		MaxResponseHeaderBytes: maxHeaderBytes,
	}
}

// dial connects to address and closes the connection when ctx ends, which it
// does when GetMax returns: a TLS handshake would go on otherwise.
func (c *Client) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := c.connect(ctx, network, address)
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { conn.Close() })
	return conn, nil
}

// connect connects to a host that permit has let through. The guard runs for
// each IP address of the host, on the very one that the kernel is asked for next.
func (c *Client) connect(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, refused("not a host and a port")
	}
	loopback := isLoopback(host)
	d := net.Dialer{
		Resolver: c.resolver,
		ControlContext: func(_ context.Context, network, address string, _ syscall.RawConn) error {
			if err := c.guard(network, address, loopback); err != nil || c.passed == nil {
				return err
			}
			return c.passed(address)
		},
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return d.DialContext(ctx, network, address)
	}
	if !loopback {
		// An absolute name: the resolver's search list stays out of it.
		return d.DialContext(ctx, network, net.JoinHostPort(host+".", port))
	}
	// localhost and what ends with it are known without a resolver (RFC 6761).
	conn, err := d.DialContext(ctx, network, net.JoinHostPort("127.0.0.1", port))
	if err != nil && ctx.Err() == nil {
		if over6, err6 := d.DialContext(ctx, network, net.JoinHostPort("::1", port)); err6 == nil {
			return over6, nil
		}
	}
	return conn, err
}

// guard refuses a connection unless it goes to the public internet on port 443
// or, for a host that names this machine, to this machine in development.
func (c *Client) guard(network, address string, loopback bool) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil || !strings.HasPrefix(network, "tcp") {
		return refused("not a TCP address")
	}
	if loopback {
		if c.AllowLoopback && to.Addr().Unmap().IsLoopback() {
			return nil
		}
		return refused("this machine")
	}
	if to.Port() != 443 || !public(to.Addr()) {
		return refused("not on the public internet")
	}
	return nil
}

// askNetwork sends r and reads at most max bytes of what comes back.
func (c *Client) askNetwork(ctx context.Context, r *http.Request, max int64) (*answer, error) {
	resp, err := c.transport(ctx).RoundTrip(r.WithContext(ctx))
	if err != nil {
		return nil, ended(ctx, err)
	}
	defer resp.Body.Close()
	a := &answer{contentType: resp.Header.Get("Content-Type")}
	if a.location, err = outcome(resp.StatusCode, resp.Header); err != nil || a.location != "" {
		return a, err
	}
	if resp.ContentLength > max {
		return nil, ErrTooLarge
	}
	a.body, err = io.ReadAll(io.LimitReader(resp.Body, max+1))
	if int64(len(a.body)) > max {
		return nil, ErrTooLarge
	}
	if err != nil {
		return nil, ended(ctx, err)
	}
	return a, nil
}

// ended returns the error of ctx in place of err, which is only its consequence,
// when ctx has ended.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// outcome says where an answer redirects to; location is empty when its body
// is what was asked for.
func outcome(status int, h http.Header) (location string, err error) {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		if location = h.Get("Location"); location != "" {
			return location, nil
		}
	}
	if status < 200 || status > 299 {
		return "", &did.StatusError{Code: status}
	}
	for _, coding := range h.Values("Content-Encoding") {
		if coding = strings.TrimSpace(coding); coding != "" && !strings.EqualFold(coding, "identity") {
			return "", ErrEncoding
		}
	}
	return "", nil
}
