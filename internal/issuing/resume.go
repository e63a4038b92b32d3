package issuing

import (
	"context"
	"encoding/json"
	"time"

	"github.com/roundel/roundel/internal/jobs"
	"github.com/roundel/roundel/internal/sqldb"
)

// JobResume is the kind of job that finishes interrupted awards.
const JobResume = "issuing.resume"

// resumeEvery is how often interrupted awards are looked for. A node that dies
// is found by the others; a request that was broken off waits no longer.
const resumeEvery = time.Minute

// KeepResuming finishes interrupted awards now and has it done again and again.
func (s *Service) KeepResuming(ctx context.Context) error {
	return s.runResume(ctx, nil)
}

// uploadLife is longer than storing any file takes.
const uploadLife = time.Hour

func (s *Service) runResume(ctx context.Context, _ json.RawMessage) error {
	if err := s.Resume(ctx); err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		// Files whose upload broke off: nobody can reach them, and they hold addresses.
		old := sqldb.Millis(s.Now().Add(-uploadLife))
		for _, q := range []string{
			`DELETE FROM award_batch_row WHERE batch_id IN (SELECT id FROM award_batch WHERE state = 'reading' AND created_at < $1)`,
			`DELETE FROM award_batch WHERE state = 'reading' AND created_at < $1`,
		} {
			if _, err := tx.Exec(ctx, q, old); err != nil {
				return err
			}
		}
		return jobs.Enqueue(ctx, tx, jobs.Job{Kind: JobResume, Key: "all", Payload: struct{}{}, RunAt: s.Now().Add(resumeEvery)})
	})
}
