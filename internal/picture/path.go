package picture

import "math"

// segment is one step of a path: 'M', 'L', 'C' or 'Z'. Curves of all kinds are
// cubic. The end point is p[2].
type segment struct {
	op byte
	p  [3]point
}

type point struct{ x, y float64 }

type outline []segment

func (o *outline) move(x, y float64) {
	*o = append(*o, segment{'M', [3]point{2: {x, y}}})
}

func (o *outline) line(x, y float64) {
	*o = append(*o, segment{'L', [3]point{2: {x, y}}})
}

func (o *outline) cubic(x1, y1, x2, y2, x, y float64) {
	*o = append(*o, segment{'C', [3]point{{x1, y1}, {x2, y2}, {x, y}}})
}

func (o *outline) close() { *o = append(*o, segment{op: 'Z'}) }

// transform returns the outline mapped by m.
func (o outline) transform(m matrix) outline {
	out := make(outline, len(o))
	for i, s := range o {
		out[i].op = s.op
		for k := range s.p {
			x, y := m.apply(s.p[k].x, s.p[k].y)
			out[i].p[k] = point{sane(x), sane(y)}
		}
	}
	return out
}

// sane keeps coordinates within what the rasteriser's arithmetic holds.
func sane(v float64) float64 {
	if math.IsNaN(v) {
		return 0
	}
	return math.Max(-1e5, math.Min(1e5, v))
}

// bounds is the area of all points, control points included.
func (o outline) bounds() rect {
	minX, minY, maxX, maxY := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, s := range o {
		from := 2
		switch s.op {
		case 'C':
			from = 0
		case 'Z':
			continue
		}
		for _, p := range s.p[from:] {
			minX, maxX = math.Min(minX, p.x), math.Max(maxX, p.x)
			minY, maxY = math.Min(minY, p.y), math.Max(maxY, p.y)
		}
	}
	if minX > maxX {
		return rect{}
	}
	return rect{minX, minY, maxX - minX, maxY - minY}
}

// parsePath reads path data. As in SVG, what follows a mistake is not drawn.
func parsePath(d string) outline {
	r := pathReader{sc: numberScanner{s: d}}
	for r.command() {
	}
	return r.out
}

type pathReader struct {
	sc         numberScanner
	out        outline
	op         byte
	x, y       float64 // the point reached
	sx, sy     float64 // where the subpath began
	hx, hy     float64 // the last handle, for smooth curves
	smooth     byte    // kind of the last curve: 'C', 'Q' or 0
	drawnSince bool    // whether a subpath is open
}

// command reads one command with its numbers; false at the end or a mistake.
func (r *pathReader) command() bool {
	r.sc.space()
	if r.sc.i >= len(r.sc.s) {
		return false
	}
	if c := r.sc.s[r.sc.i]; c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' {
		r.op = c
		r.sc.i++
	} else if r.op == 0 || r.op|0x20 == 'z' {
		return false
	}
	rel := r.op >= 'a'
	op := r.op &^ 0x20
	if len(r.out) == 0 && op != 'M' {
		return false
	}
	if op == 'Z' {
		r.out.close()
		r.x, r.y, r.smooth, r.drawnSince = r.sx, r.sy, 0, false
		return true
	}
	if op == 'A' {
		return r.arc(rel)
	}
	n := map[byte]int{'M': 2, 'L': 2, 'H': 1, 'V': 1, 'C': 6, 'S': 4, 'Q': 4, 'T': 2}[op]
	var v [6]float64
	for i := range n {
		f, ok := r.sc.number()
		if !ok {
			return false
		}
		v[i] = f
	}
	if n == 0 {
		return false
	}
	if rel {
		for i := range n {
			if op == 'V' || op != 'H' && i%2 == 1 {
				v[i] += r.y
			} else {
				v[i] += r.x
			}
		}
	}
	r.step(op, v, rel)
	return true
}

func (r *pathReader) step(op byte, v [6]float64, rel bool) {
	if op == 'M' {
		r.x, r.y, r.sx, r.sy = v[0], v[1], v[0], v[1]
		r.out.move(r.x, r.y)
		r.smooth, r.drawnSince = 0, true
		r.op = 'L' // further pairs are lines
		if rel {
			r.op = 'l'
		}
		return
	}
	r.begin()
	kind := byte(0)
	mirror := func(k byte) (float64, float64) {
		if r.smooth == k {
			return 2*r.x - r.hx, 2*r.y - r.hy
		}
		return r.x, r.y
	}
	switch op {
	case 'L':
		r.lineTo(v[0], v[1])
	case 'H':
		r.lineTo(v[0], r.y)
	case 'V':
		r.lineTo(r.x, v[0])
	case 'C':
		kind = 'C'
		r.cubicTo(v[0], v[1], v[2], v[3], v[4], v[5])
	case 'S':
		kind = 'C'
		x1, y1 := mirror('C')
		r.cubicTo(x1, y1, v[0], v[1], v[2], v[3])
	case 'Q':
		kind = 'Q'
		r.quadTo(v[0], v[1], v[2], v[3])
	case 'T':
		kind = 'Q'
		x1, y1 := mirror('Q')
		r.quadTo(x1, y1, v[0], v[1])
	}
	r.smooth = kind
}

