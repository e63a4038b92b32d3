package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// openPlain opens a fresh SQLite database with one table and counts commits.
func openPlain(t *testing.T) (db *DB, commits *int) {
	t.Helper()
	ctx := context.Background()
	db, err := Open(ctx, filepath.Join(t.TempDir(), "plain.db"))
	if err != nil {
		t.Fatal(err)
	}
	db.DefaultScope = Installation
	t.Cleanup(func() { db.Close() })
	if err := db.Write(ctx, func(tx *Tx) error {
		_, err := tx.Exec(ctx, "CREATE TABLE item (name TEXT PRIMARY KEY)")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	commits = new(int)
	db.writer.commit = func(tx *sql.Tx) error {
		*commits++
		return tx.Commit()
	}
	return db, commits
}

func insert(ctx context.Context, tx *Tx, name string) error {
	_, err := tx.Exec(ctx, "INSERT INTO item (name) VALUES ($1)", name)
	return err
}

func count(t *testing.T, db *DB) (n int) {
	t.Helper()
	ctx := context.Background()
	if err := db.Read(ctx, func(tx *Tx) error {
		return tx.QueryRow(ctx, "SELECT count(*) FROM item").Scan(&n)
	}); err != nil {
		t.Fatal(err)
	}
	return n
}

// hold starts a Write that keeps the writer busy until release is called, and
// waits until it has the turn.
func hold(t *testing.T, db *DB, wg *sync.WaitGroup) (release func()) {
	t.Helper()
	entered, leave := make(chan bool), make(chan bool)
	wg.Go(func() {
		if err := db.Write(context.Background(), func(*Tx) error {
			close(entered)
			<-leave
			return nil
		}); err != nil {
			t.Error(err)
		}
	})
	<-entered
	return func() { close(leave) }
}

// queued starts fn as a Write and returns once it stands in the queue.
func queued(db *DB, wg *sync.WaitGroup, fn func() error) {
	started := make(chan bool)
	wg.Go(func() {
		close(started)
		fn()
	})
	<-started
}

func TestWaitingWritesShareACommitAndFailAlone(t *testing.T) {
	db, commits := openPlain(t)
	ctx := context.Background()
	var wg sync.WaitGroup
	var mu sync.Mutex
	outcomes := map[string]int{}
	note := func(k string) { mu.Lock(); outcomes[k]++; mu.Unlock() }

	const rounds = 20
	for r := range rounds {
		release := hold(t, db, &wg)
		for i := range 8 {
			queued(db, &wg, func() error {
				defer func() {
					if recover() != nil {
						note("panic")
					}
				}()
				err := db.Write(ctx, func(tx *Tx) error {
					if err := insert(ctx, tx, fmt.Sprint(r, " ", i)); err != nil {
						return err
					}
					switch i {
					case 2:
						return errors.New("no")
					case 3:
						panic("boom")
					case 4:
						insert(ctx, tx, fmt.Sprint(r, " ", i)) // not unique, overlooked
					}
					return nil
				})
				if err != nil {
					note("error")
				} else {
					note("ok")
				}
				return err
			})
		}
		release()
		wg.Wait()
	}
	want := map[string]int{"ok": 5 * rounds, "error": 2 * rounds, "panic": rounds}
	for k, n := range want {
		if outcomes[k] != n {
			t.Errorf("%d of %s, want %d", outcomes[k], k, n)
		}
	}
	if n := count(t, db); n != 5*rounds {
		t.Errorf("%d rows, want %d", n, 5*rounds)
	}
	// Each round has nine members; sharing must show over all of them.
	if *commits >= 6*rounds {
		t.Errorf("%d commits for %d successful writes: nothing was shared", *commits, 6*rounds)
	}
}

func TestAnswersComeAfterTheCommit(t *testing.T) {
	db, _ := openPlain(t)
	ctx := context.Background()
	committed := false
	db.writer.commit = func(tx *sql.Tx) error {
		err := tx.Commit()
		committed = true
		return err
	}
	if err := db.Write(ctx, func(tx *Tx) error { return insert(ctx, tx, "a") }); err != nil {
		t.Fatal(err)
	}
	if !committed {
		t.Error("answered before the commit")
	}
}

func TestCancelledWhileWaitingIsSkipped(t *testing.T) {
	db, _ := openPlain(t)
	var wg sync.WaitGroup
	release := hold(t, db, &wg)
	ctx, cancel := context.WithCancel(context.Background())
	var got error
	queued(db, &wg, func() error {
		got = db.Write(ctx, func(tx *Tx) error { return insert(ctx, tx, "a") })
		return got
	})
	cancel()
	release()
	wg.Wait()
	if !errors.Is(got, context.Canceled) {
		t.Errorf("got %v", got)
	}
	if n := count(t, db); n != 0 {
		t.Errorf("%d rows", n)
	}
}

func TestFailingDiskStopsTheProcess(t *testing.T) {
	db, _ := openPlain(t)
	ctx := context.Background()
	var stopped []error
	db.Fatal = func(err error) { stopped = append(stopped, err) }
	write := func(name string) error {
		return db.Write(ctx, func(tx *Tx) error { return insert(ctx, tx, name) })
	}
	broken := errors.New("commit: input/output error")
	db.writer.commit = func(*sql.Tx) error { return broken }
	if err := write("a"); !errors.Is(err, broken) || len(stopped) != 0 {
		t.Errorf("another failure of a commit: %v, stopped %v", err, stopped)
	}
	// A real I/O error of the engine: the file is cut off under it.
	db.writer.commit = (*sql.Tx).Commit
	io := engineIOError(t)
	db.writer.commit = func(*sql.Tx) error { return io }
	if err := write("b"); !errors.Is(err, io) {
		t.Errorf("got %v", err)
	}
	if len(stopped) != 1 {
		t.Fatalf("stopped %v", stopped)
	}
	db.writer.commit = (*sql.Tx).Commit
	if err := write("c"); err == nil {
		t.Error("wrote after the disk had failed")
	}
	if len(stopped) != 1 {
		t.Error("stopped twice")
	}
}

// engineIOError returns an error as the engine gives it for a damaged file.
func engineIOError(t *testing.T) error {
	t.Helper()
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "damaged.db")
	if err := os.WriteFile(path, []byte("this is not a database file, though it is long enough to be read as one"), 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	_, err = db.ExecContext(ctx, "CREATE TABLE a (b)")
	if !diskFailed(err) {
		t.Fatalf("not an I/O error: %v", err)
	}
	return err
}

func TestAcknowledgedWritesSurviveACrash(t *testing.T) {
	db, _ := openPlain(t)
	ctx := context.Background()
	var path string
	if err := db.Read(ctx, func(tx *Tx) error {
		var n int
		var name string
		return tx.QueryRow(ctx, "PRAGMA database_list").Scan(&n, &name, &path)
	}); err != nil {
		t.Fatal(err)
	}
	for i := range 10 {
		if err := db.Write(ctx, func(tx *Tx) error { return insert(ctx, tx, fmt.Sprint(i)) }); err != nil {
			t.Fatal(err)
		}
	}
	// What a crash leaves: the files as they are now, with nothing closed, and
	// the last transaction open.
	copied := filepath.Join(t.TempDir(), "copy.db")
	if err := db.Write(ctx, func(tx *Tx) error {
		if err := insert(ctx, tx, "not committed"); err != nil {
			return err
		}
		for _, suffix := range []string{"", "-wal"} {
			data, err := os.ReadFile(path + suffix)
			if err != nil {
				return err
			}
			if err := os.WriteFile(copied+suffix, data, 0o600); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	after, err := Open(ctx, copied)
	if err != nil {
		t.Fatal(err)
	}
	after.DefaultScope = Installation
	defer after.Close()
	if n := count(t, after); n != 10 {
		t.Errorf("%d rows after the crash, want 10", n)
	}
}

func TestEngineSettings(t *testing.T) {
	db, _ := openPlain(t)
	for pragma, want := range map[string]string{
		"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "secure_delete": "1", "busy_timeout": "60000",
		"cache_size": "-65536", "wal_autocheckpoint": "0",
	} {
		var got string
		if err := db.write.QueryRow("PRAGMA " + pragma).Scan(&got); err != nil || got != want {
			t.Errorf("%s = %q, %v; want %q", pragma, got, err, want)
		}
	}
}

func TestLogIsFoldedIntoTheFile(t *testing.T) {
	db, _ := openPlain(t)
	ctx := context.Background()
	for _, bytes := range []int{2_600_000, 1} { // over 1,000 pages; the second waits for what follows the first
		if err := db.Write(ctx, func(tx *Tx) error {
			_, err := tx.Exec(ctx, "INSERT INTO item (name) VALUES (hex(randomblob($1)))", bytes)
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	pages, err := db.writer.pragmaCheckpoint("NOOP")
	if err != nil || pages > checkpointPages {
		t.Errorf("%d pages wait in the log, %v", pages, err)
	}
}

func TestWriteAfterClose(t *testing.T) {
	db, _ := openPlain(t)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := db.Write(context.Background(), func(*Tx) error { return nil }); !errors.Is(err, ErrClosed) {
		t.Errorf("got %v", err)
	}
}

func TestPlaceholders(t *testing.T) {
	for query, want := range map[string]int{
		"SELECT 1": 0, "SELECT $1, $2, $1": 2, "SELECT '$3', $1": 1, "SELECT $12": 12,
		"SELECT $1 -- $9\n, $2": 2, `SELECT "a$4" FROM t WHERE x = $1`: 1, "SELECT 'it''s $5'": 0, "$": 0, "'": 0, "-- $1": 0,
	} {
		if got := placeholders(query); got != want {
			t.Errorf("placeholders(%q) = %d, want %d", query, got, want)
		}
	}
}

func BenchmarkWriteOneByOne(b *testing.B) {
	ctx := context.Background()
	db, err := Open(ctx, filepath.Join(b.TempDir(), "bench.db"))
	if err != nil {
		b.Fatal(err)
	}
	db.DefaultScope = Installation
	defer db.Close()
	for b.Loop() {
		if err := db.Write(ctx, func(*Tx) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
}
