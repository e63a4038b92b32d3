package web

import (
	"html/template"
	"net/http"

	"github.com/roundel/roundel/internal/org"
)

// issuerPage is an organisation's public page.
type issuerPage struct {
	Page
	Issuer  issuerRef
	Called  org.PublicName
	Heading template.HTML
	About   string // in its own words, Markdown
	Website string
	Email   string // public contact
	Country string // ISO 3166-1 alpha-2
	DID     string
	Trial   bool // its identity is self-asserted until it goes live
	Badges  []badgecard
	JSONURL string
}

// publicIssuer answers GET /issuers/{slug}, with a file ending or without.
func (s *Server) publicIssuer(w http.ResponseWriter, r *http.Request) error {
	slug, f, ended := splitEnding(r.PathValue("slug"))
	if !ended {
		f = negotiate(w, r, asJSON)
	}
	o, err := s.Orgs.PublicBySlug(r.Context(), slug)
	if err != nil {
		return err
	}
	if f != asPage {
		return s.sendIssuer(w, r, o)
	}
	id, err := s.Orgs.CurrentIdentity(r.Context(), o)
	if err != nil {
		return err
	}
	t, called := s.texts(r), s.called(o)
	p := &issuerPage{
		Page: Page{Title: called.First(t), Description: called.First(t), CanonicalURL: s.Orgs.URL(o), Accent: o.Accent,
			OG: &openGraph{Image: s.Orgs.LogoURL(o), ImageAlt: o.LogoAlt}},
		Issuer: s.issuerRef(t, o), Called: called, About: o.Description, Website: o.Website, Email: o.Email, Country: o.Country,
		DID: id.DID, Trial: !id.Live, JSONURL: s.Orgs.URL(o) + ".json",
	}
	if o.Description != "" {
		p.Description = t.T("issuer.page_description", map[string]any{"issuer": p.Title, "text": o.Description})
	}
	p.Heading = calledHTML(t, called, element("bdi", o.Name))
	list, err := s.Badges.List(r.Context(), o.ID)
	if err != nil {
		return err
	}
	for _, b := range list {
		if v := b.Published; v != nil && b.ArchivedAt.IsZero() {
			p.Badges = append(p.Badges, badgecard{URL: "/badges/" + b.PublicID.String(), Picture: s.picturePath(v), Alt: v.PictureAlt, Name: v.Name, Note: kindName(t, v.AchievementType)})
		}
	}
	return s.render(w, r, http.StatusOK, "public/issuer.html", p)
}
