package web

import (
	"net/http"

	"github.com/roundel/roundel/did"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/gate"
	"github.com/roundel/roundel/internal/keys"
)

// keyDomainPage ties the identity to a domain of the organisation's own.
type keyDomainPage struct {
	consolePage
	Tabs    []tab
	Keys    string // address of the list
	Here    string // the identity under our address
	Domains []ownIdentity
	Domain  string // as entered
	Live    bool   // the installation has a public https address, and this is no sample
}

// ownIdentity is an identity on another domain.
type ownIdentity struct {
	*keys.WebIdentity
	Host string
	Tag  tag
	File string // the file to publish
}

func (s *Server) ownIdentities(r *http.Request, adopted bool) (rows []ownIdentity, err error) {
	o := gate.From(r.Context()).Organisation
	list, err := s.Keys.WebIdentities(r.Context(), o.ID)
	if err != nil {
		return nil, err
	}
	t := s.texts(r)
	for _, one := range list {
		if adopted && one.AdoptedAt.IsZero() {
			continue
		}
		row := ownIdentity{WebIdentity: one}
		if row.Host, _, err = did.WebHost(one.DID); err != nil {
			return nil, err
		}
		state, kind := "proposed", "wait"
		switch {
		case one.InUse() && one.Right():
			state, kind = "used", "good"
		case one.InUse():
			state, kind = "used_wrong", "bad"
		case !one.LeftAt.IsZero() && one.Right():
			state, kind = "left", ""
		case !one.LeftAt.IsZero():
			state, kind = "left_wrong", "bad"
		case one.Right():
			state, kind = "right", "good"
		}
		row.Tag = tag{Kind: kind, Text: t.T("ownid.state."+state, nil)}
		text, err := s.Keys.WebDocument(r.Context(), o.ID, one.DID)
		if err != nil {
			return nil, err
		}
		row.File = string(text)
		rows = append(rows, row)
	}
	return rows, nil
}

// keyDomain answers GET …/settings/keys/domain.
func (s *Server) keyDomain(w http.ResponseWriter, r *http.Request) error {
	return s.showKeyDomain(w, r, "", nil)
}

func (s *Server) showKeyDomain(w http.ResponseWriter, r *http.Request, domain string, wrong error) error {
	t := s.texts(r)
	p := &keyDomainPage{consolePage: s.desk(r, areaSettings, t.T("ownid.title", nil)), Domain: domain}
	p.Tabs, p.Keys, p.Live = s.settingsTabs(r, p.Base, "keys"), p.Base+"/settings/keys", s.Orgs.IsLive(p.Org)
	p.crumb(p.Keys, t.T("settings.tab.keys", nil))
	p.crumb("", p.Title)
	if wrong != nil {
		p.Problems = problemsOf(wrong)
	}
	var err error
	if p.Domains, err = s.ownIdentities(r, false); err != nil {
		return err
	}
	if p.Live {
		if p.Here, err = did.WebDID(s.BaseURL, "issuers", p.Org.Slug); err != nil {
			return err
		}
	}
	return s.show(w, r, "console/key-domain.html", p)
}

// keyDomainPropose answers POST …/settings/keys/domain.
func (s *Server) keyDomainPropose(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r, formLimit); err != nil {
		return err
	}
	o := gate.From(r.Context()).Organisation
	_, err := s.Keys.Propose(r.Context(), o.ID, r.PostFormValue("domain"))
	if refused(err) {
		return s.showKeyDomain(w, r, r.PostFormValue("domain"), err)
	}
	if err != nil {
		return err
	}
	return s.done(w, r, r.URL.Path, "good", "ownid_proposed")
}

// keyDomainDeed answers POST …/settings/keys/domain/{deed}.
func (s *Server) keyDomainDeed(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r, formLimit); err != nil {
		return err
	}
	o, id := gate.From(r.Context()).Organisation, r.PostFormValue("did")
	kind, flash := "good", ""
	var one *keys.WebIdentity
	var err error
	switch r.PathValue("deed") {
	case "check":
		if one, err = s.Keys.CheckWeb(r.Context(), o.ID, id); err == nil {
			flash = "ownid_right"
			if len(one.Findings) > 0 {
				kind, flash = "bad", "ownid_wrong"
			}
		}
	case "adopt":
		if !s.Orgs.IsLive(o) {
			return fault.Conflictf("What you award are trials so far, which bear no domain. Go live first.")
		}
		_, err = s.Keys.Adopt(r.Context(), o.ID, id)
		flash = "ownid_adopted"
	case "leave":
		err, flash = s.Keys.Leave(r.Context(), o.ID, id), "ownid_left"
	case "forget":
		err, flash = s.Keys.Forget(r.Context(), o.ID, id), "ownid_forgotten"
	default:
		return fault.NotFoundf("There is no such page. Check the address, or go back.")
	}
	if refused(err) {
		return s.showKeyDomain(w, r, "", err)
	}
	if err != nil {
		return err
	}
	return s.done(w, r, "/console/"+o.Slug+"/settings/keys/domain", kind, flash)
}

// keyDomainFile answers GET …/settings/keys/domain/did.json with the file to
// publish.
func (s *Server) keyDomainFile(w http.ResponseWriter, r *http.Request) error {
	rows, err := s.ownIdentities(r, false)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if row.DID == r.URL.Query().Get("did") {
			w.Header().Set("Content-Disposition", `attachment; filename="did.json"`)
			return send(w, r, "application/did+ld+json", "private, no-cache", []byte(row.File))
		}
	}
	return fault.NotFoundf("This organisation has no such identity.")
}
