package keys

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
)

// stored is a row with a sealed key.
type stored struct {
	id      int64
	kind    Kind
	place   Kind        // of the installation's own issuers: where it stands, "" when it is retired
	owner   publicid.ID // of an organisation's key
	public  string
	sealed  []byte
	binding []byte // what its envelope is tied to
}

// storedKeys reads every sealed key: the installation's issuers, then the
// organisations' keys.
func storedKeys(ctx context.Context, tx *sqldb.Tx) (issuers, organisations []stored, err error) {
	issuers, err = sqldb.Collect(ctx, tx, func(rows *sql.Rows) (k stored, err error) {
		var retired int64
		if err = rows.Scan(&k.id, &k.place, &k.kind, &retired, &k.public, &k.sealed); retired > 0 {
			k.place = ""
		}
		k.binding = issuerBinding(k.kind, k.public)
		return k, err
	}, `SELECT id, kind, algorithm, retired_at, public_key, sealed_private FROM issuer_key ORDER BY id`)
	if err != nil {
		return nil, nil, err
	}
	organisations, err = sqldb.Collect(ctx, tx, func(rows *sql.Rows) (k stored, err error) {
		err = rows.Scan(&k.id, &k.kind, &k.owner, &k.public, &k.sealed)
		k.binding = binding(k.owner, k.public)
		return k, err
	}, `SELECT k.id, k.kind, o.public_id, k.public_key, k.sealed_private FROM signing_key k JOIN organisation o ON o.id = k.organisation_id
		WHERE NOT (k.imported AND k.retired_at > 0 AND length(k.sealed_private) = 0) ORDER BY k.id`)
	return issuers, organisations, err
}

// Sealed opens every private key that the ring holds and compares it with the
// public half beside it. It returns what is wrong, a sentence each, without
// anything of a key, and an error only when it could not look. A ring whose
// keys are kept by another process has nothing to look into.
func (r *Ring) Sealed(ctx context.Context) (problems []string, err error) {
	if r.KEK == nil {
		return nil, nil
	}
	var issuers, organisations []stored
	err = r.DB.Read(ctx, func(tx *sqldb.Tx) error { issuers, organisations, err = storedKeys(ctx, tx); return err })
	if err != nil {
		return nil, err
	}
	for _, k := range issuers {
		if err := r.checkIssuer(k); err != nil {
			problems = append(problems, fmt.Sprintf("the installation's %s issuer (%s): %v", k.kind, k.public, err))
		}
	}
	for _, k := range organisations {
		if err := r.checkSealed(k); err != nil {
			problems = append(problems, fmt.Sprintf("signing key %d (%s): %v", k.id, k.public, err))
		}
	}
	return problems, nil
}

func (r *Ring) checkIssuer(k stored) error {
	if k.place != "" && k.place != k.kind {
		return errors.New("there is no such kind of key")
	}
	for _, known := range Kinds() {
		if k.kind == known {
			return r.checkSealed(k)
		}
	}
	return errors.New("there is no such kind of key")
}

func (r *Ring) checkSealed(k stored) error {
	secret, err := r.KEK.open(k.sealed, k.binding)
	if err != nil {
		return err
	}
	priv, err := private(k.kind, secret)
	if err != nil {
		return errors.New("what its envelope holds is no key of this kind")
	}
	public, _, err := publicText(priv.Public())
	if err != nil || public != k.public {
		return errors.New("its private key does not fit its public key")
	}
	return nil
}
