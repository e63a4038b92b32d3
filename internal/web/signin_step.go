package web

import (
	"net/http"

	"github.com/roundel/roundel/internal/fault"
)

// stepPage asks for the second factor.
type stepPage struct {
	Page
	Next string
}

// stepForm answers GET /sign-in/second.
func (s *Server) stepForm(w http.ResponseWriter, r *http.Request) error {
	if err := s.Accounts.CheckStep(r.Context(), s.cookieValue(r, stepCookie)); err != nil {
		return s.beginAgain(w, r, err)
	}
	return s.showStep(w, r, &stepPage{Next: r.URL.Query().Get("next")})
}

func (s *Server) showStep(w http.ResponseWriter, r *http.Request, p *stepPage) error {
	p.Title, p.NoIndex = s.texts(r).T("signin.second.title", nil), true
	return s.show(w, r, "sheet/signin-second.html", p)
}

// step answers POST /sign-in/second.
func (s *Server) step(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r, formLimit); err != nil {
		return err
	}
	p := &stepPage{Next: r.PostFormValue("next")}
	way, err := s.Accounts.FinishStep(r.Context(), s.cookieValue(r, stepCookie), r.PostFormValue("code"), r.UserAgent())
	if refused(err) {
		p.Problems = problemsOf(err)
		return s.showStep(w, r, p)
	}
	if err != nil {
		return s.beginAgain(w, r, err)
	}
	return s.letIn(w, r, way, p.Next)
}

// beginAgain leads to the beginning when a step is over.
func (s *Server) beginAgain(w http.ResponseWriter, r *http.Request, err error) error {
	if fault.KindOf(err) != fault.NotFound {
		return err
	}
	return s.done(w, r, "/sign-in", "wait", "signin_again")
}
