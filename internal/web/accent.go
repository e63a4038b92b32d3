package web

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// accentVersion is part of an accent sheet's address; raise it when the
// computation below changes, because browsers keep the sheets for ever.
const accentVersion = "2"

// The surfaces that an accent must be readable on, as css/tokens.css has them.
// TestAccentSurfacesAreTheTokens compares the two.
var (
	lightSurfaces = []string{"#fbfaf7", "#ffffff", "#f3f1ec"}
	darkSurfaces  = []string{"#14161b", "#1c1f26", "#181b21"}
)

// The quiet text colour, which must be readable on an accent's wash.
const lightSoft, darkSoft = "#565d6d", "#a7aebd"

// accentContrast is the least contrast of accent text with its surface; WCAG
// 2.2, section 1.4.3, asks for 4.5.
const accentContrast = 4.6

// colour is an sRGB colour with parts from 0 to 1.
type colour struct{ r, g, b float64 }

var hexColour = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

func parseColour(s string) (colour, bool) {
	if !hexColour.MatchString(s) {
		return colour{}, false
	}
	n, _ := strconv.ParseUint(s[1:], 16, 32) // cannot fail: six hex digits
	return colour{float64(n>>16) / 255, float64(n>>8&255) / 255, float64(n&255) / 255}, true
}

// mustColour is for the constants above.
func mustColour(s string) colour {
	c, ok := parseColour(s)
	if !ok {
		panic("web: not a colour: " + s)
	}
	return c
}

func (c colour) String() string {
	b := func(v float64) int { return int(math.Round(min(max(v, 0), 1) * 255)) }
	return fmt.Sprintf("#%02x%02x%02x", b(c.r), b(c.g), b(c.b))
}

// mix returns c with the share t (0 to 1) of d in it.
func (c colour) mix(d colour, t float64) colour {
	return colour{c.r + (d.r-c.r)*t, c.g + (d.g-c.g)*t, c.b + (d.b-c.b)*t}
}

// luminance is the relative luminance of WCAG 2.2.
func (c colour) luminance() float64 {
	f := func(v float64) float64 {
		if v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return 0.2126*f(c.r) + 0.7152*f(c.g) + 0.0722*f(c.b)
}

// contrast is the contrast ratio of WCAG 2.2, from 1 to 21.
func contrast(a, b colour) float64 {
	x, y := a.luminance(), b.luminance()
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// accent is an organisation's colour made readable on our surfaces.
type accent struct {
	accent colour // links, main buttons
	on     colour // text on accent
	wash   colour // a quiet surface in its hue
}

// readable moves c towards black or white until it and its wash can be read;
// soft is the quiet text colour.
func readable(c colour, surfaces []string, towards, on, soft colour, washShare float64) accent {
	base := mustColour(surfaces[1])
	for step := 0.0; ; step += 0.02 {
		a := accent{accent: c.mix(towards, step), on: on}
		for share := washShare; ; share -= 0.01 {
			a.wash = base.mix(c.mix(towards, step/2), share)
			if share <= 0 || contrast(soft, a.wash) >= accentContrast {
				break
			}
		}
		ok := contrast(a.accent, a.wash) >= accentContrast && contrast(a.accent, on) >= accentContrast
		for _, s := range surfaces {
			ok = ok && contrast(a.accent, mustColour(s)) >= accentContrast
		}
		if ok || step >= 1 {
			return a
		}
	}
}

func lightAccent(c colour) accent {
	return readable(c, lightSurfaces, colour{}, colour{1, 1, 1}, mustColour(lightSoft), 0.08)
}

func darkAccent(c colour) accent {
	return readable(c, darkSurfaces, colour{1, 1, 1}, mustColour("#10131a"), mustColour(darkSoft), 0.16)
}

// accentURL returns the address of the style sheet that sets an organisation's
// accent colour ("#rrggbb"), or "" if it has none. A sheet of its own, because
// our content security policy allows no style in the page.
func accentURL(hex string) string {
	c, ok := parseColour(hex)
	if !ok {
		return ""
	}
	return "/static/accent/" + c.String()[1:] + "." + accentVersion + ".css"
}

// accentFile computes the sheet at an address made by accentURL.
func accentFile(url string) (*staticFile, bool) {
	name, ok := strings.CutPrefix(url, "/static/accent/")
	hex, version, _ := strings.Cut(strings.TrimSuffix(name, ".css"), ".")
	c, valid := parseColour("#" + hex)
	if !ok || !valid || version != accentVersion || accentURL("#"+hex) != url {
		return nil, false
	}
	rule := func(a accent, ring string) string {
		return fmt.Sprintf(":root{--accent:%s;--on-accent:%s;--accent-wash:%s;--ring:%s%s}", a.accent, a.on, a.wash, a.accent, ring)
	}
	css := "@layer tokens{" + rule(lightAccent(c), "14") +
		"@media screen and (prefers-color-scheme:dark){" + rule(darkAccent(c), "1f") + "}}"
	return &staticFile{body: []byte(css), media: media[".css"]}, true
}
