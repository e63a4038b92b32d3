package picture

import "math"

// engraving is the fine work on the face, light enough never to fight with the
// icon.
func (c *canvas) engraving() {
	ink := c.ink.hex()
	stroke := func(width, alpha float64) string {
		return `fill="none" stroke="` + ink + `" stroke-width="` + num(width) + `" stroke-opacity="` + opacity(alpha) + `"`
	}
	sh := c.sh
	thin := func(r, width, alpha float64) {
		c.path(stroke(width, alpha), func(p *pen) { p.circle(sh.cx, sh.cy, r) })
	}
	switch c.d.Pattern {
	case "ticks":
		c.path(stroke(1.4, 0.55), func(p *pen) { p.ticks(sh.cx, sh.cy, sh.face-14, sh.face-7.5, 90) })
		thin(sh.face-19, 1, 0.42)
	case "beads":
		c.path(`fill="`+ink+`" fill-opacity=".62"`, func(p *pen) {
			for k := range 72 {
				x, y := polar(sh.cx, sh.cy, sh.face-10.5, float64(k)*5)
				p.circle(x, y, 1.6)
			}
		})
		thin(sh.face-17, 1, 0.42)
	case "rays":
		c.path(`fill="`+ink+`" fill-opacity=".075"`, func(p *pen) { p.rays(sh.cx, sh.cy, sh.face-9, 28) })
		thin(sh.face-9, 1.2, 0.5)
	case "guilloche":
		c.path(stroke(0.7, 0.34), func(p *pen) { p.guilloche(sh.cx, sh.cy, sh.face-8) })
		thin(sh.face-8, 1, 0.5)
		thin(sh.face-25.5, 1, 0.5)
	}
}

func (p *pen) ticks(cx, cy, from, to float64, n int) {
	for k := range n {
		deg := float64(k) * 360 / float64(n)
		p.move(polar(cx, cy, from, deg))
		p.line(polar(cx, cy, to, deg))
	}
}

func (p *pen) rays(cx, cy, r float64, n int) {
	for k := range n {
		deg := float64(k)*360/float64(n) - 90
		half := 90 / float64(n)
		p.move(polar(cx, cy, r*0.14, deg))
		p.line(polar(cx, cy, r, deg-half))
		x, y := polar(cx, cy, r, deg+half)
		p.arc(r, true, x, y)
		p.close()
	}
}

// guilloche is a band of interlaced waves, as on banknotes.
func (p *pen) guilloche(cx, cy, outer float64) {
	const strands, waves, width = 4, 30, 17.5
	mid := outer - width/2
	for s := range strands {
		shift := float64(s) * math.Pi * 2 / strands
		const n = waves * 4
		at := func(i int) (x, y float64) {
			deg := float64(i) * 360 / n
			return polar(cx, cy, mid+width/2*math.Sin(waves*deg*math.Pi/180+shift), deg)
		}
		x, y := at(0)
		p.move(x, y)
		for i := range n {
			ax, ay := at(i - 1)
			bx, by := at(i)
			nx, ny := at(i + 1)
			dx, dy := at(i + 2)
			p.cubic(bx+(nx-ax)/5.4, by+(ny-ay)/5.4, nx-(dx-bx)/5.4, ny-(dy-by)/5.4, nx, ny)
		}
		p.close()
	}
}

// words are the lines on the ring and small ornaments between them.
func (c *canvas) words() {
	d, sh := c.d, c.sh
	top, _ := d.place(sh, "top", tidy(d.Top, d.Lang, d.AsTyped))
	bottom, _ := d.place(sh, "bottom", tidy(d.Bottom, d.Lang, d.AsTyped))
	lines := append(top, bottom...)
	mid := (sh.outer + sh.face + 8) / 2
	fill := `fill="` + c.ringInk.hex() + `"`
	if len(lines) == 0 {
		c.path(fill+` fill-opacity=".8"`, func(p *pen) {
			for k := range 60 {
				x, y := polar(sh.cx, sh.cy, mid, float64(k)*6)
				if k%5 == 0 {
					p.diamond(x, y, 4.6)
				} else {
					p.circle(x, y, 1.5)
				}
			}
		})
		return
	}
	for _, l := range lines {
		c.path(fill, func(p *pen) { l.draw(p, l.text) })
	}
	c.ornaments(half(top), half(bottom), mid)
}

func half(lines []line) float64 {
	w := 0.0
	for _, l := range lines {
		w = max(w, l.degrees(l.text)/2)
	}
	return w
}

// ornaments fills the gaps beside the words, in degrees from the top and from
// the bottom, with a diamond and a few dots.
func (c *canvas) ornaments(top, bottom, mid float64) {
	if c.d.Ribbon != "" {
		bottom = max(bottom, 74) // the ribbon's ends lie there
	}
	gap := 180 - top - bottom
	if gap < 11 {
		return
	}
	centre := top + gap/2
	if bottom == 0 {
		// Dots run round the whole lower ring.
		n := int((gap - 9) * 2 / 6)
		c.path(`fill="`+c.accent.hex()+`"`, func(p *pen) {
			for k := range n {
				at := float64(k) - float64(n-1)/2
				x, y := polar(c.sh.cx, c.sh.cy, mid, 90+at*6)
				p.circle(x, y, 1.7)
			}
		})
		return
	}
	c.path(`fill="`+c.accent.hex()+`"`, func(p *pen) {
		for _, side := range []float64{-1, 1} {
			x, y := polar(c.sh.cx, c.sh.cy, mid, -90+side*centre)
			p.diamond(x, y, 5.4)
			for k := 1; k <= 3; k++ {
				off := 4.2 * float64(k)
				if off > gap/2-6.5 {
					break
				}
				for _, s := range []float64{-1, 1} {
					x, y := polar(c.sh.cx, c.sh.cy, mid, -90+side*(centre+s*off))
					p.circle(x, y, 1.7-0.3*float64(k-1))
				}
			}
		}
	})
}

// diamond is a four-pointed star with hollow sides.
func (p *pen) diamond(x, y, r float64) {
	p.move(x, y-r)
	p.quad(x+r*0.18, y-r*0.18, x+r, y)
	p.quad(x+r*0.18, y+r*0.18, x, y+r)
	p.quad(x-r*0.18, y+r*0.18, x-r, y)
	p.quad(x-r*0.18, y-r*0.18, x, y-r)
	p.close()
}
