package web

import (
	"net/http"
	"strconv"
	"time"

	"github.com/roundel/roundel/internal/issuing"
)

// batchCheckedPage shows what the check of every row has found.
type batchCheckedPage struct {
	consolePage
	Batch    *issuing.Batch
	Self     string
	Steps    steps
	Bad      []batchRow
	Skipped  []batchRow
	Good     []batchRow // the first few, as we read them
	Mapped   []mappedColumn
	Next     string    // the next page of bad rows
	First    string    // the first page of bad rows
	Rest     int64     // good rows that are not among Good
	Look     []lookRow // good rows that are worth a look
	MoreLook bool      // there may be more of them
}

// batchRow is one row of the spreadsheet.
type batchRow struct {
	Number   int64
	Action   string // address at which the row is mended
	Cells    []batchCell
	Problems []string // of the row as a whole
}

// batchCell is one cell; Input is true where it can be mended.
type batchCell struct {
	Column  int // from 1
	Name    string
	Value   string
	Typed   string // what stands in the file, where Value is how we read it
	Problem string
	Input   bool
}

// mappedColumn is a column that means something.
type mappedColumn struct {
	At               int
	Key, Field, Name string // Key as in issuing.MappingFields, Field in words
}

const badRowsPerPage = 20

// batchShow answers GET …/batches/{batch}: where the spreadsheet is on its way.
func (s *Server) batchShow(w http.ResponseWriter, r *http.Request) error {
	b, err := s.batchOf(r)
	if err != nil {
		return err
	}
	if err := s.seenBatch(r, b, "recipient.read", "batch_rows"); err != nil {
		return err
	}
	switch b.State {
	case issuing.BatchMapping:
		return s.batchColumns(w, r)
	case issuing.BatchChecked:
		return s.showChecked(w, r, b)
	}
	return s.showRun(w, r, b)
}

func (s *Server) showChecked(w http.ResponseWriter, r *http.Request, b *issuing.Batch) error {
	ctx, t := r.Context(), s.texts(r)
	p := &batchCheckedPage{consolePage: s.batchDesk(r, b), Batch: b, Self: batchPath(r, b), Steps: batchSteps(t, 3)}
	for _, field := range issuing.MappingFields {
		if at, ok := b.Mapping[field]; ok && at < len(b.Header) {
			p.Mapped = append(p.Mapped, mappedColumn{At: at, Key: field, Field: t.T("batch.field."+field, nil), Name: b.Header[at]})
		}
	}
	after, _ := strconv.ParseInt(r.URL.Query().Get("after"), 10, 64) // what is no number asks for the first page
	bad, err := s.Issuing.Rows(ctx, b, issuing.RowBad, after, badRowsPerPage+1)
	if err != nil {
		return err
	}
	if len(bad) > badRowsPerPage {
		bad = bad[:badRowsPerPage]
		p.Next = p.Self + "?after=" + strconv.FormatInt(bad[len(bad)-1].Number, 10) + "#problems-table"
	}
	if after > 0 {
		p.First = p.Self + "#problems-table"
	}
	skipped, err := s.Issuing.Rows(ctx, b, issuing.RowSkipped, 0, 100)
	if err != nil {
		return err
	}
	good, err := s.Issuing.Rows(ctx, b, issuing.RowGood, 0, 5)
	if err != nil {
		return err
	}
	p.Bad, p.Skipped, p.Good = p.rows(bad), p.rows(skipped), p.rows(good)
	p.tellReading(t, b)
	if err := s.worthALook(ctx, t, p, b); err != nil {
		return err
	}
	p.Rest = b.Rows.Good - int64(len(good))
	return s.show(w, r, "console/batch-checked.html", p)
}

