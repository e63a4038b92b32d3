package gate

import (
	"strings"

	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/org"
)

// Permission is what a route asks of its caller.
type Permission string

// The permissions that are no organisation's. For those see Needs.
const (
	Nobody   Permission = ""          // the zero value lets nobody in
	Public   Permission = "public"    // everybody; the caller is known when signed in
	SignedIn Permission = "signed-in" // any person who is signed in
	Operator Permission = "operator"  // who runs the installation
	Member   Permission = "member"    // any member of the organisation {org} of the address
	AnyToken Permission = "any-token" // a program with any API token in force
)

// Needs returns the permission of a route that needs p in an organisation: for
// people in the organisation {org} of the address, for programs in that of
// their token.
func Needs(p org.Permission) Permission { return Permission(p) }

// reducing marks the permission of a route whose deed only takes away.
const reducing = " (suspended too)"

// Reduces returns the permission of a route that needs p as with Needs, and whose
// deed only takes away: a key, an award, a token, a member. It stays open while
// the organisation is suspended, for those who have to limit a damage then.
func Reduces(p org.Permission) Permission { return Permission(p) + reducing }

// asked returns the organisation's permission that p asks for.
func (p Permission) asked() org.Permission {
	return org.Permission(strings.TrimSuffix(string(p), reducing))
}

// reduces reports whether p is one of Reduces.
func (p Permission) reduces() bool { return strings.HasSuffix(string(p), reducing) }

var (
	errNobody = fault.Forbiddenf("Nobody may do this.")
	// The same answer whether the page exists or not.
	errNotYours = fault.NotFoundf("There is no such page, or it is not yours to see.")
)
