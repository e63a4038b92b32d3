package crash

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"
)

// fault is a failure of one system call: the when-th one of a thread.
type fault struct {
	call, errno string
	when        int
}

func (f fault) String() string { return fmt.Sprintf("%s of %s %d", f.errno, f.call, f.when) }

func (f fault) inject() []string {
	return []string{"-e", fmt.Sprintf("inject=%s:error=%s:when=%d", f.call, f.errno, f.when)}
}

// failing are the calls that are made to fail.
var failing = []string{"write", "pwrite64", "fsync", "fdatasync", "rename", "renameat", "renameat2", "ftruncate", "openat"}

// TestEveryFaultOfTheDisk lets system calls of a working server fail, one in
// each trial, and looks at what is left: a fault may cost an answer or the
// server, but nothing that was acknowledged; whatever was answered well had been
// flushed; a failed flush ends the server; and `roundel fsck` finds the data
// whole after a restart.
//
// In some trials a second fault hits the server that starts after the first.
// ROUNDEL_FAULTS and ROUNDEL_PAIRS say how many trials there are, spread over
// all occurrences of a run; 0 faults stands for every one.
func TestEveryFaultOfTheDisk(t *testing.T) {
	needStrace(t)
	faults, pairs, seed := setting(t, "ROUNDEL_FAULTS", 12), setting(t, "ROUNDEL_PAIRS", 2), setting(t, "ROUNDEL_SEED", 1)
	s := newSite(t, build(t), "")
	s.config.LogLevel = "error"
	s.warm(t)
	possible := s.occurrences(t)
	random := rand.New(rand.NewPCG(uint64(seed), 3))
	possible = mixed(possible, random)
	if faults == 0 || faults > len(possible) {
		faults = len(possible)
	}
	var sum tally
	for _, f := range possible[:faults] {
		// Work moves among threads: when none got that far, once more may do.
		for try := 0; try < 3 && !s.trial(t, &sum, f, nil); try++ {
		}
	}
	t.Logf("one fault: %v of %d possible", &sum, len(possible))
	if sum.counted < faults*6/10 {
		t.Errorf("only %d of %d faults came about", sum.counted, faults)
	}
	var two tally
	for range pairs {
		second := possible[random.IntN(len(possible))]
		second.when = 1 + random.IntN(min(second.when, 40)) // a server that recovers makes few calls
		s.trial(t, &two, possible[random.IntN(len(possible))], &second)
	}
	t.Logf("two faults: %v", &two)
}

// tally counts trials.
type tally struct {
	trials, counted, several, both, ended int
	calls                                 map[string]int
}

func (n *tally) String() string {
	return fmt.Sprintf("%d trials, in %d the fault came about (in %d of them to more than one thread; in %d also the second); %d servers ended by it; %v",
		n.trials, n.counted, n.several, n.both, n.ended, n.calls)
}

// warm lets the site do some work, so that its database is no empty one.
func (s *site) warm(t *testing.T) {
	t.Helper()
	l := newLedger()
	running := s.start(t)
	if !s.ready(t, running) {
		running.kill(t)
	}
	for n := range 20 {
		if a := s.ask(t.Context(), s.create(fmt.Sprintf("warm-%d", n), fmt.Sprintf("warm-%d@example.org", n), "")); a.status != 201 {
			t.Fatalf("%d %s", a.status, a.body)
		}
	}
	running.stop(t)
	l.report(t)
}

// The load of a trial.
const (
	trialClients = 3
	trialSteps   = 12
	trialSeed    = 1
)

// occurrences lists what can fail: for each call as many occurrences as the
// busiest thread of an undisturbed run has, with each error.
func (s *site) occurrences(t *testing.T) (all []fault) {
	t.Helper()
	c, trace := s.copied(t), filepath.Join(t.TempDir(), "trace")
	c.wrap = strace(trace)
	running := c.start(t)
	if !c.ready(t, running) {
		running.kill(t)
	}
	c.load(t.Context(), newLedger(), trialClients, trialSteps, trialSeed, nil)()
	running.stop(t)
	busiest := map[string]int{}
	text, err := os.ReadFile(trace)
	check(t, err)
	perThread := map[string]int{}
	for line := range strings.Lines(string(text)) {
		if m := tracedLine.FindStringSubmatch(strings.TrimSuffix(line, "\n")); m != nil {
			if called := calledLine.FindStringSubmatch(m[2]); called != nil && slices.Contains(failing, called[1]) {
				perThread[m[1]+called[1]]++
				busiest[called[1]] = max(busiest[called[1]], perThread[m[1]+called[1]])
			}
		}
	}
	for name, most := range busiest {
		for n := 1; n <= most; n++ {
			all = append(all, fault{name, "EIO", n}, fault{name, "ENOSPC", n})
		}
	}
	sort.Slice(all, func(i, j int) bool { return all[i].String() < all[j].String() })
	t.Logf("occurrences: %v", busiest)
	return all
}

