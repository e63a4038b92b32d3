package attest

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/roundel/roundel/internal/dbtest"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/keys"
	"github.com/roundel/roundel/internal/sqldb"
	"github.com/roundel/roundel/statuslist"
)

// again is a request that may be sent again: body stands for all of it.
func (w *world) again(organisation int64, key, body string) Request {
	hash := sha256.Sum256([]byte(body))
	return Request{OrganisationID: organisation, Credential: w.credential(""), Retry: Retry{Key: key, Hash: hash[:]}, Status: []StatusRequest{{Purpose: statuslist.Revocation}}}
}

// TestRetries: twenty at once and one after a restart get the same bytes, with
// a signature that differs every time it is made.
func TestRetries(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		w := newWorld(t, db)
		list, err := w.Keys.Issuers(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		w.issuer = list[1].DID // P-256
		var wg sync.WaitGroup
		answers := make([][]byte, 20)
		for i := range answers {
			wg.Go(func() {
				answer, err := w.Issue(t.Context(), w.again(7, "order-1", "a"))
				if err != nil {
					t.Errorf("retry %d: %v", i, err)
				}
				answers[i] = answer
			})
		}
		wg.Wait()
		for i, a := range answers {
			if len(a) == 0 || !bytes.Equal(a, answers[0]) {
				t.Errorf("retry %d is another: %.80s", i, a)
			}
		}
		if all, signed, _ := w.recorded(); all != 1 || signed != 1 {
			t.Errorf("%d recorded, %d signed", all, signed)
		}
		// A later process, whose clock and rules may be others.
		later := &Service{DB: db, Keys: w.Keys, Now: w.Now, BaseURL: "https://elsewhere.example", ListPath: w.ListPath}
		if err := later.KeepGivingUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got, err := later.Issue(t.Context(), w.again(7, "order-1", "a")); err != nil || !bytes.Equal(got, answers[0]) {
			t.Errorf("after a restart: %v, %.80s", err, got)
		}
		if got, err := w.Issue(t.Context(), w.again(7, "order-1", "b")); !errors.Is(err, ErrKeyReused) || got != nil {
			t.Errorf("another request: %v, %.80s", err, got)
		}
		for _, other := range []Request{w.again(8, "order-1", "a"), w.again(7, "order-2", "a"), w.again(7, "", "a"), w.again(7, "", "a")} {
			if got, err := w.Issue(t.Context(), other); err != nil || bytes.Equal(got, answers[0]) {
				t.Errorf("organisation %d, key %q: %v, %.80s", other.OrganisationID, other.Retry.Key, err, got)
			}
		}
	})
}

// stop makes every second commit fail until the function that it returns.
func stop(t *testing.T, db *sqldb.DB) (start func()) {
	t.Helper()
	set := func(statements ...string) {
		if err := db.Define(t.Context(), statements...); err != nil {
			t.Fatal(err)
		}
	}
	if db.Dialect() == sqldb.SQLite {
		set(`CREATE TRIGGER stop BEFORE UPDATE OF signed_at ON attestation BEGIN SELECT RAISE(FAIL, 'the process ended here'); END`)
		return func() { set(`DROP TRIGGER stop`) }
	}
	set(`CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''the process ended here''; END'`,
		`CREATE TRIGGER stop BEFORE UPDATE OF signed_at ON attestation FOR EACH ROW EXECUTE FUNCTION stop()`)
	return func() { set(`DROP TRIGGER stop ON attestation`) }
}

