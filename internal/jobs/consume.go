package jobs

import (
	"context"
	"errors"
	"fmt"

	"github.com/roundel/roundel/internal/audit"
	"github.com/roundel/roundel/internal/event"
	"github.com/roundel/roundel/internal/observe"
	"github.com/roundel/roundel/internal/sqldb"
)

// consumerKind is the kind of the job row that holds a consumer's lease and
// failures; its key is the consumer's name. That row is never finished.
const consumerKind = "event consumer"

// consumerBatch is how many events a consumer gets at once, at most.
const consumerBatch = 200

var errLeaseLost = errors.New("another node took the work over")

// consumer follows the event table from where it stopped last.
type consumer struct {
	name string
	fn   func(context.Context, []event.Event) error
}

// Consume registers fn to receive every event, from the first one ever, in
// order and by one node at a time. After an error, and perhaps after a crash,
// fn receives the same events again, so what it does must be idempotent. The
// name identifies the consumer's place for good. Call it before Start.
func (r *Runner) Consume(name string, fn func(context.Context, []event.Event) error) {
	r.consumers = append(r.consumers, consumer{name, fn})
}

// prepare makes the consumers' rows.
func (r *Runner) prepare(ctx context.Context) error {
	if len(r.consumers) == 0 {
		return nil
	}
	return r.DB.Write(ctx, func(tx *sqldb.Tx) error {
		for _, c := range r.consumers {
			if _, err := tx.Exec(ctx, `INSERT INTO consumer_cursor (name, cursor) VALUES ($1, 0) ON CONFLICT (name) DO NOTHING`, c.name); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `INSERT INTO job (kind, key, payload, run_at, created_at) VALUES ($1, $2, '', 1, $3)
				ON CONFLICT (kind, key) WHERE key <> '' DO NOTHING`, consumerKind, c.name, sqldb.Millis(r.Now())); err != nil {
				return err
			}
		}
		return nil
	})
}

// behind reports whether c has events to read and may be started here and now.
func (r *Runner) behind(ctx context.Context, c consumer) (yes bool, err error) {
	err = r.DB.Read(ctx, func(tx *sqldb.Tx) error {
		return tx.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM event, consumer_cursor c
				WHERE c.name = $1 AND event.id > c.cursor)
			AND EXISTS (SELECT 1 FROM job WHERE kind = $2 AND key = $1 AND run_at <= $3 AND leased_until <= $3)`,
			c.name, consumerKind, sqldb.Millis(r.Now())).Scan(&yes)
	})
	return yes, err
}

// consume leases c and feeds it until it has seen every event. It reports
// whether this node got the lease.
func (r *Runner) consume(ctx context.Context, c consumer) (ran bool, err error) {
	now := r.Now()
	var leased []*claimed
	err = r.DB.Write(ctx, func(tx *sqldb.Tx) error {
		leased, err = sqldb.Collect(ctx, tx, scanClaimed, `UPDATE job SET leased_until = $4
			WHERE kind = $1 AND key = $2 AND run_at <= $3 AND leased_until <= $3
			RETURNING id, kind, key, payload, attempts, leased_until`,
			consumerKind, c.name, sqldb.Millis(now), sqldb.Millis(now.Add(r.lease())))
		return err
	})
	if err != nil || len(leased) == 0 {
		return false, err
	}
	job := leased[0]
	held, stop := r.keep(ctx, job)
	held, end := observe.StartRoot(audit.With(held, audit.Origin{Service: "job"}), r.Traces, "events for "+c.name)
	cause := r.guard(func() error { return r.feed(held, c, job) })
	end(cause)
	stop()
	return true, r.settle(ctx, job, cause)
}

// feed gives c batch after batch and moves its cursor behind each. It ends with
// a batch that is not full: events that came meanwhile are taken up by the next
// pass, more of them together.
func (r *Runner) feed(ctx context.Context, c consumer, job *claimed) error {
	for {
		var cursor int64
		err := r.DB.Read(ctx, func(tx *sqldb.Tx) error {
			return tx.QueryRow(ctx, `SELECT cursor FROM consumer_cursor WHERE name = $1`, c.name).Scan(&cursor)
		})
		if err != nil {
			return fmt.Errorf("read cursor: %w", err)
		}
		events, err := event.Next(ctx, r.DB, cursor, consumerBatch)
		if err != nil || len(events) == 0 {
			return err
		}
		if err := c.fn(ctx, events); err != nil {
			return fmt.Errorf("events %d to %d: %w", events[0].ID, events[len(events)-1].ID, err)
		}
		err = r.DB.Write(ctx, func(tx *sqldb.Tx) error {
			return r.held(tx.Exec(ctx, `UPDATE consumer_cursor SET cursor = $3 WHERE name = $1 AND cursor = $2`,
				c.name, cursor, events[len(events)-1].ID))
		})
		if err != nil {
			return fmt.Errorf("move cursor: %w", err)
		}
		if len(events) < consumerBatch {
			return nil
		}
	}
}
