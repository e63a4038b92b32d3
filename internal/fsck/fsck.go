// Package fsck checks that an installation's data is whole: that every document
// is there, is signed by the key it names and says what its record says, that
// places in status lists are unique, that spreadsheets were awarded exactly
// once, that every picture is where its badge says, that what was signed for
// programs is published with the status that is recorded, that every sealed key
// opens and fits its public half, that nobody waits for work that nobody does,
// and that the audit log is the one that was written.
package fsck

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"

	"golang.org/x/sync/errgroup"

	"github.com/roundel/roundel/internal/blob"
	"github.com/roundel/roundel/internal/issuing"
	"github.com/roundel/roundel/internal/jobs"
	"github.com/roundel/roundel/internal/keys"
	"github.com/roundel/roundel/internal/sqldb"
	"github.com/roundel/roundel/shape"
)

// Checker checks an installation.
type Checker struct {
	DB    *sqldb.DB
	Blobs blob.Store
	Keys  *keys.Ring // nil: sealed keys are not opened
	// OpenLink opens the sealed links of mails; nil: they are not opened.
	OpenLink func(sealed []byte) (secret string, err error)
	// AuditSecret is what the audit log is sealed with; nil: seals are not checked
	// to be the installation's own.
	AuditSecret []byte
}

// Report is what was looked at and what is wrong.
type Report struct {
	Awards, Rows, Pictures int64
	Attestations, Places   int64    // signed for programs, and where their status is
	Lists, Jobs, Audit     int64    // status lists of awards, work to do, entries of the audit log
	Problems               []string // a sentence each
}

func (r *Report) wrong(format string, args ...any) {
	r.Problems = append(r.Problems, fmt.Sprintf(format, args...))
}

// Check looks at everything. It returns an error only when it could not look.
func (c *Checker) Check(ctx context.Context) (*Report, error) {
	ctx = sqldb.ForInstallation(ctx)
	r := &Report{}
	for _, step := range []func(context.Context, *Report) error{c.awards, c.positions, c.states, c.stuck, c.batches, c.events, c.pictures, c.sealed, c.attestations, c.lists, c.journal,
		c.awardLists, c.work, c.letters, c.chain} {
		if err := step(ctx, r); err != nil {
			return r, err
		}
	}
	return r, nil
}

// award is an award as the database has it.
type award struct {
	issuing.Record
	id, organisationID int64
	erased             int64 // when the person was taken out
	document           []byte
}

// check returns what is wrong with the award. One without a document was
// interrupted; the next start finishes it.
func (a *award) check(keys []string, shapes *shape.Cache) error {
	switch {
	case a.erased > 0 && len(a.document) == 0:
		return nil // it was to go with the person
	case a.document == nil:
		return errors.New("it is recorded but not signed; it was interrupted and the next start finishes it")
	}
	a.Erased = a.erased > 0
	return a.Check(a.document, keys, shapes)
}

// awards verifies every signed document with a key of its organisation.
func (c *Checker) awards(ctx context.Context, r *Report) error {
	known, err := c.keys(ctx)
	if err != nil {
		return err
	}
	shapes := shape.New(shape.Options{})
	for after := int64(0); ; {
		var page []award
		err := c.DB.Read(ctx, func(tx *sqldb.Tx) (err error) {
			page, err = sqldb.Collect(ctx, tx, func(rows *sql.Rows) (a award, err error) {
				return a, rows.Scan(&a.id, &a.organisationID, &a.PublicID, &a.Trial, &a.Recipient, &a.Salt, &a.ValidFrom, &a.ValidUntil, &a.erased,
					&a.Revocation.List, &a.Revocation.Index, &a.Suspension.List, &a.Suspension.Index, &a.document)
			}, `SELECT a.id, a.organisation_id, a.public_id, a.trial, a.recipient_key, a.salt, a.valid_from, a.valid_until, a.erased_at,
					coalesce(r.public_id, a.public_id), a.revocation_index, coalesce(p.public_id, a.public_id), a.suspension_index, a.document
				FROM award a LEFT JOIN status_list r ON r.id = a.revocation_list LEFT JOIN status_list p ON p.id = a.suspension_list
				WHERE a.id > $1 ORDER BY a.id LIMIT 500`, after)
			return err
		})
		if err != nil || len(page) == 0 {
			return err
		}
		wrong := make([]error, len(page))
		var work errgroup.Group
		work.SetLimit(runtime.GOMAXPROCS(0))
		for i := range page {
			work.Go(func() error {
				wrong[i] = page[i].check(known[page[i].organisationID], shapes)
				return nil
			})
		}
		_ = work.Wait() // what is wrong is no error
		for i, err := range wrong {
			r.Awards++
			if err != nil {
				r.wrong("award %s: %v", page[i].PublicID, err)
			}
		}
		after = page[len(page)-1].id
	}
}

