package dbtest

import (
	"crypto/rand"
	"os"
	"strings"
	"testing"
)

// EmptyPostgresURL returns the address of a fresh PostgreSQL database without
// any tables, for tests of migrations and restores.
func EmptyPostgresURL(t testing.TB) string {
	t.Helper()
	server := os.Getenv(Variable)
	if server == "" {
		t.Skipf("%s is not set; run the tests with `go run ./internal/dbtest/withpostgres -- go test ./...`", Variable)
	}
	name := "empty_" + strings.ToLower(rand.Text()[:12])
	if err := administer(server, "CREATE DATABASE "+name+" TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := administer(server, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"); err != nil {
			t.Errorf("drop test database: %v", err)
		}
	})
	return OnServer(server, name)
}
