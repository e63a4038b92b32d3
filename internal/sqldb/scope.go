package sqldb

import (
	"context"
	"errors"
	"strconv"
)

// Scope says whose rows a transaction may see. On PostgreSQL row-level security
// holds a transaction to it, whatever its statements say; SQLite has nothing of
// the kind, but asks for a scope too, so that a forgotten one is found there.
type Scope int64

// The scopes that are no organisation's.
const (
	NoScope      Scope = 0  // nothing: a transaction without a scope is an error
	Installation Scope = -1 // every row
)

// Organisation returns the scope of the organisation with this key.
func Organisation(id int64) Scope { return Scope(max(id, 0)) }

// ErrNoScope is returned for a transaction whose context names no scope.
var ErrNoScope = errors.New("sqldb: no scope: pass a context made by ForOrganisation or ForInstallation")

type scopeKey struct{}

// ForOrganisation returns a context whose transactions see the rows of one
// organisation and what belongs to the installation as a whole.
func ForOrganisation(ctx context.Context, id int64) context.Context {
	return context.WithValue(ctx, scopeKey{}, Organisation(id))
}

// ForInstallation returns a context whose transactions see every row. It is for
// what is about no organisation, or about several.
func ForInstallation(ctx context.Context) context.Context {
	return context.WithValue(ctx, scopeKey{}, Installation)
}

// ForNothing returns a context whose transactions are errors until somebody
// inside names a scope, whatever DB.DefaultScope says. Every request begins so.
func ForNothing(ctx context.Context) context.Context {
	return context.WithValue(ctx, scopeKey{}, NoScope)
}

// ScopeOf returns the scope that ctx names, NoScope when it names none.
func ScopeOf(ctx context.Context) Scope {
	s, _ := ctx.Value(scopeKey{}).(Scope)
	return s
}

// scope returns the scope of a transaction with ctx.
func (db *DB) scope(ctx context.Context) (Scope, error) {
	s, named := ctx.Value(scopeKey{}).(Scope)
	if !named {
		s = db.DefaultScope
	}
	if s == NoScope {
		return NoScope, ErrNoScope
	}
	return s, nil
}

// setting is the scope as the policies read it: see scopeFunction.
func (s Scope) setting() string { return strconv.FormatInt(int64(s), 10) }
