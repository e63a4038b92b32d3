package issuing_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/roundel/roundel/internal/dbtest"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/issuing"
	"github.com/roundel/roundel/internal/keys"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
	"github.com/roundel/roundel/verify"
)

// TestOldBadgesStayValidThroughTenRotations, with the whole verifier.
func TestOldBadgesStayValidThroughTenRotations(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		w := newWorld(t, db, liveURL)
		var all []*issuing.Award
		for i := range 10 {
			all = append(all, w.issue(t, "Amara", fmt.Sprintf("amara%d@example.org", i)))
			w.now = w.now.Add(1300 * time.Millisecond)
			_, err := w.Keys.Rotate(t.Context(), w.org.ID, keys.ForBadges)
			check(t, err)
		}
		all = append(all, w.issue(t, "Amara", "amara@example.org"))
		w.now = w.now.Add(24 * 400 * time.Hour)
		used := map[string]bool{}
		for i, a := range all {
			if r := w.verify(t, a.Document); r.Verdict != verify.Valid {
				t.Errorf("badge %d: %s: %s", i, r.Verdict, r.Text)
			}
			used[method(t, a.Document)] = true
		}
		if len(used) != 11 {
			t.Errorf("%d keys signed", len(used))
		}
	})
}

func method(t *testing.T, doc []byte) string {
	t.Helper()
	_, rest, ok := strings.Cut(string(doc), `"verificationMethod":"`)
	if !ok {
		t.Fatalf("no method in %s", doc)
	}
	m, _, _ := strings.Cut(rest, `"`)
	return m
}