// keys returns the public keys of each organisation.
func (c *Checker) keys(ctx context.Context) (map[int64][]string, error) {
	known := map[int64][]string{}
	err := c.DB.Read(ctx, func(tx *sqldb.Tx) error {
		_, err := sqldb.Collect(ctx, tx, func(rows *sql.Rows) (struct{}, error) {
			var id int64
			var key string
			err := rows.Scan(&id, &key)
			known[id] = append(known[id], key)
			return struct{}{}, err
		}, `SELECT organisation_id, public_key FROM signing_key ORDER BY id`)
		return err
	})
	return known, err
}

// positions checks that no two awards share a place in a status list.
func (c *Checker) positions(ctx context.Context, r *Report) error {
	return c.DB.Read(ctx, func(tx *sqldb.Tx) error {
		for _, purpose := range []string{"revocation", "suspension"} {
			twice, err := sqldb.Collect(ctx, tx, func(rows *sql.Rows) (s string, err error) {
				var list, index, n int64
				err = rows.Scan(&list, &index, &n)
				return fmt.Sprintf("%d awards share place %d of %s list %d", n, index, purpose, list), err
			}, `SELECT `+purpose+`_list, `+purpose+`_index, count(*) FROM award WHERE `+purpose+`_list > 0
				GROUP BY `+purpose+`_list, `+purpose+`_index HAVING count(*) > 1`)
			if err != nil {
				return err
			}
			r.Problems = append(r.Problems, twice...)
			outside, err := sqldb.Collect(ctx, tx, scanText, `SELECT 'award ' || a.id || ' has a place outside its `+purpose+` list'
				FROM award a LEFT JOIN status_list l ON l.id = a.`+purpose+`_list
				WHERE a.`+purpose+`_list > 0 AND (l.id IS NULL OR a.`+purpose+`_index < 0 OR a.`+purpose+`_index >= l.entries OR l.organisation_id <> a.organisation_id)`)
			if err != nil {
				return err
			}
			r.Problems = append(r.Problems, outside...)
		}
		return nil
	})
}

// states replays what happened to each award and compares it with the state
// that is recorded: a withdrawal that was taken back by hand shows here.
func (c *Checker) states(ctx context.Context, r *Report) error {
	return c.DB.Read(ctx, func(tx *sqldb.Tx) error {
		for _, state := range []struct{ column, began, ended string }{
			{"revoked_at", "award.revoked", "-"}, {"suspended_at", "award.suspended", "award.reinstated"},
		} {
			found, err := sqldb.Collect(ctx, tx, scanText, `SELECT 'award ' || a.id || ': its `+state.column+` is ' || a.`+state.column+` || ', its history says otherwise'
				FROM award a WHERE (a.`+state.column+` > 0) <>
					(coalesce((SELECT max(e.id) FROM event e WHERE e.subject = a.id AND e.kind = $1), 0)
						> coalesce((SELECT max(e.id) FROM event e WHERE e.subject = a.id AND e.kind = $2), 0))`, state.began, state.ended)
			if err != nil {
				return err
			}
			r.Problems = append(r.Problems, found...)
		}
		return nil
	})
}

