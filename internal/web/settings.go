package web

import (
	"net/http"
	"strings"
	"time"

	"github.com/roundel/roundel/internal/account"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/gate"
	"github.com/roundel/roundel/internal/org"
)

// disclosurePage asks what enters signed badges beyond the hashed address.
type disclosurePage struct {
	consolePage
	Tabs []tab
	Form org.Disclosure
}

// disclosureForm answers GET …/settings/disclosure.
func (s *Server) disclosureForm(w http.ResponseWriter, r *http.Request) error {
	return s.showDisclosure(w, r, gate.From(r.Context()).Organisation.Disclosure, nil)
}

func (s *Server) showDisclosure(w http.ResponseWriter, r *http.Request, d org.Disclosure, wrong error) error {
	p := &disclosurePage{consolePage: s.desk(r, areaSettings, s.texts(r).T("settings.tab.disclosure", nil)), Form: d}
	if p.Tabs = s.settingsTabs(r, p.Base, "disclosure"); wrong != nil {
		p.Problems = problemsOf(wrong)
	}
	return s.show(w, r, "console/disclosure.html", p)
}

// disclosureSave answers POST …/settings/disclosure.
func (s *Server) disclosureSave(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r, formLimit); err != nil {
		return err
	}
	o := gate.From(r.Context()).Organisation
	d := org.Disclosure{
		IncludeName: r.PostFormValue("include_name") == "yes", IncludeEvidence: r.PostFormValue("include_evidence") == "yes",
		LawfulBasis: r.PostFormValue("lawful_basis"),
	}
	err := s.Orgs.SetDisclosure(r.Context(), o.ID, d)
	if refused(err) {
		return s.showDisclosure(w, r, d, err)
	}
	if err != nil {
		return err
	}
	return s.done(w, r, "/console/"+o.Slug+"/settings/disclosure", "good", "disclosure_saved")
}

// identityPage tells how others know who signed.
type identityPage struct {
	consolePage
	Tabs     []tab
	Identity org.Identity
	Host     string
	Document string // address of the DID document, "" for trials
	Live     bool   // the installation has a public https address
}

// identity answers GET …/settings/identity.
func (s *Server) identity(w http.ResponseWriter, r *http.Request) error {
	p := &identityPage{consolePage: s.desk(r, areaSettings, s.texts(r).T("settings.tab.identity", nil)), Host: s.Orgs.Host(), Live: s.Orgs.Live()}
	p.Tabs = s.settingsTabs(r, p.Base, "identity")
	var err error
	if p.Identity, err = s.Orgs.CurrentIdentity(r.Context(), p.Org); err != nil {
		return err
	}
	if p.Identity.Live {
		p.Document = s.Orgs.URL(p.Org) + "/did.json"
	}
	return s.show(w, r, "console/identity.html", p)
}

// tokenListPage lists API tokens and makes new ones.
type tokenListPage struct {
	consolePage
	Tabs     []tab
	Tokens   []tokenRow
	Secret   string // of the token that was just made; shown this once
	Created  string // its name
	Name     string
	Scopes   []option
	Owner    string // public id of a program, "" for the person
	Owners   []option
	Program  string // name of a new one
	Expires  string
	Programs []programRow
	Soonest  string // the first day on which a new token may end
	API      string
}

// tokenRow is one token in the list.
type tokenRow struct {
	Name, Owner, Scopes    string
	Revoke                 string // address to end it at, "" when it has ended
	Created, Used, Expires time.Time
	Tag                    tag
}

// tokenList answers GET …/settings/tokens. It shows the secret of a token that
// was just made, once.
func (s *Server) tokenList(w http.ResponseWriter, r *http.Request) error {
	p := &tokenListPage{}
	if err := s.takeSecret(w, r, p); err != nil {
		return err
	}
	return s.showTokens(w, r, p, org.SetOf(account.IssuingScopes()))
}

