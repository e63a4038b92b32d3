package account

import (
	"context"
	"database/sql"
	"time"

	"github.com/roundel/roundel/internal/audit"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/sqldb"
)

// Identity is who an account is at another provider.
type Identity struct {
	ID        int64
	Provider  string // as the package that talks to it names it
	Subject   string // the provider's own name for the person, which never changes
	CreatedAt time.Time
}

// ByIdentity returns the account that is linked to a provider's subject, or a
// NotFound fault.
func ByIdentity(ctx context.Context, tx *sqldb.Tx, provider, subject string) (*Account, error) {
	return scanAccount(tx.QueryRow(ctx, `SELECT `+accountColumns+` FROM account a
		JOIN account_identity i ON i.account_id = a.id WHERE i.provider = $1 AND i.subject = $2`, provider, subject))
}

// Link lets the account sign in as a provider's subject from now on. It is a
// Conflict fault when another account does.
//
// An account that has confirmed no address may have been made by somebody else
// in the person's name, who knows its password: that, and every session, ends.
func (s *Service) Link(ctx context.Context, tx *sqldb.Tx, accountID int64, provider, subject string) error {
	keys, err := VerifiedKeys(ctx, tx, accountID)
	if err != nil {
		return err
	}
	if len(keys) == 0 {
		if _, err := tx.Exec(ctx, `UPDATE account SET password_hash = '' WHERE id = $1`, accountID); err != nil {
			return err
		}
		for _, q := range []string{`DELETE FROM passkey WHERE account_id = $1`, `DELETE FROM account_totp WHERE account_id = $1`,
			`DELETE FROM recovery_code WHERE account_id = $1`, `DELETE FROM account_identity WHERE account_id = $1`} {
			if _, err := tx.Exec(ctx, q, accountID); err != nil {
				return err
			}
		}
		if err := endSessions(ctx, tx, accountID, nil); err != nil {
			return err
		}
	}
	var linked int64
	err = tx.QueryRow(ctx, `INSERT INTO account_identity (account_id, provider, subject, created_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (provider, subject) DO UPDATE SET provider = excluded.provider RETURNING account_id`,
		accountID, provider, subject, sqldb.Millis(s.Now())).Scan(&linked)
	if err != nil {
		return err
	}
	if linked != accountID {
		return fault.Conflictf("Somebody else signs in here with that. Sign in as them and remove it there first.")
	}
	return audit.Record(ctx, tx, audit.Entry{Action: "identity.linked", Subject: "account", SubjectID: accountID,
		Data: map[string]string{"provider": provider}})
}

// RemoveIdentity ends signing in by another provider; never the last way in.
func (s *Service) RemoveIdentity(ctx context.Context, by *Session, id int64) error {
	if err := s.NeedProof(by); err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		n, err := tx.Exec(ctx, `DELETE FROM account_identity WHERE id = $1 AND account_id = $2`, id, by.ID)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.NotFoundf("There is no such way to sign in.")
		}
		if err := needWayIn(ctx, tx, by.ID); err != nil {
			return err
		}
		if err := s.tell(ctx, tx, by.ID, "identity_removed"); err != nil {
			return err
		}
		return s.record(ctx, tx, "identity.removed", by.ID)
	})
}

// needWayIn is a Conflict fault when nothing is left to sign in with. A
// confirmed address is enough: codes are mailed to it.
func needWayIn(ctx context.Context, tx *sqldb.Tx, accountID int64) error {
	var n int64
	err := tx.QueryRow(ctx, `SELECT (SELECT count(*) FROM account_address WHERE account_id = $1 AND verified_at > 0)
		+ (SELECT count(*) FROM passkey WHERE account_id = $1) + (SELECT count(*) FROM account_identity WHERE account_id = $1)
		+ (SELECT count(*) FROM account WHERE id = $1 AND password_hash <> '')`, accountID).Scan(&n)
	if err == nil && n == 0 {
		err = fault.Conflictf("This is your only way to sign in. Add another first.")
	}
	return err
}

func identities(ctx context.Context, tx *sqldb.Tx, accountID int64) ([]Identity, error) {
	return sqldb.Collect(ctx, tx, func(r *sql.Rows) (i Identity, err error) {
		var created int64
		err = r.Scan(&i.ID, &i.Provider, &i.Subject, &created)
		i.CreatedAt = sqldb.Time(created)
		return i, err
	}, `SELECT id, provider, subject, created_at FROM account_identity WHERE account_id = $1 ORDER BY id`, accountID)
}
