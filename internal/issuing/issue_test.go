package issuing_test

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/roundel/roundel/internal/badge"
	"github.com/roundel/roundel/internal/dbtest"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/issuing"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sqldb"
	"github.com/roundel/roundel/internal/vectors"
	"github.com/roundel/roundel/openbadge"
	"github.com/roundel/roundel/verify"
)

func TestLiveAwardFollowsItsStates(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		w := newWorld(t, db, liveURL)
		a := w.issue(t, "Amara Okafor", "Amara@Example.org")
		other := w.issue(t, "Jonas Lindqvist", "jonas@example.org")
		expect := func(want verify.Verdict) {
			t.Helper()
			if r := w.verify(t, a.Document); r.Verdict != want {
				t.Errorf("verdict %s, want %s: %s %v", r.Verdict, want, r.Text, r.Checks)
			}
			if r := w.verify(t, other.Document); r.Verdict != verify.Valid {
				t.Errorf("the other award is %s: %s", r.Verdict, r.Text)
			}
		}
		expect(verify.Valid)
		_, err := w.Suspend(t.Context(), w.org.ID, w.owner, a.PublicID, "not_stated", "")
		check(t, err)
		expect(verify.Suspended)
		_, err = w.Reinstate(t.Context(), w.org.ID, w.owner, a.PublicID)
		check(t, err)
		expect(verify.Valid)
		if _, err := w.Revoke(t.Context(), w.org.ID, w.owner, a.PublicID, "issued_in_error", "the wrong\x00person"); fault.KindOf(err) != fault.Invalid {
			t.Errorf("a note that is no text: %v", err)
		}
		_, err = w.Revoke(t.Context(), w.org.ID, w.owner, a.PublicID, "issued_in_error", "the wrong person")
		check(t, err)
		expect(verify.Revoked)
		if _, err := w.Revoke(t.Context(), w.org.ID, w.owner, a.PublicID, "not_stated", ""); fault.KindOf(err) != fault.Conflict {
			t.Errorf("withdrawn twice: %v", err)
		}
		stored, err := w.Award(t.Context(), w.org.ID, a.PublicID)
		check(t, err)
		if !bytes.Equal(stored.Document, a.Document) {
			t.Error("the signed bytes changed")
		}
		if stored.Reason != "issued_in_error" || stored.PrivateNote != "the wrong person" {
			t.Errorf("reason %q, note %q", stored.Reason, stored.PrivateNote)
		}
		if bytes.Contains(a.Document, []byte("mara@")) || bytes.Contains(a.Document, []byte("Okafor")) {
			t.Error("the document holds the address or, without the issuer's setting, the name")
		}
	})
}

func TestTrialIsVerifiableWithoutUs(t *testing.T) {
	w := newWorld(t, dbtest.Open(t), "http://127.0.0.1:8080")
	a := w.issue(t, "Amara Okafor", "amara@example.org")
	offline := verify.Verifier{Now: w.Now}
	if r := offline.Verify(t.Context(), a.Document); r.Verdict != verify.IssuerUnconfirmed {
		t.Errorf("verdict %s: %s", r.Verdict, r.Text)
	}
	if !a.Trial || bytes.Contains(a.Document, []byte("credentialStatus")) || bytes.Contains(a.Document, []byte("refreshService")) {
		t.Errorf("a trial must not point to what nobody can reach: %s", a.Document)
	}
}

func TestDisclosureDecidesWhatIsSigned(t *testing.T) {
	w := newWorld(t, dbtest.Open(t), liveURL)
	r := w.request("Amara Okafor", "amara@example.org")
	r.Details = issuing.Details{Result: "87 %", Narrative: "She defended it well.", Evidence: []issuing.Evidence{{URL: "https://amara.example/report", Name: "Report"}}}
	if err := w.orgs.SetDisclosure(t.Context(), w.org.ID, org.Disclosure{IncludeName: true}); fault.KindOf(err) != fault.Invalid {
		t.Errorf("names without a lawful basis: %v", err)
	}
	plain, err := w.Issue(t.Context(), w.org.ID, w.owner, r, issuing.Retry{})
	check(t, err)
	check(t, w.orgs.SetDisclosure(t.Context(), w.org.ID, org.Disclosure{IncludeName: true, IncludeEvidence: true, LawfulBasis: "consent at enrolment"}))
	r.Recipient.Email = "amara2@example.org"
	full, err := w.Issue(t.Context(), w.org.ID, w.owner, r, issuing.Retry{})
	check(t, err)
	for _, text := range []string{"Amara Okafor", "https://amara.example/report", "She defended it well."} {
		if bytes.Contains(plain.Document, []byte(text)) {
			t.Errorf("%q was signed without the setting", text)
		}
		if !bytes.Contains(full.Document, []byte(text)) {
			t.Errorf("%q is missing", text)
		}
	}
	if !bytes.Contains(plain.Document, []byte("87 %")) {
		t.Error("the result is missing")
	}
}

