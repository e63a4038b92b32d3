package crash

import (
	"database/sql"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"github.com/roundel/roundel/internal/dbtest"
)

// TestPostgresIsTakenAway ends the connections of a running server, restarts
// PostgreSQL under it, and lets PostgreSQL crash, ROUNDEL_KILLS times in all,
// while clients use it. The server lives on; what it has acknowledged is there.
func TestPostgresIsTakenAway(t *testing.T) {
	if testing.Short() {
		t.Skip("restarts PostgreSQL many times: not in short mode")
	}
	if os.Getenv(dbtest.Variable) == "" {
		t.Skipf("%s is not set: there is no PostgreSQL for tests here", dbtest.Variable)
	}
	times, acks, seed := setting(t, "ROUNDEL_KILLS", 6), setting(t, "ROUNDEL_ACKS", 300), setting(t, "ROUNDEL_SEED", 1)
	c := cluster(t)
	s := newSite(t, build(t), c.database)
	s.config.LogLevel = "error"
	random := rand.New(rand.NewPCG(uint64(seed), 2))
	l, stop, happened := newLedger(), make(chan struct{}), map[string]int{}
	l.failures = true
	running := s.start(t)
	if !s.ready(t, running) {
		running.kill(t)
	}
	wait := s.load(t.Context(), l, clients, endless, uint64(seed), stop)
	for range times {
		select {
		case <-l.more(1 + random.IntN(max(1, 2*acks/times))):
		case <-running.drawn:
			running.kill(t) // says why
		case <-time.After(patience):
			t.Fatalf("no end in sight: %d acknowledgements\n%s", l.acks, running.stderr.String())
		}
		happened[c.disturb(t, random)]++
	}
	close(stop)
	wait()
	check(t, running.cmd.Process.Signal(os.Interrupt))
	<-running.drawn
	if err := running.cmd.Wait(); err != nil {
		t.Errorf("the server did not stop cleanly: %v\n%s", err, running.stderr.String())
	}
	t.Logf("%v; seed %d", happened, seed)
	l.failures = false // from here on nothing is taken away
	s.reckon(t, l)
}

// privateCluster is a PostgreSQL that nobody else uses, with durable commits.
type privateCluster struct {
	*dbtest.Postgres
	database string
}

func cluster(t *testing.T) *privateCluster {
	t.Helper()
	dir, err := os.MkdirTemp("", "roundel-crash-")
	check(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	check(t, os.Chmod(dir, 0o711)) // the server's user passes through
	c, err := dbtest.NewPostgres(filepath.Join(dir, "server"), true)
	check(t, err)
	t.Cleanup(c.Close)
	administer(t, c.Address, "CREATE DATABASE roundel TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'")
	return &privateCluster{c, dbtest.OnServer(c.Address, "roundel")}
}

// disturb takes the database away for a moment, in one of three ways.
func (c *privateCluster) disturb(t *testing.T, random *rand.Rand) string {
	t.Helper()
	switch random.IntN(4) {
	case 0, 1:
		administer(t, c.Address, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'roundel'")
		return "connections ended"
	case 2:
		c.Stop()
		check(t, c.Start())
		return "restarted"
	}
	c.Crash()
	check(t, c.Start())
	return "crashed"
}

func administer(t *testing.T, address, statement string) {
	t.Helper()
	db, err := sql.Open("pgx", address)
	check(t, err)
	defer db.Close()
	_, err = db.ExecContext(t.Context(), statement)
	check(t, err)
}
