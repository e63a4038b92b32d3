package web

import (
	"context"
	"strings"
	"time"
	"unicode"

	"github.com/roundel/roundel/internal/issuing"
	"github.com/roundel/roundel/internal/sheet"
)

// lookRow is a row that can be awarded and may be wrong all the same.
type lookRow struct {
	Row  batchRow
	Name string
	Why  []string
}

const (
	// mostLooks is how many rows that are worth a look are listed.
	mostLooks = 25
	// looked is how many good rows are looked through: a page is not to wait
	// for a file of a million.
	looked = 20_000
)

// worthALook finds rows that no rule forbids and that are seldom meant.
func (s *Server) worthALook(ctx context.Context, t printer, p *batchCheckedPage, b *issuing.Batch) error {
	now := s.Now()
	for after, seen := int64(0), 0; seen < looked; {
		rows, err := s.Issuing.Rows(ctx, b, issuing.RowGood, after, 2000)
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, row := range rows {
			why := doubts(t, b, row, now)
			if len(why) == 0 {
				continue
			}
			if len(p.Look) == mostLooks {
				p.MoreLook = true
				return nil
			}
			p.Look = append(p.Look, lookRow{Row: p.rows([]issuing.Row{row})[0], Name: rowName(b, row), Why: why})
		}
		after, seen = rows[len(rows)-1].Number, seen+len(rows)
	}
	return nil
}

// cell returns what a row holds for a field, "" when no column does.
func cell(b *issuing.Batch, row issuing.Row, field string) string {
	if at, ok := b.Mapping[field]; ok && at < len(row.Cells) {
		return strings.TrimSpace(row.Cells[at])
	}
	return ""
}

// rowName returns the name in a row as an award would carry it.
func rowName(b *issuing.Batch, row issuing.Row) string {
	if name := cell(b, row, issuing.FieldName); name != "" {
		return name
	}
	return strings.TrimSpace(cell(b, row, issuing.FieldFirst) + " " + cell(b, row, issuing.FieldLast))
}

// doubts says what in a row is seldom meant.
func doubts(t printer, b *issuing.Batch, row issuing.Row, now time.Time) []string {
	var why []string
	name := rowName(b, row)
	switch lower := strings.ToLower(name); {
	case strings.Contains(lower, "://"), strings.Contains(lower, "www."), strings.Contains(name, "@"):
		why = append(why, t.T("batch.look.address", nil))
	case strings.ContainsAny(name[:min(1, len(name))], "=+-@"):
		why = append(why, t.T("batch.look.formula", nil))
	case strings.ContainsFunc(name, unicode.IsDigit):
		why = append(why, t.T("batch.look.digits", nil))
	}
	if day, err := sheet.ParseDate(cell(b, row, issuing.FieldDate), b.DateOrder); err == nil && day.After(now) {
		why = append(why, t.T("batch.look.future", map[string]any{"date": t.Date(day)}))
	}
	if day, err := sheet.ParseDate(cell(b, row, issuing.FieldUntil), b.DateOrder); err == nil && !day.After(now) {
		why = append(why, t.T("batch.look.past", map[string]any{"date": t.Date(day)}))
	}
	return why
}

// tell writes what a cell holds as it was understood, so that a day taken for a
// month is seen before anything is awarded. What was typed stays beside it.
func (c *batchCell) tell(t printer, b *issuing.Batch, field string) {
	read := c.Value
	switch field {
	case issuing.FieldDate, issuing.FieldUntil:
		if day, err := sheet.ParseDate(c.Value, b.DateOrder); err == nil {
			read = t.Date(day)
		}
	case issuing.FieldEmail:
		if address, err := sheet.ParseEmail(c.Value); err == nil {
			read = address
		}
	}
	if read != c.Value {
		c.Value, c.Typed = read, c.Value
	}
}
