package web

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/roundel/roundel/internal/account"
	"github.com/roundel/roundel/internal/gate"
)

// accountPage is what the pages about a person's own account share; each
// page's struct embeds it.
type accountPage struct {
	Page
	Account *account.Account
}

// The areas of the account, as its side navigation names them.
const (
	accountYou      = "you"
	accountSecurity = "security"
	accountSessions = "sessions"
)

// ownAccount returns what the account's pages have in common.
func (s *Server) ownAccount(r *http.Request, area, title string) accountPage {
	t := s.texts(r)
	p := accountPage{Account: gate.From(r.Context()).Account}
	p.Title, p.NoIndex = t.T(title, nil), true
	for _, i := range []struct{ name, path, icon string }{
		{accountYou, "/account", "user"}, {accountSecurity, "/account/security", "shield-check"}, {accountSessions, "/account/sessions", "globe"},
	} {
		p.Nav.Items = append(p.Nav.Items, navItem{URL: i.path, Label: t.T("account.nav."+i.name, nil), Icon: i.icon, Current: i.name == area})
	}
	p.Nav.Items = append(p.Nav.Items, navItem{URL: "/console", Label: t.T("account.nav.console", nil), Icon: "arrow-left"})
	return p
}

// signedIn returns the session of the person who is asking; the gate has made
// sure that there is one.
func signedIn(r *http.Request) *account.Session { return gate.From(r.Context()).SignedIn }

// askProof leads to the page on which somebody shows once more who they are,
// and from there back to the page they came from.
func (s *Server) askProof(w http.ResponseWriter, r *http.Request) {
	next := r.URL.RequestURI()
	if r.Method != http.MethodGet {
		next = "/account/security"
		if from, err := url.Parse(r.Referer()); err == nil && strings.HasPrefix(from.Path, "/account") && !strings.HasPrefix(from.Path, "/account/confirm") {
			next = from.Path
		}
	}
	http.Redirect(w, r, "/account/confirm?next="+url.QueryEscape(next), http.StatusSeeOther)
}
