package picture

import (
	"bytes"
	"encoding/base64"
	"image"
	"regexp"
	"slices"
	"strings"
)

// Clean is an SVG rebuilt from what is allowed.
type Clean struct {
	SVG     []byte   // UTF-8, one namespace, no style sheet, no outside reference
	Removed []string // what was left out, each kind once, for people to read
	Undrawn []string // what is kept but does not show in the PNG
}

// SanitizeSVG returns svg rebuilt from an allow-list of elements, attributes
// and values: no script, style sheet, foreign content, event attribute,
// animation, DOCTYPE or reference to anything outside. It returns an Invalid
// fault with a sentence when the file is no SVG, hides entities, or is too
// large, too deep, or too much work.
func SanitizeSVG(svg []byte) ([]byte, error) {
	c, err := CleanSVG(svg)
	if err != nil {
		return nil, err
	}
	return c.SVG, nil
}

// CleanSVG does as SanitizeSVG and also tells what was left out.
func CleanSVG(svg []byte) (*Clean, error) {
	root, s, err := cleanTree(svg)
	if err != nil {
		return nil, err
	}
	return &Clean{SVG: root.serialise(), Removed: s.removed, Undrawn: s.undrawn}, nil
}

func cleanTree(svg []byte) (*node, *sanitizer, error) {
	s := &sanitizer{styles: stylesheet{}}
	root, err := parseSVG(svg, s.remove)
	if err != nil {
		return nil, nil, err
	}
	root.walk(func(n *node) {
		if n.name == "style" {
			var css strings.Builder
			for _, k := range n.kids {
				css.WriteString(k.text)
			}
			s.styles.parseStyle(css.String(), s.remove)
		}
	})
	s.element(root, false)
	s.dropDeadLinks(root)
	if err := checkExpansion(root); err != nil {
		return nil, nil, err
	}
	return root, s, frame(root)
}

type sanitizer struct {
	styles  stylesheet
	removed []string
	undrawn []string
}

func (s *sanitizer) remove(what string) {
	if len(s.removed) < 30 && !slices.Contains(s.removed, what) {
		s.removed = append(s.removed, what)
	}
}

func (s *sanitizer) keepUndrawn(what string) {
	if !slices.Contains(s.undrawn, what) {
		s.undrawn = append(s.undrawn, what)
	}
}

// allowedElements are all that a still picture needs. The value says whether
// the element holds words.
var allowedElements = map[string]bool{
	"svg": false, "g": false, "defs": false, "symbol": false, "use": false, "title": true, "desc": true,
	"path": false, "rect": false, "circle": false, "ellipse": false, "line": false, "polyline": false, "polygon": false,
	"linearGradient": false, "radialGradient": false, "stop": false, "clipPath": false, "mask": false, "pattern": false,
	"image": false, "text": true, "tspan": true,
}

// element cleans n, which is allowed, and what it holds. Elements that only
// group (a, switch) give way to their content.
func (s *sanitizer) element(n *node, words bool) {
	s.attributes(n)
	var kids []*node
	for _, k := range n.kids {
		if k.name == "" {
			if words && strings.TrimSpace(k.text) != "" {
				kids = append(kids, &node{text: k.text})
			}
			continue
		}
		switch k.name {
		case "a", "switch":
			s.remove("<" + k.name + ">")
			k.name = "g"
			k.attrs = slices.DeleteFunc(k.attrs, func(a attr) bool { return a.name == "href" })
		case "style":
			continue // its rules have become attributes
		case "text":
			s.keepUndrawn("text that is not turned into paths")
		case "pattern":
			s.keepUndrawn("pattern fills")
		}
		holdsWords, ok := allowedElements[k.name]
		if !ok {
			s.remove("<" + clip(k.name) + ">")
			continue
		}
		s.element(k, holdsWords)
		kids = append(kids, k)
	}
	n.kids = kids
}

var (
	plainID     = regexp.MustCompile(`^[A-Za-z_][\w.-]{0,99}$`)
	localURL    = regexp.MustCompile(`^url\(\s*["']?#([A-Za-z_][\w.-]{0,99})["']?\s*\)\s*(none|#[0-9A-Fa-f]{3,8}|[A-Za-z]{1,30})?$`)
	plainValue  = regexp.MustCompile(`^[A-Za-z0-9\s.,+#%'-]*$`)
	funcValue   = regexp.MustCompile(`^[A-Za-z0-9\s.,+#%/()-]*$`)
	funcName    = regexp.MustCompile(`([A-Za-z-]*)\s*\(`)
	pathValue   = regexp.MustCompile(`^[MmLlHhVvCcSsQqTtAaZz0-9eE\s.,+-]*$`)
	colourFuncs = []string{"rgb", "rgba", "hsl", "hsla"}
	moveFuncs   = []string{"matrix", "translate", "scale", "rotate", "skewx", "skewy"}
)

