package claim

import (
	"context"

	"github.com/roundel/roundel/internal/sqldb"
)

// Erase ends every claim link of awards, in the caller's transaction.
func Erase(ctx context.Context, tx *sqldb.Tx, awards []int64) error {
	for _, id := range awards {
		if _, err := tx.Exec(ctx, `DELETE FROM claim_secret WHERE award_id = $1`, id); err != nil {
			return err
		}
	}
	return nil
}
