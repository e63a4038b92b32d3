package web

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/gate"
	"github.com/roundel/roundel/internal/issuing"
	"github.com/roundel/roundel/internal/sheet"
)

// batchColumnsPage asks what each column of a spreadsheet means.
type batchColumnsPage struct {
	consolePage
	Batch      *issuing.Batch
	Self       string
	Steps      steps
	Columns    []batchColumn
	Fields     []option
	Orders     []option
	AskOrder   bool // the dates can be read in two ways
	Order      string
	Duplicates []option
	Policy     string
}

// batchColumn is one column of the spreadsheet with the first things in it.
type batchColumn struct {
	Number  int // from 1
	Name    string
	Samples []string
	Field   string // what it means, "" to skip it
	Error   string
}

// batchOf returns the spreadsheet that the address names.
func (s *Server) batchOf(r *http.Request) (*issuing.Batch, error) {
	id, err := pathID(r, "batch")
	if err != nil {
		return nil, err
	}
	return s.Issuing.Batch(r.Context(), gate.From(r.Context()).Organisation.ID, id)
}

// batchDesk returns what all pages about a spreadsheet have in common.
func (s *Server) batchDesk(r *http.Request, b *issuing.Batch) consolePage {
	t := s.texts(r)
	p := s.desk(r, areaAwards, t.T("batch.title", map[string]any{"badge": b.BadgeName}))
	p.crumb(p.Base+"/awards", t.T("console.nav.awards", nil))
	p.crumb(p.Base+"/batches", t.T("award.list.tab_batches", nil))
	p.crumb("", b.FileName)
	return p
}

// batchColumns answers GET …/batches/{batch}/columns.
func (s *Server) batchColumns(w http.ResponseWriter, r *http.Request) error {
	b, err := s.batchOf(r)
	if err != nil {
		return err
	}
	if err := s.seenBatch(r, b, "recipient.read", "batch_columns"); err != nil {
		return err
	}
	if b.State == issuing.BatchRunning || b.State == issuing.BatchDone {
		http.Redirect(w, r, batchPath(r, b), http.StatusSeeOther)
		return nil
	}
	fields := make([]string, len(b.Header))
	for field, at := range b.Mapping {
		if at >= 0 && at < len(fields) {
			fields[at] = field
		}
	}
	return s.showColumns(w, r, b, fields, nil)
}

func (s *Server) showColumns(w http.ResponseWriter, r *http.Request, b *issuing.Batch, fields []string, wrong error) error {
	t := s.texts(r)
	p := &batchColumnsPage{consolePage: s.batchDesk(r, b), Batch: b, Self: batchPath(r, b), Steps: batchSteps(t, 2), Order: orderName(b.DateOrder), Policy: string(b.Duplicates)}
	first, err := s.Issuing.Rows(r.Context(), b, "", 0, 200)
	if err != nil {
		return err
	}
	if wrong != nil {
		p.Problems = columnProblems(wrong, len(b.Header))
	}
	for i, name := range b.Header {
		c := batchColumn{Number: i + 1, Name: name, Field: fields[i], Samples: samples(first, i), Error: p.Problems.At(fmt.Sprintf("column_%d", i+1))}
		p.Columns = append(p.Columns, c)
	}
	for _, field := range issuing.MappingFields {
		p.Fields = append(p.Fields, option{Value: field, Label: t.T("batch.field."+field, nil)})
	}
	for _, policy := range []issuing.Duplicates{issuing.SkipDuplicates, issuing.ReplaceDuplicates, issuing.AllowDuplicates} {
		p.Duplicates = append(p.Duplicates, option{Value: string(policy), Label: t.T("batch.duplicates."+string(policy), nil), Hint: t.T("batch.duplicates."+string(policy)+"_hint", nil)})
	}
	p.Orders, p.AskOrder = dateOrders(t), b.DateOrder == sheet.NoOrder && unclearDates(first, fields)
	return s.show(w, r, "console/batch-columns.html", p)
}

