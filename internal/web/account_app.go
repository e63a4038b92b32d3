package web

import (
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"strings"

	"rsc.io/qr"
)

// appPage sets an authenticator app up.
type appPage struct {
	accountPage
	QR     template.URL // a picture as a data: address
	Secret string       // in groups of four, to be typed
	Link   template.URL // opens an app on this device
}

// appForm answers GET /account/app.
func (s *Server) appForm(w http.ResponseWriter, r *http.Request) error {
	return s.showApp(w, r, nil)
}

func (s *Server) showApp(w http.ResponseWriter, r *http.Request, wrong error) error {
	x, err := s.Accounts.BeginTOTP(r.Context(), signedIn(r))
	if refused(err) {
		return s.showSecurity(w, r, err)
	}
	if err != nil {
		return err
	}
	p := &appPage{accountPage: s.ownAccount(r, accountSecurity, "app.title"), Link: template.URL(x.URL)}
	if p.Page.Secret = true; wrong != nil {
		p.Problems = problemsOf(wrong)
	}
	code, err := qr.Encode(x.URL, qr.M)
	if err != nil {
		return fmt.Errorf("QR code of an authenticator app: %w", err)
	}
	p.QR = template.URL("data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString(drawQR(code)))
	p.Secret = inFours(x.Secret)
	return s.show(w, r, "console/account-app.html", p)
}

func inFours(text string) string {
	var b strings.Builder
	for i, c := range text {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(c)
	}
	return b.String()
}

// recoveryPage shows new recovery codes, this once.
type recoveryPage struct {
	accountPage
	Codes []string
	Text  string // the same, one a line
	New   bool   // the app was switched on just now
}

// appConfirm answers POST /account/app with the recovery codes: they are not
// kept, so they cannot wait behind a redirect.
func (s *Server) appConfirm(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r, formLimit); err != nil {
		return err
	}
	codes, err := s.Accounts.ConfirmTOTP(r.Context(), signedIn(r), r.PostFormValue("code"))
	if refused(err) {
		return s.showApp(w, r, err)
	}
	if err != nil {
		return err
	}
	return s.showRecovery(w, r, codes, true)
}

// recoveryNew answers POST /account/recovery.
func (s *Server) recoveryNew(w http.ResponseWriter, r *http.Request) error {
	codes, err := s.Accounts.NewRecoveryCodes(r.Context(), signedIn(r))
	if refused(err) {
		return s.showSecurity(w, r, err)
	}
	if err != nil {
		return err
	}
	return s.showRecovery(w, r, codes, false)
}

func (s *Server) showRecovery(w http.ResponseWriter, r *http.Request, codes []string, fresh bool) error {
	p := &recoveryPage{accountPage: s.ownAccount(r, accountSecurity, "recovery.title"), Codes: codes, Text: strings.Join(codes, "\n"), New: fresh}
	p.Secret = true
	return s.show(w, r, "console/account-recovery.html", p)
}

// appRemove answers POST /account/app/remove.
func (s *Server) appRemove(w http.ResponseWriter, r *http.Request) error {
	return s.securityDeed(w, r, "app_removed", s.Accounts.RemoveTOTP(r.Context(), signedIn(r)))
}
