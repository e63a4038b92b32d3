package account

import (
	"context"
	"errors"
	"time"

	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/sqldb"
)

// What a one-time link or code is for.
const (
	purposeSetUp    = "setup"
	purposeReset    = "reset"
	purposeRegister = "register"
	purposeVerify   = "verify"
	purposeCode     = "code"
)

// linkLife is how long a one-time link works.
const linkLife = 24 * time.Hour

var errLink = fault.NotFoundf("This link has been used or is too old. Ask for a new one.")

// SetUpLink returns the secret of a fresh set-up link, which lets whoever holds
// it create the first account. Earlier ones stop working. It is a conflict once
// there is an account.
func (s *Service) SetUpLink(ctx context.Context) (string, error) {
	secret, hash := NewSecret()
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
		return insertLink(ctx, tx, hash, purposeSetUp, 0, "", s.Now())
	})
	return secret, err
}

// CheckSetUpLink returns nil while the set-up link with this secret works. It
// changes nothing.
func (s *Service) CheckSetUpLink(ctx context.Context, secret string) error {
	return s.checkLink(ctx, purposeSetUp, secret)
}

func (s *Service) checkLink(ctx context.Context, purpose, secret string) error {
	return s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		_, err := findLink(ctx, tx, purpose, secret, s.Now())
		return err
	})
}

// SetUp creates the first account, which runs the installation, and uses the
// link up. Its address counts as unconfirmed: no mail has gone there yet.
func (s *Service) SetUp(ctx context.Context, secret string, p NewPerson) (*Account, error) {
	if err := s.CheckSetUpLink(ctx, secret); err != nil {
		return nil, err
	}
	if err := p.Check(); err != nil {
		return nil, err
	}
	hash, err := HashPassword(ctx, p.Password)
	if err != nil {
		return nil, err
	}
	var a *Account
	err = s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		if _, err := useLink(ctx, tx, purposeSetUp, secret, s.Now()); err != nil {
			return err
		}
		a, err = s.Create(ctx, tx, Newcomer{Name: p.Name, Email: p.Email, PasswordHash: hash, Operator: true})
		return err
	})
	return a, err
}

// link is a one-time link that works.
type link struct {
	AccountID int64
	Address   string // that it was mailed to, if it was
}

func insertLink(ctx context.Context, tx *sqldb.Tx, hash []byte, purpose string, accountID int64, address string, now time.Time) error {
	// What is long over holds addresses that need not be kept.
	if _, err := tx.Exec(ctx, `DELETE FROM one_time_link WHERE expires_at <= $1`, sqldb.Millis(now.Add(-linkLife))); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO one_time_link (secret_hash, purpose, account_id, address, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		hash, purpose, accountID, address, sqldb.Millis(now), sqldb.Millis(now.Add(linkLife)))
	return err
}

func findLink(ctx context.Context, tx *sqldb.Tx, purpose, secret string, now time.Time) (l link, err error) {
	err = tx.QueryRow(ctx, `SELECT account_id, address FROM one_time_link
		WHERE secret_hash = $1 AND purpose = $2 AND used_at = 0 AND expires_at > $3`,
		HashSecret(secret), purpose, sqldb.Millis(now)).Scan(&l.AccountID, &l.Address)
	if errors.Is(err, sqldb.ErrNoRows) {
		err = errLink
	}
	return l, err
}

func useLink(ctx context.Context, tx *sqldb.Tx, purpose, secret string, now time.Time) (l link, err error) {
	err = tx.QueryRow(ctx, `UPDATE one_time_link SET used_at = $3
		WHERE secret_hash = $1 AND purpose = $2 AND used_at = 0 AND expires_at > $3 RETURNING account_id, address`,
		HashSecret(secret), purpose, sqldb.Millis(now)).Scan(&l.AccountID, &l.Address)
	if errors.Is(err, sqldb.ErrNoRows) {
		err = errLink
	}
	return l, err
}
