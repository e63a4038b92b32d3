package jobs_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/roundel/roundel/internal/dbtest"
	"github.com/roundel/roundel/internal/event"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/jobs"
	"github.com/roundel/roundel/internal/sqldb"
)

type handlers = map[string]func(ctx context.Context, payload json.RawMessage) error

// clock is a time that tests move.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func enqueue(t *testing.T, db *sqldb.DB, all ...jobs.Job) {
	t.Helper()
	ctx := context.Background()
	err := db.Write(ctx, func(tx *sqldb.Tx) error {
		for _, j := range all {
			if err := jobs.Enqueue(ctx, tx, j); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// runDue expects n runs.
func runDue(t *testing.T, r *jobs.Runner, n int) error {
	t.Helper()
	got, err := r.RunDue(context.Background())
	if got != n {
		t.Fatalf("RunDue ran %d, want %d (%v)", got, n, err)
	}
	return err
}

func parked(t *testing.T, db *sqldb.DB) []jobs.Status {
	t.Helper()
	all, err := jobs.Parked(context.Background(), db)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestJobsRunOnceInOrderOfTheirTime(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		c := newClock()
		var done []string
		r := &jobs.Runner{DB: db, Now: c.now, Handlers: handlers{"note": func(_ context.Context, p json.RawMessage) error {
			done = append(done, string(p))
			return nil
		}}}
		enqueue(t, db,
			jobs.Job{Kind: "note", Payload: 3, RunAt: c.at.Add(time.Hour)},
			jobs.Job{Kind: "note", Payload: 2, RunAt: c.at},
			jobs.Job{Kind: "note", Payload: 1})
		if err := runDue(t, r, 2); err != nil {
			t.Error(err)
		}
		c.move(time.Hour)
		runDue(t, r, 1)
		runDue(t, r, 0)
		if got := fmt.Sprint(done); got != "[1 2 3]" {
			t.Errorf("done %s", got)
		}
	})
}

func TestEnqueueRolledBackIsNotDone(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		ctx := context.Background()
		heard := 0
		defer db.Listen(jobs.Topic, func() { heard++ })()
		db.Write(ctx, func(tx *sqldb.Tx) error {
			return errors.Join(jobs.Enqueue(ctx, tx, jobs.Job{Kind: "note"}), errors.New("no"))
		})
		r := &jobs.Runner{DB: db, Now: newClock().now}
		runDue(t, r, 0)
		if heard != 0 {
			t.Error("woken by a rollback")
		}
	})
}

func TestFailuresAreTriedAgainLaterAndParked(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		c := newClock()
		cause := errors.New("no \x00 luck \xff")
		r := &jobs.Runner{DB: db, Now: c.now, MaxAttempts: 3, Handlers: handlers{
			"fail":  func(context.Context, json.RawMessage) error { return cause },
			"panic": func(context.Context, json.RawMessage) error { panic("boom") },
			"never": func(context.Context, json.RawMessage) error { return jobs.Permanent(errors.New("bad address")) },
		}}
		enqueue(t, db, jobs.Job{Kind: "fail", Key: "k"}, jobs.Job{Kind: "panic"}, jobs.Job{Kind: "never"}, jobs.Job{Kind: "unknown"})
		if err := runDue(t, r, 4); !errors.Is(err, cause) {
			t.Errorf("RunDue returned %v", err)
		}
		runDue(t, r, 0) // all wait now
		if p := parked(t, db); len(p) != 1 || p[0].Kind != "never" || p[0].LastError != "bad address" {
			t.Errorf("parked %+v", p)
		}
		c.move(time.Second)
		runDue(t, r, 3)
		c.move(time.Second)
		runDue(t, r, 0) // the second wait is longer
		c.move(time.Second)
		runDue(t, r, 3)
		c.move(24 * time.Hour)
		runDue(t, r, 0)
		p := parked(t, db)
		if len(p) != 4 || p[0].Attempts != 3 || p[0].LastError != "no  luck \uFFFD" || p[0].ParkedAt.IsZero() {
			t.Fatalf("parked %+v", p)
		}
		if !strings.Contains(p[1].LastError, "boom") {
			t.Errorf("panic recorded as %q", p[1].LastError)
		}

		cause = nil
		ctx := context.Background()
		if err := jobs.Retry(ctx, db, p[0].ID); err != nil {
			t.Error(err)
		}
		if err := jobs.Retry(ctx, db, p[0].ID); fault.KindOf(err) != fault.NotFound {
			t.Errorf("retrying what is not parked: %v", err)
		}
		runDue(t, r, 1)
		if p := parked(t, db); len(p) != 3 {
			t.Errorf("parked %+v", p)
		}
	})
}

