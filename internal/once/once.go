// Package once makes requests of programs safe to send again: a request that
// comes with a key (Idempotency-Key) does its work once, however often it is
// sent, to whichever node, and across crashes, because the key is written in the
// transaction that does the work.
package once

import (
	"context"
	"crypto/sha256"
	"time"

	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/sqldb"
)

// Request is one that may be sent again. The zero Request has no key and is
// done each time.
type Request struct {
	Endpoint string   // what is asked for, such as "invitations"
	Key      string   // chosen by the program; "" for none
	Hash     [32]byte // of what else it sends: see Hash
}

// Hash returns the SHA-256 hash of a request's body.
func Hash(body []byte) [32]byte { return sha256.Sum256(body) }

// ErrReused says that a key was used for another request.
var ErrReused = fault.Fields(fault.Field{
	Path:    "Idempotency-Key",
	Message: "This key was used for another request. Send a fresh key with each new request, and the same body when you repeat one.",
})

// Do calls do, in the caller's transaction, unless the organisation has sent the
// request before. do returns the key of what it made; so does Do, of what was
// made now or the first time, and tells which by again. The errors are do's, and
// ErrReused when the request is not the one that the key came with first.
func Do(ctx context.Context, tx *sqldb.Tx, organisationID int64, r Request, now time.Time, do func() (subject int64, err error)) (subject int64, again bool, err error) {
	if r.Key == "" {
		subject, err = do()
		return subject, false, err
	}
	// Whoever comes second waits here until the first has committed.
	n, err := tx.Exec(ctx, `INSERT INTO request_key (organisation_id, endpoint, key, request_hash, subject, created_at)
		VALUES ($1, $2, $3, $4, 0, $5) ON CONFLICT DO NOTHING`, organisationID, r.Endpoint, r.Key, r.Hash[:], sqldb.Millis(now))
	if err != nil {
		return 0, false, err
	}
	if n == 0 {
		subject, err = found(ctx, tx, organisationID, r)
		return subject, true, err
	}
	if subject, err = do(); err != nil {
		return 0, false, err
	}
	_, err = tx.Exec(ctx, `UPDATE request_key SET subject = $4 WHERE organisation_id = $1 AND endpoint = $2 AND key = $3`,
		organisationID, r.Endpoint, r.Key, subject)
	return subject, false, err
}

// found returns what the request made the first time.
func found(ctx context.Context, tx *sqldb.Tx, organisationID int64, r Request) (subject int64, err error) {
	var hash []byte
	err = tx.QueryRow(ctx, `SELECT subject, request_hash FROM request_key WHERE organisation_id = $1 AND endpoint = $2 AND key = $3`,
		organisationID, r.Endpoint, r.Key).Scan(&subject, &hash)
	if err == nil && [32]byte(hash) != r.Hash {
		return 0, ErrReused
	}
	return subject, err
}

// Forget deletes the keys of requests that came before a time: nobody sends them
// again. It returns how many.
func Forget(ctx context.Context, db *sqldb.DB, before time.Time) (n int64, err error) {
	err = db.Write(ctx, func(tx *sqldb.Tx) error {
		n, err = tx.Exec(ctx, `DELETE FROM request_key WHERE created_at < $1`, sqldb.Millis(before))
		return err
	})
	return n, err
}
