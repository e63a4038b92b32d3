package picture

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/image/colornames"
)

// tint is a colour with alpha between 0 and 1, not premultiplied.
type tint struct {
	rgb
	a float64
}

// shader gives the tint of a pixel's middle.
type shader func(x, y float64) tint

func solid(t tint) shader { return func(float64, float64) tint { return t } }

// parseTint reads an SVG colour; false where it is none.
func parseTint(s string, current rgb) (tint, bool) {
	s = strings.ToLower(strings.TrimSpace(s))
	switch {
	case s == "currentcolor":
		return tint{current, 1}, true
	case s == "transparent":
		return tint{}, true
	case strings.HasPrefix(s, "#"):
		return hexTint(s[1:])
	}
	if name, args, ok := strings.Cut(s, "("); ok {
		return funcTint(strings.TrimSpace(name), strings.NewReplacer("/", " ", ",", " ", ")", " ").Replace(args))
	}
	if c, ok := colornames.Map[s]; ok {
		return tint{rgb{float64(c.R), float64(c.G), float64(c.B)}, 1}, true
	}
	return tint{}, false
}

func hexTint(h string) (tint, bool) {
	if len(h) == 3 || len(h) == 4 {
		var wide strings.Builder
		for i := range len(h) {
			wide.WriteByte(h[i])
			wide.WriteByte(h[i])
		}
		h = wide.String()
	}
	a := 1.0
	if len(h) == 8 {
		v, err := strconv.ParseUint(h[6:], 16, 8)
		if err != nil {
			return tint{}, false
		}
		a, h = float64(v)/255, h[:6]
	}
	c, ok := parseHex("#" + h)
	return tint{c, a}, ok
}

func funcTint(name, args string) (tint, bool) {
	var v [4]float64
	v[3] = 1
	fields := strings.Fields(args)
	if len(fields) < 3 || len(fields) > 4 {
		return tint{}, false
	}
	for i, f := range fields {
		n, percent := strings.CutSuffix(strings.TrimSuffix(f, "deg"), "%")
		x, err := strconv.ParseFloat(n, 64)
		if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
			return tint{}, false
		}
		switch {
		case percent && i < 3 && strings.HasPrefix(name, "rgb"):
			x *= 2.55
		case percent:
			x /= 100
		}
		v[i] = x
	}
	unit := func(x float64) float64 { return math.Max(0, math.Min(1, x)) }
	switch name {
	case "rgb", "rgba":
		return tint{rgb{255 * unit(v[0]/255), 255 * unit(v[1]/255), 255 * unit(v[2]/255)}, unit(v[3])}, true
	case "hsl", "hsla":
		h, s, l := math.Mod(math.Mod(v[0], 360)+360, 360)/30, unit(v[1]), unit(v[2])
		at := func(n float64) float64 {
			k := math.Mod(n+h, 12)
			return 255 * (l - s*math.Min(l, 1-l)*math.Max(-1, math.Min(math.Min(k-3, 9-k), 1)))
		}
		return tint{rgb{at(0), at(8), at(4)}, unit(v[3])}, true
	}
	return tint{}, false
}

// gradient is a linear or radial gradient with everything inherited filled in.
type gradient struct {
	radial bool
	attrs  map[string]string
	stops  []gradientStop
}

type gradientStop struct {
	at float64
	tint
}

// gradient reads the gradient n, following its href.
func (r *renderer) gradient(n *node) gradient {
	g := gradient{radial: n.name == "radialGradient", attrs: map[string]string{}}
	for range 8 {
		for _, a := range n.attrs {
			if _, ok := g.attrs[a.name]; !ok {
				g.attrs[a.name] = a.value
			}
		}
		if g.stops == nil {
			g.stops = readStops(n)
		}
		next := r.ids[strings.TrimPrefix(n.attr("href"), "#")]
		if next == nil || next.name != "linearGradient" && next.name != "radialGradient" {
			break
		}
		n = next
	}
	return g
}

