package sqldb

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
)

// Table is what has to be known of a table to copy it.
type Table struct {
	Name    string
	Columns []Column
	Key     []string // columns of the primary key, in its order
	Counter string   // the column that the engine counts up, or ""
	Refers  []Reference
}

// Column is a column of a table.
type Column struct {
	Name string
	Type string // BIGINT, TEXT, BYTEA or BOOLEAN; another one in lower case as the engine calls it
}

// Reference is a foreign key of one column.
type Reference struct{ Column, Table string }

// gooseTable is where the migrations keep what was done; it is no data.
const gooseTable = "goose_db_version"

// Tables describes every table of the schema, those that others refer to
// first. Tables that refer to each other in a circle are an error.
func (tx *Tx) Tables(ctx context.Context) ([]Table, error) {
	read := tx.postgresTables
	if tx.sqlite {
		read = tx.sqliteTables
	}
	tables, err := read(ctx)
	if err != nil {
		return nil, err
	}
	return order(tables)
}

// order puts tables behind those that they refer to.
func order(tables []Table) ([]Table, error) {
	var sorted []Table
	placed := map[string]bool{}
	for len(sorted) < len(tables) {
		before := len(sorted)
		for _, t := range tables {
			ready := !placed[t.Name] && !slices.ContainsFunc(t.Refers, func(r Reference) bool { return r.Table != t.Name && !placed[r.Table] })
			if ready {
				sorted, placed[t.Name] = append(sorted, t), true
			}
		}
		if len(sorted) == before {
			var left []string
			for _, t := range tables {
				if !placed[t.Name] {
					left = append(left, t.Name)
				}
			}
			return nil, fmt.Errorf("tables refer to each other in a circle: %v", left)
		}
	}
	return sorted, nil
}

// oneString reads a row of one text.
func oneString(r *sql.Rows) (s string, err error) { return s, r.Scan(&s) }

func (tx *Tx) sqliteTables(ctx context.Context) ([]Table, error) {
	names, err := Collect(ctx, tx, oneString, `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\' AND name <> $1 ORDER BY name`, gooseTable)
	if err != nil {
		return nil, err
	}
	var tables []Table
	for _, name := range names {
		t := Table{Name: name}
		keys := map[int]string{}
		_, err := Collect(ctx, tx, func(r *sql.Rows) (struct{}, error) {
			var c Column
			var key int
			err := r.Scan(&c.Name, &c.Type, &key)
			if key > 0 {
				keys[key] = c.Name
			}
			if c.Type == "INTEGER" { // only {{pk}} is declared so
				c.Type, t.Counter = "BIGINT", c.Name
			}
			t.Columns = append(t.Columns, c)
			return struct{}{}, err
		}, `SELECT name, type, pk FROM pragma_table_info($1) ORDER BY cid`, name)
		if err != nil {
			return nil, err
		}
		for n := 1; n <= len(keys); n++ {
			t.Key = append(t.Key, keys[n])
		}
		t.Refers, err = Collect(ctx, tx, oneReference, `SELECT "from", "table" FROM pragma_foreign_key_list($1) ORDER BY id, seq`, name)
		if err != nil {
			return nil, err
		}
		tables = append(tables, t)
	}
	return tables, nil
}

func oneReference(r *sql.Rows) (f Reference, err error) { return f, r.Scan(&f.Column, &f.Table) }

// postgresTypes are PostgreSQL's names of the types that migrations use.
var postgresTypes = map[string]string{"int8": "BIGINT", "text": "TEXT", "bytea": "BYTEA", "bool": "BOOLEAN"}

func (tx *Tx) postgresTables(ctx context.Context) ([]Table, error) {
	type field struct {
		table, identity string
		Column
	}
	// The system's own tables are asked, for information_schema shows only what the role owns.
	fields, err := Collect(ctx, tx, func(r *sql.Rows) (f field, err error) {
		return f, r.Scan(&f.table, &f.Name, &f.Type, &f.identity)
	}, `SELECT c.relname, a.attname, t.typname, a.attidentity FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid JOIN pg_type t ON t.oid = a.atttypid
		WHERE c.relnamespace = CAST(current_schema() AS regnamespace) AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped AND c.relname <> $1
		ORDER BY c.relname, a.attnum`, gooseTable)
	if err != nil {
		return nil, err
	}
	var tables []Table
	at := map[string]*Table{}
	for _, f := range fields {
		if len(tables) == 0 || tables[len(tables)-1].Name != f.table {
			tables = append(tables, Table{Name: f.table})
		}
		t := &tables[len(tables)-1]
		if known, ok := postgresTypes[f.Type]; ok {
			f.Type = known
		}
		if f.identity != "" {
			t.Counter = f.Name
		}
		t.Columns = append(t.Columns, f.Column)
	}
	for i := range tables {
		at[tables[i].Name] = &tables[i]
	}
	return tables, tx.postgresConstraints(ctx, at)
}

// postgresConstraints adds the keys of tables.
func (tx *Tx) postgresConstraints(ctx context.Context, tables map[string]*Table) error {
	_, err := Collect(ctx, tx, func(r *sql.Rows) (struct{}, error) {
		var kind, table, column, other string
		if err := r.Scan(&kind, &table, &column, &other); err != nil {
			return struct{}{}, err
		}
		if t := tables[table]; t != nil && kind == "p" {
			t.Key = append(t.Key, column)
		} else if t != nil {
			t.Refers = append(t.Refers, Reference{column, other})
		}
		return struct{}{}, nil
	}, `SELECT k.contype, c.relname, a.attname, coalesce(f.relname, '')
		FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid LEFT JOIN pg_class f ON f.oid = k.confrelid
		CROSS JOIN LATERAL unnest(k.conkey) WITH ORDINALITY AS u(attnum, place) JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = u.attnum
		WHERE k.connamespace = CAST(current_schema() AS regnamespace) AND k.contype IN ('p', 'f') ORDER BY c.relname, k.conname, u.place`)
	return err
}

// SetCounter makes the engine count on behind the largest key of t, after rows
// were inserted with the keys they had elsewhere. SQLite does that by itself.
func (tx *Tx) SetCounter(ctx context.Context, t Table) error {
	if tx.sqlite || t.Counter == "" {
		return nil
	}
	var ignored int64
	return tx.QueryRow(ctx, fmt.Sprintf(`SELECT setval(pg_get_serial_sequence($1, $2), (SELECT coalesce(max(%s), 0) + 1 FROM %s), FALSE)`, t.Counter, t.Name),
		t.Name, t.Counter).Scan(&ignored)
}

// hasTable reports whether the schema has a table of this name.
func (tx *Tx) hasTable(ctx context.Context, name string) (found bool, err error) {
	query := `SELECT EXISTS (SELECT 1 FROM pg_class WHERE relnamespace = CAST(current_schema() AS regnamespace) AND relname = $1)`
	if tx.sqlite {
		query = `SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = $1)`
	}
	return found, tx.QueryRow(ctx, query, name).Scan(&found)
}
