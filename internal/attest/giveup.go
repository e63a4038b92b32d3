package attest

import (
	"context"
	"database/sql"
	"encoding/json"
	"math"
	"time"

	"github.com/roundel/roundel/internal/jobs"
	"github.com/roundel/roundel/internal/sqldb"
	"github.com/roundel/roundel/statuslist"
)

// JobGiveUp is the kind of job that gives up intents without a signature.
const JobGiveUp = "attest.give_up"

const (
	// patience is how long an intent may wait for its signature: longer than any
	// request lasts, and than the clocks of nodes differ.
	patience = 10 * time.Minute
	// giveUpEvery is how often interrupted intents are looked for.
	giveUpEvery = time.Minute
)

// Handlers returns the service's handlers for jobs.
func (s *Service) Handlers() map[string]func(context.Context, json.RawMessage) error {
	return map[string]func(context.Context, json.RawMessage) error{
		JobGiveUp: func(ctx context.Context, _ json.RawMessage) error { return s.keepGivingUp(ctx, s.impatient()) },
	}
}

// KeepGivingUp gives up interrupted intents now and has it done again and
// again. It is called once, before the first request.
//
// An award that was interrupted is signed at the next start, for its recipient
// waits for it. Here nobody does: who asked got no answer, and no document is
// kept that somebody could fetch. So the intent stays, as given up, and its
// places are published as revoked and suspended: no list calls a credential
// good that nobody has. A retry with the same key begins afresh.
//
// On SQLite, whose file belongs to one process, that is every intent without a
// signature; on PostgreSQL another node may be at it, so they wait.
func (s *Service) KeepGivingUp(ctx context.Context) error {
	if s.DB.Dialect() == sqldb.SQLite {
		return s.keepGivingUp(ctx, math.MaxInt64) // whatever the clock said
	}
	return s.keepGivingUp(ctx, s.impatient())
}

// impatient returns the time, in milliseconds, before which an intent must have
// been recorded to be given up.
func (s *Service) impatient() int64 { return sqldb.Millis(s.Now().Add(-patience)) }

func (s *Service) keepGivingUp(ctx context.Context, before int64) error {
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		open, err := sqldb.Collect(ctx, tx, func(rows *sql.Rows) (id int64, err error) { return id, rows.Scan(&id) },
			`SELECT id FROM attestation WHERE signed_at = 0 AND given_up_at = 0 AND created_at < $1 ORDER BY id`, before)
		if err != nil {
			return err
		}
		for _, id := range open {
			if err := s.giveUp(ctx, tx, id); err != nil {
				return err
			}
		}
		return jobs.Enqueue(ctx, tx, jobs.Job{Kind: JobGiveUp, Key: "all", Payload: struct{}{}, RunAt: s.Now().Add(giveUpEvery)})
	})
}

// giveUp makes sure that an intent without a signature never gets one, and that
// its places in status lists do not speak for it.
func (s *Service) giveUp(ctx context.Context, tx *sqldb.Tx, id int64) error {
	now := sqldb.Millis(s.Now())
	n, err := tx.Exec(ctx, `UPDATE attestation SET given_up_at = $2, document = NULL WHERE id = $1 AND signed_at = 0 AND given_up_at = 0`, id, now)
	if err != nil || n == 0 {
		return err
	}
	const places = ` FROM attestation_status e JOIN attestation_list l ON l.id = e.list_id WHERE e.attestation_id = $1 AND l.purpose IN ($2, $3)`
	if _, err := tx.Exec(ctx, `UPDATE attestation_list SET version = version + 1 WHERE id IN (SELECT l.id`+places+`)`, id, statuslist.Revocation, statuslist.Suspension); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE attestation_status SET value = 1, changed_at = $4 WHERE attestation_id = $1 AND list_id IN (SELECT l.id`+places+`)`,
		id, statuslist.Revocation, statuslist.Suspension, now)
	return err
}
