package issuing

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/roundel/roundel/internal/audit"
	"github.com/roundel/roundel/internal/badge"
	"github.com/roundel/roundel/internal/event"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/jobs"
	"github.com/roundel/roundel/internal/keys"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sheet"
	"github.com/roundel/roundel/internal/sqldb"
)

type batchJob struct {
	OrganisationID int64
	Batch          publicid.ID
}

// Handlers returns what the jobs runner calls for this package's jobs.
func (s *Service) Handlers() map[string]func(context.Context, json.RawMessage) error {
	return map[string]func(context.Context, json.RawMessage) error{
		JobBatch: func(ctx context.Context, payload json.RawMessage) error {
			var j batchJob
			if err := json.Unmarshal(payload, &j); err != nil {
				return err
			}
			return s.runBatch(ctx, j)
		},
		JobResume: s.runResume,
		JobGoLive: func(ctx context.Context, payload json.RawMessage) error {
			var g goLive
			if err := json.Unmarshal(payload, &g); err != nil {
				return err
			}
			return s.runGoLive(ctx, g)
		},
	}
}

// runBatch awards the good rows, some at a time. Killed and started again it
// goes on where it was: a row names its award in the same commit that records
// the intent, and an intent without a document is signed first.
//
// Awards that cannot be signed do not hold the others up; the job fails for
// them at the end, and is tried again.
func (s *Service) runBatch(ctx context.Context, j batchJob) error {
	var unsigned []error
	after := int64(0) // the unfinished awards up to here were tried
	for {
		var b *Batch
		var fresh []*Award
		left := true
		err := s.DB.Write(ctx, func(tx *sqldb.Tx) (err error) {
			if err := tx.Alone(ctx, "award_number"); err != nil { // as requests do
				return err
			}
			if b, err = batchHead(ctx, tx, j.OrganisationID, j.Batch); err != nil || b.State != BatchRunning {
				return err
			}
			if fresh, err = unfinishedOfBatch(ctx, tx, b.ID, after); err != nil || len(fresh) > 0 {
				return err
			}
			fresh, left, err = s.reserveRows(ctx, tx, b)
			return err
		})
		if err == nil && b.Duplicates == ReplaceDuplicates {
			err = s.journalled(ctx)
		}
		switch {
		case stopped(err):
			return s.pause(ctx, jobs.Job{Kind: JobBatch, Key: j.Batch.String(), Payload: j})
		case err != nil || b.State != BatchRunning:
			return err
		case len(fresh) > 0:
			after = fresh[len(fresh)-1].ID
			if err := s.finish(ctx, fresh); err != nil {
				if ctx.Err() != nil {
					return err
				}
				unsigned = append(unsigned, err)
			}
		case !left && len(unsigned) == 0:
			return s.endBatch(ctx, b)
		case !left:
			return errors.Join(unsigned...)
		}
	}
}

