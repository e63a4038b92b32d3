package web

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/publicid"
)

// badgePage is a badge's public page: what can be earned.
type badgePage struct {
	Page
	Picture, PictureAlt string
	Name, Kind          string
	Issuer              issuerRef
	About               string // Markdown
	Criteria            string // Markdown
	CriteriaURL         string
	Skills              []skill
	Facts               []fact
	NewestURL           string // set when this is not the newest version
	Archived            bool   // it is no longer awarded
	JSONURL             string
	Share               share
}

// publicBadge answers GET /badges/{badge} and /badges/{badge}/{number}, with a
// file ending or without.
func (s *Server) publicBadge(w http.ResponseWriter, r *http.Request) error {
	id, numberText := r.PathValue("badge"), r.PathValue("number")
	last := &id
	if numberText != "" {
		last = &numberText
	}
	name, f, ended := splitEnding(*last)
	if *last = name; !ended {
		f = negotiate(w, r, asJSON)
	}
	badgeID, err := publicid.Parse(id)
	var number int64
	if err == nil && numberText != "" {
		number, err = strconv.ParseInt(numberText, 10, 32)
	}
	if err != nil || number < 0 || f == asPNG || f == asSVG {
		return fault.NotFoundf("There is no such badge.")
	}
	v, organisationID, err := s.Badges.PublicVersion(r.Context(), badgeID, number)
	if err != nil {
		return err
	}
	o, err := s.Orgs.ByID(r.Context(), organisationID)
	if err == nil && !o.Public() {
		err = fault.NotFoundf("There is no such badge.")
	}
	if err != nil {
		return err
	}
	if f == asJSON {
		return s.sendBadge(w, r, v)
	}
	t := s.texts(r)
	b, err := s.Badges.Get(r.Context(), organisationID, badgeID)
	if err != nil {
		return err
	}
	address := v.AchievementID(s.BaseURL)
	p := &badgePage{
		Page: Page{Title: v.Name, Description: t.T("badge.page_description", map[string]any{"issuer": s.called(o).Inside(t), "text": v.Description}), CanonicalURL: address, Accent: o.Accent,
			OG: &openGraph{Image: s.pictureURL(v), ImageAlt: v.PictureAlt}},
		Picture: s.picturePath(v), PictureAlt: v.PictureAlt, Name: v.Name, Kind: kindName(t, v.AchievementType),
		Issuer: s.issuerRef(t, o), About: v.Description, Criteria: v.Criteria, CriteriaURL: v.CriteriaURL,
		Skills: tagSkills(v.Tags), Facts: versionFacts(t, v), Archived: !b.ArchivedAt.IsZero(),
		JSONURL: address + ".json", Share: share{URL: address},
	}
	if b.Published.Number != v.Number {
		p.NewestURL = strings.TrimSuffix("/badges/"+id, "/")
	}
	return s.render(w, r, http.StatusOK, "public/badge.html", p)
}
