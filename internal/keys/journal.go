package keys

import (
	"context"
	"time"

	"github.com/roundel/roundel/internal/sqldb"
)

// Entry is a line of the journal: one signature.
type Entry struct {
	Kind         RequestKind
	Organisation int64
	Key          int64
	Subject      int64
	Digest       [32]byte // SHA-256 of the signed document
	At           time.Time
}

// Record writes signatures into the journal, in the transaction that keeps
// what was signed. It returns ErrKeyEnded when one of
// the keys does not sign any more: then nothing of it may be kept, and the
// documents have to be signed anew.
func Record(ctx context.Context, tx *sqldb.Tx, entries ...Entry) error {
	seen := map[keyName]bool{}
	for _, e := range entries {
		name := keyName{e.Kind.ofInstallation(), e.Key}
		if seen[name] {
			continue
		}
		seen[name] = true
		if err := inForce(ctx, tx, e); err != nil {
			return err
		}
	}
	rows := make([][]any, 0, len(entries))
	for _, e := range entries {
		key, issuer := any(e.Key), any(nil)
		if e.Kind.ofInstallation() {
			key, issuer = nil, e.Key
		}
		rows = append(rows, []any{string(e.Kind), e.Organisation, key, issuer, e.Subject, e.Digest[:], sqldb.Millis(e.At)})
	}
	return tx.Insert(ctx, "signature_record", []string{"kind", "organisation_id", "signing_key_id", "issuer_key_id", "subject", "digest", "at"}, rows)
}

// inForce returns ErrKeyEnded unless the key of e signs. The database sees to it
// too: see the triggers of signature_record.
func inForce(ctx context.Context, tx *sqldb.Tx, e Entry) error {
	query := `SELECT count(*) FROM signing_key WHERE id = $1 AND organisation_id = $2 AND activated_at > 0 AND retired_at = 0`
	args := []any{e.Key, e.Organisation}
	switch e.Kind {
	case Attestation:
		query, args = `SELECT count(*) FROM issuer_key WHERE id = $1 AND retired_at = 0`, args[:1]
	case AttestationList:
		query, args = `SELECT count(*) FROM issuer_key WHERE id = $1`, args[:1]
	}
	var n int
	if err := tx.QueryRow(ctx, query, args...).Scan(&n); err != nil {
		return err
	}
	if n == 0 {
		return ErrKeyEnded
	}
	return nil
}

// signatures counts what a key has signed since a time, or at a time that is not
// known; the zero Time counts all.
func signatures(ctx context.Context, tx *sqldb.Tx, key int64, since time.Time) (n int64, err error) {
	err = tx.QueryRow(ctx, `SELECT count(*) FROM signature_record WHERE signing_key_id = $1 AND (at >= $2 OR at = 0)`, key, sqldb.Millis(since)).Scan(&n)
	return n, err
}
