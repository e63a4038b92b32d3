package jobs

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/roundel/roundel/internal/sqldb"
)

// claimed is a job that this node may do until its lease ends. The lease's end
// is also the proof of holding it: whoever takes over writes another one.
type claimed struct {
	id        int64
	kind, key string
	payload   json.RawMessage
	attempts  int64
	until     int64 // lease, milliseconds; written by the keeper only, read after it has ended
}

// claim leases up to limit jobs that are due, longest due first. A job whose
// lease ran out counts as failed once: its node died, perhaps of it.
func (r *Runner) claim(ctx context.Context, limit int) (jobs []*claimed, err error) {
	now := r.Now()
	err = r.DB.Write(ctx, func(tx *sqldb.Tx) error {
		jobs, err = sqldb.Collect(ctx, tx, scanClaimed, `UPDATE job
			SET leased_until = $2, attempts = attempts + CASE WHEN leased_until > 0 THEN 1 ELSE 0 END
			WHERE parked_at = 0 AND leased_until <= $1 AND id IN (SELECT id FROM job
				WHERE parked_at = 0 AND run_at <= $1 AND leased_until <= $1 AND kind <> $4
				ORDER BY run_at, id LIMIT $3)
			RETURNING id, kind, key, payload, attempts, leased_until`,
			sqldb.Millis(now), sqldb.Millis(now.Add(r.lease())), limit, consumerKind)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("claim jobs: %w", err)
	}
	return jobs, nil
}

// due reports whether claim would find something, without writing.
func (r *Runner) due(ctx context.Context) (found bool, err error) {
	err = r.DB.Read(ctx, func(tx *sqldb.Tx) error {
		return tx.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM job
			WHERE parked_at = 0 AND run_at <= $1 AND leased_until <= $1 AND kind <> $2)`,
			sqldb.Millis(r.Now()), consumerKind).Scan(&found)
	})
	return found, err
}

func scanClaimed(rows *sql.Rows) (*claimed, error) {
	var c claimed
	var payload string
	err := rows.Scan(&c.id, &c.kind, &c.key, &payload, &c.attempts, &c.until)
	c.payload = json.RawMessage(payload)
	return &c, err
}

// keep renews c's lease in the background until stop is called, and cancels
// the context it returns when the lease was lost. stop waits for the end of
// the renewing.
func (r *Runner) keep(ctx context.Context, c *claimed) (held context.Context, stop func()) {
	held, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() { // ends with held, which stop cancels
		defer close(ended)
		defer r.recovered("renewing a lease")
		tick := time.NewTicker(r.lease() / 3)
		defer tick.Stop()
		for {
			select {
			case <-held.Done():
				return
			case <-tick.C:
			}
			if err := r.renew(held, c); err != nil && held.Err() == nil {
				r.log().Warn("job lease lost", "job", c.id, "kind", c.kind, "err", err)
				cancel()
				return
			}
		}
	}()
	return held, func() {
		cancel()
		<-ended
	}
}

// renew extends c's lease from now.
func (r *Runner) renew(ctx context.Context, c *claimed) error {
	until := sqldb.Millis(r.Now().Add(r.lease()))
	err := r.DB.Write(ctx, func(tx *sqldb.Tx) error {
		return r.held(tx.Exec(ctx, `UPDATE job SET leased_until = $3 WHERE id = $1 AND leased_until = $2`, c.id, c.until, until))
	})
	if err == nil {
		c.until = until
	}
	return err
}

// held turns the outcome of a statement guarded by the lease into an error
// when the lease is no longer ours.
func (r *Runner) held(rows int64, err error) error {
	if err == nil && rows == 0 {
		return errLeaseLost
	}
	return err
}

// finish removes c, or puts it back when it was asked for again meanwhile.
func (r *Runner) finish(ctx context.Context, c *claimed) error {
	return r.DB.Write(ctx, func(tx *sqldb.Tx) error {
		n, err := tx.Exec(ctx, `DELETE FROM job WHERE id = $1 AND leased_until = $2 AND again_at = 0`, c.id, c.until)
		if err != nil || n == 1 {
			return err
		}
		tx.Signal(Topic)
		return r.held(tx.Exec(ctx, `UPDATE job SET leased_until = 0, attempts = 0, last_error = '', run_at = again_at, again_at = 0
			WHERE id = $1 AND leased_until = $2`, c.id, c.until))
	})
}

// failed records why c was not done, and when it is tried again or that it is
// parked. An event consumer is never parked: those behind it would wait for ever.
func (r *Runner) failed(ctx context.Context, c *claimed, cause error) error {
	now := r.Now()
	parked := int64(0)
	if c.kind != consumerKind && (isPermanent(cause) || c.attempts+1 >= r.maxAttempts()) {
		parked = sqldb.Millis(now)
	}
	wait := backoff(c.attempts + 1)
	if c.kind == consumerKind {
		wait = min(wait, time.Minute)
	}
	return r.DB.Write(ctx, func(tx *sqldb.Tx) error {
		return r.held(tx.Exec(ctx, `UPDATE job SET leased_until = 0, attempts = $3, run_at = $4, parked_at = $5, last_error = $6, again_at = 0
			WHERE id = $1 AND leased_until = $2`,
			c.id, c.until, c.attempts+1, sqldb.Millis(now.Add(wait)), parked, reason(cause)))
	})
}

// release gives c back: as it was, because this node stops, or with no
// failures, because a consumer has caught up.
func (r *Runner) release(ctx context.Context, c *claimed) error {
	return r.DB.Write(ctx, func(tx *sqldb.Tx) error {
		return r.held(tx.Exec(ctx, `UPDATE job SET leased_until = 0, attempts = $3,
				last_error = CASE WHEN $4 THEN '' ELSE last_error END
			WHERE id = $1 AND leased_until = $2`, c.id, c.until, c.attempts, c.attempts == 0))
	})
}

// adopt frees the leases of an earlier process on SQLite, whose file belongs
// to one process: whatever is leased at the start was being done when it died.
// It does not count as a failure, so that restarts never park good work.
func (r *Runner) adopt(ctx context.Context) error {
	if r.DB.Dialect() != sqldb.SQLite {
		return nil
	}
	return r.DB.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE job SET leased_until = 0 WHERE leased_until > 0`)
		return err
	})
}
