package fsck_test

import (
	"bytes"
	"database/sql"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/roundel/roundel/internal/apptest"
	"github.com/roundel/roundel/internal/issuing"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
)

// newHouse is an installation with three awards, two of them from a
// spreadsheet.
func newHouse(t *testing.T) *apptest.House {
	t.Helper()
	h := apptest.StartHouse(t, apptest.Options{TLS: true})
	h.Award(t, "Amara Okafor", "amara@example.org")
	ctx, s := t.Context(), h.App.Features.Issuing
	b, err := s.CreateBatch(ctx, h.Org.ID, h.OwnerID, h.Badge.PublicID, "class.csv", []byte("name,email\nJonas,jonas@example.org\nMei-Ling,mei@example.org\n"))
	check(t, err)
	check(t, s.SetMapping(ctx, h.Org.ID, b.PublicID, b.Mapping, b.DateOrder, issuing.SkipDuplicates))
	check(t, s.Confirm(ctx, h.Org.ID, h.OwnerID, b.PublicID))
	check(t, h.App.Features.Jobs.Quiet(ctx))
	return h
}

func problems(t *testing.T, h *apptest.House) []string {
	t.Helper()
	c := h.App.Checker()
	c.Keys = nil // in these tests keys are damaged that others need
	r, err := c.Check(t.Context())
	check(t, err)
	if r.Awards != 3 || r.Rows != 2 || r.Pictures == 0 {
		t.Errorf("it looked at %d awards, %d rows and %d pictures", r.Awards, r.Rows, r.Pictures)
	}
	return r.Problems
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// tables are those that the cases damage.
var tables = []string{"award", "signing_key", "award_batch", "award_batch_row", "event", "badge_version", "job",
	"status_list", "status_kept", "idempotency", "claim_secret", "outbox_mail", "consumer_cursor", "award_number", "signature_record"}

// copyTables copies the tables from one name to another, row for row.
func copyTables(t *testing.T, h *apptest.House, from, to string) {
	t.Helper()
	copyRows(t, h, tables, from, to)
}

// copyRows does so with any tables.
func copyRows(t *testing.T, h *apptest.House, tables []string, from, to string) {
	t.Helper()
	ctx := t.Context()
	check(t, h.App.Ground.DB.Write(ctx, func(tx *sqldb.Tx) error {
		if _, err := tx.Exec(ctx, `PRAGMA defer_foreign_keys = 1`); err != nil {
			return err
		}
		for _, table := range tables {
			if from == "" {
				if _, err := tx.Exec(ctx, `CREATE TABLE `+table+to+` AS SELECT * FROM `+table); err != nil {
					return err
				}
				continue
			}
			for _, sql := range []string{`DELETE FROM ` + table, `INSERT INTO ` + table + ` SELECT * FROM ` + table + from} {
				if _, err := tx.Exec(ctx, sql); err != nil {
					return err
				}
			}
		}
		return nil
	}))
}

// TestEveryDamageIsFound damages a whole installation in one way after the
// other, and looks.
func TestEveryDamageIsFound(t *testing.T) {
	h := newHouse(t)
	if found := problems(t, h); len(found) > 0 {
		t.Fatalf("a whole installation has problems: %q", found)
	}
	ctx, db := t.Context(), h.App.Ground.DB
	var document []byte
	check(t, db.Read(ctx, func(tx *sqldb.Tx) error {
		return tx.QueryRow(ctx, `SELECT document FROM award WHERE id = 1`).Scan(&document)
	}))
	changed := func(from, to string) []byte {
		other := strings.Replace(string(document), from, to, 1)
		if other == string(document) {
			t.Fatalf("the document holds no %q", from)
		}
		return []byte(other)
	}
	var lists []string
	check(t, db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		lists, err = sqldb.Collect(ctx, tx, func(r *sql.Rows) (s string, err error) {
			var id publicid.ID
			err = r.Scan(&id)
			return "/status/" + id.String(), err
		}, `SELECT public_id FROM status_list`)
		return err
	}))
	for _, l := range lists { // published, so that they can be damaged
		h.Owner.Get(l).Want(200)
	}
	copyTables(t, h, "", "_whole")
	const set = `UPDATE award SET document = $1 WHERE id = 1`
	for _, c := range []struct {
		name, words string
		sql         string
		args        []any
	}{
		{"one character", "signature", set, []any{changed("Applied Data", "Applied Date")}},
		{"half a document", "cannot be read", set, []any{document[:len(document)/2]}},
		{"no document", "recorded but not signed", `UPDATE award SET document = NULL WHERE id = 1`, nil},
		{"another's document", "its document is that of", `UPDATE award SET document = (SELECT document FROM award WHERE id = 2) WHERE id = 1`, nil},
		{"another recipient", "for another recipient", `UPDATE award SET recipient_key = 'eve@example.org' WHERE id = 1`, nil},
		{"another time", "valid at other times", `UPDATE award SET valid_until = 4000000000000 WHERE id = 1`, nil},
		{"a key that is gone", "no key of its organisation", `UPDATE signing_key SET public_key = 'z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH'`, nil},
		{"trial and not", "this one does not fit", `UPDATE award SET trial = TRUE WHERE id = 1`, nil},
		{"another place", "names another place for revocation", `UPDATE award SET revocation_index = (revocation_index + 1) % 131072 WHERE id = 1`, nil},
		{"lists mixed up", "names another place for suspension", `UPDATE award SET suspension_list = revocation_list WHERE id = 1`, nil},
		{"a place outside", "outside its suspension list", `UPDATE award SET suspension_index = 131072 WHERE id = 1`, nil},
		{"a row's award is gone", "is awarded but its award is missing", `UPDATE award_batch_row SET award_id = 99 WHERE number = 1`, nil},
		{"two rows, one award", "belongs to 2 rows", `UPDATE award_batch_row SET award_id = 2`, nil},
		{"an award without a row", "no row names it", `UPDATE award SET batch_id = 1 WHERE id = 1`, nil},
		{"a row left over", "has rows left to award", `INSERT INTO award_batch_row (batch_id, number, cells, state) VALUES (1, 3, '[]', 'good')`, nil},
		{"no announcement", "was announced 0 times", `DELETE FROM event WHERE kind = 'award.issued' AND subject = 1`, nil},
		{"announced twice", "was announced 2 times", `INSERT INTO event (organisation_id, kind, subject, data, at) VALUES (1, 'award.issued', 1, '{}', 1)`, nil},
		{"withdrawn by hand", "its revoked_at is 5, its history says otherwise", `UPDATE award SET revoked_at = 5 WHERE id = 1`, nil},
		{"paused by hand", "its suspended_at is 5, its history says otherwise", `UPDATE award SET suspended_at = 5 WHERE id = 1`, nil},
		{"a withdrawal undone by hand", "its history says otherwise", `INSERT INTO event (organisation_id, kind, subject, data, at) VALUES (1, 'award.revoked', 1, '{}', 1)`, nil},
		{"stuck work", "is stuck after 0 tries: disk full", `INSERT INTO job (kind, payload, run_at, created_at, parked_at, last_error) VALUES ('issuing.batch', '{}', 0, 0, 1, 'disk full')`, nil},
		{"another list's document", "its document is that of", `UPDATE status_list SET document = (SELECT document FROM status_list WHERE purpose = 'suspension') WHERE purpose = 'revocation'`, nil},
		{"half a list", "its document cannot be read", `UPDATE status_list SET document = substr(document, 1, 200)`, nil},
		{"a list of another day", "its document does not hold", `UPDATE status_list SET document = CAST(replace(CAST(document AS TEXT), '"validFrom":"20', '"validFrom":"19') AS BLOB)`, nil},
		{"a withdrawal missing in the list", "the record says otherwise", `UPDATE award SET revoked_at = 5 WHERE id = 1`, nil},
		{"a kept place missing in the list", "the record says otherwise", `INSERT INTO status_kept (list_id, position) SELECT id, 1 FROM status_list`, nil},
		{"a version to come", "a version was signed that there never was", `UPDATE status_list SET signed_version = version + 1`, nil},
		{"places to be drawn twice", "would be given one that is taken", `UPDATE status_list SET drawn = 2`, nil},
		{"another purpose", "the purpose is", `UPDATE status_list SET purpose = 'fun' WHERE purpose = 'revocation'`, nil},
		{"a short list", "too few to hide", `UPDATE status_list SET entries = 1000`, nil},
		{"keys to be used twice", "the next award would get the key 2", `UPDATE award_number SET next = 2`, nil},
		{"no key left", "the key of the next award is not kept", `DELETE FROM award_number`, nil},
		{"a retry of nothing", "would be answered with award 99", `INSERT INTO idempotency (organisation_id, endpoint, key, request_hash, award_id, created_at) VALUES (1, 'POST /awards', 'k', 'h', 99, 1)`, nil},
		{"two retries of one award", "is the answer to 2 different requests", `INSERT INTO idempotency (organisation_id, endpoint, key, request_hash, award_id, created_at) VALUES (1, 'POST /awards', 'k', 'h', 1, 1), (1, 'POST /awards', 'l', 'h', 1, 1)`, nil},
		{"an event about nothing", "is about award 99", `INSERT INTO event (organisation_id, kind, subject, data, at) VALUES (1, 'award.accepted', 99, '{}', 1)`, nil},
		{"another's event", "is about award 1, which is not there or another", `UPDATE event SET organisation_id = 7 WHERE subject = 1 AND kind = 'award.issued'`, nil},
		{"a cursor ahead", "has seen event 999", `UPDATE consumer_cursor SET cursor = 999`, nil},
		{"nobody wakes it", "is never woken", `DELETE FROM job WHERE kind = 'event consumer'`, nil},
		{"a letter that was never written", "no letter was written", `DELETE FROM outbox_mail WHERE award_id = 1`, nil},
		{"a link in clear", "not kept as a hash", `UPDATE claim_secret SET secret_hash = 'secret' WHERE award_id = 1`, nil},
		{"a strange mail", "which is no state of a mail", `UPDATE outbox_mail SET state = 'lost'`, nil},
		{"a letter kept too long", "still holds its text", `UPDATE outbox_mail SET state = 'sent'`, nil},
		{"a letter about nothing", "is about award 99", `UPDATE outbox_mail SET award_id = 99 WHERE award_id = 1`, nil},
		{"another's seal", "its sealed link does not open", `UPDATE outbox_mail SET sealed = 'sealed by somebody else'`, nil},
		{"a spreadsheet that stands still", "are being awarded than jobs do", `UPDATE award_batch SET state = 'running'`, nil},
		{"mails that nobody sends", "no job sends them", `DELETE FROM job WHERE kind = 'outbox.deliver'`, nil},
		{"a job that cannot be read", "has a payload that cannot be read", `INSERT INTO job (kind, payload, run_at, created_at) VALUES ('issuing.batch', '{', 0, 0)`, nil},
		{"signed without a record", "award 1 was signed, but the journal has no record", `DELETE FROM signature_record WHERE kind = 'credential' AND subject = 1`, nil},
		{"another document than was signed", "award 1 is not the document that the journal says was signed", set, []any{append(bytes.Clone(document), '\n')}},
		{"a record of nothing", "award 99 was signed, and there is no such", `INSERT INTO signature_record (kind, organisation_id, signing_key_id, subject, digest, at)
			SELECT kind, organisation_id, signing_key_id, 99, digest, at FROM signature_record WHERE kind = 'credential' AND subject = 1`, nil},
		{"a record of no list", "status list 99 was signed, and there is no such", `INSERT INTO signature_record (kind, organisation_id, signing_key_id, subject, digest, at)
			SELECT 'list', organisation_id, signing_key_id, 99, digest, at FROM signature_record WHERE kind = 'credential' AND subject = 1`, nil},
		{"a list without a record", "the journal has no record", `DELETE FROM signature_record WHERE kind = 'list'`, nil},
		{"an ended key's signatures", "from a time when it did not sign", `UPDATE signing_key SET retired_at = 1`, nil},
		{"a picture that never was", "picture", `UPDATE badge_version SET picture_png = 'aa'`, nil},
	} {
		check(t, db.Write(ctx, func(tx *sqldb.Tx) error {
			_, err := tx.Exec(ctx, c.sql, c.args...)
			return err
		}))
		found := problems(t, h)
		if len(found) == 0 || !strings.Contains(strings.Join(found, "\n"), c.words) {
			t.Errorf("%s: %q does not say %q", c.name, found, c.words)
		}
		copyTables(t, h, "_whole", "")
	}
	if found := problems(t, h); len(found) > 0 {
		t.Fatalf("the test has not taken everything back: %q", found)
	}

	// And a picture that the disk has changed.
	check(t, filepath.WalkDir(filepath.Join(h.Data, "blobs"), func(p string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		return os.WriteFile(p, []byte("not what it was"), 0o600)
	}))
	if found := problems(t, h); len(found) == 0 || !strings.HasPrefix(found[0], "picture ") {
		t.Errorf("changed pictures: %q", found)
	}

	// And an entry of the audit log.
	check(t, db.Write(ctx, func(tx *sqldb.Tx) error {
		n, err := tx.Exec(ctx, `UPDATE audit_entry SET action = 'nothing.happened' WHERE id = (SELECT min(id) FROM audit_entry)`)
		if n != 1 {
			t.Error("the audit log has no entry to be changed")
		}
		return err
	}))
	if found := problems(t, h); !slices.ContainsFunc(found, func(p string) bool { return strings.HasPrefix(p, "audit log: ") }) {
		t.Errorf("a changed entry of the audit log: %q", found)
	}
}
