package web

import (
	"net/http"
	"net/url"

	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/gate"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/signin"
)

// providerRoutes are for signing in by others, and for choosing by whom.
func (s *Server) providerRoutes() []route {
	const with, saml = "/sign-in/with/{provider}", "/saml/{provider}"
	list := []route{
		{"GET " + with, gate.Public, s.providerStart},
		{"GET " + with + "/back", gate.Public, s.providerBack},
		{"GET " + saml + "/metadata", gate.Public, s.samlMetadata},
		{"POST " + saml + "/acs", gate.Public, s.samlAnswer},
		{"GET /sign-in/o/{slug}", gate.Public, s.organisationSignIn},
		{"GET /sign-in/link", gate.Public, s.linkForm},
		{"POST /sign-in/link", gate.SignedIn, s.linkAgree},
		{"POST /console/{org}/settings/sign-in/policy", gate.Needs(org.ManageSignIn), s.signInPolicy},
		{"POST /console/{org}/settings/sign-in/second-factor", gate.Needs(org.ManageSignIn), s.signInSecond},
	}
	for base, may := range map[string]struct{ manage, remove gate.Permission }{
		"/console/{org}/settings/sign-in": {gate.Needs(org.ManageSignIn), gate.Reduces(org.ManageSignIn)}, "/operator/sign-in": {gate.Operator, gate.Operator},
	} {
		list = append(list,
			route{"GET " + base, may.manage, s.providerList},
			route{"GET " + base + "/new", may.manage, s.providerNew},
			route{"POST " + base + "/new", may.manage, s.providerCreate},
			route{"GET " + base + "/{provider}", may.manage, s.providerShow},
			route{"POST " + base + "/{provider}", may.manage, s.providerChange},
			route{"POST " + base + "/{provider}/remove", may.remove, s.providerRemove},
			route{"POST " + base + "/{provider}/metadata", may.manage, s.providerMetadata})
	}
	return list
}

// What the browser keeps on the way to a provider and back.
const (
	tripCookie = "roundel-trip" // a sign-in that went to a provider
	linkCookie = "roundel-link" // a provider that waits for the account's owner
)

// way is one provider to sign in by.
type way struct{ URL, Name string }

// ways lists the providers of an organisation, or with 0 of the installation.
func (s *Server) ways(r *http.Request, organisationID int64, next string) (list []way, err error) {
	if s.SignIn == nil {
		return nil, nil
	}
	all, err := s.SignIn.Offered(r.Context(), organisationID)
	for _, p := range all {
		list = append(list, way{URL: withNext(p.StartPath(), next), Name: p.Name})
	}
	return list, err
}

func withNext(address, next string) string {
	if next == "" {
		return address
	}
	return address + "?next=" + url.QueryEscape(next)
}

// waysPage lists an organisation's own ways to sign in.
type waysPage struct {
	Page
	Name, Next string
	Ways       []way
}

// organisationSignIn answers GET /sign-in/o/{slug}.
func (s *Server) organisationSignIn(w http.ResponseWriter, r *http.Request) error {
	o, err := s.Orgs.PublicBySlug(r.Context(), r.PathValue("slug"))
	if err != nil {
		return err
	}
	p := &waysPage{Name: o.Called(s.Orgs.Host()).Inside(s.texts(r)), Next: r.URL.Query().Get("next")}
	if p.Next == "" {
		p.Next = "/console/" + o.Slug
	}
	p.Title, p.NoIndex, p.Accent = s.texts(r).T("signin.title", nil), true, o.Accent
	if p.Ways, err = s.ways(r, o.ID, p.Next); err != nil {
		return err
	}
	return s.show(w, r, "sheet/signin-organisation.html", p)
}

// housePage asks at which identity provider of a federation somebody is.
type housePage struct {
	Page
	Name, Search, Next string
	Houses             []way
	More               bool // there are more than are shown
}

// providerStart answers GET /sign-in/with/{provider}: it sends the browser to
// the provider. It is a link and no form, whose target the page's policy would
// have to know.
func (s *Server) providerStart(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "provider")
	if err != nil {
		return err
	}
	q := r.URL.Query()
	in := signin.Start{Provider: id, House: q.Get("idp"), Next: q.Get("next")}
	if q.Get("add") != "" {
		if in.Add = gate.From(r.Context()).SignedIn; in.Add == nil {
			return gate.ErrSignIn
		}
		in.Next = "/account/security"
	}
	if in.House == "" {
		list, more, err := s.SignIn.Houses(r.Context(), id, q.Get("q"))
		if err != nil {
			return s.notIn(w, r, err)
		}
		if len(list) > 1 || q.Get("q") != "" {
			return s.showHouses(w, r, list, more)
		}
	}
	trip, err := s.SignIn.Begin(r.Context(), in)
	if err != nil {
		return s.notIn(w, r, err)
	}
	s.setCookie(w, tripCookie, trip.Browser, int(signin.AttemptLife.Seconds()))
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, trip.Address, http.StatusSeeOther)
	return nil
}

