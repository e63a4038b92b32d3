package web

import (
	"net/http"

	"github.com/roundel/roundel/internal/badge"
	"github.com/roundel/roundel/internal/issuing"
)

// badgeShowPage shows one badge to those who award it.
type badgeShowPage struct {
	consolePage
	Badge     *badge.Badge
	Version   *badge.Version // what is shown: the published version, else the draft
	Picture   string
	Tag       tag
	Kind      string
	Self      string // address of this page
	PublicURL string // "" until the first version is published
	Latest    []awardRow
}

// badgeShow answers GET …/badges/{badge}.
func (s *Server) badgeShow(w http.ResponseWriter, r *http.Request) error {
	b, err := s.badgeOf(r)
	if err != nil {
		return err
	}
	t := s.texts(r)
	v := b.Shown()
	p := &badgeShowPage{consolePage: s.desk(r, areaBadges, v.Name), Badge: b, Version: v, Picture: s.picturePath(v), Tag: badgeTag(t, b)}
	p.Self = badgePath(r, b.PublicID)
	if v.AchievementType != "" {
		p.Kind = kindName(t, v.AchievementType)
	}
	if b.Published != nil {
		p.PublicURL = "/badges/" + b.PublicID.String()
	}
	p.crumb(p.Base+"/badges", t.T("console.nav.badges", nil))
	p.crumb("", v.Name)
	if !p.Can("award.view") {
		return s.show(w, r, "console/badge.html", p)
	}
	latest, err := s.Issuing.List(r.Context(), p.Org.ID, issuing.Filter{Badge: b.PublicID, Limit: 5})
	if err != nil {
		return err
	}
	if err := s.seen(r, "badge_page", latest...); err != nil {
		return err
	}
	p.Latest = s.awardRows(t, p.Base, latest)
	for i := range p.Latest { // the page is about one badge: the address tells more
		p.Latest[i].Badge = p.Latest[i].Email
	}
	return s.show(w, r, "console/badge.html", p)
}
