package picture

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/roundel/roundel/internal/fault"
)

// Design says what a composed badge picture shows. The zero value of every
// field means the default or "none".
type Design struct {
	Title   string // what a screen reader says; without it, the words on the ring
	Lang    string // BCP 47 language of the words, for the right capitals
	AsTyped bool   // keep small letters; otherwise words are set in capitals

	Shape   string // id of Shapes
	Pattern string // id of Patterns, engraved on the face
	Icon    string // id of Icons; "none" leaves the face free
	Top     string // words on the upper ring
	Bottom  string // words on the lower ring
	Ribbon  string // words on a ribbon across the picture; none without words

	Level, Levels int // Level of Levels dots are filled; none when Levels is 0

	Ring    string // "#rrggbb": the body
	Face    string // "#rrggbb": the disc
	Ink     string // "#rrggbb": icon and engraving, on Face
	RingInk string // "#rrggbb": words on the ring; without it, Ink
	Accent  string // "#rrggbb": thin lines, ribbon; without it, RingInk
}

// The least contrast (WCAG 2.2) of what must be seen and what must be read.
const (
	minIconContrast = 3.0
	minTextContrast = 4.5
)

// maxWords is the most letters looked at in one place; more never fit.
const maxWords = 160

// maxLevels is the most level dots.
const maxLevels = 6

// Patterns returns what can be engraved on the face, the default first.
func Patterns() []Option {
	return []Option{{"ticks", "Ticks"}, {"guilloche", "Guilloche"}, {"rays", "Rays"}, {"beads", "Beads"}, {"plain", "Plain"}}
}

// withDefaults returns d with every empty choice filled in.
func (d Design) withDefaults() Design {
	p := Palettes()[0]
	fill := func(field *string, value string) {
		if *field == "" {
			*field = value
		}
	}
	if d.Ring == "" && d.Face == "" && d.Ink == "" {
		fill(&d.RingInk, p.RingInk)
		fill(&d.Accent, p.Accent)
	}
	fill(&d.Shape, Shapes()[0].ID)
	fill(&d.Pattern, Patterns()[0].ID)
	fill(&d.Icon, Icons()[0].ID)
	fill(&d.Ring, p.Ring)
	fill(&d.Face, p.Face)
	fill(&d.Ink, p.Ink)
	fill(&d.RingInk, d.Ink)
	fill(&d.Accent, d.RingInk)
	return d
}

// Validate returns everything that keeps d from being composed, by the name of
// the field in lower case ("top", "ringInk").
func (d Design) Validate() []fault.Field {
	d = d.withDefaults()
	var out []fault.Field
	add := func(path, format string, args ...any) {
		out = append(out, fault.Field{Path: path, Message: fmt.Sprintf(format, args...)})
	}
	if _, ok := shapeByID(d.Shape); !ok {
		add("shape", "There is no shape called %q. Choose one of the shapes shown.", d.Shape)
	}
	if _, ok := iconByID(d.Icon); !ok && d.Icon != "none" {
		add("icon", "There is no icon called %q. Choose one of the icons shown.", d.Icon)
	}
	if !hasOption(Patterns(), d.Pattern) {
		add("pattern", "There is no pattern called %q. Choose one of the patterns shown.", d.Pattern)
	}
	switch {
	case d.Levels < 0 || d.Levels > maxLevels:
		add("levels", "A picture shows at most %d level dots.", maxLevels)
	case d.Level < 0 || d.Level > d.Levels:
		add("level", "The level must lie between 0 and %d, the number of levels.", d.Levels)
	}
	if utf8.RuneCountInString(d.Title) > 300 {
		add("title", "The picture's title is longer than 300 letters. Shorten it.")
	}
	out = append(out, d.checkColours()...)
	return append(out, d.checkWords()...)
}

func hasOption(options []Option, id string) bool {
	for _, o := range options {
		if o.ID == id {
			return true
		}
	}
	return false
}

func (d Design) checkColours() []fault.Field {
	var out []fault.Field
	for _, c := range []struct{ path, value string }{
		{"ring", d.Ring}, {"face", d.Face}, {"ink", d.Ink}, {"ringInk", d.RingInk}, {"accent", d.Accent},
	} {
		if _, ok := parseHex(c.value); !ok {
			out = append(out, fault.Field{Path: c.path, Message: fmt.Sprintf("%q is not a colour. Write it like #1f3aa8.", c.value)})
		}
	}
	if len(out) > 0 {
		return out
	}
	if c := Contrast(d.Ink, d.Face); c < minIconContrast {
		out = append(out, fault.Field{Path: "ink", Message: fmt.Sprintf(
			"The icon hardly shows on the face: its contrast is %.1f to 1 and needs 3 to 1. Choose a lighter or darker colour for one of them.", c)})
	}
	words := d.Top + d.Bottom
	if c := Contrast(d.RingInk, d.Ring); words != "" && c < minTextContrast {
		out = append(out, fault.Field{Path: "ringInk", Message: fmt.Sprintf(
			"The words on the ring are hard to read: their contrast is %.1f to 1 and needs 4.5 to 1. Choose a lighter or darker colour for one of them.", c)})
	}
	return out
}

func (d Design) checkWords() []fault.Field {
	var out []fault.Field
	for _, w := range []struct{ path, text string }{{"top", d.Top}, {"bottom", d.Bottom}, {"ribbon", d.Ribbon}} {
		text := tidy(w.text, d.Lang, d.AsTyped)
		if strange := missing(text); len(strange) > 0 {
			if len(strange) > 8 {
				strange = strange[:8]
			}
			out = append(out, fault.Field{Path: w.path, Message: fmt.Sprintf(
				"The picture's lettering has no %s. It knows Latin, Greek and Cyrillic letters; leave this empty, the badge keeps its name in any script.", quoteRunes(strange))})
			continue
		}
		if n := d.overflow(w.path, text); n > 0 {
			out = append(out, fault.Field{Path: w.path, Message: fmt.Sprintf(
				"These words are too long for the picture: about %d letters fit, and there are %d. Shorten them; the badge keeps its full name.", n, utf8.RuneCountInString(text))})
		}
	}
	return out
}

func quoteRunes(runes []rune) string {
	parts := make([]string, len(runes))
	for i, r := range runes {
		parts[i] = fmt.Sprintf("“%c”", r)
	}
	return strings.Join(parts, ", ")
}

// overflow returns 0 when text fits in its place and otherwise about how many
// of its letters would.
func (d Design) overflow(path, text string) int {
	sh, ok := shapeByID(d.Shape)
	if !ok || text == "" {
		return 0
	}
	fits := func(s string) bool {
		_, ok := d.place(sh, path, s)
		return ok
	}
	runes := []rune(text)
	if len(runes) <= maxWords && fits(text) {
		return 0
	}
	low, high := 0, min(len(runes), maxWords)
	for low+1 < high {
		if mid := (low + high) / 2; fits(strings.TrimSpace(string(runes[:mid]))) {
			low = mid
		} else {
			high = mid
		}
	}
	return max(low, 1)
}

// title is what a screen reader says for the picture.
func (d Design) title() string {
	if t := strings.TrimSpace(d.Title); t != "" {
		return t
	}
	var parts []string
	for _, w := range []string{d.Top, d.Ribbon, d.Bottom} {
		if w = strings.TrimSpace(w); w != "" {
			parts = append(parts, w)
		}
	}
	if len(parts) == 0 {
		return "Badge"
	}
	return strings.Join(parts, ", ")
}
