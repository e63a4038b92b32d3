package move_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/roundel/roundel/internal/backup"
	"github.com/roundel/roundel/internal/dbtest"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/move"
	"github.com/roundel/roundel/internal/sqldb"
)

// many are tables that take more than one run, by the kinds of their keys: a
// number, bytes, texts, and a pair.
var many = map[string]bool{"award": true, "claim_secret": true, "request_key": true, "audit_seal": true}

// fill puts rows into every table, whatever there is, with every column set.
func fill(t *testing.T, db *sqldb.DB) {
	t.Helper()
	ctx := t.Context()
	check(t, db.Write(ctx, func(tx *sqldb.Tx) error {
		tables, err := tx.Tables(ctx)
		check(t, err)
		for _, table := range tables {
			if _, err := tx.Exec(ctx, "DELETE FROM "+table.Name); err != nil {
				return err
			}
			n := 3
			if many[table.Name] {
				n = 1203
			}
			var columns []string
			for _, c := range table.Columns {
				columns = append(columns, c.Name)
			}
			var rows [][]any
			for i := range n {
				var row []any
				for _, c := range table.Columns {
					row = append(row, sample(table.Name+"."+c.Name, c.Type, int64(i+1)))
				}
				rows = append(rows, row)
			}
			if err := tx.Insert(ctx, table.Name, columns, rows); err != nil {
				return err
			}
		}
		return nil
	}))
}

