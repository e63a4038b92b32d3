package web

import (
	"net/http"
)

// passkeyPage makes a passkey.
type passkeyPage struct {
	accountPage
	Name string
}

// passkeyForm answers GET /account/passkeys/new.
func (s *Server) passkeyForm(w http.ResponseWriter, r *http.Request) error {
	if err := s.Accounts.NeedProof(signedIn(r)); err != nil {
		return err
	}
	return s.showPasskey(w, r, deviceName(r.UserAgent()), nil)
}

func (s *Server) showPasskey(w http.ResponseWriter, r *http.Request, name string, wrong error) error {
	p := &passkeyPage{accountPage: s.ownAccount(r, accountSecurity, "passkey.new.title"), Name: name}
	if wrong != nil {
		p.Problems = problemsOf(wrong)
	}
	return s.show(w, r, "console/account-passkey.html", p)
}

// passkeyNewOptions answers POST /account/passkeys/options with what the
// browser's script makes a passkey from.
func (s *Server) passkeyNewOptions(w http.ResponseWriter, r *http.Request) error {
	c, err := s.Accounts.BeginPasskey(r.Context(), signedIn(r))
	if err != nil {
		return err
	}
	return sendCeremony(w, c)
}

// passkeyCreate answers POST /account/passkeys/new with what the browser made.
func (s *Server) passkeyCreate(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r, formLimit); err != nil {
		return err
	}
	name := r.PostFormValue("name")
	err := s.Accounts.FinishPasskey(r.Context(), signedIn(r), r.PostFormValue("ceremony"), name, []byte(r.PostFormValue("response")))
	if refused(err) {
		return s.showPasskey(w, r, name, err)
	}
	if err != nil {
		return err
	}
	return s.done(w, r, "/account/security", "good", "passkey_added")
}

// passkeyRename answers POST /account/passkeys/{passkey}/name.
func (s *Server) passkeyRename(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r, formLimit); err != nil {
		return err
	}
	id, err := pathID(r, "passkey")
	if err == nil {
		err = s.Accounts.RenamePasskey(r.Context(), signedIn(r), id, r.PostFormValue("name"))
	}
	return s.securityDeed(w, r, "passkey_renamed", err)
}

// passkeyRemove answers POST /account/passkeys/{passkey}/remove.
func (s *Server) passkeyRemove(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "passkey")
	if err == nil {
		err = s.Accounts.RemovePasskey(r.Context(), signedIn(r), id)
	}
	return s.securityDeed(w, r, "passkey_removed", err)
}
