// Package jobs does work later: it is queued in the transaction that needs it,
// done at least once, tried again when it fails, and parked where people can
// see it when it keeps failing.
//
// Jobs lie in a table that every node reads. A job belongs to the node that
// holds its lease; a node that dies lets its leases run out. Clocks of nodes
// may differ by less than a lease.
package jobs

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/sqldb"
)

// Topic is signalled on the database after each commit that queued a job.
const Topic = "jobs"

// Job is work for a handler.
type Job struct {
	Kind    string    // which handler
	Key     string    // when not empty, at most one unfinished job of this kind has it
	Payload any       // for the handler, stored as JSON
	RunAt   time.Time // not before; the zero Time means at once
}

// Enqueue adds j to the caller's transaction.
//
// When an unfinished job has the same kind and key, that one takes over the
// payload and the earlier of both times; if it is being done right now, it
// will be done once more; if it was parked, it starts afresh.
func Enqueue(ctx context.Context, tx *sqldb.Tx, j Job) error {
	payload, err := json.Marshal(j.Payload)
	if err != nil {
		return fmt.Errorf("queue %s: payload: %w", j.Kind, err)
	}
	at := max(1, sqldb.Millis(j.RunAt)) // 0 in again_at means "not asked for"
	_, err = tx.Exec(ctx, `INSERT INTO job (kind, key, payload, run_at, created_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (kind, key) WHERE key <> '' DO UPDATE SET
			payload   = excluded.payload,
			attempts  = CASE WHEN job.parked_at > 0 THEN 0 ELSE job.attempts END,
			parked_at = 0,
			again_at  = CASE WHEN job.leased_until = 0 THEN 0
				WHEN job.again_at = 0 OR job.again_at > excluded.run_at THEN excluded.run_at
				ELSE job.again_at END,
			run_at    = CASE WHEN job.leased_until = 0 AND (job.parked_at > 0 OR job.run_at > excluded.run_at)
				THEN excluded.run_at ELSE job.run_at END`,
		j.Kind, j.Key, string(payload), at, sqldb.Millis(time.Now()))
	if err != nil {
		return fmt.Errorf("queue %s: %w", j.Kind, err)
	}
	tx.Signal(Topic)
	return nil
}

// Status is the state of a job that does not get done.
type Status struct {
	ID        int64
	Kind, Key string
	Attempts  int64     // how often it failed
	LastError string    // the last reason, for the operator
	ParkedAt  time.Time // zero for an event consumer, which is tried for ever
	RunAt     time.Time // next try of an event consumer
}

// stuckConsumer is how often in a row an event consumer fails before Parked
// shows it.
const stuckConsumer = 5

// Parked returns the jobs that were given up, and the event consumers that
// keep failing, oldest first.
func Parked(ctx context.Context, db *sqldb.DB) (all []Status, err error) {
	err = db.Read(ctx, func(tx *sqldb.Tx) error {
		all, err = sqldb.Collect(ctx, tx, func(r *sql.Rows) (s Status, err error) {
			var parked, run int64
			err = r.Scan(&s.ID, &s.Kind, &s.Key, &s.Attempts, &s.LastError, &parked, &run)
			s.ParkedAt, s.RunAt = sqldb.Time(parked), sqldb.Time(run)
			return s, err
		}, `SELECT id, kind, key, attempts, last_error, parked_at, run_at FROM job
			WHERE parked_at > 0 OR (kind = $1 AND attempts >= $2) ORDER BY id`, consumerKind, stuckConsumer)
		return err
	})
	return all, err
}

// Retry gives a parked job a fresh start. It returns fault.NotFound when no
// parked job has this id.
func Retry(ctx context.Context, db *sqldb.DB, id int64) error {
	return db.Write(ctx, func(tx *sqldb.Tx) error {
		n, err := tx.Exec(ctx, `UPDATE job SET parked_at = 0, attempts = 0, run_at = 1 WHERE id = $1 AND parked_at > 0`, id)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.NotFoundf("There is no parked job with the number %d.", id)
		}
		tx.Signal(Topic)
		return nil
	})
}

// permanent marks an error that trying again cannot mend.
type permanent struct{ error }

func (p permanent) Unwrap() error { return p.error }

// Permanent returns err marked so that the job is parked at once.
func Permanent(err error) error { return permanent{err} }

func isPermanent(err error) bool {
	var p permanent
	return errors.As(err, &p)
}

// reason returns err's text as the database can hold it.
func reason(err error) string {
	s := strings.ToValidUTF8(strings.ReplaceAll(err.Error(), "\x00", ""), "\uFFFD")
	if len(s) > 1000 {
		s = strings.ToValidUTF8(s[:1000], "") + "…"
	}
	return s
}

// backoff is the wait before try number failures+1: 1 s, 2 s, 4 s … 1 h.
func backoff(failures int64) time.Duration {
	return min(time.Hour, time.Second<<min(max(failures-1, 0), 12))
}
