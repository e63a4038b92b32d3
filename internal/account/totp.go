package account

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/sqldb"
)

// Time-based one-time passwords as every authenticator app makes them: RFC 6238
// with SHA-1, six digits and steps of 30 seconds, counted from 1970. SHA-1's
// collisions do not matter to an HMAC.
const (
	totpStep   = 30
	totpDigits = 6
	totpSlack  = 1 // steps by which a clock may be wrong, either way
	totpSecret = 20
)

// totpCode returns the code of one time step (RFC 4226, section 5.3).
func totpCode(secret []byte, step int64, digits int) string {
	mac := hmac.New(sha1.New, secret)
	_ = binary.Write(mac, binary.BigEndian, step) // writing to a hash cannot fail
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0xf
	n := binary.BigEndian.Uint32(sum[at:at+4]) & 0x7fffffff
	mod := uint32(1)
	for range digits {
		mod *= 10
	}
	return fmt.Sprintf("%0*d", digits, n%mod)
}

// totpMatch returns the time step that the code belongs to, among those that
// count at the time now; 0 when it is none of them. All are compared, so that
// the time taken tells nothing.
func totpMatch(secret []byte, code string, now time.Time) (step int64) {
	middle := now.Unix() / totpStep
	for n := middle - totpSlack; n <= middle+totpSlack; n++ {
		if hmac.Equal([]byte(totpCode(secret, n, totpDigits)), []byte(code)) {
			step = n
		}
	}
	return step
}

// TOTP is an authenticator app that is being set up.
type TOTP struct {
	Secret string // as people type it
	URL    string // as apps read it from a QR code
}

var base32Plain = base32.StdEncoding.WithPadding(base32.NoPadding)

// BeginTOTP returns the secret for a new authenticator app. It counts once a
// code of it has been entered; until then the page may be loaded again.
func (s *Service) BeginTOTP(ctx context.Context, by *Session) (*TOTP, error) {
	if err := s.NeedProof(by); err != nil {
		return nil, err
	}
	secret := make([]byte, totpSecret)
	rand.Read(secret) // never fails: crypto/rand ends the process instead
	err := s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		var sealed []byte
		var confirmed int64
		err := tx.QueryRow(ctx, `INSERT INTO account_totp (account_id, sealed, created_at) VALUES ($1, $2, $3)
			ON CONFLICT (account_id) DO UPDATE SET account_id = excluded.account_id RETURNING sealed, confirmed_at`,
			by.ID, s.SealFactor(secret), sqldb.Millis(s.Now())).Scan(&sealed, &confirmed)
		if err != nil {
			return err
		}
		if confirmed > 0 {
			return fault.Conflictf("An authenticator app is set up already. Remove it first.")
		}
		secret, err = s.OpenFactor(sealed)
		return err
	})
	if err != nil {
		return nil, err
	}
	text := base32Plain.EncodeToString(secret)
	// PathEscape writes spaces as %20; some apps show the plus of a query.
	label := url.PathEscape(s.Site) + ":" + url.PathEscape(by.Email)
	address := "otpauth://totp/" + label + "?secret=" + text + "&issuer=" + url.PathEscape(s.Site) + "&algorithm=SHA1&digits=6&period=30"
	return &TOTP{Secret: text, URL: address}, nil
}

// ConfirmTOTP switches the authenticator app on, and returns recovery codes for
// the day it is lost. Other sessions end: they have shown one factor only.
func (s *Service) ConfirmTOTP(ctx context.Context, by *Session, code string) (recovery []string, err error) {
	if err := s.NeedProof(by); err != nil {
		return nil, err
	}
	if err := s.takeTries(ctx, factorTries(by.ID)); err != nil {
		return nil, err
	}
	err = s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		if err := s.useTOTP(ctx, tx, by.ID, code, false); err != nil {
			return err
		}
		n, err := tx.Exec(ctx, `UPDATE account_totp SET confirmed_at = $2 WHERE account_id = $1 AND confirmed_at = 0`, by.ID, sqldb.Millis(s.Now()))
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.Conflictf("An authenticator app is set up already.")
		}
		if _, err := tx.Exec(ctx, `UPDATE session SET assurance = $2 WHERE secret_hash = $1`, by.hash, TwoFactors); err != nil {
			return err
		}
		if err := forgetTries(ctx, tx, factorTries(by.ID)); err != nil {
			return err
		}
		if err := endSessions(ctx, tx, by.ID, by.hash); err != nil {
			return err
		}
		if recovery, err = s.newRecoveryCodes(ctx, tx, by.ID); err != nil {
			return err
		}
		if err := s.tell(ctx, tx, by.ID, "totp_on"); err != nil {
			return err
		}
		return s.record(ctx, tx, "factor.added", by.ID)
	})
	return recovery, err
}