// orderNames are the ways in which 03/04/2026 can be meant, as forms send
// them. The first leaves such a date open: its row is then to be mended.
var orderNames = map[sheet.Order]string{sheet.NoOrder: "none", sheet.DayFirst: "day", sheet.MonthFirst: "month"}

func orderName(o sheet.Order) string { return orderNames[o] }

func orderNamed(name string) sheet.Order {
	for o, n := range orderNames {
		if n == name {
			return o
		}
	}
	return sheet.NoOrder
}

func dateOrders(t printer) []option {
	var list []option
	for _, o := range []sheet.Order{sheet.NoOrder, sheet.DayFirst, sheet.MonthFirst} {
		list = append(list, option{Value: orderName(o), Label: t.T("batch.order."+orderName(o), nil)})
	}
	return list
}

// unclearDates reports whether a column of dates can be read in two ways.
func unclearDates(rows []issuing.Row, fields []string) bool {
	for at, field := range fields {
		if field != issuing.FieldDate && field != issuing.FieldUntil {
			continue
		}
		var dates []string
		for _, row := range rows {
			if at < len(row.Cells) {
				dates = append(dates, row.Cells[at])
			}
		}
		if _, clear := sheet.DecideOrder(dates); !clear {
			return true
		}
	}
	return false
}

// samples returns the first three different things that a column holds.
func samples(rows []issuing.Row, at int) []string {
	var found []string
	for _, row := range rows {
		if at < len(row.Cells) && strings.TrimSpace(row.Cells[at]) != "" && !slices.Contains(found, row.Cells[at]) {
			if found = append(found, row.Cells[at]); len(found) == 3 {
				break
			}
		}
	}
	return found
}

// columnProblems points at columns: the mapping names what is missing, and the
// first column is where people begin to look.
func columnProblems(err error, columns int) problems {
	p := problemsOf(err)
	moved := make([]fault.Field, 0, len(p.Fields))
	for _, f := range p.Fields {
		if !strings.HasPrefix(f.Path, "column_") && f.Path != "duplicates" && columns > 0 {
			f.Path = "column_1"
		}
		moved = append(moved, f)
	}
	p.Fields = moved
	return p
}

// batchCheck answers POST …/batches/{batch}/columns: every row is checked.
func (s *Server) batchCheck(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r, formLimit); err != nil {
		return err
	}
	b, err := s.batchOf(r)
	if err != nil {
		return err
	}
	fields, mapping, wrong := readMapping(r, b)
	b.DateOrder, b.Duplicates = orderNamed(r.PostFormValue("order")), issuing.Duplicates(r.PostFormValue("duplicates"))
	if wrong == nil {
		wrong = s.Issuing.SetMapping(r.Context(), b.OrganisationID, b.PublicID, mapping, b.DateOrder, b.Duplicates)
	}
	if refused(wrong) {
		return s.showColumns(w, r, b, fields, wrong)
	}
	if wrong != nil {
		return wrong
	}
	http.Redirect(w, r, batchPath(r, b), http.StatusSeeOther)
	return nil
}

// readMapping reads what each column means. Two columns cannot mean the same.
func readMapping(r *http.Request, b *issuing.Batch) (fields []string, m issuing.Mapping, wrong error) {
	m = issuing.Mapping{}
	var twice []fault.Field
	for i := range b.Header {
		name := fmt.Sprintf("column_%d", i+1)
		field := r.PostFormValue(name)
		if fields = append(fields, field); field == "" {
			continue
		}
		if other, taken := m[field]; taken {
			twice = append(twice, fault.Field{Path: name, Message: fmt.Sprintf("“%s” and “%s” cannot mean the same. Choose one and skip the other.", b.Header[other], b.Header[i])})
			continue
		}
		m[field] = i
	}
	return fields, m, fault.Fields(twice...)
}
