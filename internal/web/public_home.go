package web

import (
	"html"
	"html/template"
	"net/http"

	"github.com/roundel/roundel/internal/org"
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
	Name   string
	Called template.HTML // Name as strangers are to read it, with what is proven beside it; "": Name alone
	URL    string        // its page here, or its own address; may be ""
	Logo   string        // address of a picture; may be ""
	Note   string        // a few words: what it does, how many badges
	Known  string        // how we know that it is who it says, a short sentence; may be ""
	Why    string        // address of what explains Known; may be ""
}

// Link returns the name with a link to the organisation's page, where it has one.
func (i issuerRef) Link() template.HTML {
	name := "<strong>" + element("bdi", i.Name) + "</strong>"
	if !safeURL(i.URL) {
		return name
	}
	return template.HTML(`<a href="`+html.EscapeString(i.URL)+`">`) + name + "</a>"
}

// named says what is proven about the issuer, in its name and in a sentence.
func (i *issuerRef) named(t printer, n org.PublicName) {
	i.Called = calledHTML(t, n, i.Link())
	switch {
	case n.Domain != "":
		i.Known = t.T("issuer.known_domain", map[string]any{"domain": n.Domain})
	case n.Host != "":
		i.Known = t.T("issuer.known_nobody", nil)
	}
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
		p.Issuers = append(p.Issuers, s.issuerRef(t, o))
	}
	return s.render(w, r, http.StatusOK, "public/home.html", p)
}

// calledHTML is what an organisation is called towards strangers, at the
// beginning of a sentence; name is its own name with markup.
func calledHTML(t printer, n org.PublicName, name template.HTML) template.HTML {
	id, args := n.Message()
	if id == "" {
		return name
	}
	args["name"] = name
	return t.HTML(id, args)
}