func TestDocumentsPassBothSchemaFamilies(t *testing.T) {
	w := newWorld(t, dbtest.Open(t), liveURL)
	check(t, w.orgs.SetDisclosure(t.Context(), w.org.ID, org.Disclosure{IncludeName: true, IncludeEvidence: true, LawfulBasis: "consent"}))
	r := w.request("Amara Okafor", "amara@example.org")
	r.ValidUntil = w.now.AddDate(5, 0, 0)
	r.Details = issuing.Details{Result: "87 %", Narrative: "Well done.", Evidence: []issuing.Evidence{{URL: "https://amara.example/report", Name: "Report", Description: "Delays"}}}
	full, err := w.Issue(t.Context(), w.org.ID, w.owner, r, issuing.Retry{})
	check(t, err)
	least := w.issue(t, "Jonas", "jonas@example.org")
	for _, family := range []string{"ob_v3p0", "ob_v3p0_strict"} {
		file := filepath.Join(vectors.Dir(t, "1edtech-schemas"), family, "ob_v3p0_achievementcredential_schema.json")
		schema, err := jsonschema.NewCompiler().Compile(file)
		check(t, err)
		for _, doc := range [][]byte{full.Document, least.Document} {
			tree, err := jsonschema.UnmarshalJSON(bytes.NewReader(doc))
			check(t, err)
			// The schemas know one status only; the data model allows the two that we
			// issue (docs/adr/0007). Each of them alone has to pass.
			for _, status := range tree.(map[string]any)["credentialStatus"].([]any) {
				one := maps.Clone(tree.(map[string]any))
				one["credentialStatus"] = status
				if err := schema.Validate(one); err != nil {
					t.Errorf("%s: %v", family, err)
				}
			}
		}
	}
}

func TestRetriesGiveOneAward(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		w := newWorld(t, db, liveURL)
		retry := issuing.Retry{Endpoint: "POST /awards", Key: "enrolment-17", Hash: []byte("body")}
		documents := make([][]byte, 50)
		var wg sync.WaitGroup
		for i := range documents {
			wg.Go(func() {
				a, err := w.Issue(t.Context(), w.org.ID, w.owner, w.request("Amara", "amara@example.org"), retry)
				if err != nil {
					t.Error(err)
					return
				}
				documents[i] = a.Document
			})
		}
		wg.Wait()
		for _, d := range documents {
			if !bytes.Equal(d, documents[0]) || len(d) == 0 {
				t.Fatal("retries gave different documents")
			}
		}
		list, err := w.List(t.Context(), w.org.ID, issuing.Filter{})
		check(t, err)
		if len(list) != 1 {
			t.Fatalf("%d awards", len(list))
		}
		retry.Hash = []byte("another body")
		if _, err := w.Issue(t.Context(), w.org.ID, w.owner, w.request("Amara", "amara@example.org"), retry); !errors.Is(err, issuing.ErrKeyReused) {
			t.Errorf("another body under the same key: %v", err)
		}
		check(t, db.Write(t.Context(), func(tx *sqldb.Tx) error { return issuing.EraseAwards(t.Context(), tx, list, false, time.Now()) }))
		retry.Hash = []byte("body")
		past := w.request("Amara", "amara@example.org")
		past.ValidFrom = time.Date(1066, 10, 14, 0, 0, 0, 0, time.UTC) // it is looked up by its key first
		for _, r := range []issuing.Request{w.request("Amara", "amara@example.org"), past} {
			if _, err := w.Issue(t.Context(), w.org.ID, w.owner, r, retry); fault.KindOf(err) != fault.Conflict || !strings.Contains(fault.Message(err), "was erased") {
				t.Errorf("again after the erasure: %v", err)
			}
		}
	})
}

