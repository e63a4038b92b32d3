package sqldb

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Bounds that keep a statement of Insert within what both engines take.
const (
	mostArguments = 30_000
	mostRows      = 200
)

// Insert puts rows into a table, many with one statement: for loading. The
// names must come from [Tx.Tables].
func (tx *Tx) Insert(ctx context.Context, table string, columns []string, rows [][]any) error {
	into := "INSERT INTO " + table + " (" + strings.Join(columns, ", ") + ") VALUES "
	for part := range slices.Chunk(rows, max(1, min(mostRows, mostArguments/len(columns)))) {
		var text strings.Builder
		text.WriteString(into)
		args := make([]any, 0, len(part)*len(columns))
		for i, row := range part {
			for j := range columns {
				switch {
				case j > 0:
					text.WriteString(", ")
				case i > 0:
					text.WriteString("), (")
				default:
					text.WriteByte('(')
				}
				fmt.Fprintf(&text, "$%d", len(args)+1)
				args = append(args, row[j])
			}
		}
		text.WriteByte(')')
		if _, err := tx.Exec(ctx, text.String(), args...); err != nil {
			return fmt.Errorf("table %s: %w", table, err)
		}
	}
	return nil
}
