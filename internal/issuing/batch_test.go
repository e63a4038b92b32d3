package issuing_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/roundel/roundel/internal/dbtest"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/issuing"
	"github.com/roundel/roundel/internal/keys"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/sheet"
	"github.com/roundel/roundel/internal/sqldb"
	"github.com/roundel/roundel/verify"
)

const people = "Full name;E-mail;Completed;Grade;Room\n" +
	"Amara Okafor;amara@example.org;2026-02-01;87 %;A1\n" +
	"Jonas Lindqvist;jonas@example;01.02.2026;;A1\n" + // row 2: no address
	";mei@example.org;2026-02-01;;A2\n" + // row 3: no name
	"Rosa Giménez;rosa@example.org;31.02.2026;91 %;A2\n" + // row 4: no such day
	"Amara O.;AMARA@example.org;2026-02-01;;A1\n" + // row 5: the same address
	"Tariq Haddad;tariq@example.org;2026-02-02;=1+1;A3\n"

func (w *world) upload(t *testing.T, content string) *issuing.Batch {
	t.Helper()
	b, err := w.CreateBatch(t.Context(), w.org.ID, w.owner, w.badge.PublicID, "people.csv", []byte(content))
	check(t, err)
	return b
}

func (w *world) checkAll(t *testing.T, b *issuing.Batch, d issuing.Duplicates) *issuing.Batch {
	t.Helper()
	check(t, w.SetMapping(t.Context(), w.org.ID, b.PublicID, b.Mapping, sheet.DayFirst, d))
	return w.reload(t, b)
}

func (w *world) reload(t *testing.T, b *issuing.Batch) *issuing.Batch {
	t.Helper()
	b, err := w.Batch(t.Context(), w.org.ID, b.PublicID)
	check(t, err)
	return b
}

func (w *world) run(t *testing.T) {
	t.Helper()
	for {
		n, err := w.runner.RunDue(t.Context())
		check(t, err)
		if n == 0 {
			return
		}
	}
}

func TestSpreadsheetIsCheckedMendedAndAwarded(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		w := newWorld(t, db, liveURL)
		b := w.upload(t, people)
		if diff := cmp.Diff(issuing.Mapping{"name": 0, "email": 1, "date": 2, "result": 3}, b.Mapping); diff != "" {
			t.Errorf("guessed columns: %s", diff)
		}
		if err := w.Confirm(t.Context(), w.org.ID, w.owner, b.PublicID); fault.KindOf(err) != fault.Conflict {
			t.Errorf("confirmed before it was checked: %v", err)
		}
		b = w.checkAll(t, b, issuing.SkipDuplicates)
		if diff := cmp.Diff(issuing.RowCounts{Total: 6, Good: 2, Bad: 3, Skipped: 1}, b.Rows); diff != "" {
			t.Fatalf("counts: %s", diff)
		}
		bad, err := w.Rows(t.Context(), b, issuing.RowBad, 0, 10)
		check(t, err)
		for i, want := range []struct {
			row    int64
			column string
		}{{2, "E-mail"}, {3, "Full name"}, {4, "Completed"}} {
			if got := bad[i]; got.Number != want.row || len(got.Problems) != 1 || got.Problems[0].Column != want.column {
				t.Errorf("bad row %+v, want %+v", got, want)
			}
		}
		check(t, w.MendRow(t.Context(), w.org.ID, b.PublicID, 2, []string{"Jonas Lindqvist", "jonas@example.org", "01.02.2026", "", "A1"}))
		b = w.reload(t, b)
		if b.Rows.Good != 3 || b.Rows.Bad != 2 {
			t.Errorf("after mending: %+v", b.Rows)
		}
		check(t, w.Confirm(t.Context(), w.org.ID, w.owner, b.PublicID))
		if err := w.MendRow(t.Context(), w.org.ID, b.PublicID, 3, make([]string, 5)); fault.KindOf(err) != fault.Conflict {
			t.Errorf("mended after confirming: %v", err)
		}
		w.run(t)
		b = w.reload(t, b)
		if diff := cmp.Diff(issuing.RowCounts{Total: 6, Bad: 2, Skipped: 1, Awarded: 3, Issued: 3}, b.Rows); diff != "" || b.State != issuing.BatchDone {
			t.Errorf("%s: %s", b.State, diff)
		}
		awards, err := w.List(t.Context(), w.org.ID, issuing.Filter{Batch: b.ID})
		check(t, err)
		for _, a := range awards {
			if r := w.verify(t, a.Document); r.Verdict != verify.Valid {
				t.Errorf("%s: %s %s", a.Recipient.Name, r.Verdict, r.Text)
			}
		}
	})
}

