package signin

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/roundel/roundel/internal/account"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/sqldb"
)

// PendingLife is how long somebody has to show that an account is theirs.
const PendingLife = 30 * time.Minute

// Pending is a provider that waits for the account's owner to agree.
type Pending struct {
	Provider string // name
	Mine     bool   // the account is the one that is signed in

	provider *Provider
	account  int64
	who      *arrival
}

// ask notes that somebody has to show that the account is theirs, and returns
// the secret that their browser keeps.
func (s *Service) ask(ctx context.Context, tx *sqldb.Tx, p *Provider, accountID int64, who *arrival) (string, error) {
	secret := newSecret()
	sealed, err := s.seal(p, who)
	if err != nil {
		return "", err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO signin_pending (secret_hash, provider_id, account_id, arrived, expires_at) VALUES ($1, $2, $3, $4, $5)`,
		hashSecret(secret), p.ID, accountID, sealed, sqldb.Millis(s.Now().Add(PendingLife))); err != nil {
		return "", err
	}
	return secret, s.record(ctx, tx, p, "signin.link_asked", "account", accountID, nil)
}

var errPending = fault.NotFoundf("This has taken too long, or was finished already. Begin the sign-in again.")

// Pending returns what waits for the owner of an account in this browser.
func (s *Service) Pending(ctx context.Context, secret string, session *account.Session) (w *Pending, err error) {
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error { w, err = s.pendingOf(ctx, tx, secret, session); return err })
	return w, err
}

func (s *Service) pendingOf(ctx context.Context, tx *sqldb.Tx, secret string, session *account.Session) (*Pending, error) {
	w := &Pending{}
	var provider int64
	var sealed []byte
	err := tx.QueryRow(ctx, `SELECT provider_id, account_id, arrived FROM signin_pending WHERE secret_hash = $1 AND expires_at > $2`,
		hashSecret(secret), sqldb.Millis(s.Now())).Scan(&provider, &w.account, &sealed)
	if errors.Is(err, sqldb.ErrNoRows) {
		return nil, errPending
	}
	if err != nil {
		return nil, err
	}
	if w.provider, err = providerByKey(ctx, tx, provider); err != nil {
		return nil, err
	}
	w.Provider, w.Mine = w.provider.Name, session != nil && session.ID == w.account
	w.who, err = s.unseal(w.provider, sealed)
	return w, err
}

// Agree links the account that is signed in to the provider that waits for it.
// The person must just have shown who they are.
func (s *Service) Agree(ctx context.Context, secret string, session *account.Session) error {
	if err := s.Accounts.NeedProof(session); err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		w, err := s.pendingOf(ctx, tx, secret, session)
		if err != nil {
			return err
		}
		if !w.Mine {
			return fault.Conflictf("You are signed in to another account than the one with this address.")
		}
		n, err := tx.Exec(ctx, `DELETE FROM signin_pending WHERE secret_hash = $1`, hashSecret(secret))
		if err == nil && n == 0 {
			return errPending
		}
		if err != nil {
			return err
		}
		if err := s.mayHave(w.provider, session.Account); err != nil {
			return fault.Forbiddenf("%s", err.(*refusal).Words)
		}
		if err := s.Accounts.Link(ctx, tx, w.account, w.provider.identity(w.who.Issuer), w.who.Subject); err != nil {
			return err
		}
		return s.visit(ctx, tx, w.provider, w.account, w.who)
	})
}

func scanKey(r *sql.Rows) (id int64, err error) { return id, r.Scan(&id) }
