package attest

import (
	"bytes"
	"context"
	"database/sql"
	"errors"

	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/keys"
	"github.com/roundel/roundel/internal/sqldb"
)

// Retry identifies a request that may be sent again. The zero Retry stands for
// a request that is not.
type Retry struct {
	Key  string // the Idempotency-Key header
	Hash []byte // of everything in the request that has a say in the credential
}

// ErrKeyReused is returned when an Idempotency-Key comes with another request.
var ErrKeyReused = fault.Fields(fault.Field{Path: "Idempotency-Key", Message: "This Idempotency-Key was used for another request. Use a fresh key for a new credential, or send the same request again."})

// intent is what was recorded for a request. The zero intent stands for none.
type intent struct {
	id       int64
	document []byte // what is to be signed, or what was
	signed   bool
}

// recorded returns the intent of an earlier request with the same key, unless
// it was given up.
func recorded(ctx context.Context, tx *sqldb.Tx, r Request) (i intent, err error) {
	if r.Retry.Key == "" {
		return intent{}, nil
	}
	var hash []byte
	var signedAt int64
	err = tx.QueryRow(ctx, `SELECT id, request_hash, document, signed_at FROM attestation WHERE organisation_id = $1 AND retry_key = $2 AND given_up_at = 0`,
		r.OrganisationID, r.Retry.Key).Scan(&i.id, &hash, &i.document, &signedAt)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return intent{}, nil
	case err != nil:
		return intent{}, err
	case !bytes.Equal(hash, r.Retry.Hash):
		return intent{}, ErrKeyReused
	}
	i.signed = signedAt > 0
	return i, nil
}

// replay returns what an earlier request with the same key was answered, if it
// was.
func (s *Service) replay(ctx context.Context, r Request) (i intent, err error) {
	if r.Retry.Key == "" {
		return intent{}, nil
	}
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error { i, err = recorded(ctx, tx, r); return err })
	return i, err
}

// complete records that a was signed, commit 2, and returns what its asker
// gets: another's document when another request with the same key was faster.
// What was given up meanwhile is not handed out.
func (s *Service) complete(ctx context.Context, a *attestation, signed []byte, entry keys.Entry) ([]byte, error) {
	var kept any // nothing, unless it may be asked for again
	if a.request.Retry.Key != "" {
		kept = signed
	}
	var answer []byte
	err := s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		answer = signed
		first, err := tx.Exec(ctx, `UPDATE attestation SET signed_at = $2, document = $3 WHERE id = $1 AND signed_at = 0 AND given_up_at = 0`,
			a.id, sqldb.Millis(s.Now()), kept)
		if err != nil {
			return err
		}
		if first == 1 {
			return keys.Record(ctx, tx, entry)
		}
		other, err := recorded(ctx, tx, a.request)
		if err == nil && (other.id != a.id || !other.signed) {
			err = fault.Unavailablef("Signing took too long. Send the request again.")
		}
		answer = other.document
		return err
	})
	if err != nil {
		return nil, err
	}
	return answer, nil
}
