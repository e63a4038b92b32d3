package signin

import (
	"context"
	"errors"
	"time"

	"github.com/roundel/roundel/internal/account"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
)

// AttemptLife is how long somebody has at the provider.
const AttemptLife = 15 * time.Minute

// Trip is a sign-in that begins.
type Trip struct {
	Browser string // secret that the browser keeps until it comes back
	Address string // of the provider, where the browser goes now
}

// Start is what a sign-in begins with.
type Start struct {
	Provider publicid.ID
	House    string // SAML: entity id of the identity provider, where there are several
	Next     string // page to go to in the end
	// Add is the session of somebody who adds the provider to their account; nil
	// for signing in.
	Add *account.Session
}

// attempt is a sign-in under way.
type attempt struct {
	provider int64
	house    int64
	request  string
	next     string
	account  int64
	arrived  []byte
}

// Begin notes a sign-in and returns where the browser goes for it.
func (s *Service) Begin(ctx context.Context, in Start) (*Trip, error) {
	p, err := s.Enabled(ctx, in.Provider)
	if err != nil {
		return nil, err
	}
	a := attempt{provider: p.ID, next: in.Next}
	if len(a.next) > 2000 {
		a.next = ""
	}
	if in.Add != nil {
		if err := s.Accounts.NeedProof(in.Add); err != nil {
			return nil, err
		}
		a.account = in.Add.ID
	}
	t := &Trip{Browser: newSecret()}
	state := newSecret()
	if p.Kind == SAML {
		err = s.goSAML(ctx, p, &a, t, state, in.House)
	} else {
		err = s.goOIDC(ctx, p, t, state)
	}
	var r *refusal
	if errors.As(err, &r) {
		err = s.refuse(ctx, p, r)
	}
	if err != nil {
		return nil, err
	}
	now := s.Now()
	return t, s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		for _, q := range []string{`DELETE FROM signin_attempt WHERE expires_at <= $1`, `DELETE FROM signin_pending WHERE expires_at <= $1`} {
			if _, err := tx.Exec(ctx, q, sqldb.Millis(now)); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, `INSERT INTO signin_attempt (state_hash, browser_hash, provider_id, house_id, request_id, next, account_id, expires_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, hashSecret(state), hashSecret(t.Browser), a.provider, a.house, a.request, a.next, a.account,
			sqldb.Millis(now.Add(AttemptLife)))
		return err
	})
}

var errAttempt = fault.NotFoundf(wordsAgain)

// take uses the attempt up that the browser comes back from. An attempt of
// another browser, of another provider, or used before, is a NotFound fault.
// Whoever comes with a known state and the wrong browser ends the attempt.
func (s *Service) take(ctx context.Context, p *Provider, state, browser string) (a *attempt, err error) {
	err = s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		a = nil
		var mine []byte
		x := attempt{provider: p.ID}
		// SAML's answer came before the browser did.
		err := tx.QueryRow(ctx, `UPDATE signin_attempt SET used_at = $3 WHERE state_hash = $1 AND provider_id = $2 AND used_at = 0 AND expires_at > $3
			RETURNING browser_hash, house_id, request_id, next, account_id, arrived`, hashSecret(state), p.ID, sqldb.Millis(s.Now())).
			Scan(&mine, &x.house, &x.request, &x.next, &x.account, &x.arrived)
		if errors.Is(err, sqldb.ErrNoRows) {
			return nil
		}
		if err == nil && string(mine) == string(hashSecret(browser)) {
			a = &x
		}
		return err
	})
	if err == nil && a == nil {
		err = errAttempt
	}
	return a, err
}
