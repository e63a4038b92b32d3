package web

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/roundel/roundel/internal/gate"
	"github.com/roundel/roundel/internal/signin"
)

// providerPage is what the pages about providers have in common: those of an
// organisation's settings, and those of the operator.
type providerPage struct {
	Page
	Tabs           []tab
	Base           string // address of the list
	Organisational bool
	own            int64 // key of the organisation, 0 for the installation
}

func (s *Server) providerDesk(r *http.Request) (p providerPage, err error) {
	t := s.texts(r)
	if o := gate.From(r.Context()).Organisation; o != nil {
		c := s.desk(r, areaSettings, t.T("settings.tab.sign-in", nil))
		return providerPage{Page: c.Page, Tabs: s.settingsTabs(r, c.Base, "sign-in"), Base: c.Base + "/settings/sign-in", Organisational: true, own: o.ID}, nil
	}
	d, err := s.operatorDesk(r, t.T("provider.title", nil))
	return providerPage{Page: d.Page, Base: "/operator/sign-in"}, err
}

// providerListPage lists the providers.
type providerListPage struct {
	providerPage
	Rows         []providerRow
	Address      string // where people of an organisation sign in
	Domains      []string
	Affiliations []option
	AbsentDays   string
	Second       bool // members need a second factor
	Refused      bool // the switch for that was
}

// providerRow is one provider in the list.
type providerRow struct {
	URL, Name, Kind, Issuer, Problem string
	Tag                              tag
}

// providerList answers GET …/sign-in.
func (s *Server) providerList(w http.ResponseWriter, r *http.Request) error {
	p := &providerListPage{}
	c, err := s.SignIn.Policy(r.Context(), organisationKey(r))
	if err != nil {
		return err
	}
	p.keep(c)
	return s.showProviders(w, r, p, c.Affiliations)
}

func organisationKey(r *http.Request) int64 {
	if o := gate.From(r.Context()).Organisation; o != nil {
		return o.ID
	}
	return 0
}

func (s *Server) showProviders(w http.ResponseWriter, r *http.Request, p *providerListPage, asked []string) error {
	t, wrong := s.texts(r), p.Problems
	var err error
	if p.providerPage, err = s.providerDesk(r); err != nil {
		return err
	}
	p.Problems = wrong
	list, err := s.SignIn.Providers(r.Context(), p.own)
	if err != nil {
		return err
	}
	for _, x := range list {
		row := providerRow{URL: p.Base + "/" + x.PublicID.String(), Name: x.Name, Kind: t.T("provider.kind."+x.Kind, nil), Issuer: x.Issuer, Problem: x.Problem,
			Tag: tag{Text: t.T("provider.off", nil)}}
		if x.Kind == signin.SAML {
			row.Issuer = x.MetadataURL
		}
		if x.Enabled {
			row.Tag = tag{Kind: "good", Text: t.T("provider.on", nil)}
		}
		p.Rows = append(p.Rows, row)
	}
	if p.Organisational {
		p.Second = gate.From(r.Context()).Organisation.SecondFactor
		p.Address = s.BaseURL + "/sign-in/o/" + gate.From(r.Context()).Organisation.Slug
		if p.Domains, err = s.provenDomains(r, p.own); err != nil {
			return err
		}
		for _, a := range signin.Affiliations() {
			p.Affiliations = append(p.Affiliations, option{Value: a, Label: a, Checked: contains(asked, a)})
		}
	}
	return s.show(w, r, "console/providers.html", p)
}

func contains(list []string, word string) bool {
	for _, x := range list {
		if x == word {
			return true
		}
	}
	return false
}

func (s *Server) provenDomains(r *http.Request, id int64) (names []string, err error) {
	list, err := s.Orgs.Domains(r.Context(), id)
	for _, d := range list {
		if d.Proven() {
			names = append(names, d.Name)
		}
	}
	return names, err
}