// TestResumeFinishesWhatACrashLeft takes the database back to what the first
// commit leaves, which is what a crash before the second one shows.
func TestResumeFinishesWhatACrashLeft(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		w := newWorld(t, db, liveURL)
		a := w.issue(t, "Amara", "amara@example.org")
		check(t, db.Write(t.Context(), func(tx *sqldb.Tx) error {
			for _, q := range []string{`UPDATE award SET document = NULL, issued_at = 0`, `DELETE FROM event WHERE kind = 'award.issued'`, `DELETE FROM signature_record`} {
				if _, err := tx.Exec(t.Context(), q); err != nil {
					return err
				}
			}
			return nil
		}))
		if _, err := w.PublicAward(t.Context(), a.PublicID); fault.KindOf(err) != fault.NotFound {
			t.Errorf("an unsigned award can be seen: %v", err)
		}
		if _, err := w.Revoke(t.Context(), w.org.ID, w.owner, a.PublicID, "not_stated", ""); fault.KindOf(err) != fault.Conflict {
			t.Errorf("an unsigned award was withdrawn: %v", err)
		}
		for range 2 {
			check(t, w.Resume(t.Context()))
		}
		b, err := w.PublicAward(t.Context(), a.PublicID)
		check(t, err)
		if r := w.verify(t, b.Document); r.Verdict != verify.Valid {
			t.Errorf("verdict %s: %s", r.Verdict, r.Text)
		}
		if diff := cmp.Diff(a.Status, b.Status, cmp.AllowUnexported(issuing.Position{})); diff != "" {
			t.Errorf("the place in the status list moved: %s", diff)
		}
		var events int
		check(t, db.Read(t.Context(), func(tx *sqldb.Tx) error {
			return tx.QueryRow(t.Context(), `SELECT count(*) FROM event WHERE kind = 'award.issued'`).Scan(&events)
		}))
		if events != 1 {
			t.Errorf("%d events", events)
		}
	})
}

func TestWhatCannotBeAwarded(t *testing.T) {
	w := newWorld(t, dbtest.Open(t), liveURL)
	draft, err := w.badges.Create(t.Context(), w.org.ID, w.badge.Published.Content, badge.Picture{})
	check(t, err)
	archived := w.newBadge(t, "Old")
	check(t, w.badges.SetArchived(t.Context(), w.org.ID, archived.PublicID, true))
	good := w.request("Amara", "amara@example.org")
	for _, test := range []struct {
		name   string
		change func(*issuing.Request)
		kind   fault.Kind
		field  string
	}{
		{"no name", func(r *issuing.Request) { r.Recipient.Name = "  " }, fault.Invalid, "name"},
		{"no address", func(r *issuing.Request) { r.Recipient.Email = "amara" }, fault.Invalid, "email"},
		{"ends before it begins", func(r *issuing.Request) { r.ValidUntil = w.now.AddDate(0, 0, -1) }, fault.Invalid, "until"},
		{"implausible date", func(r *issuing.Request) { r.ValidFrom = time.Date(202, 1, 1, 0, 0, 0, 0, time.UTC) }, fault.Invalid, "date"},
		{"evidence by script", func(r *issuing.Request) { r.Details.Evidence = []issuing.Evidence{{URL: "javascript:alert(1)"}} }, fault.Invalid, "evidence"},
		{"a draft", func(r *issuing.Request) { r.Badge = draft.PublicID }, fault.Conflict, ""},
		{"an archived badge", func(r *issuing.Request) { r.Badge = archived.PublicID }, fault.Conflict, ""},
		{"no such badge", func(r *issuing.Request) { r.Badge = publicid.New() }, fault.NotFound, ""},
	} {
		r := good
		test.change(&r)
		_, err := w.Issue(t.Context(), w.org.ID, w.owner, r, issuing.Retry{})
		if fault.KindOf(err) != test.kind || (test.field != "" && fault.FieldMessage(err, test.field) == "") {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	if _, err := w.Issue(t.Context(), w.org.ID+1, w.owner, good, issuing.Retry{}); fault.KindOf(err) != fault.NotFound {
		t.Errorf("another organisation awarded the badge: %v", err)
	}
	list, err := w.List(t.Context(), w.org.ID, issuing.Filter{})
	check(t, err)
	if len(list) != 0 {
		t.Errorf("%d awards were left behind", len(list))
	}
}

func TestHashedAddressMatchesItsOwnerOnly(t *testing.T) {
	w := newWorld(t, dbtest.Open(t), liveURL)
	a, b := w.issue(t, "Amara", "Amara@Example.ORG"), w.issue(t, "Amara", "amara@example.org")
	if a.Salt == b.Salt || len(a.Salt) != 32 {
		t.Errorf("salts %q and %q", a.Salt, b.Salt)
	}
	id := openbadge.IdentityObject{Hashed: true, IdentityType: "emailAddress", Salt: a.Salt, IdentityHash: openbadge.HashIdentity("amara@example.org", a.Salt)}
	if !bytes.Contains(a.Document, []byte(id.IdentityHash)) || !id.Matches("AMARA@example.org") || id.Matches("eve@example.org") {
		t.Error("the hash is not that of the address in lower case")
	}
}

func TestListSearchesAndPages(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		w := newWorld(t, db, liveURL)
		for _, p := range []string{"Amara 100%", "Bo_b", "Åsa Öberg", "Bob"} {
			w.issue(t, p, strings.ToLower(strings.Fields(p)[0])+"@example.org")
		}
		names := func(f issuing.Filter) (list []string) {
			t.Helper()
			awards, err := w.List(t.Context(), w.org.ID, f)
			check(t, err)
			for _, a := range awards {
				list = append(list, a.Recipient.Name)
			}
			return list
		}
		all := names(issuing.Filter{})
		if diff := cmp.Diff([]string{"Bob", "Åsa Öberg", "Bo_b", "Amara 100%"}, all); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"Bo_b"}, names(issuing.Filter{Search: "o_"})); diff != "" {
			t.Errorf("an underscore is no wildcard: %s", diff)
		}
		if diff := cmp.Diff([]string{"Amara 100%"}, names(issuing.Filter{Search: "0%"})); diff != "" {
			t.Errorf("a per cent sign is no wildcard: %s", diff)
		}
		first, err := w.List(t.Context(), w.org.ID, issuing.Filter{Limit: 2})
		check(t, err)
		if diff := cmp.Diff(all[2:], names(issuing.Filter{Limit: 2, Before: first[1].ID})); diff != "" {
			t.Errorf("second page: %s", diff)
		}
	})
}