func TestBadRowsAndReportAsFiles(t *testing.T) {
	w := newWorld(t, dbtest.Open(t), liveURL)
	b := w.checkAll(t, w.upload(t, people), issuing.SkipDuplicates)
	var file bytes.Buffer
	check(t, w.WriteBadRows(t.Context(), &file, b))
	lines, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(file.Bytes(), []byte("\ufeff")))).ReadAll()
	check(t, err)
	if len(lines) != 5 || lines[0][5] != "reason" || lines[1][0] != "Jonas Lindqvist" || !strings.Contains(lines[1][5], "E-mail: ") {
		t.Errorf("bad rows: %v", lines)
	}
	// What we hand out can be handed in again.
	again := w.upload(t, file.String())
	if again.Rows.Total != 4 || again.Mapping["email"] != 1 {
		t.Errorf("the file of bad rows cannot be read again: %+v", again)
	}
	check(t, w.Confirm(t.Context(), w.org.ID, w.owner, b.PublicID))
	w.run(t)
	file.Reset()
	check(t, w.WriteReport(t.Context(), &file, w.reload(t, b)))
	lines, err = csv.NewReader(bytes.NewReader(bytes.TrimPrefix(file.Bytes(), []byte("\ufeff")))).ReadAll()
	check(t, err)
	if len(lines) != 7 || lines[1][5] != "awarded" || !strings.HasPrefix(lines[1][6], liveURL+"/awards/") {
		t.Errorf("report: %v", lines)
	}
	if cell := lines[6][3]; !strings.HasPrefix(cell, "'=") {
		t.Errorf("a formula would run in the reader's spreadsheet: %q", cell)
	}
}

func TestDuplicatePolicies(t *testing.T) {
	for policy, want := range map[issuing.Duplicates]struct{ current, revoked int }{
		issuing.SkipDuplicates: {1, 0}, issuing.ReplaceDuplicates: {1, 1}, issuing.AllowDuplicates: {2, 0},
	} {
		t.Run(string(policy), func(t *testing.T) {
			w := newWorld(t, dbtest.Open(t), liveURL)
			w.issue(t, "Amara", "amara@example.org")
			b := w.checkAll(t, w.upload(t, "name,email\nAmara,amara@example.org\n"), policy)
			if b.Rows.Good > 0 {
				check(t, w.Confirm(t.Context(), w.org.ID, w.owner, b.PublicID))
				w.run(t)
			}
			awards, err := w.List(t.Context(), w.org.ID, issuing.Filter{})
			check(t, err)
			current, revoked := 0, 0
			for _, a := range awards {
				if a.State(w.now) == issuing.StateRevoked {
					revoked++
					if a.Reason != "replaced" || a.ReplacedBy == 0 {
						t.Errorf("the earlier award does not name what replaced it: %+v", a)
					}
				} else {
					current++
				}
			}
			if current != want.current || revoked != want.revoked {
				t.Errorf("%d current and %d withdrawn, want %+v", current, revoked, want)
			}
		})
	}
}

