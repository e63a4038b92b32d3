package erasure_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/roundel/roundel/internal/backup/erasure"
	"github.com/roundel/roundel/internal/dbtest"
	"github.com/roundel/roundel/internal/sqldb"
)

func TestWhatHasServedItsPurposeIsForgotten(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		ctx := sqldb.ForInstallation(t.Context())
		now := time.Date(2030, 1, 31, 0, 0, 0, 0, time.UTC)
		old, fresh := sqldb.Millis(now.AddDate(0, 0, -40)), sqldb.Millis(now.AddDate(0, 0, -5))
		if err := db.Write(ctx, func(tx *sqldb.Tx) error {
			for n, x := range []struct {
				state string
				at    int64
			}{{"sent", old}, {"sent", fresh}, {"failed", old}} {
				if _, err := tx.Exec(ctx, `INSERT INTO outbox_mail (public_id, organisation_id, recipient, subject, body_text, body_html, state, next_at, created_at, sent_at)
					VALUES ($1, 0, 'maja@example.org', 's', '', '', $2, 0, $3, $3)`, []byte{byte(n)}, x.state, x.at); err != nil {
					return err
				}
				if _, err := tx.Exec(ctx, `INSERT INTO idempotency (organisation_id, endpoint, key, request_hash, award_id, created_at) VALUES (0, 'e', $1, $3, 0, $2)`, string(rune('a'+n)), x.at, []byte{1}); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		s := &erasure.Service{DB: db, Now: func() time.Time { return now }, KeepMails: 30 * 24 * time.Hour}
		if err := s.KeepTidy(ctx); err != nil {
			t.Fatal(err)
		}
		var mails, retries int
		if err := db.Read(ctx, func(tx *sqldb.Tx) error {
			if err := tx.QueryRow(ctx, `SELECT count(*) FROM outbox_mail WHERE recipient <> '' AND subject <> ''`).Scan(&mails); err != nil {
				return err
			}
			return tx.QueryRow(ctx, `SELECT count(*) FROM idempotency`).Scan(&retries)
		}); err != nil {
			t.Fatal(err)
		}
		if mails != 2 || retries != 1 {
			t.Errorf("%d mails have their address, want the fresh and the failed one; %d retries, want one", mails, retries)
		}
	})
}

// TestMuchIsForgottenInSteps: nobody waits to write until years are forgotten.
func TestMuchIsForgottenInSteps(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		ctx := sqldb.ForInstallation(t.Context())
		now := time.Date(2030, 1, 31, 0, 0, 0, 0, time.UTC)
		if err := db.Write(ctx, func(tx *sqldb.Tx) error {
			for n := range 1500 {
				if _, err := tx.Exec(ctx, `INSERT INTO idempotency (organisation_id, endpoint, key, request_hash, award_id, created_at) VALUES (0, 'e', $1, $2, 0, $3)`,
					strconv.Itoa(n), []byte{1}, n); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		s := &erasure.Service{DB: db, Now: func() time.Time { return now }}
		for _, want := range []struct {
			left, youngest int64
			again          time.Time
		}{{500, 1499, now}, {0, 0, now.AddDate(0, 0, 1)}} {
			if err := s.KeepTidy(ctx); err != nil {
				t.Fatal(err)
			}
			var left, youngest, again int64
			if err := db.Write(ctx, func(tx *sqldb.Tx) error {
				if err := tx.QueryRow(ctx, `SELECT count(*), coalesce(max(created_at), 0) FROM idempotency`).Scan(&left, &youngest); err != nil {
					return err
				}
				// The job is taken off the list when it is done.
				return tx.QueryRow(ctx, `DELETE FROM job WHERE kind = 'erasure.tidy' RETURNING run_at`).Scan(&again)
			}); err != nil {
				t.Fatal(err)
			}
			if left != want.left || youngest != want.youngest || !sqldb.Time(again).Equal(want.again) {
				t.Errorf("%d left, the youngest %d, the next step at %v; want %+v", left, youngest, sqldb.Time(again), want)
			}
		}
	})
}
