package web

import (
	"net/http"

	"github.com/roundel/roundel/internal/account"
	"github.com/roundel/roundel/internal/gate"
)

// signInPage asks who is there.
type signInPage struct {
	Page
	Email, Next string
}

// signInForm answers GET /sign-in.
func (s *Server) signInForm(w http.ResponseWriter, r *http.Request) error {
	next := r.URL.Query().Get("next")
	if gate.From(r.Context()).Account != nil {
		http.Redirect(w, r, localPath(next), http.StatusSeeOther)
		return nil
	}
	return s.showSignIn(w, r, &signInPage{Next: next})
}

func (s *Server) showSignIn(w http.ResponseWriter, r *http.Request, p *signInPage) error {
	p.Title, p.NoIndex = s.texts(r).T("signin.title", nil), true
	return s.show(w, r, "sheet/signin.html", p)
}

// signIn answers POST /sign-in.
func (s *Server) signIn(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r, formLimit); err != nil {
		return err
	}
	p := &signInPage{Email: r.PostFormValue("email"), Next: r.PostFormValue("next")}
	way, err := s.Accounts.SignIn(r.Context(), account.Attempt{Email: p.Email, Password: r.PostFormValue("password"), UserAgent: r.UserAgent()})
	if refused(err) {
		p.Problems = problemsOf(err)
		return s.showSignIn(w, r, p)
	}
	if err != nil {
		return err
	}
	s.Gate.SetSession(w, way.Session)
	http.Redirect(w, r, localPath(p.Next), http.StatusSeeOther)
	return nil
}

// signOut answers POST /sign-out.
func (s *Server) signOut(w http.ResponseWriter, r *http.Request) error {
	if err := s.Accounts.SignOut(r.Context(), gate.From(r.Context()).Session); err != nil {
		return err
	}
	s.Gate.ClearSession(w)
	return s.done(w, r, "/sign-in", "good", "signed_out")
}
