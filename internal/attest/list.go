package attest

import (
	"context"
	"database/sql"
	"errors"

	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/keys"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/signedlist"
	"github.com/roundel/roundel/internal/sqldb"
	"github.com/roundel/roundel/statuslist"
)

// ListTTL is after what time a copy of a list should be asked for again.
const ListTTL = signedlist.TTL

// storedList is a list as the database has it.
type storedList struct {
	signedlist.State
	id, issuerKey int64
	public        publicid.ID
	purpose       string
	bits          int
}

// StatusList returns the signed status list with this public id, with every
// change that was committed before the call. It is a NotFound fault when there
// is none.
func (s *Service) StatusList(ctx context.Context, id publicid.ID) ([]byte, error) {
	var l storedList
	return s.lists.Current(s.Now, func() (signedlist.State, error) {
		var err error
		l, err = s.readList(ctx, id)
		return l.State, err
	}, func() ([]byte, error) { return s.buildList(ctx, l) })
}

func (s *Service) readList(ctx context.Context, id publicid.ID) (l storedList, err error) {
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		var signedAt int64
		err := tx.QueryRow(ctx, `SELECT id, issuer_key_id, public_id, purpose, bits, version, signed_version, signed_at, document
			FROM attestation_list WHERE public_id = $1`, id).Scan(&l.id, &l.issuerKey, &l.public, &l.purpose, &l.bits, &l.Version, &l.Signed, &signedAt, &l.Document)
		l.SignedAt = sqldb.Time(signedAt)
		if errors.Is(err, sql.ErrNoRows) {
			return fault.NotFoundf("There is no such status list.")
		}
		return err
	})
	return l, err
}

// buildList reads the entries, signs the list and stores it under the version
// that it was read at.
func (s *Service) buildList(ctx context.Context, l storedList) ([]byte, error) {
	issuer, err := s.Keys.IssuerByID(ctx, l.issuerKey)
	if err != nil {
		return nil, err
	}
	pen := s.Keys.PenOf(issuer)
	list, err := statuslist.NewSized(listEntries, l.bits)
	if err != nil {
		return nil, err
	}
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		// Version and entries are read in one transaction: they belong together.
		if err := tx.QueryRow(ctx, `SELECT version FROM attestation_list WHERE id = $1`, l.id).Scan(&l.Version); err != nil {
			return err
		}
		_, err := sqldb.Collect(ctx, tx, func(rows *sql.Rows) (struct{}, error) {
			var position, value int64
			if err := rows.Scan(&position, &value); err != nil {
				return struct{}{}, err
			}
			return struct{}{}, list.SetValue(int(position), uint(value))
		}, `SELECT position, value FROM attestation_status WHERE list_id = $1 AND value > 0
			UNION SELECT position, value FROM attestation_kept WHERE list_id = $1 AND value > 0`, l.id)
		return err
	})
	if err != nil {
		return nil, err
	}
	now := s.Now()
	plain, err := signedlist.Credential(s.listURL(l.public), issuer.DID, l.purpose, list, now)
	if err != nil {
		return nil, err
	}
	signed, entry, err := pen.SignOne(ctx, pen.Request(keys.AttestationList, l.id, plain, now))
	if err != nil {
		return nil, err
	}
	return signed, s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		if _, err := tx.Exec(ctx, `UPDATE attestation_list SET document = $2, signed_version = $3, signed_at = $4 WHERE id = $1 AND signed_version <= $3`,
			l.id, signed, l.Version, sqldb.Millis(now)); err != nil {
			return err
		}
		return keys.Record(ctx, tx, entry)
	})
}
