package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// steadyRate is how many awards a second the soak asks for.
const steadyRate = 100

// longRuns puts a server on SQLite under too much, and then under steady load,
// and writes what it showed into bench/long.md, which the report includes.
func longRuns(ctx context.Context, s settings) error {
	i, err := setUp(ctx, "")
	if err != nil {
		return err
	}
	defer i.remove()
	server, err := i.serve(s.binary, "--rate-token", "0")
	if err != nil {
		return err
	}
	defer func() { _ = server.stop(true) }() // its data is thrown away
	over, capacity, again, err := i.overload(server, s.long/10)
	if err != nil {
		return err
	}
	_, peak := server.memory()
	steady, samples, err := i.soak(server, s.long)
	if err != nil {
		return err
	}
	var b strings.Builder
	say := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	say("\n## Too much at once, and for long\n")
	say("Measured by `bench/run -soak %s` on %s, on SQLite, with the generator on the same cores.\n", s.long, time.Now().UTC().Format(time.DateOnly))
	say("- Ten times what the server can do (%.0f awards a second asked for, on %d connections) for %s: %.0f a second awarded, 99 of 100 of them within %s from sending, the worst after %s; %d refused with 429 or 503 and Retry-After, %d failures of other kinds; memory at most %.0f MiB; %s after the load an award took less than a tenth of a second again. Asked by 64 clients one after the other it did %.0f a second.",
		over.rate, over.clients, over.length, over.perSecond(), milliseconds(over.p99), milliseconds(over.worst), over.refused, over.failures, peak, again.Round(time.Millisecond), capacity)
	say("- %d awards a second for %s: %d awards, half of them within %s of when they were due, 99 of 100 within %s, %d refused, %d failures.\n",
		steadyRate, steady.length, steady.answers, milliseconds(steady.p50), milliseconds(steady.p99), steady.refused, steady.failures)
	say("| after | memory | open files |\n|--:|--:|--:|")
	for _, one := range samples {
		say("| %s | %.0f MiB | %d |", one.after, one.memory, one.files)
	}
	fmt.Print(b.String())
	return os.WriteFile(filepath.Join("bench", "long.md"), []byte(b.String()), 0o644)
}

// overload finds out what the server can do and asks for ten times that. again is
// how long after that an award took until it was quick.
func (i *installation) overload(s *server, length time.Duration) (over *outcome, capacity float64, again time.Duration, err error) {
	closed, err := load{name: "capacity", clients: 64, length: min(length, 10*time.Second), request: i.award, want: "201"}.run(s)
	if err != nil {
		return nil, 0, 0, err
	}
	capacity = closed.perSecond()
	over, err = load{name: "overload", clients: 1000, rate: 10 * capacity, length: length, sent: true, want: "201",
		request: func(client, n int) []byte { return i.award(client, n+1_000_000) }}.run(s)
	if err != nil {
		return nil, 0, 0, err
	}
	ended := time.Now()
	c, err := dial(s.address)
	if err != nil {
		return nil, 0, 0, err
	}
	defer c.close()
	for n := 2_000_000; ; n++ {
		began := time.Now()
		status, err := c.ask(i.award(0, n))
		if err != nil {
			return nil, 0, 0, err
		}
		if status == "201" && time.Since(began) < 100*time.Millisecond {
			return over, capacity, time.Since(ended), nil
		}
		if time.Since(ended) > time.Minute {
			return nil, 0, 0, fmt.Errorf("a minute after too much load an award still takes long: %s", status)
		}
	}
}

// sample is what the server holds at some time.
type sample struct {
	after  time.Duration
	memory float64 // MiB
	files  int
}

// soak asks steadily and looks at the server ten times meanwhile.
func (i *installation) soak(s *server, length time.Duration) (*outcome, []sample, error) {
	var samples []sample
	look := func(after time.Duration) {
		now, _ := s.memory()
		files, _ := os.ReadDir(filepath.Join("/proc", strconv.Itoa(s.cmd.Process.Pid), "fd"))
		samples = append(samples, sample{after.Round(time.Second), now, len(files)})
	}
	done := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(length / 10)
		defer tick.Stop()
		began := time.Now()
		look(0)
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				look(time.Since(began))
			}
		}
	}()
	o, err := load{name: "soak", clients: 64, rate: steadyRate, length: length, want: "201",
		request: func(client, n int) []byte { return i.award(client, n+3_000_000) }}.run(s)
	close(done)
	<-ended
	return o, samples, err
}
