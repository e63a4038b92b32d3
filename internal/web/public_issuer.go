package web

import (
	"net/http"
)

// issuerPage is an organisation's public page.
type issuerPage struct {
	Page
	Issuer      issuerRef
	Description string
	Website     string
	Email       string // public contact
	Country     string // ISO 3166-1 alpha-2
	DID         string
	Trial       bool // its identity is self-asserted until it goes live
	Badges      []badgecard
	JSONURL     string
}

// publicIssuer answers GET /issuers/{slug}, with a file ending or without.
func (s *Server) publicIssuer(w http.ResponseWriter, r *http.Request) error {
	slug, f, ended := splitEnding(r.PathValue("slug"))
	if !ended {
		f = negotiate(w, r, asJSON)
	}
	o, err := s.Orgs.BySlug(r.Context(), slug)
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
	t := s.texts(r)
	p := &issuerPage{
		Page:   Page{Title: o.Name, Description: o.Description, CanonicalURL: s.Orgs.URL(o), Accent: o.Accent},
		Issuer: s.issuerRef(t, o, id.Live), Description: o.Description, Website: o.Website, Email: o.Email, Country: o.Country,
		DID: id.DID, Trial: !id.Live, JSONURL: s.Orgs.URL(o) + ".json",
	}
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
