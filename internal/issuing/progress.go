package issuing

import (
	"context"
	"database/sql"

	"github.com/roundel/roundel/internal/jobs"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
)

// LiveProgress says how far the work that GoLive has started is.
type LiveProgress struct {
	Running     bool
	Done, Total int64 // trials
}

// GoingLive returns how far awarding the organisation's trials for real is.
// Only while that is under way are there numbers.
func (s *Service) GoingLive(ctx context.Context, o *org.Organisation) (p LiveProgress, err error) {
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		since, found, err := jobs.Unfinished(ctx, tx, JobGoLive, o.PublicID.String())
		if err != nil || !found {
			return err
		}
		p.Running = true
		var left int64
		err = tx.QueryRow(ctx, `SELECT
				(SELECT count(*) FROM award a JOIN award n ON n.id = a.replaced_by
					WHERE a.organisation_id = $1 AND a.trial AND NOT n.trial AND n.issued_at >= $2),
				(SELECT count(*) FROM award WHERE organisation_id = $1 AND trial AND replaced_by = 0 AND revoked_at = 0 AND erased_at = 0 AND issued_at > 0)
					+ (SELECT count(*) FROM award a JOIN award n ON n.id = a.replaced_by
					WHERE a.organisation_id = $1 AND a.trial AND NOT n.trial AND n.issued_at = 0)`,
			o.ID, sqldb.Millis(since)).Scan(&p.Done, &left)
		p.Total = p.Done + left
		return err
	})
	return p, err
}

// RunningBatches lists the organisation's spreadsheets that are being awarded,
// for badges within reach, newest first.
func (s *Service) RunningBatches(ctx context.Context, organisationID int64, reach org.Reach) (list []*Batch, err error) {
	args := []any{organisationID}
	where := within(reach, "v.badge_id", &args)
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		list, err = sqldb.Collect(ctx, tx, func(r *sql.Rows) (*Batch, error) { return scanBatch(r) },
			`SELECT `+batchColumns+batchCounts+batchFrom+`WHERE b.organisation_id = $1 AND b.state = 'running'`+where+` ORDER BY b.id DESC LIMIT 10`, args...)
		return err
	})
	return list, err
}

// Stuck is work of an organisation that was given up after many failures.
type Stuck struct {
	jobs.Status
	Batch *Batch // for a spreadsheet
}

// StuckJobs lists the organisation's work that was given up, and what the
// whole installation shares. The work of other organisations is not shown.
func (s *Service) StuckJobs(ctx context.Context, o *org.Organisation) ([]Stuck, error) {
	parked, err := jobs.Parked(ctx, s.DB)
	if err != nil {
		return nil, err
	}
	var list []Stuck
	for _, j := range parked {
		one := Stuck{Status: j}
		switch j.Kind {
		case JobGoLive:
			if j.Key != o.PublicID.String() {
				continue
			}
		case JobBatch:
			id, err := publicid.Parse(j.Key)
			if err != nil {
				continue // no spreadsheet of anybody
			}
			if one.Batch, err = s.Batch(ctx, o.ID, id); err != nil {
				continue // another organisation's
			}
		}
		list = append(list, one)
	}
	return list, nil
}

// RetryJob gives stuck work of the organisation a fresh start.
func (s *Service) RetryJob(ctx context.Context, o *org.Organisation, id int64) error {
	list, err := s.StuckJobs(ctx, o)
	if err != nil {
		return err
	}
	for _, j := range list {
		if j.ID == id && !j.ParkedAt.IsZero() {
			return jobs.Retry(ctx, s.DB, id)
		}
	}
	return nil // it is no longer stuck: what was asked for has happened
}
