package sqldb

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// Bounds that keep a statement of Insert within what both engines take.
const (
	mostArguments = 30_000
	mostRows      = 64
)

// Insert puts rows into a table, many with one statement. Both engines keep
// statements parsed by their text, so the number of rows in each is a power of
// two: a few texts serve every number of rows.
//
// Names of tables and columns become part of the text; they must come from the
// program or from [Tx.Tables].
func (tx *Tx) Insert(ctx context.Context, table string, columns []string, rows [][]any) error {
	most := mostRows
	for most > 1 && most*len(columns) > mostArguments {
		most /= 2
	}
	for len(rows) > 0 {
		for most > len(rows) {
			most /= 2
		}
		args := make([]any, 0, most*len(columns))
		for _, row := range rows[:most] {
			if len(row) != len(columns) {
				return fmt.Errorf("table %s: a row of %d values for %d columns", table, len(row), len(columns))
			}
			args = append(args, row...)
		}
		if _, err := tx.Exec(ctx, insertText(table, columns, most), args...); err != nil {
			return fmt.Errorf("table %s: %w", table, err)
		}
		rows = rows[most:]
	}
	return nil
}

// insertText returns the statement that inserts so many rows.
func insertText(table string, columns []string, rows int) string {
	b := make([]byte, 0, 100+20*len(columns)+6*rows*len(columns))
	b = append(b, "INSERT INTO "+table+" ("+strings.Join(columns, ", ")+") VALUES "...)
	for i := range rows * len(columns) {
		switch {
		case i == 0:
			b = append(b, "($"...)
		case i%len(columns) == 0:
			b = append(b, "), ($"...)
		default:
			b = append(b, ", $"...)
		}
		b = strconv.AppendInt(b, int64(i+1), 10)
	}
	return string(append(b, ')'))
}
