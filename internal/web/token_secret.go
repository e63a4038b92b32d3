package web

import (
	"net/http"
	"regexp"
	"strings"

	"github.com/roundel/roundel/internal/account"
	"github.com/roundel/roundel/internal/gate"
)

// secretCookie carries a new token's secret from the form to the list, for a
// minute at most. It goes back to that one address only, and no script sees it.
const secretCookie = "roundel-token"

var secretForm = regexp.MustCompile(`^([a-z2-7]{26})\.(` + account.TokenPrefix + `[A-Za-z0-9_-]{20,100})$`)

func (s *Server) secretCookie(r *http.Request, value string, age int) *http.Cookie {
	return &http.Cookie{Name: secretCookie, Value: value, Path: r.URL.Path, HttpOnly: true, Secure: s.Gate.Secure, SameSite: http.SameSiteStrictMode, MaxAge: age}
}

// handSecret gives the browser the secret that the next page shows.
func (s *Server) handSecret(w http.ResponseWriter, r *http.Request, t *account.Token, secret string) {
	http.SetCookie(w, s.secretCookie(r, t.PublicID.String()+"."+secret, 60))
	w.Header().Set("Cache-Control", "no-store")
}

// takeSecret takes the secret back from the browser and puts it on the page, if
// it belongs to a token of the organisation.
func (s *Server) takeSecret(w http.ResponseWriter, r *http.Request, p *tokenListPage) error {
	c, err := r.Cookie(secretCookie)
	if err != nil || r.Method != http.MethodGet {
		return nil // there is none: nothing was made just now
	}
	http.SetCookie(w, s.secretCookie(r, "", -1))
	m := secretForm.FindStringSubmatch(strings.TrimSpace(c.Value))
	if m == nil {
		return nil
	}
	list, err := s.Accounts.Tokens(r.Context(), gate.From(r.Context()).Organisation.ID)
	if err != nil {
		return err
	}
	for _, t := range list {
		if t.PublicID.String() == m[1] {
			p.Secret, p.Created = m[2], t.Name
		}
	}
	return nil
}
