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
	"github.com/roundel/roundel/internal/locale"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
)

// Account is a person who can sign in.
type Account struct {
	ID         int64
	PublicID   publicid.ID
	Name       string
	Email      string // the first address
	Verified   bool   // the first address has been shown to be theirs
	Operator   bool   // runs the installation
	CreatedAt  time.Time
	DisabledAt time.Time // zero: may sign in
	DeletedAt  time.Time // zero: exists; otherwise only the row is left, which others refer to
}

// Service keeps accounts. Only DB and Now are needed by everything; what sends
// mails or keeps secrets says so.
type Service struct {
	DB  *sqldb.DB
	Now func() time.Time

	// For mails.
	Texts   *locale.Printer
	BaseURL string                     // public address of the installation, without a trailing slash
	Site    string                     // what the installation is called
	Seal    func(secret string) []byte // encrypts a mail's secret for the outbox

	// Registration says who may make an account for themselves: RegisterOpen,
	// RegisterInvited or RegisterClosed. Empty stands for RegisterInvited.
	Registration string
	// Invited reports whether somebody has been invited at the address; nil:
	// nobody has.
	Invited func(ctx context.Context, tx *sqldb.Tx, addressKey string) (bool, error)
	// Leave takes an account that is being deleted out of everything that other
	// packages keep, or says why that cannot be; nil: nothing is kept.
	Leave func(ctx context.Context, tx *sqldb.Tx, accountID int64) error

	// For the secrets of authenticator apps.
	SealFactor func(secret []byte) []byte
	OpenFactor func(sealed []byte) ([]byte, error)
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

// NewSecret returns 256 random bits as text, and the hash that is stored.
func NewSecret() (secret string, hash []byte) {
	b := make([]byte, 32)
	rand.Read(b) // never fails: crypto/rand ends the process instead
	secret = base64.RawURLEncoding.EncodeToString(b)
	return secret, HashSecret(secret)
}

// HashSecret returns what is stored of a secret of NewSecret.
func HashSecret(secret string) []byte {
	h := sha256.Sum256([]byte(secret))
	return h[:]
}

const accountColumns = `a.id, a.public_id, a.name, a.is_operator, a.created_at, a.disabled_at, a.deleted_at,
	coalesce((SELECT address FROM account_address d WHERE d.account_id = a.id ORDER BY d.first DESC, d.id LIMIT 1), ''),
	coalesce((SELECT verified_at FROM account_address d WHERE d.account_id = a.id ORDER BY d.first DESC, d.id LIMIT 1), 0)`

func scanAccount(row interface{ Scan(...any) error }) (*Account, error) {
	var a Account
	var created, disabled, deleted, verified int64
	err := row.Scan(&a.ID, &a.PublicID, &a.Name, &a.Operator, &created, &disabled, &deleted, &a.Email, &verified)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fault.NotFoundf("There is no such account.")
	}
	a.CreatedAt, a.DisabledAt, a.DeletedAt = sqldb.Time(created), sqldb.Time(disabled), sqldb.Time(deleted)
	a.Verified = verified > 0
	return &a, err
}

// ByID returns an account, or a NotFound fault.
func ByID(ctx context.Context, tx *sqldb.Tx, id int64) (*Account, error) {
	return scanAccount(tx.QueryRow(ctx, `SELECT `+accountColumns+` FROM account a WHERE a.id = $1 AND a.deleted_at = 0`, id))
}

// ByAddress returns the account that has shown the address to be its own, or a
// NotFound fault. The key is that of AddressKey.
func ByAddress(ctx context.Context, tx *sqldb.Tx, key string) (*Account, error) {
	return scanAccount(tx.QueryRow(ctx, `SELECT `+accountColumns+` FROM account a
		JOIN account_address k ON k.account_id = a.id WHERE k.address_key = $1 AND k.verified_at > 0`, key))
}

// bySignInAddress returns the account that signs in with the address: the one
// that has verified it, else one that has verified none at all. So nobody gets
// in the way of an address's owner by entering it too.
func bySignInAddress(ctx context.Context, tx *sqldb.Tx, key string) (*Account, error) {
	return scanAccount(tx.QueryRow(ctx, `SELECT `+accountColumns+` FROM account a
		JOIN account_address k ON k.account_id = a.id
		WHERE k.address_key = $1 AND (k.verified_at > 0 OR NOT EXISTS (
			SELECT 1 FROM account_address v WHERE v.account_id = a.id AND v.verified_at > 0))
		ORDER BY k.verified_at DESC, k.id LIMIT 1`, key))
}

func passwordHash(ctx context.Context, tx *sqldb.Tx, id int64) (hash string, err error) {
	err = tx.QueryRow(ctx, `SELECT password_hash FROM account WHERE id = $1`, id).Scan(&hash)
	return hash, err
}
