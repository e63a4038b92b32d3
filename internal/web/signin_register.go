package web

import (
	"net/http"

	"github.com/roundel/roundel/internal/account"
)

// registerPage asks for the address to mail a link to; and with the link, for
// name and password.
type registerPage struct {
	Page
	Email, Name string
	Invited     bool // only for people who were invited
	Mails       bool
	MinPassword int
}

func (s *Server) registerPage(r *http.Request) *registerPage {
	p := &registerPage{Invited: s.Accounts.Registration != account.RegisterOpen, Mails: s.Mails, MinPassword: account.MinPassword}
	p.Title, p.NoIndex = s.texts(r).T("register.title", nil), true
	return p
}

// registerAskForm answers GET /register.
func (s *Server) registerAskForm(w http.ResponseWriter, r *http.Request) error {
	if !s.Accounts.MayRegister() {
		return s.nothingHere(w, r)
	}
	return s.show(w, r, "sheet/register-ask.html", s.registerPage(r))
}

// registerAsk answers POST /register: the same for every address.
func (s *Server) registerAsk(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r, formLimit); err != nil {
		return err
	}
	email := r.PostFormValue("email")
	err := s.Accounts.AskRegister(r.Context(), email)
	if refused(err) {
		p := s.registerPage(r)
		p.Email, p.Problems = email, problemsOf(err)
		return s.show(w, r, "sheet/register-ask.html", p)
	}
	if err != nil {
		return err
	}
	return s.askedPage(w, r, "register")
}

// askedPage says that a mail is on its way, if it is: the same words for every
// address, which is not repeated.
type askedPage struct {
	Page
	Kind  string // register or reset
	Mails bool
}

func (s *Server) askedPage(w http.ResponseWriter, r *http.Request, kind string) error {
	p := &askedPage{Kind: kind, Mails: s.Mails}
	p.Title, p.NoIndex = s.texts(r).T("asked.title", nil), true
	return s.show(w, r, "sheet/asked.html", p)
}

// registerForm answers GET /register/{secret}. It changes nothing.
func (s *Server) registerForm(w http.ResponseWriter, r *http.Request) error {
	return s.showRegister(w, r, s.registerPage(r))
}

func (s *Server) showRegister(w http.ResponseWriter, r *http.Request, p *registerPage) (err error) {
	if p.Email, err = s.Accounts.CheckRegisterLink(r.Context(), r.PathValue("secret")); err != nil {
		return err
	}
	p.Secret = true
	return s.show(w, r, "sheet/register.html", p)
}

// register answers POST /register/{secret}: it makes the account.
func (s *Server) register(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r, formLimit); err != nil {
		return err
	}
	p := s.registerPage(r)
	p.Name = r.PostFormValue("name")
	way, err := s.Accounts.Register(r.Context(), r.PathValue("secret"), p.Name, r.PostFormValue("password"), r.UserAgent())
	if refused(err) {
		p.Problems = problemsOf(err)
		return s.showRegister(w, r, p)
	}
	if err != nil {
		return err
	}
	return s.letIn(w, r, way, "")
}
