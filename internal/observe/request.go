package observe

import (
	"context"
	"crypto/rand"
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"strings"
)

// request is what is known of a request before anybody answers it, and the
// route once it is known.
type request struct {
	id      string
	address string
	route   string
}

type requestKey struct{}

func fromContext(ctx context.Context) *request {
	if r, ok := ctx.Value(requestKey{}).(*request); ok {
		return r
	}
	return &request{}
}

// RequestID returns the number of the request that ctx belongs to; "" when it
// belongs to none. People who ask for help name it, and logs carry it.
func RequestID(ctx context.Context) string { return fromContext(ctx).id }

// ClientAddress returns the IP address that the request of ctx came from, as a
// proxy that is believed tells it; "" when ctx belongs to no request.
func ClientAddress(ctx context.Context) string { return fromContext(ctx).address }

// idForm is what an id from a proxy may be: it goes into logs and headers.
var idForm = regexp.MustCompile(`^[A-Za-z0-9._-]{8,64}$`)

// newRequest looks at r. Only what a proxy in one of the networks says of
// others is believed.
func newRequest(r *http.Request, proxies []netip.Prefix) *request {
	q := &request{}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	address := peer.Addr().Unmap()
	if err != nil {
		host, _, _ := net.SplitHostPort(r.RemoteAddr)
		if address, err = netip.ParseAddr(host); err != nil {
			q.id = rand.Text()
			return q
		}
	}
	if believed(address, proxies) {
		if id := r.Header.Get("X-Request-Id"); idForm.MatchString(id) {
			q.id = id
		}
		address = forwarded(r, address, proxies)
	}
	if q.id == "" {
		q.id = rand.Text()
	}
	q.address = address.WithZone("").String()
	return q
}

// forwarded returns the client's address out of X-Forwarded-For: the last one
// that is not itself a proxy that is believed. What stands before it may be
// anybody's invention.
func forwarded(r *http.Request, peer netip.Addr, proxies []netip.Prefix) netip.Addr {
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	last := peer
	for i := len(hops) - 1; i >= 0; i-- {
		hop := strings.TrimSpace(hops[i])
		a, err := netip.ParseAddr(hop)
		if err != nil {
			p, err := netip.ParseAddrPort(hop) // some proxies add the port
			if err != nil {
				return last
			}
			a = p.Addr()
		}
		if last = a.Unmap(); !believed(last, proxies) {
			return last
		}
	}
	return last
}

func believed(a netip.Addr, proxies []netip.Prefix) bool {
	for _, p := range proxies {
		if p.Contains(a.WithZone("")) {
			return true
		}
	}
	return false
}
