package audit

import (
	"context"
	"crypto/hmac"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/roundel/roundel/internal/sqldb"
)

// verifyPage is how many entries Verify reads at a time.
const verifyPage = 1000

// Report is what Verify saw.
type Report struct {
	Entries  int64    // looked at
	Unsealed int64    // of them, not in a chain yet
	Heads    []Head   // of each chain
	Problems []string // a sentence each
}

func (r *Report) wrong(format string, args ...any) {
	r.Problems = append(r.Problems, fmt.Sprintf("audit log: "+format, args...))
}

// Verify walks every chain and compares it with the entries. secret is the
// installation's; without it, seals are not checked to be the installation's
// own. heads are ends of chains that were written down before: every one must
// still lie on its chain. It returns an error only when it could not look.
func Verify(ctx context.Context, db *sqldb.DB, secret []byte, heads ...Head) (*Report, error) {
	var v *verifier
	err := db.Read(ctx, func(tx *sqldb.Tx) error {
		v = &verifier{secret: secret, heads: slices.Clone(heads), report: &Report{}}
		if err := tx.QueryRow(ctx, `SELECT last_id FROM audit_cursor WHERE id = 1`).Scan(&v.cursor); err != nil {
			return err
		}
		organisations, err := sqldb.Collect(ctx, tx, func(r *sql.Rows) (id int64, err error) { return id, r.Scan(&id) },
			`SELECT organisation_id FROM audit_seal UNION SELECT organisation_id FROM audit_entry ORDER BY 1`)
		if err != nil {
			return err
		}
		for _, o := range organisations {
			if err := v.chain(ctx, tx, o); err != nil {
				return err
			}
		}
		return v.gaps(ctx, tx, db.Dialect())
	})
	if err != nil {
		return nil, fmt.Errorf("read the audit log: %w", err)
	}
	for _, h := range v.heads {
		if h.Position > 0 || h.Hash != start(h.Organisation) {
			v.report.wrong("organisation %d: the chain does not reach position %d, at which it had the hash %s: entries were cut off its end", h.Organisation, h.Position, h.Hash)
		}
	}
	return v.report, nil
}

type verifier struct {
	secret  []byte
	heads   []Head // not met yet
	cursor  int64
	missing int64 // entries that seals tell of
	report  *Report
}

// chain walks the seals of one organisation and, beside them, its entries:
// both are in the order of the entries' ids.
func (v *verifier) chain(ctx context.Context, tx *sqldb.Tx, organisation int64) error {
	entries := &entryReader{organisation: organisation}
	h := Head{organisation, 0, start(organisation)}
	for {
		seals, err := sqldb.Collect(ctx, tx, scanSeal, `SELECT position, entries, members, hash, mac FROM audit_seal
			WHERE organisation_id = $1 AND position > $2 ORDER BY position LIMIT 100`, organisation, h.Position)
		if err != nil {
			return err
		}
		for _, s := range seals {
			members := v.seal(&h, s)
			for i, m := range members {
				if err := v.member(ctx, tx, entries, m, h.Position-int64(len(members)-i-1)); err != nil {
					return err
				}
			}
		}
		if len(seals) == 0 {
			break
		}
	}
	if h.Position > 0 {
		v.report.Heads = append(v.report.Heads, h)
	}
	for { // what is behind the last seal
		e, err := entries.next(ctx, tx)
		if err != nil || e == nil {
			return err
		}
		v.unsealed(e)
	}
}

// storedSeal is a row of audit_seal.
type storedSeal struct {
	position, count int64
	members         []byte
	hash, mac       []byte
}

func scanSeal(r *sql.Rows) (s storedSeal, err error) {
	return s, r.Scan(&s.position, &s.count, &s.members, &s.hash, &s.mac)
}

// seal follows the chain from h through one seal and returns its members. The
// walk goes on from what the seal says, so that one break is told of once.
func (v *verifier) seal(h *Head, s storedSeal) []member {
	members, whole := unpackMembers(s.members)
	first := s.position - s.count
	if first != h.Position {
		v.report.wrong("organisation %d: a seal is missing between the positions %d and %d of the chain", h.Organisation, h.Position, first)
	}
	if !whole || int64(len(members)) != s.count {
		v.report.wrong("organisation %d: the seal at position %d does not hold the %d entries that it tells of", h.Organisation, s.position, s.count)
	}
	walk := Head{h.Organisation, first, h.Hash}
	for _, m := range members {
		walk.Position, walk.Hash = walk.Position+1, next(walk.Hash, m.digest)
		if first == h.Position {
			v.passed(walk)
		}
	}
	sealed := Head{Organisation: h.Organisation, Position: s.position}
	copy(sealed.Hash[:], s.hash)
	switch {
	case first == h.Position && sealed != walk:
		v.report.wrong("organisation %d: the seal at position %d was edited: the chain comes to another hash", h.Organisation, s.position)
	case v.secret != nil && !hmac.Equal(s.mac, sealed.mac(v.secret)):
		v.report.wrong("organisation %d: the seal at position %d was not made by this installation", h.Organisation, s.position)
	}
	*h = sealed
	return members
}

