package web

import (
	"net/http"
	"regexp"
	"strings"

	"github.com/roundel/roundel/internal/badge"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/gate"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/picture"
)

// profileFields is the part of a form that holds an organisation's public
// face.
type profileFields struct {
	org.Profile
	Logo      string // address of the logo in use
	Countries []option
	Colours   []option
	OwnColour bool // the accent is none of Colours
	Problems  problems
}

// accents are colours that people may choose without thinking about colour.
var accents = []string{"#2a4fd0", "#0f6a87", "#147459", "#3d7728", "#a35a00", "#a34019", "#a31d4a", "#6a2c85", "#363c46"}

func (s *Server) profileFields(r *http.Request, p org.Profile) profileFields {
	texts := s.texts(r)
	f := profileFields{Profile: p, Logo: logoPath(p.LogoKey), OwnColour: p.Accent != ""}
	for _, c := range texts.Countries() {
		f.Countries = append(f.Countries, option{Value: c.Code, Label: c.Name})
	}
	f.Colours = append(f.Colours, option{Value: "none", Label: texts.T("profile.accent.none", nil), Icon: "ban", Checked: p.Accent == ""})
	for _, hex := range accents {
		f.OwnColour = f.OwnColour && p.Accent != hex
		f.Colours = append(f.Colours, option{Value: hex, Label: texts.T("profile.accent.colour", map[string]any{"colour": hex}), Colours: []string{hex}, Checked: p.Accent == hex})
	}
	f.Colours = append(f.Colours, option{Value: ownColours, Label: texts.T("profile.accent.own", nil), Icon: "palette", Checked: f.OwnColour})
	return f
}

// companyPage finds the number in the address of a LinkedIn company page.
var companyPage = regexp.MustCompile(`(?i)^(?:https?://)?(?:[a-z]+\.)?linkedin\.com/(?:company|school|showcase|organization)(?:-beta)?/([0-9]{1,12})(?:[/?#].*)?$`)

// companyNumber takes the number out of a LinkedIn address that was pasted
// whole.
func companyNumber(text string) string {
	if m := companyPage.FindStringSubmatch(strings.TrimSpace(text)); m != nil {
		return m[1]
	}
	return text
}

// readProfile reads the form of profileFields. wrong is what is the matter
// with the logo, before anybody has looked at the rest.
func (s *Server) readProfile(w http.ResponseWriter, r *http.Request, logoKey string) (p org.Profile, wrong, err error) {
	tooLarge, err := readUploadForm(w, r)
	if err != nil {
		return p, nil, err
	}
	v := r.PostFormValue
	p = org.Profile{
		Name: v("name"), Website: v("website"), Email: v("email"), Description: v("description"), Country: v("country"),
		LinkedInID: companyNumber(v("linkedin_id")), LogoAlt: v("logo_alt"), LogoKey: logoKey,
	}
	switch p.Accent = v("colour"); p.Accent {
	case ownColours:
		p.Accent = v("accent")
	case "none":
		p.Accent = ""
	}
	if v("logo_remove") == "yes" {
		p.LogoKey, p.LogoAlt = "", ""
	}
	// A logo that was taken before another field was found wrong.
	if kept := v("logo_key"); kept != "" && p.LogoKey == logoKey && v("logo_remove") != "yes" {
		if _, err := s.Blobs.Get(r.Context(), kept); err == nil {
			p.LogoKey = kept
		}
	}
	if wrong := errTooLarge(tooLarge, "logo"); wrong != nil {
		return p, wrong, nil
	}
	file, _, err := uploaded(r, "logo")
	if err != nil || file == nil {
		return p, nil, err
	}
	key, err := s.keepLogo(r, file)
	if fault.KindOf(err) == fault.Invalid && err != nil {
		return p, fault.Fields(fault.Field{Path: "logo", Message: fault.Message(err)}), nil
	}
	p.LogoKey = key
	return p, nil, err
}

// keepLogo stores an uploaded logo as a PNG and returns its key.
func (s *Server) keepLogo(r *http.Request, file []byte) (string, error) {
	media, clean, err := picture.Accept(file)
	if err != nil {
		return "", err
	}
	if media != "image/png" {
		if clean, err = picture.RasterizeSVG(clean, badge.PictureSize); err != nil {
			return "", err
		}
	}
	return s.Blobs.Put(r.Context(), clean)
}

// profilePage is the first tab of the settings.
type profilePage struct {
	consolePage
	Tabs      []tab
	Form      profileFields
	PublicURL string
}

// settingsTabs leads through the settings.
func (s *Server) settingsTabs(r *http.Request, base, current string) []tab {
	p := s.texts(r)
	var tabs []tab
	for _, t := range []struct {
		name, path string
		needs      org.Permission
	}{
		{"profile", "", org.EditOrganisation}, {"domain", "/domain", org.EditOrganisation}, {"disclosure", "/disclosure", org.EditOrganisation},
		{"identity", "/identity", org.EditOrganisation}, {"keys", "/keys", org.ManageKeys}, {"tokens", "/tokens", org.ManageTokens}, {"sign-in", "/sign-in", org.ManageSignIn}, {"audit", "/audit", org.ViewAudit}, {"export", "/export", org.Export},
	} {
		if !gate.From(r.Context()).May(t.needs) {
			continue
		}
		tabs = append(tabs, tab{URL: base + "/settings" + t.path, Label: p.T("settings.tab."+t.name, nil), Current: t.name == current})
	}
	return tabs
}

// profileForm answers GET /console/{org}/settings.
func (s *Server) profileForm(w http.ResponseWriter, r *http.Request) error {
	return s.showProfile(w, r, s.profileFields(r, gate.From(r.Context()).Organisation.Profile), nil)
}

func (s *Server) showProfile(w http.ResponseWriter, r *http.Request, f profileFields, wrong error) error {
	p := &profilePage{consolePage: s.desk(r, areaSettings, s.texts(r).T("settings.title", nil)), Form: f}
	if p.Tabs, p.PublicURL = s.settingsTabs(r, p.Base, "profile"), "/issuers/"+p.Org.Slug; wrong != nil {
		p.Problems = problemsOf(wrong)
		p.Form.Problems = p.Problems
	}
	return s.show(w, r, "console/profile.html", p)
}

// profileSave answers POST /console/{org}/settings.
func (s *Server) profileSave(w http.ResponseWriter, r *http.Request) error {
	o := gate.From(r.Context()).Organisation
	profile, wrong, err := s.readProfile(w, r, o.LogoKey)
	if err != nil {
		return err
	}
	if wrong == nil {
		wrong = s.Orgs.Update(r.Context(), o.ID, profile)
	}
	if refused(wrong) {
		return s.showProfile(w, r, s.profileFields(r, profile), wrong)
	}
	if wrong != nil {
		return wrong
	}
	return s.done(w, r, "/console/"+o.Slug+"/settings", "good", "profile_saved")
}
