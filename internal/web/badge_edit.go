package web

import (
	"net/http"

	"github.com/roundel/roundel/internal/badge"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/gate"
	"github.com/roundel/roundel/internal/picture"
	"github.com/roundel/roundel/internal/publicid"
)

// badgeEditPage is the badge designer.
type badgeEditPage struct {
	consolePage
	Form        badgeForm
	Action      string // address that the form is sent to
	Version     int64  // number of the version being written
	Preview     badgePreviewPage
	Choices     designerChoices
	Departments []option // that the badge may belong to; none where there are none
	Everywhere  bool     // it may belong to the whole organisation
}

// badgeNew answers GET /console/{org}/badges/new.
func (s *Server) badgeNew(w http.ResponseWriter, r *http.Request) error {
	return s.showDesigner(w, r, nil, newBadgeForm(s.texts(r).Lang()), nil)
}

// badgeEdit answers GET …/badges/{badge}/edit.
func (s *Server) badgeEdit(w http.ResponseWriter, r *http.Request) error {
	b, err := s.badgeOf(r)
	if err != nil {
		return err
	}
	v := b.Draft
	if v == nil {
		v = b.Published
	}
	return s.showDesigner(w, r, b, s.formOf(r, v), nil)
}

// badgeOf returns the badge that the address names.
func (s *Server) badgeOf(r *http.Request) (*badge.Badge, error) {
	id, err := pathID(r, "badge")
	if err != nil {
		return nil, err
	}
	return s.Badges.Get(r.Context(), gate.From(r.Context()).Organisation.ID, id)
}

// showDesigner shows the form; b is nil for a badge that does not exist yet.
func (s *Server) showDesigner(w http.ResponseWriter, r *http.Request, b *badge.Badge, f badgeForm, wrong error, news ...flash) error {
	t := s.texts(r)
	p := &badgeEditPage{consolePage: s.desk(r, areaBadges, t.T("designer.title_new", nil)), Form: f, Version: 1}
	p.Action, p.Back = p.Base+"/badges/new", p.Base+"/badges"
	p.crumb(p.Base+"/badges", t.T("console.nav.badges", nil))
	if b != nil {
		p.Title = t.T("designer.title_edit", map[string]any{"badge": b.Shown().Name})
		p.Back = p.Base + "/badges/" + b.PublicID.String()
		p.Action = p.Back + "/edit"
		p.crumb(p.Back, b.Shown().Name)
		if b.Draft == nil {
			p.Version = b.Published.Number + 1
		} else {
			p.Version = b.Draft.Number
		}
	}
	p.crumb("", t.T("designer.crumb", nil))
	p.Preview, p.Flash = s.preview(t, p.Base, f), append(p.Flash, news...)
	if err := s.badgeDepartments(r, p, b); err != nil {
		return err
	}
	p.Choices = s.designerChoices(t, p.Base, f)
	if wrong != nil {
		p.Problems = problemsOf(wrong)
	}
	return s.show(w, r, "console/badge-edit.html", p)
}

// badgeCreate answers POST /console/{org}/badges/new.
func (s *Server) badgeCreate(w http.ResponseWriter, r *http.Request) error {
	return s.saveBadge(w, r, nil)
}

// badgeSave answers POST …/badges/{badge}/edit.
func (s *Server) badgeSave(w http.ResponseWriter, r *http.Request) error {
	b, err := s.badgeOf(r)
	if err != nil {
		return err
	}
	return s.saveBadge(w, r, b)
}

