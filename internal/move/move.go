// Package move takes an installation from SQLite to PostgreSQL.
//
// Every table is copied in runs of rows, in the order of its key, each run in a
// transaction of its own. What the target holds of a table is therefore always
// its beginning, and says by itself how far the move came: one that was killed
// goes on behind the last row. A row of the table setting says whose move it
// is, and keeps servers from starting before everything is there.
package move

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/roundel/roundel/internal/audit"
	"github.com/roundel/roundel/internal/backup"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/sqldb"
)

// Move is one move. Set the fields before Run.
type Move struct {
	From, To *sqldb.DB
	ID       string // names this move: another one does not go on with what it began
	// Begin is called when all is found good, before anything is copied.
	Begin  func() error
	Report func(Progress)
}

// Progress is how far the move is.
type Progress struct {
	Doing    string // "copied" or "compared"
	Table    string
	Rows, Of int64
}

// Outcome is what was moved.
type Outcome struct {
	Tables  map[string]backup.Count // alike in both databases
	Resumed bool                    // an earlier run had begun
	Already bool                    // an earlier run had ended; nothing was copied or compared
}

// Rows returns how many rows all tables have.
func (o Outcome) Rows() (n int64) {
	for _, c := range o.Tables {
		n += c.Rows
	}
	return n
}

// The table that says what a database is, its one row about moves, and the
// words that this begins with.
const (
	settings   = "setting"
	marker     = "database-move"
	unfinished = "unfinished "
	finished   = "finished "
)

// Ready returns an error when a move into the database has not ended yet.
func Ready(ctx context.Context, db *sqldb.DB) error {
	return db.Read(ctx, func(tx *sqldb.Tx) error { return ended(ctx, tx) })
}

// ended is Ready in a transaction.
func ended(ctx context.Context, tx *sqldb.Tx) error {
	state, err := stateOf(ctx, tx)
	if err == nil && strings.HasPrefix(state, unfinished) {
		err = errors.New("the move into this database has not ended. Run roundel migrate-database again, with the same settings: it goes on where it stopped")
	}
	return err
}

func stateOf(ctx context.Context, tx *sqldb.Tx) (state string, err error) {
	err = tx.QueryRow(ctx, "SELECT value FROM "+settings+" WHERE key = $1", marker).Scan(&state)
	if errors.Is(err, sqldb.ErrNoRows) {
		err = nil
	}
	return state, err
}

// Run copies everything and compares it. Until it has ended well, no server
// starts on the target; the source is only read, and nobody else writes it
// meanwhile.
func (m *Move) Run(ctx context.Context) (out Outcome, err error) {
	ctx = sqldb.ForInstallation(ctx)
	if err := m.schemas(ctx); err != nil {
		return out, err
	}
	if err := m.To.Migrate(ctx); err != nil {
		return out, err
	}
	// It writes nothing: whoever has this transaction is the only one who could.
	err = m.From.Write(ctx, func(src *sqldb.Tx) error {
		out, err = m.run(ctx, src)
		return err
	})
	return out, err
}

// schemas checks both databases before anything is changed.
func (m *Move) schemas(ctx context.Context) error {
	has, newest, err := m.From.SchemaVersion(ctx)
	switch {
	case err != nil:
		return err
	case has < newest:
		return fault.Conflictf("The data has version %d of the schema; this Roundel has %d. Start roundel serve on it once, which brings it up to date, stop it, and move it then. Nothing was changed.", has, newest)
	case has > newest:
		return fault.Conflictf("The data was migrated to version %d of the schema by a newer Roundel; this one knows %d. Move it with the newer one. Nothing was changed.", has, newest)
	}
	if has, _, err = m.To.SchemaVersion(ctx); err != nil || has == 0 {
		return err
	}
	return m.To.Look(ctx, func(tx *sqldb.Tx) error { _, err := m.look(ctx, tx); return err })
}

