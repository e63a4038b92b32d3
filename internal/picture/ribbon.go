package picture

// ribbonMiddle is where the middle of the ribbon crosses the picture's axis.
func ribbonMiddle(sh shape) float64 { return sh.cy + sh.face*0.5 }

// ribbon is a band across the lower face, with folded ends behind it.
func (c *canvas) ribbon() {
	sh := c.sh
	cy := ribbonMiddle(sh) - ribbonRadius
	at := func(r, deg float64) (x, y float64) { return polar(sh.cx, cy, r, 90-deg) } // 0 is straight down
	const (
		inner, outer = ribbonRadius - ribbonHalf, ribbonRadius + ribbonHalf
		drop         = 13.0
		tuck, end    = ribbonReach - 2.6, ribbonReach + 3.9
	)
	for _, side := range []float64{1, -1} {
		c.path(`fill="`+c.accent.darker(0.2).hex()+`"`, func(p *pen) {
			p.move(at(inner+drop, side*tuck))
			p.line(at(inner+drop, side*end))
			p.line(at(ribbonRadius+drop, side*(end-1.5)))
			p.line(at(outer+drop, side*end))
			p.line(at(outer+drop, side*tuck))
			p.close()
		})
		c.path(`fill="`+c.accent.darker(0.5).hex()+`"`, func(p *pen) {
			p.move(at(outer-1, side*tuck))
			p.line(at(outer-1, side*ribbonReach))
			p.line(at(outer+drop, side*tuck))
			p.close()
		})
	}
	band := func(in, out, reach float64) func(*pen) {
		return func(p *pen) {
			p.move(at(in, -reach))
			x, y := at(in, reach)
			p.arc(in, false, x, y)
			p.line(at(out, reach))
			x, y = at(out, -reach)
			p.arc(out, true, x, y)
			p.close()
		}
	}
	c.path(`fill-opacity=".16"`, band(inner+3, outer+3.5, ribbonReach-0.1))
	c.path(`fill="`+c.url("r")+`"`, band(inner, outer, ribbonReach))
	ink := c.ribbonInk()
	c.path(`fill="none" stroke="`+ink.hex()+`" stroke-opacity=".38" stroke-width="1"`, func(p *pen) {
		for _, r := range []float64{inner + 4.2, outer - 4.2} {
			p.move(at(r, -ribbonReach))
			x, y := at(r, ribbonReach)
			p.arc(r, false, x, y)
		}
	})
	lines, _ := c.d.place(sh, "ribbon", tidy(c.d.Ribbon, c.d.Lang, c.d.AsTyped))
	for _, l := range lines {
		c.path(`fill="`+ink.hex()+`"`, func(p *pen) { l.draw(p, l.text) })
	}
}

// ribbonInk is the colour among the design's own that reads best on the
// ribbon, made black or white where none reads well.
func (c *canvas) ribbonInk() rgb {
	best := c.ring.darker(0.3)
	for _, o := range []rgb{c.ink, c.ringInk, c.ring, c.face} {
		if contrast(o, c.accent) > contrast(best, c.accent) {
			best = o
		}
	}
	if contrast(best, c.accent) >= minTextContrast {
		return best
	}
	if black, white := (rgb{}), (rgb{255, 255, 255}); contrast(black, c.accent) > contrast(white, c.accent) {
		return black
	} else {
		return white
	}
}

// medalTails are two ribbons hanging from behind the medal.
func medalTails(c *canvas) {
	for _, side := range []float64{1, -1} {
		x := func(v float64) float64 { return 200 + side*v }
		strip := func(attrs string, a, b float64) {
			c.path(attrs, func(p *pen) {
				// From a to b of the width, between the medal and the notched end.
				notch := func(t float64) float64 { // y of the end at t of its width
					return 392 - 22*(1-2*abs(t-0.5))
				}
				p.move(x(8+70*a), 250)
				p.line(x(34+70*a), notch(a)-8*a)
				if a < 0.5 && b > 0.5 {
					p.line(x(34+35), notch(0.5)-4)
				}
				p.line(x(34+70*b), notch(b)-8*b)
				p.line(x(8+70*b), 250)
				p.close()
			})
		}
		strip(`fill="`+c.url("a")+`"`, 0, 1)
		strip(`fill="`+c.ring.hex()+`"`, 0.2, 0.34)
		strip(`fill="`+c.ring.hex()+`"`, 0.66, 0.8)
		strip(`fill="`+c.url("t")+`"`, 0, 1) // the medal's shadow
	}
}

func abs(v float64) float64 { return max(v, -v) }

// laurelLeaves are two branches that rise from the bottom around the badge.
func laurelLeaves(c *canvas) {
	const cx, cy, r = 200.0, 196.0, 168.0
	leaf := func(p *pen, deg, lean, length, width float64) {
		bx, by := polar(cx, cy, r, deg)
		tx, ty := polar(bx, by, length, lean)
		mx, my := polar(bx, by, length*0.45, lean)
		lx, ly := polar(mx, my, width, lean-90)
		rx, ry := polar(mx, my, width, lean+90)
		p.move(bx, by)
		p.quad(lx, ly, tx, ty)
		p.quad(rx, ry, bx, by)
		p.close()
	}
	const n = 11
	c.path(`fill="none" stroke="`+c.accent.darker(0.3).hex()+`" stroke-width="2.6" stroke-linecap="round"`, func(p *pen) {
		for _, side := range []float64{1, -1} {
			x, y := polar(cx, cy, r, 90-side*4)
			p.move(x, y)
			x, y = polar(cx, cy, r, 90-side*139)
			p.arc(r, side < 0, x, y)
		}
	})
	for _, part := range []struct {
		attrs     string
		out, size float64
	}{
		{`fill="` + c.accent.darker(0.24).hex() + `"`, -30, 0.86}, // inner leaves lie in shadow
		{`fill="` + c.url("a") + `"`, 32, 1},
	} {
		c.path(part.attrs, func(p *pen) {
			for _, side := range []float64{1, -1} {
				for k := range n {
					t := float64(k) / (n - 1)
					deg := 90 - side*(13+122*t)
					along := deg - side*90 // towards the top
					leaf(p, deg, along+side*part.out, (44-9*t)*part.size, (17-4*t)*part.size)
				}
				deg := 90 - side*139.0
				if part.out > 0 {
					leaf(p, deg, deg-side*90-side*4, 33, 12.5)
				}
			}
		})
	}
	c.path(`fill="`+c.accent.darker(0.12).hex()+`"`, func(p *pen) { p.circle(cx, cy+r, 6.2) })
}
