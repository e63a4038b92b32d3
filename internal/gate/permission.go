package gate

import (
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

// asked returns the organisation's permission that p asks for.
func (p Permission) asked() org.Permission { return org.Permission(p) }

var (
	errNobody = fault.Forbiddenf("Nobody may do this.")
	// The same answer whether the page exists or not.
	errNotYours = fault.NotFoundf("There is no such page, or it is not yours to see.")
)