// reserveRows records the intents of the next good rows, and reports whether
// there were any: rows that cannot be awarded any more become bad ones.
func (s *Service) reserveRows(ctx context.Context, tx *sqldb.Tx, b *Batch) (fresh []*Award, left bool, err error) {
	next, err := rows(ctx, tx, b.ID, RowGood, 0, chunk)
	if err != nil || len(next) == 0 {
		return nil, false, err
	}
	if err := org.MayIssue(ctx, tx, b.OrganisationID); err != nil {
		return nil, true, err
	}
	o, err := org.ByID(ctx, tx, b.OrganisationID)
	if err != nil {
		return nil, true, err
	}
	v, err := badge.VersionByID(ctx, tx, b.VersionID)
	if err != nil {
		return nil, true, err
	}
	signable, err := s.signable(ctx, tx, o)
	if err != nil {
		return nil, true, err
	}
	awards := make([]*Award, 0, len(next))
	numbers := make([]int64, 0, len(next))
	for _, row := range next {
		r, problems := b.request(row)
		r, unfit := r.normalise(s.Now())
		a, err := s.newAward(o, v, r, b.CreatedBy)
		if err != nil {
			return nil, true, err
		}
		if a.BatchID = b.ID; unfit == nil {
			unfit = signable(v, a)
		}
		if unfit == nil && b.Duplicates == SkipDuplicates {
			// Somebody may have given it since the rows were checked.
			has, err := holds(ctx, tx, b.VersionID, recipientKey(r.Recipient.Email))
			if err != nil {
				return nil, true, err
			}
			if has {
				if err := updateRow(ctx, tx, b.ID, row.Number, RowSkipped, []Problem{b.hasItAlready()}); err != nil {
					return nil, true, err
				}
				continue
			}
		}
		if unfit != nil || len(problems) > 0 {
			// It was good when it was checked; the calendar or the settings have moved on.
			if err := updateRow(ctx, tx, b.ID, row.Number, RowBad, []Problem{{Message: "This row can no longer be awarded. " + fault.Message(unfit)}}); err != nil {
				return nil, true, err
			}
			continue
		}
		awards, numbers = append(awards, a), append(numbers, row.Number)
	}
	if err := s.reserve(ctx, tx, o, awards); err != nil {
		return nil, true, err
	}
	for i, a := range awards {
		if _, err := tx.Exec(ctx, `UPDATE award_batch_row SET state = 'awarded', award_id = $3 WHERE batch_id = $1 AND number = $2`, b.ID, numbers[i], a.ID); err != nil {
			return nil, true, err
		}
		if b.Duplicates == ReplaceDuplicates {
			if err := s.replaceEarlier(ctx, tx, a, b.CreatedBy); err != nil {
				return nil, true, err
			}
		}
	}
	return awards, true, nil
}

