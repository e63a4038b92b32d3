package once_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/roundel/roundel/internal/dbtest"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/once"
	"github.com/roundel/roundel/internal/sqldb"
)

var now = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

// work is work that leaves a trace: it returns how many traces there are.
func work(t *testing.T, tx *sqldb.Tx) func() (int64, error) {
	return func() (n int64, err error) {
		err = tx.QueryRow(t.Context(), `INSERT INTO event (organisation_id, kind, subject, at) VALUES (1, 'test', 1, 1) RETURNING id`).Scan(&n)
		return n, err
	}
}

func traces(t *testing.T, db *sqldb.DB) (n int) {
	t.Helper()
	if err := db.Read(t.Context(), func(tx *sqldb.Tx) error {
		return tx.QueryRow(t.Context(), `SELECT count(*) FROM event WHERE kind = 'test'`).Scan(&n)
	}); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestOnceHoweverOftenAndFromWhereverItComes(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		do := func(organisation int64, r once.Request) (subject int64, again bool, err error) {
			err = db.Write(t.Context(), func(tx *sqldb.Tx) error {
				subject, again, err = once.Do(t.Context(), tx, organisation, r, now, work(t, tx))
				return err
			})
			return subject, again, err
		}
		r := once.Request{Endpoint: "invitations", Key: "k", Hash: once.Hash([]byte("body"))}
		var all sync.WaitGroup
		subjects, fresh := make(chan int64, 50), make(chan bool, 50)
		for range 50 {
			all.Go(func() {
				subject, again, err := do(1, r)
				if err != nil {
					t.Error(err)
				}
				subjects <- subject
				fresh <- !again
			})
		}
		all.Wait()
		first, times := <-subjects, 0
		for range 49 {
			if other := <-subjects; other != first || other == 0 {
				t.Errorf("made %d and %d", first, other)
			}
		}
		for range 50 {
			if <-fresh {
				times++
			}
		}
		if times != 1 || traces(t, db) != 1 {
			t.Errorf("done %d times, %d traces", times, traces(t, db))
		}
		other := r
		other.Hash = once.Hash([]byte("another body"))
		if _, _, err := do(1, other); !errors.Is(err, once.ErrReused) || fault.KindOf(err) != fault.Invalid {
			t.Errorf("the key with another body: %v", err)
		}
		for what, again := range map[string]func() (int64, bool, error){
			"another organisation": func() (int64, bool, error) { return do(2, r) },
			"another endpoint":     func() (int64, bool, error) { return do(1, once.Request{Endpoint: "x", Key: r.Key, Hash: r.Hash}) },
			"no key":               func() (int64, bool, error) { return do(1, once.Request{Endpoint: r.Endpoint}) },
			"no key, again":        func() (int64, bool, error) { return do(1, once.Request{Endpoint: r.Endpoint}) },
		} {
			if subject, again, err := again(); err != nil || again || subject == first {
				t.Errorf("%s: %d, %v, %v", what, subject, again, err)
			}
		}
		if n := traces(t, db); n != 5 {
			t.Errorf("%d traces, not 5", n)
		}
	})
}

// What failed was not done: the key is free again.
func TestFailedWorkKeepsNoKey(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		broken := errors.New("broken")
		r := once.Request{Endpoint: "invitations", Key: "k"}
		err := db.Write(t.Context(), func(tx *sqldb.Tx) error {
			_, _, err := once.Do(t.Context(), tx, 1, r, now, func() (int64, error) { return 0, broken })
			return err
		})
		if !errors.Is(err, broken) {
			t.Fatal(err)
		}
		if err := db.Write(t.Context(), func(tx *sqldb.Tx) error {
			_, again, err := once.Do(t.Context(), tx, 1, r, now, work(t, tx))
			if again {
				t.Error("the failure is taken for the work")
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
}

func TestForget(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		for n, key := range []string{"old", "new"} {
			if err := db.Write(t.Context(), func(tx *sqldb.Tx) error {
				_, _, err := once.Do(t.Context(), tx, 1, once.Request{Endpoint: "e", Key: key}, now.Add(time.Duration(n)*time.Hour), work(t, tx))
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		if n, err := once.Forget(t.Context(), db, now.Add(time.Minute)); n != 1 || err != nil {
			t.Errorf("forgot %d, %v", n, err)
		}
	})
}
