package picture

import (
	"errors"
	"image"
	"math"

	"github.com/srwiley/rasterx"
	"golang.org/x/image/math/fixed"
)

// errTooMuchWork stops drawing that would take too long.
var errTooMuchWork = errors.New("picture: drawing takes too much work")

// scanner turns closed polygons into coverage of pixels. It accumulates signed
// areas, which gives both fill rules exactly where edges do not cross within a
// pixel. It is also the target that rasterx strokes into.
type scanner struct {
	w, h   int
	edges  []edge
	start  point
	at     point
	open   bool
	budget *int64
	cells  []float32 // reused
}

type edge struct{ x0, y0, x1, y1 float32 }

func (s *scanner) reset() {
	s.edges = s.edges[:0]
	s.open = false
}

func (s *scanner) moveTo(x, y float64) {
	s.closePath()
	s.start, s.at, s.open = point{x, y}, point{x, y}, true
}

func (s *scanner) lineTo(x, y float64) {
	if s.at.y != y {
		s.edges = append(s.edges, edge{float32(s.at.x), float32(s.at.y), float32(x), float32(y)})
	}
	s.at = point{x, y}
}

func (s *scanner) closePath() {
	if s.open && s.at != s.start {
		s.lineTo(s.start.x, s.start.y)
	}
}

// fill adds the area of an outline in pixels.
func (s *scanner) fill(o outline) {
	for _, g := range o {
		switch g.op {
		case 'M':
			s.moveTo(g.p[2].x, g.p[2].y)
		case 'L':
			s.lineTo(g.p[2].x, g.p[2].y)
		case 'C':
			flatten(s.at, g.p, s.lineTo)
		case 'Z':
			s.closePath()
		}
	}
	s.closePath()
}

// flatten follows a cubic in straight steps of at most about a tenth of a
// pixel's error.
func flatten(from point, p [3]point, to func(x, y float64)) {
	dev := math.Max(
		math.Hypot(from.x-2*p[0].x+p[1].x, from.y-2*p[0].y+p[1].y),
		math.Hypot(p[0].x-2*p[1].x+p[2].x, p[0].y-2*p[1].y+p[2].y))
	n := int(math.Min(64, 1+math.Ceil(math.Sqrt(dev*6))))
	for i := 1; i <= n; i++ {
		t := float64(i) / float64(n)
		u := 1 - t
		a, b, c, d := u*u*u, 3*u*u*t, 3*u*t*t, t*t*t
		to(a*from.x+b*p[0].x+c*p[1].x+d*p[2].x, a*from.y+b*p[0].y+c*p[1].y+d*p[2].y)
	}
}

// coverage is the share of each pixel of an area, row by row.
type coverage struct {
	area   image.Rectangle
	values []float32
}

// scan turns the polygons added since reset into coverage, clipped to the
// picture.
func (s *scanner) scan(evenOdd bool) (coverage, error) {
	minX, minY, maxX, maxY := float32(s.w), float32(s.h), float32(0), float32(0)
	for _, e := range s.edges {
		minX, maxX = min(minX, e.x0, e.x1), max(maxX, e.x0, e.x1)
		minY, maxY = min(minY, e.y0, e.y1), max(maxY, e.y0, e.y1)
	}
	area := image.Rect(int(max(minX, 0)), int(max(minY, 0)),
		int(min(maxX, float32(s.w))+0.999), int(min(maxY, float32(s.h))+0.999)).Intersect(image.Rect(0, 0, s.w, s.h))
	if area.Empty() || minX > maxX || minY > maxY {
		return coverage{}, nil
	}
	*s.budget -= int64(area.Dx()*area.Dy()) + int64(len(s.edges)*2)
	if *s.budget < 0 {
		return coverage{}, errTooMuchWork
	}
	stride := area.Dx() + 2
	need := stride * area.Dy()
	if cap(s.cells) < need {
		s.cells = make([]float32, need)
	}
	cells := s.cells[:need]
	clear(cells)
	a := accumulator{cells: cells, stride: stride, w: float32(area.Dx()), h: area.Dy()}
	for _, e := range s.edges {
		if a.rows*stepWork > *s.budget {
			return coverage{}, errTooMuchWork
		}
		a.clipped(e.x0-float32(area.Min.X), e.y0-float32(area.Min.Y), e.x1-float32(area.Min.X), e.y1-float32(area.Min.Y))
	}
	*s.budget -= a.rows * stepWork
	return coverage{area, a.sum(area.Dx(), evenOdd)}, nil
}