func (s *Server) showHouses(w http.ResponseWriter, r *http.Request, list []signin.House, more bool) error {
	q := r.URL.Query()
	p := &housePage{Search: q.Get("q"), Next: q.Get("next"), More: more}
	p.Title, p.NoIndex = s.texts(r).T("signin.houses.title", nil), true
	for _, h := range list {
		q.Set("idp", h.EntityID)
		q.Del("q")
		p.Houses = append(p.Houses, way{URL: r.URL.Path + "?" + q.Encode(), Name: h.Name})
	}
	return s.show(w, r, "sheet/signin-houses.html", p)
}

// providerBack answers GET /sign-in/with/{provider}/back, to which the browser
// comes back.
func (s *Server) providerBack(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "provider")
	if err != nil {
		return err
	}
	browser := s.cookieValue(r, tripCookie)
	s.setCookie(w, tripCookie, "", -1)
	provider, err := s.SignIn.Enabled(r.Context(), id)
	if err != nil {
		return s.notIn(w, r, err)
	}
	q := r.URL.Query()
	out, err := s.SignIn.Finish(r.Context(), provider, browser, signin.Answer{State: q.Get("state"), Code: q.Get("code"), Issuer: q.Get("iss"), Error: q.Get("error")},
		gate.From(r.Context()).SignedIn, r.UserAgent())
	switch {
	case err != nil:
		return s.notIn(w, r, err)
	case out.Added:
		return s.done(w, r, "/account/security", "good", "identity_added")
	case out.Pending != "":
		s.setCookie(w, linkCookie, out.Pending, int(signin.PendingLife.Seconds()))
		http.Redirect(w, r, "/sign-in/link", http.StatusSeeOther)
		return nil
	}
	return s.letIn(w, r, out.Way, out.Next)
}

// notInPage says why somebody is not in, and what they can do.
type notInPage struct {
	Page
	Text string
}

// notIn shows what went wrong on the way in, in words that tell nothing about
// accounts.
func (s *Server) notIn(w http.ResponseWriter, r *http.Request, err error) error {
	if fault.KindOf(err) == fault.Internal || err == gate.ErrSignIn {
		return err
	}
	p := &notInPage{Text: fault.Message(err)}
	p.Title, p.NoIndex = s.texts(r).T("signin.not.title", nil), true
	return s.render(w, r, gate.Status(err), "sheet/signin-not.html", p)
}

// linkPage asks the owner of an account to agree to a provider.
type linkPage struct {
	Page
	Provider string
	Mine     bool // signed in to the account
	Other    bool // signed in to another one
}

// linkForm answers GET /sign-in/link.
func (s *Server) linkForm(w http.ResponseWriter, r *http.Request) error {
	me := gate.From(r.Context()).SignedIn
	pending, err := s.SignIn.Pending(r.Context(), s.cookieValue(r, linkCookie), me)
	if err != nil {
		return s.notIn(w, r, err)
	}
	p := &linkPage{Provider: pending.Provider, Mine: pending.Mine, Other: me != nil && !pending.Mine}
	p.Title, p.NoIndex = s.texts(r).T("signin.link.title", nil), true
	return s.show(w, r, "sheet/signin-link.html", p)
}

// linkAgree answers POST /sign-in/link.
func (s *Server) linkAgree(w http.ResponseWriter, r *http.Request) error {
	err := s.SignIn.Agree(r.Context(), s.cookieValue(r, linkCookie), gate.From(r.Context()).SignedIn)
	if k := fault.KindOf(err); k == fault.NotFound || k == fault.Conflict {
		return s.notIn(w, r, err)
	}
	if err != nil {
		return err
	}
	s.setCookie(w, linkCookie, "", -1)
	return s.done(w, r, "/account/security", "good", "identity_added")
}

// samlMetadata answers GET /saml/{provider}/metadata: what an identity provider
// has to know of us.
func (s *Server) samlMetadata(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "provider")
	if err != nil {
		return err
	}
	text, err := s.SignIn.Metadata(r.Context(), id)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/samlmetadata+xml")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; sandbox")
	_, _ = w.Write(text) // the reader has gone: nothing to do
	return nil
}

// samlLimit bounds what an identity provider's answer may have, in bytes.
const samlLimit = 512 << 10

// samlAnswer answers POST /saml/{provider}/acs. It comes from another site, so
// the browser sends no cookie with it: who it is for shows on the next step.
func (s *Server) samlAnswer(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "provider")
	if err != nil {
		return err
	}
	if err := readForm(w, r, samlLimit); err != nil {
		return err
	}
	to, err := s.SignIn.Arrived(r.Context(), id, r.PostFormValue("RelayState"), r.PostFormValue("SAMLResponse"))
	if err != nil {
		return s.notIn(w, r, err)
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}
