package web

import (
	"net/http"
	"slices"

	"github.com/roundel/roundel/internal/badge"
	"github.com/roundel/roundel/internal/gate"
)

// badgeListPage shows an organisation's badges.
type badgeListPage struct {
	consolePage
	Cards    []badgeTile
	Archived []badgeTile
}

// badgeTile is one badge in the console's list.
type badgeTile struct {
	Card  badgecard
	Award string // address at which to award it, "" for drafts
}

// badgeList answers GET /console/{org}/badges.
func (s *Server) badgeList(w http.ResponseWriter, r *http.Request) error {
	t := s.texts(r)
	p := &badgeListPage{consolePage: s.desk(r, areaBadges, t.T("badge.list.title", nil))}
	badges, err := s.badgesInReach(r, p.Org.ID)
	if err != nil {
		return err
	}
	for _, b := range badges {
		tile := s.badgeTile(t, p.Base, b)
		if b.ArchivedAt.IsZero() {
			p.Cards = append(p.Cards, tile)
		} else {
			p.Archived = append(p.Archived, tile)
		}
	}
	return s.show(w, r, "console/badges.html", p)
}

// badgesInReach lists the badges that the reader has to do with.
func (s *Server) badgesInReach(r *http.Request, organisationID int64) ([]*badge.Badge, error) {
	list, err := s.Badges.List(r.Context(), organisationID)
	reach := gate.From(r.Context()).Reach
	return slices.DeleteFunc(list, func(b *badge.Badge) bool { return !reach.Covers(b.DepartmentID) }), err
}

func (s *Server) badgeTile(t printer, base string, b *badge.Badge) badgeTile {
	v := b.Shown()
	tile := badgeTile{Card: badgecard{
		URL: base + "/badges/" + b.PublicID.String(), Picture: s.picturePath(v), Alt: v.PictureAlt, Name: v.Name,
		Note: t.T("badge.awarded_times", map[string]any{"count": b.Awards}), Tag: badgeTag(t, b),
	}}
	if b.Published != nil && b.ArchivedAt.IsZero() {
		tile.Award = tile.Card.URL + "/award"
	}
	return tile
}

// badgeTag says what stands in the way of awarding a badge, if anything.
func badgeTag(t printer, b *badge.Badge) tag {
	switch {
	case !b.ArchivedAt.IsZero():
		return tag{Text: t.T("badge.tag.archived", nil)}
	case b.Published == nil:
		return tag{Kind: "wait", Text: t.T("badge.tag.draft", nil)}
	case b.Draft != nil:
		return tag{Kind: "info", Text: t.T("badge.tag.changes", nil)}
	}
	return tag{}
}

// picturePath returns the address of a version's picture on this server; that
// of an empty frame while it has none.
func (s *Server) picturePath(v *badge.Version) string {
	if v.PicturePNG == "" {
		return s.emptyFrame()
	}
	return "/pictures/" + v.PicturePNG + ".png"
}

// emptyFrame is the address of what stands where a picture will be.
func (s *Server) emptyFrame() string {
	address, err := s.pages.static.url("img/no-picture.svg")
	if err != nil {
		return ""
	}
	return address
}
