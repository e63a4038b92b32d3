package web

import (
	"net/http"
	"time"

	"github.com/roundel/roundel/internal/gate"
	"github.com/roundel/roundel/internal/org"
)

// domainPage proves an organisation's own domains.
type domainPage struct {
	consolePage
	Tabs    []tab
	Domains []domainRow
	Name    string // as entered
	Public  string // what strangers read now
	Host    string
}

// domainRow is one domain with what has to be published for it.
type domainRow struct {
	Name, Token, Record, File string
	Proven                    bool
	Tag                       tag
	ProvenAt, CheckedAt, Ends time.Time
	Problem                   string
	Check, Remove             string
}

// domainList answers GET …/settings/domain.
func (s *Server) domainList(w http.ResponseWriter, r *http.Request) error {
	return s.showDomains(w, r, &domainPage{})
}

func (s *Server) showDomains(w http.ResponseWriter, r *http.Request, p *domainPage) error {
	t := s.texts(r)
	wrong := p.Problems
	p.consolePage = s.desk(r, areaSettings, t.T("settings.tab.domain", nil))
	p.Problems, p.Tabs, p.Public, p.Host = wrong, s.settingsTabs(r, p.Base, "domain"), p.Org.Called(s.Orgs.Host()).Inside(t), s.Orgs.Host()
	list, err := s.Orgs.Domains(r.Context(), p.Org.ID)
	if err != nil {
		return err
	}
	for _, d := range list {
		at := p.Base + "/settings/domain/" + d.PublicID.String()
		row := domainRow{
			Name: d.Name, Token: d.Token, Record: org.DomainRecord + d.Name, File: "https://" + d.Name + org.DomainFile, Proven: d.Proven(),
			ProvenAt: d.ProvenAt, CheckedAt: d.CheckedAt, Ends: d.Ends(), Problem: d.Problem, Check: at + "/check", Remove: at + "/remove",
			Tag: tag{Kind: "wait", Text: t.T("domain.tag.waiting", nil)},
		}
		switch {
		case d.Proven() && row.Ends.IsZero():
			row.Tag = tag{Kind: "good", Text: t.T("domain.tag.proven", nil)}
		case d.Proven():
			row.Tag = tag{Kind: "bad", Text: t.T("domain.tag.missing", nil)}
		}
		p.Domains = append(p.Domains, row)
	}
	return s.show(w, r, "console/domain.html", p)
}

// domainAdd answers POST …/settings/domain.
func (s *Server) domainAdd(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r, formLimit); err != nil {
		return err
	}
	o := gate.From(r.Context()).Organisation
	p := &domainPage{Name: r.PostFormValue("domain")}
	_, err := s.Orgs.AddDomain(r.Context(), o.ID, p.Name)
	if refused(err) {
		p.Problems = problemsOf(err)
		return s.showDomains(w, r, p)
	}
	if err != nil {
		return err
	}
	return s.done(w, r, domainPath(r), "info", "domain_added")
}

func domainPath(r *http.Request) string {
	return "/console/" + gate.From(r.Context()).Organisation.Slug + "/settings/domain"
}

// domainCheck answers POST …/settings/domain/{domain}/check.
func (s *Server) domainCheck(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "domain")
	if err != nil {
		return err
	}
	d, err := s.Orgs.CheckDomain(r.Context(), gate.From(r.Context()).Organisation.ID, id)
	if err != nil {
		return err
	}
	if d.Problem == "" {
		return s.done(w, r, domainPath(r), "good", "domain_found")
	}
	return s.done(w, r, domainPath(r), "wait", "domain_not_found")
}

// domainRemove answers POST …/settings/domain/{domain}/remove.
func (s *Server) domainRemove(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "domain")
	if err != nil {
		return err
	}
	if err := s.Orgs.RemoveDomain(r.Context(), gate.From(r.Context()).Organisation.ID, id); err != nil {
		return err
	}
	return s.done(w, r, domainPath(r), "good", "domain_removed")
}
