package web

import (
	"net/http"

	"github.com/roundel/roundel/internal/account"
)

// setUpPage asks the first person for name, address and password. Its address
// holds the secret of the set-up link.
type setUpPage struct {
	Page
	Name, Email string
	MinPassword int
}

// setUpForm answers GET /set-up/{secret}. It changes nothing.
func (s *Server) setUpForm(w http.ResponseWriter, r *http.Request) error {
	if err := s.Accounts.CheckSetUpLink(r.Context(), r.PathValue("secret")); err != nil {
		return err
	}
	return s.showSetUp(w, r, &setUpPage{})
}

func (s *Server) showSetUp(w http.ResponseWriter, r *http.Request, p *setUpPage) error {
	p.Title, p.Secret, p.MinPassword = s.texts(r).T("setup.title", nil), true, account.MinPassword
	return s.show(w, r, "sheet/setup.html", p)
}

// setUp answers POST /set-up/{secret}: it makes the first account and signs
// its owner in.
func (s *Server) setUp(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r, formLimit); err != nil {
		return err
	}
	p := &setUpPage{Name: r.PostFormValue("name"), Email: r.PostFormValue("email")}
	a, err := s.Accounts.SetUp(r.Context(), r.PathValue("secret"),
		account.NewPerson{Name: p.Name, Email: p.Email, Password: r.PostFormValue("password")})
	if refused(err) {
		p.Problems = problemsOf(err)
		return s.showSetUp(w, r, p)
	}
	if err != nil {
		return err
	}
	secret, err := s.Accounts.StartSession(r.Context(), a.ID, account.Proof{Method: account.ByPassword, UserAgent: r.UserAgent()})
	if err != nil {
		return err
	}
	s.Gate.SetSession(w, secret)
	return s.done(w, r, "/console/new", "good", "welcome")
}
