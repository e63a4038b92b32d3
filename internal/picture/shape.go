package picture

import "math"

// shape is a silhouette and where things go inside it. Units are those of the
// 400 by 400 picture.
type shape struct {
	id, name string
	cx, cy   float64
	face     float64 // radius of the disc
	outer    float64 // radius up to which the ring's words may reach
	outline  func(p *pen, inset float64)
	behind   func(c *canvas) // drawn first, or nil
}

// Option is one choice in the designer.
type Option struct{ ID, Name string }

// Shapes returns the silhouettes, the default one first.
func Shapes() []Option {
	var out []Option
	for _, s := range shapes() {
		out = append(out, Option{s.id, s.name})
	}
	return out
}

func shapes() []shape {
	return []shape{
		{id: "circle", name: "Circle", cx: 200, cy: 200, face: 134, outer: 183, outline: circleOutline(200, 200, 193)},
		{id: "seal", name: "Seal", cx: 200, cy: 200, face: 128, outer: 174, outline: sealOutline},
		{id: "burst", name: "Starburst", cx: 200, cy: 200, face: 127, outer: 173, outline: burstOutline},
		{id: "rosette", name: "Rosette", cx: 200, cy: 200, face: 126, outer: 172, outline: rosetteOutline},
		{id: "hexagon", name: "Hexagon", cx: 200, cy: 200, face: 118, outer: 164, outline: polygonOutline(6, 198, -90, 26)},
		{id: "octagon", name: "Octagon", cx: 200, cy: 200, face: 126, outer: 174, outline: polygonOutline(8, 203, 22.5, 22)},
		{id: "squircle", name: "Rounded square", cx: 200, cy: 200, face: 128, outer: 175, outline: squircleOutline},
		{id: "shield", name: "Shield", cx: 200, cy: 178, face: 107, outer: 151, outline: shieldOutline},
		{id: "medal", name: "Medal with ribbons", cx: 200, cy: 166, face: 111, outer: 154, outline: circleOutline(200, 166, 162), behind: medalTails},
		{id: "laurel", name: "Laurel wreath", cx: 200, cy: 196, face: 104, outer: 145, outline: circleOutline(200, 196, 153), behind: laurelLeaves},
	}
}

// shapeByID returns the silhouette with the id.
func shapeByID(id string) (shape, bool) {
	for _, s := range shapes() {
		if s.id == id {
			return s, true
		}
	}
	return shape{}, false
}

// polar returns the point at radius r and angle deg, clockwise from the right.
func polar(cx, cy, r, deg float64) (x, y float64) {
	sin, cos := math.Sincos(deg * math.Pi / 180)
	return cx + r*cos, cy + r*sin
}

func circleOutline(cx, cy, radius float64) func(*pen, float64) {
	return func(p *pen, inset float64) { p.circle(cx, cy, radius-inset) }
}

func (p *pen) circle(cx, cy, r float64) {
	p.move(cx-r, cy)
	p.arc(r, true, cx+r, cy)
	p.arc(r, true, cx-r, cy)
	p.close()
}

func sealOutline(p *pen, inset float64) {
	const n = 26
	valley := 181.5 - inset
	chord := 2 * valley * math.Sin(math.Pi/n)
	for i := range n + 1 {
		x, y := polar(200, 200, valley, float64(i)*360/n-90-180.0/n)
		if i == 0 {
			p.move(x, y)
			continue
		}
		p.arc(chord*0.56, true, x, y)
	}
	p.close()
}

func burstOutline(p *pen, inset float64) {
	const n = 36
	for i := range 2 * n {
		r := 196.0
		if i%2 == 1 {
			r = 182
		}
		x, y := polar(200, 200, r-inset, float64(i)*180/n-90)
		if i == 0 {
			p.move(x, y)
		} else {
			p.line(x, y)
		}
	}
	p.close()
}

func rosetteOutline(p *pen, inset float64) {
	const lobes = 12
	p.smooth(lobes*6, func(deg float64) float64 {
		return 187 - inset + 8*math.Cos(lobes*(deg+90)*math.Pi/180)
	})
}

func squircleOutline(p *pen, inset float64) {
	const e = 4.6
	p.smooth(40, func(deg float64) float64 {
		sin, cos := math.Sincos(deg * math.Pi / 180)
		return (188 - inset) / math.Pow(math.Pow(math.Abs(sin), e)+math.Pow(math.Abs(cos), e), 1/e)
	})
}

// smooth draws a closed curve round the centre through n points of the given
// radius, as a Catmull-Rom spline.
func (p *pen) smooth(n int, radius func(deg float64) float64) {
	at := func(i int) (x, y float64) {
		deg := float64(i)*360/float64(n) - 90
		return polar(200, 200, radius(deg), deg)
	}
	x0, y0 := at(0)
	p.move(x0, y0)
	for i := range n {
		ax, ay := at(i - 1)
		bx, by := at(i)
		cx, cy := at(i + 1)
		dx, dy := at(i + 2)
		p.cubic(bx+(cx-ax)/6, by+(cy-ay)/6, cx-(dx-bx)/6, cy-(dy-by)/6, cx, cy)
	}
	p.close()
}

// polygonOutline is a regular polygon with rounded corners; the inset moves
// its sides, so that lines inside run parallel to it.
func polygonOutline(n int, radius, start, corner float64) func(*pen, float64) {
	return func(p *pen, inset float64) {
		half := math.Pi / float64(n)
		r := radius - inset/math.Cos(half)
		round := math.Max(corner-inset*0.6, 4)
		cut := round * math.Tan(half) // from the corner to where its arc begins
		side := 2 * r * math.Sin(half)
		for i := range n {
			ax, ay := polar(200, 200, r, start+float64(i-1)*360/float64(n))
			bx, by := polar(200, 200, r, start+float64(i)*360/float64(n))
			cx, cy := polar(200, 200, r, start+float64(i+1)*360/float64(n))
			t := cut / side
			x, y := bx+(ax-bx)*t, by+(ay-by)*t
			if i == 0 {
				p.move(x, y)
			} else {
				p.line(x, y)
			}
			p.arc(round, true, bx+(cx-bx)*t, by+(cy-by)*t)
		}
		p.close()
	}
}

func shieldOutline(p *pen, inset float64) {
	// Scaled about the point that keeps the margins even on all sides.
	k := (176 - inset) / 176
	pt := func(x, y float64) (float64, float64) { return 200 + (x-200)*k, 182 + (y-182)*k }
	curve := func(v ...float64) {
		x1, y1 := pt(v[0], v[1])
		x2, y2 := pt(v[2], v[3])
		x, y := pt(v[4], v[5])
		p.cubic(x1, y1, x2, y2, x, y)
	}
	p.move(pt(200, 8))
	curve(240, 26, 300, 35, 360, 34)
	curve(368, 34, 374, 39, 374.5, 47)
	curve(380, 190, 362, 318, 209, 391)
	curve(203, 394, 197, 394, 191, 391)
	curve(38, 318, 20, 190, 25.5, 47)
	curve(26, 39, 32, 34, 40, 34)
	curve(100, 35, 160, 26, 200, 8)
	p.close()
}