// stepWork is what a step of an edge through a row costs, in pixels.
const stepWork = 3

// accumulator holds, per cell, the change of coverage from the cell before.
type accumulator struct {
	cells  []float32
	stride int
	w      float32
	h      int
	rows   int64 // steps taken
}

// clipped adds an edge, its parts beyond the left and right sides moved onto
// them: beyond the left an edge still turns everything right of it.
func (a *accumulator) clipped(x0, y0, x1, y1 float32) {
	top, bottom := min(y0, y1), max(y0, y1)
	if bottom <= 0 || top >= float32(a.h) {
		return
	}
	cut := func(limit float32) (xa, ya float32, ok bool) {
		if (x0 < limit) == (x1 < limit) {
			return 0, 0, false
		}
		return limit, y0 + (limit-x0)/(x1-x0)*(y1-y0), true
	}
	pts := [4][2]float32{{x0, y0}}
	n := 1
	first, second := float32(0), a.w
	if x0 > x1 {
		first, second = second, first
	}
	for _, limit := range [2]float32{first, second} {
		if x, y, ok := cut(limit); ok {
			pts[n] = [2]float32{x, y}
			n++
		}
	}
	pts[n] = [2]float32{x1, y1}
	for i := range n {
		p, q := pts[i], pts[i+1]
		a.line(min(max(p[0], 0), a.w), p[1], min(max(q[0], 0), a.w), q[1])
	}
}

// line adds an edge that lies between the left and right sides.
func (a *accumulator) line(x0, y0, x1, y1 float32) {
	if y0 == y1 {
		return
	}
	dir := float32(1)
	if y0 > y1 {
		dir, x0, y0, x1, y1 = -1, x1, y1, x0, y0
	}
	slope := (x1 - x0) / (y1 - y0)
	x := x0
	if y0 < 0 {
		x -= y0 * slope
		y0 = 0
	}
	last := min(a.h, int(math.Ceil(float64(y1))))
	for y := int(y0); y < last; y++ {
		row := a.cells[y*a.stride : (y+1)*a.stride]
		dy := min(float32(y+1), y1) - max(float32(y), y0)
		next := min(max(x+slope*dy, 0), a.w)
		a.deposit(row, x, next, dir*dy)
		x = next
	}
	a.rows += int64(last - int(y0))
}

// deposit spreads the height d of an edge from xa to xb over a row.
func (a *accumulator) deposit(row []float32, xa, xb, d float32) {
	if xa > xb {
		xa, xb = xb, xa
	}
	i, j := int(xa), int(math.Ceil(float64(xb)))
	a.rows += int64(j-i) / 4
	if j <= i+1 {
		mid := (xa+xb)/2 - float32(i)
		row[i] += d * (1 - mid)
		row[i+1] += d * mid
		return
	}
	s := 1 / (xb - xa)
	xf := xa - float32(i)
	a0 := 0.5 * s * (1 - xf) * (1 - xf)
	xe := xb - float32(j) + 1
	am := 0.5 * s * xe * xe
	row[i] += d * a0
	if j == i+2 {
		row[i+1] += d * (1 - a0 - am)
	} else {
		a1 := s * (1.5 - xf)
		row[i+1] += d * (a1 - a0)
		for k := i + 2; k < j-1; k++ {
			row[k] += d * s
		}
		a2 := a1 + float32(j-i-3)*s
		row[j-1] += d * (1 - a2 - am)
	}
	row[j] += d * am
}