func TestKeyIsUniqueWhileUnfinished(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		c := newClock()
		var done []string
		r := &jobs.Runner{DB: db, Now: c.now}
		r.Handlers = handlers{"sync": func(_ context.Context, p json.RawMessage) error {
			done = append(done, string(p))
			if len(done) == 1 { // asked for twice while it runs: once more at once
				enqueue(t, db, jobs.Job{Kind: "sync", Key: "a", Payload: "later", RunAt: c.at.Add(time.Hour)},
					jobs.Job{Kind: "sync", Key: "a", Payload: "again"})
			}
			return nil
		}}
		enqueue(t, db, jobs.Job{Kind: "sync", Key: "a", Payload: "late", RunAt: c.at.Add(time.Hour)},
			jobs.Job{Kind: "sync", Key: "a", Payload: "first"},
			jobs.Job{Kind: "sync", Key: "a", Payload: "same", RunAt: c.at.Add(time.Hour)},
			jobs.Job{Kind: "sync", Key: "b", Payload: "other"})
		runDue(t, r, 3)
		c.move(2 * time.Hour)
		runDue(t, r, 0)
		if got := fmt.Sprint(done); got != `["same" "again" "other"]` {
			t.Errorf("done %s", got)
		}
		enqueue(t, db, jobs.Job{Kind: "sync", Key: "a", Payload: "fresh"}) // finished keys are free
		runDue(t, r, 1)
	})
}

func TestAskedAgainForLaterWaits(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		c := newClock()
		runs := 0
		r := &jobs.Runner{DB: db, Now: c.now}
		r.Handlers = handlers{"sync": func(context.Context, json.RawMessage) error {
			if runs++; runs == 1 {
				enqueue(t, db, jobs.Job{Kind: "sync", Key: "a", RunAt: c.at.Add(time.Minute)})
			}
			return nil
		}}
		enqueue(t, db, jobs.Job{Kind: "sync", Key: "a"})
		runDue(t, r, 1)
		c.move(time.Minute)
		runDue(t, r, 1)
		c.move(time.Hour)
		runDue(t, r, 0)
	})
}

func TestParkedKeyIsRevivedByEnqueue(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		fail := true
		r := &jobs.Runner{DB: db, Now: newClock().now, MaxAttempts: 1, Handlers: handlers{"sync": func(context.Context, json.RawMessage) error {
			if fail {
				return errors.New("no")
			}
			return nil
		}}}
		enqueue(t, db, jobs.Job{Kind: "sync", Key: "a"})
		runDue(t, r, 1)
		if len(parked(t, db)) != 1 {
			t.Fatal("not parked")
		}
		fail = false
		enqueue(t, db, jobs.Job{Kind: "sync", Key: "a"})
		if err := runDue(t, r, 1); err != nil || len(parked(t, db)) != 0 {
			t.Errorf("still parked, %v", err)
		}
	})
}

func TestJobsOfADeadNodeAreTakenOver(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		c := newClock()
		takenOver := 0
		other := &jobs.Runner{DB: db, Now: c.now, Lease: time.Minute, MaxAttempts: 2, Handlers: handlers{
			"work": func(context.Context, json.RawMessage) error { takenOver++; return nil },
		}}
		dying := &jobs.Runner{DB: db, Now: c.now, Lease: time.Minute}
		died := make(chan bool)
		dying.Handlers = handlers{"work": func(context.Context, json.RawMessage) error {
			died <- true // never read twice: the goroutine stays here, as a dead process would
			return nil
		}}
		enqueue(t, db, jobs.Job{Kind: "work"})
		outcome := make(chan error)
		go func() {
			_, err := dying.RunDue(context.Background())
			outcome <- err
		}()
		runUntilClaimed(t, db, c)
		runDue(t, other, 0) // leased
		c.move(time.Minute)
		runDue(t, other, 1)
		if takenOver != 1 {
			t.Errorf("taken over %d times", takenOver)
		}
		<-died // the dead one comes back: what it did no longer counts
		if err := <-outcome; err == nil || !strings.Contains(err.Error(), "took the work over") {
			t.Errorf("the late node was told %v", err)
		}
	})
}