// signInPolicy answers POST …/sign-in/policy.
func (s *Server) signInPolicy(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r, formLimit); err != nil {
		return err
	}
	p := &providerListPage{AbsentDays: strings.TrimSpace(r.PostFormValue("absent_days"))}
	c := signin.Policy{Affiliations: r.PostForm["affiliations"]}
	if p.AbsentDays != "" {
		n, err := strconv.ParseInt(p.AbsentDays, 10, 64)
		if c.AbsentDays = n; err != nil || n < 1 {
			c.AbsentDays = -1 // the feature says what is wrong
		}
	}
	err := s.SignIn.SetPolicy(r.Context(), organisationKey(r), c)
	if refused(err) {
		p.Problems = problemsOf(err)
		return s.showProviders(w, r, p, c.Affiliations)
	}
	if err != nil {
		return err
	}
	return s.done(w, r, "/console/"+gate.From(r.Context()).Organisation.Slug+"/settings/sign-in", "good", "signin_policy_saved")
}

// signInSecond answers POST …/sign-in/second-factor.
func (s *Server) signInSecond(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r, formLimit); err != nil {
		return err
	}
	c := gate.From(r.Context())
	required := r.PostFormValue("required") == "yes"
	err := s.Orgs.SetSecondFactor(r.Context(), c.Organisation.ID, c.SignedIn, required)
	if refused(err) {
		p := &providerListPage{Refused: true}
		p.Problems = problemsOf(err)
		policy, err := s.SignIn.Policy(r.Context(), c.Organisation.ID)
		if err != nil {
			return err
		}
		p.keep(policy)
		return s.showProviders(w, r, p, policy.Affiliations)
	}
	if err != nil {
		return err
	}
	code := "second_optional"
	if required {
		code = "second_required"
	}
	return s.done(w, r, "/console/"+c.Organisation.Slug+"/settings/sign-in", "good", code)
}

// keep shows the policy in force.
func (p *providerListPage) keep(c signin.Policy) {
	if c.AbsentDays > 0 {
		p.AbsentDays = strconv.FormatInt(c.AbsentDays, 10)
	}
}

// providerFormPage makes or changes one provider.
type providerFormPage struct {
	providerPage
	New                    bool
	Kind, KindName, Action string
	Form                   signin.Settings
	Scopes, Second, Names  string // as entered: separated by spaces, and lines
	HasSecret              bool
	Back                   string // the address to enter at the provider
	EntityID, ACS          string // of SAML
	Roles                  []option
	Domains                []string // that the organisation has proven
	Refreshed, Until       time.Time
	Problem                string
	Houses                 int64
}

// providerNew answers GET …/sign-in/new.
func (s *Server) providerNew(w http.ResponseWriter, r *http.Request) error {
	p := &providerFormPage{New: true, Kind: signin.OIDC, Form: signin.Settings{Newcomers: true}}
	if r.URL.Query().Get("kind") == signin.SAML {
		p.Kind = signin.SAML
	}
	return s.showProviderForm(w, r, p)
}

// showProviderForm shows the form with what was entered.
func (s *Server) showProviderForm(w http.ResponseWriter, r *http.Request, p *providerFormPage) error {
	t, wrong := s.texts(r), p.Problems
	var err error
	if p.providerPage, err = s.providerDesk(r); err != nil {
		return err
	}
	p.Problems, p.KindName = wrong, t.T("provider.kind."+p.Kind, nil)
	p.Title = t.T("provider.new."+p.Kind, nil)
	if !p.New {
		p.Title = p.Form.Name
	}
	if p.Action == "" {
		p.Action = p.Base + "/new?kind=" + p.Kind
	}
	p.Scopes, p.Second, p.Names = strings.Join(p.Form.Scopes, " "), strings.Join(p.Form.SecondFactor, "\n"), strings.Join(p.Form.Domains, "\n")
	if p.Organisational {
		if p.Domains, err = s.provenDomains(r, p.own); err != nil {
			return err
		}
		roles, err := s.Orgs.RolesOf(r.Context(), p.own)
		if err != nil {
			return err
		}
		for _, role := range roles {
			if role.MayBeDefault() {
				p.Roles = append(p.Roles, option{Value: role.Code(), Label: roleName(t, role)})
			}
		}
	}
	return s.show(w, r, "console/provider.html", p)
}

// enteredProvider reads the form.
func enteredProvider(r *http.Request) signin.Settings {
	f := r.PostFormValue
	return signin.Settings{
		Name: f("name"), Enabled: f("enabled") == "yes", Issuer: f("issuer"), ClientID: f("client_id"), Scopes: strings.Fields(f("scopes")), AddressClaim: f("address_claim"),
		MetadataURL: f("metadata_url"), MetadataCert: f("metadata_cert"), Domains: strings.Fields(f("domains")), Authoritative: f("authoritative") == "yes",
		Newcomers: f("newcomers") == "yes", SecondFactor: strings.Fields(f("second_factor")), DefaultRole: f("default_role"),
	}
}

