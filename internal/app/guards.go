package app

import (
	"net/http"
	"strings"

	"github.com/roundel/roundel/internal/api"
	"github.com/roundel/roundel/internal/gate"
	"github.com/roundel/roundel/internal/guard"
	"github.com/roundel/roundel/internal/observe"
	"github.com/roundel/roundel/internal/protocol/vcapi"
)

// guards are what keeps one caller, or too many, from taking the server away
// from all others.
type guards struct {
	addresses guard.Addresses
	shed      *guard.Shed
}

// rates returns bounds of so many a second, and five seconds' worth at once.
func (a *App) rates(perSecond float64) *guard.Rates {
	return &guard.Rates{Rate: guard.Rate{PerSecond: perSecond, Burst: max(1, int(5*perSecond))}, Now: a.Ground.Now}
}

func newGuards(a *App) *guards {
	c := a.Config
	return &guards{
		addresses: guard.Addresses{Looking: a.rates(c.RateAddress), Acting: a.rates(c.RateAddress / 10)},
		shed:      guard.NewShed(c.MaxRequests, 2*c.MaxRequests, c.MaxWait),
	}
}

// at gives the gate its bounds.
func (g *guards) at(door *gate.Gate, a *App) {
	door.People, door.Tokens = a.rates(a.Config.RatePerson), a.rates(a.Config.RateToken)
	door.Strangers = g.addresses.Acting
}

// before puts the guards before next.
func (g *guards) before(next http.Handler) http.Handler {
	return g.addresses.Handler(g.shed.Handler(next, unbounded), func(r *http.Request) string { return observe.ClientAddress(r.Context()) },
		func(r *http.Request) bool { return unbounded(r) || byToken(r) })
}

// byToken reports whether the gate counts the request by its token, or by its
// address when the token is not in force. Elsewhere the header says nothing.
func byToken(r *http.Request) bool {
	return r.Header.Get("Authorization") != "" &&
		(strings.HasPrefix(r.URL.Path, api.Base+"/") || strings.HasPrefix(r.URL.Path, vcapi.Base+"/"))
}

// unbounded is for what has to be answered whatever the load, and costs little:
// health, and the files that pages are made of.
func unbounded(r *http.Request) bool {
	return r.URL.Path == "/healthz" || r.URL.Path == "/readyz" || strings.HasPrefix(r.URL.Path, "/static/")
}