func TestWhatCannotBeUploaded(t *testing.T) {
	w := newWorld(t, dbtest.Open(t), liveURL)
	for name, content := range map[string]string{"nothing": "", "header only": "name,email\n", "gzip": "\x1f\x8b\x08\x00 a zipped file", "a picture": "\x89PNG\r\n\x1a\n rest"} {
		_, err := w.CreateBatch(t.Context(), w.org.ID, w.owner, w.badge.PublicID, "x.csv", []byte(content))
		if fault.FieldMessage(err, "file") == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	b := w.upload(t, "name,email\nA,a@example.org\n")
	for name, m := range map[string]issuing.Mapping{"no name": {"email": 1}, "no address": {"name": 0}, "one column twice": {"name": 0, "email": 0}, "outside": {"name": 0, "email": 9}, "unknown": {"name": 0, "email": 1, "shoe": 0}} {
		if err := w.SetMapping(t.Context(), w.org.ID, b.PublicID, m, "", issuing.SkipDuplicates); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := w.Batch(t.Context(), w.org.ID+1, b.PublicID); fault.KindOf(err) != fault.NotFound {
		t.Errorf("another organisation sees the batch: %v", err)
	}
}

// TestABatchIsFinishedFromAnyPoint takes some of the signed awards back to
// their intents in the middle of a batch, as a crash would leave them.
func TestABatchIsFinishedFromAnyPoint(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		w := newWorld(t, db, liveURL)
		var file strings.Builder
		file.WriteString("name,email\n")
		for i := range 300 { // more than one chunk
			fmt.Fprintf(&file, "Person %d,person%d@example.org\n", i, i)
		}
		b := w.checkAll(t, w.upload(t, file.String()), issuing.SkipDuplicates)
		check(t, w.Confirm(t.Context(), w.org.ID, w.owner, b.PublicID))
		w.run(t)
		check(t, db.Write(t.Context(), func(tx *sqldb.Tx) error {
			for _, q := range []string{
				`DELETE FROM event WHERE kind = 'award.issued' AND subject IN (SELECT id FROM award WHERE id % 3 = 0)`,
				`UPDATE award SET document = NULL, issued_at = 0 WHERE id % 3 = 0`,
				`DELETE FROM signature_record WHERE subject % 3 = 0`,
				`UPDATE award_batch SET state = 'running', finished_at = 0`,
				`INSERT INTO job (kind, payload, run_at, created_at) SELECT 'issuing.batch', '{"OrganisationID":' || organisation_id || ',"Batch":"` + b.PublicID.String() + `"}', 0, 0 FROM award_batch`,
			} {
				if _, err := tx.Exec(t.Context(), q); err != nil {
					return err
				}
			}
			return nil
		}))
		w.run(t)
		b = w.reload(t, b)
		if b.State != issuing.BatchDone || b.Rows.Issued != 300 || b.Rows.Awarded != 300 {
			t.Errorf("%s %+v", b.State, b.Rows)
		}
		awards, err := w.List(t.Context(), w.org.ID, issuing.Filter{Limit: 1000})
		check(t, err)
		seen := map[string]bool{}
		for _, a := range awards {
			if seen[a.Recipient.Email] || a.Document == nil {
				t.Errorf("%s is there twice or without a document", a.Recipient.Email)
			}
			seen[a.Recipient.Email] = true
		}
		if len(seen) != 300 {
			t.Errorf("%d people", len(seen))
		}
	})
}

func TestGoingLiveAwardsTrialsAgainOnce(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		w := newWorld(t, db, "http://127.0.0.1:8080")
		first := w.issue(t, "Amara", "amara@example.org")
		w.issue(t, "Jonas", "jonas@example.org")
		if err := w.GoLive(t.Context(), w.org.ID, w.owner); fault.KindOf(err) != fault.Conflict {
			t.Errorf("went live without a public address: %v", err)
		}
		w.BaseURL, w.orgs.BaseURL = liveURL, liveURL
		w.Keys = &keys.Ring{DB: db, KEK: w.Keys.KEK, Now: w.Keys.Now, BaseURL: liveURL}
		for range 2 {
			check(t, w.GoLive(t.Context(), w.org.ID, w.owner))
			w.run(t)
		}
		awards, err := w.List(t.Context(), w.org.ID, issuing.Filter{})
		check(t, err)
		live := 0
		for _, a := range awards {
			if !a.Trial {
				live++
				if r := w.verify(t, a.Document); r.Verdict != verify.Valid {
					t.Errorf("%s: %s", r.Verdict, r.Text)
				}
			}
		}
		if len(awards) != 4 || live != 2 {
			t.Errorf("%d awards, %d of them live", len(awards), live)
		}
		old, err := w.Award(t.Context(), w.org.ID, first.PublicID)
		check(t, err)
		if old.ReplacedBy == 0 || !bytes.Equal(old.Document, first.Document) {
			t.Error("the trial does not name what replaced it, or changed")
		}
	})
}

// TestRowsThatTimeOvertookDoNotEndTheBatch: a whole chunk of rows that can no
// longer be awarded must not be taken for the end of the file.
func TestRowsThatTimeOvertookDoNotEndTheBatch(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		w := newWorld(t, db, liveURL)
		var file strings.Builder
		file.WriteString("name,email,valid until\n")
		for i := range 300 {
			until := "2026-03-02"
			if i >= 260 {
				until = "2030-01-01"
			}
			fmt.Fprintf(&file, "Person %d,person%d@example.org,%s\n", i, i, until)
		}
		b := w.checkAll(t, w.upload(t, file.String()), issuing.SkipDuplicates)
		if b.Rows.Good != 300 {
			t.Fatalf("%+v", b.Rows)
		}
		check(t, w.Confirm(t.Context(), w.org.ID, w.owner, b.PublicID))
		w.now = w.now.AddDate(0, 0, 3)
		w.run(t)
		b = w.reload(t, b)
		if b.State != issuing.BatchDone || b.Rows.Good != 0 || b.Rows.Bad != 260 || b.Rows.Issued != 40 {
			t.Errorf("%s %+v", b.State, b.Rows)
		}
	})
}

