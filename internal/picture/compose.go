package picture

import (
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"html"
	"math"
	"strings"

	"github.com/roundel/roundel/internal/fault"
)

// canvas is the SVG being written.
type canvas struct {
	b    strings.Builder
	d    Design
	sh   shape
	mark string // makes ids unique among pictures on one page

	ring, face, ink, ringInk, accent rgb
}

// Compose draws d as an SVG of 400 by 400 units with words as paths, a title,
// and no reference to anything outside. The same design gives the same bytes.
// An invalid design is refused with the fields at fault.
func Compose(d Design) ([]byte, error) {
	if f := d.Validate(); len(f) > 0 {
		return nil, fault.Fields(f...)
	}
	d = d.withDefaults()
	c := &canvas{d: d}
	c.sh, _ = shapeByID(d.Shape)
	c.ring, _ = parseHex(d.Ring)
	c.face, _ = parseHex(d.Face)
	c.ink, _ = parseHex(d.Ink)
	c.ringInk, _ = parseHex(d.RingInk)
	c.accent, _ = parseHex(d.Accent)
	sum := fnv.New32a()
	fmt.Fprintf(sum, "%+v", d)
	c.mark = "r" + hex.EncodeToString(sum.Sum(nil))[:6]

	c.printf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 400" role="img"><title>%s</title>`, html.EscapeString(tidy(d.title(), "", true)))
	c.gradients()
	if c.sh.behind != nil {
		c.sh.behind(c)
	}
	c.body()
	c.disc()
	c.engraving()
	c.icon()
	c.words()
	if d.Ribbon != "" {
		c.ribbon()
	}
	c.levels()
	c.printf("</svg>\n")
	return []byte(c.b.String()), nil
}

func (c *canvas) printf(format string, args ...any) { fmt.Fprintf(&c.b, format, args...) }

// path writes one path drawn by draw with the attributes given.
func (c *canvas) path(attrs string, draw func(p *pen)) {
	var p pen
	draw(&p)
	c.printf(`<path d="%s" %s/>`, p.String(), attrs)
}

// opacity writes a fraction without its leading zero.
func opacity(v float64) string {
	return strings.TrimPrefix(strings.TrimRight(fmt.Sprintf("%.2f", v), "0"), "0")
}

type stop struct {
	at     float64 // percent
	colour rgb
	alpha  float64
}

func (c *canvas) stops(stops []stop) {
	for _, s := range stops {
		c.printf(`<stop offset="%s%%" stop-color="%s"`, num(s.at), s.colour.hex())
		if s.alpha < 1 {
			c.printf(` stop-opacity="%s"`, num2(s.alpha))
		}
		c.printf("/>")
	}
}

func num2(v float64) string {
	if v == 0 {
		return "0"
	}
	return opacity(v)
}

func (c *canvas) linear(id string, x1, y1, x2, y2 float64, stops ...stop) {
	c.printf(`<linearGradient id="%s%s" gradientUnits="userSpaceOnUse" x1="%s" y1="%s" x2="%s" y2="%s">`, c.mark, id, num(x1), num(y1), num(x2), num(y2))
	c.stops(stops)
	c.printf("</linearGradient>")
}

func (c *canvas) radial(id string, cx, cy, r float64, stops ...stop) {
	c.printf(`<radialGradient id="%s%s" gradientUnits="userSpaceOnUse" cx="%s" cy="%s" r="%s">`, c.mark, id, num(cx), num(cy), num(r))
	c.stops(stops)
	c.printf("</radialGradient>")
}

func (c *canvas) url(id string) string { return "url(#" + c.mark + id + ")" }

