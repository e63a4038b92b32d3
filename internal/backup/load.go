package backup

import (
	"context"
	"errors"
	"slices"

	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/sqldb"
)

// While a database is being restored, a row of this table says so. A server
// that finds it does not start. The table is as old as the schema.
const (
	settings = "setting"
	marker   = "restore.unfinished"
)

// Ready returns an error when the database is one whose restoring was
// interrupted: it may hold people who were erased.
func Ready(ctx context.Context, db *sqldb.DB) error {
	return db.Read(ctx, func(tx *sqldb.Tx) error {
		if yes, err := unfinished(ctx, tx); err != nil || !yes {
			return err
		}
		return errors.New("the restoring of this database was interrupted. Empty it (drop and create it) and run roundel restore again")
	})
}

func unfinished(ctx context.Context, tx *sqldb.Tx) (yes bool, err error) {
	return yes, tx.QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM "+settings+" WHERE key = $1)", marker).Scan(&yes)
}

// mark keeps servers from starting on the database.
func mark(ctx context.Context, tx *sqldb.Tx) error {
	return tx.Insert(ctx, settings, []string{"key", "value"}, [][]any{{marker, "1"}})
}

// unmark lets them.
func unmark(ctx context.Context, tx *sqldb.Tx) error {
	_, err := tx.Exec(ctx, "DELETE FROM "+settings+" WHERE key = $1", marker)
	return err
}

// content are the tables that hold something as soon as anybody uses an installation.
var content = []string{"account", "organisation", "award", "signing_key"}

// Empty returns a Conflict fault when the database holds an installation.
func Empty(ctx context.Context, db *sqldb.DB) error {
	if has, _, err := db.SchemaVersion(ctx); err != nil || has == 0 {
		return err
	}
	return db.Read(ctx, func(tx *sqldb.Tx) error {
		if yes, err := unfinished(ctx, tx); err != nil || yes {
			return errors.Join(err, fault.Conflictf("The restoring of this database was interrupted. Empty it first: drop and create it. Nothing was changed."))
		}
		for _, name := range content {
			var some bool
			if err := tx.QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM "+name+")").Scan(&some); err != nil {
				return err
			}
			if some {
				return fault.Conflictf("The database holds an installation already: its table %s has rows. Restore into an empty one. Nothing was changed.", name)
			}
		}
		return nil
	})
}

// Load puts the archive into an empty database and brings that up to date, and
// its blobs into blobs. Until Finish is called, no server starts on it. The
// archive must have been checked; it is checked again on the way.
func (a *Archive) Load(ctx context.Context, db *sqldb.DB, blobs Blobs, schema int64) error {
	has, newest, err := db.SchemaVersion(ctx)
	if err != nil {
		return err
	}
	switch {
	case schema > newest:
		return fault.Invalidf("This backup was made by a newer version of Roundel (schema %d; this one knows %d). Install that version first. Nothing was changed.", schema, newest)
	case has > schema:
		return fault.Conflictf("The database has a newer schema (%d) than the backup (%d). Give an empty database. Nothing was changed.", has, schema)
	}
	if err := db.MigrateTo(ctx, schema); err != nil {
		return err
	}
	if err := a.fill(ctx, db, blobs); err != nil {
		return err
	}
	return db.Migrate(ctx)
}

// fill inserts every row. PostgreSQL takes them in one transaction. SQLite takes
// a part at a time, for the file is nobody's yet.
func (a *Archive) fill(ctx context.Context, db *sqldb.DB, blobs Blobs) error {
	if db.Dialect() == sqldb.Postgres {
		return db.Write(ctx, func(tx *sqldb.Tx) error {
			return a.fillWith(ctx, blobs, func(do func(*sqldb.Tx) error) error { return do(tx) })
		})
	}
	return a.fillWith(ctx, blobs, func(do func(*sqldb.Tx) error) error { return db.Write(ctx, do) })
}

func (a *Archive) fillWith(ctx context.Context, blobs Blobs, in func(func(*sqldb.Tx) error) error) error {
	l := loader{tables: map[string]sqldb.Table{}, later: map[string][][]any{}}
	_, _, err := a.walk(ctx, visitor{
		header: func(h *Header) error { return in(func(tx *sqldb.Tx) error { return l.begin(ctx, tx, h) }) },
		rows: func(lay Layout, rows [][]any) error {
			return in(func(tx *sqldb.Tx) error { return l.insert(ctx, tx, lay, rows) })
		},
		blob: func(data []byte) error { _, err := blobs.Put(ctx, data); return err },
	})
	if err != nil {
		return err
	}
	return in(func(tx *sqldb.Tx) error { return l.end(ctx, tx) })
}

// loader fills an empty database.
type loader struct {
	tables map[string]sqldb.Table
	later  map[string][][]any // rows of tables that refer to themselves
}

// begin marks the database as unfinished and empties what migrations put in.
func (l *loader) begin(ctx context.Context, tx *sqldb.Tx, h *Header) error {
	tables, err := tx.Tables(ctx)
	if err != nil {
		return err
	}
	for _, t := range slices.Backward(tables) {
		l.tables[t.Name] = t
		if _, err := tx.Exec(ctx, "DELETE FROM "+t.Name); err != nil {
			return err
		}
	}
	if err := mark(ctx, tx); err != nil {
		return err
	}
	for _, lay := range h.Tables {
		t, known := l.tables[lay.Name]
		if !known {
			return damaged("its table %q does not exist in version %d of the schema", lay.Name, h.Schema)
		}
		for i, c := range lay.Columns {
			if !slices.Contains(t.Columns, sqldb.Column{Name: c, Type: lay.Types[i]}) {
				return damaged("the column %s.%s does not exist in version %d of the schema", lay.Name, c, h.Schema)
			}
		}
	}
	return nil
}

// insert puts in the rows of a part.
func (l *loader) insert(ctx context.Context, tx *sqldb.Tx, lay Layout, rows [][]any) error {
	if passing[lay.Name] {
		return nil
	}
	for i, c := range lay.Columns {
		if v, ok := fresh[lay.Name+"."+c]; ok {
			for _, row := range rows {
				row[i] = v
			}
		}
	}
	own := func(r sqldb.Reference) bool { return r.Table == lay.Name }
	if slices.ContainsFunc(l.tables[lay.Name].Refers, own) {
		return l.insertTree(ctx, tx, lay, rows)
	}
	return tx.Insert(ctx, lay.Name, lay.Columns, rows)
}

// insertTree puts in rows of a table that refers to itself, one by one: those
// whose parent is missing yet wait for the next part.
func (l *loader) insertTree(ctx context.Context, tx *sqldb.Tx, lay Layout, rows [][]any) error {
	waiting := append(l.later[lay.Name], rows...)
	for {
		var left [][]any
		var cause error
		for _, row := range waiting {
			if err := tx.Attempt(ctx, func() error { return tx.Insert(ctx, lay.Name, lay.Columns, [][]any{row}) }); err != nil {
				left, cause = append(left, row), err
			}
		}
		if len(left) == len(waiting) && len(left) > 100_000 {
			return cause
		}
		if len(left) == 0 || len(left) == len(waiting) {
			l.later[lay.Name] = left
			return nil
		}
		waiting = left
	}
}

// end makes the counters go on behind what was put in.
func (l *loader) end(ctx context.Context, tx *sqldb.Tx) error {
	for name, rows := range l.later {
		if len(rows) > 0 {
			return damaged("rows of %s refer to rows that are missing", name)
		}
	}
	for _, t := range l.tables {
		if err := tx.SetCounter(ctx, t); err != nil {
			return err
		}
	}
	return nil
}
