package web

import (
	"net/http"

	"github.com/roundel/roundel/internal/gate"
	"github.com/roundel/roundel/internal/org"
)

// roleListPage shows the roles and makes new ones.
type roleListPage struct {
	peoplePage
	Roles       []roleRow
	Name        string
	Permissions []option
}

// roleRow is one role in the list.
type roleRow struct {
	URL, Name, Hint string // URL is "" for roles that every organisation has
	May             []string
	Members         int64
}

// roleList answers GET …/people/roles.
func (s *Server) roleList(w http.ResponseWriter, r *http.Request) error {
	return s.showRoles(w, r, &roleListPage{}, org.Set{org.ViewBadges})
}

func (s *Server) showRoles(w http.ResponseWriter, r *http.Request, p *roleListPage, chosen org.Set) error {
	t, c := s.texts(r), gate.From(r.Context())
	wrong := p.Problems
	p.peoplePage = s.peoplePage(r, "roles", t.T("people.roles.title", nil))
	p.Problems = wrong
	list, err := s.Orgs.RolesOf(r.Context(), p.Org.ID)
	if err != nil {
		return err
	}
	for _, role := range list {
		row := roleRow{Name: roleName(t, role), May: permissionNames(t, role.Permissions), Members: role.Members}
		if role.Word != "" {
			row.Hint = roleHint(t, role)
		} else {
			row.URL = p.Base + "/people/roles/" + role.ID.String()
		}
		p.Roles = append(p.Roles, row)
	}
	p.Permissions = permissionOptions(t, c.Permissions, chosen)
	return s.show(w, r, "console/roles.html", p)
}

// permissionOptions lists permissions to choose from; what every role has is
// chosen and stays so.
func permissionOptions(t printer, from, chosen org.Set) []option {
	var list []option
	for _, p := range from {
		list = append(list, option{Value: string(p), Label: permissionName(t, p), Checked: chosen.Has(p) || p == org.ViewBadges, Disabled: p == org.ViewBadges})
	}
	return list
}

// roleCreate answers POST …/people/roles.
func (s *Server) roleCreate(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r, formLimit); err != nil {
		return err
	}
	c, chosen := gate.From(r.Context()), org.SetOf(r.PostForm["permissions"])
	p := &roleListPage{Name: r.PostFormValue("name")}
	_, err := s.Orgs.CreateRole(r.Context(), c.Organisation.ID, c.Actor(), p.Name, chosen)
	if refused(err) {
		p.Problems = problemsOf(err)
		return s.showRoles(w, r, p, chosen)
	}
	if err != nil {
		return err
	}
	return s.done(w, r, peoplePath(r)+"/roles", "good", "role_created")
}

// rolePage changes one of the organisation's own roles.
type rolePage struct {
	peoplePage
	Role        org.Role
	Name        string
	Permissions []option
	Action      string
}

// roleShow answers GET …/people/roles/{role}.
func (s *Server) roleShow(w http.ResponseWriter, r *http.Request) error {
	role, err := s.roleOf(r)
	if err != nil {
		return err
	}
	return s.showRole(w, r, role, role.Name, role.Permissions, nil)
}

func (s *Server) roleOf(r *http.Request) (org.Role, error) {
	id, err := pathID(r, "role")
	if err != nil {
		return org.Role{}, err
	}
	return s.Orgs.CustomRole(r.Context(), gate.From(r.Context()).Organisation.ID, id)
}

func (s *Server) showRole(w http.ResponseWriter, r *http.Request, role org.Role, name string, chosen org.Set, wrong error) error {
	t := s.texts(r)
	p := &rolePage{peoplePage: s.peoplePage(r, "roles", role.Name), Role: role, Name: name}
	p.Action, p.Permissions = p.Base+"/people/roles/"+role.ID.String(), permissionOptions(t, gate.From(r.Context()).Permissions, chosen)
	p.crumb(p.Base+"/people/roles", t.T("people.roles.title", nil))
	p.crumb("", role.Name)
	if wrong != nil {
		p.Problems = problemsOf(wrong)
	}
	return s.show(w, r, "console/role.html", p)
}

// roleChange answers POST …/people/roles/{role}.
func (s *Server) roleChange(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r, formLimit); err != nil {
		return err
	}
	role, err := s.roleOf(r)
	if err != nil {
		return err
	}
	c, chosen, name := gate.From(r.Context()), org.SetOf(r.PostForm["permissions"]), r.PostFormValue("name")
	err = s.Orgs.ChangeRole(r.Context(), c.Organisation.ID, c.Actor(), role.ID, name, chosen)
	if refused(err) {
		return s.showRole(w, r, role, name, chosen, err)
	}
	if err != nil {
		return err
	}
	return s.done(w, r, peoplePath(r)+"/roles", "good", "role_changed")
}

// roleDelete answers POST …/people/roles/{role}/delete.
func (s *Server) roleDelete(w http.ResponseWriter, r *http.Request) error {
	role, err := s.roleOf(r)
	if err != nil {
		return err
	}
	c := gate.From(r.Context())
	err = s.Orgs.DeleteRole(r.Context(), c.Organisation.ID, c.Actor(), role.ID)
	if refused(err) {
		return s.showRole(w, r, role, role.Name, role.Permissions, err)
	}
	if err != nil {
		return err
	}
	return s.done(w, r, peoplePath(r)+"/roles", "good", "role_deleted")
}
