package audit

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
)

// Service answers the people who look into the log.
type Service struct {
	DB     *sqldb.DB
	Sealer *Sealer // seals before a log is handed out
}

// Query says which entries are looked for. The zero Query finds all of the
// installation's own.
type Query struct {
	Organisation int64
	All          bool   // of every organisation and of the installation
	Action       string // "award.issued", or "award." for all about awards
	Account      int64
	Subject      string
	SubjectID    int64 // counts only with Subject
	Request      string
	From, Until  time.Time // from the one, to before the other; zero: no bound
	Before       int64     // entries older than the one with this id, for the next page
	Limit        int
}

// Found is an entry with what the tables say now of those whom it names.
type Found struct {
	Recorded
	Person       string      // the account's name; "" when it is gone
	Organisation string      // its name
	Slug         string      // its slug
	Thing        publicid.ID // the subject's public id, where it has one
}

// Search returns the entries that q asks for, newest first.
func (s *Service) Search(ctx context.Context, q Query) (found []Found, err error) {
	where, args := q.where()
	args = append(args, q.Limit)
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		found, err = sqldb.Collect(ctx, tx, scanFound, `SELECT `+columns+`,
				coalesce((SELECT name FROM account WHERE account.id = e.account_id), ''),
				coalesce((SELECT name FROM organisation WHERE organisation.id = e.organisation_id), ''),
				coalesce((SELECT slug FROM organisation WHERE organisation.id = e.organisation_id), ''),
				CASE subject
					WHEN 'award' THEN (SELECT public_id FROM award WHERE award.id = e.subject_id)
					WHEN 'badge' THEN (SELECT public_id FROM badge WHERE badge.id = e.subject_id)
					WHEN 'batch' THEN (SELECT public_id FROM award_batch WHERE award_batch.id = e.subject_id)
					WHEN 'mail' THEN (SELECT public_id FROM outbox_mail WHERE outbox_mail.id = e.subject_id)
				END
			FROM audit_entry e WHERE `+where+fmt.Sprintf(` ORDER BY id DESC LIMIT $%d`, len(args)), args...)
		return err
	})
	return found, err
}

// where returns the condition, and its arguments.
func (q Query) where() (string, []any) {
	cond := []string{"TRUE"}
	var args []any
	add := func(text string, arg any) {
		args = append(args, arg)
		cond = append(cond, fmt.Sprintf(text, len(args)))
	}
	if !q.All {
		add("organisation_id = $%d", q.Organisation)
	}
	if noun, all := strings.CutSuffix(q.Action, "."); all && q.Action != "" {
		add("action >= $%d", noun+".")
		add("action < $%d", noun+"/") // the character after the full stop
	} else if q.Action != "" {
		add("action = $%d", q.Action)
	}
	if q.Account != 0 {
		add("account_id = $%d", q.Account)
	}
	if q.Subject != "" {
		add("subject = $%d", q.Subject)
		add("subject_id = $%d", q.SubjectID)
	}
	if q.Request != "" {
		add("request_id = $%d", q.Request)
	}
	if !q.From.IsZero() {
		add("at >= $%d", sqldb.Millis(q.From))
	}
	if !q.Until.IsZero() {
		add("at < $%d", sqldb.Millis(q.Until))
	}
	if q.Before > 0 {
		add("id < $%d", q.Before)
	}
	return strings.Join(cond, " AND "), args
}

func scanFound(r *sql.Rows) (f Found, err error) {
	var thing []byte
	f.Recorded, err = scanWith(r, &f.Person, &f.Organisation, &f.Slug, &thing)
	if len(thing) == len(f.Thing) {
		f.Thing = publicid.ID(thing)
	}
	return f, err
}

// Actions returns the actions that the log of an organisation holds, in order;
// of every log when all is true. It hops through an index from one to the next.
func (s *Service) Actions(ctx context.Context, organisation int64, all bool) (actions []string, err error) {
	one, arg := "organisation_id = $1 AND", any(organisation)
	if all {
		one, arg = "$1 >= 0 AND", int64(0)
	}
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		actions, err = sqldb.Collect(ctx, tx, func(r *sql.Rows) (a string, err error) { return a, r.Scan(&a) },
			`WITH RECURSIVE hop (action) AS (
				SELECT min(action) FROM audit_entry WHERE `+one+` action > ''
				UNION ALL
				SELECT (SELECT min(action) FROM audit_entry WHERE `+one+` action > hop.action) FROM hop WHERE hop.action IS NOT NULL
			) SELECT action FROM hop WHERE action IS NOT NULL`, arg)
		return err
	})
	return actions, err
}

// Seen records that staff looked at data of learners: the awards with these
// ids, in the given view. Many are one entry, with the count and both ends.
func (s *Service) Seen(ctx context.Context, organisation int64, view string, awards ...int64) error {
	if len(awards) == 0 {
		return nil
	}
	e := Entry{OrganisationID: organisation, Action: "recipient.read", Subject: "award", SubjectID: awards[0], Data: map[string]string{"view": view}}
	if len(awards) > 1 {
		e.Data["count"], e.Data["first"], e.Data["last"] = fmt.Sprint(len(awards)), fmt.Sprint(awards[0]), fmt.Sprint(awards[len(awards)-1])
	}
	return s.Note(ctx, e)
}

// Note records e in a transaction of its own: something was looked at or taken
// out, and nothing changed.
func (s *Service) Note(ctx context.Context, e Entry) error {
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error { return Record(ctx, tx, e) })
}
