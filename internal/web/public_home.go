package web

import (
	"net/http"
)

// homePage is the front page: what this installation is, a box to verify a
// badge with, and the way in.
type homePage struct {
	Page
	Waiting bool        // nobody has set the installation up yet
	Issuers []issuerRef // who issues here, a few of them
}

// issuerRef is an organisation as other pages mention it.
type issuerRef struct {
	Name  string
	URL   string // its page here, or its own address; may be ""
	Logo  string // address of a picture; may be ""
	Note  string // a few words: what it does, how many badges
	Known string // how we know that it is who it says, a short sentence; may be ""
	Site  string // the domain that Known speaks of; may be ""
}

// publicHome answers GET /.
func (s *Server) publicHome(w http.ResponseWriter, r *http.Request) error {
	t := s.texts(r)
	any, err := s.Accounts.Any(r.Context())
	if err != nil {
		return err
	}
	p := &homePage{Page: Page{Title: s.Site, Description: t.T("home.description", nil), CanonicalURL: s.BaseURL + "/"}, Waiting: !any}
	issuers, err := s.Orgs.Newest(r.Context(), 6)
	if err != nil {
		return err
	}
	for _, o := range issuers {
		p.Issuers = append(p.Issuers, s.issuerRef(t, o, s.Orgs.IsLive(o)))
	}
	return s.render(w, r, http.StatusOK, "public/home.html", p)
}
