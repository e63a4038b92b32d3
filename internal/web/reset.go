package web

import (
	"net/http"

	"github.com/roundel/roundel/internal/account"
)

// forgottenPage asks for the address to mail a reset link to.
type forgottenPage struct {
	Page
	Email string
	Mails bool
}

// forgottenForm answers GET /forgotten.
func (s *Server) forgottenForm(w http.ResponseWriter, r *http.Request) error {
	return s.showForgotten(w, r, &forgottenPage{Email: r.URL.Query().Get("email")})
}

func (s *Server) showForgotten(w http.ResponseWriter, r *http.Request, p *forgottenPage) error {
	p.Title, p.NoIndex, p.Mails = s.texts(r).T("forgotten.title", nil), true, s.Mails
	return s.show(w, r, "sheet/forgotten.html", p)
}

// forgotten answers POST /forgotten: the same for every address.
func (s *Server) forgotten(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r, formLimit); err != nil {
		return err
	}
	p := &forgottenPage{Email: r.PostFormValue("email")}
	err := s.Accounts.AskReset(r.Context(), p.Email)
	if refused(err) {
		p.Problems = problemsOf(err)
		return s.showForgotten(w, r, p)
	}
	if err != nil {
		return err
	}
	return s.askedPage(w, r, "reset")
}

// resetPage asks for a new password. Its address holds the secret of the
// reset link.
type resetPage struct {
	Page
	MinPassword int
}

// resetForm answers GET /reset/{secret}. It changes nothing.
func (s *Server) resetForm(w http.ResponseWriter, r *http.Request) error {
	if err := s.Accounts.CheckResetLink(r.Context(), r.PathValue("secret")); err != nil {
		return err
	}
	return s.showReset(w, r, &resetPage{})
}

func (s *Server) showReset(w http.ResponseWriter, r *http.Request, p *resetPage) error {
	p.Title, p.Secret, p.MinPassword = s.texts(r).T("reset.title", nil), true, account.MinPassword
	return s.show(w, r, "sheet/reset.html", p)
}

// reset answers POST /reset/{secret}: it sets the new password.
func (s *Server) reset(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r, formLimit); err != nil {
		return err
	}
	err := s.Accounts.ResetPassword(r.Context(), r.PathValue("secret"), r.PostFormValue("password"))
	if refused(err) {
		p := &resetPage{}
		p.Problems = problemsOf(err)
		return s.showReset(w, r, p)
	}
	if err != nil {
		return err
	}
	return s.done(w, r, "/sign-in", "good", "password_set")
}
