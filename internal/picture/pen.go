package picture

import (
	"math"
	"strconv"
	"strings"
)

// pen writes path data. It is given absolute points and writes relative ones
// with one decimal, measured from where the rounded path really is, so that
// rounding never adds up.
type pen struct {
	b      strings.Builder
	x, y   float64 // the point reached, as written
	sx, sy float64 // where the subpath began
	last   byte
}

func round1(v float64) float64 { return math.Round(v*10) / 10 }

// num writes a number with at most one decimal and no more characters than it
// needs.
func num(v float64) string {
	s := strconv.FormatFloat(round1(v), 'f', -1, 64)
	switch {
	case s == "-0":
		return "0"
	case strings.HasPrefix(s, "0."):
		return s[1:]
	case strings.HasPrefix(s, "-0."):
		return "-" + s[2:]
	}
	return s
}

func (p *pen) put(op byte, v ...float64) {
	if op != p.last || op == 'm' || op == 'z' {
		p.b.WriteByte(op)
		p.last = op
	} else if s := num(v[0]); s[0] != '-' {
		p.b.WriteByte(' ')
	}
	for i, n := range v {
		s := num(n)
		if i > 0 && s[0] != '-' {
			p.b.WriteByte(' ')
		}
		p.b.WriteString(s)
	}
}

// to moves the point reached by what was really written.
func (p *pen) to(x, y float64) {
	p.x = round1(p.x + round1(x-p.x))
	p.y = round1(p.y + round1(y-p.y))
}

func (p *pen) move(x, y float64) {
	p.put('m', x-p.x, y-p.y)
	p.to(x, y)
	p.sx, p.sy = p.x, p.y
}

func (p *pen) line(x, y float64) {
	if round1(x-p.x) == 0 && round1(y-p.y) == 0 {
		return
	}
	p.put('l', x-p.x, y-p.y)
	p.to(x, y)
}

func (p *pen) quad(x1, y1, x, y float64) {
	p.put('q', x1-p.x, y1-p.y, x-p.x, y-p.y)
	p.to(x, y)
}

func (p *pen) cubic(x1, y1, x2, y2, x, y float64) {
	p.put('c', x1-p.x, y1-p.y, x2-p.x, y2-p.y, x-p.x, y-p.y)
	p.to(x, y)
}

// arc draws a circular arc of radius r, the shorter way round.
func (p *pen) arc(r float64, clockwise bool, x, y float64) {
	sweep := 0.0
	if clockwise {
		sweep = 1
	}
	p.put('a', r, r, 0, 0, sweep, x-p.x, y-p.y)
	p.to(x, y)
}

func (p *pen) close() {
	p.put('z')
	p.x, p.y = p.sx, p.sy
}

func (p *pen) String() string {
	s := p.b.String()
	if strings.HasPrefix(s, "m") {
		return "M" + s[1:] // the first move is absolute either way
	}
	return s
}
