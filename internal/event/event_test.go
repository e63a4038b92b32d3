package event_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/roundel/roundel/internal/dbtest"
	"github.com/roundel/roundel/internal/event"
	"github.com/roundel/roundel/internal/sqldb"
)

func record(db *sqldb.DB, kind string, after func() error) error {
	ctx := context.Background()
	return db.Write(ctx, func(tx *sqldb.Tx) error {
		if err := event.Record(ctx, tx, event.Event{OrgID: 1, Kind: kind, Subject: 2, Actor: 3, Data: map[string]int{"n": 4}}); err != nil {
			return err
		}
		if after == nil {
			return nil
		}
		return after()
	})
}

// follow reads everything from the start by cursor, two events at a time.
func follow(t *testing.T, db *sqldb.DB) (kinds string) {
	t.Helper()
	var cursor int64
	for {
		events, err := event.Next(context.Background(), db, cursor, 2)
		if err != nil {
			t.Fatal(err)
		}
		if len(events) == 0 {
			return kinds
		}
		for _, e := range events {
			kinds += e.Kind
			cursor = e.ID
		}
	}
}

func TestEventsComeBackInOrder(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		heard := 0
		defer db.Listen(event.Topic, func() { heard++ })()
		for _, kind := range []string{"a", "b", "c", "d", "e"} {
			if err := record(db, kind, nil); err != nil {
				t.Fatal(err)
			}
		}
		if got := follow(t, db); got != "abcde" {
			t.Errorf("read %q", got)
		}
		if heard != 5 {
			t.Errorf("listeners heard %d times", heard)
		}
		events, err := event.Next(context.Background(), db, 0, 1)
		if err != nil {
			t.Fatal(err)
		}
		e := events[0]
		var data struct{ N int }
		if err := e.Decode(&data); err != nil || data.N != 4 || e.OrgID != 1 || e.Subject != 2 || e.Actor != 3 || e.At.IsZero() {
			t.Errorf("got %+v, %v", e, err)
		}
	})
}

func TestGivenTimeIsKept(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		ctx := context.Background()
		at := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
		if err := db.Write(ctx, func(tx *sqldb.Tx) error {
			return event.Record(ctx, tx, event.Event{Kind: "a", At: at})
		}); err != nil {
			t.Fatal(err)
		}
		events, err := event.Next(ctx, db, 0, 1)
		if err != nil || !events[0].At.Equal(at) {
			t.Errorf("got %+v, %v", events, err)
		}
	})
}

func TestRolledBackEventsLeaveNoHole(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		no := func() error { return errors.New("no") }
		for i, kind := range []string{"-", "a", "-", "-", "b", "c", "-"} {
			var after func() error
			if kind == "-" {
				after = no
			}
			if err := record(db, kind, after); (err != nil) != (kind == "-") {
				t.Fatal(i, err)
			}
		}
		if got := follow(t, db); got != "abc" {
			t.Errorf("read %q", got)
		}
	})
}

// An event that commits late with a small id must not be skipped. Only
// PostgreSQL can get there: SQLite has one writer.
func TestLateCommitIsNotSkipped(t *testing.T) {
	db := dbtest.OpenPostgres(t)
	entered, leave, first := make(chan bool), make(chan bool), make(chan error)
	go func() {
		first <- record(db, "a", func() error {
			close(entered)
			<-leave
			return nil
		})
	}()
	<-entered // "a" has id 1 and is not committed
	if err := record(db, "b", nil); err != nil {
		t.Fatal(err)
	}
	got := make(chan string)
	go func() {
		events, err := event.Next(context.Background(), db, 0, 10)
		s := fmt.Sprint(err)
		for _, e := range events {
			s += " " + e.Kind
		}
		got <- s
	}()
	awaitLockWaiter(t, db, got)
	close(leave)
	if err := <-first; err != nil {
		t.Fatal(err)
	}
	if s := <-got; s != "<nil> a b" {
		t.Errorf("read %q", s)
	}
}

// awaitLockWaiter returns once a session waits for a table lock. Anything on
// early means that nobody waits.
func awaitLockWaiter(t *testing.T, db *sqldb.DB, early <-chan string) {
	t.Helper()
	ctx := context.Background()
	for waiting := 0; waiting == 0; runtime.Gosched() {
		select {
		case s := <-early:
			t.Fatalf("did not wait for the open transaction: %q", s)
		default:
		}
		err := db.Read(ctx, func(tx *sqldb.Tx) error {
			return tx.QueryRow(ctx, `SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'relation'
				AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`).Scan(&waiting)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
