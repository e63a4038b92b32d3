package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/roundel/roundel/internal/badge"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/picture"
)

// Where a badge's picture comes from.
const (
	pictureMade     = "make"
	pictureUploaded = "upload"
)

// ownColours is the choice of colours that is in no palette.
const ownColours = "own"

// badgeForm is what somebody has entered about a badge, as entered.
type badgeForm struct {
	Name, Description, Criteria, CriteriaURL string
	Kind, Tags, Language, Alt                string
	From                                     string // pictureMade or pictureUploaded
	Upload                                   string // blob key of a picture that was uploaded and taken
	UploadMedia                              string
	Design                                   picture.Design
	Palette                                  string // id of a palette, or ownColours
	Department                               string // public id; "" for the whole organisation
}

// newBadgeForm is what the form of a new badge starts from.
func newBadgeForm(lang string) badgeForm {
	first := picture.Palettes()[0]
	d := first.Paint(picture.Design{Shape: picture.Shapes()[0].ID, Pattern: picture.Patterns()[0].ID, Icon: picture.Icons()[0].ID})
	return badgeForm{Kind: "Badge", Language: lang, From: pictureMade, Design: d, Palette: first.ID}
}

// formOf returns a version's content for editing.
func (s *Server) formOf(r *http.Request, v *badge.Version) badgeForm {
	t := s.texts(r)
	f := newBadgeForm(t.Lang())
	f.Name, f.Description, f.Criteria, f.CriteriaURL = v.Name, v.Description, v.Criteria, v.CriteriaURL
	f.Kind, f.Tags, f.Language, f.Alt = v.AchievementType, strings.Join(v.Tags, ", "), v.Language, v.PictureAlt
	switch {
	case v.Design != nil:
		f.Design, f.Palette = *v.Design, paletteOf(*v.Design)
		if f.Alt == describe(t, f.Design, f.Palette) { // ours: it follows the choices
			f.Alt = ""
		}
	case v.PictureSVG != "":
		f.From, f.Upload, f.UploadMedia = pictureUploaded, v.PictureSVG, picture.MediaSVG
	case v.PicturePNG != "":
		f.From, f.Upload, f.UploadMedia = pictureUploaded, v.PicturePNG, picture.MediaPNG
	}
	return f
}

func paletteOf(d picture.Design) string {
	for _, p := range picture.Palettes() {
		if p.Paint(d) == d {
			return p.ID
		}
	}
	return ownColours
}

// readBadgeForm reads what was entered. v gives a field's value.
func readBadgeForm(v func(string) string) badgeForm {
	f := badgeForm{
		Name: v("name"), Description: v("description"), Criteria: unixLines(v("criteria")), CriteriaURL: v("criteria_url"),
		Kind: v("achievement_type"), Tags: v("tags"), Language: v("language"), Alt: v("picture_alt"),
		From: v("from"), Upload: v("upload_key"), UploadMedia: v("upload_media"), Department: v("department"),
	}
	if f.From != pictureUploaded {
		f.From = pictureMade
	}
	f.Design, f.Palette = readDesign(v)
	f.Design.Title, f.Design.Lang = strings.TrimSpace(f.Name), f.Language
	return f
}

// readDesign reads the choices of the designer.
func readDesign(v func(string) string) (d picture.Design, palette string) {
	d = picture.Design{
		Shape: v("shape"), Pattern: v("pattern"), Icon: v("icon"), Top: v("top"), Bottom: v("bottom"), Ribbon: v("ribbon"),
		AsTyped: v("as_typed") == "yes",
		Ring:    v("ring"), Face: v("face"), Ink: v("ink"), RingInk: v("ringInk"), Accent: v("accent"),
	}
	// "2/3": what is no number stays zero, which shows no dots.
	level, levels, _ := strings.Cut(v("level"), "/")
	d.Level, _ = strconv.Atoi(level)
	d.Levels, _ = strconv.Atoi(levels)
	for _, p := range picture.Palettes() {
		if p.ID == v("palette") {
			return p.Paint(d), p.ID
		}
	}
	return d, ownColours
}

