package web

import (
	"net/http"
	"strings"

	"github.com/roundel/roundel/internal/gate"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/publicid"
)

// memberPage is one member: the role, and the way out.
type memberPage struct {
	peoplePage
	Member *org.Member
	Role   string
	Where  string
	May    []string // what the role may do, in words
	Form   grantForm
	Self   bool
	Change bool // the reader may give another role or remove
	Action string
}

// memberShow answers GET …/people/members/{member}.
func (s *Server) memberShow(w http.ResponseWriter, r *http.Request) error {
	return s.showMember(w, r, nil, nil)
}

func (s *Server) showMember(w http.ResponseWriter, r *http.Request, chosen *org.Grant, wrong error) error {
	id, err := pathID(r, "member")
	if err != nil {
		return err
	}
	t, c := s.texts(r), gate.From(r.Context())
	m, err := s.Orgs.Member(r.Context(), c.Organisation.ID, id)
	if err != nil {
		return err
	}
	departments, err := s.Orgs.Departments(r.Context(), c.Organisation.ID)
	if err != nil {
		return err
	}
	p := &memberPage{peoplePage: s.peoplePage(r, "members", m.Name), Member: m, Role: roleName(t, m.Role), May: permissionNames(t, m.Role.Permissions)}
	p.Where, p.Self, p.Action = departmentNames(t, departments, m.Departments), m.AccountID == c.AccountID(), p.Base+"/people/members/"+m.PublicID.String()
	p.Change = c.May(org.ManageMembers) && c.Permissions.Covers(m.Role.Permissions) && (!m.Role.Owner() || c.Role.Owner())
	p.crumb(p.Base+"/people", t.T("people.title", nil))
	p.crumb("", m.Name)
	if chosen == nil {
		chosen = &org.Grant{Role: m.Role.Code()}
		for _, d := range departments {
			for _, own := range m.Departments {
				if d.ID == own {
					chosen.Departments = append(chosen.Departments, d.PublicID)
				}
			}
		}
	}
	p.Form.Role = chosen.Role
	if err := s.fillGrant(r, &p.Form, departments, chosen.Departments); err != nil {
		return err
	}
	if wrong != nil {
		p.Problems = problemsOf(wrong)
		p.Form.Problems = p.Problems
	}
	return s.show(w, r, "console/member.html", p)
}

// memberChange answers POST …/people/members/{member}.
func (s *Server) memberChange(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r, formLimit); err != nil {
		return err
	}
	id, err := pathID(r, "member")
	if err != nil {
		return err
	}
	c, g := gate.From(r.Context()), readGrant(r)
	err = s.Orgs.SetRole(r.Context(), c.Organisation.ID, c.Actor(), id, g)
	if refused(err) {
		return s.showMember(w, r, &g, err)
	}
	if err != nil {
		return err
	}
	return s.done(w, r, s.afterChange(r, id), "good", "member_changed")
}

// afterChange leads back to the people, unless the person has just given up
// seeing them.
func (s *Server) afterChange(r *http.Request, who publicid.ID) string {
	c := gate.From(r.Context())
	if c.Account != nil && c.Account.PublicID == who {
		return "/console/" + c.Organisation.Slug
	}
	return peoplePath(r)
}

// memberRemove answers POST …/people/members/{member}/remove.
func (s *Server) memberRemove(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "member")
	if err != nil {
		return err
	}
	c := gate.From(r.Context())
	err = s.Orgs.Remove(r.Context(), c.Organisation.ID, c.Actor(), id)
	if refused(err) {
		return s.showMember(w, r, nil, err)
	}
	if err != nil {
		return err
	}
	return s.done(w, r, peoplePath(r), "good", "member_removed")
}

// memberReinstate answers POST …/people/members/{member}/reinstate.
func (s *Server) memberReinstate(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "member")
	if err != nil {
		return err
	}
	c := gate.From(r.Context())
	err = s.SignIn.Reinstate(r.Context(), c.Organisation.ID, c.Actor(), id)
	if refused(err) {
		return s.showMember(w, r, nil, err)
	}
	if err != nil {
		return err
	}
	return s.done(w, r, strings.TrimSuffix(r.URL.Path, "/reinstate"), "good", "member_reinstated")
}

// memberLeavePage asks whether somebody really wants to go.
type memberLeavePage struct{ consolePage }

// memberLeaveForm answers GET /console/{org}/leave.
func (s *Server) memberLeaveForm(w http.ResponseWriter, r *http.Request) error {
	return s.showLeave(w, r, nil)
}

func (s *Server) showLeave(w http.ResponseWriter, r *http.Request, wrong error) error {
	p := &memberLeavePage{consolePage: s.desk(r, areaSwitch, s.texts(r).T("people.leave.title", map[string]any{"organisation": gate.From(r.Context()).Organisation.Name}))}
	if wrong != nil {
		p.Problems = problemsOf(wrong)
	}
	return s.show(w, r, "console/leave.html", p)
}

// memberLeave answers POST /console/{org}/leave.
func (s *Server) memberLeave(w http.ResponseWriter, r *http.Request) error {
	c := gate.From(r.Context())
	err := s.Orgs.Leave(r.Context(), c.Organisation.ID, c.AccountID())
	if refused(err) {
		return s.showLeave(w, r, err)
	}
	if err != nil {
		return err
	}
	return s.done(w, r, "/console/organisations", "good", "left")
}

// roleName is what people call a role.
func roleName(t printer, r org.Role) string {
	if r.Word == "" {
		return r.Name
	}
	return t.T("role."+r.Word, nil)
}

// roleHint says in a line what a role is for.
func roleHint(t printer, r org.Role) string {
	if r.Word == "" {
		return strings.Join(permissionNames(t, r.Permissions), ", ")
	}
	return t.T("role."+r.Word+"_hint", nil)
}

// permissionNames says what a set of permissions allows.
func permissionNames(t printer, s org.Set) []string {
	names := make([]string, len(s))
	for i, p := range s {
		names[i] = permissionName(t, p)
	}
	return names
}

func permissionName(t printer, p org.Permission) string {
	return t.T("permission."+strings.ReplaceAll(string(p), ".", "_"), nil)
}

// departmentNames lists the departments that somebody is limited to.
func departmentNames(t printer, all []*org.Department, own []int64) string {
	if len(own) == 0 {
		return t.T("people.everywhere", nil)
	}
	var names []string
	for _, d := range all {
		for _, id := range own {
			if d.ID == id {
				names = append(names, d.Name)
			}
		}
	}
	return strings.Join(names, ", ")
}

// indented shows in a list where a department stands in the tree.
func indented(d *org.Department) string {
	return strings.Repeat("\u2003", d.Depth) + d.Name
}
