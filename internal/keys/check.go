package keys

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"database/sql"
	"errors"
	"fmt"

	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
	"github.com/roundel/roundel/multikey"
)

// stored is a row with a sealed key.
type stored struct {
	id     int64
	kind   Kind        // of the installation's own issuers
	owner  publicid.ID // of an organisation's key
	public string
	sealed []byte
}

// Sealed opens every private key that the ring holds and compares it with the
// public half beside it. It returns what is wrong, a sentence each, without
// anything of a key, and an error only when it could not look.
func (r *Ring) Sealed(ctx context.Context) (problems []string, err error) {
	var issuers, organisations []stored
	err = r.DB.Read(ctx, func(tx *sqldb.Tx) (err error) {
		issuers, err = sqldb.Collect(ctx, tx, func(rows *sql.Rows) (k stored, err error) {
			return k, rows.Scan(&k.id, &k.kind, &k.public, &k.sealed)
		}, `SELECT id, kind, public_key, sealed_private FROM issuer_key ORDER BY id`)
		if err != nil {
			return err
		}
		organisations, err = sqldb.Collect(ctx, tx, func(rows *sql.Rows) (k stored, err error) {
			return k, rows.Scan(&k.id, &k.owner, &k.public, &k.sealed)
		}, `SELECT k.id, o.public_id, k.public_key, k.sealed_private FROM signing_key k JOIN organisation o ON o.id = k.organisation_id ORDER BY k.id`)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, k := range issuers {
		if err := r.checkIssuer(k); err != nil {
			problems = append(problems, fmt.Sprintf("the installation's %s issuer (%s): %v", k.kind, k.public, err))
		}
	}
	for _, k := range organisations {
		if err := r.checkSealed(k, Ed25519, binding(k.owner, k.public)); err != nil {
			problems = append(problems, fmt.Sprintf("signing key %d (%s): %v", k.id, k.public, err))
		}
	}
	return problems, nil
}

func (r *Ring) checkIssuer(k stored) error {
	for _, known := range Kinds() {
		if k.kind == known {
			return r.checkSealed(k, k.kind, issuerBinding(k.kind, k.public))
		}
	}
	return errors.New("there is no such kind of key")
}

func (r *Ring) checkSealed(k stored, kind Kind, binding []byte) error {
	secret, err := r.KEK.open(k.sealed, binding)
	if err != nil {
		return err
	}
	priv, err := private(kind, secret)
	if err != nil {
		return errors.New("what its envelope holds is no key of this kind")
	}
	public, err := multikey.EncodePublic(priv.Public())
	if err != nil || public != k.public {
		return errors.New("its private key does not fit its public key")
	}
	return nil
}

// private returns the key that secret bytes are.
func private(kind Kind, secret []byte) (crypto.Signer, error) {
	if kind == Ed25519 {
		if len(secret) != ed25519.SeedSize {
			return nil, fmt.Errorf("%d bytes are no Ed25519 seed", len(secret))
		}
		return ed25519.NewKeyFromSeed(secret), nil
	}
	curve, err := kind.curve()
	if err != nil {
		return nil, err
	}
	return ecdsa.ParseRawPrivateKey(curve, secret)
}
