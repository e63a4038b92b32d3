package erasure_test

import (
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
