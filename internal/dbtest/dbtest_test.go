package dbtest_test

import (
	"context"
	"testing"

	"github.com/roundel/roundel/internal/dbtest"
	"github.com/roundel/roundel/internal/sqldb"
)

func TestEachDatabaseIsFreshAndMigrated(t *testing.T) {
	for range 2 {
		dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
			ctx := context.Background()
			err := db.Write(ctx, func(tx *sqldb.Tx) error {
				_, err := tx.Exec(ctx, "INSERT INTO setting (key, value) VALUES ($1, $2)", "once", "x")
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := db.Migrate(ctx); err != nil {
				t.Errorf("migrating again: %v", err)
			}
		})
	}
}
