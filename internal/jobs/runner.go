package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/roundel/roundel/internal/audit"
	"github.com/roundel/roundel/internal/event"
	"github.com/roundel/roundel/internal/observe"
	"github.com/roundel/roundel/internal/sqldb"
)

// Runner does the jobs of one node. Set the fields and call Consume before
// Start; a Runner that was stopped may be started again.
type Runner struct {
	DB       *sqldb.DB
	Now      func() time.Time
	Handlers map[string]func(ctx context.Context, payload json.RawMessage) error // by kind
	Log      *slog.Logger                                                        // nil: silent

	Workers     int           // jobs at the same time; zero: 4
	Poll        time.Duration // how often to look for what other nodes queued and what became due; zero: 2 s
	Lease       time.Duration // how long a job stays with a node that died; zero: 1 min
	MaxAttempts int           // failures until a job is parked; zero: 20, about half a day

	Traces trace.TracerProvider // nil: jobs are not traced

	consumers []consumer

	mu       sync.Mutex
	wake     chan struct{} // holds one
	hurry    chan struct{} // holds one: somebody waits in Quiet
	cancel   context.CancelFunc
	ended    chan struct{}  // closed when the loop and all its workers have ended
	running  map[string]int // what is under way: "" for jobs, a name for each consumer
	passes   int            // looks for work begun
	quiet    int            // number of the last look that found nothing and nothing under way
	changed  chan struct{}  // closed and replaced when quiet grows
	unlisten []func()
}

// Start begins to work in the background until Stop, or until ctx ends.
//
// What it does is about every organisation, so handlers get the scope of the
// installation.
func (r *Runner) Start(ctx context.Context) error {
	ctx = sqldb.ForInstallation(ctx)
	if err := r.adopt(ctx); err != nil {
		return fmt.Errorf("start jobs: %w", err)
	}
	if err := r.prepare(ctx); err != nil {
		return fmt.Errorf("start jobs: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cancel != nil {
		return errors.New("the job runner is running already")
	}
	r.wake, r.hurry = make(chan struct{}, 1), make(chan struct{}, 1)
	r.ended = make(chan struct{})
	r.changed = make(chan struct{})
	r.running = map[string]int{}
	r.unlisten = []func(){r.DB.Listen(Topic, r.Wake), r.DB.Listen(event.Topic, r.Wake)}
	ctx, r.cancel = context.WithCancel(ctx)
	go r.loop(ctx)
	return nil
}

// Stop asks the handlers to end, waits for them, and gives unfinished jobs
// back. Without Start it does nothing.
func (r *Runner) Stop() {
	r.mu.Lock()
	cancel, ended, unlisten := r.cancel, r.ended, r.unlisten
	r.cancel, r.unlisten = nil, nil
	r.mu.Unlock()
	if cancel == nil {
		return
	}
	for _, stop := range unlisten {
		stop()
	}
	cancel()
	<-ended
}

// Wake makes the runner look for work now. It returns at once.
func (r *Runner) Wake() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wakeLocked()
}

func (r *Runner) wakeLocked() {
	select {
	case r.wake <- struct{}{}:
	default: // a look is due anyway, or the runner was never started
	}
}

