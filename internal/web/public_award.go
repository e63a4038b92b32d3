package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/roundel/roundel/internal/badge"
	"github.com/roundel/roundel/internal/issuing"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/verify"
)

// awardPage is an award's public page, made to be shown off.
type awardPage struct {
	Page
	Picture, PictureAlt string
	Name                string // of the badge
	BadgeURL            string
	Kind                string // what kind of achievement it is, in words; may be ""
	Recipient           string // "" when the recipient is not named
	Issuer              issuerRef
	IssuedAt            time.Time
	ValidFrom           time.Time // set when it lies ahead
	ValidUntil          time.Time // zero: no end
	State               string    // current, expired, not_yet_valid, revoked or suspended
	Trial               bool
	Verdict             verdict // the template adds the link

	About       string // Markdown: what the badge means
	Criteria    string // Markdown
	CriteriaURL string
	Narrative   string // Markdown: how this person earned it
	Skills      []skill
	Results     []fact
	Evidence    []evidenceView
	Facts       []fact // more for "at a glance": level, workload, language

	VerifyURL string
	JSONURL   string // the signed badge; machines are pointed to it
	Share     share
	Files     []download
	NewerURL  string // of the award that replaces this one
	QR        string // address of a picture of the page's address, for paper; may be ""
}

// Valid reports whether the badge counts today.
func (p *awardPage) Valid() bool { return p.State == "current" }

// skill is a tag or an aligned skill.
type skill struct{ Name, Framework, URL string }

// evidenceView is something to look at.
type evidenceView struct {
	Name, URL string
	Text      string // Markdown
	Note      string // a few words: genre, whether it is unchanged
}

// privateAwardPage stands in for an award that its holder keeps private. It
// says nothing about the award.
type privateAwardPage struct {
	Page
}

// publicAward answers GET /awards/{award}, with a file ending or without. What
// the holder keeps private says only that.
func (s *Server) publicAward(w http.ResponseWriter, r *http.Request) error {
	name, f, ended := splitEnding(r.PathValue("award"))
	if !ended {
		f = negotiate(w, r, asJSON, asPNG, asSVG)
	}
	a, err := s.namedAward(r, name)
	if err != nil {
		return err
	}
	if a.Erased() && (f == asPage || len(a.Document) == 0) {
		return s.erasedAward(w, r)
	}
	if !a.Published() {
		if f != asPage {
			return errPrivate
		}
		t := s.texts(r)
		return s.render(w, r, http.StatusForbidden, "public/award_private.html", &privateAwardPage{Page{Title: t.T("private.title", nil), NoIndex: true}})
	}
	if f != asPage {
		return s.sendAward(w, r, a, f)
	}
	p, err := s.awardPage(r, a)
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, "public/award.html", p)
}

// awardPage fills the page of an award, its verdict included: unless it was
// withdrawn or paused, the badge is verified as a stranger's would be, now.
func (s *Server) awardPage(r *http.Request, a *issuing.Award) (*awardPage, error) {
	ctx, t := r.Context(), s.texts(r)
	v, err := s.awardedVersion(ctx, a)
	if err != nil {
		return nil, err
	}
	o, err := s.Orgs.ByID(ctx, a.OrganisationID)
	if err != nil {
		return nil, err
	}
	now, address := s.Now(), s.Issuing.URL(a)
	worth, recorded := recordedVerdict(t, a, s.called(o).Inside(t))
	if !recorded {
		report, err := s.Verification.Check(ctx, a.Document, "")
		if err != nil {
			return nil, err
		}
		worth = verdict{Kind: verdictKind(report.Verdict), Headline: report.Headline, Text: report.Text}
	}
	p := &awardPage{
		Page: Page{
			Title:        t.T("award.page_title", map[string]any{"badge": v.Name, "name": a.Recipient.Name}),
			Description:  t.T("award.page_description", map[string]any{"issuer": s.called(o).Inside(t), "name": a.Recipient.Name, "date": t.Date(a.ValidFrom)}),
			CanonicalURL: address, Accent: o.Accent,
			OG:     &openGraph{Image: s.pictureURL(v), ImageAlt: v.PictureAlt},
			JSONLD: s.schemaOrg(t, a, v, o),
		},
		Picture: s.picturePath(v), PictureAlt: v.PictureAlt, Name: v.Name, BadgeURL: "/badges/" + v.BadgePublic.String(),
		Kind: kindName(t, v.AchievementType), Recipient: a.Recipient.Name, Issuer: s.issuerRef(t, o),
		IssuedAt: a.ValidFrom, ValidUntil: a.ValidUntil, State: string(a.State(now)), Trial: a.Trial,
		Verdict: worth,
		About:   v.Description, Criteria: v.Criteria, CriteriaURL: v.CriteriaURL, Narrative: a.Details.Narrative,
		Skills: tagSkills(v.Tags), Facts: versionFacts(t, v),
		VerifyURL: "/verify?link=" + url.QueryEscape(address), JSONURL: address + ".json", QR: "/awards/" + a.PublicID.String() + "/qr.svg",
		Share: s.shareOf(t, a, v, o), Files: s.filesOf(t, v, "/awards/"+a.PublicID.String()),
	}
	p.Share.LinkedIn = "" // only the holder has it in their profile
	if a.ValidFrom.After(now) {
		p.ValidFrom = a.ValidFrom
	}
	if a.Details.Result != "" {
		p.Results = []fact{{Term: t.T("award.result", nil), Text: a.Details.Result}}
	}
	for _, e := range a.Details.Evidence {
		p.Evidence = append(p.Evidence, evidenceView{Name: e.Name, URL: e.URL, Text: e.Description})
	}
	if a.ReplacedBy != 0 {
		p.NewerURL, err = s.newerURL(ctx, a)
	}
	return p, err
}

