package web

import (
	"fmt"
	"html/template"
	"net/http"
	"strconv"

	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/gate"
	"github.com/roundel/roundel/internal/picture"
)

// badgePreviewPage is how a badge looks while it is being written.
type badgePreviewPage struct {
	Page
	Picture, Alt, Name string
	Criteria           string
	Wrong              []string // what keeps the picture from being made as chosen
}

// preview shows the form's badge. A picture that cannot be made as chosen is
// shown without what is in the way, and the reason is told.
func (s *Server) preview(t printer, base string, f badgeForm) badgePreviewPage {
	p := badgePreviewPage{Name: f.Name, Alt: f.Alt, Criteria: f.Criteria}
	if f.From == pictureUploaded {
		p.Picture = s.emptyFrame()
		if f.Upload != "" {
			p.Picture = "/pictures/" + f.Upload + pictureEnding(f.UploadMedia)
		}
		return p
	}
	if p.Alt == "" {
		p.Alt = describe(t, f.Design, f.Palette)
	}
	d, wrong := makeable(f.Design)
	for _, w := range wrong {
		p.Wrong = append(p.Wrong, w.Message)
	}
	palette := f.Palette
	if d.Ring != f.Design.Ring {
		palette = picture.Palettes()[0].ID
	}
	p.Picture = base + "/picture.svg?" + designQuery(d, palette)
	return p
}

func pictureEnding(media string) string {
	if media == picture.MediaSVG {
		return ".svg"
	}
	return ".png"
}

// makeable returns d without the choices that keep it from being composed, and
// what is wrong with those.
func makeable(d picture.Design) (picture.Design, []fault.Field) {
	wrong := d.Validate()
	for _, f := range wrong {
		switch f.Path {
		case "top":
			d.Top = ""
		case "bottom":
			d.Bottom = ""
		case "ribbon":
			d.Ribbon = ""
		case "shape":
			d.Shape = ""
		case "icon":
			d.Icon = ""
		case "pattern":
			d.Pattern = ""
		case "title":
			d.Title = ""
		case "level", "levels":
			d.Level, d.Levels = 0, 0
		default:
			d = picture.Palettes()[0].Paint(d)
		}
	}
	return d, wrong
}

// badgePreview answers POST /console/{org}/badges/preview with the parts of
// the designer that show what was entered. It keeps nothing.
func (s *Server) badgePreview(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r, formLimit); err != nil {
		return err
	}
	p := s.preview(s.texts(r), "/console/"+gate.From(r.Context()).Organisation.Slug, readBadgeForm(r.PostFormValue))
	return s.pages.render(w, r, http.StatusOK, "console/badge-preview.html", &p)
}

// designPicture answers GET /console/{org}/picture.svg with the design that
// the query describes.
func (s *Server) designPicture(w http.ResponseWriter, r *http.Request) error {
	d, _ := readDesign(r.URL.Query().Get)
	d, _ = makeable(d)
	svg, err := picture.Compose(d)
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "This picture cannot be made.")
	}
	h := w.Header()
	h.Set("Content-Type", picture.MediaSVG)
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'; style-src 'unsafe-inline'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "private, max-age=3600")
	h.Set("Content-Length", strconv.Itoa(len(svg)))
	_, _ = w.Write(svg) // the reader has gone: nothing to do
	return nil
}

// designerChoices are the ways to answer the designer's questions.
type designerChoices struct {
	Shapes, Patterns, Palettes, Levels, Kinds, Languages []option
	Icons                                                []iconChoice
}

// iconChoice is one icon to choose, drawn in the page itself.
type iconChoice struct {
	ID, Name string
	SVG      template.HTML
	Checked  bool
}

func (s *Server) designerChoices(t printer, base string, f badgeForm) designerChoices {
	var c designerChoices
	d := f.Design
	for _, o := range picture.Shapes() {
		look := picture.Palettes()[0].Paint(picture.Design{Shape: o.ID, Pattern: "plain", Icon: "none"})
		c.Shapes = append(c.Shapes, option{Value: o.ID, Label: o.Name, Checked: o.ID == d.Shape, Picture: base + "/picture.svg?" + designQuery(look, picture.Palettes()[0].ID)})
	}
	for _, o := range picture.Patterns() {
		c.Patterns = append(c.Patterns, option{Value: o.ID, Label: o.Name})
	}
	for _, p := range picture.Palettes() {
		c.Palettes = append(c.Palettes, option{Value: p.ID, Label: p.Name, Checked: p.ID == f.Palette, Colours: []string{p.Ring, p.Face, p.Ink}})
	}
	c.Palettes = append(c.Palettes, option{Value: ownColours, Label: t.T("designer.palette.own", nil), Checked: f.Palette == ownColours, Icon: "palette"})
	c.Icons = iconChoices(t, d.Icon)
	c.Levels = levelChoices(t)
	c.Kinds, c.Languages = kindChoices(t), languageChoices(t)
	return c
}

func iconChoices(t printer, chosen string) []iconChoice {
	list := []iconChoice{{ID: "none", Name: t.T("designer.icon.none", nil), Checked: chosen == "none"}}
	for _, o := range picture.Icons() {
		svg, err := picture.IconSVG(o.ID)
		if err != nil {
			continue // Icons lists only what IconSVG draws
		}
		list = append(list, iconChoice{ID: o.ID, Name: o.Name, Checked: o.ID == chosen, SVG: template.HTML(svg)})
	}
	return list
}

func levelChoices(t printer) []option {
	list := []option{{Value: "", Label: t.T("designer.level.none", nil)}}
	for levels := 2; levels <= 5; levels++ {
		for level := 1; level <= levels; level++ {
			list = append(list, option{Value: fmt.Sprintf("%d/%d", level, levels),
				Label: t.T("designer.level.n_of_m", map[string]any{"level": strconv.Itoa(level), "levels": strconv.Itoa(levels)})})
		}
	}
	return list
}
