package web

import (
	"net/http"
	"strconv"

	"github.com/roundel/roundel/internal/account"
	"github.com/roundel/roundel/internal/fault"
)

// securityPage shows what the person signs in with.
type securityPage struct {
	accountPage
	Factors      account.Factors
	Passkeys     bool // browsers offer them at this address
	TwoFactors   bool // this session has shown two
	RecoveryFew  bool
	Unverified   bool // no address is confirmed: codes cannot be mailed
	SecondMissed bool // an organisation asks for a second factor
	Addable      []way
}

// security answers GET /account/security.
func (s *Server) security(w http.ResponseWriter, r *http.Request) error {
	return s.showSecurity(w, r, nil)
}

func (s *Server) showSecurity(w http.ResponseWriter, r *http.Request, wrong error) error {
	me := signedIn(r)
	p := &securityPage{accountPage: s.ownAccount(r, accountSecurity, "security.title"), Passkeys: s.Accounts.MayUsePasskeys()}
	if wrong != nil {
		p.Problems = problemsOf(wrong)
	}
	var err error
	if p.Factors, err = s.Accounts.Factors(r.Context(), me.ID); err != nil {
		return err
	}
	p.TwoFactors, p.RecoveryFew, p.Unverified = me.Assurance >= account.TwoFactors, p.Factors.RecoveryLeft < 4, !me.Verified
	if me.Verified && s.SignIn != nil { // what is added to an account that nobody has confirmed ends its password
		if p.Addable, err = s.addable(r, me.ID); err != nil {
			return err
		}
	}
	p.SecondMissed = r.URL.Query().Get("needs") == "second" && !p.TwoFactors
	return s.show(w, r, "console/account-security.html", p)
}

// addable lists the services that the person can sign in by as well.
func (s *Server) addable(r *http.Request, accountID int64) (list []way, err error) {
	memberships, err := s.Orgs.ForAccount(r.Context(), accountID)
	if err != nil {
		return nil, err
	}
	var own []int64
	for _, m := range memberships {
		own = append(own, m.Organisation.ID)
	}
	all, err := s.SignIn.Addable(r.Context(), accountID, own...)
	for _, p := range all {
		list = append(list, way{URL: p.StartPath() + "?add=yes", Name: p.Name})
	}
	return list, err
}

// passwordPage asks for a new password.
type passwordPage struct {
	accountPage
	Has         bool
	MinPassword int
}

// passwordForm answers GET /account/password.
func (s *Server) passwordForm(w http.ResponseWriter, r *http.Request) error {
	if err := s.Accounts.NeedProof(signedIn(r)); err != nil {
		return err
	}
	return s.showPassword(w, r, nil)
}

func (s *Server) showPassword(w http.ResponseWriter, r *http.Request, wrong error) error {
	p := &passwordPage{accountPage: s.ownAccount(r, accountSecurity, "password.title"), MinPassword: account.MinPassword}
	f, err := s.Accounts.Factors(r.Context(), p.Account.ID)
	if err != nil {
		return err
	}
	if p.Has = f.Password; wrong != nil {
		p.Problems = problemsOf(wrong)
	}
	return s.show(w, r, "console/account-password.html", p)
}

// passwordSave answers POST /account/password.
func (s *Server) passwordSave(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r, formLimit); err != nil {
		return err
	}
	err := s.Accounts.SetPassword(r.Context(), signedIn(r), r.PostFormValue("password"))
	if refused(err) {
		return s.showPassword(w, r, err)
	}
	if err != nil {
		return err
	}
	return s.done(w, r, "/account/security", "good", "password_changed")
}

// securityDeed answers deeds whose outcome the security page shows.
func (s *Server) securityDeed(w http.ResponseWriter, r *http.Request, code string, err error) error {
	if refused(err) {
		return s.showSecurity(w, r, err)
	}
	if err != nil {
		return err
	}
	return s.done(w, r, "/account/security", "good", code)
}

// identityRemove answers POST /account/identities/{identity}/remove.
func (s *Server) identityRemove(w http.ResponseWriter, r *http.Request) error {
	id, err := strconv.ParseInt(r.PathValue("identity"), 10, 64)
	if err != nil {
		return fault.NotFoundf("There is no such way to sign in.")
	}
	return s.securityDeed(w, r, "identity_removed", s.Accounts.RemoveIdentity(r.Context(), signedIn(r), id))
}