// TestAwardsWhileTheKeyRotates: nothing is lost and nothing signed by an ended
// key is kept, however the two meet.
func TestAwardsWhileTheKeyRotates(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		w := newWorld(t, db, liveURL)
		var group sync.WaitGroup
		for i := range 4 {
			group.Go(func() {
				for j := range 6 {
					if _, err := w.Issue(t.Context(), w.org.ID, w.owner, w.request("Amara", fmt.Sprintf("a%d-%d@example.org", i, j)), issuing.Retry{}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		group.Go(func() {
			for range 5 {
				if _, err := w.Keys.Rotate(t.Context(), w.org.ID, keys.ForBadges); err != nil {
					t.Error(err)
				}
			}
		})
		group.Wait()
		check(t, w.Resume(t.Context()))
		list, err := w.List(t.Context(), w.org.ID, issuing.Filter{Limit: 100})
		check(t, err)
		w.now = w.now.Add(time.Hour)
		for _, a := range list {
			if r := w.verify(t, a.Document); r.Verdict != verify.Valid {
				t.Errorf("%s: %s", r.Verdict, r.Text)
			}
		}
		if len(list) != 24 {
			t.Errorf("%d awards", len(list))
		}
	})
}

// TestACompromisedKeyStopsIssuing at once, with what to do; what was signed
// before is shown to be by the record, and by nothing that a key can write.
func TestACompromisedKeyStopsIssuing(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		w := newWorld(t, db, liveURL)
		before := w.issue(t, "Amara", "amara@example.org")
		w.now = w.now.Add(time.Hour)
		since := w.now
		after := w.issue(t, "Jonas", "jonas@example.org")
		w.now = w.now.Add(time.Hour)
		pen, err := w.Keys.Pen(t.Context(), w.org.ID)
		check(t, err)
		// Whoever has the key writes a date that it likes.
		forged := forge(t, w, before, pen)

		_, err = w.Keys.Compromise(t.Context(), w.org.ID, pen.Key.Fragment, since)
		check(t, err)
		if _, err := w.Issue(t.Context(), w.org.ID, w.owner, w.request("Eve", "eve@example.org"), issuing.Retry{}); fault.KindOf(err) != fault.Conflict || !strings.Contains(fault.Message(err), "compromised") {
			t.Errorf("it is still issued: %v", err)
		}
		if list, err := w.List(t.Context(), w.org.ID, issuing.Filter{}); err != nil || len(list) != 2 {
			t.Errorf("%d awards, %v", len(list), err)
		}
		next, err := w.Keys.Prepare(t.Context(), w.org.ID, keys.P256, keys.ForBadges)
		check(t, err)
		_, err = w.Keys.Activate(t.Context(), w.org.ID, next.Fragment)
		check(t, err)
		fresh := w.issue(t, "Mei", "mei@example.org")

		ours := verify.Verifier{Get: w, Now: w.Now, Recorded: func(ctx context.Context, s verify.Signature) (time.Time, bool) {
			at, err := w.SignedAt(ctx, s.Credential, s.Value)
			check(t, err)
			return at, true
		}}
		elsewhere := verify.Verifier{Get: w, Now: w.Now}
		for name, c := range map[string]struct {
			doc          []byte
			here, abroad verify.Verdict
		}{
			"signed before": {before.Document, verify.Valid, verify.Unverifiable}, "signed after": {after.Document, verify.NotIssuer, verify.NotIssuer},
			"forged and dated back": {forged, verify.NotIssuer, verify.Unverifiable}, "by the new key": {fresh.Document, verify.Valid, verify.Valid},
		} {
			if r := ours.Verify(t.Context(), c.doc); r.Verdict != c.here {
				t.Errorf("%s: here it is %s: %s", name, r.Verdict, r.Text)
			}
			if r := elsewhere.Verify(t.Context(), c.doc); r.Verdict != c.abroad {
				t.Errorf("%s: elsewhere it is %s: %s", name, r.Verdict, r.Text)
			}
		}
	})
}

// forge signs another badge under the award's id with a date of an hour before,
// as a thief of the key would.
func forge(t *testing.T, w *world, a *issuing.Award, pen *keys.Pen) []byte {
	t.Helper()
	plain := strings.Replace(string(a.Document), "Applied Data Analysis", "Doctor of Philosophy", 1)
	at := strings.Index(plain, `,"proof":`)
	id, _, _ := strings.Cut(method(t, a.Document), "#")
	doc, _, err := pen.SignOne(t.Context(), pen.Request(keys.Credential, 99, id, []byte(plain[:at]+"}"), w.now.Add(-90*time.Minute)))
	check(t, err)
	if r := w.verify(t, doc); r.Verdict != verify.Valid {
		t.Fatalf("the forgery is no good: %s", r.Text)
	}
	return doc
}

// TestTheJournalKnowsWhenAndWhat: by the whole signature, and not by the id.
func TestTheJournalKnowsWhenAndWhat(t *testing.T) {
	w := newWorld(t, dbtest.Open(t), liveURL)
	a := w.issue(t, "Amara", "amara@example.org")
	_, rest, _ := strings.Cut(string(a.Document), `"proofValue":"`)
	value, _, _ := strings.Cut(rest, `"`)
	if at, err := w.SignedAt(t.Context(), w.URL(a), value); err != nil || !at.Equal(w.now) {
		t.Errorf("%v, %v", at, err)
	}
	for name, c := range map[string][2]string{
		"another signature": {w.URL(a), "z" + strings.Repeat("1", 86)}, "part of it": {w.URL(a), value[:20]}, "none": {w.URL(a), ""},
		"another award": {liveURL + "/awards/" + publicid.New().String(), value}, "elsewhere": {"https://uni.example/awards/" + a.PublicID.String(), value}, "no id": {"", value},
		"a word that is not in it": {w.URL(a), "nothing"},
	} {
		if at, err := w.SignedAt(t.Context(), c[0], c[1]); err != nil || !at.IsZero() {
			t.Errorf("%s: %v, %v", name, at, err)
		}
	}
}

// TestListsOfACompromisedKey are signed anew before they are given out again.
func TestListsOfACompromisedKey(t *testing.T) {
	w := newWorld(t, dbtest.Open(t), liveURL)
	a := w.issue(t, "Amara", "amara@example.org")
	before, err := w.StatusList(t.Context(), a.Status[0].List)
	check(t, err)
	pen, err := w.Keys.Pen(t.Context(), w.org.ID)
	check(t, err)
	_, err = w.Keys.Compromise(t.Context(), w.org.ID, pen.Key.Fragment, w.now)
	check(t, err)
	if _, err := w.StatusList(t.Context(), a.Status[0].List); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("without a key: %v", err)
	}
	next, err := w.Keys.Prepare(t.Context(), w.org.ID, keys.Ed25519, keys.ForBadges)
	check(t, err)
	_, err = w.Keys.Activate(t.Context(), w.org.ID, next.Fragment)
	check(t, err)
	after, err := w.StatusList(t.Context(), a.Status[0].List)
	check(t, err)
	if method(t, before) == method(t, after) || !strings.HasSuffix(method(t, after), next.Fragment) {
		t.Errorf("the list is signed by %s", method(t, after))
	}
}

