// Package dbtest gives tests a fresh, migrated database.
//
// SQLite always runs. PostgreSQL runs too when TEST_POSTGRES holds the address
// of a server on which databases may be created; the command withpostgres
// starts one for the time of a test run.
package dbtest

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/roundel/roundel/internal/sqldb"
)

// Variable is the environment variable with the address of a PostgreSQL server.
const Variable = "TEST_POSTGRES"

// Run runs the test on a fresh SQLite and, when TEST_POSTGRES is set, on a
// fresh PostgreSQL database.
func Run(t *testing.T, test func(t *testing.T, db *sqldb.DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, Open(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, OpenPostgres(t)) })
}

// Open returns a fresh migrated SQLite database that is closed and removed
// with the test.
func Open(t testing.TB) *sqldb.DB {
	t.Helper()
	return open(t, SQLiteFile(t))
}

// SQLiteFile returns the path of a fresh migrated SQLite file, for tests that
// open it themselves.
func SQLiteFile(t testing.TB) string {
	t.Helper()
	empty, err := sqliteTemplate()
	if err != nil {
		t.Fatalf("migrate the template database: %v", err)
	}
	file := filepath.Join(t.TempDir(), "test.db")
	if err := os.WriteFile(file, empty, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// sqliteTemplate migrates once for all tests of a package and returns the file.
var sqliteTemplate = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "roundel-dbtest-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "template.db")
	db, err := sqldb.Open(context.Background(), file)
	if err != nil {
		return nil, err
	}
	if err := db.Migrate(context.Background()); err != nil {
		db.Close()
		return nil, err
	}
	if err := db.Close(); err != nil { // folds the log into the file
		return nil, err
	}
	return os.ReadFile(file)
})

// open opens url for the time of the test. A failing disk fails the test
// instead of ending the process. Transactions without a scope see every row.
func open(t testing.TB, url string) *sqldb.DB {
	t.Helper()
	db, err := sqldb.Open(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	db.DefaultScope = sqldb.Installation
	db.Fatal = func(err error) { t.Errorf("the disk failed under the database: %v", err) }
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close database: %v", err)
		}
	})
	return db
}