// begin starts a subpath where the last one was closed.
func (r *pathReader) begin() {
	if !r.drawnSince {
		r.out.move(r.x, r.y)
		r.drawnSince = true
	}
}

func (r *pathReader) lineTo(x, y float64) {
	r.out.line(x, y)
	r.x, r.y = x, y
}

func (r *pathReader) cubicTo(x1, y1, x2, y2, x, y float64) {
	r.out.cubic(x1, y1, x2, y2, x, y)
	r.x, r.y, r.hx, r.hy = x, y, x2, y2
}

func (r *pathReader) quadTo(x1, y1, x, y float64) {
	r.out.cubic(r.x+(x1-r.x)*2/3, r.y+(y1-r.y)*2/3, x+(x1-x)*2/3, y+(y1-y)*2/3, x, y)
	r.x, r.y, r.hx, r.hy = x, y, x1, y1
}

func (r *pathReader) arc(rel bool) bool {
	rx, ok1 := r.sc.number()
	ry, ok2 := r.sc.number()
	rot, ok3 := r.sc.number()
	large, ok4 := r.sc.flag()
	sweep, ok5 := r.sc.flag()
	x, ok6 := r.sc.number()
	y, ok7 := r.sc.number()
	if !(ok1 && ok2 && ok3 && ok4 && ok5 && ok6 && ok7) {
		return false
	}
	if rel {
		x, y = x+r.x, y+r.y
	}
	r.begin()
	r.out.arc(r.x, r.y, math.Abs(rx), math.Abs(ry), rot*math.Pi/180, large, sweep, x, y)
	r.x, r.y, r.smooth = x, y, 0
	return true
}

// arc draws an elliptical arc as cubics: SVG 2, appendix B.2.
func (o *outline) arc(x0, y0, rx, ry, rot float64, large, sweep bool, x, y float64) {
	if x0 == x && y0 == y {
		return
	}
	if rx < 1e-9 || ry < 1e-9 {
		o.line(x, y)
		return
	}
	sin, cos := math.Sincos(rot)
	dx, dy := (x0-x)/2, (y0-y)/2
	px, py := cos*dx+sin*dy, -sin*dx+cos*dy
	if l := px*px/(rx*rx) + py*py/(ry*ry); l > 1 {
		rx *= math.Sqrt(l)
		ry *= math.Sqrt(l)
	}
	den := rx*rx*py*py + ry*ry*px*px
	k := math.Sqrt(math.Max(0, (rx*rx*ry*ry-den)/den))
	if large == sweep {
		k = -k
	}
	cpx, cpy := k*rx*py/ry, -k*ry*px/rx
	cx, cy := cos*cpx-sin*cpy+(x0+x)/2, sin*cpx+cos*cpy+(y0+y)/2
	from := math.Atan2((py-cpy)/ry, (px-cpx)/rx)
	turn := math.Atan2((-py-cpy)/ry, (-px-cpx)/rx) - from
	if sweep && turn < 0 {
		turn += 2 * math.Pi
	} else if !sweep && turn > 0 {
		turn -= 2 * math.Pi
	}
	n := int(math.Ceil(math.Abs(turn)/(math.Pi/2) - 1e-9))
	if n < 1 {
		n = 1
	}
	step := turn / float64(n)
	h := 4.0 / 3 * math.Tan(step/4)
	at := func(ex, ey float64) (float64, float64) {
		return cx + cos*rx*ex - sin*ry*ey, cy + sin*rx*ex + cos*ry*ey
	}
	for i := range n {
		s0, c0 := math.Sincos(from + float64(i)*step)
		s1, c1 := math.Sincos(from + float64(i+1)*step)
		x1, y1 := at(c0-h*s0, s0+h*c0)
		x2, y2 := at(c1+h*s1, s1-h*c1)
		ex, ey := at(c1, s1)
		if i == n-1 {
			ex, ey = x, y
		}
		o.cubic(x1, y1, x2, y2, ex, ey)
	}
}

// ellipse draws a closed ellipse.
func (o *outline) ellipse(cx, cy, rx, ry float64) {
	o.move(cx+rx, cy)
	o.arc(cx+rx, cy, rx, ry, 0, false, true, cx-rx, cy)
	o.arc(cx-rx, cy, rx, ry, 0, false, true, cx+rx, cy)
	o.close()
}

// rectangle draws a rectangle, with rounded corners where rx and ry say so.
func (o *outline) rectangle(x, y, w, h, rx, ry float64) {
	rx, ry = math.Min(rx, w/2), math.Min(ry, h/2)
	if rx <= 0 || ry <= 0 {
		o.move(x, y)
		o.line(x+w, y)
		o.line(x+w, y+h)
		o.line(x, y+h)
		o.close()
		return
	}
	o.move(x+rx, y)
	o.line(x+w-rx, y)
	o.arc(x+w-rx, y, rx, ry, 0, false, true, x+w, y+ry)
	o.line(x+w, y+h-ry)
	o.arc(x+w, y+h-ry, rx, ry, 0, false, true, x+w-rx, y+h)
	o.line(x+rx, y+h)
	o.arc(x+rx, y+h, rx, ry, 0, false, true, x, y+h-ry)
	o.line(x, y+ry)
	o.arc(x, y+ry, rx, ry, 0, false, true, x+rx, y)
	o.close()
}