// replaceEarlier withdraws what the recipient had of the same badge.
func (s *Service) replaceEarlier(ctx context.Context, tx *sqldb.Tx, a *Award, by int64) error {
	earlier, err := sqldb.Collect(ctx, tx, scanAwards, `SELECT `+awardColumns+awardFrom+`
		WHERE a.organisation_id = $1 AND a.recipient_key = $2 AND a.id < $3 AND a.revoked_at = 0
			AND v.badge_id = (SELECT badge_id FROM badge_version WHERE id = $4)`,
		a.OrganisationID, recipientKey(a.Recipient.Email), a.ID, a.VersionID)
	if err != nil {
		return err
	}
	for _, old := range earlier {
		old.RevokedAt, old.Reason = s.Now(), "replaced"
		if err := updateState(ctx, tx, old); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE award SET replaced_by = $2 WHERE id = $1`, old.ID, a.ID); err != nil {
			return err
		}
		if err := event.Record(ctx, tx, event.Event{OrgID: old.OrganisationID, Kind: EventRevoked, Subject: old.ID, Actor: by}); err != nil {
			return err
		}
		if err := audit.Record(ctx, tx, audit.Entry{OrganisationID: old.OrganisationID, Action: "award.replaced", Subject: "award", SubjectID: old.ID,
			Data: map[string]string{"by_award": strconv.FormatInt(a.ID, 10), "batch": strconv.FormatInt(a.BatchID, 10), "confirmed_by": strconv.FormatInt(by, 10)}}); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) endBatch(ctx context.Context, b *Batch) error {
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		n, err := tx.Exec(ctx, `UPDATE award_batch SET state = $2, finished_at = $3 WHERE id = $1 AND state = $4`,
			b.ID, string(BatchDone), sqldb.Millis(s.Now()), string(BatchRunning))
		if err != nil || n == 0 {
			return err
		}
		// One entry for all of the batch's awards, which followed each other.
		var count, first, last int64
		if err := tx.QueryRow(ctx, `SELECT count(*), coalesce(min(id), 0), coalesce(max(id), 0) FROM award WHERE batch_id = $1 AND batch_id > 0`, b.ID).Scan(&count, &first, &last); err != nil {
			return err
		}
		return audit.Record(ctx, tx, audit.Entry{OrganisationID: b.OrganisationID, Action: "batch.awarded", Subject: "batch", SubjectID: b.ID, Data: map[string]string{
			"count": strconv.FormatInt(count, 10), "first": strconv.FormatInt(first, 10), "last": strconv.FormatInt(last, 10), "confirmed_by": strconv.FormatInt(b.CreatedBy, 10)}})
	})
}

// unfinishedOfBatch goes by the index of intents, of which there are few, and
// not by that of the batch, which may be long: hence the plus sign.
func unfinishedOfBatch(ctx context.Context, tx *sqldb.Tx, batchID, after int64) ([]*Award, error) {
	return sqldb.Collect(ctx, tx, scanAwards, `SELECT `+awardColumns+awardFrom+`
		WHERE a.document IS NULL AND +a.batch_id = $1 AND a.id > $3 ORDER BY a.id LIMIT $2`, batchID, chunk, after)
}

// signAll signs the awards on all processors. Those that cannot be signed stay
// without a document; the error names each.
//
// Beside it returns what the journal has to record of each, in their order.
func (s *Service) signAll(ctx context.Context, subjects map[int64]*subject, awards []*Award) ([]keys.Entry, error) {
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	failed := make([]error, len(awards))
	requests := make([]keys.Request, len(awards))
	for i, a := range awards {
		g.Go(func() error {
			if failed[i] = ctx.Err(); failed[i] == nil {
				requests[i], failed[i] = s.request(subjects[a.VersionID], a)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	var ready []keys.Request
	var at []int
	for i := range awards {
		if failed[i] == nil {
			ready, at = append(ready, requests[i]), append(at, i)
		}
	}
	journal := make([]keys.Entry, len(awards))
	if len(ready) > 0 {
		answers, err := subjects[awards[0].VersionID].pen.Sign(ctx, ready...)
		if err != nil {
			return journal, err
		}
		for n, answer := range answers {
			i := at[n]
			awards[i].Document, failed[i], journal[i] = answer.Document, answer.Err, ready[n].Entry(answer)
		}
	}
	return journal, errors.Join(failed...)
}

// WriteBadRows writes the rows that were not awarded as a spreadsheet: the
// columns as uploaded and the reason behind them.
func (s *Service) WriteBadRows(ctx context.Context, w io.Writer, b *Batch) error {
	var out [][]string
	for _, state := range []RowState{RowBad, RowSkipped} {
		for after := int64(0); ; {
			page, err := s.Rows(ctx, b, state, after, 1000)
			if err != nil {
				return err
			}
			if len(page) == 0 {
				break
			}
			for _, r := range page {
				cells := append(make([]string, 0, len(b.Header)+1), r.Cells...)
				for len(cells) < len(b.Header) {
					cells = append(cells, "")
				}
				out = append(out, append(cells[:len(b.Header)], reasons(r.Problems)))
			}
			after = page[len(page)-1].Number
		}
	}
	return sheet.WriteCSV(w, append(append([]string{}, b.Header...), "reason"), out)
}

// WriteReport writes what became of every row of a batch.
func (s *Service) WriteReport(ctx context.Context, w io.Writer, b *Batch) error {
	links := map[int64]string{}
	var before int64
	for {
		page, err := s.List(ctx, b.OrganisationID, Filter{Batch: b.ID, Before: before, Limit: 1000})
		if err != nil {
			return err
		}
		if len(page) == 0 {
			break
		}
		for _, a := range page {
			links[a.ID] = s.URL(a)
		}
		before = page[len(page)-1].ID
	}
	var out [][]string
	for after := int64(0); ; {
		page, err := s.Rows(ctx, b, "", after, 1000)
		if err != nil {
			return err
		}
		if len(page) == 0 {
			break
		}
		for _, r := range page {
			cells := append(make([]string, 0, len(b.Header)+3), r.Cells...)
			for len(cells) < len(b.Header) {
				cells = append(cells, "")
			}
			out = append(out, append(cells[:len(b.Header)], string(r.State), links[r.AwardID], reasons(r.Problems)))
		}
		after = page[len(page)-1].Number
	}
	return sheet.WriteCSV(w, append(append([]string{}, b.Header...), "state", "award", "reason"), out)
}

func reasons(problems []Problem) string {
	parts := make([]string, 0, len(problems))
	for _, p := range problems {
		if p.Column != "" {
			parts = append(parts, p.Column+": "+p.Message)
			continue
		}
		parts = append(parts, p.Message)
	}
	return strings.Join(parts, " ")
}