// places returns what is recorded in the lists of a purpose, oldest first.
func (w *world) places(purpose string) (all []statuslist.Reference, values []int64) {
	w.t.Helper()
	err := w.DB.Read(w.t.Context(), func(tx *sqldb.Tx) error {
		rows, err := tx.Query(w.t.Context(), `SELECT l.public_id, l.bits, e.position, e.value FROM attestation_status e JOIN attestation_list l ON l.id = e.list_id
			WHERE l.purpose = $1 ORDER BY e.attestation_id`, purpose)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var public []byte
			var value int64
			r := statuslist.Reference{Purpose: purpose}
			if err := rows.Scan(&public, &r.Size, &r.Index, &value); err != nil {
				return err
			}
			r.List = w.listURL([16]byte(public))
			all, values = append(all, r), append(values, value)
		}
		return rows.Err()
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return all, values
}

// TestInterrupted: a process that ends between the two commits leaves an intent
// that nobody got a credential of. Its places are not published as good, its
// credential cannot be unrevoked, and a retry begins afresh.
func TestInterrupted(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		w := newWorld(t, db)
		r := w.again(7, "order-1", "a")
		r.Status = append(r.Status, StatusRequest{Purpose: statuslist.Suspension}, StatusRequest{Purpose: statuslist.Refresh})
		start := stop(t, db)
		for range 2 { // the retry finds the intent, and ends there too
			if out, err := w.Issue(t.Context(), r); err == nil || out != nil || fault.KindOf(err) == fault.Invalid {
				t.Fatalf("%v, %s", err, out)
			}
		}
		start()
		if all, signed, _ := w.recorded(); all != 1 || signed != 0 {
			t.Fatalf("%d recorded, %d signed", all, signed)
		}
		const id = "urn:uuid:86294362-4254-4f36-854f-3952fe42555d"
		if err := w.SetStatus(t.Context(), 7, id, statuslist.Revocation, 1); fault.KindOf(err) != fault.NotFound {
			t.Errorf("status of what was not issued: %v", err)
		}
		// Others get theirs meanwhile, and nodes that are at it are left alone.
		if err := w.keepGivingUp(t.Context(), w.impatient()); err != nil {
			t.Fatal(err)
		}
		lists, _ := w.places(statuslist.Revocation)
		if len(lists) != 1 || w.value(lists[0]) != 0 {
			t.Errorf("given up while it may be under way: %v", lists)
		}
		// Much later, on any node.
		now := w.Now().Add(patience + time.Second)
		later := &world{Service: &Service{DB: db, Keys: w.Keys, Now: w.Now, BaseURL: w.BaseURL, ListPath: w.ListPath}, t: t, issuer: w.issuer}
		later.Now = func() time.Time { return now }
		if err := later.Handlers()[JobGiveUp](t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		for purpose, want := range map[string]uint{statuslist.Revocation: 1, statuslist.Suspension: 1, statuslist.Refresh: 0} {
			if places, _ := later.places(purpose); len(places) != 1 || later.value(places[0]) != want {
				t.Errorf("%s: published %d, want %d", purpose, later.value(places[0]), want)
			}
		}
		for _, purpose := range []string{statuslist.Suspension, statuslist.Revocation} {
			if err := later.SetStatus(t.Context(), 7, id, purpose, 0); fault.KindOf(err) != fault.NotFound {
				t.Errorf("%s of what was given up: %v", purpose, err)
			}
		}
		// The signature that was under way for so long comes too late.
		a := &attestation{id: 1, request: r}
		if out, err := later.complete(t.Context(), a, []byte(`{}`), keys.Entry{}); fault.KindOf(err) != fault.Unavailable || out != nil {
			t.Errorf("a signature after giving up: %v, %s", err, out)
		}
		signed, err := later.Issue(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		places, values := later.places(statuslist.Revocation)
		fresh := entries(t, signed)[0]
		if len(places) != 2 || values[0] != 1 || values[1] != 0 || fresh.Index == places[0].Index || fresh.Index != places[1].Index || later.value(fresh) != 0 || later.value(places[0]) != 1 {
			t.Errorf("places %v with %v, the credential's %v", places, values, fresh)
		}
		if again, err := later.Issue(t.Context(), r); err != nil || !bytes.Equal(again, signed) {
			t.Errorf("once more: %v, %.80s", err, again)
		}
	})
}

// TestResumedByRetry: a retry takes up what was interrupted, with the same
// place, and without waiting.
func TestResumedByRetry(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		w := newWorld(t, db)
		start := stop(t, db)
		if _, err := w.Issue(t.Context(), w.again(7, "order-1", "a")); err == nil {
			t.Fatal("signed without a second commit")
		}
		start()
		signed, err := w.Issue(t.Context(), w.again(7, "order-1", "a"))
		if err != nil {
			t.Fatal(err)
		}
		places, values := w.places(statuslist.Revocation)
		if got := entries(t, signed)[0]; len(places) != 1 || values[0] != 0 || got.Index != places[0].Index {
			t.Errorf("places %v with %v, the credential's %v", places, values, got)
		}
	})
}

// TestRestartGivesUp: on SQLite the file belongs to one process, so what a
// start finds without a signature will never get one, however young.
func TestRestartGivesUp(t *testing.T) {
	w := newWorld(t, dbtest.Open(t))
	start := stop(t, w.DB)
	if _, err := w.Issue(t.Context(), w.again(7, "", "a")); err == nil {
		t.Fatal("signed without a second commit")
	}
	start()
	if err := w.KeepGivingUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if places, _ := w.places(statuslist.Revocation); len(places) != 1 || w.value(places[0]) != 1 {
		t.Errorf("places %v", places)
	}
}

// TestUnsignableIsGivenUp: what cannot be signed leaves no place that is called
// good, and its key may be used again once the request is mended.
func TestUnsignableIsGivenUp(t *testing.T) {
	w := newWorld(t, dbtest.Open(t))
	r := w.again(7, "order-1", "a")
	r.Cryptosuite = "ecdsa-rdfc-2019" // for an Ed25519 key
	if _, err := w.Issue(t.Context(), r); fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), "cannot be signed") {
		t.Fatal(err)
	}
	if places, _ := w.places(statuslist.Revocation); len(places) != 1 || w.value(places[0]) != 1 {
		t.Errorf("places %v", places)
	}
	if _, err := w.Issue(t.Context(), w.again(7, "order-1", "b")); err != nil {
		t.Error(err)
	}
}

// TestStatusOfStrangeNames: PostgreSQL takes no NUL in texts.
func TestStatusOfStrangeNames(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		w := newWorld(t, db)
		for _, c := range [][2]string{{"urn:\x00", statuslist.Revocation}, {"urn:x", "\x00"}} {
			if err := w.SetStatus(t.Context(), 7, c[0], c[1], 1); fault.KindOf(err) != fault.NotFound {
				t.Errorf("%q: %v", c, err)
			}
		}
		if _, err := w.Issue(t.Context(), Request{Credential: bytes.Replace(w.credential(""), []byte("urn:uuid:8"), []byte(`urn:uuid:\u0000`), 1)}); fault.KindOf(err) != fault.Invalid {
			t.Errorf("an id with NUL: %v", err)
		}
	})
}
