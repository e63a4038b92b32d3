package journal

import (
	"context"
	"database/sql"
	"encoding/json"

	"github.com/roundel/roundel/internal/attest"
	"github.com/roundel/roundel/internal/event"
	"github.com/roundel/roundel/internal/issuing"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
)

// begun is what the event of a backup says.
type begun struct {
	Backup string `json:"backup"`
}

// tell returns the lines that events call for.
func (j *Journal) tell(ctx context.Context, events []event.Event) (lines []Entry, err error) {
	err = j.DB.Read(ctx, func(tx *sqldb.Tx) error {
		lines = nil
		t := teller{tx: tx, known: j.known, new: map[string]bool{}}
		for _, e := range events {
			if err := t.event(ctx, e); err != nil {
				return err
			}
		}
		lines = t.lines
		return nil
	})
	return lines, err
}

// teller turns rows into lines.
type teller struct {
	tx         *sqldb.Tx
	known, new map[string]bool // lists that the file, or a line before, describes
	lines      []Entry
}

func (t *teller) event(ctx context.Context, e event.Event) error {
	at := sqldb.Millis(e.At)
	switch e.Kind {
	case issuing.EventRevoked, issuing.EventSuspended, issuing.EventReinstated:
		return t.statuses(ctx, awardStatus+` WHERE a.id = $1 AND a.revocation_list > 0`, at, OfAwards, e.Subject)
	case attest.EventStatus:
		return t.statuses(ctx, attestationStatus+` WHERE s.attestation_id = $1`, at, OfAttestations, e.Subject)
	case issuing.EventListOpened:
		return t.list(ctx, OfAwards, ` WHERE l.id = $1`, e.Subject)
	case attest.EventListOpened:
		return t.list(ctx, OfAttestations, ` WHERE l.id = $1`, e.Subject)
	case EventErased:
		return t.erasures(ctx, ` WHERE e.id = $1`, e.Subject)
	case EventBackup:
		var b begun
		if err := e.Decode(&b); err != nil {
			return err
		}
		t.lines = append(t.lines, Entry{Kind: backup, At: at, Backup: b.Backup})
	}
	return nil
}

// Queries of places with their list, value, and when it was set.
const (
	awardStatus = `SELECT r.public_id, a.revocation_index, CASE WHEN a.revoked_at > 0 THEN 1 ELSE 0 END, a.revoked_at,
		s.public_id, a.suspension_index, CASE WHEN a.suspended_at > 0 THEN 1 ELSE 0 END, a.suspended_at
		FROM award a JOIN status_list r ON r.id = a.revocation_list JOIN status_list s ON s.id = a.suspension_list`
	attestationStatus = `SELECT l.public_id, s.position, s.value, s.changed_at, l.public_id, s.position, s.value, s.changed_at
		FROM attestation_status s JOIN attestation_list l ON l.id = s.list_id`
	awardKept = `SELECT l.public_id, k.position, 1, 0, l.public_id, k.position, 1, 0
		FROM status_kept k JOIN status_list l ON l.id = k.list_id`
	attestationKept = `SELECT l.public_id, k.position, k.value, 0, l.public_id, k.position, k.value, 0
		FROM attestation_kept k JOIN attestation_list l ON l.id = k.list_id`
)

// statuses adds a line for each place that query gives; two of them in a row.
func (t *teller) statuses(ctx context.Context, query string, at int64, owner string, args ...any) error {
	type place struct {
		list         publicid.ID
		index, value int64
		set          int64
	}
	pairs, err := sqldb.Collect(ctx, t.tx, func(r *sql.Rows) (p [2]place, err error) {
		return p, r.Scan(&p[0].list, &p[0].index, &p[0].value, &p[0].set, &p[1].list, &p[1].index, &p[1].value, &p[1].set)
	}, query, args...)
	if err != nil {
		return err
	}
	for _, pair := range pairs {
		for i, p := range pair {
			if i == 1 && p == pair[0] {
				continue // one place
			}
			id := p.list.String()
			if !t.known[id] && !t.new[id] {
				if err := t.list(ctx, owner, ` WHERE l.public_id = $1`, p.list); err != nil {
					return err
				}
			}
			when := at
			if when == 0 {
				if when = p.set; p.value == 0 {
					continue // the state of now: nothing is set
				}
			}
			t.lines = append(t.lines, Entry{Kind: status, At: when, List: id, Owner: owner, Position: p.index, Value: p.value})
		}
	}
	return nil
}

