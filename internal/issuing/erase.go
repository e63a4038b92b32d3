package issuing

import (
	"context"
	"database/sql"
	"encoding/json"
	"strings"
	"time"

	"github.com/roundel/roundel/internal/account"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
)

// OfRecipient returns the awards to an address, in lower case, that are not
// erased yet: of one organisation, or of all when that is 0.
func OfRecipient(ctx context.Context, tx *sqldb.Tx, organisationID int64, address string) ([]*Award, error) {
	return sqldb.Collect(ctx, tx, scanAwards, `SELECT `+awardColumns+awardFrom+`
		WHERE (a.organisation_id = $1 OR $1 = 0) AND a.recipient_key = $2 AND a.erased_at = 0 ORDER BY a.id`, organisationID, address)
}

// EraseAwards takes the person out of awards, in the caller's transaction. The
// rows stay, and so do their places in the status lists and what these say. The
// signed document goes, unless it is to be kept: then it says what it says.
// An award that is being signed at this moment is an Unavailable fault.
func EraseAwards(ctx context.Context, tx *sqldb.Tx, awards []*Award, keepDocuments bool, now time.Time) error {
	for _, a := range awards {
		if a.Document == nil {
			return fault.Unavailablef("A badge of this person is being signed at this moment. Try again shortly.")
		}
		if _, err := tx.Exec(ctx, `UPDATE award SET recipient_name = '', recipient_email = '', recipient_key = '', salt = '', details = '{}', private_note = '', erased_at = $2,
				document = CASE WHEN $3 THEN document ELSE $4 END, published_at = CASE WHEN $3 THEN published_at ELSE 0 END
			WHERE id = $1`, a.ID, sqldb.Millis(now), keepDocuments, []byte{}); err != nil {
			return err
		}
		// The hash of a request could be tried against guessed addresses. Without it
		// the key stays used, and a request that comes with it again is told why not.
		if _, err := tx.Exec(ctx, `UPDATE idempotency SET request_hash = $2 WHERE award_id = $1`, a.ID, []byte{}); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE award_batch_row SET cells = '[]', problems = '[]' WHERE award_id = $1`, a.ID); err != nil {
			return err
		}
	}
	return nil
}

// EraseRows empties the rows of spreadsheets that name an address, in lower
// case, whether they were awarded or not. It returns how many there were.
func EraseRows(ctx context.Context, tx *sqldb.Tx, organisationID int64, address string) (erased int64, err error) {
	type row struct {
		batch, number int64
		cells         string
	}
	quoted, err := json.Marshal(address)
	if err != nil {
		return 0, err
	}
	rows, err := sqldb.Collect(ctx, tx, func(r *sql.Rows) (x row, err error) { return x, r.Scan(&x.batch, &x.number, &x.cells) },
		`SELECT r.batch_id, r.number, r.cells FROM award_batch_row r JOIN award_batch b ON b.id = r.batch_id
			WHERE (b.organisation_id = $1 OR $1 = 0) AND lower(r.cells) LIKE $2 ESCAPE '\'`,
		organisationID, "%"+escapeLike(strings.Trim(string(quoted), `"`))+"%")
	if err != nil {
		return 0, err
	}
	for _, x := range rows {
		if !names(x.cells, address) {
			continue
		}
		erased++
		if _, err := tx.Exec(ctx, `UPDATE award_batch_row SET cells = '[]', problems = '[]', state = CASE WHEN state = 'awarded' THEN state ELSE 'skipped' END
			WHERE batch_id = $1 AND number = $2`, x.batch, x.number); err != nil {
			return erased, err
		}
	}
	return erased, nil
}

// names reports whether one of a row's cells holds the address.
func names(cells, address string) bool {
	for _, a := range cellAddresses(cells) {
		if a == address {
			return true
		}
	}
	return false
}

// cellAddresses returns the addresses in a row's cells, in lower case.
func cellAddresses(cells string) (found []string) {
	var texts []string
	if json.Unmarshal([]byte(cells), &texts) != nil {
		return nil
	}
	for _, text := range texts {
		if !strings.Contains(text, "@") {
			continue
		}
		for _, word := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\r\n<>(),;\"", r) }) {
			if key, err := account.AddressKey(strings.TrimPrefix(word, "mailto:")); err == nil {
				found = append(found, key)
			}
		}
	}
	return found
}

// Addresses calls do with every recipient's address that the record has, in
// lower case, some of them several times.
func Addresses(ctx context.Context, tx *sqldb.Tx, do func(address string)) error {
	_, err := sqldb.Collect(ctx, tx, func(r *sql.Rows) (struct{}, error) {
		var key string
		err := r.Scan(&key)
		do(key)
		return struct{}{}, err
	}, `SELECT DISTINCT recipient_key FROM award WHERE recipient_key <> ''`)
	if err != nil {
		return err
	}
	_, err = sqldb.Collect(ctx, tx, func(r *sql.Rows) (struct{}, error) {
		var cells string
		err := r.Scan(&cells)
		for _, a := range cellAddresses(cells) {
			do(a)
		}
		return struct{}{}, err
	}, `SELECT cells FROM award_batch_row WHERE cells LIKE '%@%'`)
	return err
}

// ByPublicID returns an award by its public id, of any organisation, in the
// caller's transaction.
func ByPublicID(ctx context.Context, tx *sqldb.Tx, id publicid.ID) (*Award, error) {
	return scanAward(tx.QueryRow(ctx, `SELECT `+awardColumns+awardFrom+`WHERE a.public_id = $1`, id))
}

// ForgetRetries drops the records of the oldest requests with an Idempotency-Key
// that were made before a time, at most so many, and returns how many: the same
// key makes another award then.
func ForgetRetries(ctx context.Context, tx *sqldb.Tx, before time.Time, most int) (int64, error) {
	return tx.Exec(ctx, `DELETE FROM idempotency WHERE (organisation_id, endpoint, key) IN (SELECT organisation_id, endpoint, key FROM idempotency
		WHERE created_at < $1 ORDER BY created_at LIMIT $2)`, sqldb.Millis(before), most)
}
