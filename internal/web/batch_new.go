package web

import (
	"errors"
	"net/http"

	"github.com/roundel/roundel/internal/badge"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/gate"
	"github.com/roundel/roundel/internal/issuing"
	"github.com/roundel/roundel/internal/sheet"
)

// batchNewPage asks for a spreadsheet of recipients.
type batchNewPage struct {
	consolePage
	Badge   *badge.Badge
	Self    string // address of the badge
	Picture string
	Steps   steps
}

// batchForm answers GET …/badges/{badge}/spreadsheet.
func (s *Server) batchForm(w http.ResponseWriter, r *http.Request) error {
	b, err := s.badgeOf(r)
	if err != nil {
		return err
	}
	return s.showBatchForm(w, r, b, nil)
}

func (s *Server) showBatchForm(w http.ResponseWriter, r *http.Request, b *badge.Badge, wrong error) error {
	t := s.texts(r)
	if b.Published == nil {
		return s.done(w, r, badgePath(r, b.PublicID), "wait", "publish_first")
	}
	if !b.ArchivedAt.IsZero() {
		return s.done(w, r, badgePath(r, b.PublicID), "wait", "bring_back_first")
	}
	p := &batchNewPage{consolePage: s.desk(r, areaBadges, t.T("batch.new.title", map[string]any{"badge": b.Published.Name}))}
	p.Badge, p.Self, p.Picture, p.Steps = b, badgePath(r, b.PublicID), s.picturePath(b.Published), batchSteps(t, 1)
	p.crumb(p.Base+"/badges", t.T("console.nav.badges", nil))
	p.crumb(p.Self, b.Published.Name)
	p.crumb("", t.T("batch.crumb", nil))
	if wrong != nil {
		p.Problems = problemsOf(wrong)
	}
	return s.show(w, r, "console/batch-new.html", p)
}

// batchSteps is the way from a file to awards.
func batchSteps(t printer, current int) steps {
	return steps{Label: t.T("batch.steps", nil), Current: current, Items: []string{
		t.T("batch.step.file", nil), t.T("batch.step.columns", nil), t.T("batch.step.check", nil), t.T("batch.step.award", nil),
	}}
}

// batchCreate answers POST …/badges/{badge}/spreadsheet.
func (s *Server) batchCreate(w http.ResponseWriter, r *http.Request) error {
	b, err := s.badgeOf(r)
	if err != nil {
		return err
	}
	var tooLarge *http.MaxBytesError
	if err := readForm(w, r, issuing.MaxBatchBytes+formLimit); errors.As(err, &tooLarge) {
		return s.showBatchForm(w, r, b, fault.Fields(fault.Field{Path: "file", Message: "This file is larger than 64 MB. Split it into several files."}))
	} else if err != nil {
		return err
	}
	file, name, err := uploaded(r, "file")
	if err != nil {
		return err
	}
	c := gate.From(r.Context())
	batch, err := s.Issuing.CreateBatch(r.Context(), c.Organisation.ID, c.AccountID(), b.PublicID, name, file)
	if refused(err) {
		return s.showBatchForm(w, r, b, err)
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, batchPath(r, batch), http.StatusSeeOther)
	return nil
}

// batchPath returns the address of a spreadsheet in the console.
func batchPath(r *http.Request, b *issuing.Batch) string {
	return "/console/" + gate.From(r.Context()).Organisation.Slug + "/batches/" + b.PublicID.String()
}

// batchTemplate answers GET …/spreadsheet/template.csv with a file to fill in.
func (s *Server) batchTemplate(w http.ResponseWriter, r *http.Request) error {
	if _, err := s.badgeOf(r); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="recipients.csv"`)
	return sheet.WriteCSV(w, []string{"name", "email", "date", "expires", "evidence", "result"}, [][]string{
		{"Amara Okafor", "amara.okafor@example.org", s.Now().UTC().Format(dayForm), "", "https://www.example.org/portfolio/amara", "92 %"},
		{"Jonas Lindqvist", "jonas.lindqvist@example.org", s.Now().UTC().Format(dayForm), "", "", ""},
	})
}