// gradients are the light from above that all parts share.
func (c *canvas) gradients() {
	white, black := rgb{255, 255, 255}, rgb{}
	sh := c.sh
	shade := 0.16
	if c.face.luminance() > 0.5 {
		shade = 0.08 // a light face soon looks dirty
	}
	c.printf("<defs>")
	c.linear("b", 120, 0, 280, 400, stop{0, c.ring.lighter(0.13), 1}, stop{48, c.ring, 1}, stop{100, c.ring.darker(0.22), 1})
	c.linear("e", 90, 0, 310, 400, stop{0, white, 0.55}, stop{38, white, 0.12}, stop{62, black, 0.05}, stop{100, black, 0.42})
	c.radial("f", sh.cx-sh.face*0.3, sh.cy-sh.face*0.45, sh.face*1.5,
		stop{0, c.face.lighter(0.11), 1}, stop{55, c.face, 1}, stop{100, c.face.darker(shade), 1})
	c.linear("i", sh.cx, sh.cy-sh.face, sh.cx, sh.cy+sh.face, stop{0, black, 0.34}, stop{45, black, 0.04}, stop{70, white, 0.06}, stop{100, white, 0.42})
	c.linear("a", 60, 0, 340, 400, stop{0, c.accent.lighter(0.38), 1}, stop{35, c.accent, 1}, stop{65, c.accent.darker(0.2), 1}, stop{100, c.accent.lighter(0.1), 1})
	if c.d.Shape == "medal" {
		c.linear("t", 0, 308, 0, 352, stop{0, black, 0.6}, stop{100, black, 0})
	}
	if c.d.Ribbon != "" {
		c.linear("r", 40, 0, 360, 0, stop{0, c.accent.darker(0.1), 1}, stop{28, c.accent, 1}, stop{50, c.accent.lighter(0.26), 1}, stop{72, c.accent, 1}, stop{100, c.accent.darker(0.1), 1})
	}
	c.printf("</defs>")
}

// body is the silhouette with a bevelled edge and a thin inner line.
func (c *canvas) body() {
	outline := func(inset float64) func(*pen) {
		return func(p *pen) { c.sh.outline(p, inset) }
	}
	c.path(`fill="`+c.url("b")+`"`, outline(0))
	c.path(`fill="none" stroke="`+c.url("e")+`" stroke-width="3.4" stroke-linejoin="round"`, outline(1.7))
	c.path(`fill="none" stroke="`+c.url("a")+`" stroke-width="1.5" stroke-linejoin="round" stroke-opacity=".9"`, outline(8.5))
}

// disc is the face, set a little into the body.
func (c *canvas) disc() {
	circle := func(r float64, attrs string) {
		c.printf(`<circle cx="%s" cy="%s" r="%s" %s/>`, num(c.sh.cx), num(c.sh.cy), num(r), attrs)
	}
	circle(c.sh.face+6, `fill-opacity=".1"`)
	circle(c.sh.face+4.2, `fill-opacity=".16"`)
	circle(c.sh.face+2.6, `fill="`+c.url("a")+`"`)
	circle(c.sh.face, `fill="`+c.url("f")+`"`)
	circle(c.sh.face-1.6, `fill="none" stroke="`+c.url("i")+`" stroke-width="3.2"`)
}

// icon is drawn twice: a soft shadow just below, then the lines.
func (c *canvas) icon() {
	i, ok := iconByID(c.d.Icon)
	if !ok {
		return
	}
	x, y, scale := c.sh.cx, c.sh.cy, c.sh.face/53
	switch {
	case c.d.Ribbon != "":
		top := c.sh.cy - c.sh.face + 16
		bottom := ribbonMiddle(c.sh) - ribbonHalf - 4
		y = (top+bottom)/2 + 1
		scale = math.Min(scale, (bottom-top)*0.86/iconSize)
	case c.d.Levels > 0:
		y -= c.sh.face * 0.11
		scale *= 0.92
	}
	place := func(dy float64) string {
		return fmt.Sprintf(`transform="translate(%s %s) scale(%.3g)"`, num(x-iconSize/2*scale), num(y-iconSize/2*scale+dy), scale)
	}
	if c.ink.luminance() > c.face.luminance() {
		c.printf(`<g opacity=".2" %s>`, place(2))
		i.draw(&c.b, "#000")
		c.printf("</g>")
	}
	c.printf("<g %s>", place(0))
	i.draw(&c.b, c.ink.hex())
	c.printf("</g>")
}

// levels are the dots under the icon, or under the ribbon.
func (c *canvas) levels() {
	n := c.d.Levels
	if n == 0 {
		return
	}
	gap, y := c.sh.face*0.17, c.sh.cy+c.sh.face*0.63
	if c.d.Ribbon != "" {
		y = (ribbonMiddle(c.sh) + ribbonHalf + 5 + c.sh.cy + c.sh.face - 14) / 2
	}
	r := gap * 0.3
	for k := range n {
		x := c.sh.cx + (float64(k)-float64(n-1)/2)*gap
		if k < c.d.Level {
			c.printf(`<circle cx="%s" cy="%s" r="%s" fill="%s"/>`, num(x), num(y), num(r), c.ink.hex())
		} else {
			c.printf(`<circle cx="%s" cy="%s" r="%s" fill="none" stroke="%s" stroke-width="1.8" stroke-opacity=".85"/>`, num(x), num(y), num(r-0.8), c.ink.hex())
		}
	}
}
