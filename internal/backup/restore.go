package backup

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/roundel/roundel/internal/attest"
	"github.com/roundel/roundel/internal/audit"
	"github.com/roundel/roundel/internal/backup/erasure"
	"github.com/roundel/roundel/internal/backup/journal"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/issuing"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
)

// Since is what is known of the time after the backup was made.
type Since struct {
	// Record is what the journal says; nil when it is lost.
	Record *journal.Record
	// Published are status lists that were fetched or kept: see Published.
	Published []PublishedList
	// What the operator vouches for where nothing is known; it is recorded.
	NoErasures, NoStatusChanges bool
}

// Check returns an Invalid fault that says what is missing to restore safely.
func (s *Since) Check() error {
	if s.Record == nil && !s.NoErasures {
		return fault.Invalidf("Without the journal, people who were erased after this backup would come back. Give its folder or files with --journal. Only if it is lost, and you know that nobody was erased since: --no-erasures-since-backup, which is recorded. Nothing was changed.")
	}
	if s.Record == nil && len(s.Published) == 0 && !s.NoStatusChanges {
		return fault.Invalidf("Without the journal, badges that were withdrawn after this backup would be valid again. Give its folder or files with --journal, or the status lists as they were published with --status-lists. Only if both are lost, and you know that nothing was withdrawn or paused since: --no-status-changes-since-backup, which is recorded. Nothing was changed.")
	}
	return nil
}

// Outcome is what Finish has done.
type Outcome struct {
	Erased   int // erasures repeated
	Statuses int // places whose status was brought up to date
	Lists    int // status lists that came after the backup
	Missing  int // entries about organisations that are not in the backup
}

// Finish makes a loaded database ready to serve: nobody who was erased is in
// it, what was withdrawn stays so, and no place of a status list is given out
// twice, because all old lists are closed. All of it is one transaction.
func Finish(ctx context.Context, db *sqldb.DB, h *Header, s Since, now time.Time) (out Outcome, err error) {
	if err := s.Check(); err != nil {
		return out, err
	}
	ctx = audit.With(sqldb.ForInstallation(ctx), audit.Origin{Service: "cli"})
	err = db.Write(ctx, func(tx *sqldb.Tx) error {
		out = Outcome{}
		at := sqldb.Millis(now)
		if err := errors.Join(issuing.CloseLists(ctx, tx, at), attest.CloseLists(ctx, tx, at)); err != nil {
			return err
		}
		var salt []byte
		if s.Record != nil {
			if salt, err = sameSalt(ctx, tx, s.Record.Salt); err != nil {
				return err
			}
			if err := out.replay(ctx, tx, s.Record, now); err != nil {
				return err
			}
		}
		for _, l := range s.Published {
			if err := out.published(ctx, tx, l, at); err != nil {
				return err
			}
		}
		if err := journal.Renew(ctx, tx, salt, now); err != nil {
			return err
		}
		if err := audit.Record(ctx, tx, audit.Entry{Action: "installation.restored", Data: map[string]string{
			"backup": h.ID, "made_at": h.MadeAt.UTC().Format(time.RFC3339), "erasures": strconv.Itoa(out.Erased), "statuses": strconv.Itoa(out.Statuses),
			"no_erasures_said": strconv.FormatBool(s.Record == nil && s.NoErasures), "no_status_changes_said": strconv.FormatBool(s.Record == nil && len(s.Published) == 0),
		}}); err != nil {
			return err
		}
		return unmark(ctx, tx)
	})
	if err != nil {
		return out, err
	}
	if err := (&erasure.Service{DB: db}).Scrub(ctx); err != nil {
		return out, fmt.Errorf("remove what deleted rows leave behind: %w", err)
	}
	return out, nil
}

// sameSalt makes sure that the journal is this installation's.
func sameSalt(ctx context.Context, tx *sqldb.Tx, ours []byte) ([]byte, error) {
	var stored []byte
	err := tx.QueryRow(ctx, `SELECT salt FROM journal WHERE id = 1`).Scan(&stored)
	if errors.Is(err, sqldb.ErrNoRows) { // it was begun after the backup
		return ours, nil
	}
	if err == nil && !bytes.Equal(stored, ours) {
		err = fault.Invalidf("The journal belongs to another installation than the backup.")
	}
	return ours, err
}

// replay brings lists, statuses and erasures up to what the journal says.
func (o *Outcome) replay(ctx context.Context, tx *sqldb.Tx, r *journal.Record, now time.Time) error {
	organisations, err := organisationKeys(ctx, tx)
	if err != nil {
		return err
	}
	find := func(id publicid.ID) (int64, bool) { key, ok := organisations[id]; return key, ok }
	lost := map[publicid.ID]bool{}
	for _, l := range r.Lists {
		key, known := find(l.Organisation)
		if !known && !l.Organisation.IsZero() || l.Owner == journal.OfAwards && !known {
			lost[l.ID] = true
			o.Missing++
			continue
		}
		made, err := keepList(ctx, tx, l, key, sqldb.Millis(now))
		if err != nil {
			return err
		}
		if made {
			o.Lists++
		}
	}
	for _, s := range r.Statuses {
		if lost[s.List] {
			continue
		}
		changed, err := keepStatus(ctx, tx, s)
		if err != nil {
			return err
		}
		if changed {
			o.Statuses++
		}
	}
	o.Erased, err = erasure.Replay(ctx, tx, r.Salt, r.Erasures, find, now)
	return err
}

func keepList(ctx context.Context, tx *sqldb.Tx, l journal.List, organisation, at int64) (made bool, err error) {
	table := "status_list"
	if l.Owner == journal.OfAttestations {
		table = "attestation_list"
	}
	count := func() (n int64, err error) {
		return n, tx.QueryRow(ctx, "SELECT count(*) FROM "+table+" WHERE public_id = $1", l.ID).Scan(&n)
	}
	before, err := count()
	if err != nil || before > 0 {
		return false, err
	}
	if l.Owner == journal.OfAttestations {
		err = attest.KeepList(ctx, tx, l.ID, organisation, l.Issuer, l.Purpose, l.Bits, l.Entries, at)
	} else {
		err = issuing.KeepList(ctx, tx, l.ID, organisation, l.Issuer, l.Purpose, l.Entries, at)
	}
	if err != nil {
		return false, err
	}
	after, err := count()
	return after > 0, err
}

func keepStatus(ctx context.Context, tx *sqldb.Tx, s journal.Status) (bool, error) {
	if s.Owner == journal.OfAttestations {
		return attest.KeepStatus(ctx, tx, s.List, s.Position, s.Value, s.At)
	}
	return issuing.KeepStatus(ctx, tx, s.List, s.Position, s.Value == 1, s.At)
}

func organisationKeys(ctx context.Context, tx *sqldb.Tx) (map[publicid.ID]int64, error) {
	all := map[publicid.ID]int64{}
	_, err := sqldb.Collect(ctx, tx, func(r *sql.Rows) (struct{}, error) {
		var id publicid.ID
		var key int64
		err := r.Scan(&id, &key)
		all[id] = key
		return struct{}{}, err
	}, `SELECT public_id, id FROM organisation`)
	return all, err
}