func (s *Server) showTokens(w http.ResponseWriter, r *http.Request, p *tokenListPage, chosen org.Set) error {
	t := s.texts(r)
	wrong := p.Problems
	p.consolePage = s.desk(r, areaSettings, t.T("settings.tab.tokens", nil))
	p.Problems, p.Tabs, p.consolePage.Secret = wrong, s.settingsTabs(r, p.Base, "tokens"), p.Secret != ""
	p.Soonest, p.API = s.Now().UTC().AddDate(0, 0, 1).Format(dayForm), s.BaseURL+"/api/v1"
	owners, err := s.tokenOwners(r, p)
	if err != nil {
		return err
	}
	for _, scope := range org.TokenPermissions() {
		if p.can.Has(scope) {
			p.Scopes = append(p.Scopes, option{Value: string(scope), Label: permissionName(t, scope), Checked: chosen.Has(scope)})
		}
	}
	list, err := s.Accounts.Tokens(r.Context(), p.Org.ID)
	if err != nil {
		return err
	}
	for _, token := range list {
		row := tokenRow{Name: token.Name, Owner: owners(token), Scopes: strings.Join(permissionNames(t, org.SetOf(token.Scopes)), ", "), Created: token.CreatedAt, Used: token.LastUsedAt, Expires: token.ExpiresAt}
		switch {
		case !token.RevokedAt.IsZero():
			row.Tag = tag{Text: t.T("token.tag.revoked", nil)}
		case !token.ExpiresAt.IsZero() && !s.Now().Before(token.ExpiresAt):
			row.Tag = tag{Text: t.T("token.tag.expired", nil)}
		default:
			row.Tag, row.Revoke = tag{Kind: "good", Text: t.T("token.tag.active", nil)}, p.Base+"/settings/tokens/"+token.PublicID.String()+"/revoke"
		}
		p.Tokens = append(p.Tokens, row)
	}
	return s.show(w, r, "console/tokens.html", p)
}

// tokenCreate answers POST …/settings/tokens by leading to the list, which shows
// the secret this once: only its hash is kept. Loading that page again makes no
// second token.
func (s *Server) tokenCreate(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r, formLimit); err != nil {
		return err
	}
	c := gate.From(r.Context())
	p := &tokenListPage{Name: r.PostFormValue("name"), Expires: r.PostFormValue("expires"), Owner: r.PostFormValue("owner")}
	scopes := org.SetOf(r.PostForm["scopes"])
	var expires time.Time
	var wrong error
	if p.Expires != "" {
		expires, wrong = expiryDay(p.Expires)
	}
	if wrong == nil {
		wrong = org.CheckScopes(scopes, c.Permissions)
	}
	var program int64
	if wrong == nil {
		program, wrong = s.Orgs.ServiceAccountKey(r.Context(), c.Organisation.ID, parentOf(p.Owner))
	}
	var token *account.Token
	var secret string
	if wrong == nil {
		secret, token, wrong = s.Accounts.MakeToken(r.Context(), account.NewToken{OrganisationID: c.Organisation.ID, By: c.AccountID(),
			ServiceAccount: program, Name: p.Name, Scopes: scopes.Words(), Expires: expires})
	}
	if refused(wrong) {
		p.Problems = problemsOf(wrong)
		return s.showTokens(w, r, p, scopes)
	}
	if wrong != nil {
		return wrong
	}
	s.handSecret(w, r, token, secret)
	http.Redirect(w, r, r.URL.Path, http.StatusSeeOther)
	return nil
}

// expiryDay reads the day on which a token ends.
func expiryDay(text string) (time.Time, error) {
	day, err := time.Parse(dayForm, text)
	if err != nil {
		return day, fault.Fields(fault.Field{Path: "expires", Message: "Enter the day as year-month-day, for example 2030-12-31."})
	}
	return day, nil
}

// tokenRevoke answers POST …/settings/tokens/{token}/revoke.
func (s *Server) tokenRevoke(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "token")
	if err != nil {
		return err
	}
	o := gate.From(r.Context()).Organisation
	if err := s.Accounts.RevokeToken(r.Context(), o.ID, id); err != nil {
		return err
	}
	return s.done(w, r, "/console/"+o.Slug+"/settings/tokens", "good", "token_revoked")
}
