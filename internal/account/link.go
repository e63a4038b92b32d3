package account

import (
	"context"
	"errors"
	"time"

	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/sqldb"
)

// What a one-time link is for.
const (
	purposeSetUp = "setup"
	purposeReset = "reset"
)

// linkLife is how long a one-time link works.
const linkLife = 24 * time.Hour

var errLink = fault.NotFoundf("This link has been used or is too old. Ask for a new one.")

// SetUpLink returns the secret of a fresh set-up link, which lets whoever holds
// it create the first account. Earlier ones stop working. It is a conflict once
// there is an account.
func (s *Service) SetUpLink(ctx context.Context) (string, error) {
	secret, hash := newSecret()
	err := s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		var n int64
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM account`).Scan(&n); err != nil {
			return err
		}
		if n > 0 {
			return fault.Conflictf("This installation has been set up already. Sign in, or make a reset link with: roundel user reset-link EMAIL")
		}
		if _, err := tx.Exec(ctx, `DELETE FROM one_time_link WHERE purpose = $1`, purposeSetUp); err != nil {
			return err
		}
		return insertLink(ctx, tx, hash, purposeSetUp, 0, s.Now())
	})
	return secret, err
}

// CheckSetUpLink returns nil while the set-up link with this secret works. It
// changes nothing.
func (s *Service) CheckSetUpLink(ctx context.Context, secret string) error {
	return s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		_, err := findLink(ctx, tx, purposeSetUp, secret, s.Now())
		return err
	})
}

// SetUp creates the first account and uses the link up.
func (s *Service) SetUp(ctx context.Context, secret string, p NewPerson) (*Account, error) {
	if err := s.CheckSetUpLink(ctx, secret); err != nil {
		return nil, err
	}
	if err := p.Check(); err != nil {
		return nil, err
	}
	hash, err := hashPassword(ctx, p.Password)
	if err != nil {
		return nil, err
	}
	var a *Account
	err = s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		if _, err := useLink(ctx, tx, purposeSetUp, secret, s.Now()); err != nil {
			return err
		}
		a, err = insertAccount(ctx, tx, p, hash, s.Now())
		return err
	})
	return a, err
}

// ResetLink returns the secret of a link that lets whoever holds it choose a
// new password for the account with this address.
func (s *Service) ResetLink(ctx context.Context, email string) (string, error) {
	key, err := AddressKey(email)
	if err != nil {
		return "", err
	}
	secret, hash := newSecret()
	err = s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		a, _, err := accountByAddress(ctx, tx, key)
		if err != nil {
			return err
		}
		return insertLink(ctx, tx, hash, purposeReset, a.ID, s.Now())
	})
	return secret, err
}

// CheckResetLink returns nil while the reset link with this secret works. It
// changes nothing.
func (s *Service) CheckResetLink(ctx context.Context, secret string) error {
	return s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		_, err := findLink(ctx, tx, purposeReset, secret, s.Now())
		return err
	})
}

// ResetPassword sets a new password, uses the link up and ends every session
// of the account.
func (s *Service) ResetPassword(ctx context.Context, secret, password string) error {
	if err := s.CheckResetLink(ctx, secret); err != nil {
		return err
	}
	if f, bad := checkPassword(password); bad {
		return fault.Fields(f)
	}
	hash, err := hashPassword(ctx, password)
	if err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		id, err := useLink(ctx, tx, purposeReset, secret, s.Now())
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE account SET password_hash = $1 WHERE id = $2`, hash, id); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `DELETE FROM session WHERE account_id = $1`, id)
		return err
	})
}

func insertLink(ctx context.Context, tx *sqldb.Tx, hash []byte, purpose string, accountID int64, now time.Time) error {
	_, err := tx.Exec(ctx, `INSERT INTO one_time_link (secret_hash, purpose, account_id, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)`,
		hash, purpose, accountID, sqldb.Millis(now), sqldb.Millis(now.Add(linkLife)))
	return err
}

func findLink(ctx context.Context, tx *sqldb.Tx, purpose, secret string, now time.Time) (accountID int64, err error) {
	err = tx.QueryRow(ctx, `SELECT account_id FROM one_time_link
		WHERE secret_hash = $1 AND purpose = $2 AND used_at = 0 AND expires_at > $3`,
		hashSecret(secret), purpose, sqldb.Millis(now)).Scan(&accountID)
	if errors.Is(err, sqldb.ErrNoRows) {
		return 0, errLink
	}
	return accountID, err
}

func useLink(ctx context.Context, tx *sqldb.Tx, purpose, secret string, now time.Time) (accountID int64, err error) {
	err = tx.QueryRow(ctx, `UPDATE one_time_link SET used_at = $3
		WHERE secret_hash = $1 AND purpose = $2 AND used_at = 0 AND expires_at > $3 RETURNING account_id`,
		hashSecret(secret), purpose, sqldb.Millis(now)).Scan(&accountID)
	if errors.Is(err, sqldb.ErrNoRows) {
		return 0, errLink
	}
	return accountID, err
}