// rows prepares rows for the page: the columns that mean something, in the
// order in which people think of them, each with what is wrong with it.
func (p *batchCheckedPage) rows(list []issuing.Row) []batchRow {
	out := make([]batchRow, 0, len(list))
	for _, row := range list {
		wrong := map[string]string{}
		br := batchRow{Number: row.Number, Action: p.Self + "/rows/" + strconv.FormatInt(row.Number, 10)}
		for _, problem := range row.Problems {
			wrong[problem.Column] = problem.Message
		}
		if whole := wrong[""]; whole != "" {
			br.Problems = append(br.Problems, whole)
		}
		shown := map[int]bool{}
		for _, m := range p.Mapped {
			c := batchCell{Column: m.At + 1, Name: m.Name, Problem: wrong[m.Name], Input: true}
			if m.At < len(row.Cells) {
				c.Value = row.Cells[m.At]
			}
			br.Cells, shown[m.At] = append(br.Cells, c), true
		}
		for at, value := range row.Cells { // what is skipped travels along unseen
			if !shown[at] && at < len(p.Batch.Header) {
				br.Cells = append(br.Cells, batchCell{Column: at + 1, Name: p.Batch.Header[at], Value: value})
			}
		}
		out = append(out, br)
	}
	return out
}

// tellReading shows the good rows as they were understood.
func (p *batchCheckedPage) tellReading(t printer, b *issuing.Batch) {
	for _, m := range p.Mapped {
		for _, row := range p.Good {
			for i, c := range row.Cells {
				if c.Column == m.At+1 {
					row.Cells[i].tell(t, b, m.Key)
				}
			}
		}
	}
}

// batchMend answers POST …/batches/{batch}/rows/{row}: a row is corrected in
// place and checked again.
func (s *Server) batchMend(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r, formLimit); err != nil {
		return err
	}
	b, err := s.batchOf(r)
	if err != nil {
		return err
	}
	number, err := strconv.ParseInt(r.PathValue("row"), 10, 64)
	if err != nil {
		return s.done(w, r, batchPath(r, b), "bad", "row_gone")
	}
	cells := make([]string, len(b.Header))
	for i := range cells {
		cells[i] = r.PostFormValue("cell_" + strconv.Itoa(i+1))
	}
	if err := s.Issuing.MendRow(r.Context(), b.OrganisationID, b.PublicID, number, cells); err != nil {
		return err
	}
	row, err := s.Issuing.Rows(r.Context(), b, "", number-1, 1)
	if err != nil {
		return err
	}
	kind, code, address := "good", "row_mended", batchPath(r, b)
	if after := r.PostFormValue("after"); after != "" {
		if n, err := strconv.ParseInt(after, 10, 64); err == nil {
			address += "?after=" + strconv.FormatInt(n, 10)
		}
	}
	if len(row) == 1 && row[0].State == issuing.RowBad {
		kind, code, address = "wait", "row_still_bad", address+"#row-"+strconv.FormatInt(number, 10)
	}
	return s.done(w, r, address, kind, code)
}

// batchRunPage shows a spreadsheet that is being awarded, or was.
type batchRunPage struct {
	consolePage
	Batch       *issuing.Batch
	Self        string
	Steps       steps
	Running     bool
	Done, Total int64
	Took        time.Duration
	NotAwarded  int64
	AwardsURL   string
}

func (s *Server) showRun(w http.ResponseWriter, r *http.Request, b *issuing.Batch) error {
	p := &batchRunPage{consolePage: s.batchDesk(r, b), Batch: b, Self: batchPath(r, b), Steps: batchSteps(s.texts(r), 4)}
	p.Running, p.Done, p.Total = b.State == issuing.BatchRunning, b.Rows.Issued, b.Rows.Awarded+b.Rows.Good
	p.NotAwarded = b.Rows.Bad + b.Rows.Skipped
	p.AwardsURL = p.Base + "/awards?batch=" + b.PublicID.String()
	if p.Running {
		p.Refresh = 3
	} else {
		p.Steps.Current = 5
	}
	return s.show(w, r, "console/batch-run.html", p)
}
