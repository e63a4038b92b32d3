package issuing

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/sqldb"
)

var errNoAward = fault.NotFoundf("There is no such award.")

const awardColumns = `a.id, a.public_id, a.organisation_id, a.badge_version_id, v.name, a.batch_id, a.trial, a.recipient_name, a.recipient_email,
	a.salt, a.details, a.valid_from, a.valid_until, a.revocation_list, a.revocation_index, a.suspension_list, a.suspension_index,
	coalesce(r.public_id, p.public_id), coalesce(p.public_id, r.public_id), a.document, a.created_by, a.created_at, a.issued_at,
	a.revoked_at, a.suspended_at, a.reason, a.private_note, a.replaced_by, a.claim_state, a.claimed_at, a.published_at, a.erased_at,
	coalesce(r.issuer, '')`

const awardFrom = ` FROM award a JOIN badge_version v ON v.id = a.badge_version_id
	LEFT JOIN status_list r ON r.id = a.revocation_list LEFT JOIN status_list p ON p.id = a.suspension_list `

func scanAward(row interface{ Scan(...any) error }) (*Award, error) {
	var a Award
	var details string
	var from, until, created, issued, revoked, suspended, claimed, published, erased int64
	err := row.Scan(&a.ID, &a.PublicID, &a.OrganisationID, &a.VersionID, &a.BadgeName, &a.BatchID, &a.Trial, &a.Recipient.Name, &a.Recipient.Email,
		&a.Salt, &details, &from, &until, &a.Status[0].listID, &a.Status[0].Index, &a.Status[1].listID, &a.Status[1].Index,
		&a.Status[0].List, &a.Status[1].List, &a.Document, &a.CreatedBy, &created, &issued,
		&revoked, &suspended, &a.Reason, &a.PrivateNote, &a.ReplacedBy, &a.Claim, &claimed, &published, &erased, &a.issuer)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, errNoAward
	}
	if err != nil {
		return nil, err
	}
	a.ValidFrom, a.ValidUntil = sqldb.Time(from), sqldb.Time(until)
	a.CreatedAt, a.IssuedAt, a.ClaimedAt, a.PublishedAt = sqldb.Time(created), sqldb.Time(issued), sqldb.Time(claimed), sqldb.Time(published)
	a.RevokedAt, a.SuspendedAt, a.ErasedAt = sqldb.Time(revoked), sqldb.Time(suspended), sqldb.Time(erased)
	if a.Erased() && a.Document == nil { // a driver gives nothing for no bytes; nil means that it is to be signed
		a.Document = []byte{}
	}
	return &a, json.Unmarshal([]byte(details), &a.Details)
}

func scanAwards(r *sql.Rows) (*Award, error) { return scanAward(r) }

// ByIDs returns the awards with these keys, in the order of their keys. Those
// that do not exist are left out.
func ByIDs(ctx context.Context, tx *sqldb.Tx, ids []int64) ([]*Award, error) {
	list, args := sqldb.List(1, ids)
	return sqldb.Collect(ctx, tx, scanAwards, `SELECT `+awardColumns+awardFrom+`WHERE a.id IN (`+list+`) ORDER BY a.id`, args...)
}

// insertAwards writes the intents and sets their keys.
func insertAwards(ctx context.Context, tx *sqldb.Tx, awards []*Award) error {
	if len(awards) == 0 {
		return nil
	}
	var next int64
	err := tx.QueryRow(ctx, `UPDATE award_number SET next = next + $1 WHERE id = 1 RETURNING next`, len(awards)).Scan(&next)
	if err != nil {
		return err
	}
	first := next - int64(len(awards))
	rows := make([][]any, 0, len(awards))
	for i, a := range awards {
		a.ID = first + int64(i)
		details, err := json.Marshal(a.Details)
		if err != nil {
			return err
		}
		rows = append(rows, []any{a.ID, a.PublicID, a.OrganisationID, a.VersionID, a.BatchID, a.Trial, a.Recipient.Name, a.Recipient.Email,
			recipientKey(a.Recipient.Email), a.Salt, string(details), sqldb.Millis(a.ValidFrom), sqldb.Millis(a.ValidUntil),
			a.Status[0].listID, a.Status[0].Index, a.Status[1].listID, a.Status[1].Index, a.CreatedBy, sqldb.Millis(a.CreatedAt)})
	}
	return tx.Insert(ctx, "award", insertedColumns, rows)
}