// TestOwnDomain: what is issued under the organisation's own domain bears it,
// with lists of its own; what was issued before keeps its identity; and what was
// begun in one name is finished in it.
func TestOwnDomain(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		w := newWorld(t, db, liveURL)
		before := w.issue(t, "Amara", "amara@example.org")
		begun := w.issue(t, "Sofia", "sofia@example.org")
		const own = "did:web:northlight.example"
		_, err := w.Keys.Propose(t.Context(), w.org.ID, "northlight.example")
		check(t, err)
		w.Keys.Fetch = getter(func(ctx context.Context, address string) ([]byte, error) {
			if address != "https://northlight.example/.well-known/did.json" {
				return nil, errors.New("nothing there")
			}
			return w.Keys.WebDocument(ctx, w.org.ID, own)
		})
		check(t, db.Write(t.Context(), func(tx *sqldb.Tx) error {
			for _, q := range []string{`UPDATE award SET document = NULL, issued_at = 0 WHERE id = $1`, `DELETE FROM event WHERE kind = 'award.issued' AND subject = $1`, `DELETE FROM signature_record WHERE subject = $1`} {
				if _, err := tx.Exec(t.Context(), q, begun.ID); err != nil {
					return err
				}
			}
			return nil
		}))
		_, err = w.Keys.Adopt(t.Context(), w.org.ID, own)
		check(t, err)
		after := w.issue(t, "Jonas", "jonas@example.org")
		check(t, w.Resume(t.Context()))
		begun, err = w.Award(t.Context(), w.org.ID, begun.PublicID)
		check(t, err)
		v := verify.Verifier{Now: w.Now, Get: getter(func(ctx context.Context, address string) ([]byte, error) {
			if strings.HasPrefix(address, liveURL) {
				doc, _, err := w.Get(ctx, address, "")
				return doc, err
			}
			return w.Keys.Fetch.(getter)(ctx, address)
		})}
		for name, c := range map[string]struct {
			a   *issuing.Award
			did string
		}{"before": {before, "did:web:badges.example.org:issuers:northlight-university"}, "begun before": {begun, "did:web:badges.example.org:issuers:northlight-university"}, "after": {after, own}} {
			if r := v.Verify(t.Context(), c.a.Document); r.Verdict != verify.Valid {
				t.Errorf("%s: %s: %s", name, r.Verdict, r.Text)
			}
			if got := method(t, c.a.Document); !strings.HasPrefix(got, c.did+"#") {
				t.Errorf("%s: signed by %s", name, got)
			}
		}
		if before.Status[0].List == after.Status[0].List {
			t.Error("two issuers share a list")
		}
	})
}

type getter func(context.Context, string) ([]byte, error)

func (g getter) Get(ctx context.Context, address, _ string) ([]byte, string, error) {
	doc, err := g(ctx, address)
	return doc, "application/json", err
}
