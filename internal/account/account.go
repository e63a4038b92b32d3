// Package account knows people: who they are, how they prove it, and the
// sessions, one-time links and API tokens that stand for them.
//
// Every secret that leaves this package is kept only as its SHA-256: reading
// the database gives nobody a way in. Secrets are 256 random bits, so a fast
// hash is enough; passwords are hashed with argon2id.
package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"errors"
	"net/mail"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/input"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
)

// Account is a person who can sign in.
type Account struct {
	ID        int64
	PublicID  publicid.ID
	Name      string
	Email     string // the first address
	CreatedAt time.Time
}

// Service keeps accounts.
type Service struct {
	DB  *sqldb.DB
	Now func() time.Time
}

// Password lengths in characters. Long and simple beats short and clever; the
// upper limit only bounds the work of hashing.
const (
	MinPassword = 15
	MaxPassword = 256
)

// NewPerson is what somebody enters to get an account.
type NewPerson struct {
	Name, Email, Password string
}

// Check returns a fault that names every field that cannot be used.
func (p NewPerson) Check() error {
	var wrong []fault.Field
	if _, ok := input.Line(p.Name, 200); !ok {
		wrong = append(wrong, fault.Field{Path: "name", Message: "Enter your name, up to 200 characters."})
	}
	if _, err := AddressKey(p.Email); err != nil {
		wrong = append(wrong, fault.Field{Path: "email", Message: fault.Message(err)})
	}
	if f, bad := checkPassword(p.Password); bad {
		wrong = append(wrong, f)
	}
	return fault.Fields(wrong...)
}

// AddressKey returns the form under which an e-mail address is looked up:
// trimmed and in lower case. It returns a fault for text that is no address.
func AddressKey(address string) (string, error) {
	address = strings.TrimSpace(address)
	parsed, err := mail.ParseAddress(address)
	if err != nil || parsed.Address != address || len(address) > 254 || strings.HasSuffix(address, ".") || !input.Text(address) {
		return "", fault.Invalidf("Enter an e-mail address such as name@example.org.")
	}
	return strings.ToLower(address), nil
}

// Any reports whether the installation has an account yet.
func (s *Service) Any(ctx context.Context) (bool, error) {
	var n int64
	err := s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		return tx.QueryRow(ctx, `SELECT count(*) FROM account`).Scan(&n)
	})
	return n > 0, err
}

func checkPassword(password string) (fault.Field, bool) {
	switch n := utf8.RuneCountInString(password); {
	case n < MinPassword:
		return fault.Field{Path: "password", Message: "Use 15 characters or more. A few words that only you would put together are easy to remember."}, true
	case n > MaxPassword:
		return fault.Field{Path: "password", Message: "Use 256 characters or fewer."}, true
	}
	return fault.Field{}, false
}

// newSecret returns 256 random bits as text, and the hash that is stored.
func newSecret() (secret string, hash []byte) {
	b := make([]byte, 32)
	rand.Read(b) // never fails: crypto/rand ends the process instead
	secret = base64.RawURLEncoding.EncodeToString(b)
	return secret, hashSecret(secret)
}

func hashSecret(secret string) []byte {
	h := sha256.Sum256([]byte(secret))
	return h[:]
}

func scanAccount(row interface{ Scan(...any) error }) (*Account, error) {
	var a Account
	var created int64
	err := row.Scan(&a.ID, &a.PublicID, &a.Name, &a.Email, &created)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fault.NotFoundf("There is no such account.")
	}
	a.CreatedAt = sqldb.Time(created)
	return &a, err
}

const accountColumns = `a.id, a.public_id, a.name,
	coalesce((SELECT address FROM account_address d WHERE d.account_id = a.id ORDER BY d.id LIMIT 1), ''), a.created_at`

func accountByAddress(ctx context.Context, tx *sqldb.Tx, key string) (*Account, string, error) {
	var hash string
	err := tx.QueryRow(ctx, `SELECT a.password_hash FROM account a
		JOIN account_address d ON d.account_id = a.id WHERE d.address_key = $1`, key).Scan(&hash)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, "", fault.NotFoundf("There is no account with this address.")
	}
	if err != nil {
		return nil, "", err
	}
	a, err := scanAccount(tx.QueryRow(ctx, `SELECT `+accountColumns+` FROM account a
		JOIN account_address k ON k.account_id = a.id WHERE k.address_key = $1`, key))
	return a, hash, err
}

func insertAccount(ctx context.Context, tx *sqldb.Tx, p NewPerson, hash string, now time.Time) (*Account, error) {
	key, err := AddressKey(p.Email)
	if err != nil {
		return nil, err
	}
	a := &Account{PublicID: publicid.New(), Name: strings.TrimSpace(p.Name), Email: strings.TrimSpace(p.Email), CreatedAt: now}
	err = tx.QueryRow(ctx, `INSERT INTO account (public_id, name, password_hash, created_at) VALUES ($1, $2, $3, $4) RETURNING id`,
		a.PublicID, a.Name, hash, sqldb.Millis(now)).Scan(&a.ID)
	if err != nil {
		return nil, err
	}
	_, err = tx.Exec(ctx, `INSERT INTO account_address (account_id, address, address_key) VALUES ($1, $2, $3)`, a.ID, a.Email, key)
	if sqldb.IsUnique(err) {
		return nil, fault.Fields(fault.Field{Path: "email", Message: "There is an account with this address already."})
	}
	return a, err
}
