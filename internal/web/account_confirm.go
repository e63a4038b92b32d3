package web

import (
	"net/http"
	"net/url"

	"github.com/roundel/roundel/internal/account"
)

// confirmPage asks somebody who is signed in to show once more who they are.
type confirmPage struct {
	Page
	Next     string
	Password bool // the account has one; otherwise a code is mailed
	App      bool // and an authenticator app
	Passkeys bool
	Asked    bool // a code was mailed
	Email    string
	Minutes  int
	Vouched  bool // the session rests on the word of an organisation's provider
}

// confirmForm answers GET /account/confirm.
func (s *Server) confirmForm(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	return s.showConfirm(w, r, &confirmPage{Next: q.Get("next"), Asked: q.Get("asked") != ""}, nil)
}

func (s *Server) showConfirm(w http.ResponseWriter, r *http.Request, p *confirmPage, wrong error) error {
	f, err := s.Accounts.Factors(r.Context(), signedIn(r).ID)
	if err != nil {
		return err
	}
	p.Title, p.NoIndex = s.texts(r).T("confirm.title", nil), true
	p.Password, p.App, p.Passkeys = f.Password, f.TOTP, len(f.Passkeys) > 0 && s.Accounts.MayUsePasskeys()
	p.Email, p.Minutes = signedIn(r).Email, int(account.ProofLife.Minutes())
	p.Vouched = signedIn(r).VouchedBy != 0
	if wrong != nil {
		p.Problems = problemsOf(wrong)
	}
	return s.show(w, r, "sheet/confirm.html", p)
}

// confirm answers POST /account/confirm.
func (s *Server) confirm(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r, formLimit); err != nil {
		return err
	}
	p := &confirmPage{Next: r.PostFormValue("next"), Asked: r.PostFormValue("mailed") != ""}
	err := s.Accounts.Prove(r.Context(), signedIn(r), account.Evidence{
		Password: r.PostFormValue("password"), Browser: s.cookieValue(r, codeCookie), MailedCode: r.PostFormValue("mailed"), Code: r.PostFormValue("code"),
	})
	return s.confirmed(w, r, p, err)
}

// confirmPasskey answers POST /account/confirm/passkey.
func (s *Server) confirmPasskey(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r, formLimit); err != nil {
		return err
	}
	err := s.Accounts.ProveByPasskey(r.Context(), signedIn(r), r.PostFormValue("ceremony"), []byte(r.PostFormValue("response")))
	return s.confirmed(w, r, &confirmPage{Next: r.PostFormValue("next")}, err)
}

func (s *Server) confirmed(w http.ResponseWriter, r *http.Request, p *confirmPage, err error) error {
	if refused(err) {
		return s.showConfirm(w, r, p, err)
	}
	if err != nil {
		return err
	}
	return s.done(w, r, localPath(p.Next), "good", "confirmed")
}

// confirmCode answers POST /account/confirm/code: it mails a code to somebody
// who has no password.
func (s *Server) confirmCode(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r, formLimit); err != nil {
		return err
	}
	browser, err := s.Accounts.AskCode(r.Context(), signedIn(r).Email)
	if err != nil {
		return err
	}
	s.setCookie(w, codeCookie, browser, int(account.CodeLife.Seconds()))
	http.Redirect(w, r, "/account/confirm?asked=yes&next="+url.QueryEscape(r.PostFormValue("next")), http.StatusSeeOther)
	return nil
}