// Quiet waits until a look for work, begun after the call, finds nothing due
// and nothing under way. It is for tests and for a clean shutdown.
func (r *Runner) Quiet(ctx context.Context) error {
	r.mu.Lock()
	if r.cancel == nil {
		r.mu.Unlock()
		return errors.New("the job runner is not running")
	}
	want, ended := r.passes+1, r.ended
	r.mu.Unlock()
	for {
		r.mu.Lock()
		done, changed := r.quiet >= want, r.changed
		r.wakeLocked()
		select {
		case r.hurry <- struct{}{}:
		default:
		}
		r.mu.Unlock()
		if done {
			return nil
		}
		select {
		case <-changed:
		case <-ended:
			return errors.New("the job runner was stopped")
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// RunDue does everything that is due, here and now, one after another, and
// returns how many jobs and consumers ran. The error joins what went wrong; it
// was recorded as usual. It is for tests and for commands, without Start.
func (r *Runner) RunDue(ctx context.Context) (n int, err error) {
	ctx = sqldb.ForInstallation(ctx)
	if err := r.prepare(ctx); err != nil {
		return 0, err
	}
	var errs []error
	for again := true; again && ctx.Err() == nil; {
		again = false
		for _, c := range r.consumers {
			behind, err := r.behind(ctx, c)
			if err != nil {
				return n, err
			}
			if !behind {
				continue
			}
			ran, err := r.consume(ctx, c)
			errs = append(errs, err)
			if ran {
				n, again = n+1, true
			} else if err != nil {
				return n, errors.Join(errs...)
			}
		}
		jobs, err := r.claim(ctx, 1)
		if err != nil {
			return n, errors.Join(append(errs, err)...)
		}
		for _, c := range jobs {
			errs = append(errs, r.do(ctx, c))
			n, again = n+1, true
		}
	}
	return n, errors.Join(append(errs, ctx.Err())...)
}

// loop looks for work whenever something may be due. It owns the workers.
func (r *Runner) loop(ctx context.Context) {
	defer close(r.ended)
	var workers sync.WaitGroup
	defer workers.Wait()
	defer r.recovered("the job loop")
	tick := time.NewTicker(r.poll())
	defer tick.Stop()
	for {
		began := time.Now()
		if err := r.guard(func() error { return r.pass(ctx, &workers) }); err != nil && ctx.Err() == nil {
			r.log().Error("looking for jobs failed; trying again", "err", err)
		}
		select {
		case <-r.wake:
			r.rest(ctx, began)
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// restTime is the least between two looks for work. Under load it lets work
// gather, which is cheaper done together; after a while without any, the first
// that comes is taken up at once.
const restTime = 100 * time.Millisecond

// rest waits until restTime has gone by since the last look began, or until
// somebody is in a hurry.
func (r *Runner) rest(ctx context.Context, began time.Time) {
	wait := time.NewTimer(time.Until(began.Add(restTime)))
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-r.hurry:
	case <-ctx.Done():
	}
}

// pass starts what is due, as far as workers are free.
func (r *Runner) pass(ctx context.Context, workers *sync.WaitGroup) error {
	r.mu.Lock()
	r.passes++
	number, free := r.passes, r.workers()-r.running[""]
	r.mu.Unlock()
	found := false
	for _, c := range r.consumers {
		if r.underWay(c.name) {
			continue
		}
		behind, err := r.behind(ctx, c)
		if err != nil {
			return err
		}
		if behind {
			found = true
			r.work(ctx, workers, c.name, func() error {
				_, err := r.consume(ctx, c)
				return err
			})
		}
	}
	due, err := r.due(ctx)
	if err != nil {
		return err
	}
	if due && free > 0 {
		jobs, err := r.claim(ctx, free)
		if err != nil {
			return err
		}
		for _, c := range jobs {
			r.work(ctx, workers, "", func() error { return r.do(ctx, c) })
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !found && !due && len(r.running) == 0 {
		r.quiet = number
		close(r.changed)
		r.changed = make(chan struct{})
	}
	return nil
}

func (r *Runner) underWay(name string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.running[name] > 0
}

// work runs task in a goroutine that loop waits for, and wakes the loop after it.
func (r *Runner) work(ctx context.Context, workers *sync.WaitGroup, name string, task func() error) {
	r.mu.Lock()
	r.running[name]++
	r.mu.Unlock()
	workers.Go(func() {
		defer func() {
			r.mu.Lock()
			defer r.mu.Unlock()
			if r.running[name]--; r.running[name] == 0 {
				delete(r.running, name)
			}
			r.wakeLocked()
		}()
		if err := r.guard(task); err != nil && ctx.Err() == nil {
			r.log().Error("job failed", "err", err)
		}
	})
}

// do runs one leased job and records the outcome, which it returns.
func (r *Runner) do(ctx context.Context, c *claimed) error {
	handler, known := r.Handlers[c.kind]
	if !known {
		return r.settle(ctx, c, fmt.Errorf("no handler for jobs of kind %q", c.kind))
	}
	if c.attempts >= r.maxAttempts() { // only leases that ran out lead here
		return r.settle(ctx, c, Permanent(errors.New("the process ended each time while this was done")))
	}
	held, stop := r.keep(ctx, c)
	held, end := observe.StartRoot(audit.With(held, audit.Origin{Service: "job"}), r.Traces, "job "+c.kind)
	cause := r.guard(func() error { return handler(held, c.payload) })
	end(cause)
	stop()
	return r.settle(ctx, c, cause)
}

// settle records the outcome of c. The outcome is recorded also when ctx has
// ended; work that failed because ctx ended goes back uncounted.
func (r *Runner) settle(ctx context.Context, c *claimed, cause error) error {
	record := context.WithoutCancel(ctx)
	var err error
	switch {
	case cause != nil && ctx.Err() != nil:
		err = r.release(record, c)
	case cause != nil:
		err = r.failed(record, c, cause)
	case c.kind == consumerKind:
		c.attempts = 0
		err = r.release(record, c)
	default:
		err = r.finish(record, c)
	}
	if err != nil {
		r.log().Error("recording a job's outcome failed; it will be done again", "job", c.id, "kind", c.kind, "err", err)
	}
	if cause != nil {
		cause = fmt.Errorf("%s %s (job %d, failure %d): %w", c.kind, c.key, c.id, c.attempts+1, cause)
	}
	return errors.Join(cause, err)
}

// guard calls fn and makes an error of a panic, and of a goroutine's end.
func (r *Runner) guard(fn func() error) (err error) {
	returned := false
	defer func() {
		if v := recover(); v != nil {
			r.log().Error("panic", "value", v, "stack", string(debug.Stack()))
			err = fmt.Errorf("panicked: %v", v)
		} else if !returned {
			r.log().Error("a handler ended its goroutine")
		}
	}()
	err = fn()
	returned = true
	return err
}

// recovered logs a panic of the runner's own goroutines.
func (r *Runner) recovered(what string) {
	if v := recover(); v != nil {
		r.log().Error("panic in "+what, "value", v, "stack", string(debug.Stack()))
	}
}

func (r *Runner) log() *slog.Logger {
	if r.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return r.Log
}

func (r *Runner) workers() int         { return orDefault(r.Workers, 4) }
func (r *Runner) poll() time.Duration  { return orDefault(r.Poll, 2*time.Second) }
func (r *Runner) lease() time.Duration { return orDefault(r.Lease, time.Minute) }
func (r *Runner) maxAttempts() int64   { return int64(orDefault(r.MaxAttempts, 20)) }

func orDefault[T int | time.Duration](v, def T) T {
	if v <= 0 {
		return def
	}
	return v
}
