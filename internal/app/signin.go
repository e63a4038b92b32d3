package app

import "github.com/roundel/roundel/internal/signin"

// newSignIn lets people in by the word of others.
func newSignIn(a *App, f *Features) *signin.Service {
	g := a.Ground
	secrets := g.Keys.Secrets
	purpose := func(name string) string { return "sign-in " + name }
	return &signin.Service{
		DB: g.DB, Accounts: f.Accounts, Orgs: f.Orgs, Fetch: g.Fetch, Now: g.Now, BaseURL: a.BaseURL, Log: a.Log,
		Seal: func(name string, plain []byte) []byte { return secrets.Seal(purpose(name), plain) },
		Open: func(name string, sealed []byte) ([]byte, error) { return secrets.Open(purpose(name), sealed) },
	}
}