// saveBadge saves the form as a draft, and publishes it when asked. A draft
// that cannot be published yet is saved all the same.
func (s *Server) saveBadge(w http.ResponseWriter, r *http.Request, b *badge.Badge) error {
	tooLarge, err := readUploadForm(w, r)
	if err != nil {
		return err
	}
	f := readBadgeForm(r.PostFormValue)
	wrong := errTooLarge(tooLarge, "picture")
	if wrong != nil {
		f.From = pictureUploaded
	} else {
		wrong = s.keepUpload(r, &f)
	}
	do := r.PostFormValue("do")
	if do == "suggest" {
		d := picture.Suggest(f.Name)
		f.From, f.Design, f.Palette, f.Alt = pictureMade, d, paletteOf(d), ""
	}
	if do == "preview" || do == "suggest" || refused(wrong) {
		return s.showDesigner(w, r, b, f, wrong)
	}
	if wrong != nil {
		return wrong
	}
	var news []flash
	b, err = s.writeDraft(r, b, f)
	switch {
	case do != "publish":
	case err == nil:
		news = append(news, flash{Kind: "info", Text: s.texts(r).T("flash.badge_saved", nil)})
		err = s.Badges.Publish(r.Context(), b.OrganisationID, b.PublicID)
	case refused(err): // say everything at once, not one mistake after the other
		err = fault.Fields(append(fault.FieldsOf(err), f.lacks()...)...)
	}
	if refused(err) {
		return s.showDesigner(w, r, b, f, designerProblems(err), news...)
	}
	if err != nil {
		return err
	}
	address, code := badgePath(r, b.PublicID), "badge_saved"
	if do == "publish" {
		code = "badge_published"
	}
	return s.done(w, r, address, "good", code)
}

// writeDraft makes the badge, or changes its draft. When that is refused it
// returns the badge as it was.
func (s *Server) writeDraft(r *http.Request, b *badge.Badge, f badgeForm) (*badge.Badge, error) {
	c, pic, err := s.content(r, f)
	if err != nil {
		return b, err
	}
	var saved *badge.Badge
	var department publicid.ID
	if b == nil || r.PostForm.Has("department") {
		if department, err = s.departmentFor(r, f.Department); err != nil {
			return b, err
		}
	}
	if b == nil {
		saved, err = s.Badges.CreateIn(r.Context(), gate.From(r.Context()).Organisation.ID, department, c, pic)
	} else {
		if r.PostForm.Has("department") {
			if err := s.Badges.Move(r.Context(), b.OrganisationID, b.PublicID, department); err != nil {
				return b, err
			}
		}
		saved, err = s.Badges.SaveDraft(r.Context(), b.OrganisationID, b.PublicID, c, pic)
	}
	if err != nil {
		return b, err
	}
	return saved, nil
}

// designerProblems points at the choices that a design's fields belong to.
func designerProblems(err error) error {
	fields := fault.FieldsOf(err)
	if len(fields) == 0 {
		return err
	}
	moved := make([]fault.Field, 0, len(fields))
	for _, f := range fields {
		if f.Path == "levels" {
			f.Path = "level"
		}
		moved = append(moved, f)
	}
	return fault.Fields(moved...)
}

// badgePath returns the address of a badge in the console of the request's
// organisation.
func badgePath(r *http.Request, id publicid.ID) string {
	return "/console/" + gate.From(r.Context()).Organisation.Slug + "/badges/" + id.String()
}

// badgePublish answers POST …/badges/{badge}/publish.
func (s *Server) badgePublish(w http.ResponseWriter, r *http.Request) error {
	b, err := s.badgeOf(r)
	if err != nil {
		return err
	}
	err = s.Badges.Publish(r.Context(), b.OrganisationID, b.PublicID)
	if refused(err) && b.Draft != nil {
		return s.showDesigner(w, r, b, s.formOf(r, b.Draft), err)
	}
	if err != nil {
		return err
	}
	return s.done(w, r, badgePath(r, b.PublicID), "good", "badge_published")
}

// badgeDiscard answers POST …/badges/{badge}/discard.
func (s *Server) badgeDiscard(w http.ResponseWriter, r *http.Request) error {
	b, err := s.badgeOf(r)
	if err != nil {
		return err
	}
	if err := s.Badges.DiscardDraft(r.Context(), b.OrganisationID, b.PublicID); err != nil {
		return err
	}
	return s.done(w, r, badgePath(r, b.PublicID), "good", "draft_discarded")
}

// badgeArchive answers POST …/badges/{badge}/archive; archived=no brings the
// badge back.
func (s *Server) badgeArchive(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r, formLimit); err != nil {
		return err
	}
	b, err := s.badgeOf(r)
	if err != nil {
		return err
	}
	archive := r.PostFormValue("archived") != "no"
	if err := s.Badges.SetArchived(r.Context(), b.OrganisationID, b.PublicID, archive); err != nil {
		return err
	}
	if archive {
		return s.done(w, r, badgePath(r, b.PublicID), "good", "badge_archived")
	}
	return s.done(w, r, badgePath(r, b.PublicID), "good", "badge_back")
}
