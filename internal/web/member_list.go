package web

import (
	"net/http"
	"time"

	"github.com/roundel/roundel/internal/gate"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/publicid"
)

// peoplePage is what the pages about an organisation's people have in common.
type peoplePage struct {
	consolePage
	Tabs []tab
}

func (s *Server) peoplePage(r *http.Request, current, title string) peoplePage {
	t := s.texts(r)
	p := peoplePage{consolePage: s.desk(r, areaPeople, title)}
	for _, one := range []struct{ name, path string }{{"members", ""}, {"roles", "/roles"}, {"departments", "/departments"}} {
		p.Tabs = append(p.Tabs, tab{URL: p.Base + "/people" + one.path, Label: t.T("people.tab."+one.name, nil), Current: one.name == current})
	}
	return p
}

// memberListPage shows who belongs to an organisation and who is invited.
type memberListPage struct {
	peoplePage
	Members     []memberRow
	Invitations []invitationRow
	Form        grantForm
	Email       string
	Approved    bool // mails may go out
}

// memberRow is one member in the list.
type memberRow struct {
	URL, Name, Email, Role, Where string
	Self, Paused                  bool
}

// invitationRow is one open invitation.
type invitationRow struct {
	Address, Role, By string
	Sent, Expires     time.Time
	Late              bool
	Again, Withdraw   string // addresses; "" for who may not
}

// grantForm chooses a role, and departments for it.
type grantForm struct {
	Role        string
	Roles       []option
	Departments []option
	Problems    problems
}

// memberList answers GET /console/{org}/people.
func (s *Server) memberList(w http.ResponseWriter, r *http.Request) error {
	return s.showMembers(w, r, &memberListPage{Form: grantForm{Role: org.RoleIssuer}}, nil)
}

func (s *Server) showMembers(w http.ResponseWriter, r *http.Request, p *memberListPage, chosen []publicid.ID) error {
	t, c := s.texts(r), gate.From(r.Context())
	wrong := p.Problems
	p.peoplePage = s.peoplePage(r, "members", t.T("people.title", nil))
	p.Problems, p.Approved = wrong, p.Org.State == org.Active
	departments, err := s.Orgs.Departments(r.Context(), p.Org.ID)
	if err != nil {
		return err
	}
	list, err := s.Orgs.Members(r.Context(), p.Org.ID)
	if err != nil {
		return err
	}
	for _, m := range list {
		p.Members = append(p.Members, memberRow{
			URL: p.Base + "/people/members/" + m.PublicID.String(), Name: m.Name, Email: m.Email, Role: roleName(t, m.Role),
			Where: departmentNames(t, departments, m.Departments), Self: m.AccountID == c.AccountID(), Paused: !m.PausedAt.IsZero(),
		})
	}
	invited, err := s.Orgs.Invitations(r.Context(), p.Org.ID)
	if err != nil {
		return err
	}
	for _, i := range invited {
		row := invitationRow{Address: i.Address, Role: roleName(t, i.Role), By: i.InvitedBy, Sent: i.SentAt, Expires: i.ExpiresAt, Late: !s.Now().Before(i.ExpiresAt)}
		if c.May(org.ManageMembers) {
			at := p.Base + "/people/invitations/" + i.PublicID.String()
			row.Again, row.Withdraw = at+"/again", at+"/withdraw"
		}
		p.Invitations = append(p.Invitations, row)
	}
	if err := s.fillGrant(r, &p.Form, departments, chosen); err != nil {
		return err
	}
	p.Form.Problems = p.Problems
	return s.show(w, r, "console/members.html", p)
}

// fillGrant lists what the person may choose from.
func (s *Server) fillGrant(r *http.Request, f *grantForm, departments []*org.Department, chosen []publicid.ID) error {
	t, c := s.texts(r), gate.From(r.Context())
	roles, err := s.Orgs.RolesOf(r.Context(), c.Organisation.ID)
	if err != nil {
		return err
	}
	for _, role := range roles {
		if c.Permissions.Covers(role.Permissions) && (!role.Owner() || c.Role.Owner()) {
			f.Roles = append(f.Roles, option{Value: role.Code(), Label: roleName(t, role), Hint: roleHint(t, role)})
		}
	}
	for _, d := range departments {
		o := option{Value: d.PublicID.String(), Label: indented(d), Checked: false}
		for _, id := range chosen {
			o.Checked = o.Checked || id == d.PublicID
		}
		f.Departments = append(f.Departments, o)
	}
	return nil
}

// readGrant reads what was chosen. A department that cannot be one becomes one
// that does not exist: it must not vanish, which would mean all of them.
func readGrant(r *http.Request) org.Grant {
	g := org.Grant{Role: r.PostFormValue("role")}
	for _, text := range r.PostForm["departments"] {
		id, err := publicid.Parse(text)
		if err != nil {
			id = publicid.New()
		}
		g.Departments = append(g.Departments, id)
	}
	return g
}

// memberInvite answers POST /console/{org}/people.
func (s *Server) memberInvite(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r, formLimit); err != nil {
		return err
	}
	c := gate.From(r.Context())
	g := readGrant(r)
	p := &memberListPage{Email: r.PostFormValue("email"), Form: grantForm{Role: g.Role}}
	_, err := s.Orgs.Invite(r.Context(), c.Organisation.ID, c.Actor(), p.Email, g)
	if refused(err) {
		p.Problems = problemsOf(err)
		return s.showMembers(w, r, p, g.Departments)
	}
	if err != nil {
		return err
	}
	return s.done(w, r, peoplePath(r), "good", "invited")
}

func peoplePath(r *http.Request) string {
	return "/console/" + gate.From(r.Context()).Organisation.Slug + "/people"
}

// invitationAgain answers POST …/people/invitations/{invitation}/again.
func (s *Server) invitationAgain(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "invitation")
	if err != nil {
		return err
	}
	c := gate.From(r.Context())
	if err := s.Orgs.SendInvitationAgain(r.Context(), c.Organisation.ID, c.Actor(), id); err != nil {
		return err
	}
	return s.done(w, r, peoplePath(r), "good", "invited_again")
}

// invitationWithdraw answers POST …/people/invitations/{invitation}/withdraw.
func (s *Server) invitationWithdraw(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "invitation")
	if err != nil {
		return err
	}
	c := gate.From(r.Context())
	if err := s.Orgs.WithdrawInvitation(r.Context(), c.Organisation.ID, c.Actor(), id); err != nil {
		return err
	}
	return s.done(w, r, peoplePath(r), "good", "invitation_withdrawn")
}
