package keys

import (
	"context"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/chacha20poly1305"

	"github.com/roundel/roundel/internal/sqldb"
)

// Secrets encrypts the small secrets of an installation (claim links of mails
// that wait, what second factors and identity providers need) and derives
// others. Its key is drawn once and lies in the database in an envelope. It
// opens no signing key, so it may be where the key-encryption key is not; and
// it stays when that is changed.
type Secrets struct {
	key   [chacha20poly1305.KeySize]byte
	older *KEK // opens what was sealed before there was a key of its own; nil where it is not at hand
}

const (
	settingSecrets  = "kek.secrets"
	secretsBinding  = "roundel installation secrets"
	envelopeSecrets = 2 // the first byte of what Secrets seals
)

// Seal encrypts plain for a purpose; Open with the same purpose returns it.
func (s *Secrets) Seal(purpose string, plain []byte) []byte {
	return append([]byte{envelopeSecrets}, encrypt(s.key[:], plain, []byte("roundel secret "+purpose))...)
}

// Open returns what Seal encrypted for the purpose.
func (s *Secrets) Open(purpose string, sealed []byte) ([]byte, error) {
	if len(sealed) == 0 {
		return nil, errEnvelope
	}
	// Signing keys are tied to texts with NUL, which no purpose has.
	if sealed[0] == envelopeVersion && s.older != nil && !strings.ContainsRune(purpose, 0) {
		return s.older.open(sealed, []byte("roundel "+purpose))
	}
	if sealed[0] != envelopeSecrets {
		return nil, errEnvelope
	}
	return decrypt(s.key[:], sealed[1:], []byte("roundel secret "+purpose))
}

// Secret derives a secret of 32 bytes for the purpose.
func (s *Secrets) Secret(purpose string) []byte {
	out, err := hkdf.Key(sha256.New, s.key[:], nil, "roundel secret "+purpose, 32)
	if err != nil {
		panic(err) // only for sizes that nobody asks for
	}
	return out
}

// Bytes returns the key itself, for the signer that hands it to the platform.
func (s *Secrets) Bytes() []byte { return s.key[:] }

// NewSecrets returns the Secrets with the key that Bytes gave.
func NewSecrets(key []byte) (*Secrets, error) {
	if len(key) != chacha20poly1305.KeySize {
		return nil, errors.New("the key of the installation's secrets has another length")
	}
	return &Secrets{key: [chacha20poly1305.KeySize]byte(key)}, nil
}

// LoadSecrets opens the key of the installation's secrets, and draws it at the
// first start.
func LoadSecrets(ctx context.Context, db *sqldb.DB, kek *KEK) (*Secrets, error) {
	var text string
	err := db.Write(ctx, func(tx *sqldb.Tx) error {
		err := tx.QueryRow(ctx, `SELECT value FROM setting WHERE key = $1`, settingSecrets).Scan(&text)
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		fresh := make([]byte, chacha20poly1305.KeySize)
		rand.Read(fresh) // never fails: crypto/rand ends the process instead
		text = base64.StdEncoding.EncodeToString(kek.seal(fresh, []byte(secretsBinding)))
		_, err = tx.Exec(ctx, `INSERT INTO setting (key, value) VALUES ($1, $2)`, settingSecrets, text)
		return err
	})
	if err != nil {
		return nil, err
	}
	key, err := openSecrets(kek, text)
	if err != nil {
		return nil, err
	}
	s, err := NewSecrets(key)
	if err != nil {
		return nil, err
	}
	s.older = kek
	return s, nil
}

func openSecrets(kek *KEK, text string) ([]byte, error) {
	sealed, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("the setting %s: %w", settingSecrets, err)
	}
	return kek.open(sealed, []byte(secretsBinding))
}
