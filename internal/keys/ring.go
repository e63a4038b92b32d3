package keys

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/roundel/roundel/did"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
	"github.com/roundel/roundel/multikey"
	"github.com/roundel/roundel/proof"
	"github.com/roundel/roundel/shape"
)

// Key is an issuer's signing key without its private part.
type Key struct {
	ID             int64
	OrganisationID int64
	Multikey       string // the public key, z6Mk…
	CreatedAt      time.Time
	RetiredAt      time.Time // zero while it signs
}

// Public returns the public key itself.
func (k *Key) Public() (crypto.PublicKey, error) { return multikey.DecodePublic(k.Multikey) }

// DID returns the did:key that this key is, and its verification method.
func (k *Key) DID() (id, method string, err error) {
	pub, err := k.Public()
	if err != nil {
		return "", "", err
	}
	return did.KeyDID(pub)
}

// Ring makes, opens and uses signing keys. Private keys leave it only as
// signatures.
type Ring struct {
	DB  *sqldb.DB
	KEK *KEK
	Now func() time.Time
	// Shapes makes signing many documents of one badge fast; nil does without.
	Shapes *shape.Cache
}

const (
	settingFingerprint = "kek.fingerprint"
	settingSalt        = "kek.salt"
)

// Salt returns the salt with which a passphrase becomes the key-encryption key.
// It is drawn and stored on the first start; it is not secret.
func Salt(ctx context.Context, db *sqldb.DB) ([]byte, error) {
	var text string
	err := db.Write(ctx, func(tx *sqldb.Tx) error {
		err := tx.QueryRow(ctx, `SELECT value FROM setting WHERE key = $1`, settingSalt).Scan(&text)
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		salt := make([]byte, 16)
		rand.Read(salt) // never fails: crypto/rand ends the process instead
		text = hex.EncodeToString(salt)
		_, err = tx.Exec(ctx, `INSERT INTO setting (key, value) VALUES ($1, $2)`, settingSalt, text)
		return err
	})
	if err != nil {
		return nil, err
	}
	return hex.DecodeString(text)
}

// Check makes sure that the key-encryption key is the one that the stored keys
// were sealed under, and remembers it on the first start.
func (r *Ring) Check(ctx context.Context) error {
	return r.DB.Write(ctx, func(tx *sqldb.Tx) error {
		var stored string
		err := tx.QueryRow(ctx, `SELECT value FROM setting WHERE key = $1`, settingFingerprint).Scan(&stored)
		if errors.Is(err, sql.ErrNoRows) {
			_, err = tx.Exec(ctx, `INSERT INTO setting (key, value) VALUES ($1, $2)`, settingFingerprint, r.KEK.Fingerprint())
			return err
		}
		if err == nil && stored != r.KEK.Fingerprint() {
			return fmt.Errorf("the key file or passphrase is not the one that this installation's signing keys were sealed with (expected fingerprint %s, got %s)", stored, r.KEK.Fingerprint())
		}
		return err
	})
}

// Create makes an Ed25519 signing key for the organisation in the caller's
// transaction.
func (r *Ring) Create(ctx context.Context, tx *sqldb.Tx, organisationID int64, organisation publicid.ID) (*Key, error) {
	pub, priv, err := ed25519.GenerateKey(nil)
	if err != nil {
		return nil, err
	}
	text, err := multikey.EncodePublic(pub)
	if err != nil {
		return nil, err
	}
	k := &Key{OrganisationID: organisationID, Multikey: text, CreatedAt: r.Now()}
	sealed := r.KEK.seal(priv.Seed(), binding(organisation, text))
	err = tx.QueryRow(ctx, `INSERT INTO signing_key (organisation_id, public_key, sealed_private, created_at) VALUES ($1, $2, $3, $4) RETURNING id`,
		organisationID, text, sealed, sqldb.Millis(k.CreatedAt)).Scan(&k.ID)
	return k, err
}

// List returns the organisation's keys, oldest first, retired ones included:
// badges signed with them still need them.
func List(ctx context.Context, tx *sqldb.Tx, organisationID int64) ([]*Key, error) {
	return sqldb.Collect(ctx, tx, func(rows *sql.Rows) (*Key, error) {
		k := &Key{OrganisationID: organisationID}
		var created, retired int64
		err := rows.Scan(&k.ID, &k.Multikey, &created, &retired)
		k.CreatedAt, k.RetiredAt = sqldb.Time(created), sqldb.Time(retired)
		return k, err
	}, `SELECT id, public_key, created_at, retired_at FROM signing_key WHERE organisation_id = $1 ORDER BY id`, organisationID)
}

// Current returns the key that signs for the organisation now.
func Current(ctx context.Context, tx *sqldb.Tx, organisationID int64) (*Key, error) {
	list, err := List(ctx, tx, organisationID)
	if err != nil {
		return nil, err
	}
	for i := len(list) - 1; i >= 0; i-- {
		if list[i].RetiredAt.IsZero() {
			return list[i], nil
		}
	}
	return nil, fault.Conflictf("This organisation has no signing key in use.")
}

// Signer secures documents for one organisation. It is safe for concurrent use
// and meant to live as long as one piece of work, such as a batch.
type Signer struct {
	Key    *Key
	priv   ed25519.PrivateKey
	shapes *shape.Cache
}

// Signer opens the organisation's current key.
func (r *Ring) Signer(ctx context.Context, organisationID int64) (*Signer, error) {
	var s Signer
	var sealed []byte
	var organisation publicid.ID
	err := r.DB.Read(ctx, func(tx *sqldb.Tx) (err error) {
		if s.Key, err = Current(ctx, tx, organisationID); err != nil {
			return err
		}
		return tx.QueryRow(ctx, `SELECT k.sealed_private, o.public_id FROM signing_key k
			JOIN organisation o ON o.id = k.organisation_id WHERE k.id = $1`, s.Key.ID).Scan(&sealed, &organisation)
	})
	if err != nil {
		return nil, err
	}
	seed, err := r.KEK.open(sealed, binding(organisation, s.Key.Multikey))
	if err != nil {
		return nil, err
	}
	s.priv, s.shapes = ed25519.NewKeyFromSeed(seed), r.Shapes
	return &s, nil
}

// Secure returns doc with a Data Integrity proof (eddsa-rdfc-2022) made with
// the verification method at the given time. The result's bytes are what must
// be kept.
func (s *Signer) Secure(doc []byte, method string, at time.Time) ([]byte, error) {
	return proof.Sign(doc, s.priv, proof.SignOptions{Method: method, Created: at, Purpose: "assertionMethod", List: true, Shapes: s.shapes})
}

// binding ties an envelope to its organisation and its public key.
func binding(organisation publicid.ID, key string) []byte {
	return append([]byte("roundel signing key\x00"+key+"\x00"), organisation[:]...)
}