// insertedColumns are those of an award's intent.
var insertedColumns = []string{
	"id", "public_id", "organisation_id", "badge_version_id", "batch_id", "trial", "recipient_name", "recipient_email",
	"recipient_key", "salt", "details", "valid_from", "valid_until", "revocation_list", "revocation_index",
	"suspension_list", "suspension_index", "created_by", "created_at",
}

func placeholder(n int) string { return "$" + strconv.Itoa(n) }

// completeAwards stores the signed bytes of awards that have none yet, and
// returns the keys of those.
func completeAwards(ctx context.Context, tx *sqldb.Tx, awards []*Award, now time.Time) (map[int64]bool, error) {
	first := map[int64]bool{}
	for part := range slices.Chunk(awards, completedAtOnce) {
		// One statement for many: the engines keep it parsed for each number of rows
		// that is a power of two, so the last award stands in for what is missing.
		n := 1
		for n < len(part) {
			n *= 2
		}
		var which, list strings.Builder
		args := []any{sqldb.Millis(now)}
		for i := range n {
			a := part[min(i, len(part)-1)]
			args = append(args, a.ID, a.Document)
			fmt.Fprintf(&which, " WHEN $%d THEN $%d", 2*i+2, 2*i+3)
			if i > 0 {
				list.WriteString(", ")
			}
			fmt.Fprintf(&list, "$%d", 2*i+2)
		}
		_, err := sqldb.Collect(ctx, tx, func(r *sql.Rows) (id int64, err error) {
			err = r.Scan(&id)
			first[id] = true
			return id, err
		}, `UPDATE award SET issued_at = $1, document = CASE id`+which.String()+` ELSE document END
			WHERE document IS NULL AND id IN (`+list.String()+`) RETURNING id`, args...)
		if err != nil {
			return nil, err
		}
	}
	return first, nil
}

// completedAtOnce bounds the statement of completeAwards, which goes through
// its list for each row.
const completedAtOnce = 32

func awardByID(ctx context.Context, tx *sqldb.Tx, id int64) (*Award, error) {
	return scanAward(tx.QueryRow(ctx, `SELECT `+awardColumns+awardFrom+`WHERE a.id = $1`, id))
}

func unfinished(ctx context.Context, tx *sqldb.Tx, after int64, limit int) ([]*Award, error) {
	return sqldb.Collect(ctx, tx, scanAwards, `SELECT `+awardColumns+awardFrom+`WHERE a.document IS NULL AND a.id > $1 ORDER BY a.id LIMIT $2`, after, limit)
}

// retried is what was made for an Idempotency-Key.
type retried struct {
	hash  []byte
	award int64
}

// retries returns what was made for the keys of requests, by endpoint and key.
func retries(ctx context.Context, tx *sqldb.Tx, organisationID int64, all []*asked) (map[[2]string]retried, error) {
	keys := map[string][]string{} // by endpoint
	for _, q := range all {
		if q.retry.Key != "" {
			keys[q.retry.Endpoint] = append(keys[q.retry.Endpoint], q.retry.Key)
		}
	}
	known := map[[2]string]retried{}
	for endpoint, list := range keys {
		text, args := sqldb.Values(3, list)
		// Each key is looked up by itself. Asked for all of them at once, PostgreSQL
		// reads every key of the organisation as long as it has no statistics.
		const one = ` FROM idempotency i WHERE i.organisation_id = $1 AND i.endpoint = $2 AND i.key = asked.key)`
		_, err := sqldb.Collect(ctx, tx, func(r *sql.Rows) (struct{}, error) {
			id := [2]string{endpoint}
			var hash []byte
			var award sql.NullInt64
			err := r.Scan(&id[1], &hash, &award)
			if award.Valid {
				known[id] = retried{hash, award.Int64}
			}
			return struct{}{}, err
		}, `WITH asked (key) AS (VALUES `+text+`) SELECT asked.key, (SELECT i.request_hash`+one+`, (SELECT i.award_id`+one+` FROM asked`,
			append([]any{organisationID, endpoint}, args...)...)
		if err != nil {
			return nil, err
		}
	}
	return known, nil
}

// insertRetries remembers what was made for the requests that have a key.
func insertRetries(ctx context.Context, tx *sqldb.Tx, organisationID int64, all []*asked) error {
	var rows [][]any
	for _, q := range all {
		if q.retry.Key != "" {
			rows = append(rows, []any{organisationID, q.retry.Endpoint, q.retry.Key, q.retry.Hash, q.award.ID, sqldb.Millis(q.award.CreatedAt)})
		}
	}
	return tx.Insert(ctx, "idempotency", []string{"organisation_id", "endpoint", "key", "request_hash", "award_id", "created_at"}, rows)
}
