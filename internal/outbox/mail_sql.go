package outbox

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/roundel/roundel/internal/audit"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
)

var columnNames = []string{
	"public_id", "organisation_id", "award_id", "sender_name", "reply_to", "recipient", "subject", "body_text", "body_html",
	"sealed", "picture_key", "state", "attempts", "last_error", "next_at", "created_at", "sent_at",
}

var columns = strings.Join(columnNames, ", ")

func insert(ctx context.Context, tx *sqldb.Tx, all []Mail, at time.Time) error {
	rows := make([][]any, 0, len(all))
	for _, m := range all {
		state := Queued
		if m.Hold {
			state = Held
		}
		rows = append(rows, []any{publicid.New(), m.OrgID, m.AwardID, m.SenderName, m.ReplyTo, m.To, m.Subject, m.Text, m.HTML,
			m.Sealed, m.PictureKey, state, int64(0), "", int64(0), sqldb.Millis(at), int64(0)})
	}
	return tx.Insert(ctx, "outbox_mail", columnNames, rows)
}

func scanEntry(scan func(...any) error) (e Entry, err error) {
	var next, created, sent int64
	err = scan(&e.ID, &e.OrgID, &e.AwardID, &e.SenderName, &e.ReplyTo, &e.To, &e.Subject, &e.Text, &e.HTML,
		&e.Sealed, &e.PictureKey, &e.State, &e.Attempts, &e.LastError, &next, &created, &sent)
	e.Hold = e.State == Held
	e.NextAt, e.CreatedAt, e.SentAt = sqldb.Time(next), sqldb.Time(created), sqldb.Time(sent)
	return e, err
}

func scanRow(r *sql.Rows) (Entry, error) { return scanEntry(r.Scan) }

func get(ctx context.Context, tx *sqldb.Tx, orgID int64, id publicid.ID) (*Entry, error) {
	e, err := scanEntry(tx.QueryRow(ctx, `SELECT `+columns+` FROM outbox_mail WHERE public_id = $1 AND organisation_id = $2`, id, orgID).Scan)
	if errors.Is(err, sqldb.ErrNoRows) {
		return nil, fault.NotFoundf("There is no such mail.")
	}
	return &e, err
}

func list(ctx context.Context, tx *sqldb.Tx, orgID int64, f Filter) ([]Entry, error) {
	if f.Limit <= 0 {
		f.Limit = 100
	}
	award := `$2 = 0`
	if f.Award > 0 {
		award = `award_id = $2 AND award_id > 0` // by index
	}
	return sqldb.Collect(ctx, tx, scanRow, `SELECT `+columns+` FROM outbox_mail
		WHERE organisation_id = $1 AND `+award+` AND (state = $3 OR $3 = '')
			AND ($5 OR id < (SELECT id FROM outbox_mail WHERE public_id = $4 AND organisation_id = $1))
		ORDER BY id DESC LIMIT $6`, orgID, f.Award, f.State, f.Before, f.Before.IsZero(), f.Limit)
}

func (s *Service) countStates(ctx context.Context, tx *sqldb.Tx, query string, args ...any) (map[string]int, error) {
	counts := map[string]int{}
	_, err := sqldb.Collect(ctx, tx, func(r *sql.Rows) (struct{}, error) {
		var state string
		var n int
		err := r.Scan(&state, &n)
		counts[s.seen(state)] = n
		return struct{}{}, err
	}, query, args...)
	return counts, err
}

func requeue(ctx context.Context, tx *sqldb.Tx, id publicid.ID) error {
	_, err := tx.Exec(ctx, `UPDATE outbox_mail SET state = $2, attempts = 0, next_at = 0 WHERE public_id = $1`, id, Queued)
	return err
}

// take counts a try of up to limit due mails and puts the next one off until
// then: a guard against a second sender, and the moment of the next try should
// this process die.
func take(ctx context.Context, tx *sqldb.Tx, now, then time.Time, limit int) ([]Entry, error) {
	return sqldb.Collect(ctx, tx, scanRow, `UPDATE outbox_mail SET attempts = attempts + 1, next_at = $2
		WHERE state = 'queued' AND next_at <= $1 AND id IN (SELECT id FROM outbox_mail
			WHERE state = 'queued' AND next_at <= $1 ORDER BY next_at, id LIMIT $3)
		RETURNING `+columns, sqldb.Millis(now), sqldb.Millis(then), limit)
}

// adopt makes mails due whose first try began and has no outcome. One that
// failed before keeps its time: nobody can tell a try under way from a wait.
func adopt(ctx context.Context, tx *sqldb.Tx) error {
	_, err := tx.Exec(ctx, `UPDATE outbox_mail SET next_at = 0 WHERE state = 'queued' AND next_at > 0 AND last_error = ''`)
	return err
}

// markSent notes the hand-over and erases the text, which holds a secret link.
func markSent(ctx context.Context, tx *sqldb.Tx, id publicid.ID, at time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE outbox_mail SET state = $2, sent_at = $3, body_text = '', body_html = '', sealed = NULL, last_error = '', next_at = 0
		WHERE public_id = $1`, id, Sent, sqldb.Millis(at))
	return err
}

func markFailed(ctx context.Context, tx *sqldb.Tx, id publicid.ID, state, reason string, next time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE outbox_mail SET state = $2, last_error = $3, next_at = $4 WHERE public_id = $1`,
		id, state, reason, sqldb.Millis(next))
	return err
}

// putBack takes back a try that did not happen.
func putBack(ctx context.Context, tx *sqldb.Tx, id publicid.ID) error {
	_, err := tx.Exec(ctx, `UPDATE outbox_mail SET attempts = attempts - 1, next_at = 0 WHERE public_id = $1`, id)
	return err
}

// nextDue returns when the next queued mail is due; false when none is queued.
func nextDue(ctx context.Context, tx *sqldb.Tx) (time.Time, bool, error) {
	var at sql.NullInt64
	err := tx.QueryRow(ctx, `SELECT min(next_at) FROM outbox_mail WHERE state = 'queued'`).Scan(&at)
	return sqldb.Time(at.Int64), at.Valid, err
}

// recordRetry tells the audit log that somebody had a mail sent once more.
func recordRetry(ctx context.Context, tx *sqldb.Tx, orgID int64, id publicid.ID) error {
	var key, award int64
	if err := tx.QueryRow(ctx, `SELECT id, award_id FROM outbox_mail WHERE organisation_id = $1 AND public_id = $2`, orgID, id).Scan(&key, &award); err != nil {
		return err
	}
	return audit.Record(ctx, tx, audit.Entry{OrganisationID: orgID, Action: "mail.sent_again", Subject: "mail", SubjectID: key,
		Data: map[string]string{"award": strconv.FormatInt(award, 10)}})
}
