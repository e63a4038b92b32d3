package web

import (
	"encoding/json"
	"net/http"

	"github.com/roundel/roundel/internal/account"
)

// passkeyOptions answers POST /sign-in/passkey/options with what the browser's
// script asks the passkey.
func (s *Server) passkeyOptions(w http.ResponseWriter, r *http.Request) error {
	c, err := s.Accounts.BeginPasskeySignIn(r.Context())
	if err != nil {
		return err
	}
	return sendCeremony(w, c)
}

func sendCeremony(w http.ResponseWriter, c *account.Ceremony) error {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	return json.NewEncoder(w).Encode(c)
}

// passkeySignIn answers POST /sign-in/passkey with what the passkey said.
func (s *Server) passkeySignIn(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r, formLimit); err != nil {
		return err
	}
	way, err := s.Accounts.PasskeySignIn(r.Context(), r.PostFormValue("ceremony"), []byte(r.PostFormValue("response")), r.UserAgent())
	if refused(err) {
		p := &signInPage{Next: r.PostFormValue("next")}
		p.Problems = problemsOf(err)
		return s.showSignIn(w, r, p)
	}
	if err != nil {
		return err
	}
	return s.letIn(w, r, way, r.PostFormValue("next"))
}
