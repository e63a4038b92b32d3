package web

import (
	"net/http"

	"github.com/roundel/roundel/internal/gate"
	"github.com/roundel/roundel/internal/keys"
)

// keyImportPage takes in a key that was made elsewhere. What was pasted is never
// shown again, also not when it was wrong.
type keyImportPage struct {
	consolePage
	Tabs     []tab
	Keys     string // address of the list
	For      string
	Purposes []option
}

// keyImportForm answers GET …/settings/keys/import.
func (s *Server) keyImportForm(w http.ResponseWriter, r *http.Request) error {
	return s.showKeyImport(w, r, &keyImportPage{For: string(keys.ForBadges)})
}

func (s *Server) showKeyImport(w http.ResponseWriter, r *http.Request, p *keyImportPage) error {
	t, wrong := s.texts(r), p.Problems
	p.consolePage = s.desk(r, areaSettings, t.T("key.import.title", nil))
	p.Problems, p.Tabs, p.Keys = wrong, s.settingsTabs(r, p.Base, "keys"), p.Base+"/settings/keys"
	p.Secret = true // nobody keeps a copy of the page, or learns where the reader comes from
	p.crumb(p.Keys, t.T("settings.tab.keys", nil))
	p.crumb("", p.Title)
	for _, purpose := range keys.Purposes() {
		p.Purposes = append(p.Purposes, option{Value: string(purpose), Label: t.T("key.purpose."+string(purpose), nil)})
	}
	return s.show(w, r, "console/key-import.html", p)
}

// keyImport answers POST …/settings/keys/import.
func (s *Server) keyImport(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r, formLimit); err != nil {
		return err
	}
	o := gate.From(r.Context()).Organisation
	p := &keyImportPage{For: r.PostFormValue("purpose")}
	k, err := s.Keys.Import(r.Context(), o.ID, []byte(r.PostFormValue("key")), keys.Purpose(p.For))
	if refused(err) {
		p.Problems = problemsOf(err)
		return s.showKeyImport(w, r, p)
	}
	if err != nil {
		return err
	}
	return s.begun(w, r, o, k, "key_imported")
}
