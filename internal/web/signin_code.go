package web

import (
	"net/http"
	"net/url"

	"github.com/roundel/roundel/internal/account"
)

// codePage asks for the address that a code is mailed to, or for the code.
type codePage struct {
	Page
	Email, Code, Next string
	Minutes           int
	Mails             bool
}

// codeForm answers GET /sign-in/code.
func (s *Server) codeForm(w http.ResponseWriter, r *http.Request) error {
	return s.showCode(w, r, &codePage{Next: r.URL.Query().Get("next"), Email: r.URL.Query().Get("email")}, "sheet/code-ask.html")
}

func (s *Server) showCode(w http.ResponseWriter, r *http.Request, p *codePage, page string) error {
	p.Title, p.NoIndex = s.texts(r).T("signin.code.title", nil), true
	p.Minutes, p.Mails = int(account.CodeLife.Minutes()), s.Mails
	return s.show(w, r, page, p)
}

// codeAsk answers POST /sign-in/code: the same for every address.
func (s *Server) codeAsk(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r, formLimit); err != nil {
		return err
	}
	p := &codePage{Email: r.PostFormValue("email"), Next: r.PostFormValue("next")}
	browser, err := s.Accounts.AskCode(r.Context(), p.Email)
	if refused(err) {
		p.Problems = problemsOf(err)
		return s.showCode(w, r, p, "sheet/code-ask.html")
	}
	if err != nil {
		return err
	}
	s.setCookie(w, codeCookie, browser, int(account.CodeLife.Seconds()))
	to := "/sign-in/code/enter"
	if p.Next != "" {
		to += "?next=" + url.QueryEscape(p.Next)
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// codeEnterForm answers GET /sign-in/code/enter, to which the mail's link leads
// too. It changes nothing.
func (s *Server) codeEnterForm(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	p := &codePage{Code: q.Get("code"), Next: q.Get("next")}
	p.Secret = p.Code != ""
	return s.showCode(w, r, p, "sheet/code-enter.html")
}

// codeEnter answers POST /sign-in/code/enter.
func (s *Server) codeEnter(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r, formLimit); err != nil {
		return err
	}
	p := &codePage{Next: r.PostFormValue("next")}
	way, err := s.Accounts.EnterCode(r.Context(), s.cookieValue(r, codeCookie), r.PostFormValue("code"), r.UserAgent())
	if refused(err) {
		p.Problems = problemsOf(err)
		return s.showCode(w, r, p, "sheet/code-enter.html")
	}
	if err != nil {
		return err
	}
	return s.letIn(w, r, way, p.Next)
}