// sum turns changes into coverage by the fill rule, in place.
func (a *accumulator) sum(width int, evenOdd bool) []float32 {
	out := a.cells[:0]
	for y := range a.h {
		acc := float32(0)
		for x := range width {
			acc += a.cells[y*a.stride+x]
			v := max(acc, -acc)
			if evenOdd {
				if v = float32(math.Mod(float64(v), 2)); v > 1 {
					v = 2 - v
				}
			}
			out = append(out, min(v, 1)) // never overtakes what is still to be read
		}
	}
	return out
}

// strokeTarget lets rasterx draw its stroke outlines into a scanner. Rasterx
// draws the two sides of a stroke by turns, so a start closes nothing: the
// edges add up to closed areas only in the end.
type strokeTarget struct{ *scanner }

func (s strokeTarget) Start(p fixed.Point26_6) { s.at = point{float64(p.X) / 64, float64(p.Y) / 64} }
func (s strokeTarget) Line(p fixed.Point26_6)  { s.lineTo(float64(p.X)/64, float64(p.Y)/64) }
func (s strokeTarget) Draw()                   {}
func (s strokeTarget) Clear()                  {}
func (s strokeTarget) SetBounds(int, int)      {}
func (s strokeTarget) SetColor(any)            {}
func (s strokeTarget) SetWinding(bool)         {}
func (s strokeTarget) SetClip(image.Rectangle) {}
func (s strokeTarget) GetPathExtent() (r fixed.Rectangle26_6) {
	return r
}

// pencil is how a stroke is drawn, in pixels.
type pencil struct {
	width, miter float64
	linecap      string
	join         string
	dash         []float64
	offset       float64
}

// stroke adds the area of a stroke along an outline in pixels.
func (s *scanner) stroke(o outline, p pencil) {
	d := rasterx.NewDasher(s.w, s.h, strokeTarget{s})
	ends, join := rasterx.ButtCap, rasterx.Miter
	switch p.linecap {
	case "round":
		ends = rasterx.RoundCap
	case "square":
		ends = rasterx.SquareCap
	}
	gap := rasterx.GapFunc(rasterx.FlatGap)
	switch p.join {
	case "round":
		join, gap = rasterx.Round, rasterx.RoundGap
	case "bevel":
		join = rasterx.Bevel
	}
	d.SetStroke(fix(min(p.width, 4*float64(max(s.w, s.h)))), fix(p.miter), ends, ends, gap, join, p.usableDash(o), p.offset)
	open := false
	end := func() {
		if open {
			d.Stop(false)
		}
		open = false
	}
	var at, begin point
	for _, g := range o {
		to := g.p[2]
		switch g.op {
		case 'M':
			end()
			begin = to
			d.Start(fixPoint(to))
			open = true
		case 'L':
			if to != at {
				d.Line(fixPoint(to))
			}
		case 'C':
			d.CubeBezier(fixPoint(g.p[0]), fixPoint(g.p[1]), fixPoint(to))
		case 'Z':
			if open {
				d.Stop(true)
			}
			open, to = false, begin
		}
		at = to
	}
	end()
}

// usableDash returns the dashes unless they are so short that there would be
// very many.
func (p pencil) usableDash(o outline) []float64 {
	sum := 0.0
	for _, v := range p.dash {
		if v < 0 {
			return nil
		}
		sum += v
	}
	if sum <= 0 {
		return nil
	}
	length := 0.0
	var at point
	for _, g := range o {
		switch g.op {
		case 'M':
			at = g.p[2]
		case 'L':
			length += math.Hypot(g.p[2].x-at.x, g.p[2].y-at.y)
			at = g.p[2]
		case 'C':
			for _, q := range g.p {
				length += math.Hypot(q.x-at.x, q.y-at.y)
				at = q
			}
		}
	}
	if length/sum*float64(len(p.dash)) > 5_000 {
		return nil
	}
	return p.dash
}

func fix(v float64) fixed.Int26_6 { return fixed.Int26_6(math.Round(v * 64)) }

func fixPoint(p point) fixed.Point26_6 { return fixed.Point26_6{X: fix(p.x), Y: fix(p.y)} }
