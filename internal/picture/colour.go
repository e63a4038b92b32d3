package picture

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// rgb is a colour with components between 0 and 255 in sRGB.
type rgb struct{ r, g, b float64 }

// parseHex reads "#rrggbb" (or "#rgb"), in either case.
func parseHex(s string) (rgb, bool) {
	h, ok := strings.CutPrefix(strings.TrimSpace(s), "#")
	if len(h) == 3 {
		h = string([]byte{h[0], h[0], h[1], h[1], h[2], h[2]})
	}
	if !ok || len(h) != 6 {
		return rgb{}, false
	}
	n, err := strconv.ParseUint(h, 16, 32)
	if err != nil {
		return rgb{}, false
	}
	return rgb{float64(n >> 16), float64(n >> 8 & 255), float64(n & 255)}, true
}

// hex writes the colour as "#rrggbb", or "#rgb" where that says the same.
func (c rgb) hex() string {
	s := fmt.Sprintf("%02x%02x%02x", byte(math.Round(c.r)), byte(math.Round(c.g)), byte(math.Round(c.b)))
	if s[0] == s[1] && s[2] == s[3] && s[4] == s[5] {
		return "#" + string([]byte{s[0], s[2], s[4]})
	}
	return "#" + s
}

// mix returns c moved towards d by t between 0 and 1.
func (c rgb) mix(d rgb, t float64) rgb {
	return rgb{c.r + (d.r-c.r)*t, c.g + (d.g-c.g)*t, c.b + (d.b-c.b)*t}
}

func (c rgb) lighter(t float64) rgb { return c.mix(rgb{255, 255, 255}, t) }
func (c rgb) darker(t float64) rgb  { return c.mix(rgb{}, t) }

// luminance is the relative luminance of WCAG 2.2.
func (c rgb) luminance() float64 {
	lin := func(v float64) float64 {
		v /= 255
		if v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return 0.2126*lin(c.r) + 0.7152*lin(c.g) + 0.0722*lin(c.b)
}

// contrast is the contrast ratio of WCAG 2.2, between 1 and 21.
func contrast(a, b rgb) float64 {
	la, lb := a.luminance(), b.luminance()
	if la < lb {
		la, lb = lb, la
	}
	return (la + 0.05) / (lb + 0.05)
}

// Contrast returns the WCAG 2.2 contrast ratio (1 to 21) of two colours
// written as "#rrggbb", and 0 where one of them is not a colour.
func Contrast(a, b string) float64 {
	ca, ok := parseHex(a)
	cb, ok2 := parseHex(b)
	if !ok || !ok2 {
		return 0
	}
	return contrast(ca, cb)
}
