package web

import (
	"net/http"
	"slices"
	"time"

	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/gate"
	"github.com/roundel/roundel/internal/keys"
)

// keyDeedPage asks before something is done with a key, and says what it does.
type keyDeedPage struct {
	consolePage
	Tabs    []tab
	Keys    string // address of the list
	Deed    string // rotate, use, retire, compromised, import
	Key     keyRow // that it is about; of rotate, the one in force
	Before  *keyRow
	Purpose keys.Purpose
	Wrong   string // why it cannot be done now

	// Of compromised.
	Since   string    // as entered
	At      time.Time // the same, once it is one
	Latest  string
	Counted bool
	Badges  int64 // signed since then: they become invalid
}

func (s *Server) keyDeed(r *http.Request, deed string) *keyDeedPage {
	t := s.texts(r)
	p := &keyDeedPage{consolePage: s.desk(r, areaSettings, t.T("key."+deed+".title", nil)), Deed: deed}
	p.Tabs, p.Keys = s.settingsTabs(r, p.Base, "keys"), p.Base+"/settings/keys"
	p.crumb(p.Keys, t.T("settings.tab.keys", nil))
	p.crumb("", p.Title)
	return p
}

// load finds the key that the page is about.
func (s *Server) load(r *http.Request, p *keyDeedPage, is func(keys.Used) bool) error {
	list, err := s.Keys.Used(r.Context(), p.Org.ID)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(list, is)
	if i < 0 {
		return fault.NotFoundf("This organisation has no such key.")
	}
	p.Key, p.Purpose = s.keyRow(r, p.Base, list[i]), list[i].Purpose
	for _, u := range list {
		if u.Purpose == p.Purpose && u.State() == keys.InForce {
			row := s.keyRow(r, p.Base, u)
			p.Before = &row
		}
	}
	return nil
}

func keyNamed(r *http.Request) func(keys.Used) bool {
	return func(u keys.Used) bool { return u.Fragment == r.PathValue("key") }
}

// keyRotateForm answers GET …/settings/keys/rotate/{purpose}.
func (s *Server) keyRotateForm(w http.ResponseWriter, r *http.Request) error {
	p := s.keyDeed(r, "rotate")
	err := s.load(r, p, func(u keys.Used) bool {
		return string(u.Purpose) == r.PathValue("purpose") && u.State() == keys.InForce
	})
	if err != nil {
		return err
	}
	if p.Key.OwnDID != "" {
		p.Wrong = p.Key.OwnDID
	}
	return s.show(w, r, "console/key-deed.html", p)
}

// keyRotate answers POST …/settings/keys/rotate/{purpose}.
func (s *Server) keyRotate(w http.ResponseWriter, r *http.Request) error {
	o := gate.From(r.Context()).Organisation
	_, err := s.Keys.Rotate(r.Context(), o.ID, keys.Purpose(r.PathValue("purpose")))
	return s.keyDone(w, r, err, "key_rotated")
}

// keyDone leads back to the list after a deed.
func (s *Server) keyDone(w http.ResponseWriter, r *http.Request, err error, flash string) error {
	if err != nil {
		return err
	}
	return s.done(w, r, "/console/"+gate.From(r.Context()).Organisation.Slug+"/settings/keys", "good", flash)
}

// keyUseForm answers GET …/settings/keys/key/{key}/use.
func (s *Server) keyUseForm(w http.ResponseWriter, r *http.Request) error {
	return s.keyForm(w, r, "use")
}

// keyUse answers POST …/settings/keys/key/{key}/use.
func (s *Server) keyUse(w http.ResponseWriter, r *http.Request) error {
	o := gate.From(r.Context()).Organisation
	_, err := s.Keys.Activate(r.Context(), o.ID, r.PathValue("key"))
	if refused(err) {
		return s.keyFormAgain(w, r, "use", err)
	}
	return s.keyDone(w, r, err, "key_signs")
}

// keyRetireForm answers GET …/settings/keys/key/{key}/retire.
func (s *Server) keyRetireForm(w http.ResponseWriter, r *http.Request) error {
	return s.keyForm(w, r, "retire")
}

// keyRetire answers POST …/settings/keys/key/{key}/retire.
func (s *Server) keyRetire(w http.ResponseWriter, r *http.Request) error {
	o := gate.From(r.Context()).Organisation
	_, err := s.Keys.Retire(r.Context(), o.ID, r.PathValue("key"))
	if refused(err) {
		return s.keyFormAgain(w, r, "retire", err)
	}
	return s.keyDone(w, r, err, "key_retired")
}

func (s *Server) keyForm(w http.ResponseWriter, r *http.Request, deed string) error {
	return s.keyFormAgain(w, r, deed, nil)
}

func (s *Server) keyFormAgain(w http.ResponseWriter, r *http.Request, deed string, wrong error) error {
	p := s.keyDeed(r, deed)
	if err := s.load(r, p, keyNamed(r)); err != nil {
		return err
	}
	if wrong != nil {
		p.Problems = problemsOf(wrong)
	}
	return s.show(w, r, "console/key-deed.html", p)
}

// keyCompromisedForm answers GET …/settings/keys/key/{key}/compromised. With the
// time it says what becomes invalid, before anything is done.
func (s *Server) keyCompromisedForm(w http.ResponseWriter, r *http.Request) error {
	p := s.keyDeed(r, "compromised")
	if err := s.load(r, p, keyNamed(r)); err != nil {
		return err
	}
	p.Since = r.URL.Query().Get("since")
	if p.Since == "" && r.URL.Query().Has("since") {
		_, err := entered(p.Since)
		return s.showCompromised(w, r, p, err)
	}
	return s.showCompromised(w, r, p, nil)
}

func (s *Server) showCompromised(w http.ResponseWriter, r *http.Request, p *keyDeedPage, wrong error) error {
	p.Latest = s.Now().UTC().Format(keyMoment)
	if p.Since != "" && wrong == nil {
		var since time.Time
		if since, wrong = entered(p.Since); wrong == nil {
			n, err := s.Keys.SignedSince(r.Context(), p.Key.Key, since)
			if err != nil {
				return err
			}
			p.Counted, p.Badges, p.At = true, n, since
		}
	}
	if wrong != nil {
		p.Problems = problemsOf(wrong)
	}
	return s.show(w, r, "console/key-deed.html", p)
}

// keyCompromised answers POST …/settings/keys/key/{key}/compromised.
func (s *Server) keyCompromised(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r, formLimit); err != nil {
		return err
	}
	o := gate.From(r.Context()).Organisation
	since, err := entered(r.PostFormValue("since"))
	if err == nil {
		_, err = s.Keys.Compromise(r.Context(), o.ID, r.PathValue("key"), since)
	}
	if refused(err) {
		p := s.keyDeed(r, "compromised")
		if err := s.load(r, p, keyNamed(r)); err != nil {
			return err
		}
		p.Since = r.PostFormValue("since")
		return s.showCompromised(w, r, p, err)
	}
	return s.keyDone(w, r, err, "key_compromised")
}
