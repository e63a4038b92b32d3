package sqldb_test

import (
	"sync"
	"testing"

	"github.com/roundel/roundel/internal/dbtest"
	"github.com/roundel/roundel/internal/sqldb"
)

// TestManyWantOneRow: nobody is turned away, and nothing is lost.
func TestManyWantOneRow(t *testing.T) {
	for name, alone := range map[string]bool{"in each other's way": false, "in a queue": true} {
		t.Run(name, func(t *testing.T) {
			dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
				ctx := t.Context()
				var wg sync.WaitGroup
				for range 32 {
					wg.Go(func() {
						for range 4 {
							if err := db.Write(ctx, func(tx *sqldb.Tx) error {
								if alone {
									if err := tx.Alone(ctx, "award_number"); err != nil {
										return err
									}
								}
								var n int64
								if err := tx.QueryRow(ctx, `SELECT next FROM award_number WHERE id = 1`).Scan(&n); err != nil {
									return err
								}
								_, err := tx.Exec(ctx, `UPDATE award_number SET next = $1 WHERE id = 1`, n+1)
								return err
							}); err != nil {
								t.Error(err)
							}
						}
					})
				}
				wg.Wait()
				var n int64
				if err := db.Read(ctx, func(tx *sqldb.Tx) error {
					return tx.QueryRow(ctx, `SELECT next FROM award_number WHERE id = 1`).Scan(&n)
				}); err != nil || n != 1+32*4 {
					t.Errorf("counted to %d, %v", n, err)
				}
			})
		})
	}
}
