package picture

import (
	_ "embed"
	"fmt"
	"math"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/text/cases"
	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"
)

//go:embed font/Inter-Bold.ttf
var boldTTF []byte

//go:embed font/Inter-SemiBold.ttf
var semiBoldTTF []byte

// The fonts are parsed once, when first needed, and only read afterwards.
var (
	boldFont     = sync.OnceValue(func() *typeface { return mustTypeface(boldTTF) })
	semiBoldFont = sync.OnceValue(func() *typeface { return mustTypeface(semiBoldTTF) })
)

// typeface gives outlines in units of the em.
type typeface struct {
	font *sfnt.Font
	ppem fixed.Int26_6
	em   float64
	caps float64 // height of capitals in em
}

func mustTypeface(ttf []byte) *typeface {
	f, err := sfnt.Parse(ttf)
	if err != nil {
		panic(fmt.Sprintf("picture: the embedded font does not parse: %v", err))
	}
	// At one pixel per font unit nothing is rounded away.
	em := f.UnitsPerEm()
	t := &typeface{font: f, ppem: fixed.I(int(em)), em: float64(em), caps: 0.727}
	var b sfnt.Buffer
	if m, err := f.Metrics(&b, t.ppem, font.HintingNone); err == nil && m.CapHeight > 0 {
		t.caps = float64(m.CapHeight) / 64 / t.em
	}
	return t
}

// glyph is a letter in its place on a straight line, x in em from the start.
type glyph struct {
	index   sfnt.GlyphIndex
	x       float64
	advance float64
}

// set lays out text on a straight line with letter-spacing, both in em, and
// returns its glyphs and width. The spacing after the last letter is left out.
func (t *typeface) set(text string, spacing float64) (glyphs []glyph, width float64) {
	var b sfnt.Buffer
	var prev sfnt.GlyphIndex
	for i, r := range []rune(text) {
		g, err := t.font.GlyphIndex(&b, r)
		if err != nil {
			continue
		}
		if i > 0 {
			width += spacing
			if k, err := t.font.Kern(&b, prev, g, t.ppem, font.HintingNone); err == nil {
				width += float64(k) / 64 / t.em
			}
		}
		adv, err := t.font.GlyphAdvance(&b, g, t.ppem, font.HintingNone)
		if err != nil {
			continue
		}
		a := float64(adv) / 64 / t.em
		glyphs = append(glyphs, glyph{g, width, a})
		width += a
		prev = g
	}
	return glyphs, width
}

// outline draws a glyph with its points moved by at, which gets em with y
// downwards from the baseline.
func (t *typeface) outline(p *pen, g sfnt.GlyphIndex, at func(x, y float64) (float64, float64)) {
	var b sfnt.Buffer
	segments, err := t.font.LoadGlyph(&b, g, t.ppem, nil)
	if err != nil {
		return
	}
	pt := func(f fixed.Point26_6) (float64, float64) {
		return at(float64(f.X)/64/t.em, float64(f.Y)/64/t.em)
	}
	open := false
	for _, s := range segments {
		x, y := pt(s.Args[0])
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			if open {
				p.close()
			}
			p.move(x, y)
			open = true
		case sfnt.SegmentOpLineTo:
			p.line(x, y)
		case sfnt.SegmentOpQuadTo:
			x2, y2 := pt(s.Args[1])
			p.quad(x, y, x2, y2)
		case sfnt.SegmentOpCubeTo:
			x2, y2 := pt(s.Args[1])
			x3, y3 := pt(s.Args[2])
			p.cubic(x, y, x2, y2, x3, y3)
		}
	}
	if open {
		p.close()
	}
}

// missing returns the letters of text that the fonts do not have, each once.
func missing(text string) []rune {
	t := boldFont()
	var b sfnt.Buffer
	var out []rune
	for _, r := range text {
		g, err := t.font.GlyphIndex(&b, r)
		if (err != nil || g == 0) && !strings.ContainsRune(string(out), r) {
			out = append(out, r)
		}
	}
	return out
}

// tidy returns text as it is set: composed, one space between words, without
// control characters; in capitals of the language unless asTyped.
func tidy(text, lang string, asTyped bool) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return ' '
		}
		return r
	}, norm.NFC.String(strings.ToValidUTF8(text, "")))
	text = strings.Join(strings.Fields(text), " ")
	if asTyped {
		return text
	}
	tag, err := language.Parse(lang)
	if err != nil {
		tag = language.Und
		if strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Greek, r) }) {
			tag = language.Greek // capitals carry no accents
		}
	}
	return norm.NFC.String(cases.Upper(tag).String(text))
}

// curve is text on a circle.
type curve struct {
	face    *typeface
	cx, cy  float64
	middle  float64 // radius on which half the height of the capitals lies
	beneath bool    // on the lower half, reading from left to right there
	size    float64 // em in units of the picture
	spacing float64 // em
}

// degrees returns the angle that text takes.
func (c curve) degrees(text string) float64 {
	_, w := c.face.set(text, c.spacing)
	return w * c.size / c.middle * 180 / math.Pi
}

// draw writes text with its middle at the top (or, beneath, at the bottom).
func (c curve) draw(p *pen, text string) {
	glyphs, width := c.face.set(text, c.spacing)
	for _, g := range glyphs {
		centre := g.x + g.advance/2
		angle := (centre - width/2) * c.size / c.middle
		sin, cos := math.Sincos(angle)
		half := c.face.caps / 2
		c.face.outline(p, g.index, func(x, y float64) (float64, float64) {
			// Local axes: u along the line, v outwards from the circle's centre.
			u := (x - g.advance/2) * c.size
			v := (-y - half) * c.size
			if c.beneath {
				r := c.middle - v
				return c.cx + r*sin + u*cos, c.cy + r*cos - u*sin
			}
			r := c.middle + v
			return c.cx + r*sin + u*cos, c.cy - r*cos + u*sin
		})
	}
}