// mixed shuffles the faults so that the first ones are of every kind.
func mixed(all []fault, random *rand.Rand) []fault {
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	turn, seen := map[fault]int{}, map[string]int{}
	for _, f := range all {
		seen[f.call]++
		turn[f] = seen[f.call]
	}
	sort.SliceStable(all, func(i, j int) bool { return turn[all[i]] < turn[all[j]] })
	return all
}

// copied returns the site with its data copied, for one trial.
func (s *site) copied(t *testing.T) *site {
	t.Helper()
	c := &site{config: s.config, binary: s.binary, address: s.address, client: s.client, changed: make(chan struct{}),
		org: s.org, slug: s.slug, badge: s.badge, token: s.token, session: s.session}
	c.config.Data = filepath.Join(t.TempDir(), "data")
	if out, err := exec.CommandContext(t.Context(), "cp", "-a", s.config.Data, c.config.Data).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return c
}

// trial runs the load with one fault, and, if there is a second, restarts with
// that. It reports whether the first came about.
func (s *site) trial(t *testing.T, sum *tally, first fault, second *fault) (fired bool) {
	t.Helper()
	name := first.String()
	if second != nil {
		name += ", then " + second.String()
	}
	t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
		c := s.copied(t)
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		l := newLedger()
		l.failures = true
		wait := c.load(ctx, l, trialClients, trialSteps, trialSeed, nil)
		done := make(chan struct{})
		go func() { // ends with the clients
			wait()
			close(done)
		}()
		sum.trials++
		fired = c.suffer(t, sum, l, first, done)
		if second != nil && c.suffer(t, sum, l, *second, done) && fired {
			sum.both++
		}
		c.wrap = nil
		running := c.start(t) // and once more with nothing in the way
		if !c.ready(t, running) {
			running.kill(t)
		}
		select {
		case <-done:
		case <-ctx.Done():
			t.Fatal("the clients do not come to an end")
		}
		running.stop(t)
		l.failures = false
		c.reckonWarm(t, l)
		if fired {
			sum.counted++
			if sum.calls == nil {
				sum.calls = map[string]int{}
			}
			sum.calls[first.call]++
		}
	})
	return fired
}

// reckonWarm is reckon for a site that was warmed.
func (s *site) reckonWarm(t *testing.T, l *ledger) {
	t.Helper()
	for n := range 20 {
		l.others = append(l.others, fmt.Sprintf("warm-%d@example.org", n))
	}
	s.reckon(t, l)
}

// suffer starts the server with a fault and lets the clients use it until it
// ends or they are done. It reports whether the fault came about.
func (s *site) suffer(t *testing.T, sum *tally, l *ledger, f fault, done <-chan struct{}) bool {
	t.Helper()
	trace := filepath.Join(t.TempDir(), "trace")
	s.wrap = strace(trace, f.inject()...)
	running := s.start(t)
	ended := !s.ready(t, running)
	if !ended {
		select {
		case <-done:
			check(t, running.cmd.Process.Signal(os.Interrupt))
			<-running.drawn
		case <-running.drawn:
			ended = true
		}
	}
	<-running.drawn
	err := running.cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if said := running.stderr.String(); strings.Contains(said, "panic: ") || strings.Contains(said, "goroutine ") {
		if f.call != "write" { // the runtime's own way to wake a thread; it cannot go on without
			t.Errorf("the server panicked:\n%s", said)
		}
	}
	calls := readTrace(t, trace)
	fired := 0
	for _, c := range calls {
		if c.injected {
			fired++
			s.ends(t, calls, c, ended, running)
		}
	}
	var promises []promise
	l.mu.Lock()
	for _, e := range l.awards {
		promises = append(promises, promise{answer: "/awards/" + e.id, kept: []string{"/awards/" + e.id}})
	}
	l.mu.Unlock()
	if early, _ := undurable(calls, filepath.Join(s.config.Data, "roundel.db-wal"), promises); len(early) > 0 {
		t.Errorf("answered before the flush: %v", early)
	}
	if ended {
		sum.ended++
	}
	if fired > 1 {
		sum.several++
	}
	return fired > 0
}

// ends makes sure that a failed flush ended the server. The folder's flush by
// SQLite itself may fail: ours came before.
func (s *site) ends(t *testing.T, calls []*call, failed *call, ended bool, running *server) {
	t.Helper()
	if !failed.isSync() || ended && !running.cmd.ProcessState.Success() {
		return
	}
	if failed.path == s.config.Data {
		for _, c := range calls {
			if c.isSync() && c.path == failed.path && !c.failed && c.ended < failed.begun {
				return
			}
		}
	}
	if !running.cmd.ProcessState.Success() {
		return // it was stopping by then, and said that it could not
	}
	if !ended && failed.path == filepath.Join(s.config.Data, "roundel.db") && !slices.ContainsFunc(calls, func(c *call) bool {
		return c.begun > failed.begun && (c.isAnswer() || strings.HasPrefix(c.name, "unlink") && strings.Contains(c.args, "roundel.db-wal"))
	}) {
		return // it was stopping, answered nothing more and kept the log, which the next start reads
	}
	t.Errorf("the flush of %s failed, and the server went on", failed.path)
}
