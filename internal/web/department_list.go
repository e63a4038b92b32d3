package web

import (
	"net/http"
	"strings"

	"github.com/roundel/roundel/internal/gate"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/publicid"
)

// departmentListPage shows the tree of departments and makes new ones.
type departmentListPage struct {
	peoplePage
	Departments []departmentRow
	Name        string
	Parent      string
	Parents     []option
}

// departmentRow is one department in the tree.
type departmentRow struct {
	URL, Name       string
	Indent          string // shows where it stands in the tree
	Badges, Members int64
}

// departmentList answers GET …/people/departments.
func (s *Server) departmentList(w http.ResponseWriter, r *http.Request) error {
	return s.showDepartments(w, r, &departmentListPage{})
}

func (s *Server) showDepartments(w http.ResponseWriter, r *http.Request, p *departmentListPage) error {
	wrong := p.Problems
	p.peoplePage = s.peoplePage(r, "departments", s.texts(r).T("people.departments.title", nil))
	p.Problems = wrong
	list, err := s.Orgs.Departments(r.Context(), p.Org.ID)
	if err != nil {
		return err
	}
	for _, d := range list {
		row := departmentRow{Name: d.Name, Indent: strings.Repeat("\u2003", d.Depth), Badges: d.Badges, Members: d.Members}
		if gate.From(r.Context()).May(org.EditOrganisation) {
			row.URL = p.Base + "/people/departments/" + d.PublicID.String()
		}
		p.Departments = append(p.Departments, row)
	}
	p.Parents = departmentOptions(list, nil)
	return s.show(w, r, "console/departments.html", p)
}

// departmentOptions lists departments to choose from. The one that is moved,
// and those below it, are left out.
func departmentOptions(list []*org.Department, moved *org.Department) []option {
	var options []option
	below := -1 // depth of the one that is moved, while its own follow
	for _, d := range list {
		if below >= 0 && d.Depth > below {
			continue
		}
		below = -1
		if moved != nil && d.ID == moved.ID {
			below = d.Depth
			continue
		}
		options = append(options, option{Value: d.PublicID.String(), Label: indented(d)})
	}
	return options
}

// parentOf reads which department another shall stand below. What cannot be one
// is one that does not exist.
func parentOf(text string) publicid.ID {
	if text == "" {
		return publicid.ID{}
	}
	id, err := publicid.Parse(text)
	if err != nil {
		return publicid.New()
	}
	return id
}

// departmentCreate answers POST …/people/departments.
func (s *Server) departmentCreate(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r, formLimit); err != nil {
		return err
	}
	p := &departmentListPage{Name: r.PostFormValue("name"), Parent: r.PostFormValue("parent")}
	_, err := s.Orgs.CreateDepartment(r.Context(), gate.From(r.Context()).Organisation.ID, p.Name, parentOf(p.Parent))
	if refused(err) {
		p.Problems = problemsOf(err)
		return s.showDepartments(w, r, p)
	}
	if err != nil {
		return err
	}
	return s.done(w, r, peoplePath(r)+"/departments", "good", "department_created")
}

// departmentPage changes one department.
type departmentPage struct {
	peoplePage
	Department *org.Department
	Name       string
	Parent     string
	Parents    []option
	Action     string
}

// departmentShow answers GET …/people/departments/{department}.
func (s *Server) departmentShow(w http.ResponseWriter, r *http.Request) error {
	return s.showDepartment(w, r, nil, nil)
}

// showDepartment shows the form; entered is what was sent, nil at first.
func (s *Server) showDepartment(w http.ResponseWriter, r *http.Request, entered *departmentPage, wrong error) error {
	id, err := pathID(r, "department")
	if err != nil {
		return err
	}
	o := gate.From(r.Context()).Organisation
	d, err := s.Orgs.Department(r.Context(), o.ID, id)
	if err != nil {
		return err
	}
	list, err := s.Orgs.Departments(r.Context(), o.ID)
	if err != nil {
		return err
	}
	p := &departmentPage{peoplePage: s.peoplePage(r, "departments", d.Name), Department: d, Name: d.Name, Parents: departmentOptions(list, d)}
	for _, up := range list {
		if up.ID == d.ParentID {
			p.Parent = up.PublicID.String()
		}
	}
	if entered != nil {
		p.Name, p.Parent, p.Problems = entered.Name, entered.Parent, problemsOf(wrong)
	} else if wrong != nil {
		p.Problems = problemsOf(wrong)
	}
	p.Action = p.Base + "/people/departments/" + d.PublicID.String()
	p.crumb(p.Base+"/people/departments", s.texts(r).T("people.departments.title", nil))
	p.crumb("", d.Name)
	return s.show(w, r, "console/department.html", p)
}

// departmentChange answers POST …/people/departments/{department}.
func (s *Server) departmentChange(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r, formLimit); err != nil {
		return err
	}
	id, err := pathID(r, "department")
	if err != nil {
		return err
	}
	c, p := gate.From(r.Context()), &departmentPage{Name: r.PostFormValue("name"), Parent: r.PostFormValue("parent")}
	err = s.Orgs.ChangeDepartment(r.Context(), c.Organisation.ID, c.Actor(), id, p.Name, parentOf(p.Parent))
	if refused(err) {
		return s.showDepartment(w, r, p, err)
	}
	if err != nil {
		return err
	}
	return s.done(w, r, peoplePath(r)+"/departments", "good", "department_changed")
}

// departmentDelete answers POST …/people/departments/{department}/delete.
func (s *Server) departmentDelete(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "department")
	if err != nil {
		return err
	}
	err = s.Orgs.DeleteDepartment(r.Context(), gate.From(r.Context()).Organisation.ID, id)
	if refused(err) {
		return s.showDepartment(w, r, nil, err)
	}
	if err != nil {
		return err
	}
	return s.done(w, r, peoplePath(r)+"/departments", "good", "department_deleted")
}
