package jobs_test

import (
	"testing"
	"time"

	"github.com/roundel/roundel/internal/dbtest"
	"github.com/roundel/roundel/internal/jobs"
	"github.com/roundel/roundel/internal/sqldb"
)

func TestUnfinished(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		look := func(kind, key string) (found bool) {
			t.Helper()
			err := db.Read(t.Context(), func(tx *sqldb.Tx) (err error) {
				var since time.Time
				since, found, err = jobs.Unfinished(t.Context(), tx, kind, key)
				if found == since.IsZero() {
					t.Errorf("found %v, since %v", found, since)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return found
		}
		write := func(do func(tx *sqldb.Tx) error) {
			t.Helper()
			if err := db.Write(t.Context(), do); err != nil {
				t.Fatal(err)
			}
		}
		if look("paint", "a") {
			t.Error("found before it was queued")
		}
		write(func(tx *sqldb.Tx) error {
			return jobs.Enqueue(t.Context(), tx, jobs.Job{Kind: "paint", Key: "a", Payload: 1})
		})
		if !look("paint", "a") || look("paint", "b") || look("print", "a") {
			t.Error("not the job that was queued")
		}
		write(func(tx *sqldb.Tx) error {
			_, err := tx.Exec(t.Context(), `UPDATE job SET parked_at = 1`)
			return err
		})
		if look("paint", "a") {
			t.Error("a parked job is under way")
		}
	})
}
