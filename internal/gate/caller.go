package gate

import (
	"context"

	"github.com/roundel/roundel/internal/account"
	"github.com/roundel/roundel/internal/org"
)

// Caller is who is asking.
type Caller struct {
	Account      *account.Account  // nil for programs and for people who are not signed in
	Organisation *org.Organisation // what the route is about, nil for routes that are about none
	Role         org.Role          // a member's
	Permissions  org.Set           // in the organisation
	Reach        org.Reach         // the departments that a member's role is limited to
	Session      string            // the secret of the session, for ending it
	SignedIn     *account.Session  // how the person came in; nil when Account is
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

// May reports whether the caller has p in the organisation. Pages ask it about
// what they show besides; whether the page may be seen at all, its route says.
func (c *Caller) May(p org.Permission) bool { return c.Permissions.Has(p) }

type contextKey struct{}

// From returns who is asking; a caller about whom nothing is known when the
// request did not come through the gate.
func From(ctx context.Context) *Caller {
	if c, ok := ctx.Value(contextKey{}).(*Caller); ok {
		return c
	}
	return &Caller{}
}

// Actor returns the caller as who changes something about an organisation's
// people. A program is never an owner.
func (c *Caller) Actor() org.Actor {
	return org.Actor{AccountID: c.AccountID(), Permissions: c.Permissions, Owner: c.Token == nil && c.Role.Owner(), Token: c.Token}
}
