package web

import (
	"net/http"
	"net/url"

	"github.com/roundel/roundel/internal/account"
	"github.com/roundel/roundel/internal/gate"
)

// signInPage asks who is there.
type signInPage struct {
	Page
	Email, Next string
	Passkeys    bool  // browsers offer them at this address
	Register    bool  // there is a page to make an account
	Ways        []way // other services to sign in by
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
	p.Passkeys, p.Register = s.Accounts.MayUsePasskeys(), s.Accounts.MayRegister()
	var err error
	if p.Ways, err = s.ways(r, 0, p.Next); err != nil {
		return err
	}
	return s.show(w, r, "sheet/signin.html", p)
}

// signIn answers POST /sign-in.
func (s *Server) signIn(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r, formLimit); err != nil {
		return err
	}
	p := &signInPage{Email: r.PostFormValue("email"), Next: r.PostFormValue("next")}
	way, err := s.Accounts.SignIn(r.Context(), account.Attempt{
		Email: p.Email, Password: r.PostFormValue("password"), UserAgent: r.UserAgent(), Device: s.cookieValue(r, deviceCookie),
	})
	if refused(err) {
		p.Problems = problemsOf(err)
		return s.showSignIn(w, r, p)
	}
	if err != nil {
		return err
	}
	return s.letIn(w, r, way, p.Next)
}

// letIn takes somebody on who has shown who they are: to where they wanted to
// go, or to the second factor first. A session that the browser had ends, so
// that nobody goes on under a token from before.
func (s *Server) letIn(w http.ResponseWriter, r *http.Request, way *account.Way, next string) error {
	if way.Session == "" {
		s.setCookie(w, stepCookie, way.Step, 600)
		to := "/sign-in/second"
		if next != "" {
			to += "?next=" + url.QueryEscape(next)
		}
		http.Redirect(w, r, to, http.StatusSeeOther)
		return nil
	}
	if old := gate.From(r.Context()).Session; old != "" {
		if err := s.Accounts.SignOut(r.Context(), old); err != nil {
			return err
		}
	}
	s.setCookie(w, stepCookie, "", -1)
	s.setCookie(w, codeCookie, "", -1)
	s.setCookie(w, deviceCookie, way.Device, int(account.DeviceLife.Seconds()))
	s.Gate.SetSession(w, way.Session)
	http.Redirect(w, r, localPath(next), http.StatusSeeOther)
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

// What the browser keeps on the way in, besides its session.
const (
	stepCookie   = "roundel-step"   // a sign-in that owes a second factor
	codeCookie   = "roundel-code"   // a code that was asked for in this browser
	deviceCookie = "roundel-device" // somebody signed in here before; opens nothing
)

// setCookie gives the browser a secret that no script and no other site gets.
func (s *Server) setCookie(w http.ResponseWriter, name, value string, age int) {
	http.SetCookie(w, &http.Cookie{Name: s.cookieOf(name), Value: value, Path: "/", HttpOnly: true, Secure: s.Gate.Secure,
		SameSite: http.SameSiteLaxMode, MaxAge: age})
}

func (s *Server) cookieValue(r *http.Request, name string) string {
	c, err := r.Cookie(s.cookieOf(name))
	if err != nil {
		return ""
	}
	return c.Value
}

// cookieOf binds a cookie to the exact host where that is possible.
func (s *Server) cookieOf(name string) string {
	if s.Gate.Secure {
		return "__Host-" + name
	}
	return name
}
