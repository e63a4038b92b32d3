package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/roundel/roundel/internal/account"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/issuing"
	"github.com/roundel/roundel/internal/sheet"
)

// person is one row of the spreadsheet.
type person struct {
	row         int
	email       string // lower-cased
	from, until time.Time
	result      string
	problem     string // why the row cannot be used
}

// people reads the spreadsheet. Rows that cannot be used say why; a file in
// which the needed columns are not found is an error.
func (i *issueCommand) people() ([]person, error) {
	data, err := os.ReadFile(i.Recipients)
	if err != nil {
		return nil, err
	}
	table, err := sheet.Read(data, sheet.Options{MaxBytes: issuing.MaxBatchBytes})
	if err != nil {
		return nil, fmt.Errorf("%s: %s What is wanted is a spreadsheet (CSV or XLSX) with a column email", i.Recipients, sentence(err))
	}
	m := issuing.GuessMapping(table.Header)
	if _, ok := m[issuing.FieldEmail]; !ok {
		return nil, fmt.Errorf("%s has no column called email; it has: %s", i.Recipients, strings.Join(table.Header, ", "))
	}
	cell := func(row []string, field string) string {
		if at, ok := m[field]; ok && at < len(row) {
			return strings.TrimSpace(row[at])
		}
		return ""
	}
	order := map[string]sheet.Order{"dmy": sheet.DayFirst, "mdy": sheet.MonthFirst}[i.DateOrder]
	now := time.Now()
	seen := map[string]int{} // address -> its first row
	list := make([]person, len(table.Rows))
	for n, row := range table.Rows {
		p := person{row: n + 1, from: now, result: cell(row, issuing.FieldResult)}
		if email, err := sheet.ParseEmail(cell(row, issuing.FieldEmail)); err != nil {
			p.problem = sentence(err)
		} else if p.email, err = account.AddressKey(email); err != nil {
			p.problem = sentence(err)
		}
		for field, to := range map[string]*time.Time{issuing.FieldDate: &p.from, issuing.FieldUntil: &p.until} {
			text := cell(row, field)
			if text == "" {
				continue
			}
			if *to, err = sheet.ParseDate(text, order); err != nil {
				p.problem = sentence(err)
			}
		}
		if !p.until.IsZero() && !p.until.After(p.from) {
			p.problem = "the badge cannot end before it begins"
		}
		if first, twice := seen[p.email]; twice && p.problem == "" {
			p.problem = fmt.Sprintf("the same address stands in row %d", first)
		} else if p.problem == "" {
			seen[p.email] = p.row
		}
		list[n] = p
	}
	return list, nil
}

func sentence(err error) string {
	if fault.KindOf(err) != fault.Internal {
		return fault.Message(err)
	}
	return err.Error()
}
