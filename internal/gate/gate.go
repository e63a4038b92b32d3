// Package gate is what every edge does first: it finds out who is asking, and
// whether that person or program may.
//
// A route declares the permission that it needs, once, in its edge's table. A
// route without an entry does not exist. The organisation comes from the
// address and is checked against the caller's membership, or from the API
// token; never from a request's body.
package gate

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"

	"github.com/roundel/roundel/internal/account"
	"github.com/roundel/roundel/internal/audit"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/guard"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
)

// Gate knows callers.
type Gate struct {
	Accounts *account.Service
	Orgs     *org.Service
	Secure   bool // the public address is https: cookies are sent nowhere else

	// How often one caller may ask; nil is no limit.
	People, Tokens *guard.Rates // by person and by token
	Strangers      *guard.Rates // by address: tokens that are not in force

	programs lookups[org.Program] // by the token's secret
}

// ErrSignIn is returned when a route needs a signed-in person and there is none.
var ErrSignIn = &fault.Error{Kind: fault.Forbidden, Message: "Sign in to see this page."}

// ErrSecondFactor is returned when an organisation asks its members for a second
// factor and the session has shown one only.
var ErrSecondFactor = &fault.Error{Kind: fault.Forbidden, Message: "This organisation asks for a second factor. Sign in with a passkey, or with your authenticator app."}

// ErrToken is returned when a route needs an API token and there is none in force.
var ErrToken = &fault.Error{Kind: fault.Forbidden, Message: "Send an API token in force as “Authorization: Bearer …”. Tokens are made in the console under Settings."}

// Admit finds out which person is asking and returns the request with the
// caller in its context, or a fault when the permission is not met. The context
// also says whose rows the request may see, and who is asking for the audit log.
func (g *Gate) Admit(r *http.Request, p Permission) (*http.Request, error) {
	// Who is asking is looked up before it is known for which organisation.
	r = r.WithContext(sqldb.ForInstallation(r.Context()))
	c, err := g.admit(r, p)
	if err == nil && c.Account != nil {
		err = g.People.Take(strconv.FormatInt(c.Account.ID, 10))
	}
	if err != nil {
		return r, err
	}
	return with(r, c), nil
}

// AdmitProgram does the same for programs, which show an API token and no cookie.
func (g *Gate) AdmitProgram(r *http.Request, p Permission) (*http.Request, error) {
	r = r.WithContext(sqldb.ForInstallation(r.Context()))
	c, err := g.admitProgram(r, p)
	switch {
	case errors.Is(err, ErrToken):
		// Whoever tries tokens out pays for it by address.
		if limit := g.Strangers.Take(guard.Network(address(r))); limit != nil {
			err = limit
		}
	case err == nil && c.Token != nil:
		err = g.Tokens.Take(strconv.FormatInt(c.Token.ID, 10))
	}
	if err != nil {
		return r, err
	}
	return with(r, c), nil
}

func (g *Gate) admit(r *http.Request, p Permission) (*Caller, error) {
	switch {
	case p == Public:
		c, err := g.person(r)
		if fault.KindOf(err) == fault.Forbidden {
			return &Caller{}, nil
		}
		return c, err
	case p == SignedIn:
		return g.person(r)
	case p == Operator:
		c, err := g.person(r)
		if err != nil {
			return nil, err
		}
		if !c.Account.Operator {
			return nil, errNotYours
		}
		return c, c.SignedIn.GoodFor(0)
	case p == Member || p.asked().Known():
		return g.member(r, p)
	}
	return nil, errNobody
}

func (g *Gate) admitProgram(r *http.Request, p Permission) (*Caller, error) {
	switch {
	case p == Public:
		return &Caller{}, nil
	case p == AnyToken || p.asked().Known():
		return g.program(r, p)
	}
	return nil, errNobody
}

func (g *Gate) person(r *http.Request) (*Caller, error) {
	cookie, err := r.Cookie(g.cookieName())
	if err != nil {
		return nil, ErrSignIn
	}
	session, err := g.Accounts.Session(r.Context(), cookie.Value)
	if fault.KindOf(err) == fault.Forbidden {
		return nil, ErrSignIn
	}
	if err != nil {
		return nil, err
	}
	return &Caller{Account: session.Account, SignedIn: session, Session: cookie.Value}, nil
}

