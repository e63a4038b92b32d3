package jobs

import (
	"context"
	"errors"
	"time"

	"github.com/roundel/roundel/internal/sqldb"
)

// Unfinished reports whether a job with this kind and key is waiting or being
// done, and since when. A parked job is neither.
func Unfinished(ctx context.Context, tx *sqldb.Tx, kind, key string) (since time.Time, found bool, err error) {
	var created int64
	err = tx.QueryRow(ctx, `SELECT created_at FROM job WHERE kind = $1 AND key = $2 AND parked_at = 0`, kind, key).Scan(&created)
	if errors.Is(err, sqldb.ErrNoRows) {
		return since, false, nil
	}
	return sqldb.Time(created), err == nil, err
}
