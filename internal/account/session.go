package account

import (
	"context"
	"errors"
	"time"

	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/sqldb"
)

// A session ends this long after it was last used, and in any case this long
// after signing in.
const (
	SessionIdle = 7 * 24 * time.Hour
	SessionLife = 30 * 24 * time.Hour
)

// errSignIn is one sentence for a wrong password and for an unknown address,
// so that nobody learns which addresses have accounts.
var errSignIn = fault.Invalidf("The address and the password do not belong together.")

// SignIn checks the password and returns the secret of a new session.
func (s *Service) SignIn(ctx context.Context, email, password, userAgent string) (string, error) {
	key, err := AddressKey(email)
	if err != nil {
		key = "" // no account has this key: the work below stays the same
	}
	var a *Account
	hash := nobody
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		found, h, err := accountByAddress(ctx, tx, key)
		if fault.KindOf(err) == fault.NotFound {
			return nil
		}
		if err == nil {
			a, hash = found, h
		}
		return err
	})
	if err != nil {
		return "", err
	}
	fits, err := passwordFits(ctx, password, hash)
	if err != nil {
		return "", err
	}
	if !fits || a == nil {
		return "", errSignIn
	}
	return s.StartSession(ctx, a.ID, userAgent)
}

// StartSession returns the secret of a new session for a person whose identity
// has just been shown.
func (s *Service) StartSession(ctx context.Context, accountID int64, userAgent string) (string, error) {
	secret, hash := newSecret()
	if len(userAgent) > 300 {
		userAgent = userAgent[:300]
	}
	now := s.Now()
	err := s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		if _, err := tx.Exec(ctx, `DELETE FROM session WHERE expires_at <= $1 OR last_seen_at <= $2`,
			sqldb.Millis(now), sqldb.Millis(now.Add(-SessionIdle))); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO session (secret_hash, account_id, created_at, last_seen_at, expires_at, user_agent)
			VALUES ($1, $2, $3, $3, $4, $5)`, hash, accountID, sqldb.Millis(now), sqldb.Millis(now.Add(SessionLife)), userAgent)
		return err
	})
	return secret, err
}

// Session returns the person whose session this is. It is a Forbidden fault
// when the session has ended.
func (s *Service) Session(ctx context.Context, secret string) (*Account, error) {
	now := s.Now()
	hash := hashSecret(secret)
	var a *Account
	var seen int64
	err := s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		err := tx.QueryRow(ctx, `SELECT last_seen_at FROM session WHERE secret_hash = $1 AND expires_at > $2 AND last_seen_at > $3`,
			hash, sqldb.Millis(now), sqldb.Millis(now.Add(-SessionIdle))).Scan(&seen)
		if errors.Is(err, sqldb.ErrNoRows) {
			return fault.Forbiddenf("Your session has ended. Sign in again.")
		}
		if err != nil {
			return err
		}
		a, err = scanAccount(tx.QueryRow(ctx, `SELECT `+accountColumns+` FROM account a
			JOIN session s ON s.account_id = a.id WHERE s.secret_hash = $1`, hash))
		return err
	})
	if err != nil {
		return nil, err
	}
	// Once an hour is often enough to tell whether a session is still used.
	if now.Sub(sqldb.Time(seen)) > time.Hour {
		err = s.DB.Write(ctx, func(tx *sqldb.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE session SET last_seen_at = $1 WHERE secret_hash = $2`, sqldb.Millis(now), hash)
			return err
		})
	}
	return a, err
}

// SignOut ends the session. Ending one that has ended already is fine.
func (s *Service) SignOut(ctx context.Context, secret string) error {
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM session WHERE secret_hash = $1`, hashSecret(secret))
		return err
	})
}
