package keys

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"database/sql"
	"encoding/pem"
	"errors"
	"fmt"
	"time"

	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
)

// Carried is a signing key on its way from one installation to another. Times
// are milliseconds since 1970, 0 for never.
type Carried struct {
	Kind          Kind    `json:"kind"`
	Purpose       Purpose `json:"purpose"`
	PublicKey     string  `json:"publicKey"` // Multikey, or a JWK for RSA
	Fragment      string  `json:"fragment"`  // its name behind the # of a DID
	CreatedAt     int64   `json:"createdAt"`
	ActivatedAt   int64   `json:"activatedAt,omitempty"`
	RetiredAt     int64   `json:"retiredAt,omitempty"`
	CompromisedAt int64   `json:"compromisedAt,omitempty"`
	ReportedAt    int64   `json:"reportedAt,omitempty"`
}

// CarryOut returns the public halves of an organisation's keys.
func CarryOut(ctx context.Context, tx *sqldb.Tx, organisationID int64) ([]Carried, error) {
	return sqldb.Collect(ctx, tx, func(r *sql.Rows) (c Carried, err error) {
		return c, r.Scan(&c.Kind, &c.Purpose, &c.PublicKey, &c.Fragment, &c.CreatedAt, &c.ActivatedAt, &c.RetiredAt, &c.CompromisedAt, &c.ReportedAt)
	}, `SELECT kind, purpose, public_key, fragment, created_at, activated_at, retired_at, compromised_at, reported_at
		FROM signing_key WHERE organisation_id = $1 ORDER BY id`, organisationID)
}

// PrivateKeys returns an organisation's private keys as PEM (PKCS #8), by
// fragment. It is for moving an organisation, on the command line; whoever
// calls encrypts them. A ring whose keys are kept by another process has none.
func (r *Ring) PrivateKeys(ctx context.Context, organisationID int64) (map[string]string, error) {
	if r.KEK == nil {
		return nil, fault.Unavailablef("The private keys are kept by another process, which does not give them out.")
	}
	type row struct {
		kind             Kind
		public, fragment string
		owner            publicid.ID
		sealed           []byte
	}
	var rows []row
	err := r.DB.Read(ctx, func(tx *sqldb.Tx) (err error) {
		rows, err = sqldb.Collect(ctx, tx, func(s *sql.Rows) (x row, err error) {
			return x, s.Scan(&x.kind, &x.public, &x.fragment, &x.owner, &x.sealed)
		}, `SELECT k.kind, k.public_key, k.fragment, o.public_id, k.sealed_private FROM signing_key k JOIN organisation o ON o.id = k.organisation_id
			WHERE k.organisation_id = $1 AND length(k.sealed_private) > 0`, organisationID)
		return err
	})
	if err != nil {
		return nil, err
	}
	all := map[string]string{}
	for _, x := range rows {
		secret, err := r.KEK.open(x.sealed, binding(x.owner, x.public))
		if err != nil {
			return nil, err
		}
		priv, err := private(x.kind, secret)
		if err != nil {
			return nil, err
		}
		der, err := x509.MarshalPKCS8PrivateKey(priv)
		if err != nil {
			return nil, err
		}
		all[x.fragment] = string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	}
	return all, nil
}

// CarryIn takes over an organisation's keys in the caller's transaction, with
// the private halves that there are. A key without one is retired: it still
// says whose old badges are. One that somebody else may have had signs no more.
func (r *Ring) CarryIn(ctx context.Context, tx *sqldb.Tx, organisationID int64, organisation publicid.ID, list []Carried, private map[string]string, at time.Time) error {
	now := sqldb.Millis(at)
	for _, c := range list {
		if c.RetiredAt == 0 && (c.CompromisedAt > 0 || private[c.Fragment] == "") {
			c.RetiredAt = now
		}
		envelope := []byte{}
		if text := private[c.Fragment]; text != "" {
			sealed, err := r.signer().Take(ctx, Owner{organisation}, []byte(text))
			if err != nil {
				return err
			}
			if sealed.Public != c.PublicKey || sealed.Fragment != c.Fragment || sealed.Kind != c.Kind {
				return fault.Invalidf("The private key for %s does not fit its public key.", c.Fragment)
			}
			envelope = sealed.Envelope
		}
		public, err := publicFrom(c.PublicKey)
		if err != nil {
			return err
		}
		if _, fragment, err := publicText(public); err != nil || fragment != c.Fragment {
			return fault.Invalidf("The key %s has another name than it should.", c.Fragment)
		}
		k := &Key{OrganisationID: organisationID, Kind: c.Kind, Purpose: c.Purpose, Multikey: c.PublicKey, Fragment: c.Fragment, Imported: true}
		err = tx.QueryRow(ctx, `INSERT INTO signing_key (organisation_id, kind, purpose, public_key, fragment, sealed_private, imported, created_at,
				activated_at, retired_at, compromised_at, reported_at) VALUES ($1, $2, $3, $4, $5, $6, TRUE, $7, $8, $9, $10, $11) RETURNING id`,
			organisationID, string(c.Kind), string(c.Purpose), c.PublicKey, c.Fragment, envelope, c.CreatedAt, c.ActivatedAt, c.RetiredAt, c.CompromisedAt, c.ReportedAt).Scan(&k.ID)
		if err != nil {
			return fmt.Errorf("key %s: %w", c.Fragment, err)
		}
		if err := r.note(ctx, tx, k, "key.imported", nil); err != nil {
			return err
		}
	}
	return nil
}

// CarryInRecord writes into the journal that the organisation's key with this
// fragment signed an award elsewhere, in the caller's transaction. When it was
// signed, only the archive says, and whoever has the key can write an archive. So
// the record shows what is known: the document was there when it came in, if the
// key signed until then; for a key that had ended before, the time is 0, which
// proves nothing.
func CarryInRecord(ctx context.Context, tx *sqldb.Tx, organisationID, award int64, fragment string, document []byte, now time.Time) error {
	var key, retired int64
	err := tx.QueryRow(ctx, `SELECT id, retired_at FROM signing_key WHERE organisation_id = $1 AND fragment = $2`, organisationID, fragment).Scan(&key, &retired)
	if errors.Is(err, sqldb.ErrNoRows) {
		return fault.Invalidf("An award was signed with the key %s, which is not inside.", fragment)
	}
	if err != nil {
		return err
	}
	at := sqldb.Millis(now)
	switch {
	case retired == at:
		at-- // it ended by coming in
	case retired > 0 && retired < at:
		at = 0
	}
	digest := sha256.Sum256(document)
	_, err = tx.Exec(ctx, `INSERT INTO signature_record (kind, organisation_id, signing_key_id, subject, digest, at) VALUES ($1, $2, $3, $4, $5, $6)`,
		string(Credential), organisationID, key, award, digest[:], at)
	return err
}
