package sqldb_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/roundel/roundel/internal/dbtest"
	"github.com/roundel/roundel/internal/sqldb"
)

// TestEveryTableIsDecided: whoever adds a table says whose rows it holds.
func TestEveryTableIsDecided(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		undecided, err := db.Undecided(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, table := range undecided {
			t.Errorf("nobody has said whose rows table %s holds: give it a column organisation_id, or write it into belongs or shared in internal/sqldb/wall.go", table)
		}
	})
}

// TestListsNameTablesThatExist: a table that was renamed leaves the lists.
func TestListsNameTablesThatExist(t *testing.T) {
	db := dbtest.Open(t)
	for _, table := range sqldb.Decided() {
		if err := db.Read(t.Context(), func(tx *sqldb.Tx) error {
			var n int
			return tx.QueryRow(t.Context(), "SELECT count(*) FROM "+table).Scan(&n)
		}); err != nil {
			t.Errorf("%s: %v", table, err)
		}
	}
}

// two makes two organisations with a badge each.
func two(t *testing.T, db *sqldb.DB) {
	t.Helper()
	ctx := sqldb.ForInstallation(t.Context())
	err := db.Write(ctx, func(tx *sqldb.Tx) error {
		for n := range 2 {
			for _, s := range []string{
				`INSERT INTO organisation (id, public_id, slug, name, created_at) VALUES ($1, $2, $3, $3, 1)`,
				`INSERT INTO badge (id, public_id, organisation_id, created_at) SELECT $1, $2, $1, 1 WHERE $3 <> ''`,
				`INSERT INTO badge_version (id, badge_id, number, name, created_at, updated_at) SELECT $1, $1, 1, $3, 1, 1 WHERE length($2) > 0`,
				`INSERT INTO event (organisation_id, kind, subject, at) SELECT $1, $3, 1, 1 WHERE length($2) > 0`,
			} {
				id := n + 7
				if _, err := tx.Exec(ctx, s, id, []byte{byte(id)}, fmt.Sprint("o", id)); err != nil {
					return fmt.Errorf("%s: %w", s, err)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// names returns what a statement without any condition sees.
func names(t *testing.T, ctx context.Context, db *sqldb.DB, query string) (all []string) {
	t.Helper()
	if err := db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		all, err = sqldb.Collect(ctx, tx, func(r *sql.Rows) (s string, err error) { return s, r.Scan(&s) }, query)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	slices.Sort(all)
	return all
}

var unconditional = []string{
	"SELECT slug FROM organisation",
	"SELECT name FROM badge_version",
	"SELECT kind FROM event",
	"SELECT o.slug FROM badge b JOIN organisation o ON o.id = b.organisation_id",
}

func TestScopesOnPostgres(t *testing.T) {
	db := dbtest.OpenPostgres(t)
	two(t, db)
	for _, query := range unconditional {
		for _, c := range []struct {
			ctx  context.Context
			want string
		}{
			{sqldb.ForInstallation(t.Context()), "[o7 o8]"},
			{sqldb.ForOrganisation(t.Context(), 7), "[o7]"},
			{sqldb.ForOrganisation(t.Context(), 8), "[o8]"},
			{sqldb.ForOrganisation(t.Context(), 9), "[]"},
			// The innermost scope holds.
			{sqldb.ForOrganisation(sqldb.ForInstallation(t.Context()), 8), "[o8]"},
		} {
			if got := fmt.Sprint(names(t, c.ctx, db, query)); got != c.want {
				t.Errorf("%s in scope %d: %s, want %s", query, sqldb.ScopeOf(c.ctx), got, c.want)
			}
		}
	}
}

// TestWritingIntoAnotherOrganisation: what a statement changes is held to the
// scope as what it sees.
func TestWritingIntoAnotherOrganisation(t *testing.T) {
	db := dbtest.OpenPostgres(t)
	two(t, db)
	ctx := sqldb.ForOrganisation(t.Context(), 7)
	for _, s := range []string{
		`INSERT INTO badge (public_id, organisation_id, created_at) VALUES ('x', 8, 1)`,
		`INSERT INTO badge_version (badge_id, number, name, created_at, updated_at) VALUES (8, 2, 'x', 1, 1)`,
		`UPDATE badge SET organisation_id = 8 WHERE organisation_id = 7`,
		`INSERT INTO event (organisation_id, kind, subject, at) VALUES (8, 'x', 1, 1)`,
	} {
		err := db.Write(ctx, func(tx *sqldb.Tx) error { _, err := tx.Exec(ctx, s); return err })
		if err == nil || !strings.Contains(err.Error(), "row-level security") {
			t.Errorf("%s: %v", s, err)
		}
	}
	for _, s := range []string{
		`UPDATE badge SET archived_at = 5 WHERE organisation_id = 8`, `DELETE FROM badge_version WHERE name = 'o8'`, `DELETE FROM event WHERE kind = 'o8'`,
	} {
		if err := db.Write(ctx, func(tx *sqldb.Tx) error {
			n, err := tx.Exec(ctx, s)
			if n != 0 {
				t.Errorf("%s changed %d rows of another organisation", s, n)
			}
			return err
		}); err != nil {
			t.Errorf("%s: %v", s, err)
		}
	}
	if err := db.Write(ctx, func(tx *sqldb.Tx) error {
		n, err := tx.Exec(ctx, `UPDATE badge SET archived_at = 5`)
		if n != 1 {
			t.Errorf("%d badges of its own", n)
		}
		return err
	}); err != nil {
		t.Error(err)
	}
}

// TestWithoutAScopeNothingIsSeen: what reaches the database past this package
// sees nothing, on a connection that has had a scope before, too.
func TestWithoutAScopeNothingIsSeen(t *testing.T) {
	address := dbtest.PostgresURL(t)
	db, err := sqldb.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	two(t, db)
	raw, err := sql.Open("pgx", address)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	raw.SetMaxOpenConns(1)
	for _, before := range []string{"SET ROLE postgres_serving", "BEGIN; SET LOCAL roundel.scope = '7'; COMMIT"} {
		if _, err := raw.ExecContext(t.Context(), before); err != nil {
			t.Fatal(err)
		}
		var n int
		if err := raw.QueryRowContext(t.Context(), `SELECT (SELECT count(*) FROM organisation) + (SELECT count(*) FROM badge_version) + (SELECT count(*) FROM event)`).Scan(&n); err != nil || n != 0 {
			t.Errorf("after %q: %d rows, %v", before, n, err)
		}
	}
	// And it may not take the walls down.
	for _, s := range []string{
		"ALTER TABLE badge DISABLE ROW LEVEL SECURITY", "DROP POLICY roundel ON badge", "SET row_security = off; SELECT count(*) FROM badge",
		"CREATE TABLE mine (id BIGINT)", "UPDATE goose_db_version SET version_id = 1",
	} {
		if _, err := raw.ExecContext(t.Context(), s); err == nil {
			t.Errorf("%s: allowed", s)
		}
	}
}

func TestATransactionNeedsAScope(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		db.DefaultScope = sqldb.NoScope
		nothing := func(*sqldb.Tx) error { t.Error("it ran"); return nil }
		for _, ctx := range []context.Context{t.Context(), sqldb.ForOrganisation(t.Context(), 0), sqldb.ForOrganisation(t.Context(), -1)} {
			if err := db.Write(ctx, nothing); !errors.Is(err, sqldb.ErrNoScope) {
				t.Errorf("Write: %v", err)
			}
			if err := db.Read(ctx, nothing); !errors.Is(err, sqldb.ErrNoScope) {
				t.Errorf("Read: %v", err)
			}
		}
		db.DefaultScope = sqldb.Installation
		if err := db.Read(sqldb.ForNothing(t.Context()), nothing); !errors.Is(err, sqldb.ErrNoScope) {
			t.Errorf("for nothing: %v", err)
		}
		if err := db.Read(sqldb.ForOrganisation(t.Context(), 1), func(*sqldb.Tx) error { return nil }); err != nil {
			t.Error(err)
		}
	})
}

// roles makes roles for one test and returns addresses under which they sign in.
func roles(t *testing.T, address string, definitions map[string]string) map[string]string {
	t.Helper()
	admin, err := sql.Open("pgx", address)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	addresses := map[string]string{}
	for name, definition := range definitions {
		full := name + "_" + strings.ToLower(rand.Text()[:12]) // it stays until the server is stopped
		for _, s := range []string{fmt.Sprintf("CREATE ROLE %q LOGIN %s", full, definition), fmt.Sprintf("GRANT CONNECT ON DATABASE %q TO %q", databaseOf(t, address), full)} {
			if _, err := admin.ExecContext(t.Context(), s); err != nil {
				t.Fatal(err)
			}
		}
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		u.User = url.User(full)
		addresses[name] = u.String()
	}
	return addresses
}

func databaseOf(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(u.Path, "/")
}

// start opens and migrates as a server does.
func start(t *testing.T, address string, o sqldb.Options) (*sqldb.DB, error) {
	t.Helper()
	db, err := sqldb.OpenWith(t.Context(), address, o)
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { db.Close() })
	return db, db.Migrate(t.Context())
}

// TestOwnerAndServingRole is the set-up of the manual: one role owns, another
// serves.
func TestOwnerAndServingRole(t *testing.T) {
	superuser := dropped(t)
	who := roles(t, superuser, map[string]string{"owner": "", "server": "", "stranger": "", "bypass": "BYPASSRLS"})
	give(t, superuser, who["owner"])

	if _, err := start(t, who["server"], sqldb.Options{}); err == nil || !strings.Contains(err.Error(), "--database-owner") {
		t.Fatalf("a server that may not make tables: %v", err)
	}
	db, err := start(t, who["server"], sqldb.Options{Owner: who["owner"]})
	if err != nil {
		t.Fatal(err)
	}
	two(t, db)
	if got := fmt.Sprint(names(t, sqldb.ForOrganisation(t.Context(), 7), db, unconditional[1])); got != "[o7]" {
		t.Errorf("the serving role sees %s", got)
	}
	// The next nodes need no owner while nothing is to be migrated.
	if db, err = start(t, who["server"], sqldb.Options{}); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(names(t, sqldb.ForOrganisation(t.Context(), 8), db, unconditional[0])); got != "[o8]" {
		t.Errorf("the serving role sees %s", got)
	}
	for name, c := range map[string]struct {
		address string
		o       sqldb.Options
		says    string
	}{
		"a stranger":                 {who["stranger"], sqldb.Options{}, "--database-owner"},
		"who passes all walls":       {who["bypass"], sqldb.Options{Owner: who["owner"]}, "it has BYPASSRLS"},
		"a superuser":                {superuser, sqldb.Options{Owner: who["owner"]}, "it is a superuser"},
		"the owner beside the owner": {who["owner"], sqldb.Options{Owner: who["owner"]}, "it owns tables"},
	} {
		if _, err := start(t, c.address, c.o); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
	}
	if _, err := start(t, superuser, sqldb.Options{Owner: who["owner"], WithoutWalls: true}); err != nil {
		t.Errorf("told to serve without walls: %v", err)
	}
	// A wall that somebody took down is found by who may not build it, and built
	// again by who may.
	for _, broken := range []string{
		"ALTER TABLE award DISABLE ROW LEVEL SECURITY", "ALTER TABLE award NO FORCE ROW LEVEL SECURITY", "DROP POLICY roundel ON award",
		"CREATE POLICY open ON award USING (true)",
	} {
		if err := define1(t, superuser, broken); err != nil {
			t.Fatal(err)
		}
		if _, err := start(t, who["server"], sqldb.Options{}); err == nil || !strings.Contains(err.Error(), "table award is not held to its policy") {
			t.Errorf("%s: %v", broken, err)
		}
		if broken[:6] == "CREATE" {
			if _, err := start(t, who["server"], sqldb.Options{Owner: who["owner"]}); err == nil {
				t.Error("a foreign policy goes unnoticed")
			}
			continue
		}
		if _, err := start(t, who["server"], sqldb.Options{Owner: who["owner"]}); err != nil {
			t.Errorf("%s, and started with the owner: %v", broken, err)
		}
	}
}

// TestOwnerThatMayNotMakeRoles: the sentence says what to do.
func TestOwnerThatMayNotMakeRoles(t *testing.T) {
	superuser := dropped(t)
	who := roles(t, superuser, map[string]string{"plain": "", "maker": "CREATEROLE"})
	give(t, superuser, who["plain"])
	if _, err := start(t, who["plain"], sqldb.Options{}); err == nil || !strings.Contains(err.Error(), "may not make the role") {
		t.Errorf("got %v", err)
	}
	if _, err := start(t, who["plain"], sqldb.Options{WithoutWalls: true}); err != nil {
		t.Errorf("without walls: %v", err)
	}
	give(t, superuser, who["maker"])
	db, err := start(t, who["maker"], sqldb.Options{})
	if err != nil {
		t.Fatalf("an owner that may make roles: %v", err)
	}
	two(t, db)
	if got := fmt.Sprint(names(t, sqldb.ForOrganisation(t.Context(), 7), db, unconditional[2])); got != "[o7]" {
		t.Errorf("it sees %s", got)
	}
}

// dropped returns the address of an empty database.
func dropped(t *testing.T) (address string) {
	t.Helper()
	address = dbtest.PostgresURL(t)
	if err := define1(t, address, "DROP SCHEMA public CASCADE; CREATE SCHEMA public; GRANT USAGE ON SCHEMA public TO PUBLIC"); err != nil {
		t.Fatal(err)
	}
	return address
}

// give makes the database and everything in it the role's.
func give(t *testing.T, superuser, role string) {
	t.Helper()
	u, err := url.Parse(role)
	if err != nil {
		t.Fatal(err)
	}
	name := u.User.Username()
	for _, s := range []string{fmt.Sprintf("ALTER DATABASE %q OWNER TO %q", databaseOf(t, superuser), name), fmt.Sprintf("ALTER SCHEMA public OWNER TO %q", name),
		fmt.Sprintf(`DO $$ DECLARE t text; BEGIN FOR t IN SELECT format('%%I', relname) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
			LOOP EXECUTE 'ALTER TABLE ' || t || ' OWNER TO %q'; END LOOP; END $$`, name),
		fmt.Sprintf(`DO $$ DECLARE f text; BEGIN FOR f IN SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = 'public'::regnamespace
			LOOP EXECUTE 'ALTER FUNCTION ' || f || ' OWNER TO %q'; END LOOP; END $$`, name)} {
		if err := define1(t, superuser, s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// define1 runs a statement as whoever the address signs in.
func define1(t *testing.T, address, statement string) error {
	t.Helper()
	db, err := sql.Open("pgx", address)
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.ExecContext(t.Context(), statement)
	return err
}