// sample is a value that every constraint allows. References name a row with
// the same number.
func sample(column, kind string, i int64) any {
	switch column {
	case "signing_key.retired_at":
		return int64(0)
	case "signature_record.issuer_key_id":
		return nil
	case "signature_record.digest":
		return []byte(fmt.Sprintf("%032d", i))
	case "award.document": // an intent has none, an erased one an empty one
		return [][]byte{nil, {}, []byte("{}\x00\xff")}[i%3]
	case "claim_secret.award_id", "award.badge_version_id", "award.organisation_id":
		return 1 + i%3
	}
	switch kind {
	case "BIGINT":
		return i
	case "BOOLEAN":
		return i%2 == 0
	case "BYTEA":
		return []byte(fmt.Sprintf("\x00\xfe%d", i))
	}
	return fmt.Sprintf("%d Žofie ☂ \t\n'\"", i)
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// pair is a filled database and an empty one.
type pair struct {
	from, to *sqldb.DB
	began    int
}

func newPair(t *testing.T) *pair {
	p := &pair{from: dbtest.Open(t)}
	var err error
	p.to, err = sqldb.Open(t.Context(), dbtest.EmptyPostgresURL(t))
	check(t, err)
	p.to.DefaultScope = sqldb.Installation
	t.Cleanup(func() { check(t, p.to.Close()) })
	fill(t, p.from)
	return p
}

func (p *pair) move(ctx context.Context, id string, report func(move.Progress)) (move.Outcome, error) {
	m := &move.Move{From: p.from, To: p.to, ID: id, Report: report, Begin: func() error { p.began++; return nil }}
	return m.Run(ctx)
}

func quiet(move.Progress) {}

// counts reads every table of a database.
func counts(t *testing.T, db *sqldb.DB, leave func(string, []any) bool) map[string]backup.Count {
	t.Helper()
	ctx, all := t.Context(), map[string]backup.Count{}
	check(t, db.Read(ctx, func(tx *sqldb.Tx) error {
		tables, err := tx.Tables(ctx)
		check(t, err)
		for _, table := range tables {
			c, err := backup.CountTable(ctx, tx, table, func(row []any) bool { return leave(table.Name, row) })
			if err != nil {
				return err
			}
			all[table.Name] = c
		}
		return nil
	}))
	return all
}

func nothing(string, []any) bool { return false }

// TestEveryTableIsMovedInPieces interrupts the move after every run of rows and
// every table that is compared. Whatever is in a table comes along, every value.
func TestEveryTableIsMovedInPieces(t *testing.T) {
	p := newPair(t)
	before := counts(t, p.from, nothing)
	for name, c := range before {
		if c.Rows == 0 {
			t.Fatalf("the test has put nothing into %s", name)
		}
	}
	var out move.Outcome
	tries, resumed := 0, 0
	for err := error(context.Canceled); err != nil; tries++ {
		if tries > 300 {
			t.Fatalf("no end: %v", err)
		}
		if tries > 0 {
			if e := move.Ready(t.Context(), p.to); e == nil || !strings.Contains(e.Error(), "has not ended") {
				t.Fatalf("a server could start on half a move: %v", e)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		steps := 0
		out, err = p.move(ctx, "one", func(q move.Progress) {
			// Of what is copied each run is cut off; of what is compared one table more each time.
			if steps++; q.Doing == "copied" || steps > resumed {
				resumed += map[bool]int{true: 5}[q.Doing == "compared"]
				cancel()
			}
		})
		cancel()
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
	if tries < len(before) || p.began != 1 || !out.Resumed || out.Already {
		t.Errorf("%d tries, begun %d times, %+v", tries, p.began, out)
	}
	check(t, move.Ready(t.Context(), p.to))
	if after := counts(t, p.from, nothing); !reflect.DeepEqual(after, before) {
		t.Error("the source has changed")
	}
	// Only the mark of the move, and the entry about it, are new.
	there := counts(t, p.to, func(table string, row []any) bool {
		return table == "setting" && row[0] == "database-move" || table == "audit_entry" && row[0].(int64) > 3
	})
	if !reflect.DeepEqual(there, before) || !reflect.DeepEqual(out.Tables, before) {
		t.Errorf("moved\n%v, told\n%v, want\n%v", there, out.Tables, before)
	}
	t.Run("counters go on", func(t *testing.T) {
		ctx := t.Context()
		check(t, p.to.Write(ctx, func(tx *sqldb.Tx) error {
			var id int64
			err := tx.QueryRow(ctx, `INSERT INTO department (public_id, organisation_id, name, created_at) VALUES ($1, 1, 'new', 1) RETURNING id`, []byte("new")).Scan(&id)
			if err == nil && id != 4 {
				t.Errorf("the next department has the key %d", id)
			}
			return err
		}))
	})
	t.Run("organisations are kept apart", func(t *testing.T) {
		for id, want := range map[int64]int{1: 401, 2: 401, 99: 0} {
			ctx, n := sqldb.ForOrganisation(t.Context(), id), 0
			check(t, p.to.Read(ctx, func(tx *sqldb.Tx) error { return tx.QueryRow(ctx, `SELECT count(*) FROM award`).Scan(&n) }))
			if n != want {
				t.Errorf("organisation %d sees %d awards, not %d", id, n, want)
			}
		}
	})
	t.Run("again does nothing", func(t *testing.T) {
		again, err := p.move(t.Context(), "one", quiet)
		if err != nil || !again.Already || p.began != 1 {
			t.Errorf("%+v, %v", again, err)
		}
	})
	t.Run("nor does another move", func(t *testing.T) {
		if _, err := p.move(t.Context(), "two", quiet); fault.KindOf(err) != fault.Conflict || p.began != 1 {
			t.Errorf("%v", err)
		}
	})
}

// TestMovesThatAreRefused: nothing is begun, and nothing changed.
func TestMovesThatAreRefused(t *testing.T) {
	exec := func(t *testing.T, db *sqldb.DB, query string, args ...any) {
		t.Helper()
		check(t, db.Write(t.Context(), func(tx *sqldb.Tx) error { _, err := tx.Exec(t.Context(), query, args...); return err }))
	}
	for name, c := range map[string]struct {
		prepare func(t *testing.T, p *pair)
		says    string
	}{
		"somebody is in the target": {func(t *testing.T, p *pair) {
			check(t, p.to.Migrate(t.Context()))
			exec(t, p.to, `INSERT INTO account (public_id, name, password_hash, created_at) VALUES ($1, 'Bo', '', 1)`, []byte("b"))
		}, "table account has rows"},
		"a server was started on the target": {func(t *testing.T, p *pair) {
			check(t, p.to.Migrate(t.Context()))
			exec(t, p.to, `INSERT INTO setting (key, value) VALUES ('kek.fingerprint', 'x')`)
		}, "table setting has rows"},
		"the target belongs to another move": {func(t *testing.T, p *pair) {
			check(t, p.to.Migrate(t.Context()))
			exec(t, p.to, `INSERT INTO setting (key, value) VALUES ('database-move', 'unfinished other')`)
		}, "Another move"},
		"an older source": {func(t *testing.T, p *pair) {
			exec(t, p.from, `DELETE FROM goose_db_version WHERE version_id = (SELECT max(version_id) FROM goose_db_version)`)
		}, "brings it up to date"},
		"a newer source": {func(t *testing.T, p *pair) {
			exec(t, p.from, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, TRUE)`)
		}, "newer Roundel"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPair(t)
			c.prepare(t, p)
			_, err := p.move(t.Context(), "one", quiet)
			if fault.KindOf(err) != fault.Conflict || !strings.Contains(fault.Message(err), c.says) || p.began != 0 {
				t.Errorf("begun %d times; %v", p.began, err)
			}
		})
	}
	t.Run("a text that PostgreSQL does not take", func(t *testing.T) {
		p := newPair(t)
		exec(t, p.from, `UPDATE account SET name = 'a' || char(0) || 'b' WHERE id = 2`)
		if _, err := p.move(t.Context(), "one", quiet); err == nil || !strings.Contains(fault.Message(err), "Column name of the row with the key [2]") {
			t.Errorf("%v", err)
		}
	})
	t.Run("the target is changed on the way", func(t *testing.T) {
		p := newPair(t)
		once := false
		_, err := p.move(t.Context(), "one", func(q move.Progress) {
			if q.Doing == "copied" && q.Table == "organisation" && !once {
				once = true
				exec(t, p.to, `UPDATE organisation SET name = 'another' WHERE id = 2`)
			}
		})
		if fault.KindOf(err) != fault.Conflict || !strings.Contains(fault.Message(err), "table organisation is not the same") {
			t.Errorf("%v", err)
		}
		if move.Ready(t.Context(), p.to) == nil {
			t.Error("a server could start on it")
		}
	})
}

// TestNobodyWritesTheSourceMeanwhile: what was copied stays true until the end.
func TestNobodyWritesTheSourceMeanwhile(t *testing.T) {
	p := newPair(t)
	wrote := make(chan error, 1)
	started := false
	_, err := p.move(t.Context(), "one", func(q move.Progress) {
		if !started {
			started = true
			go func() {
				wrote <- p.from.Write(t.Context(), func(tx *sqldb.Tx) error {
					_, err := tx.Exec(t.Context(), `UPDATE organisation SET name = 'later' WHERE id = 1`)
					return err
				})
			}()
		}
		select {
		case err := <-wrote:
			t.Errorf("%s %s: somebody else has written: %v", q.Doing, q.Table, err)
		default:
		}
	})
	check(t, err)
	check(t, <-wrote)
}

// TestTheMarkInTheDataFolder keeps everybody from the old database, and says how
// to go back.
func TestTheMarkInTheDataFolder(t *testing.T) {
	dir, now := t.TempDir(), time.Date(2031, 3, 1, 12, 0, 0, 0, time.UTC)
	check(t, move.Gone(dir))
	m, err := move.NextMark(dir, "postgres://one", now)
	check(t, err)
	check(t, move.Gone(dir)) // nothing is begun
	check(t, m.Write(dir))
	wants := func(says string) {
		t.Helper()
		if err := move.Gone(dir); fault.KindOf(err) != fault.Conflict || !strings.Contains(fault.Message(err), says) || !strings.Contains(fault.Message(err), dir+"/moved") {
			t.Errorf("%v, want %q", err, says)
		}
	}
	wants("is being moved to postgres://one")
	again, err := move.NextMark(dir, "postgres://two", now.Add(time.Hour))
	if err != nil || again.Move != m.Move || again.To != "postgres://two" {
		t.Errorf("%+v, %v", again, err)
	}
	check(t, m.End(dir, now.Add(time.Minute)))
	wants("was moved to postgres://one at 2031-03-01T12:01:00Z")
	if _, err := move.NextMark(dir, "postgres://two", now); fault.KindOf(err) != fault.Conflict {
		t.Errorf("moved twice: %v", err)
	}
	if same, err := move.NextMark(dir, "postgres://one", now); err != nil || same.Move != m.Move {
		t.Errorf("%+v, %v", same, err)
	}
}

// TestNothingIsLeftBehind: nobody starts on an empty database while people have
// accounts in the one in the data folder.
func TestNothingIsLeftBehind(t *testing.T) {
	to, err := sqldb.Open(t.Context(), dbtest.EmptyPostgresURL(t))
	check(t, err)
	t.Cleanup(func() { check(t, to.Close()) })
	ctx, dir := sqldb.ForInstallation(t.Context()), t.TempDir()
	join := func(db *sqldb.DB) {
		check(t, db.Write(ctx, func(tx *sqldb.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO account (public_id, name, password_hash, created_at) VALUES ($1, 'Bo', '', 1)`, []byte("b"))
			return err
		}))
	}
	left := func(kind fault.Kind, when string) {
		t.Helper()
		err := move.LeftBehind(ctx, dir, to)
		if err == nil && kind == 0 {
			return
		}
		if err == nil || fault.KindOf(err) != kind || !strings.Contains(fault.Message(err), "roundel migrate-database") {
			t.Errorf("%s: %v", when, err)
		}
	}
	left(0, "no file in the folder")
	from, err := sqldb.Open(ctx, filepath.Join(dir, "roundel.db"))
	check(t, err)
	t.Cleanup(func() { check(t, from.Close()) })
	left(0, "an empty file")
	check(t, from.Migrate(ctx))
	left(0, "nobody has an account")
	join(from)
	left(fault.Conflict, "an empty database")
	check(t, to.Migrate(ctx))
	left(fault.Conflict, "a database that has only its tables")
	mark := move.Mark{Move: "one", Begun: time.Now()}
	check(t, mark.Write(dir))
	left(fault.Conflict, "a move that has not ended")
	check(t, mark.End(dir, time.Now()))
	left(0, "a move that has ended")
	check(t, os.Remove(filepath.Join(dir, "moved")))
	join(to)
	left(0, "a database in use")
}
