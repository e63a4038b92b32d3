package web

import (
	"net/http"
	"path"

	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/org"
)

// operatorShowPage is one organisation as its operator sees it.
type operatorShowPage struct {
	operatorPage
	Org     *org.Organisation
	Tags    []tag
	Members []memberRow
	Public  string // address of its public page, "" without one
	Action  string
	Crumbs  []crumb
	Doing   string // the form that was refused
	Reason  string // as entered
}

// reasonForm is a decision that is confirmed before it counts.
type reasonForm struct {
	Action, Do, Ask, Text string
	Danger                bool
	Reasoned              bool // asks for a reason
	Reason, Error         string
	Open                  bool
}

// Of tells the fields of several such forms on one page apart. That of the one
// that was refused is found by its name.
func (f reasonForm) Of() string {
	if f.Open {
		return ""
	}
	return path.Base(f.Action)
}

// Wrong is what is wrong with the reason, in the form that was refused only.
func (f reasonForm) Wrong() string {
	if f.Open {
		return f.Error
	}
	return ""
}

// operatorShow answers GET /operator/organisations/{organisation}.
func (s *Server) operatorShow(w http.ResponseWriter, r *http.Request) error {
	o, err := s.operatorOrg(r)
	if err != nil {
		return err
	}
	return s.showOperated(w, r, o, &operatorShowPage{})
}

// operatorOrg returns the organisation that the address names.
func (s *Server) operatorOrg(r *http.Request) (*org.Organisation, error) {
	id, err := pathID(r, "organisation")
	if err != nil {
		return nil, err
	}
	return s.Orgs.ByPublicID(r.Context(), id)
}

func (s *Server) showOperated(w http.ResponseWriter, r *http.Request, o *org.Organisation, p *operatorShowPage) error {
	t := s.texts(r)
	wrong := p.Problems
	var err error
	if p.operatorPage, err = s.operatorDesk(r, o.Name); err != nil {
		return err
	}
	p.Problems, p.Org, p.Tags, p.Action = wrong, o, standingTags(t, o), "/operator/organisations/"+o.PublicID.String()
	p.Crumbs = []crumb{{URL: "/operator", Label: t.T("operator.title", nil)}, {Label: o.Name}}
	if o.Public() {
		p.Public = "/issuers/" + o.Slug
	}
	list, err := s.Orgs.Members(r.Context(), o.ID)
	if err != nil {
		return err
	}
	for _, m := range list {
		p.Members = append(p.Members, memberRow{Name: m.Name, Email: m.Email, Role: roleName(t, m.Role)})
	}
	return s.show(w, r, "console/operator-organisation.html", p)
}

// operatorDecide answers POST /operator/organisations/{organisation}/{deed}.
func (s *Server) operatorDecide(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r, formLimit); err != nil {
		return err
	}
	o, err := s.operatorOrg(r)
	if err != nil {
		return err
	}
	ctx, deed, reason := r.Context(), r.PathValue("deed"), r.PostFormValue("reason")
	switch deed {
	case "approve":
		err = s.Orgs.Approve(ctx, o.ID)
	case "refuse":
		err = s.Orgs.Refuse(ctx, o.ID, reason)
	case "suspend":
		err = s.Orgs.Suspend(ctx, o.ID, reason)
	case "lift":
		err = s.Orgs.Lift(ctx, o.ID)
	case "stop":
		err = s.Orgs.Stop(ctx, o.ID, reason)
	case "resume":
		err = s.Orgs.Resume(ctx, o.ID)
	default:
		return fault.NotFoundf("There is no such page. Check the address, or go back.")
	}
	if refused(err) {
		p := &operatorShowPage{Doing: deed, Reason: reason}
		p.Problems = problemsOf(err)
		return s.showOperated(w, r, o, p)
	}
	if err != nil {
		return err
	}
	return s.done(w, r, "/operator/organisations/"+o.PublicID.String(), "good", "operator_"+deed)
}
