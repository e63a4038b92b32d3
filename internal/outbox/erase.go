package outbox

import (
	"context"
	"database/sql"
	"strings"

	"github.com/roundel/roundel/internal/sqldb"
)

// Erase takes a person out of the mails to an address, in lower case, and of
// those about awards of theirs, in the caller's transaction. What was not sent
// yet never is. It returns how many mails there were.
func Erase(ctx context.Context, tx *sqldb.Tx, organisationID int64, address string, awards []int64) (n int64, err error) {
	const blank = `UPDATE outbox_mail SET recipient = '', subject = '', body_text = '', body_html = '', sealed = NULL, next_at = 0, last_error = '',
		state = CASE WHEN state = 'sent' THEN state ELSE 'failed' END WHERE recipient <> '' AND `
	if n, err = tx.Exec(ctx, blank+`(organisation_id = $1 OR $1 = 0) AND lower(recipient) = $2`, organisationID, address); err != nil {
		return n, err
	}
	for _, id := range awards {
		more, err := tx.Exec(ctx, blank+`award_id = $1`, id)
		if n += more; err != nil {
			return n, err
		}
	}
	return n, nil
}

// ForgetSent takes the recipient out of the oldest mails that were sent before a
// time, in milliseconds, at most so many. It returns how many.
func ForgetSent(ctx context.Context, tx *sqldb.Tx, before int64, most int) (int64, error) {
	return tx.Exec(ctx, `UPDATE outbox_mail SET recipient = '', subject = '' WHERE id IN (SELECT id FROM outbox_mail
		WHERE state = 'sent' AND recipient <> '' AND sent_at < $1 ORDER BY sent_at LIMIT $2)`, before, most)
}

// Addresses calls do with every recipient's address, in lower case.
func Addresses(ctx context.Context, tx *sqldb.Tx, do func(address string)) error {
	_, err := sqldb.Collect(ctx, tx, func(r *sql.Rows) (struct{}, error) {
		var recipient string
		err := r.Scan(&recipient)
		do(strings.ToLower(recipient))
		return struct{}{}, err
	}, `SELECT DISTINCT recipient FROM outbox_mail WHERE recipient <> ''`)
	return err
}
