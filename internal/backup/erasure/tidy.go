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
// every day, and at once while there is more than it does in one go: others wait
// to write meanwhile.
const (
	tidy       = "erasure.tidy"
	tidyEvery  = 24 * time.Hour
	tidyAtOnce = 1000
)

// retryLife is how long a request with an Idempotency-Key can be sent again.
const retryLife = 30 * 24 * time.Hour

// KeepTidy forgets what has served its purpose, now and then every day.
func (s *Service) KeepTidy(ctx context.Context) error { return s.runTidy(ctx, nil) }

func (s *Service) runTidy(ctx context.Context, _ json.RawMessage) error {
	now := s.Now()
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		next := now.Add(tidyEvery)
		if s.KeepMails > 0 {
			n, err := outbox.ForgetSent(ctx, tx, sqldb.Millis(now.Add(-s.KeepMails)), tidyAtOnce)
			if err != nil {
				return err
			}
			if n == tidyAtOnce {
				next = now
			}
		}
		n, err := issuing.ForgetRetries(ctx, tx, now.Add(-retryLife), tidyAtOnce)
		if err != nil {
			return err
		}
		if n == tidyAtOnce {
			next = now
		}
		return jobs.Enqueue(ctx, tx, jobs.Job{Kind: tidy, Key: "all", Payload: struct{}{}, RunAt: next})
	})
}
