package picture

import (
	"image/color"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// pixel draws body on 10 by 10 units at 100 pixels and returns the colour at
// the given place in units.
func pixel(t *testing.T, body string, x, y float64) color.NRGBA {
	t.Helper()
	file, err := RasterizeSVG(svgOf(body), 100)
	if err != nil {
		t.Fatal(err)
	}
	return color.NRGBAModel.Convert(decode(t, file).At(int(x*10), int(y*10))).(color.NRGBA)
}

func TestRendererDraws(t *testing.T) {
	red, blue, none := color.NRGBA{255, 0, 0, 255}, color.NRGBA{0, 0, 255, 255}, color.NRGBA{}
	for name, c := range map[string]struct {
		body string
		x, y float64
		want color.NRGBA
	}{
		"rect":                {`<rect x="2" y="2" width="6" height="6" fill="red"/>`, 5, 5, red},
		"outside of rect":     {`<rect x="2" y="2" width="6" height="6" fill="red"/>`, 1, 5, none},
		"round corner":        {`<rect width="10" height="10" rx="5" fill="red"/>`, 0.3, 0.3, none},
		"circle":              {`<circle cx="5" cy="5" r="4" fill="#f00"/>`, 5, 1.5, red},
		"ellipse":             {`<ellipse cx="5" cy="5" rx="4" ry="1" fill="#f00"/>`, 5, 3, none},
		"polygon":             {`<polygon points="0,0 10,0 0,10" fill="red"/>`, 2, 2, red},
		"line":                {`<line x1="0" y1="5" x2="10" y2="5" stroke="red" stroke-width="2"/>`, 5, 5.5, red},
		"stroke scales":       {`<g transform="scale(10)"><path d="M0 .5H1" stroke="red" stroke-width=".4"/></g>`, 5, 6.5, red},
		"butt end":            {`<path d="M3 5H7" stroke="red" stroke-width="4"/>`, 2, 5, none},
		"round end":           {`<path d="M3 5H7" stroke="red" stroke-width="4" stroke-linecap="round"/>`, 2, 5, red},
		"square end":          {`<path d="M3 5H7" stroke="red" stroke-width="4" stroke-linecap="square"/>`, 1.2, 3.2, red},
		"ring is hollow":      {`<circle cx="5" cy="5" r="4" fill="none" stroke="red"/>`, 5, 5, none},
		"closed stroke":       {`<path d="M2 2H8V8H2Z" fill="none" stroke="red"/>`, 2, 5, red},
		"dash":                {`<path d="M0 5H10" stroke="red" stroke-width="2" stroke-dasharray="5"/>`, 2, 5, red},
		"gap":                 {`<path d="M0 5H10" stroke="red" stroke-width="2" stroke-dasharray="5"/>`, 7, 5, none},
		"nonzero":             {`<path d="M0 0H10V10H0ZM3 3H7V7H3Z" fill="red"/>`, 5, 5, red},
		"evenodd":             {`<path d="M0 0H10V10H0ZM3 3H7V7H3Z" fill="red" fill-rule="evenodd"/>`, 5, 5, none},
		"arc flags run on":    {`<path d="M1 5a4 4 0 018 0z" fill="red"/>`, 5, 3, red},
		"relative and smooth": {`<path d="m1 5q2-4 4 0t4 0v5h-8z" fill="red"/>`, 7, 6.5, none},
		"group opacity": {`<rect width="10" height="10" fill="#fff"/><g opacity="0.5"><rect width="10" height="10" fill="red"/><rect width="10" height="10" fill="blue"/></g>`,
			5, 5, color.NRGBA{127, 127, 255, 255}},
		"fill opacity":   {`<rect width="10" height="10" fill="#fff"/><rect width="10" height="10" fill-opacity="50%"/>`, 5, 5, color.NRGBA{128, 128, 128, 255}},
		"use and symbol": {`<symbol id="s" viewBox="0 0 1 1"><rect width="1" height="1"/></symbol><use href="#s" x="5" y="5" width="5" height="5" fill="red"/>`, 7, 7, red},
		"use is placed":  {`<defs><rect id="r" width="2" height="2" fill="red"/></defs><use href="#r" x="6" y="6"/>`, 7, 7, red},
		"clip path":      {`<clipPath id="c"><rect width="5" height="10"/></clipPath><rect clip-path="url(#c)" width="10" height="10" fill="red"/>`, 7, 5, none},
		"mask":           {`<mask id="m"><rect width="5" height="10" fill="#fff"/></mask><rect mask="url(#m)" width="10" height="10" fill="red"/>`, 2, 5, red},
		"linear":         {`<linearGradient id="g"><stop stop-color="red"/><stop offset="1" stop-color="blue"/></linearGradient><rect width="10" height="10" fill="url(#g)"/>`, 9.99, 5, color.NRGBA{1, 0, 254, 255}},
		"radial":         {`<radialGradient id="g" gradientUnits="userSpaceOnUse" cx="5" cy="5" r="5"><stop offset=".5" stop-color="red"/><stop offset=".5" stop-color="blue"/></radialGradient><rect width="10" height="10" fill="url(#g)"/>`, 9, 5, blue},
		"gradient by href": {`<linearGradient id="a"><stop stop-color="red"/></linearGradient><linearGradient id="b" href="#a"/><rect width="10" height="10" fill="url(#b)"/>`,
			5, 5, red},
		"fallback paint": {`<rect width="10" height="10" fill="url(#nothing) red"/>`, 5, 5, red},
		"current colour": {`<g color="red"><rect width="10" height="10" fill="currentColor"/></g>`, 5, 5, red},
		"hsl":            {`<rect width="10" height="10" fill="hsl(240, 100%, 50%)"/>`, 5, 5, blue},
		"hidden":         {`<g visibility="hidden"><rect width="10" height="10"/></g><rect display="none" width="10" height="10"/>`, 5, 5, none},
		"nested svg":     {`<svg x="5" y="5" width="5" height="5" viewBox="0 0 1 1"><rect width="1" height="1" fill="red"/></svg>`, 7, 7, red},
		"rotate about":   {`<rect width="5" height="5" fill="red" transform="rotate(180 5 5)"/>`, 7, 7, red},
	} {
		t.Run(name, func(t *testing.T) {
			if got := pixel(t, c.body, c.x, c.y); !near(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func near(a, b color.NRGBA) bool {
	d := func(x, y uint8) bool { return math.Abs(float64(x)-float64(y)) <= 2 }
	return d(a.R, b.R) && d(a.G, b.G) && d(a.B, b.B) && d(a.A, b.A)
}

// The area that the scanner covers is the area of the polygon, wherever it
// lies and however it is cut off.
func TestCoverageIsArea(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		budget := int64(1 << 40)
		s := scanner{w: 20, h: 20, budget: &budget}
		f := rapid.Float64Range(-30, 50)
		x, y := f.Draw(t, "x"), f.Draw(t, "y")
		w, h := rapid.Float64Range(0.1, 60).Draw(t, "w"), rapid.Float64Range(0.1, 60).Draw(t, "h")
		var o outline
		o.rectangle(x, y, w, h, 0, 0)
		s.fill(o)
		c, err := s.scan(rapid.Bool().Draw(t, "evenOdd"))
		if err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		for _, v := range c.values {
			sum += float64(v)
		}
		side := func(from, size float64) float64 {
			return math.Max(0, math.Min(from+size, 20)-math.Max(from, 0))
		}
		if want := side(x, w) * side(y, h); math.Abs(sum-want) > 0.02 {
			t.Fatalf("covers %.3f, want %.3f", sum, want)
		}
	})
}

func FuzzParsePath(f *testing.F) {
	f.Add("M1 1a1 1 0 013 3s2-2 4 4z")
	f.Add("m.5.5-1e-3 2E2,,3 4zl1 1")
	f.Fuzz(func(t *testing.T, d string) {
		for _, s := range parsePath(d) {
			for _, p := range s.p {
				if math.IsNaN(p.x) || math.IsNaN(p.y) {
					t.Fatalf("%q gives NaN", d)
				}
			}
		}
		if o := parsePath(d); len(o) > 0 && o[0].op != 'M' {
			t.Fatalf("%q does not begin with a move", d)
		}
	})
}

// What the pen writes is what the reader reads, to half a tenth.
func TestPenRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := rapid.Float64Range(-400, 400)
		var p pen
		var want []point
		for i := range rapid.IntRange(1, 40).Draw(t, "n") {
			x, y := f.Draw(t, "x"), f.Draw(t, "y")
			if i == 0 {
				p.move(x, y)
			} else {
				p.cubic(f.Draw(t, "x1"), f.Draw(t, "y1"), f.Draw(t, "x2"), f.Draw(t, "y2"), x, y)
			}
			want = append(want, point{x, y})
		}
		o := parsePath(p.String())
		if len(o) != len(want) || !strings.HasPrefix(p.String(), "M") {
			t.Fatalf("%s has %d steps, want %d", p.String(), len(o), len(want))
		}
		for i, s := range o {
			if math.Abs(s.p[2].x-want[i].x) > 0.051 || math.Abs(s.p[2].y-want[i].y) > 0.051 {
				t.Fatalf("step %d is at %v, want %v", i, s.p[2], want[i])
			}
		}
	})
}
