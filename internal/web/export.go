package web

import (
	"net/http"
	"time"

	"github.com/roundel/roundel/internal/backup/transfer"
	"github.com/roundel/roundel/internal/gate"
)

// exportPage offers everything of the organisation as one file.
type exportPage struct {
	consolePage
	Tabs []tab
}

// exportForm answers GET …/settings/export.
func (s *Server) exportForm(w http.ResponseWriter, r *http.Request) error {
	p := &exportPage{consolePage: s.desk(r, areaSettings, s.texts(r).T("settings.tab.export", nil))}
	p.Tabs = s.settingsTabs(r, p.Base, "export")
	return s.show(w, r, "console/export.html", p)
}

// exportFile answers POST …/settings/export with the archive, as it is written.
// One that breaks off has no manifest, so nobody takes it for a whole one.
func (s *Server) exportFile(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r, formLimit); err != nil {
		return err
	}
	o := gate.From(r.Context()).Organisation
	h := w.Header()
	h.Set("Content-Type", "application/zip")
	h.Set("Content-Disposition", `attachment; filename="`+o.Slug+"-"+s.Now().UTC().Format("2006-01-02")+`.zip"`)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	// A large organisation takes longer than a page.
	_ = http.NewResponseController(w).SetWriteDeadline(s.Now().Add(time.Hour)) // where that cannot be set, the usual time holds
	opts := transfer.Options{Addresses: r.PostFormValue("addresses") == "yes", Baked: r.PostFormValue("baked") == "yes"}
	if _, err := s.Transfer.Export(r.Context(), w, o, opts); err != nil {
		s.Log.ErrorContext(r.Context(), "export broke off", "organisation", o.ID, "error", err)
		panic(http.ErrAbortHandler) // the reader must see that it is not whole
	}
	return nil
}
