package picture

import (
	"fmt"
	"html"
	"strings"

	"github.com/roundel/roundel/internal/fault"
)

// iconSize is the side of the square that icons are drawn on, and iconWeight
// the one stroke weight of all, in the same units.
const (
	iconSize   = 48
	iconWeight = 3
)

// icon is a drawing in lines of one weight on a 48 by 48 square, with round
// ends and corners. Dots are x, y pairs of filled discs.
type icon struct {
	id, name string
	lines    string
	dots     []float64
	words    string // what a badge's name may say, for Suggest
}

// Icons returns the icons in the order of the designer's picker.
func Icons() []Option {
	var out []Option
	for _, i := range icons() {
		out = append(out, Option{i.id, i.name})
	}
	return out
}

// IconSVG returns an icon alone, in the colour of the text around it, for the
// designer's picker. The fault NotFound names an unknown icon.
func IconSVG(id string) ([]byte, error) {
	i, ok := iconByID(id)
	if !ok {
		return nil, fault.NotFoundf("There is no icon called %q.", id)
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48" role="img"><title>%s</title>`, html.EscapeString(i.name))
	i.draw(&b, "currentColor")
	b.WriteString("</svg>")
	return []byte(b.String()), nil
}

func (i icon) draw(b *strings.Builder, colour string) {
	fmt.Fprintf(b, `<path d="%s" fill="none" stroke="%s" stroke-width="%d" stroke-linecap="round" stroke-linejoin="round"/>`, i.lines, colour, iconWeight)
	if len(i.dots) == 0 {
		return
	}
	var p pen
	for k := 0; k+1 < len(i.dots); k += 2 {
		p.circle(i.dots[k], i.dots[k+1], 2.1)
	}
	fmt.Fprintf(b, `<path d="%s" fill="%s"/>`, p.String(), colour)
}

func iconByID(id string) (icon, bool) {
	for _, i := range icons() {
		if i.id == id {
			return i, true
		}
	}
	return icon{}, false
}

// ring is path data for a circle.
func ring(cx, cy, r float64) string {
	return fmt.Sprintf("M%s %sa%[3]s %[3]s 0 1 0 %[4]s 0a%[3]s %[3]s 0 1 0-%[4]s 0Z", num(cx-r), num(cy), num(r), num(2*r))
}

// box is path data for a rectangle with rounded corners.
func box(x, y, w, h, r float64) string {
	return fmt.Sprintf("M%s %sh%sa%[5]s %[5]s 0 0 1 %[5]s %[5]sv%[4]sa%[5]s %[5]s 0 0 1-%[5]s %[5]sh-%[3]sa%[5]s %[5]s 0 0 1-%[5]s-%[5]sv-%[4]sa%[5]s %[5]s 0 0 1 %[5]s-%[5]sZ",
		num(x+r), num(y), num(w-2*r), num(h-2*r), num(r))
}

// starPath is path data for a star of n points, one of them upwards.
func starPath(cx, cy, outer, inner float64, n int) string {
	var p pen
	for i := range 2 * n {
		r := outer
		if i%2 == 1 {
			r = inner
		}
		x, y := polar(cx, cy, r, float64(i)*180/float64(n)-90)
		if i == 0 {
			p.move(x, y)
		} else {
			p.line(x, y)
		}
	}
	p.close()
	return p.String()
}

// gearPath is path data for a cog wheel of n teeth with its hub.
func gearPath(n int) string {
	var p pen
	step := 360 / float64(n)
	for i := range n {
		a := float64(i)*step - 90
		for k, at := range []struct{ r, d float64 }{{15, -0.30}, {20, -0.19}, {20, 0.19}, {15, 0.30}} {
			x, y := polar(24, 24, at.r, a+at.d*step)
			switch {
			case i == 0 && k == 0:
				p.move(x, y)
			case k == 0:
				p.arc(15, true, x, y)
			case k == 2:
				p.arc(20, true, x, y)
			default:
				p.line(x, y)
			}
		}
	}
	x, y := polar(24, 24, 15, -90-0.30*step)
	p.arc(15, true, x, y)
	p.close()
	return p.String() + ring(24, 24, 6)
}