const (
	awardLists       = `SELECT l.public_id, o.public_id, l.issuer, l.purpose, 1, l.entries FROM status_list l JOIN organisation o ON o.id = l.organisation_id`
	attestationLists = `SELECT l.public_id, o.public_id, k.public_key, l.purpose, l.bits, l.entries
		FROM attestation_list l JOIN issuer_key k ON k.id = l.issuer_key_id LEFT JOIN organisation o ON o.id = l.organisation_id`
)

func (t *teller) list(ctx context.Context, owner, where string, args ...any) error {
	query := awardLists
	if owner == OfAttestations {
		query = attestationLists
	}
	lines, err := sqldb.Collect(ctx, t.tx, func(r *sql.Rows) (Entry, error) {
		e := Entry{Kind: list, Owner: owner}
		var id publicid.ID
		var organisation []byte
		err := r.Scan(&id, &organisation, &e.Issuer, &e.Purpose, &e.Bits, &e.Entries)
		e.List, e.Organisation = id.String(), idText(organisation)
		return e, err
	}, query+where+` ORDER BY l.id`, args...)
	for _, e := range lines {
		if !t.new[e.List] {
			t.new[e.List] = true
			t.lines = append(t.lines, e)
		}
	}
	return err
}

func (t *teller) erasures(ctx context.Context, where string, args ...any) error {
	lines, err := sqldb.Collect(ctx, t.tx, func(r *sql.Rows) (Entry, error) {
		e := Entry{Kind: erasure}
		var id publicid.ID
		var organisation []byte
		var awards string
		if err := r.Scan(&id, &organisation, &e.Hash, &awards, &e.Keep, &e.At); err != nil {
			return e, err
		}
		e.Erasure, e.Organisation = id.String(), idText(organisation)
		return e, json.Unmarshal([]byte(awards), &e.Awards)
	}, `SELECT e.public_id, o.public_id, e.address_hash, e.awards, e.keep_documents, e.at
		FROM erasure e LEFT JOIN organisation o ON o.id = e.organisation_id`+where+` ORDER BY e.id`, args...)
	t.lines = append(t.lines, lines...)
	return err
}

// snapshot begins a file with everything that holds now.
func (j *Journal) snapshot(ctx context.Context, g Generation) error {
	var lines []Entry
	var cursor int64
	err := j.DB.Write(ctx, func(tx *sqldb.Tx) error {
		if err := tx.AwaitInserts(ctx, "event"); err != nil {
			return err
		}
		t := teller{tx: tx, known: map[string]bool{}, new: map[string]bool{}}
		if err := t.all(ctx); err != nil {
			return err
		}
		lines = t.lines
		return tx.QueryRow(ctx, `SELECT coalesce(max(id), 0) FROM event`).Scan(&cursor)
	})
	if err != nil {
		return err
	}
	now := j.Now().UnixMilli()
	lines = append([]Entry{{Kind: begin, At: now, Generation: g.ID, Salt: g.Salt}}, lines...)
	if err := j.append(append(lines, Entry{Kind: through, At: now, Event: cursor})); err != nil {
		return err
	}
	j.cursor, j.written = cursor, cursor
	return nil
}

func (t *teller) all(ctx context.Context) error {
	for _, step := range []func() error{
		func() error { return t.list(ctx, OfAwards, "") },
		func() error { return t.list(ctx, OfAttestations, "") },
		func() error {
			return t.statuses(ctx, awardStatus+` WHERE a.revocation_list > 0 AND (a.revoked_at > 0 OR a.suspended_at > 0)`, 0, OfAwards)
		},
		func() error { return t.statuses(ctx, awardKept, 0, OfAwards) },
		func() error { return t.statuses(ctx, attestationStatus+` WHERE s.value > 0`, 0, OfAttestations) },
		func() error { return t.statuses(ctx, attestationKept, 0, OfAttestations) },
		func() error { return t.erasures(ctx, "") },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	backups, err := sqldb.Collect(ctx, t.tx, func(r *sql.Rows) (e Entry, err error) {
		var data string
		var b begun
		if err := r.Scan(&data, &e.At); err != nil {
			return e, err
		}
		err = json.Unmarshal([]byte(data), &b)
		e.Kind, e.Backup = backup, b.Backup
		return e, err
	}, `SELECT data, at FROM event WHERE kind = $1 ORDER BY id`, EventBackup)
	t.lines = append(t.lines, backups...)
	return err
}

// idText returns a public id that may be missing.
func idText(b []byte) string {
	if len(b) != len(publicid.ID{}) {
		return ""
	}
	return publicid.ID(b).String()
}