// look returns what the target says of moves. A target with something else in
// it is a Conflict fault.
func (m *Move) look(ctx context.Context, tx *sqldb.Tx) (state string, err error) {
	if state, err = stateOf(ctx, tx); err != nil || state == unfinished+m.ID || state == finished+m.ID {
		return state, err
	}
	if state != "" {
		return "", fault.Conflictf("Another move has filled this database, or begun to. Give an empty one: drop and create it. Nothing was changed.")
	}
	tables, err := tx.Tables(ctx)
	if err != nil {
		return "", err
	}
	for _, t := range tables {
		query := "SELECT count(*) FROM " + t.Name
		if t.Name == settings {
			query += " WHERE key NOT LIKE 'journal.%'" // those are from a migration
		}
		var n int64
		if err := tx.QueryRow(ctx, query).Scan(&n); err != nil {
			return "", err
		}
		if n > 0 && !slices.Contains(seeded, t.Name) {
			return "", fault.Conflictf("The database is not empty: its table %s has rows. Give one on which no server was started yet: drop and create it. Nothing was changed.", t.Name)
		}
	}
	return "", nil
}

// seeded are the tables into which migrations put rows.
var seeded = []string{"award_number", "installation_policy", "audit_cursor"}

func (m *Move) run(ctx context.Context, src *sqldb.Tx) (out Outcome, err error) {
	tables, err := src.Tables(ctx)
	if err != nil {
		return out, err
	}
	state, err := m.begin(ctx, src, tables)
	if err != nil || state == finished+m.ID {
		return Outcome{Already: true}, err
	}
	for _, t := range tables {
		if err := m.copy(ctx, src, t); err != nil {
			return out, fmt.Errorf("copy table %s: %w", t.Name, err)
		}
	}
	if err := m.To.Analyze(ctx); err != nil {
		return out, err
	}
	out.Resumed = state != ""
	if out.Tables, err = m.compare(ctx, src, tables); err != nil {
		return out, err
	}
	return out, m.finish(ctx, tables, out.Rows())
}

// begin makes an empty target ours: what migrations put in goes, and the
// settings come, the one about moves among them.
func (m *Move) begin(ctx context.Context, src *sqldb.Tx, tables []sqldb.Table) (state string, err error) {
	i := slices.IndexFunc(tables, func(t sqldb.Table) bool { return t.Name == settings })
	all, err := next(ctx, src, tables[i], nil, 1<<30)
	if err != nil {
		return "", err
	}
	rows := slices.DeleteFunc(all, moves)
	err = m.To.Write(ctx, func(tx *sqldb.Tx) error {
		if state, err = m.look(ctx, tx); err != nil || state != "" {
			return err
		}
		theirs, err := tx.Tables(ctx)
		if err != nil {
			return err
		}
		if err := alike(tables, theirs); err != nil {
			return err
		}
		if err := m.Begin(); err != nil {
			return err
		}
		for _, name := range append(slices.Clone(seeded), settings) {
			if _, err := tx.Exec(ctx, "DELETE FROM "+name); err != nil {
				return err
			}
		}
		return tx.Insert(ctx, settings, names(tables[i]), append(rows, []any{marker, unfinished + m.ID}))
	})
	return state, err
}

// moves reports whether a row of the settings is about moves: what an earlier
// one left behind is none of this one's.
func moves(row []any) bool { return row[0] == marker }

// alike returns an error unless both databases have the same tables.
func alike(ours, theirs []sqldb.Table) error {
	describe := func(list []sqldb.Table) map[string]string {
		all := map[string]string{}
		for _, t := range list {
			var columns []string
			for _, c := range t.Columns {
				columns = append(columns, c.Name+" "+c.Type)
			}
			slices.Sort(columns)
			all[t.Name] = strings.Join(columns, ", ")
		}
		return all
	}
	if a, b := describe(ours), describe(theirs); !maps.Equal(a, b) {
		return fmt.Errorf("the two databases do not have the same tables: %v and %v", a, b)
	}
	return nil
}

// finish lets the target's counters go on, and servers start.
func (m *Move) finish(ctx context.Context, tables []sqldb.Table, rows int64) error {
	return m.To.Write(ctx, func(tx *sqldb.Tx) error {
		for _, t := range tables {
			if err := tx.SetCounter(ctx, t); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, "UPDATE "+settings+" SET value = $1 WHERE key = $2", finished+m.ID, marker); err != nil {
			return err
		}
		return audit.Record(ctx, tx, audit.Entry{Action: "installation.moved", At: time.Now(), Data: map[string]string{"move": m.ID, "rows": strconv.FormatInt(rows, 10)}})
	})
}