// member lets in members of the organisation {org} of the address whose role
// includes what is asked for, and keeps those who are limited to departments
// from things of others.
func (g *Gate) member(r *http.Request, p Permission) (*Caller, error) {
	c, err := g.person(r)
	if err != nil {
		return nil, err
	}
	m, err := g.Orgs.MembershipIn(r.Context(), c.Account.ID, r.PathValue("org"))
	if err != nil {
		return nil, err
	}
	if err := c.SignedIn.GoodFor(m.Organisation.ID); err != nil {
		return nil, err
	}
	if m.Organisation.SecondFactor && c.SignedIn.Assurance < account.TwoFactors {
		return nil, ErrSecondFactor
	}
	c.Organisation, c.Role, c.Permissions, c.Reach = m.Organisation, m.Role, m.Permissions, m.Reach
	if p == Member {
		return c, nil
	}
	if !c.May(p.asked()) {
		return nil, fault.Forbiddenf("Your role in %s does not include this. Ask one of its owners or administrators.", m.Organisation.Name)
	}
	// Mails and jobs are the whole organisation's.
	if !m.Reach.All() && r.PathValue("mail")+r.PathValue("job") != "" {
		return nil, errNotYours
	}
	for _, kind := range []string{org.ThingBadge, org.ThingAward, org.ThingBatch} {
		text := r.PathValue(kind)
		if text == "" {
			continue
		}
		id, err := publicid.Parse(text)
		if err != nil {
			return nil, errNotYours
		}
		if err := g.Orgs.InReach(r.Context(), m.Organisation.ID, m.Reach, kind, id); err != nil {
			return nil, err
		}
	}
	return c, g.standing(r, c, p)
}

// standing refuses what the organisation's standing does not allow. Looking is
// always allowed.
func (g *Gate) standing(r *http.Request, c *Caller, p Permission) error {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return nil
	}
	if p.reduces() {
		return c.Organisation.MayReduce(p.asked())
	}
	return c.Organisation.MayUse(p.asked())
}

func (g *Gate) program(r *http.Request, p Permission) (*Caller, error) {
	scheme, secret, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || !strings.HasPrefix(secret, account.TokenPrefix) {
		return nil, ErrToken
	}
	program, err := g.programs.do(r.Context(), secret, func(ctx context.Context) (org.Program, error) {
		return g.Orgs.ProgramBySecret(ctx, secret)
	})
	if fault.KindOf(err) == fault.Forbidden {
		return nil, ErrToken
	}
	if err != nil {
		return nil, err
	}
	token, organisation := *program.Token, *program.Organisation // others have the same answer
	c := &Caller{Token: &token, Organisation: &organisation, Permissions: program.May}
	if err := g.Accounts.TokenUsed(r.Context(), c.Token); err != nil {
		return nil, err
	}
	if p == AnyToken {
		return c, nil
	}
	if !c.May(p.asked()) {
		return nil, fault.Forbiddenf("This API token is not for this: it lacks the scope %s.", p.asked())
	}
	return c, g.standing(r, c, p)
}

// with puts what is known about the caller into the request's context.
func with(r *http.Request, c *Caller) *http.Request {
	ctx := context.WithValue(r.Context(), contextKey{}, c)
	o := audit.From(ctx)
	if c.Account != nil {
		o.AccountID = c.Account.ID
	}
	if c.Token != nil {
		o.AccountID, o.TokenID = c.AccountID(), c.Token.ID
	}
	o.Address = address(r)
	ctx = audit.With(ctx, o)
	if c.Organisation != nil {
		ctx = sqldb.ForOrganisation(ctx, c.Organisation.ID)
	}
	return r.WithContext(ctx)
}

// address returns the IP address that a request came from: as the front knows
// it, which sees through proxies, or the other end of the connection.
func address(r *http.Request) string {
	if known := audit.From(r.Context()).Address; known != "" {
		return known
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// SetSession gives the browser its session.
func (g *Gate) SetSession(w http.ResponseWriter, secret string) {
	http.SetCookie(w, &http.Cookie{
		Name: g.cookieName(), Value: secret, Path: "/", HttpOnly: true, Secure: g.Secure,
		SameSite: http.SameSiteLaxMode, MaxAge: int(account.SessionLife.Seconds()),
	})
}

// ClearSession takes the session from the browser.
func (g *Gate) ClearSession(w http.ResponseWriter) {
	http.SetCookie(w, &http.Cookie{Name: g.cookieName(), Path: "/", HttpOnly: true, Secure: g.Secure, SameSite: http.SameSiteLaxMode, MaxAge: -1})
}

// cookieName binds the cookie to the exact host where that is possible: the
// __Host- prefix is honoured over https only.
func (g *Gate) cookieName() string {
	if g.Secure {
		return "__Host-roundel"
	}
	return "roundel"
}