// providerCreate answers POST …/sign-in/new.
func (s *Server) providerCreate(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r, uploadLimit); err != nil {
		return err
	}
	p := &providerFormPage{New: true, Kind: signin.OIDC, Form: enteredProvider(r)}
	if r.URL.Query().Get("kind") == signin.SAML {
		p.Kind = signin.SAML
	}
	made, err := s.SignIn.Create(r.Context(), organisationKey(r), gate.From(r.Context()).Actor(), p.Kind, p.Form, r.PostFormValue("secret"))
	if refused(err) {
		p.Problems = problemsOf(err)
		return s.showProviderForm(w, r, p)
	}
	if err != nil {
		return err
	}
	return s.done(w, r, strings.TrimSuffix(r.URL.Path, "new")+made.PublicID.String(), "good", "provider_created")
}

// providerShow answers GET …/sign-in/{provider}.
func (s *Server) providerShow(w http.ResponseWriter, r *http.Request) error {
	return s.showProvider(w, r, nil, nil)
}

func (s *Server) showProvider(w http.ResponseWriter, r *http.Request, entered *signin.Settings, wrong error) error {
	id, err := pathID(r, "provider")
	if err != nil {
		return err
	}
	x, err := s.SignIn.Provider(r.Context(), organisationKey(r), id)
	if err != nil {
		return err
	}
	p := &providerFormPage{Kind: x.Kind, Form: x.Settings, HasSecret: x.HasSecret, Back: s.BaseURL + x.BackPath(), Action: r.URL.Path,
		Refreshed: x.RefreshedAt, Until: x.ValidUntil, Problem: x.Problem}
	if x.Kind == signin.SAML {
		p.EntityID, p.ACS = s.BaseURL+x.MetadataPath(), s.BaseURL+x.ACSPath()
		if p.Houses, err = s.SignIn.CountHouses(r.Context(), x); err != nil {
			return err
		}
	}
	if p.Action = strings.TrimSuffix(p.Action, "/metadata"); entered != nil {
		p.Form, p.Problems = *entered, problemsOf(wrong)
	}
	return s.showProviderForm(w, r, p)
}

// providerChange answers POST …/sign-in/{provider}.
func (s *Server) providerChange(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "provider")
	if err != nil {
		return err
	}
	if err := readForm(w, r, uploadLimit); err != nil {
		return err
	}
	c := enteredProvider(r)
	_, err = s.SignIn.Change(r.Context(), organisationKey(r), gate.From(r.Context()).Actor(), id, c, r.PostFormValue("secret"))
	if refused(err) {
		return s.showProvider(w, r, &c, err)
	}
	if err != nil {
		return err
	}
	return s.done(w, r, r.URL.Path, "good", "provider_saved")
}

// providerRemove answers POST …/sign-in/{provider}/remove.
func (s *Server) providerRemove(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "provider")
	if err != nil {
		return err
	}
	if err := s.SignIn.Remove(r.Context(), organisationKey(r), id); err != nil {
		return err
	}
	return s.done(w, r, strings.TrimSuffix(r.URL.Path, "/"+r.PathValue("provider")+"/remove"), "good", "provider_removed")
}

// providerMetadata answers POST …/sign-in/{provider}/metadata: a file of SAML
// metadata, or with none, the address asked again.
func (s *Server) providerMetadata(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "provider")
	if err != nil {
		return err
	}
	if err := readForm(w, r, uploadLimit); err != nil {
		return err
	}
	file, _, err := uploaded(r, "file")
	if err != nil {
		return err
	}
	err = s.SignIn.TakeMetadata(r.Context(), organisationKey(r), gate.From(r.Context()).Actor(), id, file)
	if refused(err) {
		x, found := s.SignIn.Provider(r.Context(), organisationKey(r), id)
		if found != nil {
			return found
		}
		return s.showProvider(w, r, &x.Settings, err)
	}
	if err != nil {
		return err
	}
	return s.done(w, r, strings.TrimSuffix(r.URL.Path, "/metadata"), "good", "metadata_taken")
}
