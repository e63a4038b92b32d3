package web

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/gate"
	"github.com/roundel/roundel/internal/locale"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/outbox"
	"github.com/roundel/roundel/internal/publicid"
)

// consolePage is what every page about an organisation needs; each page's
// struct embeds it.
type consolePage struct {
	Page
	Org    *org.Organisation
	Base   string // address of the organisation's console
	Trial  bool   // what is awarded now is a trial
	Mails  bool   // there is a mail server
	Crumbs []crumb
	can    org.Set   // what the reader may do here
	reach  org.Reach // the departments that the reader has to do with
}

// Can reports whether the reader may do what needs the permission, so that
// pages offer only what works. It decides nothing: routes do.
func (c consolePage) Can(permission string) bool { return c.can.Has(org.Permission(permission)) }

// The areas of the console, as the side navigation names them.
const (
	areaOverview = "overview"
	areaBadges   = "badges"
	areaAwards   = "awards"
	areaOutbox   = "outbox"
	areaPeople   = "people"
	areaSettings = "settings"
	areaSwitch   = "switch"
)

// desk returns what the pages of an area have in common.
func (s *Server) desk(r *http.Request, area, title string) consolePage {
	who := gate.From(r.Context())
	o, p := who.Organisation, s.texts(r)
	c := consolePage{Org: o, Base: "/console/" + o.Slug, Trial: !s.Orgs.IsLive(o), Mails: s.Mails, can: who.Permissions, reach: who.Reach}
	c.Title, c.Accent, c.NoIndex = title, o.Accent, true
	item := func(name, path, icon string) {
		c.Nav.Items = append(c.Nav.Items, navItem{URL: path, Label: p.T("console.nav."+name, nil), Icon: icon, Current: name == area})
	}
	item(areaOverview, c.Base, "house")
	item(areaBadges, c.Base+"/badges", "award")
	if who.May(org.ViewAwards) {
		item(areaAwards, c.Base+"/awards", "send")
	}
	if who.May(org.ViewOutbox) {
		item(areaOutbox, c.Base+"/outbox", "mail")
		// Mails that could not be delivered want attention; a number that cannot be
		// had now is left out.
		if counts, err := s.Outbox.Counts(r.Context(), o.ID); err == nil {
			c.Nav.Items[len(c.Nav.Items)-1].Count = int64(counts[outbox.Failed])
		}
	}
	if who.May(org.ViewMembers) {
		item(areaPeople, c.Base+"/people", "users")
	}
	if tabs := s.settingsTabs(r, c.Base, ""); len(tabs) > 0 {
		item(areaSettings, tabs[0].URL, "settings")
	}
	// Whoever cannot issue reads why on every page.
	if err := s.Orgs.MayIssueNow(r.Context(), o.ID); err != nil && fault.KindOf(err) != fault.Internal {
		c.Flash = append(c.Flash, flash{Kind: "wait", Text: fault.Message(err)})
	}
	item(areaSwitch, "/console/organisations", "building-2")
	return c
}

// crumb adds a step to the way to this page. The last has no address.
func (c *consolePage) crumb(address, label string) {
	c.Crumbs = append(c.Crumbs, crumb{URL: address, Label: label})
}

// texts returns the printer for the reader.
func (s *Server) texts(r *http.Request) *locale.Printer {
	return s.Catalogues.For(r.Header.Get("Accept-Language"))
}

// show renders a page of ours: it says once what the last deed has brought
// about, and answers 422 when the page holds problems.
func (s *Server) show(w http.ResponseWriter, r *http.Request, page string, data pageData) error {
	p := data.common()
	code := http.StatusOK
	if p.Problems.Any() {
		code = http.StatusUnprocessableEntity
	}
	if f, ok := s.takeFlash(w, r); ok {
		p.Flash = append(p.Flash, f)
	}
	return s.render(w, r, code, page, data)
}

const flashCookie = "roundel-flash"

var flashForm = regexp.MustCompile(`^(good|wait|bad|info)\.([a-z_]{1,40})$`)

// done answers a deed with a redirect to the page that shows what came of it,
// and has that page say so: kind as in flash, code as in the texts "flash.…".
// The cookie holds the code alone, never words or secrets.
func (s *Server) done(w http.ResponseWriter, r *http.Request, address, kind, code string) error {
	http.SetCookie(w, &http.Cookie{Name: flashCookie, Value: kind + "." + code, Path: "/", HttpOnly: true,
		Secure: s.Gate.Secure, SameSite: http.SameSiteLaxMode, MaxAge: 60})
	http.Redirect(w, r, address, http.StatusSeeOther)
	return nil
}

func (s *Server) takeFlash(w http.ResponseWriter, r *http.Request) (flash, bool) {
	c, err := r.Cookie(flashCookie)
	if err != nil {
		return flash{}, false
	}
	http.SetCookie(w, &http.Cookie{Name: flashCookie, Path: "/", HttpOnly: true, Secure: s.Gate.Secure, SameSite: http.SameSiteLaxMode, MaxAge: -1})
	m := flashForm.FindStringSubmatch(c.Value)
	if m == nil || !s.Catalogues.Has("flash."+m[2]) {
		return flash{}, false
	}
	return flash{Kind: m[1], Text: s.texts(r).T("flash."+m[2], nil)}, true
}

// Limits of what a form may send.
const (
	formLimit   = 1 << 20
	uploadLimit = 12 << 20 // a picture, with the other fields
)

// readForm reads what was sent, up to limit bytes.
func readForm(w http.ResponseWriter, r *http.Request, limit int64) error {
	r.Body = http.MaxBytesReader(w, r.Body, limit)
	parse := r.ParseForm
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data") {
		parse = func() error { return r.ParseMultipartForm(4 << 20) }
	}
	err := parse()
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return err
	}
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "What was sent could not be read as a form. Go back and try again.")
	}
	for name, values := range r.PostForm {
		for _, v := range values {
			if !utf8.ValidString(v) || strings.ContainsRune(v, 0) {
				return fault.Fields(fault.Field{Path: name, Message: "This holds characters that cannot be kept. Type it anew."})
			}
		}
	}
	return nil
}

// uploaded returns the file that was chosen in a form, and its name; nothing
// when none was chosen.
func uploaded(r *http.Request, field string) (data []byte, name string, err error) {
	f, head, err := r.FormFile(field)
	if errors.Is(err, http.ErrMissingFile) || errors.Is(err, http.ErrNotMultipart) {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = f.Close() }() // it was only read
	data, err = io.ReadAll(f)
	return data, head.Filename, err
}

// pathID reads a public id from the address. An id that cannot be one is
// answered as one that does not exist.
func pathID(r *http.Request, name string) (publicid.ID, error) {
	id, err := publicid.Parse(r.PathValue(name))
	if err != nil {
		return id, fault.NotFoundf("There is no such page. Check the address, or go back.")
	}
	return id, nil
}

// localPath returns where somebody wanted to go before signing in, if that is
// a page of ours, and the console otherwise: nobody is sent elsewhere.
func localPath(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "" ||
		!strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\r\n\t") {
		return "/console"
	}
	return u.RequestURI()
}
