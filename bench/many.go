package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"filippo.io/age"
)

const (
	fillRound = 20 * time.Second // of a load that fills
	starts    = 5                // of which the middle counts
)

// manyRuns fills a server on SQLite with awards over the API, measures how soon
// it is there after a stop and after a kill, what a backup and a check of all of
// it take, and writes that into bench/many.md, which the report includes.
func manyRuns(ctx context.Context, s settings) error {
	i, err := setUp(ctx, "")
	if err != nil {
		return err
	}
	defer i.remove()
	server, err := i.serve(s.binary, "--rate-token", "0")
	if err != nil {
		return err
	}
	defer func() { _ = server.stop(true) }() // it may have ended; its data is thrown away
	first, last, total, err := i.fillUp(server, s.many)
	if err != nil {
		return err
	}
	var calm, killed []time.Duration
	var idle float64
	for range starts {
		if err = server.stop(false); err != nil {
			return err
		}
		if server, err = i.serve(s.binary, "--rate-token", "0"); err != nil {
			return err
		}
		if err = server.awaitReady(ctx); err != nil {
			return err
		}
		calm = append(calm, server.ready)
		idle, _ = server.memory()
	}
	fmt.Fprintf(os.Stderr, "ready after a stop: %v\n", calm)
	for n := range starts {
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			// It fails when the server is killed, as is meant to be.
			_, _ = load{name: "kill", clients: 64, length: time.Minute, want: "201",
				request: func(client, k int) []byte { return i.award(client, (n+1)*100_000_000+k) }}.run(server)
		}()
		time.Sleep(2 * time.Second) // of writing
		if err = server.stop(true); err != nil {
			return err
		}
		<-ended
		if server, err = i.serve(s.binary, "--rate-token", "0"); err != nil {
			return err
		}
		if err = server.awaitReady(ctx); err != nil {
			return err
		}
		killed = append(killed, server.ready)
	}
	fmt.Fprintf(os.Stderr, "ready after a kill: %v\n", killed)
	backup, size, meanwhile, err := i.backupUnderLoad(ctx, s.binary, server)
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "a backup: %s\n", backup)
	if err = server.stop(false); err != nil {
		return err
	}
	began := time.Now()
	if out, err := exec.CommandContext(ctx, s.binary, "fsck", "--data", i.settings.Data, "--base-url", i.settings.BaseURL).CombinedOutput(); err != nil {
		return fmt.Errorf("fsck: %w\n%s", err, out)
	}
	checked := time.Since(began)
	database, err := os.Stat(filepath.Join(i.settings.Data, "roundel.db"))
	if err != nil {
		return err
	}
	var b strings.Builder
	say := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	say("\n## Many credentials\n")
	say("Measured by `bench/run -many %d` on %s, on SQLite, with the generator on the same cores.\n", s.many, time.Now().UTC().Format(time.DateOnly))
	say("- %d credentials awarded over the API by 64 clients one after the other: %.0f a second in the first %s, %.0f in the last; the database has %.1f GiB.", total, first, fillRound, last, gibibytes(database.Size()))
	say("- From starting the binary to 200 from `/readyz`: %s after a stop (the middle of %d, the longest %s; aim ≤ 1 s), %s after a kill under load (the longest %s; aim ≤ 5 s). The machine has read the files before. Idle it then holds %.0f MiB.",
		middle(calm), starts, milliseconds(slices.Max(calm)), middle(killed), milliseconds(slices.Max(killed)), idle)
	say("- `roundel backup`, encrypted, while 100 awards a second are asked for: %s, %.1f GiB. Of the awards meanwhile 99 of 100 within %s of when they were due, %d refused, %d failures.", backup.Round(time.Second), gibibytes(size), milliseconds(meanwhile.p99), meanwhile.refused, meanwhile.failures)
	say("- `roundel fsck`, every signature and every status: %s, clean.", checked.Round(time.Second))
	fmt.Print(b.String())
	return os.WriteFile(filepath.Join("bench", "many.md"), []byte(b.String()), 0o644)
}

func gibibytes(n int64) float64 { return float64(n) / (1 << 30) }

func middle(all []time.Duration) string {
	all = slices.Sorted(slices.Values(all))
	return milliseconds(all[len(all)/2])
}

// fillUp awards until there are so many; first and last are awards a second in
// the first round and in the last.
func (i *installation) fillUp(s *server, many int) (first, last float64, total int, err error) {
	for round := 0; total < many; round++ {
		o, err := load{name: "fill", clients: 64, length: fillRound, want: "201",
			request: func(client, n int) []byte { return i.award(client, round*1_000_000+n) }}.run(s)
		if err != nil {
			return 0, 0, 0, err
		}
		if o.failures > 0 {
			return 0, 0, 0, fmt.Errorf("%d failures, the first: %s", o.failures, o.failure)
		}
		if total += o.answers; round == 0 {
			first = o.perSecond()
		}
		last = o.perSecond()
		fmt.Fprintf(os.Stderr, "%d credentials, %.0f a second\n", total, last)
	}
	return first, last, total, nil
}

// awaitReady asks /readyz until it says yes, and notes how long that took from
// the start of the process.
func (s *server) awaitReady(ctx context.Context) error {
	for time.Since(s.started) < time.Minute {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.address+"/readyz", nil)
		if err != nil {
			return err
		}
		if answer, err := http.DefaultClient.Do(r); err == nil {
			status := answer.StatusCode
			if err := answer.Body.Close(); err != nil {
				return err
			}
			if status == http.StatusOK {
				s.ready = time.Since(s.started)
				return nil
			}
		}
		time.Sleep(time.Millisecond)
	}
	return errors.New("the server is not ready after a minute")
}

// backupUnderLoad makes a backup while a hundred awards a second are asked for.
func (i *installation) backupUnderLoad(ctx context.Context, binary string, s *server) (took time.Duration, size int64, meanwhile *outcome, err error) {
	key, err := age.GenerateX25519Identity()
	if err != nil {
		return 0, 0, nil, err
	}
	file := filepath.Join(filepath.Dir(i.settings.Data), "backup.age")
	done := make(chan error, 1)
	began := time.Now()
	go func() {
		out, err := exec.CommandContext(ctx, binary, "backup", "--to", file, "--recipient", key.Recipient().String(),
			"--data", i.settings.Data, "--base-url", i.settings.BaseURL).CombinedOutput()
		took = time.Since(began)
		if err != nil {
			err = fmt.Errorf("backup: %w\n%s", err, out)
		}
		done <- err
	}()
	meanwhile, err = load{name: "backup", clients: 64, rate: steadyRate, length: 30 * time.Second, want: "201",
		request: func(client, n int) []byte { return i.award(client, 900_000_000+n) }}.run(s)
	if err = errors.Join(err, <-done); err != nil {
		return 0, 0, nil, err
	}
	info, err := os.Stat(file)
	if err != nil {
		return 0, 0, nil, err
	}
	return took, info.Size(), meanwhile, nil
}