// runUntilClaimed waits until a job is leased.
func runUntilClaimed(t *testing.T, db *sqldb.DB, c *clock) {
	t.Helper()
	ctx := context.Background()
	for leased := 0; leased == 0; {
		if err := db.Read(ctx, func(tx *sqldb.Tx) error {
			return tx.QueryRow(ctx, "SELECT count(*) FROM job WHERE leased_until > $1", c.now().UnixMilli()).Scan(&leased)
		}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWorkThatKillsItsNodeIsParked(t *testing.T) {
	db := dbtest.Open(t)
	c := newClock()
	enqueue(t, db, jobs.Job{Kind: "work"})
	ctx := context.Background()
	if err := db.Write(ctx, func(tx *sqldb.Tx) error { // as two dead nodes leave it
		_, err := tx.Exec(ctx, "UPDATE job SET attempts = 1, leased_until = 1")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	r := &jobs.Runner{DB: db, Now: c.now, MaxAttempts: 2, Handlers: handlers{"work": func(context.Context, json.RawMessage) error {
		t.Error("ran")
		return nil
	}}}
	runDue(t, r, 1)
	if len(parked(t, db)) != 1 {
		t.Error("not parked")
	}
}

func TestManyNodesDoEachJobOnce(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		const count = 60
		c := newClock()
		var mu sync.Mutex
		done := map[string]int{}
		h := handlers{"note": func(_ context.Context, p json.RawMessage) error {
			mu.Lock()
			defer mu.Unlock()
			done[string(p)]++
			return nil
		}}
		var all []jobs.Job
		for i := range count {
			all = append(all, jobs.Job{Kind: "note", Payload: i})
		}
		enqueue(t, db, all...)
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				if _, err := (&jobs.Runner{DB: db, Now: c.now, Handlers: h}).RunDue(context.Background()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if len(done) != count {
			t.Errorf("%d of %d done", len(done), count)
		}
		for k, n := range done {
			if n != 1 {
				t.Errorf("job %s done %d times", k, n)
			}
		}
	})
}

func TestRunnerWorksInTheBackground(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		ctx := context.Background()
		c := newClock()
		var mu sync.Mutex
		var done []string
		note := func(s string) { mu.Lock(); defer mu.Unlock(); done = append(done, s) }
		r := &jobs.Runner{DB: db, Now: c.now, Poll: time.Hour} // woken, not polled
		r.Handlers = handlers{
			"first": func(ctx context.Context, p json.RawMessage) error {
				note("first")
				enqueue(t, db, jobs.Job{Kind: "second"})
				return nil
			},
			"second": func(context.Context, json.RawMessage) error { note("second"); return nil },
		}
		r.Consume("audit", func(_ context.Context, events []event.Event) error {
			for _, e := range events {
				note(e.Kind)
			}
			return nil
		})
		if err := r.Quiet(ctx); err == nil {
			t.Error("quiet before Start")
		}
		if err := r.Start(ctx); err != nil {
			t.Fatal(err)
		}
		defer r.Stop()
		if err := r.Start(ctx); err == nil {
			t.Error("started twice")
		}
		enqueue(t, db, jobs.Job{Kind: "first"})
		record(t, db, "happened")
		if err := r.Quiet(ctx); err != nil {
			t.Fatal(err)
		}
		mu.Lock()
		slices.Sort(done)
		got := fmt.Sprint(done)
		mu.Unlock()
		if got != "[first happened second]" {
			t.Errorf("done %s", got)
		}
		r.Stop()
		r.Stop()
		if err := r.Start(ctx); err != nil {
			t.Errorf("starting again: %v", err)
		}
	})
}

func TestStopGivesWorkBack(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		ctx := context.Background()
		c := newClock()
		entered := make(chan bool)
		r := &jobs.Runner{DB: db, Now: c.now, MaxAttempts: 1, Handlers: handlers{"long": func(ctx context.Context, _ json.RawMessage) error {
			entered <- true
			<-ctx.Done()
			return ctx.Err()
		}}}
		if err := r.Start(ctx); err != nil {
			t.Fatal(err)
		}
		enqueue(t, db, jobs.Job{Kind: "long"})
		<-entered
		r.Stop()
		if p := parked(t, db); len(p) != 0 {
			t.Errorf("stopping counted as failure: %+v", p)
		}
		next := &jobs.Runner{DB: db, Now: c.now, Handlers: handlers{"long": func(context.Context, json.RawMessage) error { return nil }}}
		runDue(t, next, 1) // at once, without waiting for a lease
	})
}

