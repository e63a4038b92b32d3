package keys

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/roundel/roundel/did"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/sqldb"
	"github.com/roundel/roundel/multikey"
)

// Kind is a kind of key.
type Kind string

// The kinds of key that the installation itself issues with.
const (
	Ed25519 Kind = "ed25519"
	P256    Kind = "p256"
	P384    Kind = "p384"
)

// Kinds are the kinds of the installation's own issuers.
func Kinds() []Kind { return []Kind{Ed25519, P256, P384} }

// Issuer is an issuer of the installation itself, without its private key. Its
// DID is its key: it vouches for nobody's name, and whoever holds a token of any
// organisation may have it sign.
type Issuer struct {
	ID        int64
	Kind      Kind
	Multikey  string // the public key
	DID       string // did:key
	Method    string // the verification method of DID
	CreatedAt time.Time
}

// Issuers returns the installation's own issuers in the order of Kinds. What is
// missing is made, once for an installation, however many nodes ask at a time.
func (r *Ring) Issuers(ctx context.Context) ([]*Issuer, error) {
	have, err := r.readIssuers(ctx)
	if err != nil || len(have) == len(Kinds()) {
		return have, err
	}
	err = r.DB.Write(ctx, func(tx *sqldb.Tx) error {
		for _, kind := range Kinds() {
			if err := r.createIssuer(ctx, tx, kind); err != nil {
				return fmt.Errorf("make the %s issuer: %w", kind, err)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return r.readIssuers(ctx)
}

// createIssuer makes the issuer of a kind unless there is one.
func (r *Ring) createIssuer(ctx context.Context, tx *sqldb.Tx, kind Kind) error {
	var one int
	err := tx.QueryRow(ctx, `SELECT 1 FROM issuer_key WHERE kind = $1`, string(kind)).Scan(&one)
	if !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	secret, public, err := generate(kind)
	if err != nil {
		return err
	}
	text, err := multikey.EncodePublic(public)
	if err != nil {
		return err
	}
	// Another node may have made it since: the first one counts.
	_, err = tx.Exec(ctx, `INSERT INTO issuer_key (kind, public_key, sealed_private, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT (kind) DO NOTHING`,
		string(kind), text, r.KEK.seal(secret, issuerBinding(kind, text)), sqldb.Millis(r.Now()))
	return err
}

// generate draws a key and returns its secret bytes and its public half.
func generate(kind Kind) (secret []byte, public crypto.PublicKey, err error) {
	if kind == Ed25519 {
		pub, priv, err := ed25519.GenerateKey(nil)
		if err != nil {
			return nil, nil, err
		}
		return priv.Seed(), pub, nil
	}
	curve, err := kind.curve()
	if err != nil {
		return nil, nil, err
	}
	priv, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	secret, err = priv.Bytes()
	return secret, &priv.PublicKey, err
}

func (k Kind) curve() (elliptic.Curve, error) {
	switch k {
	case P256:
		return elliptic.P256(), nil
	case P384:
		return elliptic.P384(), nil
	}
	return nil, fmt.Errorf("there is no curve called %q", string(k))
}

func (r *Ring) readIssuers(ctx context.Context) ([]*Issuer, error) {
	found := map[Kind]*Issuer{}
	err := r.DB.Read(ctx, func(tx *sqldb.Tx) error {
		_, err := sqldb.Collect(ctx, tx, func(rows *sql.Rows) (*Issuer, error) {
			i := &Issuer{}
			var created int64
			if err := rows.Scan(&i.ID, &i.Kind, &i.Multikey, &created); err != nil {
				return nil, err
			}
			public, err := multikey.DecodePublic(i.Multikey)
			if err == nil {
				i.DID, i.Method, err = did.KeyDID(public)
			}
			i.CreatedAt, found[i.Kind] = sqldb.Time(created), i
			return i, err
		}, `SELECT id, kind, public_key, created_at FROM issuer_key ORDER BY id`)
		return err
	})
	if err != nil {
		return nil, err
	}
	var list []*Issuer
	for _, kind := range Kinds() {
		if i := found[kind]; i != nil {
			list = append(list, i)
		}
	}
	return list, nil
}

// IssuerByDID returns the installation's own issuer called id. It is an Invalid
// fault when id is none of them.
func (r *Ring) IssuerByDID(ctx context.Context, id string) (*Issuer, error) {
	list, err := r.Issuers(ctx)
	if err != nil {
		return nil, err
	}
	for _, i := range list {
		if i.DID == id {
			return i, nil
		}
	}
	return nil, fault.Invalidf("The issuer is none that this installation holds a key of.")
}

// issuerBinding ties an envelope to its kind and its public key.
func issuerBinding(kind Kind, key string) []byte {
	return []byte("roundel issuer key\x00" + string(kind) + "\x00" + key)
}
