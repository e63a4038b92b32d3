package fetch

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"syscall"

	"github.com/roundel/roundel/did"
)

// network returns the transport, made at the first request. It is asked
// directly, without an http.Client: there is nothing that could keep cookies or
// follow redirects by itself.
func (c *Client) network() *http.Transport {
	c.once.Do(func() {
		c.transport = &http.Transport{
			Proxy:                  nil, // never from the environment: a proxy would connect where we would not
			DialContext:            c.dial,
			TLSClientConfig:        &tls.Config{RootCAs: c.RootCAs, MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout:    c.timeout(),
			DisableKeepAlives:      true,
			DisableCompression:     true,
			MaxResponseHeaderBytes: maxHeaderBytes,
		}
	})
	return c.transport
}

// dial connects to a host that permit has let through. The guard runs for each
// address of the host, on the very address that the kernel is asked for next.
func (c *Client) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, refused("not a host and a port")
	}
	loopback := isLoopback(host)
	if _, err := netip.ParseAddr(host); err != nil {
		if loopback {
			host = "localhost"
		}
		host += "." // an absolute name: the resolver's search list stays out of it
	}
	d := net.Dialer{
		Timeout:  c.timeout(),
		Resolver: c.resolver,
		ControlContext: func(_ context.Context, network, address string, _ syscall.RawConn) error {
			return c.guard(network, address, loopback)
		},
	}
	return d.DialContext(ctx, network, net.JoinHostPort(host, port))
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
	resp, err := c.network().RoundTrip(r.WithContext(ctx))
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, err
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
	if err != nil && ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return a, err
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

// errNested: see askOwn.
var errNested = errors.New("a page of ours asks for another page of ours")