// RemoveTOTP switches the authenticator app off; its recovery codes go too.
func (s *Service) RemoveTOTP(ctx context.Context, by *Session) error {
	if err := s.NeedProof(by); err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error { return s.removeTOTP(ctx, tx, by.ID) })
}

func (s *Service) removeTOTP(ctx context.Context, tx *sqldb.Tx, id int64) error {
	n, err := tx.Exec(ctx, `DELETE FROM account_totp WHERE account_id = $1`, id)
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.Conflictf("No authenticator app is set up.")
	}
	if _, err := tx.Exec(ctx, `DELETE FROM recovery_code WHERE account_id = $1`, id); err != nil {
		return err
	}
	// What was shown by an app that is no longer there counts no more.
	if _, err := tx.Exec(ctx, `UPDATE session SET assurance = $2 WHERE account_id = $1 AND method <> $3`, id, OneFactor, ByPasskey); err != nil {
		return err
	}
	if err := s.tell(ctx, tx, id, "totp_off"); err != nil {
		return err
	}
	return s.record(ctx, tx, "factor.removed", id)
}

// HasSecondFactor reports whether the person can show two factors: by an
// authenticator app or a passkey.
func HasSecondFactor(ctx context.Context, tx *sqldb.Tx, accountID int64) (bool, error) {
	has, err := hasTOTP(ctx, tx, accountID)
	if err != nil || has {
		return has, err
	}
	var n int64
	err = tx.QueryRow(ctx, `SELECT count(*) FROM passkey WHERE account_id = $1`, accountID).Scan(&n)
	return n > 0, err
}

func hasTOTP(ctx context.Context, tx *sqldb.Tx, accountID int64) (bool, error) {
	var n int64
	err := tx.QueryRow(ctx, `SELECT count(*) FROM account_totp WHERE account_id = $1 AND confirmed_at > 0`, accountID).Scan(&n)
	return n > 0, err
}

var errFactor = fault.Fields(fault.Field{Path: "code", Message: "This code does not fit. Wait for the next one in your app and enter that; each counts once. The clock of your phone must be right."})

// useFactor takes a code of the app or a recovery code, and uses it up.
func (s *Service) useFactor(ctx context.Context, tx *sqldb.Tx, accountID int64, code string) error {
	if len(plainCode(code)) == recoveryLetters {
		return s.useRecoveryCode(ctx, tx, accountID, code)
	}
	return s.useTOTP(ctx, tx, accountID, code, true)
}

// useTOTP takes a code whose time step no earlier code has reached.
func (s *Service) useTOTP(ctx context.Context, tx *sqldb.Tx, accountID int64, code string, confirmed bool) error {
	var sealed []byte
	var at int64
	err := tx.QueryRow(ctx, `SELECT sealed, confirmed_at FROM account_totp WHERE account_id = $1`, accountID).Scan(&sealed, &at)
	if errors.Is(err, sqldb.ErrNoRows) {
		return errFactor
	}
	if err != nil {
		return err
	}
	secret, err := s.OpenFactor(sealed)
	if err != nil {
		return fmt.Errorf("open the second factor of account %d: %w", accountID, err)
	}
	step := totpMatch(secret, plainCode(code), s.Now())
	if step == 0 || (at > 0) != confirmed {
		return errFactor
	}
	n, err := tx.Exec(ctx, `UPDATE account_totp SET last_step = $2 WHERE account_id = $1 AND last_step < $2`, accountID, step)
	if err == nil && n == 0 {
		err = errFactor
	}
	return err
}
