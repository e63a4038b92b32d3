package issuing_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/roundel/roundel/internal/audit"
	"github.com/roundel/roundel/internal/dbtest"
	"github.com/roundel/roundel/internal/issuing"
	"github.com/roundel/roundel/internal/sqldb"
)

// audited returns the entries of the organisation's log since after, as
// "action subject id account service data".
func (w *world) audited(t *testing.T, after int64) (lines []string, last int64) {
	t.Helper()
	check(t, w.db.Read(t.Context(), func(tx *sqldb.Tx) (err error) {
		lines, err = sqldb.Collect(t.Context(), tx, func(r *sql.Rows) (string, error) {
			var action, subject, service, data string
			var id, account int64
			err := r.Scan(&last, &action, &subject, &id, &account, &service, &data)
			return strings.TrimSpace(fmt.Sprint(action, " ", subject, " ", id, " ", account, " ", service, data)), err
		}, `SELECT id, action, subject, subject_id, account_id, service, data FROM audit_entry WHERE organisation_id = $1 AND id > $2 ORDER BY id`, w.org.ID, after)
		return err
	}))
	return lines, last
}

func TestWhatIsDoneToAwardsIsInTheAuditLog(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		w := newWorld(t, db, liveURL)
		_, start := w.audited(t, 0)
		ctx := audit.With(t.Context(), audit.Origin{AccountID: w.owner})
		a, err := w.Issue(ctx, w.org.ID, w.owner, w.request("Amara Okafor", "amara@example.org"), issuing.Retry{Endpoint: "e", Key: "k", Hash: []byte("h")})
		check(t, err)
		_, err = w.Issue(ctx, w.org.ID, w.owner, w.request("Amara Okafor", "amara@example.org"), issuing.Retry{Endpoint: "e", Key: "k", Hash: []byte("h")})
		check(t, err) // the same award again: nothing was done
		_, err = w.Suspend(ctx, w.org.ID, w.owner, a.PublicID, "not_stated", "Amara asked")
		check(t, err)
		_, err = w.Reinstate(ctx, w.org.ID, w.owner, a.PublicID)
		check(t, err)
		check(t, db.Write(ctx, func(tx *sqldb.Tx) error { return issuing.SetClaim(ctx, tx, a, issuing.Accepted, w.now) }))
		_, err = w.Revoke(ctx, w.org.ID, w.owner, a.PublicID, "issued_in_error", "")
		check(t, err)
		got, _ := w.audited(t, start)
		subject := fmt.Sprint(" award ", a.ID, " ")
		who := fmt.Sprint(w.owner, " ")
		want := []string{
			fmt.Sprintf(`award.issued%s%s{"badge_version":"%d"}`, subject, who, a.VersionID),
			`award.suspended` + subject + who + `{"reason":"not_stated"}`,
			`award.reinstated` + subject + who + `{"reason":"not_stated"}`,
			`award.accepted` + subject + `0 holder{}`,
			`award.revoked` + subject + who + `{"reason":"issued_in_error"}`,
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	})
}

func TestBatchIsInTheAuditLogOnce(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		w := newWorld(t, db, liveURL)
		earlier := w.issue(t, "Amara Okafor", "amara@example.org")
		_, start := w.audited(t, 0)
		b := w.checkAll(t, w.upload(t, people), issuing.ReplaceDuplicates)
		check(t, w.Confirm(t.Context(), w.org.ID, w.owner, b.PublicID))
		w.run(t)
		got, _ := w.audited(t, start)
		b = w.reload(t, b)
		if b.State != issuing.BatchDone || b.Rows.Issued < 2 {
			t.Fatalf("%+v", b)
		}
		text := strings.Join(got, "\n")
		for _, want := range []string{
			fmt.Sprintf(`batch.uploaded batch %d 0 {"badge_version":"%d","rows":"6"}`, b.ID, b.VersionID),
			fmt.Sprintf(`batch.confirmed batch %d 0 {"duplicates":"replace","rows":"%d"}`, b.ID, b.Rows.Issued),
			fmt.Sprintf(`award.replaced award %d 0 job{"batch":"%d","by_award":`, earlier.ID, b.ID),
			fmt.Sprintf(`batch.awarded batch %d 0 job{"confirmed_by":"%d","count":"%d","first":`, b.ID, w.owner, b.Rows.Issued),
		} {
			if strings.Count(text, want) != 1 {
				t.Errorf("the log does not hold %q once:\n%s", want, text)
			}
		}
		if strings.Contains(text, "award.issued") {
			t.Errorf("an entry for each award of a batch:\n%s", text)
		}
	})
}