// How the values of allowed attributes are checked.
const (
	plain  = iota // words and numbers, no brackets
	paint         // a colour or url(#id)
	colour        // a colour
	link          // url(#id)
	move          // transformations
	data          // path data
	ident         // an id
)

// allowedAttrs are the attributes that a still picture needs. It is only read.
var allowedAttrs = attrKinds()

func attrKinds() map[string]int {
	kinds := map[string]int{
		"id": ident, "d": data, "points": data, "transform": move, "gradientTransform": move, "patternTransform": move,
		"fill": paint, "stroke": paint, "color": colour, "stop-color": colour, "clip-path": link, "mask": link,
	}
	for name := range strings.FieldsSeq(`viewBox width height x y x1 y1 x2 y2 cx cy r rx ry fx fy fr dx dy offset preserveAspectRatio
		fill-rule fill-opacity clip-rule stroke-width stroke-opacity stroke-linecap stroke-linejoin stroke-miterlimit stroke-dasharray
		stroke-dashoffset stop-opacity opacity visibility display gradientUnits spreadMethod clipPathUnits maskUnits maskContentUnits
		patternUnits patternContentUnits pathLength font-family font-size font-weight font-style text-anchor letter-spacing
		vector-effect shape-rendering role`) {
		kinds[name] = plain
	}
	return kinds
}

// presentation tells which attributes a style rule may set.
func presentation(name string) bool {
	switch name {
	case "fill", "stroke", "color", "stop-color", "clip-path", "mask", "transform", "opacity", "visibility", "display",
		"fill-rule", "fill-opacity", "clip-rule", "stop-opacity", "text-anchor", "letter-spacing", "vector-effect":
		return true
	}
	return strings.HasPrefix(name, "stroke-") || strings.HasPrefix(name, "font-")
}

func (s *sanitizer) attributes(n *node) {
	old := *n
	n.attrs = nil
	for _, a := range old.attrs {
		switch kind, ok := allowedAttrs[a.name]; {
		case a.name == "class" || a.name == "style" || a.name == "version" || a.name == "space":
			// become attributes, or mean nothing here
		case a.name == "href":
			s.href(n, a.value)
		case strings.HasPrefix(strings.ToLower(a.name), "on"):
			s.remove("event attribute " + clip(a.name))
		case strings.HasPrefix(a.name, "aria-") && a.name == "aria-label":
			n.setAttr("aria-label", a.value)
		case !ok:
			if !strings.HasPrefix(a.name, "data-") && !strings.HasPrefix(a.name, "aria-") {
				s.remove("attribute " + clip(a.name))
			}
		case n.name == "svg" && (a.name == "transform" || a.name == "role"):
			if a.name == "role" {
				n.setAttr("role", "img")
			}
		default:
			s.set(n, kind, a.name, a.value)
		}
	}
	for _, d := range s.styles.apply(&old) {
		if kind, ok := allowedAttrs[d.property]; ok && presentation(d.property) {
			s.set(n, kind, d.property, d.value)
		} else if strings.Contains(strings.ToLower(d.value), "url(") {
			s.remove("style property " + clip(d.property))
		}
	}
}

// set sets an attribute when its value is of the allowed kind.
func (s *sanitizer) set(n *node, kind int, name, value string) {
	value = strings.ReplaceAll(strings.TrimSpace(value), `"`, "'") // names of fonts
	ok := false
	switch kind {
	case ident:
		ok = plainID.MatchString(value)
	case plain:
		ok = len(value) <= 2000 && plainValue.MatchString(value)
	case data:
		ok = pathValue.MatchString(value)
	case move:
		ok = onlyFuncs(value, moveFuncs)
	case colour:
		ok = onlyFuncs(value, colourFuncs)
	case link, paint:
		if m := localURL.FindStringSubmatch(value); m != nil {
			value, ok = "url(#"+m[1]+")", true
			if m[2] != "" && kind == paint {
				value += " " + m[2]
			}
		} else {
			ok = kind == paint && onlyFuncs(value, colourFuncs) || kind == link && value == "none"
		}
	}
	if !ok {
		if strings.Contains(strings.ToLower(value), "url(") {
			s.remove("reference to something outside in " + name)
		} else {
			s.remove("odd value of " + name)
		}
		return
	}
	n.setAttr(name, value)
}

// onlyFuncs reports whether value is made of plain words and the functions
// named.
func onlyFuncs(value string, funcs []string) bool {
	if len(value) > 4000 || !funcValue.MatchString(value) {
		return false
	}
	for _, m := range funcName.FindAllStringSubmatch(value, -1) {
		if !slices.Contains(funcs, strings.ToLower(m[1])) {
			return false
		}
	}
	return true
}

