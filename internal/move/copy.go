package move

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/roundel/roundel/internal/backup"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/sqldb"
)

// Bounds of one transaction: it ends with the row that reaches one of them.
const (
	runRows  = 500
	runBytes = 4 << 20
)

// copy copies what the target does not have of t.
func (m *Move) copy(ctx context.Context, src *sqldb.Tx, t sqldb.Table) error {
	if t.Name == settings { // copied by begin
		return nil
	}
	p := Progress{Doing: "copied", Table: t.Name}
	last, err := m.last(ctx, t, &p.Rows)
	if err != nil {
		return err
	}
	if err := src.QueryRow(ctx, "SELECT count(*) FROM "+t.Name).Scan(&p.Of); err != nil {
		return err
	}
	for {
		rows, err := next(ctx, src, t, last, runRows)
		if err != nil || len(rows) == 0 {
			return err
		}
		if err := m.To.Write(ctx, func(tx *sqldb.Tx) error { return tx.Insert(ctx, t.Name, names(t), rows) }); err != nil {
			return err
		}
		last = keyOf(t, rows[len(rows)-1])
		p.Rows += int64(len(rows))
		m.Report(p)
	}
}

// last returns the key of the last row of t that the target has, nil when it
// has none, and counts its rows.
func (m *Move) last(ctx context.Context, t sqldb.Table, n *int64) (key []any, err error) {
	err = m.To.Read(ctx, func(tx *sqldb.Tx) error {
		key = nil
		if err := tx.QueryRow(ctx, "SELECT count(*) FROM "+t.Name).Scan(n); err != nil || *n == 0 {
			return err
		}
		values, into := backup.Pointers(len(t.Key))
		err := tx.QueryRow(ctx, "SELECT "+strings.Join(t.Key, ", ")+" FROM "+t.Name+" ORDER BY "+strings.Join(t.Key, " DESC, ")+" DESC LIMIT 1").Scan(into...)
		key = values
		return err
	})
	return key, err
}

// next reads the rows of t behind a key, in its order: as many as one
// transaction takes.
func next(ctx context.Context, src *sqldb.Tx, t sqldb.Table, after []any, limit int) (run [][]any, err error) {
	if len(t.Key) == 0 {
		return nil, fmt.Errorf("the table %s has no primary key", t.Name)
	}
	columns := names(t)
	query := "SELECT " + strings.Join(columns, ", ") + " FROM " + t.Name
	key := strings.Join(t.Key, ", ")
	if after != nil {
		marks := make([]string, len(t.Key))
		for i := range marks {
			marks[i] = fmt.Sprintf("$%d", i+1)
		}
		query += " WHERE (" + key + ") > (" + strings.Join(marks, ", ") + ")"
	}
	query += fmt.Sprintf(" ORDER BY %s LIMIT %d", key, limit)
	rows, err := src.Query(ctx, query, after...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for size := 0; size < runBytes && rows.Next(); {
		row, into := backup.Pointers(len(columns))
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		for i, c := range t.Columns {
			if row[i], err = value(c.Type, row[i]); err != nil {
				return nil, fault.Invalidf("Column %s of the row with the key %v: %v. PostgreSQL does not take it; change it while the old server runs, and begin again.", c.Name, keyOf(t, row), err)
			}
			size += sizeOf(row[i])
		}
		run = append(run, row)
	}
	return run, rows.Err()
}

// value returns what SQLite gave for a column as PostgreSQL takes it.
func value(kind string, v any) (any, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil //nolint:nilnil // NULL is a value
	case bool:
		if kind == "BOOLEAN" {
			return v, nil
		}
	case int64:
		switch kind {
		case "BIGINT":
			return v, nil
		case "BOOLEAN":
			return v != 0, nil
		}
	case string:
		if kind == "TEXT" {
			return v, checkText(v)
		}
	case []byte:
		switch kind {
		case "BYTEA":
			if v == nil { // empty is not NULL
				v = []byte{}
			}
			return v, nil
		case "TEXT":
			return string(v), checkText(string(v))
		}
	}
	return nil, fmt.Errorf("a %T is no %s", v, kind)
}

func checkText(s string) error {
	if !utf8.ValidString(s) || strings.Contains(s, "\x00") {
		return fmt.Errorf("the text is not valid UTF-8, or holds a zero byte")
	}
	return nil
}

// sizeOf is about how many bytes a value takes.
func sizeOf(v any) int {
	switch v := v.(type) {
	case string:
		return len(v)
	case []byte:
		return len(v)
	}
	return 8
}

// names returns the columns of t.
func names(t sqldb.Table) (list []string) {
	for _, c := range t.Columns {
		list = append(list, c.Name)
	}
	return list
}

// keyOf returns the key of a row of t.
func keyOf(t sqldb.Table, row []any) (key []any) {
	for _, name := range t.Key {
		for i, c := range t.Columns {
			if c.Name == name {
				key = append(key, row[i])
			}
		}
	}
	return key
}

// compare counts every table on both sides. It reads each row again.
func (m *Move) compare(ctx context.Context, src *sqldb.Tx, tables []sqldb.Table) (map[string]backup.Count, error) {
	all := map[string]backup.Count{}
	err := m.To.Read(ctx, func(dst *sqldb.Tx) error {
		for _, t := range tables {
			var leave func([]any) bool
			if t.Name == settings {
				leave = moves
			}
			here, err := backup.CountTable(ctx, src, t, leave)
			if err != nil {
				return err
			}
			there, err := backup.CountTable(ctx, dst, t, leave)
			if err != nil {
				return err
			}
			if here != there {
				return fault.Conflictf("The table %s is not the same in both databases: %d rows with the digest %.16s here, %d with %.16s there. Something else has written one of them. Give an empty database and begin again; the data here was not changed.",
					t.Name, here.Rows, here.SHA256, there.Rows, there.SHA256)
			}
			all[t.Name] = here
			m.Report(Progress{Doing: "compared", Table: t.Name, Rows: here.Rows, Of: here.Rows})
		}
		return nil
	})
	return all, err
}
