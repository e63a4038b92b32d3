package erasure

import (
	"context"
	"encoding/json"
	"time"

	"github.com/roundel/roundel/internal/issuing"
	"github.com/roundel/roundel/internal/jobs"
	"github.com/roundel/roundel/internal/outbox"
	"github.com/roundel/roundel/internal/sqldb"
)

// tidy is the job that forgets what has served its purpose; it comes again
// every day.
const (
	tidy      = "erasure.tidy"
	tidyEvery = 24 * time.Hour
)

// retryLife is how long a request with an Idempotency-Key can be sent again.
const retryLife = 30 * 24 * time.Hour

// KeepTidy forgets what has served its purpose, now and then every day.
func (s *Service) KeepTidy(ctx context.Context) error { return s.runTidy(ctx, nil) }

func (s *Service) runTidy(ctx context.Context, _ json.RawMessage) error {
	now := s.Now()
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		if s.KeepMails > 0 {
			if _, err := outbox.ForgetSent(ctx, tx, sqldb.Millis(now.Add(-s.KeepMails))); err != nil {
				return err
			}
		}
		if err := issuing.ForgetRetries(ctx, tx, now.Add(-retryLife)); err != nil {
			return err
		}
		return jobs.Enqueue(ctx, tx, jobs.Job{Kind: tidy, Key: "all", Payload: struct{}{}, RunAt: now.Add(tidyEvery)})
	})
}
