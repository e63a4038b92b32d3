package jobs

import (
	"context"
	"time"

	"github.com/roundel/roundel/internal/sqldb"
)

// Backlog returns how many jobs are due or under way, how many were given up,
// and how long the oldest that is due has been waiting.
func Backlog(ctx context.Context, db *sqldb.DB, now time.Time) (waiting, parked int64, oldest time.Duration, err error) {
	var first int64
	err = db.Read(ctx, func(tx *sqldb.Tx) error {
		return tx.QueryRow(ctx, `SELECT count(*) FILTER (WHERE parked_at = 0 AND (run_at <= $1 OR leased_until > 0)),
				count(*) FILTER (WHERE parked_at > 0),
				coalesce(min(CASE WHEN run_at > 1 THEN run_at ELSE created_at END) FILTER (WHERE parked_at = 0 AND run_at <= $1), 0)
			FROM job WHERE kind <> $2`, sqldb.Millis(now), consumerKind).Scan(&waiting, &parked, &first)
	})
	if first > 0 {
		oldest = max(0, now.Sub(sqldb.Time(first)))
	}
	return waiting, parked, oldest, err
}
