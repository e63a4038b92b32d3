package account

import (
	"context"

	"github.com/alexedwards/argon2id"
)

// hashing bounds how many passwords are hashed at once: each takes 46 MiB for
// its duration, so that sign-in attempts cannot exhaust the memory.
var hashing = make(chan struct{}, 2)

// The parameters are OWASP's first recommendation for argon2id.
var passwordCost = &argon2id.Params{Memory: 46 * 1024, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// nobody is compared against when an address is unknown, so that an unknown
// address takes the same path and the same work as a known one.
const nobody = "$argon2id$v=19$m=47104,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// HashPassword returns what is kept of a password.
func HashPassword(ctx context.Context, password string) (string, error) {
	if err := takeTurn(ctx); err != nil {
		return "", err
	}
	defer func() { <-hashing }()
	return argon2id.CreateHash(password, passwordCost)
}

func passwordFits(ctx context.Context, password, hash string) (bool, error) {
	if len(password) > 4*MaxPassword {
		password = "" // never a right password; the work below stays the same
	}
	if err := takeTurn(ctx); err != nil {
		return false, err
	}
	defer func() { <-hashing }()
	return argon2id.ComparePasswordAndHash(password, hash)
}

func takeTurn(ctx context.Context) error {
	select {
	case hashing <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