// newerURL returns the address of what replaced the award, if its holder shows
// that.
func (s *Server) newerURL(ctx context.Context, a *issuing.Award) (string, error) {
	newer, err := s.Issuing.AwardByID(ctx, a.ReplacedBy)
	if err != nil || !newer.Published() {
		return "", err
	}
	return "/awards/" + newer.PublicID.String(), nil
}

// verdictKind returns the colour of a verdict. Only valid is good.
func verdictKind(v verify.Verdict) string {
	switch v {
	case verify.Valid:
		return "good"
	case verify.Tampered, verify.NotIssuer, verify.Revoked, verify.Suspended, verify.Malformed:
		return "bad"
	}
	return "wait"
}

// issuerRef is how pages mention the organisation: with what it has proven.
func (s *Server) issuerRef(t printer, o *org.Organisation) issuerRef {
	ref := issuerRef{Name: o.Name, URL: "/issuers/" + o.Slug, Why: "/issuers/" + o.Slug + "#who"}
	if o.LogoKey != "" {
		ref.Logo = "/pictures/" + o.LogoKey + ".png"
	}
	ref.named(t, s.called(o))
	return ref
}

// called returns what strangers read the organisation called.
func (s *Server) called(o *org.Organisation) org.PublicName { return o.Called(s.Orgs.Host()) }

// shareOf returns the ways to pass an award on.
func (s *Server) shareOf(t printer, a *issuing.Award, v *badge.Version, o *org.Organisation) share {
	address := s.Issuing.URL(a)
	html := `<a href="` + address + `"><img src="` + address + `.png" alt="` + attribute(v.Name) + `" width="160" height="160"></a>`
	return share{
		URL: address, LinkedIn: linkedIn(t, a, v, o, s.called(o), address), Embed: html,
		Mail: "mailto:?subject=" + url.PathEscape(v.Name) + "&body=" + url.PathEscape(t.T("share.mail_body", map[string]any{"badge": v.Name})+"\n"+address),
	}
}

// linkedIn returns the address at which LinkedIn adds a certification. The page
// of a company there is named only by whoever has proven to be somebody.
func linkedIn(t printer, a *issuing.Award, v *badge.Version, o *org.Organisation, called org.PublicName, address string) string {
	q := url.Values{"startTask": {"CERTIFICATION_NAME"}, "name": {v.Name}, "certUrl": {address}, "certId": {a.PublicID.String()}}
	switch {
	case called.Domain != "" && o.LinkedInID != "":
		q.Set("organizationId", o.LinkedInID)
	case called.Domain != "":
		q.Set("organizationName", o.Name)
	default:
		q.Set("organizationName", called.First(t))
	}
	month := func(name string, at time.Time) {
		if !at.IsZero() {
			q.Set(name+"Year", strconv.Itoa(at.Year()))
			q.Set(name+"Month", strconv.Itoa(int(at.Month())))
		}
	}
	month("issue", a.ValidFrom)
	month("expiration", a.ValidUntil)
	return "https://www.linkedin.com/profile/add?" + q.Encode()
}

// filesOf lists the files that an award can be had as, below an address.
func (s *Server) filesOf(t printer, v *badge.Version, address string) []download {
	list := []download{{URL: address + ".png", Name: t.T("file.png", nil), Hint: t.T("file.png_hint", nil)}}
	if v.PictureSVG != "" {
		list = append(list, download{URL: address + ".svg", Name: t.T("file.svg", nil), Hint: t.T("file.svg_hint", nil)})
	}
	return append(list, download{URL: address + ".json", Name: t.T("file.json", nil), Hint: t.T("file.json_hint", nil)})
}

// schemaOrg describes the award for search engines (schema.org
// EducationalOccupationalCredential).
func (s *Server) schemaOrg(t printer, a *issuing.Award, v *badge.Version, o *org.Organisation) map[string]any {
	issuer := map[string]any{"@type": "Organization", "name": o.Name, "url": o.Website}
	if o.Domain == "" { // neither name nor website is shown to be its own
		issuer["name"], issuer["url"] = s.called(o).First(t), s.Orgs.URL(o)
	}
	d := map[string]any{
		"@context": "https://schema.org", "@type": "EducationalOccupationalCredential",
		"name": v.Name, "description": v.Description, "url": s.Issuing.URL(a), "image": s.pictureURL(v),
		"credentialCategory": v.AchievementType, "dateCreated": a.ValidFrom.Format(time.DateOnly),
		"recognizedBy": issuer,
	}
	if !a.ValidUntil.IsZero() {
		d["expires"] = a.ValidUntil.Format(time.DateOnly)
	}
	return d
}

func (s *Server) pictureURL(v *badge.Version) string {
	if v.PicturePNG == "" {
		return ""
	}
	return s.BaseURL + "/pictures/" + v.PicturePNG + ".png"
}

func tagSkills(tags []string) []skill {
	list := make([]skill, 0, len(tags))
	for _, name := range tags {
		list = append(list, skill{Name: name})
	}
	return list
}

// versionFacts says at a glance what a badge is.
func versionFacts(t printer, v *badge.Version) []fact {
	var list []fact
	if v.AchievementType != "" {
		list = append(list, fact{Term: t.T("fact.kind", nil), Text: kindName(t, v.AchievementType)})
	}
	if v.Language != "" {
		list = append(list, fact{Term: t.T("fact.language", nil), Text: t.Language(v.Language)})
	}
	return append(list, fact{Term: t.T("fact.version", nil), Text: fmt.Sprint(v.Number)})
}

// attribute writes text for use inside a double-quoted HTML attribute.
func attribute(text string) string {
	return strings.NewReplacer("&", "&amp;", `"`, "&quot;", "<", "&lt;", ">", "&gt;").Replace(text)
}
