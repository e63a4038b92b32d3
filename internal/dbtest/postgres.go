package dbtest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"github.com/roundel/roundel/internal/sqldb"
)

// OpenPostgres returns a fresh migrated PostgreSQL database that is dropped
// with the test. It skips the test, saying so, when TEST_POSTGRES is not set.
func OpenPostgres(t testing.TB) *sqldb.DB {
	t.Helper()
	return open(t, PostgresURL(t))
}

// PostgresURL returns the address of a fresh migrated PostgreSQL database, for
// tests that open it themselves, several times perhaps.
func PostgresURL(t testing.TB) string {
	t.Helper()
	server := os.Getenv(Variable)
	if server == "" {
		t.Skipf("%s is not set; run the tests with `go run ./internal/dbtest/withpostgres -- go test ./...`", Variable)
	}
	template, err := postgresTemplate()
	if err != nil {
		t.Fatalf("migrate the template database: %v", err)
	}
	name := "test_" + strings.ToLower(rand.Text()[:12])
	if err := administer(server, fmt.Sprintf("CREATE DATABASE %s TEMPLATE %s", name, template)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := administer(server, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"); err != nil {
			t.Errorf("drop test database: %v", err)
		}
	})
	return OnServer(server, name)
}

// postgresTemplate creates and migrates one database for all tests of a
// package; copying it takes a fraction of migrating anew. It lives until the
// server is stopped, a few megabytes.
var postgresTemplate = sync.OnceValues(func() (string, error) {
	server := os.Getenv(Variable)
	name := "template_" + strings.ToLower(rand.Text()[:12])
	err := administer(server, "CREATE DATABASE "+name+" TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'")
	if err != nil {
		return "", err
	}
	db, err := sqldb.Open(context.Background(), OnServer(server, name))
	if err != nil {
		return "", err
	}
	defer db.Close()
	return name, db.Migrate(context.Background())
})

// administer runs one statement on the server's own database.
func administer(server, statement string) error {
	db, err := sql.Open("pgx", server)
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.Exec(statement); err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	return nil
}

// OnServer returns the address of another database on the same server.
func OnServer(server, database string) string {
	u, err := url.Parse(server)
	if err != nil {
		return server
	}
	u.Path = "/" + database
	return u.String()
}
