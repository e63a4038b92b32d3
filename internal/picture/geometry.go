package picture

import (
	"math"
	"strconv"
	"strings"
)

// matrix maps (x, y) to (a·x + c·y + e, b·x + d·y + f).
type matrix struct{ a, b, c, d, e, f float64 }

var identity = matrix{a: 1, d: 1}

// mul returns the matrix that applies n first and then m.
func (m matrix) mul(n matrix) matrix {
	return matrix{
		m.a*n.a + m.c*n.b, m.b*n.a + m.d*n.b,
		m.a*n.c + m.c*n.d, m.b*n.c + m.d*n.d,
		m.a*n.e + m.c*n.f + m.e, m.b*n.e + m.d*n.f + m.f,
	}
}

func (m matrix) apply(x, y float64) (float64, float64) {
	return m.a*x + m.c*y + m.e, m.b*x + m.d*y + m.f
}

// scale is by how much m enlarges lengths on average.
func (m matrix) scale() float64 { return math.Sqrt(math.Abs(m.a*m.d - m.b*m.c)) }

// inverse returns the matrix that undoes m; false when there is none.
func (m matrix) inverse() (matrix, bool) {
	det := m.a*m.d - m.b*m.c
	if math.Abs(det) < 1e-12 || math.IsNaN(det) || math.IsInf(det, 0) {
		return identity, false
	}
	return matrix{
		m.d / det, -m.b / det, -m.c / det, m.a / det,
		(m.c*m.f - m.d*m.e) / det, (m.b*m.e - m.a*m.f) / det,
	}, true
}

// parseTransform reads an SVG transform attribute; what it does not understand
// is left out.
func parseTransform(s string) matrix {
	m := identity
	for len(s) > 0 {
		name, rest, ok := strings.Cut(s, "(")
		if !ok {
			break
		}
		args, tail, _ := strings.Cut(rest, ")")
		s = tail
		v := numbers(args)
		at := func(i int) float64 {
			if i < len(v) {
				return v[i]
			}
			return 0
		}
		switch strings.ToLower(strings.Trim(name, " ,\t\r\n")) {
		case "matrix":
			if len(v) == 6 {
				m = m.mul(matrix{v[0], v[1], v[2], v[3], v[4], v[5]})
			}
		case "translate":
			m = m.mul(matrix{1, 0, 0, 1, at(0), at(1)})
		case "scale":
			sy := at(0)
			if len(v) > 1 {
				sy = v[1]
			}
			m = m.mul(matrix{a: at(0), d: sy})
		case "rotate":
			sin, cos := math.Sincos(at(0) * math.Pi / 180)
			cx, cy := at(1), at(2)
			m = m.mul(matrix{1, 0, 0, 1, cx, cy}).mul(matrix{cos, sin, -sin, cos, 0, 0}).mul(matrix{1, 0, 0, 1, -cx, -cy})
		case "skewx":
			m = m.mul(matrix{a: 1, d: 1, c: math.Tan(at(0) * math.Pi / 180)})
		case "skewy":
			m = m.mul(matrix{a: 1, d: 1, b: math.Tan(at(0) * math.Pi / 180)})
		}
	}
	return m
}

// rect is an area in user units.
type rect struct{ x, y, w, h float64 }

// String writes the area as a viewBox.
func (r rect) String() string {
	f := func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
	return f(r.x) + " " + f(r.y) + " " + f(r.w) + " " + f(r.h)
}

// square returns the smallest square around r with the same middle.
func (r rect) square() rect {
	side := math.Max(r.w, r.h)
	return rect{r.x - (side-r.w)/2, r.y - (side-r.h)/2, side, side}
}

// viewBox returns the area that an svg or symbol element shows.
func viewBox(n *node) (rect, bool) {
	v := numbers(n.attr("viewBox"))
	if len(v) != 4 {
		w, ok := length(n.attr("width"), 0)
		h, ok2 := length(n.attr("height"), 0)
		if !ok || !ok2 {
			return rect{}, false
		}
		v = []float64{0, 0, w, h}
	}
	for _, f := range v {
		if math.Abs(f) > 1e6 {
			return rect{}, false
		}
	}
	r := rect{v[0], v[1], v[2], v[3]}
	return r, r.w > 1e-3 && r.h > 1e-3
}

// length reads a number with an optional unit as user units; whole is what
// 100 % means. It reports false where there is none.
func length(s string, whole float64) (float64, bool) {
	s = strings.TrimSpace(s)
	factor := 1.0
	for unit, f := range map[string]float64{"px": 1, "pt": 4.0 / 3, "pc": 16, "mm": 96 / 25.4, "cm": 96 / 2.54, "in": 96, "em": 16, "rem": 16, "%": whole / 100} {
		if n, ok := strings.CutSuffix(s, unit); ok && (unit != "em" || !strings.HasSuffix(s, "rem")) {
			s, factor = n, f
			break
		}
	}
	v, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, false
	}
	return v * factor, true
}

// numbers reads numbers between spaces and commas, up to the first thing that
// is none.
func numbers(s string) []float64 {
	sc := numberScanner{s: s}
	var out []float64
	for {
		v, ok := sc.number()
		if !ok {
			return out
		}
		out = append(out, v)
	}
}

// numberScanner reads SVG's dense lists of numbers ("1.5.5-2e3").
type numberScanner struct {
	s string
	i int
}

func (n *numberScanner) space() {
	for n.i < len(n.s) && strings.IndexByte(" ,\t\r\n\f", n.s[n.i]) >= 0 {
		n.i++
	}
}

func (n *numberScanner) number() (float64, bool) {
	n.space()
	start, dot, digits := n.i, false, false
	if n.i < len(n.s) && (n.s[n.i] == '-' || n.s[n.i] == '+') {
		n.i++
	}
	for ; n.i < len(n.s); n.i++ {
		switch c := n.s[n.i]; {
		case c >= '0' && c <= '9':
			digits = true
			continue
		case c == '.' && !dot:
			dot = true
			continue
		}
		break
	}
	if digits && n.i+1 < len(n.s) && (n.s[n.i] == 'e' || n.s[n.i] == 'E') {
		j := n.i + 1
		if n.s[j] == '-' || n.s[j] == '+' {
			j++
		}
		if j < len(n.s) && n.s[j] >= '0' && n.s[j] <= '9' {
			for j < len(n.s) && n.s[j] >= '0' && n.s[j] <= '9' {
				j++
			}
			n.i = j
		}
	}
	v, err := strconv.ParseFloat(n.s[start:n.i], 64)
	if !digits || err != nil || math.Abs(v) > 1e9 {
		n.i = start
		return 0, false
	}
	return v, true
}

// flag reads one of the 0 or 1 of an arc, which may stand without a space.
func (n *numberScanner) flag() (bool, bool) {
	n.space()
	if n.i < len(n.s) && (n.s[n.i] == '0' || n.s[n.i] == '1') {
		n.i++
		return n.s[n.i-1] == '1', true
	}
	return false, false
}
