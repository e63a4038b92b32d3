package web

import (
	"net/http"

	"github.com/roundel/roundel/internal/org"
)

// deletePage says what goes when the account goes.
type deletePage struct {
	accountPage
	Addresses     []string
	Organisations []*org.Organisation
}

// deleteForm answers GET /account/delete.
func (s *Server) deleteForm(w http.ResponseWriter, r *http.Request) error {
	if err := s.Accounts.NeedProof(signedIn(r)); err != nil {
		return err
	}
	return s.showDelete(w, r, nil)
}

func (s *Server) showDelete(w http.ResponseWriter, r *http.Request, wrong error) error {
	p := &deletePage{accountPage: s.ownAccount(r, accountYou, "delete.title")}
	if wrong != nil {
		p.Problems = problemsOf(wrong)
	}
	list, err := s.Accounts.Addresses(r.Context(), p.Account.ID)
	if err != nil {
		return err
	}
	for _, a := range list {
		p.Addresses = append(p.Addresses, a.Address)
	}
	memberships, err := s.Orgs.ForAccount(r.Context(), p.Account.ID)
	if err != nil {
		return err
	}
	for _, m := range memberships {
		p.Organisations = append(p.Organisations, m.Organisation)
	}
	return s.show(w, r, "console/account-delete.html", p)
}

// accountDelete answers POST /account/delete.
func (s *Server) accountDelete(w http.ResponseWriter, r *http.Request) error {
	err := s.Accounts.Delete(r.Context(), signedIn(r))
	if refused(err) {
		return s.showDelete(w, r, err)
	}
	if err != nil {
		return err
	}
	s.Gate.ClearSession(w)
	s.setCookie(w, deviceCookie, "", -1)
	return s.done(w, r, "/sign-in", "good", "account_deleted")
}
