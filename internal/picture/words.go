package picture

import "strings"

// line is one line of words in its place.
type line struct {
	curve
	text string
}

// ribbonRadius is the radius on which the ribbon bends, ribbonHalf half of its
// height, ribbonReach half of its angle.
const (
	ribbonRadius = 560.0
	ribbonHalf   = 21.0
	ribbonReach  = 15.6
)

// place sets text where path says ("top", "bottom", "ribbon"): on one line if
// that is legible, else on two, broken between words. It reports false when
// even that does not fit.
func (d Design) place(sh shape, path, text string) ([]line, bool) {
	if text == "" {
		return nil, true
	}
	if path == "ribbon" {
		c := curve{face: boldFont(), cx: sh.cx, cy: ribbonMiddle(sh) - ribbonRadius, middle: ribbonRadius, beneath: true}
		l, ok := shrink(c, text, 22, 12, ribbonReach-1.3)
		return []line{l}, ok
	}
	band := sh.outer - sh.face - 8
	c := curve{face: boldFont(), cx: sh.cx, cy: sh.cy, middle: sh.outer - band/2}
	large, reach := band*0.61, 82.0
	if path == "bottom" {
		c.face, c.beneath = semiBoldFont(), true
		large, reach = band*0.42, 64
		if d.Ribbon != "" {
			reach = 47
		}
	} else if strings.TrimSpace(d.Bottom) == "" {
		reach = 112
		if d.Ribbon != "" {
			reach = 96
		}
	}
	const legible, least = 14.5, 11.5
	if l, ok := shrink(c, text, large, min(large, legible), reach); ok {
		return []line{l}, true
	}
	if two, ok := twoLines(c, text, band, least, reach); ok {
		return two, true
	}
	l, ok := shrink(c, text, min(large, legible), least, reach)
	return []line{l}, ok
}

// shrink makes letters and their spacing smaller together until text takes at
// most reach degrees to either side.
func shrink(c curve, text string, large, least, reach float64) (line, bool) {
	const steps = 24
	for i := range steps + 1 {
		t := float64(i) / steps
		c.size = large + (least-large)*t
		c.spacing = 0.17 - 0.125*t
		if c.degrees(text) <= 2*reach {
			return line{c, text}, true
		}
	}
	return line{c, text}, false
}

// twoLines breaks text between words so that the longer line is as short as it
// can be, and sets both at the same size.
func twoLines(c curve, text string, band, least, reach float64) ([]line, bool) {
	outer, inner := c, c
	outer.middle += band * 0.205
	inner.middle -= band * 0.205
	first, second := outer, inner
	if c.beneath { // the line nearer to the middle is read first
		first, second = inner, outer
	}
	large := min(15, band*0.36)
	if large < least {
		least = large
	}
	var best []line
	var widest float64
	words := strings.Fields(text)
	for i := 1; i < len(words); i++ {
		a, ok := shrink(first, strings.Join(words[:i], " "), large, least, reach)
		b, ok2 := shrink(second, strings.Join(words[i:], " "), large, least, reach)
		if !ok || !ok2 {
			continue
		}
		if a.size > b.size {
			a.size, a.spacing = b.size, b.spacing
		} else {
			b.size, b.spacing = a.size, a.spacing
		}
		if w := max(a.degrees(a.text), b.degrees(b.text)); best == nil || w < widest {
			best, widest = []line{a, b}, w
		}
	}
	return best, best != nil
}
