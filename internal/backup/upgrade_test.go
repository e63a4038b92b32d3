package backup_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/roundel/roundel/internal/backup"
	"github.com/roundel/roundel/internal/dbtest"
	"github.com/roundel/roundel/internal/sqldb"
)

// oldSchema is the version before this release: accounts, badges and awards
// were there already.
const oldSchema = 3

// migrateURL is set in the process that is killed while it migrates.
const migrateURL = "ROUNDEL_TEST_MIGRATE"

// TestMain lets the test binary be the process that migrates.
func TestMain(m *testing.M) {
	url := os.Getenv(migrateURL)
	if url == "" {
		os.Exit(m.Run())
	}
	ctx := sqldb.ForInstallation(context.Background())
	db, err := sqldb.Open(ctx, url)
	if err == nil {
		fmt.Println("begun")
		err = db.Migrate(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("done")
	os.Exit(0)
}

// seed fills a database of the old schema with rows.
func seed(t *testing.T, db *sqldb.DB, people int) {
	t.Helper()
	ctx := sqldb.ForInstallation(t.Context())
	must(t, db.MigrateTo(ctx, oldSchema))
	must(t, db.Write(ctx, func(tx *sqldb.Tx) error {
		statements := []string{
			`INSERT INTO account (id, public_id, name, password_hash, created_at) VALUES (1, $1, 'Ada', '', 1)`,
			`INSERT INTO organisation (id, public_id, slug, name, created_at) VALUES (1, $1, 'northlight', 'Northlight', 1)`,
			`INSERT INTO badge (id, public_id, organisation_id, created_at) VALUES (1, $1, 1, 1)`,
			`INSERT INTO status_list (id, public_id, organisation_id, purpose, entries, secret) VALUES (1, $1, 1, 'revocation', 131072, $1)`,
			`INSERT INTO signing_key (id, organisation_id, public_key, sealed_private, created_at) VALUES (1, 1, 'z6MkKey', $1, 1)`,
		}
		for _, s := range statements {
			if _, err := tx.Exec(ctx, s, []byte("0123456789abcdef")); err != nil {
				return err
			}
		}
		for _, s := range []string{
			`INSERT INTO member (organisation_id, account_id, role, created_at) VALUES (1, 1, 'owner', 1)`,
			`INSERT INTO badge_version (id, badge_id, number, name, created_at, updated_at, published_at) VALUES (1, 1, 1, 'Analysis', 1, 1, 1)`,
		} {
			if _, err := tx.Exec(ctx, s); err != nil {
				return err
			}
		}
		for n := range people {
			if _, err := tx.Exec(ctx, `INSERT INTO award (id, public_id, organisation_id, badge_version_id, trial, recipient_name, recipient_email, recipient_key, salt, valid_from, created_at, issued_at, document)
				VALUES ($1, $2, 1, 1, TRUE, 'P', $3, $3, 's', 1, 1, 1, $2)`, n+1, []byte(fmt.Sprintf("%016d", n)), fmt.Sprintf("p%d@example.org", n)); err != nil {
				return err
			}
		}
		return nil
	}))
	// Identity columns go on behind what was put in.
	must(t, db.Write(ctx, func(tx *sqldb.Tx) error {
		tables, err := tx.Tables(ctx)
		for _, table := range tables {
			if err == nil {
				err = tx.SetCounter(ctx, table)
			}
		}
		return err
	}))
}

// content reads what was seeded, row by row.
func content(t *testing.T, db *sqldb.DB) string {
	t.Helper()
	var b strings.Builder
	ctx := sqldb.ForInstallation(t.Context())
	must(t, db.Read(ctx, func(tx *sqldb.Tx) error {
		for _, q := range []string{
			`SELECT 'account ' || id || name FROM account ORDER BY id`, `SELECT 'organisation ' || id || slug || name FROM organisation ORDER BY id`,
			`SELECT 'member ' || account_id || role FROM member ORDER BY account_id`, `SELECT 'version ' || id || name FROM badge_version ORDER BY id`,
			`SELECT 'award ' || id || recipient_email || issued_at FROM award ORDER BY id`, `SELECT 'key ' || public_key FROM signing_key ORDER BY id`,
			`SELECT 'list ' || purpose || entries FROM status_list ORDER BY id`,
		} {
			rows, err := sqldb.Collect(ctx, tx, func(r *sql.Rows) (s string, err error) { return s, r.Scan(&s) }, q)
			if err != nil {
				return err
			}
			b.WriteString(strings.Join(rows, "\n") + "\n")
		}
		return nil
	}))
	return b.String()
}

// TestUpgradeIsKilled kills the process that migrates old data at ever later
// moments, until it gets to the end (R10). Nothing is lost, and the schema is
// the one of a fresh installation.
func TestUpgradeIsKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("starts and kills a process many times: not in short mode")
	}
	for _, engine := range engines {
		t.Run(engine.name, func(t *testing.T) {
			url := filepath.Join(t.TempDir(), "old.db")
			if engine.postgres {
				url = dbtest.EmptyPostgresURL(t)
			}
			ctx := sqldb.ForInstallation(t.Context())
			db, err := sqldb.Open(ctx, url)
			must(t, err)
			seed(t, db, 2000)
			before := content(t, db)
			must(t, db.Close())

			kills, between := 0, map[int64]bool{}
			for wait := time.Duration(0); ; wait += 2 * time.Millisecond {
				if !migrateFor(t, url, wait) {
					kills++
				} else {
					break
				}
				if kills > 400 {
					t.Fatal("it never ends")
				}
				db, err := sqldb.Open(ctx, url)
				must(t, err)
				at, _, err := db.SchemaVersion(ctx)
				must(t, err)
				between[at] = true
				must(t, db.Close())
			}
			t.Logf("%d kills; it had come to the versions %v", kills, between)
			if kills == 0 {
				t.Error("no kill came in time")
			}
			db, err = sqldb.Open(ctx, url)
			must(t, err)
			defer func() { must(t, db.Close()) }()
			must(t, db.Migrate(ctx))
			if after := content(t, db); after != before {
				t.Errorf("the rows have changed: %d bytes before, %d after", len(before), len(after))
			}
			has, newest, err := db.SchemaVersion(ctx)
			must(t, err)
			if has != newest {
				t.Errorf("version %d of %d", has, newest)
			}
			want, got := columns(t, dbtest.Open(t)), columns(t, db)
			if want != got {
				t.Errorf("the schema is not that of a fresh installation:\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// migrateFor runs the migration in a process of its own and kills it a while
// after it began. It reports whether the process got to the end.
func migrateFor(t *testing.T, url string, wait time.Duration) (done bool) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), migrateURL+"="+url)
	var said, errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	first := make([]byte, len("begun\n"))
	if _, err := out.Read(first); err != nil {
		_ = cmd.Wait()
		t.Fatalf("the process did not begin: %v\n%s", err, errs.String())
	}
	timer := time.AfterFunc(wait, func() { _ = cmd.Process.Kill() })
	buf := make([]byte, 64)
	for {
		n, err := out.Read(buf)
		said.Write(buf[:n])
		if err != nil {
			break
		}
	}
	timer.Stop()
	err = cmd.Wait()
	if done = strings.Contains(said.String(), "done"); !done && errs.Len() > 0 {
		t.Fatalf("it failed by itself: %v\n%s", err, errs.String())
	}
	return done
}

// columns lists every column of every table.
func columns(t *testing.T, db *sqldb.DB) string {
	t.Helper()
	var all []string
	ctx := sqldb.ForInstallation(t.Context())
	must(t, db.Read(ctx, func(tx *sqldb.Tx) error {
		tables, err := tx.Tables(ctx)
		for _, table := range tables {
			for _, c := range table.Columns {
				all = append(all, table.Name+"."+c.Name+" "+c.Type)
			}
		}
		return err
	}))
	slices.Sort(all)
	return strings.Join(all, "\n")
}

// TestAnOldBackupIsUpgraded restores a backup of an older schema.
func TestAnOldBackupIsUpgraded(t *testing.T) {
	for _, engine := range engines {
		t.Run(engine.name, func(t *testing.T) {
			ctx := sqldb.ForInstallation(t.Context())
			old := empty(t, false)
			seed(t, old, 5)
			file := writeAll(t, old)
			db, a := empty(t, engine.postgres), inMemory(file)
			h, _, err := a.Check(ctx)
			must(t, err)
			if h.Schema != oldSchema {
				t.Errorf("schema %d", h.Schema)
			}
			must(t, a.Load(ctx, db, folder(t), h.Schema))
			if content(t, db) != content(t, old) {
				t.Error("the rows have changed")
			}
			newer := empty(t, engine.postgres)
			if err := a.Load(ctx, newer, folder(t), 1000); err == nil {
				t.Error("a backup of a newer version is taken")
			}
			if at, _, err := newer.SchemaVersion(ctx); err != nil || at != 0 {
				t.Errorf("a refused backup has left version %d (%v)", at, err)
			}
		})
	}
}

// writeAll backs a database up that has no pictures.
func writeAll(t *testing.T, db *sqldb.DB) []byte {
	t.Helper()
	var out bytes.Buffer
	_, err := (&backup.Source{DB: db, Blobs: folder(t), Now: time.Now}).Write(sqldb.ForInstallation(t.Context()), &out, backup.NewID())
	must(t, err)
	return out.Bytes()
}
