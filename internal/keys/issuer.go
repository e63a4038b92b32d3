package keys

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/roundel/roundel/did"
	"github.com/roundel/roundel/internal/audit"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/sqldb"
	"github.com/roundel/roundel/multikey"
)

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
	RetiredAt time.Time // zero while it issues
}

// Issuers returns the installation's own issuers in the order of Kinds. What is
// missing is made, once for an installation, however many nodes ask at a time.
func (r *Ring) Issuers(ctx context.Context) ([]*Issuer, error) {
	have, err := r.readIssuers(ctx)
	if err != nil || len(have) == len(Kinds()) {
		return have, err
	}
	made := map[Kind]*Sealed{}
	for _, kind := range Kinds() {
		if made[kind], err = r.signer().Make(ctx, Owner{}, kind); err != nil {
			return nil, fmt.Errorf("make the %s issuer: %w", kind, err)
		}
	}
	err = r.DB.Write(ctx, func(tx *sqldb.Tx) error {
		for _, kind := range Kinds() {
			var one int
			err := tx.QueryRow(ctx, `SELECT 1 FROM issuer_key WHERE kind = $1`, string(kind)).Scan(&one)
			if errors.Is(err, sql.ErrNoRows) {
				err = r.insertIssuer(ctx, tx, made[kind])
			}
			if err != nil {
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

// insertIssuer keeps a new issuer of its kind unless there is one.
func (r *Ring) insertIssuer(ctx context.Context, tx *sqldb.Tx, sealed *Sealed) error {
	// Another node may have made it since: the first one counts.
	_, err := tx.Exec(ctx, `INSERT INTO issuer_key (kind, algorithm, public_key, sealed_private, created_at) VALUES ($1, $1, $2, $3, $4) ON CONFLICT (kind) DO NOTHING`,
		string(sealed.Kind), sealed.Public, sealed.Envelope, sqldb.Millis(r.Now()))
	return err
}

// RotateIssuer makes a new issuer of a kind, with a name of its own, and retires
// the one before it: that one signs no credentials any more, but goes on to sign
// the status lists of those that it signed.
func (r *Ring) RotateIssuer(ctx context.Context, kind Kind) (*Issuer, error) {
	if _, err := kind.curve(); err != nil && kind != Ed25519 {
		return nil, fault.Fields(fault.Field{Path: "kind", Message: "The installation's issuers are of the kinds ed25519, p256 and p384."})
	}
	if _, err := r.Issuers(ctx); err != nil {
		return nil, err
	}
	sealed, err := r.signer().Make(ctx, Owner{}, kind)
	if err != nil {
		return nil, err
	}
	err = r.DB.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE issuer_key SET kind = kind || ' until ' || CAST(id AS TEXT), retired_at = $2 WHERE kind = $1`, string(kind), sqldb.Millis(r.Now()))
		if err != nil {
			return err
		}
		if err := r.insertIssuer(ctx, tx, sealed); err != nil {
			return err
		}
		return audit.Record(ctx, tx, audit.Entry{Action: "issuer_key.rotated", Subject: "issuer_key", Data: map[string]string{"kind": string(kind), "fragment": sealed.Fragment}, At: r.Now()})
	})
	if err != nil {
		return nil, err
	}
	return r.IssuerByDID(ctx, "did:key:"+sealed.Public)
}

const issuerColumns = `id, algorithm, public_key, created_at, retired_at`

func scanIssuer(row interface{ Scan(...any) error }) (*Issuer, error) {
	i := &Issuer{}
	var created, retired int64
	if err := row.Scan(&i.ID, &i.Kind, &i.Multikey, &created, &retired); err != nil {
		return nil, err
	}
	public, err := multikey.DecodePublic(i.Multikey)
	if err == nil {
		i.DID, i.Method, err = did.KeyDID(public)
	}
	i.CreatedAt, i.RetiredAt = sqldb.Time(created), sqldb.Time(retired)
	return i, err
}

func (r *Ring) readIssuers(ctx context.Context) ([]*Issuer, error) {
	found := map[Kind]*Issuer{}
	err := r.DB.Read(ctx, func(tx *sqldb.Tx) error {
		_, err := sqldb.Collect(ctx, tx, func(rows *sql.Rows) (*Issuer, error) {
			i, err := scanIssuer(rows)
			if err == nil {
				found[i.Kind] = i
			}
			return i, err
		}, `SELECT `+issuerColumns+` FROM issuer_key WHERE retired_at = 0 ORDER BY id`)
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
// fault when id is none of them, or none any more.
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

// IssuerByID returns an issuer of the installation by its key, retired ones
// included.
func (r *Ring) IssuerByID(ctx context.Context, id int64) (i *Issuer, err error) {
	err = r.DB.Read(ctx, func(tx *sqldb.Tx) error {
		i, err = scanIssuer(tx.QueryRow(ctx, `SELECT `+issuerColumns+` FROM issuer_key WHERE id = $1`, id))
		return err
	})
	return i, err
}

// issuerBinding ties an envelope to its kind and its public key.
func issuerBinding(kind Kind, key string) []byte {
	return []byte("roundel issuer key\x00" + string(kind) + "\x00" + key)
}