// stuck names the work that was given up.
func (c *Checker) stuck(ctx context.Context, r *Report) error {
	parked, err := jobs.Parked(ctx, c.DB)
	for _, j := range parked {
		r.wrong("job %d (%s) is stuck after %d tries: %s", j.ID, j.Kind, j.Attempts, j.LastError)
	}
	return err
}

// batches checks that each awarded row has one award of its own.
func (c *Checker) batches(ctx context.Context, r *Report) error {
	return c.DB.Read(ctx, func(tx *sqldb.Tx) error {
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM award_batch_row WHERE state = 'awarded'`).Scan(&r.Rows); err != nil {
			return err
		}
		for _, query := range []string{
			`SELECT 'row ' || r.number || ' of spreadsheet ' || r.batch_id || ' is awarded but its award is missing'
				FROM award_batch_row r LEFT JOIN award a ON a.id = r.award_id AND a.batch_id = r.batch_id WHERE r.state = 'awarded' AND a.id IS NULL`,
			`SELECT 'award ' || r.award_id || ' belongs to ' || count(*) || ' rows' FROM award_batch_row r WHERE r.award_id > 0 GROUP BY r.award_id HAVING count(*) > 1`,
			`SELECT 'award ' || a.id || ' says it came from a spreadsheet, but no row names it'
				FROM award a LEFT JOIN award_batch_row r ON r.award_id = a.id AND r.batch_id = a.batch_id WHERE a.batch_id > 0 AND r.award_id IS NULL`,
			`SELECT 'spreadsheet ' || b.id || ' is done but has rows left to award' FROM award_batch b
				WHERE b.state = 'done' AND EXISTS (SELECT 1 FROM award_batch_row r WHERE r.batch_id = b.id AND r.state = 'good')`,
		} {
			found, err := sqldb.Collect(ctx, tx, scanText, query)
			if err != nil {
				return err
			}
			r.Problems = append(r.Problems, found...)
		}
		return nil
	})
}

// events checks that every signed award was announced exactly once.
func (c *Checker) events(ctx context.Context, r *Report) error {
	return c.DB.Read(ctx, func(tx *sqldb.Tx) error {
		found, err := sqldb.Collect(ctx, tx, scanText, `SELECT 'award ' || a.id || ' was announced ' || (SELECT count(*) FROM event e WHERE e.kind = 'award.issued' AND e.subject = a.id) || ' times'
			FROM award a WHERE a.issued_at > 0 AND (SELECT count(*) FROM event e WHERE e.kind = 'award.issued' AND e.subject = a.id) <> 1`)
		r.Problems = append(r.Problems, found...)
		return err
	})
}

// pictures checks that every picture that a badge or organisation names is kept.
func (c *Checker) pictures(ctx context.Context, r *Report) error {
	var keys []string
	err := c.DB.Read(ctx, func(tx *sqldb.Tx) (err error) {
		keys, err = sqldb.Collect(ctx, tx, scanText, `SELECT picture_png FROM badge_version WHERE picture_png <> '' UNION
			SELECT picture_svg FROM badge_version WHERE picture_svg <> '' UNION SELECT logo_key FROM organisation WHERE logo_key <> ''`)
		return err
	})
	for _, key := range keys {
		r.Pictures++
		if _, err := c.Blobs.Get(ctx, key); err != nil {
			r.wrong("picture %s: %v", key, err)
		}
	}
	return err
}

// sealed opens every private key.
func (c *Checker) sealed(ctx context.Context, r *Report) error {
	if c.Keys == nil {
		return nil
	}
	found, err := c.Keys.Sealed(ctx)
	r.Problems = append(r.Problems, found...)
	return err
}

func scanText(rows *sql.Rows) (s string, err error) { return s, rows.Scan(&s) }
