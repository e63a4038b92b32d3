package web

import (
	"context"
	"net/http"

	"github.com/roundel/roundel/internal/account"
	"github.com/roundel/roundel/internal/gate"
)

// invitationPage is what the link of an invitation opens. Its address holds the
// secret.
type invitationPage struct {
	Page
	From        string // what the organisation is called towards strangers
	Role, By    string
	Address     string
	SignedIn    string // the address of whoever is signed in, "" for strangers
	Fits        bool   // the invitation is for whoever is signed in
	Known       bool   // there is an account with the address
	Name        string
	MinPassword int
	SignIn      string // address at which to sign in and come back
}

// invitationShow answers GET /invitation/{secret}. It changes nothing.
func (s *Server) invitationShow(w http.ResponseWriter, r *http.Request) error {
	return s.showInvitation(w, r, &invitationPage{})
}

func (s *Server) showInvitation(w http.ResponseWriter, r *http.Request, p *invitationPage) error {
	secret := r.PathValue("secret")
	i, err := s.Orgs.OpenInvitation(r.Context(), secret)
	if err != nil {
		return err
	}
	t := s.texts(r)
	p.Title, p.NoIndex, p.Secret, p.MinPassword = t.T("invitation.title", nil), true, true, account.MinPassword
	p.From, p.Role, p.By, p.Address, p.Known = i.Organisation.Called(s.Orgs.Host()).Inside(t), roleName(t, i.Role), i.InvitedBy, i.Address, i.Known
	if c := gate.From(r.Context()); c.Account != nil {
		p.SignedIn = c.Account.Email
		own, err := s.Accounts.Addresses(r.Context(), c.Account.ID)
		if err != nil {
			return err
		}
		key, err := account.AddressKey(i.Address)
		if err != nil {
			return err
		}
		for _, a := range own {
			p.Fits = p.Fits || a.Key == key && !a.VerifiedAt.IsZero()
		}
	}
	p.SignIn = "/sign-in?next=%2Finvitation%2F" + secret // 256 random bits in letters that addresses take
	return s.show(w, r, "sheet/invitation.html", p)
}

// invitationAccept answers POST /invitation/{secret}: whoever is signed in joins,
// and whoever has no account yet makes one. The link came by mail, so it shows
// the address to be theirs.
func (s *Server) invitationAccept(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r, formLimit); err != nil {
		return err
	}
	secret := r.PathValue("secret")
	if c := gate.From(r.Context()); c.Account != nil {
		o, err := s.Orgs.Accept(r.Context(), secret, c.Account.ID)
		if err != nil {
			return err
		}
		return s.done(w, r, "/console/"+o.Slug, "good", "joined")
	}
	i, err := s.Orgs.OpenInvitation(r.Context(), secret)
	if err != nil {
		return err
	}
	p := &invitationPage{Name: r.PostFormValue("name")}
	way, err := s.joinAnew(r, secret, account.NewPerson{Name: p.Name, Email: i.Address, Password: r.PostFormValue("password")})
	if refused(err) {
		p.Problems = problemsOf(err)
		return s.showInvitation(w, r, p)
	}
	if err != nil {
		return err
	}
	return s.letIn(w, r, way, "/console/"+i.Organisation.Slug)
}

// joinAnew makes an account that is a member from its first moment on.
func (s *Server) joinAnew(r *http.Request, secret string, p account.NewPerson) (*account.Way, error) {
	a, err := s.Accounts.RegisterInvited(r.Context(), p, s.Orgs.Joining(secret))
	if err != nil {
		return nil, err
	}
	return s.Accounts.Enter(context.WithoutCancel(r.Context()), a.ID, account.Proof{Method: account.ByRegistration, UserAgent: r.UserAgent()})
}
