package web

import (
	"bytes"
	"net/http"

	"github.com/roundel/roundel/internal/gate"
	"github.com/roundel/roundel/internal/issuing"
)

// batchConfirmPage says exactly what will happen before anything does.
type batchConfirmPage struct {
	consolePage
	Batch   *issuing.Batch
	Self    string
	Steps   steps
	Left    int64 // rows that will not be awarded
	Replace bool
}

// batchConfirmForm answers GET …/batches/{batch}/confirm.
func (s *Server) batchConfirmForm(w http.ResponseWriter, r *http.Request) error {
	b, err := s.batchOf(r)
	if err != nil {
		return err
	}
	if b.State != issuing.BatchChecked || b.Rows.Good == 0 {
		http.Redirect(w, r, batchPath(r, b), http.StatusSeeOther)
		return nil
	}
	p := &batchConfirmPage{consolePage: s.batchDesk(r, b), Batch: b, Self: batchPath(r, b), Steps: batchSteps(s.texts(r), 4)}
	p.Left, p.Replace = b.Rows.Bad+b.Rows.Skipped, b.Duplicates == issuing.ReplaceDuplicates
	return s.show(w, r, "console/batch-confirm.html", p)
}

// batchConfirm answers POST …/batches/{batch}/confirm: awarding starts.
func (s *Server) batchConfirm(w http.ResponseWriter, r *http.Request) error {
	b, err := s.batchOf(r)
	if err != nil {
		return err
	}
	c := gate.From(r.Context())
	err = s.Issuing.Confirm(r.Context(), c.Organisation.ID, c.AccountID(), b.PublicID)
	if refused(err) { // confirmed already, or nothing is left to award: its page says so
		http.Redirect(w, r, batchPath(r, b), http.StatusSeeOther)
		return nil
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, batchPath(r, b), http.StatusSeeOther)
	return nil
}

// batchDiscard answers POST …/batches/{batch}/discard.
func (s *Server) batchDiscard(w http.ResponseWriter, r *http.Request) error {
	b, err := s.batchOf(r)
	if err != nil {
		return err
	}
	if err := s.Issuing.Discard(r.Context(), b.OrganisationID, b.PublicID); err != nil {
		return err
	}
	return s.done(w, r, "/console/"+gate.From(r.Context()).Organisation.Slug+"/batches", "good", "batch_discarded")
}

// batchBadFile answers GET …/batches/{batch}/bad.csv: the rows that cannot be
// awarded, each with the reason.
func (s *Server) batchBadFile(w http.ResponseWriter, r *http.Request) error {
	b, err := s.batchOf(r)
	if err != nil {
		return err
	}
	var file bytes.Buffer // whole before it is sent: half a report would lie
	if err := s.Issuing.WriteBadRows(r.Context(), &file, b); err != nil {
		return err
	}
	if err := s.seenBatch(r, b, "recipient.exported", "bad_rows"); err != nil {
		return err
	}
	sendFile(w, fileName(b.BadgeName, "not awarded")+".csv", "text/csv; charset=utf-8", file.Bytes())
	return nil
}

// batchReportFile answers GET …/batches/{batch}/report.csv: what became of
// every row.
func (s *Server) batchReportFile(w http.ResponseWriter, r *http.Request) error {
	b, err := s.batchOf(r)
	if err != nil {
		return err
	}
	var file bytes.Buffer
	if err := s.Issuing.WriteReport(r.Context(), &file, b); err != nil {
		return err
	}
	if err := s.seenBatch(r, b, "recipient.exported", "report"); err != nil {
		return err
	}
	sendFile(w, fileName(b.BadgeName, "report")+".csv", "text/csv; charset=utf-8", file.Bytes())
	return nil
}