// passed strikes off the heads that lie where the chain has come to.
func (v *verifier) passed(h Head) {
	v.heads = slices.DeleteFunc(v.heads, func(want Head) bool {
		if want.Organisation != h.Organisation || want.Position != h.Position {
			return false
		}
		if want != h {
			v.report.wrong("organisation %d: at position %d the chain has the hash %s, not %s as it had: it was made anew", h.Organisation, h.Position, h.Hash, want.Hash)
		}
		return true
	})
}

// member compares the next entry with what a seal says of it.
func (v *verifier) member(ctx context.Context, tx *sqldb.Tx, entries *entryReader, m member, position int64) error {
	for {
		e, err := entries.next(ctx, tx)
		switch {
		case err != nil:
			return err
		case e == nil || e.ID > m.id:
			entries.back(e)
			v.missing++
			v.report.wrong("entry %d (organisation %d, position %d) is missing", m.id, entries.organisation, position)
			return nil
		case e.ID < m.id:
			v.unsealed(e)
		default:
			v.report.Entries++
			if digest := e.digest(); digest != m.digest || digest != e.stored {
				v.report.wrong("entry %d (organisation %d, position %d, %q) was edited", e.ID, e.OrganisationID, position, e.Action)
			}
			return nil
		}
	}
}

// unsealed looks at an entry that no seal tells of.
func (v *verifier) unsealed(e *Recorded) {
	v.report.Entries++
	switch {
	case e.ID <= v.cursor:
		v.report.wrong("entry %d (organisation %d, %q) was inserted or moved there: no seal tells of it", e.ID, e.OrganisationID, e.Action)
	case e.digest() != e.stored:
		v.report.wrong("entry %d (organisation %d, %q) was edited before it was sealed", e.ID, e.OrganisationID, e.Action)
	default:
		v.report.Unsealed++
	}
}

// gaps looks for entries that were taken away before they were sealed. On
// SQLite ids have no gaps; on PostgreSQL whatever was rolled back leaves one,
// so that nothing can be told there.
func (v *verifier) gaps(ctx context.Context, tx *sqldb.Tx, dialect string) error {
	var n, last int64
	if err := tx.QueryRow(ctx, `SELECT count(*), coalesce(max(id), 0) FROM audit_entry`).Scan(&n, &last); err != nil || dialect != sqldb.SQLite {
		return err
	}
	if gone := max(last, v.cursor) - n - v.missing; gone > 0 {
		v.report.wrong("%d entries were taken away before they were sealed: their ids are missing", gone)
	}
	return nil
}

// entryReader reads an organisation's entries in order, a page at a time: one
// transaction cannot have two queries open.
type entryReader struct {
	organisation int64
	page         []Recorded
	after        int64
	kept         *Recorded // given back
}

// next returns the next entry; no entry and no error when there is none.
func (r *entryReader) next(ctx context.Context, tx *sqldb.Tx) (*Recorded, error) {
	if e := r.kept; e != nil {
		r.kept = nil
		return e, nil
	}
	if len(r.page) == 0 {
		var err error
		r.page, err = sqldb.Collect(ctx, tx, scan, `SELECT `+columns+` FROM audit_entry
			WHERE organisation_id = $1 AND id > $2 ORDER BY id LIMIT $3`, r.organisation, r.after, verifyPage)
		if err != nil || len(r.page) == 0 {
			return nil, err
		}
	}
	e := r.page[0]
	r.page, r.after = r.page[1:], e.ID
	return &e, nil
}

func (r *entryReader) back(e *Recorded) { r.kept = e }

const columns = `id, organisation_id, at, action, subject, subject_id, account_id, token_id, service, address, salt, request_id, data, digest`

func scan(r *sql.Rows) (Recorded, error) { return scanWith(r) }

// scanWith reads columns, and what stands behind them into more.
func scanWith(r *sql.Rows, more ...any) (Recorded, error) {
	var e Recorded
	var at int64
	var data string
	var digest []byte
	err := r.Scan(append([]any{&e.ID, &e.OrganisationID, &at, &e.Action, &e.Subject, &e.SubjectID, &e.AccountID, &e.TokenID, &e.Service,
		&e.Address, &e.Salt, &e.RequestID, &data, &digest}, more...)...)
	if err != nil {
		return e, err
	}
	e.At = sqldb.Time(at)
	copy(e.stored[:], digest)
	if json.Unmarshal([]byte(data), &e.Data) != nil {
		e.Data = map[string]string{"unreadable": "edited"} // then its digest does not fit either
	}
	return e, nil
}
