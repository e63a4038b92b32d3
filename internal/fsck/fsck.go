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
	"slices"
	"strings"

	"github.com/roundel/roundel/credential"
	"github.com/roundel/roundel/internal/blob"
	"github.com/roundel/roundel/internal/jobs"
	"github.com/roundel/roundel/internal/keys"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
	"github.com/roundel/roundel/multikey"
	"github.com/roundel/roundel/openbadge"
	"github.com/roundel/roundel/proof"
	"github.com/roundel/roundel/statuslist"
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

// record is an award as the database has it.
type record struct {
	id, organisationID int64
	public             publicid.ID
	trial              bool
	recipient, salt    string // the address in lower case, and the salt of its hash
	from, until        int64  // milliseconds, 0: no end
	erased             int64  // when the person was taken out
	places             [2]place
	document           []byte
}

// place is where a status list shows an award's state.
type place struct {
	list  publicid.ID
	index int64
}

// awards verifies every signed document with a key of its organisation. An
// award without a document was interrupted; the next start finishes it.
func (c *Checker) awards(ctx context.Context, r *Report) error {
	known, err := c.keys(ctx)
	if err != nil {
		return err
	}
	for after := int64(0); ; {
		var page []record
		err := c.DB.Read(ctx, func(tx *sqldb.Tx) (err error) {
			page, err = sqldb.Collect(ctx, tx, func(rows *sql.Rows) (a record, err error) {
				return a, rows.Scan(&a.id, &a.organisationID, &a.public, &a.trial, &a.recipient, &a.salt, &a.from, &a.until, &a.erased,
					&a.places[0].list, &a.places[0].index, &a.places[1].list, &a.places[1].index, &a.document)
			}, `SELECT a.id, a.organisation_id, a.public_id, a.trial, a.recipient_key, a.salt, a.valid_from, a.valid_until, a.erased_at,
					coalesce(r.public_id, a.public_id), a.revocation_index, coalesce(p.public_id, a.public_id), a.suspension_index, a.document
				FROM award a LEFT JOIN status_list r ON r.id = a.revocation_list LEFT JOIN status_list p ON p.id = a.suspension_list
				WHERE a.id > $1 ORDER BY a.id LIMIT 500`, after)
			return err
		})
		if err != nil || len(page) == 0 {
			return err
		}
		for _, a := range page {
			r.Awards++
			if a.erased > 0 && len(a.document) == 0 {
				continue // it was to go with the person
			}
			if a.document == nil {
				r.wrong("award %s is recorded but not signed; it was interrupted and the next start finishes it", a.public)
				continue
			}
			if err := checkDocument(a, known[a.organisationID]); err != nil {
				r.wrong("award %s: %v", a.public, err)
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

// checkDocument compares what was signed with the record, and verifies the
// signature.
func checkDocument(a record, keys []string) error {
	c, err := credential.Parse(a.document)
	if err != nil {
		return fmt.Errorf("its document cannot be read: %w", err)
	}
	badge, err := openbadge.Read(c)
	if err != nil {
		return fmt.Errorf("its document is not an Open Badge: %w", err)
	}
	who := openbadge.HashIdentity(a.recipient, a.salt)
	switch {
	case !strings.HasSuffix(c.ID, "/awards/"+a.public.String()):
		return fmt.Errorf("its document is that of %q", c.ID)
	case a.erased == 0 && !slices.ContainsFunc(badge.Subject.Identifier, func(o openbadge.IdentityObject) bool { return o.IdentityHash == who }):
		return errors.New("its document is for another recipient than the record says")
	case !c.ValidFrom.Equal(sqldb.Time(a.from)) || !c.ValidUntil.Equal(sqldb.Time(a.until)):
		return errors.New("its document is valid at other times than the record says")
	}
	if err := checkPlaces(a, c); err != nil {
		return err
	}
	return checkProof(c.Tree, keys)
}

// checkPlaces makes sure that the signed document names the places of the
// record, for those are where a withdrawal will be shown.
func checkPlaces(a record, c *credential.Credential) error {
	if a.trial != (len(c.Status) == 0) {
		return errors.New("a trial has no status, and every other award has one; this one does not fit")
	}
	if a.trial {
		return nil
	}
	named := map[string]place{}
	for _, tree := range c.Status {
		e, err := statuslist.ParseEntry(tree)
		if err != nil {
			return fmt.Errorf("its status cannot be read: %w", err)
		}
		index, err := e.Position()
		if err != nil {
			return fmt.Errorf("its status cannot be read: %w", err)
		}
		list, err := publicid.Parse(e.ListCredential[strings.LastIndexByte(e.ListCredential, '/')+1:])
		if err != nil {
			return fmt.Errorf("its status list %q is not one of ours", e.ListCredential)
		}
		named[e.Purpose] = place{list, int64(index)}
	}
	for i, purpose := range []string{"revocation", "suspension"} {
		if named[purpose] != a.places[i] {
			return fmt.Errorf("its document names another place for %s than the record", purpose)
		}
	}
	return nil
}

// checkProof verifies the document's one signature with the key that it names.
func checkProof(doc map[string]any, keys []string) error {
	unsecured, proofs, err := proof.Split(doc)
	if err != nil {
		return err
	}
	if len(proofs) != 1 {
		return fmt.Errorf("its document carries %d proofs instead of one", len(proofs))
	}
	for _, text := range keys {
		if !strings.HasSuffix(proofs[0].VerificationMethod, "#"+text) {
			continue
		}
		key, err := multikey.DecodePublic(text)
		if err != nil {
			return err
		}
		return proof.VerifyOne(unsecured, proofs[0], key, proof.VerifyOptions{})
	}
	return fmt.Errorf("it is signed by %q, which is no key of its organisation", proofs[0].VerificationMethod)
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
