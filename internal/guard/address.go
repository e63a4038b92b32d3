package guard

import (
	"errors"
	"net/http"
	"net/netip"
)

// Addresses bounds what comes from one address before anybody knows who is
// asking. A school may stand behind a single address, so looking is cheap and
// counted generously; what changes something or makes us work is counted apart.
type Addresses struct {
	Looking *Rates // GET and HEAD
	Acting  *Rates // all others
}

// Handler returns next behind the bounds. address tells where a request comes
// from; requests that are free are not counted.
func (a *Addresses) Handler(next http.Handler, address func(*http.Request) string, free func(*http.Request) bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rates := a.Acting
		if r.Method == http.MethodGet || r.Method == http.MethodHead {
			rates = a.Looking
		}
		if !free(r) {
			var limit *LimitError
			if errors.As(rates.Take(Network(address(r))), &limit) {
				TooMany(w, limit)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// Network returns what counts as one caller: an IPv4 address, or the /64 of an
// IPv6 address, all of which one household or machine has.
func Network(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil || ip.Unmap().Is4() {
		return address
	}
	network, err := ip.WithZone("").Prefix(64)
	if err != nil {
		return address
	}
	return network.String()
}