// designQuery is the address's part that readDesign reads.
func designQuery(d picture.Design, palette string) string {
	q := url.Values{}
	set := func(name, value string) {
		if value != "" {
			q.Set(name, value)
		}
	}
	set("shape", d.Shape)
	set("pattern", d.Pattern)
	set("icon", d.Icon)
	set("top", d.Top)
	set("bottom", d.Bottom)
	set("ribbon", d.Ribbon)
	set("palette", palette)
	if d.AsTyped {
		set("as_typed", "yes")
	}
	if d.Levels > 0 {
		set("level", levelValue(d))
	}
	if palette == ownColours {
		set("ring", d.Ring)
		set("face", d.Face)
		set("ink", d.Ink)
		set("ringInk", d.RingInk)
		set("accent", d.Accent)
	}
	return q.Encode()
}

// Level is the choice of level dots, "2/3".
func (f badgeForm) Level() string { return levelValue(f.Design) }

func levelValue(d picture.Design) string {
	if d.Levels == 0 {
		return ""
	}
	return strconv.Itoa(d.Level) + "/" + strconv.Itoa(d.Levels)
}

// content returns the form as a badge's content and picture.
func (s *Server) content(r *http.Request, f badgeForm) (badge.Content, badge.Picture, error) {
	c := badge.Content{
		Name: f.Name, Description: f.Description, Criteria: f.Criteria, CriteriaURL: f.CriteriaURL,
		AchievementType: f.Kind, Tags: splitTags(f.Tags), Language: f.Language, PictureAlt: f.Alt,
	}
	if f.From == pictureMade {
		d := f.Design
		if strings.TrimSpace(c.PictureAlt) == "" {
			c.PictureAlt = describe(s.texts(r), d, f.Palette)
		}
		return c, badge.Picture{Design: &d}, nil
	}
	if f.Upload == "" {
		return c, badge.Picture{}, nil
	}
	data, err := s.Blobs.Get(r.Context(), f.Upload)
	return c, badge.Picture{Upload: data}, err
}

// lacks names what the form must still say before it can be published, beside
// the name, without which it cannot even be saved.
func (f badgeForm) lacks() []fault.Field {
	c := badge.Content{Description: strings.TrimSpace(f.Description), Criteria: strings.TrimSpace(f.Criteria), CriteriaURL: strings.TrimSpace(f.CriteriaURL),
		AchievementType: f.Kind, PictureAlt: strings.TrimSpace(f.Alt), PicturePNG: f.Upload}
	if f.From == pictureMade { // it is made and described when the draft is saved
		c.PicturePNG, c.PictureAlt = "made", "made"
	}
	return c.Lacks()
}

// keepUpload stores a picture that was just chosen, so that it is still there
// when another field was wrong.
func (s *Server) keepUpload(r *http.Request, f *badgeForm) error {
	file, _, err := uploaded(r, "picture")
	if err != nil || file == nil {
		return err
	}
	f.From = pictureUploaded
	media, clean, err := picture.Accept(file)
	if err != nil {
		return fault.Fields(fault.Field{Path: "picture", Message: fault.Message(err)})
	}
	f.UploadMedia = media
	f.Upload, err = s.Blobs.Put(r.Context(), clean)
	return err
}

// describe suggests the words for those who cannot see a composed picture.
func describe(t printer, d picture.Design, palette string) string {
	words := slices.DeleteFunc([]string{strings.TrimSpace(d.Top), strings.TrimSpace(d.Ribbon), strings.TrimSpace(d.Bottom)}, func(w string) bool { return w == "" })
	args := map[string]any{
		"shape": lower(optionName(picture.Shapes(), d.Shape)), "icon": lower(optionName(picture.Icons(), d.Icon)),
		"words": strings.Join(words, ", "), "level": strconv.Itoa(d.Level), "levels": strconv.Itoa(d.Levels),
	}
	var parts []string
	if d.Icon == "none" {
		parts = append(parts, t.T("designer.alt.shape", args))
	} else {
		parts = append(parts, t.T("designer.alt.shape_icon", args))
	}
	if len(words) > 0 {
		parts = append(parts, t.T("designer.alt.words", args))
	}
	if d.Levels > 0 {
		parts = append(parts, t.T("designer.alt.level", args))
	}
	return strings.Join(parts, " ")
}

func optionName(options []picture.Option, id string) string {
	for _, o := range options {
		if o.ID == id {
			return o.Name
		}
	}
	return id
}

func lower(s string) string { return strings.ToLower(s) }

func splitTags(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ';' || r == '\n' || r == '،' || r == '、' })
}

// unixLines undoes what browsers do to the line ends of a text area.
func unixLines(s string) string { return strings.ReplaceAll(s, "\r\n", "\n") }
