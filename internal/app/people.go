package app

import (
	"context"

	"github.com/roundel/roundel/internal/account"
	"github.com/roundel/roundel/internal/keys"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/sqldb"
)

// factorPurpose names what the secrets of authenticator apps are sealed for.
const factorPurpose = "second factor"

func newAccounts(a *App) *account.Service {
	g := a.Ground
	return &account.Service{
		DB: g.DB, Now: g.Now, Texts: g.Catalogues.For("en"), BaseURL: a.BaseURL, Site: a.Config.Name,
		Registration: a.Config.Registration, Seal: sealClaim(g.Keys.Secrets),
		Invited: func(ctx context.Context, tx *sqldb.Tx, key string) (bool, error) {
			return org.IsInvited(ctx, tx, key, g.Now())
		},
		Leave:      org.LeaveAll,
		SealFactor: sealFactor(g.Keys.Secrets), OpenFactor: openFactor(g.Keys.Secrets),
	}
}

func sealFactor(secrets *keys.Secrets) func([]byte) []byte {
	return func(secret []byte) []byte { return secrets.Seal(factorPurpose, secret) }
}

func openFactor(secrets *keys.Secrets) func([]byte) ([]byte, error) {
	return func(sealed []byte) ([]byte, error) { return secrets.Open(factorPurpose, sealed) }
}