func TestStartAdoptsWhatTheLastProcessLeft(t *testing.T) {
	db := dbtest.Open(t)
	ctx := context.Background()
	c := newClock()
	done := 0
	r := &jobs.Runner{DB: db, Now: c.now, MaxAttempts: 1, Handlers: handlers{"work": func(context.Context, json.RawMessage) error {
		done++
		return nil
	}}}
	enqueue(t, db, jobs.Job{Kind: "work"})
	if err := db.Write(ctx, func(tx *sqldb.Tx) error { // killed a moment ago
		_, err := tx.Exec(ctx, "UPDATE job SET leased_until = $1", c.at.Add(time.Minute).UnixMilli())
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if err := r.Start(ctx); err != nil {
		t.Fatal(err)
	}
	if err := r.Quiet(ctx); err != nil {
		t.Fatal(err)
	}
	r.Stop()
	if done != 1 {
		t.Errorf("done %d times", done)
	}
}

func record(t *testing.T, db *sqldb.DB, kinds ...string) {
	t.Helper()
	ctx := context.Background()
	for _, k := range kinds {
		if err := db.Write(ctx, func(tx *sqldb.Tx) error {
			return event.Record(ctx, tx, event.Event{Kind: k})
		}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestConsumersSeeEveryEventInOrder(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		c := newClock()
		var seen, other []string
		fail := false
		node := func() *jobs.Runner {
			r := &jobs.Runner{DB: db, Now: c.now}
			r.Consume("one", func(_ context.Context, events []event.Event) error {
				if fail {
					return errors.New("no")
				}
				for _, e := range events {
					seen = append(seen, e.Kind)
				}
				return nil
			})
			r.Consume("two", func(_ context.Context, events []event.Event) error {
				for _, e := range events {
					other = append(other, e.Kind)
				}
				return nil
			})
			return r
		}
		r := node()
		record(t, db, "a", "b")
		if err := runDue(t, r, 2); err != nil {
			t.Error(err)
		}
		record(t, db, "c")
		fail = true
		if err := runDue(t, r, 2); err == nil {
			t.Error("a consumer's failure is not reported")
		}
		record(t, db, "d")
		runDue(t, r, 1) // "one" waits, "two" goes on
		for range 7 {
			c.move(time.Hour)
			runDue(t, r, 1)
		}
		if p := parked(t, db); len(p) != 1 || p[0].Key != "one" || p[0].Attempts != 8 || !p[0].ParkedAt.IsZero() || !strings.HasSuffix(p[0].LastError, "no") {
			t.Errorf("stuck consumers %+v", p)
		}
		fail = false
		c.move(time.Hour)
		runDue(t, node(), 1) // another node goes on where the first one stopped
		runDue(t, r, 0)
		if fmt.Sprint(seen, other) != "[a b c d] [a b c d]" {
			t.Errorf("seen %v and %v", seen, other)
		}
		if p := parked(t, db); len(p) != 0 {
			t.Errorf("still stuck: %+v", p)
		}
	})
}

func TestConsumerReadsInBatches(t *testing.T) {
	db := dbtest.Open(t)
	ctx := context.Background()
	if err := db.Write(ctx, func(tx *sqldb.Tx) error {
		for i := range 450 {
			if err := event.Record(ctx, tx, event.Event{Kind: "n", Subject: int64(i)}); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	var sizes []int
	next := int64(0)
	r := &jobs.Runner{DB: db, Now: newClock().now}
	r.Consume("count", func(_ context.Context, events []event.Event) error {
		sizes = append(sizes, len(events))
		for _, e := range events {
			if e.Subject != next {
				t.Fatalf("event %d came when %d was due", e.Subject, next)
			}
			next++
		}
		return nil
	})
	runDue(t, r, 1)
	if fmt.Sprint(sizes) != "[200 200 50]" {
		t.Errorf("batches of %v", sizes)
	}
}
