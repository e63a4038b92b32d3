package attest

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"time"

	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/keys"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
	"github.com/roundel/roundel/proof"
	"github.com/roundel/roundel/statuslist"
)

// A status list is signed anew when an entry changed or when it is older than
// listRenewal; a copy may be believed for listValidity and should be asked for
// again after ListTTL.
const (
	listRenewal  = 6 * time.Hour
	listValidity = 24 * time.Hour
	ListTTL      = time.Minute
)

// building lets one request build a list while others wait for it.
type building struct{ mu sync.Mutex }

// storedList is a list as the database has it.
type storedList struct {
	id, issuerKey   int64
	public          publicid.ID
	purpose         string
	bits            int
	version, signed int64
	signedAt        time.Time
	document        []byte
}

// StatusList returns the signed status list with this public id, with every
// change that was committed before the call. It is a NotFound fault when there
// is none.
func (s *Service) StatusList(ctx context.Context, id publicid.ID) ([]byte, error) {
	l, err := s.readList(ctx, id)
	if err != nil || s.fresh(l) {
		return l.document, err
	}
	s.lists.mu.Lock()
	defer s.lists.mu.Unlock()
	if l, err = s.readList(ctx, id); err != nil || s.fresh(l) { // somebody else built it while we waited
		return l.document, err
	}
	return s.buildList(ctx, l)
}

func (s *Service) fresh(l storedList) bool {
	return l.document != nil && l.signed == l.version && s.Now().Sub(l.signedAt) < listRenewal
}

func (s *Service) readList(ctx context.Context, id publicid.ID) (l storedList, err error) {
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		var signedAt int64
		err := tx.QueryRow(ctx, `SELECT id, issuer_key_id, public_id, purpose, bits, version, signed_version, signed_at, document
			FROM attestation_list WHERE public_id = $1`, id).Scan(&l.id, &l.issuerKey, &l.public, &l.purpose, &l.bits, &l.version, &l.signed, &signedAt, &l.document)
		l.signedAt = sqldb.Time(signedAt)
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
	signer, err := s.signerOfKey(ctx, l.issuerKey)
	if err != nil {
		return nil, err
	}
	list, err := statuslist.NewSized(listEntries, l.bits)
	if err != nil {
		return nil, err
	}
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		// Version and entries are read in one transaction: they belong together.
		if err := tx.QueryRow(ctx, `SELECT version FROM attestation_list WHERE id = $1`, l.id).Scan(&l.version); err != nil {
			return err
		}
		_, err := sqldb.Collect(ctx, tx, func(rows *sql.Rows) (struct{}, error) {
			var position, value int64
			if err := rows.Scan(&position, &value); err != nil {
				return struct{}{}, err
			}
			return struct{}{}, list.SetValue(int(position), uint(value))
		}, `SELECT position, value FROM attestation_status WHERE list_id = $1 AND value > 0`, l.id)
		return err
	})
	if err != nil {
		return nil, err
	}
	now := s.Now()
	plain, err := statuslist.Credential(s.listURL(l.public), signer.DID, l.purpose, list, now, now.Add(listValidity), ListTTL)
	if err != nil {
		return nil, err
	}
	signed, err := signer.Secure(plain, proof.SignOptions{Created: now})
	if err != nil {
		return nil, err
	}
	return signed, s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE attestation_list SET document = $2, signed_version = $3, signed_at = $4 WHERE id = $1 AND signed_version <= $3`,
			l.id, signed, l.version, sqldb.Millis(now))
		return err
	})
}

func (s *Service) signerOfKey(ctx context.Context, id int64) (*keys.IssuerSigner, error) {
	list, err := s.Keys.Issuers(ctx)
	if err != nil {
		return nil, err
	}
	for _, i := range list {
		if i.ID == id {
			return s.Keys.SignerOf(ctx, i)
		}
	}
	return nil, errors.New("the issuer of a status list has no key")
}
