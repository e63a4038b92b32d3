package fsck

import (
	"context"
	"database/sql"
	"encoding/json"

	"github.com/roundel/roundel/internal/audit"
	"github.com/roundel/roundel/internal/sqldb"
)

// consumerKind is the kind of the jobs that wake those who follow the events.
const consumerKind = "event consumer"

// sentences are queries that each return a sentence for every row that breaks an
// invariant. They read on both engines.
var sentences = []string{
	// Keys of awards are handed out from one row: below what is there, the next
	// award could not be recorded.
	`SELECT 'the next award would get the key ' || n.next || ', which is taken' FROM award_number n WHERE n.next <= (SELECT coalesce(max(id), 0) FROM award)`,
	`SELECT 'the key of the next award is not kept' FROM (SELECT count(*) AS n FROM award_number) c WHERE c.n <> 1`,
	// An Idempotency-Key leads to an award of its own organisation.
	`SELECT 'a retry of "' || i.endpoint || '" in organisation ' || i.organisation_id || ' would be answered with award ' || i.award_id || ', which is not there or another organisation''s'
		FROM idempotency i LEFT JOIN award a ON a.id = i.award_id WHERE i.award_id > 0 AND (a.id IS NULL OR a.organisation_id <> i.organisation_id)`,
	`SELECT 'award ' || i.award_id || ' is the answer to ' || count(*) || ' different requests' FROM idempotency i WHERE i.award_id > 0
		GROUP BY i.award_id HAVING count(*) > 1`,
	// Events tell of awards that are there, in the name of their organisation.
	`SELECT 'event ' || e.id || ' (' || e.kind || ') is about award ' || e.subject || ', which is not there or another organisation''s'
		FROM event e LEFT JOIN award a ON a.id = e.subject
		WHERE e.kind LIKE 'award.%' AND (a.id IS NULL OR a.organisation_id <> e.organisation_id)`,
	// Whoever follows the events is somewhere among them, and is woken.
	`SELECT 'consumer ' || c.name || ' has seen event ' || c.cursor || ', but the last one is ' || (SELECT coalesce(max(id), 0) FROM event)
		FROM consumer_cursor c WHERE c.cursor > (SELECT coalesce(max(id), 0) FROM event)`,
	`SELECT 'consumer ' || c.name || ' is never woken: its job is missing' FROM consumer_cursor c
		WHERE NOT EXISTS (SELECT 1 FROM job j WHERE j.kind = '` + consumerKind + `' AND j.key = c.name)`,
	// A letter was written for each award that was announced, once the announcement was read.
	`SELECT 'award ' || a.id || ' was announced, but no letter was written' FROM award a JOIN event e ON e.subject = a.id AND e.kind = 'award.issued'
		WHERE a.erased_at = 0 AND e.id <= (SELECT coalesce(max(cursor), 0) FROM consumer_cursor WHERE name = 'claim')
			AND NOT EXISTS (SELECT 1 FROM outbox_mail m WHERE m.award_id = a.id AND m.award_id > 0)`,
	`SELECT 'a claim link of award ' || s.award_id || ' is not kept as a hash' FROM claim_secret s WHERE length(s.secret_hash) <> 32`,
	`SELECT 'mail ' || m.id || ' is ' || m.state || ', which is no state of a mail' FROM outbox_mail m WHERE m.state NOT IN ('queued', 'held', 'sent', 'failed')`,
	`SELECT 'mail ' || m.id || ' was sent and still holds its text' FROM outbox_mail m WHERE m.state = 'sent' AND (m.body_text <> '' OR m.body_html <> '' OR length(m.sealed) > 0)`,
	`SELECT 'mail ' || m.id || ' is about award ' || m.award_id || ', which is not there or another organisation''s' FROM outbox_mail m
		LEFT JOIN award a ON a.id = m.award_id WHERE m.award_id > 0 AND (a.id IS NULL OR a.organisation_id <> m.organisation_id)`,
	// Work that waits has somebody who does it.
	`SELECT 'more spreadsheets (' || count(*) || ') are being awarded than jobs do' FROM award_batch b WHERE b.state = 'running'
		HAVING count(*) > (SELECT count(*) FROM job j WHERE j.kind = 'issuing.batch')`,
	`SELECT 'mails (' || count(*) || ') are queued, but no job sends them' FROM outbox_mail m
		WHERE m.state = 'queued' AND NOT EXISTS (SELECT 1 FROM job j WHERE j.kind = 'outbox.deliver') HAVING count(*) > 0`,
}

// work checks what joins the tables, and what is to be done later.
func (c *Checker) work(ctx context.Context, r *Report) error {
	return c.DB.Read(ctx, func(tx *sqldb.Tx) error {
		for _, query := range sentences {
			found, err := sqldb.Collect(ctx, tx, scanText, query)
			if err != nil {
				return err
			}
			r.Problems = append(r.Problems, found...)
		}
		type row struct {
			id            int64
			kind, payload string
		}
		all, err := sqldb.Collect(ctx, tx, func(rows *sql.Rows) (j row, err error) { return j, rows.Scan(&j.id, &j.kind, &j.payload) },
			`SELECT id, kind, payload FROM job ORDER BY id`)
		for _, j := range all {
			r.Jobs++
			if j.kind != consumerKind && !json.Valid([]byte(j.payload)) {
				r.wrong("job %d (%s) has a payload that cannot be read", j.id, j.kind)
			}
		}
		return err
	})
}

// letters opens the sealed link of every mail that still has one.
func (c *Checker) letters(ctx context.Context, r *Report) error {
	if c.OpenLink == nil {
		return nil
	}
	for after := int64(0); ; {
		type row struct {
			id     int64
			sealed []byte
		}
		var page []row
		err := c.DB.Read(ctx, func(tx *sqldb.Tx) (err error) {
			page, err = sqldb.Collect(ctx, tx, func(rows *sql.Rows) (m row, err error) { return m, rows.Scan(&m.id, &m.sealed) },
				`SELECT id, sealed FROM outbox_mail WHERE id > $1 AND length(sealed) > 0 ORDER BY id LIMIT 1000`, after)
			return err
		})
		if err != nil || len(page) == 0 {
			return err
		}
		for _, m := range page {
			if _, err := c.OpenLink(m.sealed); err != nil {
				r.wrong("mail %d: its sealed link does not open: %v", m.id, err)
			}
		}
		after = page[len(page)-1].id
	}
}

// chain verifies the audit log.
func (c *Checker) chain(ctx context.Context, r *Report) error {
	seen, err := audit.Verify(ctx, c.DB, c.AuditSecret)
	if err != nil {
		return err
	}
	r.Audit = seen.Entries
	r.Problems = append(r.Problems, seen.Problems...)
	return nil
}