// href keeps a reference to an id in the same picture, and on <image> a PNG or
// JPEG that the file itself holds.
func (s *sanitizer) href(n *node, value string) {
	value = strings.TrimSpace(value)
	switch n.name {
	case "use", "linearGradient", "radialGradient", "pattern":
		if id, ok := strings.CutPrefix(value, "#"); ok && plainID.MatchString(id) {
			n.setAttr("href", value)
			return
		}
	case "image":
		if clean, ok := embedded(value); ok {
			n.setAttr("href", clean)
			return
		}
	case "g": // was a link
		return
	}
	s.remove("reference to something outside in <" + n.name + ">")
}

// embedded checks a data address of a PNG or JPEG picture of sensible size and
// returns it in plain form.
func embedded(value string) (string, bool) {
	for _, media := range []string{"image/png", "image/jpeg"} {
		b64, ok := strings.CutPrefix(value, "data:"+media+";base64,")
		if !ok {
			continue
		}
		raw, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(b64), ""))
		if err != nil {
			return "", false
		}
		c, format, err := image.DecodeConfig(bytes.NewReader(raw))
		if err != nil || "image/"+format != media || c.Width > 2048 || c.Height > 2048 {
			return "", false
		}
		return "data:" + media + ";base64," + base64.StdEncoding.EncodeToString(raw), true
	}
	return "", false
}

// dropDeadLinks removes <use> without a target and a second use of an id.
func (s *sanitizer) dropDeadLinks(root *node) {
	ids := map[string]bool{}
	root.walk(func(n *node) {
		if id := n.attr("id"); id != "" {
			if ids[id] {
				n.attrs = slices.DeleteFunc(n.attrs, func(a attr) bool { return a.name == "id" })
			}
			ids[id] = true
		}
	})
	root.walk(func(n *node) {
		n.kids = slices.DeleteFunc(n.kids, func(k *node) bool {
			return (k.name == "use" && !ids[strings.TrimPrefix(k.attr("href"), "#")]) || (k.name == "image" && k.attr("href") == "")
		})
	})
}

// frame gives the root a view box, so that the picture scales, and drops its
// place on a page.
func frame(root *node) error {
	box, ok := viewBox(root)
	if !ok {
		return refusal("This SVG does not say how large it is: it has neither a viewBox nor a width and height. Save it again in your drawing program.")
	}
	root.setAttr("viewBox", box.String())
	root.attrs = slices.DeleteFunc(root.attrs, func(a attr) bool { return a.name == "x" || a.name == "y" })
	return nil
}

// checkExpansion refuses references that go in circles or that multiply a few
// elements into very many.
func checkExpansion(root *node) error {
	x := expansion{ids: map[string]*node{}, cost: map[*node]int{}}
	root.walk(func(n *node) {
		if id := n.attr("id"); id != "" {
			x.ids[id] = n
		}
	})
	total, err := x.count(root, 0)
	if err == nil && total > maxExpanded {
		err = refusal("This SVG repeats its parts until more than %d are drawn. Simplify it or upload a PNG.", maxExpanded)
	}
	return err
}

type expansion struct {
	ids  map[string]*node
	cost map[*node]int // what drawing a node costs; -1 while it is being counted
}

// count returns how many elements drawing n draws. Everything that n refers to
// by href, clip-path, mask or paint counts as drawn with it.
func (x expansion) count(n *node, depth int) (int, error) {
	if c, ok := x.cost[n]; ok {
		if c < 0 {
			return 0, refusal("A part of this SVG refers to itself. Save it again in your drawing program.")
		}
		return c, nil
	}
	if depth > 4*maxSVGDepth {
		return 0, refusal("The parts of this SVG refer to one another too deeply. Simplify it or upload a PNG.")
	}
	x.cost[n] = -1
	total := 1
	next := slices.Clone(n.kids)
	for _, a := range n.attrs {
		if id := reference(a); id != "" && x.ids[id] != nil {
			next = append(next, x.ids[id])
		}
	}
	for _, k := range next {
		c, err := x.count(k, depth+1)
		if err != nil {
			return 0, err
		}
		total = min(total+c, maxExpanded+1)
	}
	x.cost[n] = total
	return total, nil
}

// reference returns the id that an attribute refers to, or "".
func reference(a attr) string {
	switch a.name {
	case "href":
		return strings.TrimPrefix(a.value, "#")
	case "fill", "stroke", "clip-path", "mask":
		if m := localURL.FindStringSubmatch(a.value); m != nil {
			return m[1]
		}
	}
	return ""
}