func readStops(n *node) []gradientStop {
	var out []gradientStop
	last := 0.0
	for _, k := range n.kids {
		if k.name != "stop" {
			continue
		}
		at, _ := length(k.attr("offset"), 1)
		last = math.Max(last, math.Max(0, math.Min(1, at)))
		t, ok := parseTint(k.attr("stop-color"), rgb{})
		if !ok {
			t = tint{a: 1}
		}
		if o, ok := length(k.attr("stop-opacity"), 1); ok {
			t.a *= math.Max(0, math.Min(1, o))
		}
		out = append(out, gradientStop{last, t})
	}
	return out
}

// shader returns the gradient's colours in pixels, for a shape with the given
// bounds in user space and the matrix from there to pixels.
func (g gradient) shader(bounds rect, m matrix, view rect) (shader, bool) {
	if len(g.stops) == 0 {
		return nil, false
	}
	if len(g.stops) == 1 {
		return solid(g.stops[0].tint), true
	}
	user := g.attrs["gradientUnits"] == "userSpaceOnUse"
	w, h := 1.0, 1.0
	if user {
		w, h = view.w, view.h
	} else {
		if bounds.w <= 0 || bounds.h <= 0 {
			return solid(g.stops[len(g.stops)-1].tint), true
		}
		m = m.mul(matrix{bounds.w, 0, 0, bounds.h, bounds.x, bounds.y})
	}
	inv, ok := m.mul(parseTransform(g.attrs["gradientTransform"])).inverse()
	if !ok {
		return nil, false
	}
	num := func(name string, whole, missing float64) float64 {
		if v, ok := length(g.attrs[name], whole); ok {
			return v
		}
		return missing
	}
	if g.radial {
		cx, cy := num("cx", w, w/2), num("cy", h, h/2)
		size := math.Sqrt((w*w + h*h) / 2)
		return g.radialShader(inv, cx, cy, num("r", size, size/2), num("fx", w, cx), num("fy", h, cy)), true
	}
	x1, y1 := num("x1", w, 0), num("y1", h, 0)
	dx, dy := num("x2", w, w)-x1, num("y2", h, 0)-y1
	d := dx*dx + dy*dy
	if d == 0 {
		return solid(g.stops[len(g.stops)-1].tint), true
	}
	return func(px, py float64) tint {
		x, y := inv.apply(px, py)
		return g.at(((x-x1)*dx + (y-y1)*dy) / d)
	}, true
}

func (g gradient) radialShader(inv matrix, cx, cy, radius, fx, fy float64) shader {
	if radius <= 0 {
		return solid(g.stops[len(g.stops)-1].tint)
	}
	// A focus outside of the circle moves onto its edge.
	if d := math.Hypot(fx-cx, fy-cy); d > radius*0.999 {
		fx, fy = cx+(fx-cx)*radius*0.999/d, cy+(fy-cy)*radius*0.999/d
	}
	qx, qy := cx-fx, cy-fy
	c := radius*radius - qx*qx - qy*qy
	return func(px, py float64) tint {
		x, y := inv.apply(px, py)
		x, y = x-fx, y-fy
		// The circle through the point is t of the way from focus to edge.
		b := x*qx + y*qy
		l := x*x + y*y
		return g.at((math.Sqrt(b*b+c*l) - b) / c)
	}
}

// at returns the tint at t of the way.
func (g gradient) at(t float64) tint {
	switch g.attrs["spreadMethod"] {
	case "repeat":
		t -= math.Floor(t)
	case "reflect":
		t = math.Abs(math.Mod(t, 2))
		if t > 1 {
			t = 2 - t
		}
	}
	i := slices.IndexFunc(g.stops, func(s gradientStop) bool { return s.at > t })
	switch {
	case i == 0:
		return g.stops[0].tint
	case i < 0:
		return g.stops[len(g.stops)-1].tint
	}
	a, b := g.stops[i-1], g.stops[i]
	k := (t - a.at) / (b.at - a.at)
	return tint{a.mix(b.rgb, k), a.a + (b.a-a.a)*k}
}
