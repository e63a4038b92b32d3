package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"strings"
	"time"

	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/outbox"
	"github.com/roundel/roundel/internal/sqldb"
)

// A mailed code lives this long and takes this many tries.
const (
	CodeLife  = 10 * time.Minute
	codeTries = 5
)

var errCode = fault.Fields(fault.Field{Path: "code", Message: "This code does not fit, was used, or is too old. Enter it in the browser in which you asked for it, or ask for a new one."})

// AskCode has a code mailed to the address and returns the secret that the
// browser keeps: the code works together with it only. Nothing tells whether
// the address is known.
func (s *Service) AskCode(ctx context.Context, email string) (browser string, err error) {
	key, err := AddressKey(email)
	if err != nil {
		return "", fault.Fields(fault.Field{Path: "email", Message: fault.Message(err)})
	}
	browser, hash := NewSecret()
	now := s.Now()
	return browser, s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		if _, err := tx.Exec(ctx, `DELETE FROM signin_code WHERE expires_at <= $1`, sqldb.Millis(now)); err != nil {
			return err
		}
		var id int64
		err := tx.QueryRow(ctx, `INSERT INTO signin_code (browser_hash, address_key, created_at, expires_at) VALUES ($1, $2, $3, $4) RETURNING id`,
			hash, key, sqldb.Millis(now), sqldb.Millis(now.Add(CodeLife))).Scan(&id)
		if err != nil {
			return err
		}
		return s.askLetter(ctx, tx, letterOrder{Purpose: purposeCode, Address: strings.TrimSpace(email), Code: id})
	})
}

func (s *Service) writeCode(ctx context.Context, tx *sqldb.Tx, o letterOrder, owner *Account) error {
	if owner == nil || !owner.DisabledAt.IsZero() {
		return nil
	}
	var browser []byte
	err := tx.QueryRow(ctx, `SELECT browser_hash FROM signin_code WHERE id = $1 AND used_at = 0 AND expires_at > $2`, o.Code, sqldb.Millis(s.Now())).Scan(&browser)
	if errors.Is(err, sqldb.ErrNoRows) {
		return nil // too late
	}
	if err != nil {
		return err
	}
	code := newCode(8)
	if _, err := tx.Exec(ctx, `UPDATE signin_code SET account_id = $2, code_hash = $3 WHERE id = $1`, o.Code, owner.ID, hashCode(browser, code)); err != nil {
		return err
	}
	return s.mail(ctx, tx, o.Address, "code", "/sign-in/code/enter?code="+outbox.SecretMark, code)
}

// EnterCode lets in whoever enters the code in the browser that asked for it.
func (s *Service) EnterCode(ctx context.Context, browser, code, userAgent string) (*Way, error) {
	id, err := s.takeCode(ctx, browser, code)
	if err != nil {
		return nil, err
	}
	return s.Enter(ctx, id, Proof{Method: ByMail, UserAgent: userAgent})
}

// takeCode uses a code up and returns whose it is. Every try counts, also when
// many come at once; the first right one wins.
func (s *Service) takeCode(ctx context.Context, browser, code string) (accountID int64, err error) {
	now := sqldb.Millis(s.Now())
	fits := false
	err = s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		fits = false
		var id int64
		var stored []byte
		err := tx.QueryRow(ctx, `UPDATE signin_code SET tries = tries + 1
			WHERE browser_hash = $1 AND used_at = 0 AND tries < $2 AND expires_at > $3 RETURNING id, account_id, code_hash`,
			HashSecret(browser), codeTries, now).Scan(&id, &accountID, &stored)
		if errors.Is(err, sqldb.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		if fits = subtle.ConstantTimeCompare(stored, hashCode(HashSecret(browser), code)) == 1; !fits {
			return nil // the try is kept
		}
		_, err = tx.Exec(ctx, `UPDATE signin_code SET used_at = $2 WHERE id = $1`, id, now)
		return err
	})
	if err == nil && !fits {
		err = errCode
	}
	return accountID, err
}

// letters are those that are not mistaken for others: Crockford's base 32.
const letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// newCode returns n random letters, 5 bits each.
func newCode(n int) string {
	b := make([]byte, n)
	rand.Read(b) // never fails: crypto/rand ends the process instead
	for i := range b {
		b[i] = letters[b[i]%32]
	}
	return string(b)
}

// plainCode undoes what people do to codes: spaces, hyphens, small letters,
// and letters that look like others.
func plainCode(code string) string {
	code = strings.Map(func(r rune) rune {
		switch r {
		case 'O':
			return '0'
		case 'I', 'L':
			return '1'
		case ' ', '-', '\t', '\u00a0':
			return -1
		}
		return r
	}, strings.ToUpper(code))
	if len(code) > 64 {
		return ""
	}
	return code
}

func hashCode(salt []byte, code string) []byte {
	h := sha256.Sum256(append(append([]byte("code "), salt...), plainCode(code)...))
	return h[:]
}
