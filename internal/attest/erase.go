package attest

import (
	"bytes"
	"context"
	"database/sql"
	"regexp"
	"strings"

	"github.com/roundel/roundel/internal/sqldb"
)

// kept calls do with every document that is kept so that its request can be
// repeated.
func kept(ctx context.Context, tx *sqldb.Tx, organisationID int64, do func(id int64, document []byte)) error {
	_, err := sqldb.Collect(ctx, tx, func(r *sql.Rows) (struct{}, error) {
		var id int64
		var document []byte
		err := r.Scan(&id, &document)
		do(id, document)
		return struct{}{}, err
	}, `SELECT id, document FROM attestation WHERE (organisation_id = $1 OR $1 = 0) AND document IS NOT NULL AND signed_at > 0`, organisationID)
	return err
}

// Erase drops the documents that mention an address, in lower case, in the
// caller's transaction. Asking for one again with its key makes another. It
// returns how many there were.
func Erase(ctx context.Context, tx *sqldb.Tx, organisationID int64, address string) (n int64, err error) {
	var found []int64
	err = kept(ctx, tx, organisationID, func(id int64, document []byte) {
		if bytes.Contains(bytes.ToLower(document), []byte(address)) {
			found = append(found, id)
		}
	})
	if err != nil {
		return 0, err
	}
	for _, id := range found {
		if _, err := tx.Exec(ctx, `UPDATE attestation SET document = NULL, request_hash = NULL, retry_key = '' WHERE id = $1`, id); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

var addressForm = regexp.MustCompile(`[^\s"<>():;,\\]+@[^\s"<>():;,\\]+`)

// Addresses calls do with everything in the kept documents that looks like an
// address, in lower case.
func Addresses(ctx context.Context, tx *sqldb.Tx, do func(address string)) error {
	return kept(ctx, tx, 0, func(_ int64, document []byte) {
		for _, a := range addressForm.FindAllString(string(document), -1) {
			do(strings.ToLower(a))
		}
	})
}
