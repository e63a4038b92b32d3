package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
)

// serverFigures are what one engine showed under load.
type serverFigures struct {
	engine      string
	ready       time.Duration // from starting the process to the address it prints
	idle, peak  float64       // MiB
	loads       []*outcome
	again       time.Duration // from starting to the first good answer, after kill -9
	awardsAfter int
}

// measureServer starts the built binary on fresh data and puts the loads on it.
// database is the address of an empty PostgreSQL database, or empty.
func measureServer(ctx context.Context, binary, database string, length time.Duration) (*serverFigures, error) {
	i, err := setUp(ctx, database)
	if err != nil {
		return nil, err
	}
	defer i.remove()
	s, err := i.serve(binary, "--rate-token", "0")
	if err != nil {
		return nil, err
	}
	stopped := false
	defer func() {
		if !stopped {
			_ = s.stop(true) // an error came before
		}
	}()
	f := &serverFigures{engine: "SQLite", ready: s.ready}
	if database != "" {
		f.engine = "PostgreSQL"
	}
	f.idle, _ = s.memory()
	for _, l := range []load{
		{name: "closed loop, 64 clients", clients: 64},
		{name: "open loop, 500 a second", clients: 64, rate: 500},
	} {
		l.length, l.want = length, "201"
		// Keys of another load must not be replayed.
		offset := 1_000_000 * len(f.loads)
		l.request = func(client, n int) []byte { return i.award(client, n+offset) }
		o, err := l.run(s)
		if err != nil {
			return nil, err
		}
		f.loads = append(f.loads, o)
		f.awardsAfter += o.answers
		fmt.Printf("%s, %s: %.0f a second, p99 %v, processor time %.0f µs, %d failures %.200s\n", f.engine, o.name, o.perSecond(), o.p99.Round(time.Millisecond/10), o.serverSeconds/float64(o.answers)*1e6, o.failures, o.failure)
	}
	_, f.peak = s.memory()
	stopped = true
	if err := s.stop(true); err != nil {
		return nil, err
	}
	f.again, err = i.firstAnswer(binary)
	return f, err
}

// firstAnswer starts the binary and asks for the organisation's page until it
// comes, and returns how long that took.
func (i *installation) firstAnswer(binary string) (time.Duration, error) {
	began := time.Now()
	s, err := i.serve(binary)
	if err != nil {
		return 0, err
	}
	answer, err := http.Get("http://" + s.address + "/healthz")
	took := time.Since(began)
	if err == nil {
		err = answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			err = fmt.Errorf("ready, but /healthz answers %s", answer.Status)
		}
	}
	if err != nil {
		_ = s.stop(true) // the first error says more
		return 0, err
	}
	return took, s.stop(false)
}

// writeServers is the section about the server.
func writeServers(say func(string, ...any), all []*serverFigures) {
	say(`
## Awarding through the API, durably

The built binary on fresh data, asked over HTTP/1.1 on this machine by a generator on the same cores, whose processor time is not the server's: POST /api/v1/awards with an Idempotency-Key, each for another person, with status entries and a claim mail in the outbox. Every answer came after its commit was on disk. In the open loop latency counts from when a request was due. Each %s.

| engine, load | answers a second | p50 | p99 | worst | server's processor time an answer | generator's | failures |
|---|--:|--:|--:|--:|--:|--:|--:|`, all[0].loads[0].length)
	for _, f := range all {
		for _, o := range f.loads {
			each := func(seconds float64) string { return short(seconds/float64(o.answers)*1e6) + " µs" }
			say("| %s, %s | %.0f | %s | %s | %s | %s | %s | %d |", f.engine, o.name, o.perSecond(), milliseconds(o.p50), milliseconds(o.p99), milliseconds(o.worst), each(o.serverSeconds), each(o.ownTime), o.failures)
		}
	}
	say("\n| engine | from start to listening | memory, idle | memory, most | after kill -9 under load: first answer |\n|---|--:|--:|--:|--:|")
	for _, f := range all {
		say("| %s | %s | %.0f MiB | %.0f MiB | %s (%d awards) |", f.engine, milliseconds(f.ready), f.idle, f.peak, milliseconds(f.again), f.awardsAfter)
	}
}

// milliseconds writes a time as tables have it.
func milliseconds(d time.Duration) string { return short(float64(d)/float64(time.Millisecond)) + " ms" }

// postgres makes an empty database on the server that TEST_POSTGRES names, which
// bench/run starts and throws away. It returns no address if there is none.
func postgres(ctx context.Context) (string, error) {
	address := os.Getenv("TEST_POSTGRES")
	if address == "" {
		return "", nil
	}
	u, err := url.Parse(address)
	if err != nil {
		return "", err
	}
	c, err := pgx.Connect(ctx, address)
	if err != nil {
		return "", err
	}
	defer c.Close(ctx)
	name := fmt.Sprintf("bench_%d", os.Getpid())
	_, err = c.Exec(ctx, "CREATE DATABASE "+name+" TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'")
	u.Path = "/" + name
	return u.String(), err
}

// measureServers measures on SQLite, and on PostgreSQL if there is one.
func measureServers(ctx context.Context, binary string, length time.Duration) ([]*serverFigures, error) {
	embedded, err := measureServer(ctx, binary, "", length)
	if err != nil {
		return nil, err
	}
	address, err := postgres(ctx)
	if err != nil || address == "" {
		return []*serverFigures{embedded}, err
	}
	own, err := measureServer(ctx, binary, address, length)
	return []*serverFigures{embedded, own}, err
}
