package issuing_test

import (
	"strings"
	"testing"

	"github.com/roundel/roundel/internal/dbtest"
	"github.com/roundel/roundel/internal/fsck"
	"github.com/roundel/roundel/internal/sqldb"
)

// TestFsckNamesEveryDamage changes one thing by hand at a time.
func TestFsckNamesEveryDamage(t *testing.T) {
	for _, damage := range []struct{ name, sql, words string }{
		{"nothing", `UPDATE award SET private_note = 'a note'`, ""},
		{"another recipient", `UPDATE award SET recipient_key = 'eve@example.org' WHERE recipient_name = 'Amara'`, "another recipient"},
		{"another salt", `UPDATE award SET salt = 'x' WHERE recipient_name = 'Amara'`, "another recipient"},
		{"another date", `UPDATE award SET valid_from = valid_from + 1000 WHERE recipient_name = 'Amara'`, "other times"},
		{"another place", `UPDATE award SET suspension_index = (suspension_index + 1) % 131072 WHERE recipient_name = 'Amara'`, "another place"},
		{"a withdrawal undone", `UPDATE award SET revoked_at = 0 WHERE recipient_name = 'Jonas'`, "revoked_at"},
		{"a pause invented", `UPDATE award SET suspended_at = 5 WHERE recipient_name = 'Amara'`, "suspended_at"},
		{"no document", `UPDATE award SET document = NULL WHERE recipient_name = 'Amara'`, "not signed"},
		{"a missing event", `DELETE FROM event WHERE kind = 'award.issued' AND subject = (SELECT id FROM award WHERE recipient_name = 'Amara')`, "announced 0 times"},
		{"a missing picture", `UPDATE badge_version SET picture_png = '` + strings.Repeat("0", 64) + `'`, "picture"},
		{"a foreign key", `UPDATE signing_key SET public_key = 'z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK'`, "no key of its organisation"},
		{"a stuck job", `INSERT INTO job (kind, payload, run_at, created_at, parked_at, last_error) VALUES ('issuing.batch', '{}', 0, 0, 1, 'disk full')`, "disk full"},
	} {
		t.Run(damage.name, func(t *testing.T) {
			w := newWorld(t, dbtest.Open(t), liveURL)
			w.issue(t, "Amara", "amara@example.org")
			jonas := w.issue(t, "Jonas", "jonas@example.org")
			_, err := w.Revoke(t.Context(), w.org.ID, w.owner, jonas.PublicID, "issued_in_error", "")
			check(t, err)
			check(t, w.db.Write(t.Context(), func(tx *sqldb.Tx) error {
				_, err := tx.Exec(t.Context(), damage.sql)
				return err
			}))
			report, err := (&fsck.Checker{DB: w.db, Blobs: w.Blobs}).Check(t.Context())
			check(t, err)
			all := strings.Join(report.Problems, "\n")
			if (damage.words == "") != (all == "") || !strings.Contains(all, damage.words) {
				t.Errorf("problems %q, want %q in them", all, damage.words)
			}
		})
	}
}
