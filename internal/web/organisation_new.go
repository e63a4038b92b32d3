package web

import (
	"net/http"

	"github.com/roundel/roundel/internal/gate"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/sample"
)

// organisationNewPage asks for the public face of a new organisation.
type organisationNewPage struct {
	Page
	Form  profileFields
	First bool // the person has none yet
}

// consoleHome answers GET /console: it leads to the person's own organisation,
// else to the sample, else to making one.
func (s *Server) consoleHome(w http.ResponseWriter, r *http.Request) error {
	list, err := s.Orgs.ForAccount(r.Context(), gate.From(r.Context()).AccountID())
	if err != nil {
		return err
	}
	to := "/console/new"
	for _, m := range list {
		if to == "/console/new" || !m.Organisation.IsSample {
			to = "/console/" + m.Organisation.Slug
		}
		if !m.Organisation.IsSample {
			break
		}
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// organisationForm answers GET /console/new.
func (s *Server) organisationForm(w http.ResponseWriter, r *http.Request) error {
	return s.showOrganisationNew(w, r, &organisationNewPage{Form: s.profileFields(r, org.Profile{})})
}

func (s *Server) showOrganisationNew(w http.ResponseWriter, r *http.Request, p *organisationNewPage) error {
	list, err := s.Orgs.ForAccount(r.Context(), gate.From(r.Context()).AccountID())
	if err != nil {
		return err
	}
	p.Title, p.NoIndex, p.First = s.texts(r).T("organisation.new.title", nil), true, len(list) == 0
	p.Form.Problems = p.Problems
	return s.show(w, r, "sheet/organisation.html", p)
}

// organisationCreate answers POST /console/new.
func (s *Server) organisationCreate(w http.ResponseWriter, r *http.Request) error {
	profile, wrong, err := s.readProfile(w, r, "")
	if err != nil {
		return err
	}
	var o *org.Organisation
	if wrong == nil {
		o, wrong = s.Orgs.Create(r.Context(), gate.From(r.Context()).AccountID(), profile)
	}
	if refused(wrong) {
		p := &organisationNewPage{Form: s.profileFields(r, profile)}
		p.Problems = problemsOf(wrong)
		return s.showOrganisationNew(w, r, p)
	}
	if wrong != nil {
		return wrong
	}
	return s.done(w, r, "/console/"+o.Slug, "good", "organisation_created")
}

// createSample answers POST /console/sample. Somebody who has a sample already
// is taken to it.
func (s *Server) createSample(w http.ResponseWriter, r *http.Request) error {
	by := gate.From(r.Context()).AccountID()
	list, err := s.Orgs.ForAccount(r.Context(), by)
	if err != nil {
		return err
	}
	for _, m := range list {
		if m.Organisation.IsSample {
			http.Redirect(w, r, "/console/"+m.Organisation.Slug, http.StatusSeeOther)
			return nil
		}
	}
	samples := &sample.Service{Orgs: s.Orgs, Badges: s.Badges, Issuing: s.Issuing, Blobs: s.Blobs, Now: s.Now}
	o, err := samples.Create(r.Context(), by)
	if err != nil {
		return err
	}
	return s.done(w, r, "/console/"+o.Slug, "good", "sample_created")
}

// organisationListPage lists the organisations a person can work for.
type organisationListPage struct {
	Page
	Items []organisationItem
}

type organisationItem struct {
	URL, Name, Host, Logo string
	Sample                bool
}

// organisationList answers GET /console/organisations.
func (s *Server) organisationList(w http.ResponseWriter, r *http.Request) error {
	list, err := s.Orgs.ForAccount(r.Context(), gate.From(r.Context()).AccountID())
	if err != nil {
		return err
	}
	p := &organisationListPage{}
	p.Title, p.NoIndex = s.texts(r).T("organisation.list.title", nil), true
	for _, m := range list {
		o := m.Organisation
		p.Items = append(p.Items, organisationItem{
			URL: "/console/" + o.Slug, Name: o.Name, Host: hostOf(o.Website), Logo: logoPath(o.LogoKey), Sample: o.IsSample,
		})
	}
	return s.show(w, r, "sheet/organisations.html", p)
}

// logoPath returns the address of a logo on this server, or "".
func logoPath(key string) string {
	if key == "" {
		return ""
	}
	return "/pictures/" + key + ".png"
}