// TestAnAskerWhoHangsUpDoesNotStopTheAward: the request is cancelled as soon as
// the intent is recorded, before anything is signed.
func TestAnAskerWhoHangsUpDoesNotStopTheAward(t *testing.T) {
	w := newWorld(t, dbtest.Open(t), liveURL)
	ctx, hangUp := context.WithCancel(t.Context())
	clock := w.Service.Now
	w.Service.Now = func() time.Time {
		var intents int
		check(t, w.db.Read(t.Context(), func(tx *sqldb.Tx) error {
			return tx.QueryRow(t.Context(), `SELECT count(*) FROM award`).Scan(&intents)
		}))
		if intents > 0 {
			hangUp()
		}
		return clock()
	}
	a, err := w.Issue(ctx, w.org.ID, w.owner, w.request("Amara", "amara@example.org"), issuing.Retry{})
	if err != nil || ctx.Err() == nil {
		t.Fatalf("%v; hung up: %v", err, ctx.Err())
	}
	stored, err := w.PublicAward(t.Context(), a.PublicID)
	if err != nil || !bytes.Equal(stored.Document, a.Document) {
		t.Errorf("the award is not signed: %v", err)
	}
}

// TestChangesAreToldAsTheyAreKept: the answer to a change has the moment that is
// read later, not a finer one.
func TestChangesAreToldAsTheyAreKept(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		w := newWorld(t, db, liveURL)
		w.Now = func() time.Time { return time.Now().Truncate(time.Second).Add(123456789) }
		a := w.issue(t, "Amara", "amara@example.org")
		same := func(told *issuing.Award, err error) {
			t.Helper()
			check(t, err)
			kept, err := w.Award(t.Context(), w.org.ID, a.PublicID)
			check(t, err)
			if !told.SuspendedAt.Equal(kept.SuspendedAt) || !told.RevokedAt.Equal(kept.RevokedAt) {
				t.Errorf("told %v and %v, kept %v and %v", told.SuspendedAt, told.RevokedAt, kept.SuspendedAt, kept.RevokedAt)
			}
		}
		same(w.Suspend(t.Context(), w.org.ID, w.owner, a.PublicID, "not_stated", ""))
		same(w.Reinstate(t.Context(), w.org.ID, w.owner, a.PublicID))
		same(w.Revoke(t.Context(), w.org.ID, w.owner, a.PublicID, "not_stated", ""))
	})
}