// TestWhatCannotBeSignedIsRefusedBeforeItIsRecorded: such an intent could never
// be finished.
func TestWhatCannotBeSignedIsRefusedBeforeItIsRecorded(t *testing.T) {
	w := newWorld(t, dbtest.Open(t), liveURL)
	check(t, w.orgs.SetDisclosure(t.Context(), w.org.ID, org.Disclosure{IncludeName: true, IncludeEvidence: true, LawfulBasis: "consent"}))
	for _, link := range []string{"https://example.org/a b", "https://example.org/<x>", "https://example.org/\u202e"} {
		r := w.request("Amara", "amara@example.org")
		r.Details.Evidence = []issuing.Evidence{{URL: link}}
		if _, err := w.Issue(t.Context(), w.org.ID, w.owner, r, issuing.Retry{}); fault.FieldMessage(err, "evidence") == "" {
			t.Errorf("%q: %v", link, err)
		}
	}
	b := w.checkAll(t, w.upload(t, "name,email,evidence\nAmara,amara@example.org,https://example.org/a b\nJonas,jonas@example.org,https://example.org/a\n"), issuing.SkipDuplicates)
	if b.Rows.Bad != 1 || b.Rows.Good != 1 {
		t.Errorf("%+v", b.Rows)
	}
	check(t, w.Resume(t.Context()))
	list, err := w.List(t.Context(), w.org.ID, issuing.Filter{})
	check(t, err)
	if len(list) != 0 {
		t.Errorf("%d intents were recorded", len(list))
	}
}

// TestAnAwardThatCannotBeSignedHoldsNobodyUp breaks a recorded intent by hand.
func TestAnAwardThatCannotBeSignedHoldsNobodyUp(t *testing.T) {
	w := newWorld(t, dbtest.Open(t), liveURL)
	for _, name := range []string{"broken", "whole"} {
		w.issue(t, name, name+"@example.org")
	}
	check(t, w.db.Write(t.Context(), func(tx *sqldb.Tx) error {
		for _, q := range []string{`UPDATE award SET document = NULL, issued_at = 0`, `DELETE FROM event WHERE kind = 'award.issued'`, `DELETE FROM signature_record`,
			`UPDATE award SET salt = 'short' WHERE recipient_name = 'broken'`} {
			if _, err := tx.Exec(t.Context(), q); err != nil {
				return err
			}
		}
		return nil
	}))
	check(t, w.Resume(t.Context()))
	list, err := w.List(t.Context(), w.org.ID, issuing.Filter{})
	check(t, err)
	for _, a := range list {
		if signed := a.Document != nil; signed != (a.Recipient.Name == "whole") {
			t.Errorf("%s: signed is %v", a.Recipient.Name, signed)
		}
	}
}

// TestABadgeGivenMeanwhileIsNotGivenTwice: between checking and awarding, the
// same person may get the badge in another way.
func TestABadgeGivenMeanwhileIsNotGivenTwice(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		w := newWorld(t, db, liveURL)
		b := w.checkAll(t, w.upload(t, "name,email\nAmara,amara@example.org\nJonas,jonas@example.org\n"), issuing.SkipDuplicates)
		w.issue(t, "Amara", "amara@example.org")
		check(t, w.Confirm(t.Context(), w.org.ID, w.owner, b.PublicID))
		w.run(t)
		b = w.reload(t, b)
		if b.State != issuing.BatchDone || b.Rows.Skipped != 1 || b.Rows.Issued != 1 {
			t.Errorf("%s %+v", b.State, b.Rows)
		}
	})
}

func TestARetryIsAnsweredAfterItsDatesHavePassed(t *testing.T) {
	w := newWorld(t, dbtest.Open(t), liveURL)
	r := w.request("Amara", "amara@example.org")
	r.ValidUntil = w.now.AddDate(0, 0, 1)
	retry := issuing.Retry{Endpoint: "POST /awards", Key: "k", Hash: []byte("body")}
	first, err := w.Issue(t.Context(), w.org.ID, w.owner, r, retry)
	check(t, err)
	w.now = w.now.AddDate(0, 0, 2)
	again, err := w.Issue(t.Context(), w.org.ID, w.owner, r, retry)
	if err != nil || again.ID != first.ID || !bytes.Equal(again.Document, first.Document) {
		t.Errorf("%+v, %v", again, err)
	}
}
