package sqldb_test

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/roundel/roundel/internal/dbtest"
	"github.com/roundel/roundel/internal/sqldb"
)

// childVariable holds the address of the database that a child of the test is
// to migrate until it is killed.
const childVariable = "ROUNDEL_TEST_MIGRATE"

func TestMain(m *testing.M) {
	if address := os.Getenv(childVariable); address != "" {
		migrateForEver(address)
	}
	os.Exit(m.Run())
}

// more returns the platform's migrations with two more: the first says what is
// there, and the second is given.
func more(t testing.TB, second string) fs.FS {
	files := fstest.MapFS{
		"9001_one.sql": {Data: []byte("-- +goose Up\nCREATE TABLE one (id BIGINT PRIMARY KEY, organisation_id BIGINT NOT NULL);\n-- +goose Down\nSELECT 1;\n")},
		"9002_two.sql": {Data: []byte("-- +goose Up\nCREATE TABLE two (id BIGINT PRIMARY KEY, organisation_id BIGINT NOT NULL);\n" + second + ";\n-- +goose Down\nSELECT 1;\n")},
	}
	ours := sqldb.Migrations()
	names, err := fs.Glob(ours, "*.sql")
	if err == nil {
		for _, name := range names {
			var data []byte
			if data, err = fs.ReadFile(ours, name); err != nil {
				break
			}
			files[name] = &fstest.MapFile{Data: data}
		}
	}
	if err != nil && t != nil {
		t.Fatal(err)
	}
	return files
}

// endless is a statement in the middle of a migration that takes longer than
// any test. It writes all the while.
const endless = `INSERT INTO two (id, organisation_id) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000) SELECT i, 1 FROM n`

func migrateForEver(address string) {
	ctx := context.Background()
	db, err := sqldb.Open(ctx, address)
	if err == nil {
		db.SetMigrations(more(nil, endless))
		err = db.Migrate(ctx)
	}
	fmt.Println("ended:", err)
	os.Exit(1)
}

// TestKilledWhileMigrating: what was done stays, what was half done is done
// again by the next start.
func TestKilledWhileMigrating(t *testing.T) {
	for _, engine := range []string{sqldb.SQLite, sqldb.Postgres} {
		t.Run(engine, func(t *testing.T) {
			address := ""
			var busy func() bool // the second migration is under way
			if engine == sqldb.Postgres {
				address = dbtest.PostgresURL(t)
				busy = underWay(t, address)
			} else {
				address = dbtest.SQLiteFile(t)
				busy = func() bool {
					i, err := os.Stat(address + "-wal") // what does not fit into memory is spilled
					return err == nil && i.Size() > 100_000
				}
			}
			child := exec.Command(os.Args[0])
			child.Env = append(os.Environ(), childVariable+"="+address)
			var out strings.Builder
			child.Stdout, child.Stderr = &out, &out
			if err := child.Start(); err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			go func() { ended <- child.Wait() }() // ends with the child
			tick := time.NewTicker(20 * time.Millisecond)
			defer tick.Stop()
			for !busy() {
				select {
				case <-tick.C:
				case err := <-ended:
					t.Fatalf("the child ended: %v\n%s", err, out.String())
				case <-t.Context().Done():
					t.Fatal("no migration came under way")
				}
			}
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			<-ended

			db, err := sqldb.Open(t.Context(), address)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			db.DefaultScope = sqldb.Installation
			if has, _, err := db.SchemaVersion(t.Context()); err != nil || has != 9001 {
				t.Fatalf("after the kill the version is %d, %v", has, err)
			}
			db.SetMigrations(more(t, "INSERT INTO two (id, organisation_id) VALUES (1, 7)"))
			if err := db.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			var rows int
			if err := db.Read(t.Context(), func(tx *sqldb.Tx) error {
				return tx.QueryRow(t.Context(), "SELECT (SELECT count(*) FROM two) + (SELECT count(*) FROM one)").Scan(&rows)
			}); err != nil || rows != 1 {
				t.Errorf("%d rows, %v", rows, err)
			}
		})
	}
}

// underWay returns a function that tells whether the endless statement runs,
// and has what is left of it ended with the test.
func underWay(t *testing.T, address string) func() bool {
	t.Helper()
	watch, err := sql.Open("pgx", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { watch.Close() })
	return func() bool {
		var n int
		err := watch.QueryRowContext(t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%RECURSIVE n%' AND pid <> pg_backend_pid()`).Scan(&n)
		return err == nil && n > 0
	}
}

// TestNewerDatabaseIsRefused: by every version that does not know its schema.
func TestNewerDatabaseIsRefused(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		db.SetMigrations(more(t, "SELECT 1"))
		if err := db.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		db.SetMigrations(nil)
		if err := db.Migrate(t.Context()); err == nil || !strings.Contains(err.Error(), "by a newer Roundel") {
			t.Errorf("got %v", err)
		}
		if has, _, err := db.SchemaVersion(t.Context()); err != nil || has != 9002 {
			t.Errorf("it is at version %d, %v", has, err)
		}
	})
}
