package sqldb_test

import (
	"database/sql"
	"strings"
	"testing"

	"github.com/roundel/roundel/internal/dbtest"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/sqldb"
)

// TestInsertAndList puts in every number of rows around the powers of two and
// finds them again by a list of each length.
func TestInsertAndList(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		ctx := t.Context()
		columns := []string{"organisation_id", "kind", "subject", "at"}
		for _, n := range []int{0, 1, 2, 3, 5, 63, 64, 65, 200} {
			if err := db.Write(ctx, func(tx *sqldb.Tx) error {
				if _, err := tx.Exec(ctx, `DELETE FROM event`); err != nil {
					return err
				}
				rows, subjects := make([][]any, n), make([]int64, n)
				for i := range rows {
					rows[i], subjects[i] = []any{int64(1), "test", int64(i), int64(7)}, int64(i)
				}
				if err := tx.Insert(ctx, "event", columns, rows); err != nil || n == 0 {
					return err
				}
				list, args := sqldb.List(1, subjects)
				found, err := sqldb.Collect(ctx, tx, func(r *sql.Rows) (v int64, err error) { return v, r.Scan(&v) },
					`SELECT subject FROM event WHERE subject IN (`+list+`) ORDER BY id`, args...)
				if len(found) != n {
					t.Errorf("%d of %d rows", len(found), n)
				}
				for i, v := range found {
					if v != int64(i) {
						t.Fatalf("row %d holds %d", i, v)
					}
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		err := db.Write(ctx, func(tx *sqldb.Tx) error {
			return tx.Insert(ctx, "event", columns, [][]any{{int64(1), "test", int64(1), int64(7)}, {int64(1), "test"}})
		})
		if err == nil || !strings.Contains(err.Error(), "2 values for 4 columns") {
			t.Errorf("a short row: %v", err)
		}
		for _, no := range []string{"a\x00b", "a\xff"} {
			err := db.Write(ctx, func(tx *sqldb.Tx) error {
				_, err := tx.Exec(ctx, `UPDATE event SET kind = $1`, no)
				return err
			})
			if fault.KindOf(err) != fault.Invalid {
				t.Errorf("the text %q: %v", no, err)
			}
		}
	})
}
