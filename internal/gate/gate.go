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
	"net/http"
	"strings"

	"github.com/roundel/roundel/internal/account"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/org"
)

// Permission is what a route asks of its caller.
type Permission int

// The permissions.
const (
	Nobody   Permission = iota // the zero value lets nobody in
	Public                     // everybody; the caller is known when signed in
	SignedIn                   // any person who is signed in
	Manage                     // a person who may manage the organisation {org} of the address
	APIToken                   // a program with an API token of an organisation
)

// Gate knows callers.
type Gate struct {
	Accounts *account.Service
	Orgs     *org.Service
	Secure   bool // the public address is https: cookies are sent nowhere else
}

// Caller is who is asking.
type Caller struct {
	Account      *account.Account  // nil for programs and for people who are not signed in
	Organisation *org.Organisation // what the route is about, nil for routes that are about none
	Role         string
	Session      string           // the secret of the session, for ending it
	SignedIn     *account.Session // how the person came in; nil when Account is
	Token        *account.Token
}

// AccountID returns the key of the person who is asking, or of the person who
// made the token; 0 when nobody is signed in.
func (c *Caller) AccountID() int64 {
	switch {
	case c.Account != nil:
		return c.Account.ID
	case c.Token != nil:
		return c.Token.CreatedBy
	}
	return 0
}

// ErrSignIn is returned when a route needs a signed-in person and there is none.
var ErrSignIn = &fault.Error{Kind: fault.Forbidden, Message: "Sign in to see this page."}

// ErrToken is returned when a route needs an API token and there is none in force.
var ErrToken = &fault.Error{Kind: fault.Forbidden, Message: "Send an API token in force as “Authorization: Bearer …”. Tokens are made in the console under Settings."}

type contextKey struct{}

// From returns who is asking; a caller about whom nothing is known when the
// request did not come through the gate.
func From(ctx context.Context) *Caller {
	if c, ok := ctx.Value(contextKey{}).(*Caller); ok {
		return c
	}
	return &Caller{}
}

// Admit finds out who is asking and returns the request with the caller in its
// context, or a fault when the permission is not met.
func (g *Gate) Admit(r *http.Request, p Permission) (*http.Request, error) {
	var c *Caller
	var err error
	switch p {
	case Public:
		c, err = g.person(r)
		if fault.KindOf(err) == fault.Forbidden {
			c, err = &Caller{}, nil
		}
	case SignedIn:
		c, err = g.person(r)
	case Manage:
		c, err = g.manager(r)
	case APIToken:
		c, err = g.program(r)
	default:
		err = fault.Forbiddenf("Nobody may do this.")
	}
	if err != nil {
		return r, err
	}
	return r.WithContext(context.WithValue(r.Context(), contextKey{}, c)), nil
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

func (g *Gate) manager(r *http.Request) (*Caller, error) {
	c, err := g.person(r)
	if err != nil {
		return nil, err
	}
	memberships, err := g.Orgs.ForAccount(r.Context(), c.Account.ID)
	if err != nil {
		return nil, err
	}
	for _, m := range memberships {
		if m.Organisation.Slug == r.PathValue("org") && m.Role == org.RoleOwner {
			c.Organisation, c.Role = m.Organisation, m.Role
			return c, nil
		}
	}
	// The same answer whether the organisation exists or not.
	return nil, fault.NotFoundf("There is no such page, or it is not yours to see.")
}

func (g *Gate) program(r *http.Request) (*Caller, error) {
	scheme, secret, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || !strings.HasPrefix(secret, account.TokenPrefix) {
		return nil, ErrToken
	}
	t, err := g.Accounts.TokenBySecret(r.Context(), secret)
	if fault.KindOf(err) == fault.Forbidden {
		return nil, ErrToken
	}
	if err != nil {
		return nil, err
	}
	o, err := g.Orgs.ByID(r.Context(), t.OrganisationID)
	return &Caller{Token: t, Organisation: o}, err
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
