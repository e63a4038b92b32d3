package picture

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/color"
	"math"
	"strings"

	"golang.org/x/image/draw"
	"golang.org/x/image/math/f64"
)

// renderer draws a clean SVG tree. It knows shapes, paths, groups, use, nested
// svg, gradients, strokes with dashes, opacity, clip paths, masks and embedded
// pictures: all that Compose writes and most of what people upload. Words and
// patterns are not drawn.
type renderer struct {
	ids    map[string]*node
	view   rect
	scan   scanner
	budget int64 // pixels that may still be touched
	layers int
}

// workPerPixel is how often each pixel of the result may be touched on average,
// and baseWork what any picture may cost besides. Our own pictures take 30 at most.
const (
	workPerPixel = 60
	baseWork     = 8 << 20
)

// maxLayers is how many transparent layers may lie within one another.
const maxLayers = 10

// style is what children inherit.
type style struct {
	fill, stroke               string
	fillOpacity, strokeOpacity float64
	width, miter               float64
	linecap, join              string
	dash                       []float64
	dashOffset                 float64
	evenOdd, clipEvenOdd       bool
	hidden                     bool
	colour                     rgb
}

func startStyle() style {
	return style{fill: "#000", stroke: "none", fillOpacity: 1, strokeOpacity: 1, width: 1, miter: 4, linecap: "butt", join: "miter"}
}

// render draws the tree on a square of size pixels.
func render(root *node, size int) (*image.RGBA, error) {
	view, ok := viewBox(root)
	if !ok {
		return nil, refusal("This SVG does not say how large it is.")
	}
	r := &renderer{ids: map[string]*node{}, view: view, budget: baseWork + workPerPixel*int64(size)*int64(size)}
	r.scan = scanner{w: size, h: size, budget: &r.budget}
	root.walk(func(n *node) {
		if id := n.attr("id"); id != "" {
			r.ids[id] = n
		}
	})
	dst := image.NewRGBA(image.Rect(0, 0, size, size))
	m := fit(view, rect{0, 0, float64(size), float64(size)})
	st := startStyle()
	st.inherit(root, view)
	return dst, r.children(dst, root, st, m)
}

// fit maps the area from into the area to, whole and in the middle.
func fit(from, to rect) matrix {
	k := math.Min(to.w/from.w, to.h/from.h)
	return matrix{k, 0, 0, k, to.x + (to.w-from.w*k)/2 - from.x*k, to.y + (to.h-from.h*k)/2 - from.y*k}
}

// inherit takes over the presentation attributes of n.
func (s *style) inherit(n *node, view rect) {
	diagonal := math.Sqrt((view.w*view.w + view.h*view.h) / 2)
	for _, a := range n.attrs {
		if a.value == "inherit" {
			continue
		}
		v, isNumber := length(a.value, diagonal)
		fraction := func(to *float64) {
			if f, ok := length(a.value, 1); ok {
				*to = math.Max(0, math.Min(1, f))
			}
		}
		switch a.name {
		case "fill":
			s.fill = a.value
		case "stroke":
			s.stroke = a.value
		case "color":
			if t, ok := parseTint(a.value, s.colour); ok {
				s.colour = t.rgb
			}
		case "fill-opacity":
			fraction(&s.fillOpacity)
		case "stroke-opacity":
			fraction(&s.strokeOpacity)
		case "stroke-width":
			if isNumber && v >= 0 {
				s.width = v
			}
		case "stroke-miterlimit":
			if isNumber && v >= 1 {
				s.miter = math.Min(v, 100)
			}
		case "stroke-linecap":
			s.linecap = a.value
		case "stroke-linejoin":
			s.join = a.value
		case "stroke-dasharray":
			s.dash = numbers(a.value)
		case "stroke-dashoffset":
			if isNumber {
				s.dashOffset = v
			}
		case "fill-rule":
			s.evenOdd = a.value == "evenodd"
		case "clip-rule":
			s.clipEvenOdd = a.value == "evenodd"
		case "visibility":
			s.hidden = a.value != "visible"
		}
	}
}

func (r *renderer) children(dst *image.RGBA, n *node, st style, m matrix) error {
	for _, k := range n.kids {
		if err := r.node(dst, k, st, m); err != nil {
			return err
		}
	}
	return nil
}

// node draws one element, through a layer of its own when it is transparent or
// cut as a whole.
func (r *renderer) node(dst *image.RGBA, n *node, st style, m matrix) error {
	switch n.name {
	case "g", "svg", "use", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "image":
	default:
		return nil // defs and what is not drawn
	}
	if n.attr("display") == "none" {
		return nil
	}
	r.budget -= 64
	m = m.mul(parseTransform(n.attr("transform")))
	st.inherit(n, r.view)
	alpha := 1.0
	if v, ok := length(n.attr("opacity"), 1); ok {
		alpha = math.Max(0, math.Min(1, v))
	}
	clip, mask := r.target(n, "clip-path", "clipPath"), r.target(n, "mask", "mask")
	if alpha == 1 && clip == nil && mask == nil {
		return r.content(dst, n, st, m)
	}
	if r.layers++; r.layers > maxLayers {
		return errTooMuchWork
	}
	defer func() { r.layers-- }()
	layer, err := r.layer(dst)
	if err != nil {
		return err
	}
	if err := r.content(layer, n, st, m); err != nil {
		return err
	}
	stencil := image.NewUniform(color.Alpha{byte(math.Round(alpha * 255))})
	if clip == nil && mask == nil {
		draw.DrawMask(dst, dst.Bounds(), layer, image.Point{}, stencil, image.Point{}, draw.Over)
		return nil
	}
	holes := image.NewAlpha(dst.Bounds())
	draw.Draw(holes, holes.Bounds(), stencil, image.Point{}, draw.Src)
	if clip != nil {
		if err := r.cut(holes, dst, clip, n, m, false); err != nil {
			return err
		}
	}
	if mask != nil {
		if err := r.cut(holes, dst, mask, n, m, true); err != nil {
			return err
		}
	}
	draw.DrawMask(dst, dst.Bounds(), layer, image.Point{}, holes, image.Point{}, draw.Over)
	return nil
}

func (r *renderer) layer(like *image.RGBA) (*image.RGBA, error) {
	b := like.Bounds()
	r.budget -= 8 * int64(b.Dx()) * int64(b.Dy())
	if r.budget < 0 {
		return nil, errTooMuchWork
	}
	return image.NewRGBA(b), nil
}

// target returns the element that an attribute refers to, if it is of the kind
// that belongs there.
func (r *renderer) target(n *node, attribute, kind string) *node {
	m := localURL.FindStringSubmatch(n.attr(attribute))
	if m == nil {
		return nil
	}
	if t := r.ids[m[1]]; t != nil && t.name == kind {
		return t
	}
	return nil
}

// cut multiplies holes by a clip path (what it covers) or a mask (how bright).
func (r *renderer) cut(holes *image.Alpha, like *image.RGBA, by, user *node, m matrix, bright bool) error {
	if r.layers++; r.layers > maxLayers {
		return errTooMuchWork
	}
	defer func() { r.layers-- }()
	layer, err := r.layer(like)
	if err != nil {
		return err
	}
	st := startStyle()
	st.inherit(by, r.view)
	units := by.attr("clipPathUnits")
	if bright {
		units = by.attr("maskContentUnits")
	}
	if units == "objectBoundingBox" {
		b := r.shape(user).bounds()
		m = m.mul(matrix{b.w, 0, 0, b.h, b.x, b.y})
	}
	m = m.mul(parseTransform(by.attr("transform")))
	for _, k := range by.kids {
		kst := st
		if !bright {
			k = silhouette(k)
			kst.inherit(k, r.view)
			kst.evenOdd = kst.clipEvenOdd
		}
		if err := r.node(layer, k, kst, m); err != nil {
			return err
		}
	}
	for i := range holes.Pix {
		p := layer.Pix[i*4 : i*4+4]
		v := float64(p[3])
		if bright {
			v = 0.2126*float64(p[0]) + 0.7152*float64(p[1]) + 0.0722*float64(p[2])
		}
		holes.Pix[i] = byte(float64(holes.Pix[i])*v/255 + 0.5)
	}
	return nil
}

// silhouette returns a copy of n that covers its whole fill area, with its
// clip rule as the fill rule.
func silhouette(n *node) *node {
	c := &node{name: n.name, kids: n.kids}
	for _, a := range n.attrs {
		switch a.name {
		case "fill", "stroke", "fill-opacity", "opacity", "fill-rule", "stroke-opacity":
		case "clip-rule":
			c.setAttr("fill-rule", a.value)
		default:
			c.attrs = append(c.attrs, a)
		}
	}
	return c
}

func (r *renderer) content(dst *image.RGBA, n *node, st style, m matrix) error {
	num := func(name string, whole float64) float64 {
		v, _ := length(n.attr(name), whole)
		return v
	}
	switch n.name {
	case "g":
		return r.children(dst, n, st, m)
	case "svg":
		return r.nested(dst, n, n, st, m)
	case "use":
		target := r.ids[strings.TrimPrefix(n.attr("href"), "#")]
		if target == nil {
			return nil
		}
		m = m.mul(matrix{1, 0, 0, 1, num("x", r.view.w), num("y", r.view.h)})
		if target.name == "symbol" {
			st.inherit(target, r.view)
			return r.nested(dst, target, &node{name: "svg", attrs: []attr{{"width", n.attr("width")}, {"height", n.attr("height")}}}, st, m)
		}
		return r.node(dst, target, st, m)
	case "image":
		if st.hidden {
			return nil
		}
		return r.embedded(dst, n, rect{num("x", r.view.w), num("y", r.view.h), num("width", r.view.w), num("height", r.view.h)}, m)
	}
	return r.paint(dst, n, st, m)
}

// nested draws what is in an inner svg or a symbol, in the place that frame
// gives.
func (r *renderer) nested(dst *image.RGBA, n, frame *node, st style, m matrix) error {
	place := rect{w: r.view.w, h: r.view.h}
	for name, to := range map[string]*float64{"x": &place.x, "y": &place.y, "width": &place.w, "height": &place.h} {
		whole := r.view.w
		if name == "y" || name == "height" {
			whole = r.view.h
		}
		if v, ok := length(frame.attr(name), whole); ok {
			*to = v
		}
	}
	inner := m.mul(matrix{1, 0, 0, 1, place.x, place.y})
	if box, ok := viewBox(n); ok && n.attr("viewBox") != "" {
		inner = m.mul(fit(box, place))
	}
	return r.children(dst, n, st, inner)
}

// shape returns the outline of a basic shape in user space.
func (r *renderer) shape(n *node) outline {
	var o outline
	w, h := r.view.w, r.view.h
	num := func(name string, whole float64) float64 {
		v, _ := length(n.attr(name), whole)
		return v
	}
	switch n.name {
	case "path":
		return parsePath(n.attr("d"))
	case "rect":
		rx, okX := length(n.attr("rx"), w)
		ry, okY := length(n.attr("ry"), h)
		if !okX {
			rx = ry
		}
		if !okY {
			ry = rx
		}
		if rw, rh := num("width", w), num("height", h); rw > 0 && rh > 0 {
			o.rectangle(num("x", w), num("y", h), rw, rh, rx, ry)
		}
	case "circle":
		if rad := num("r", math.Sqrt((w*w+h*h)/2)); rad > 0 {
			o.ellipse(num("cx", w), num("cy", h), rad, rad)
		}
	case "ellipse":
		if rx, ry := num("rx", w), num("ry", h); rx > 0 && ry > 0 {
			o.ellipse(num("cx", w), num("cy", h), rx, ry)
		}
	case "line":
		o.move(num("x1", w), num("y1", h))
		o.line(num("x2", w), num("y2", h))
	case "polyline", "polygon":
		v := numbers(n.attr("points"))
		for i := 0; i+1 < len(v); i += 2 {
			if i == 0 {
				o.move(v[0], v[1])
			} else {
				o.line(v[i], v[i+1])
			}
		}
		if n.name == "polygon" && len(o) > 0 {
			o.close()
		}
	}
	return o
}

func (r *renderer) paint(dst *image.RGBA, n *node, st style, m matrix) error {
	o := r.shape(n)
	if st.hidden || len(o) == 0 {
		return nil
	}
	if r.budget -= int64(len(o)) * 8; r.budget < 0 {
		return errTooMuchWork
	}
	bounds := o.bounds()
	device := o.transform(m)
	if sh, ok := r.shader(st.fill, st, bounds, m, st.fillOpacity); ok && n.name != "line" {
		r.scan.reset()
		r.scan.fill(device)
		if err := r.blend(dst, st.evenOdd, sh); err != nil {
			return err
		}
	}
	scale := m.scale()
	width := st.width * scale
	if sh, ok := r.shader(st.stroke, st, bounds, m, st.strokeOpacity); ok && width > 0.01 {
		p := pencil{width: width, miter: st.miter, linecap: st.linecap, join: st.join, offset: st.dashOffset * scale}
		for _, v := range st.dash {
			p.dash = append(p.dash, v*scale)
		}
		r.scan.reset()
		r.scan.stroke(device, p)
		return r.blend(dst, false, sh)
	}
	return nil
}

// shader returns how a paint ("#123", "url(#g) red") colours pixels; false for
// none.
func (r *renderer) shader(paint string, st style, bounds rect, m matrix, alpha float64) (shader, bool) {
	fallback := paint
	if ref := localURL.FindStringSubmatch(paint); ref != nil {
		if g := r.ids[ref[1]]; g != nil && (g.name == "linearGradient" || g.name == "radialGradient") {
			sh, ok := r.gradient(g).shader(bounds, m, r.view)
			if !ok {
				return nil, false
			}
			return func(x, y float64) tint {
				t := sh(x, y)
				t.a *= alpha
				return t
			}, true
		}
		fallback = ref[2]
	}
	t, ok := parseTint(fallback, st.colour)
	t.a *= alpha
	return solid(t), ok && t.a > 0
}

// blend lays colour over dst where the scanner's polygons cover it.
func (r *renderer) blend(dst *image.RGBA, evenOdd bool, sh shader) error {
	c, err := r.scan.scan(evenOdd)
	if err != nil {
		return err
	}
	w := c.area.Dx()
	for y := range c.area.Dy() {
		row := dst.Pix[dst.PixOffset(c.area.Min.X, c.area.Min.Y+y):]
		for x := range w {
			v := float64(c.values[y*w+x])
			if v < 1.0/512 {
				continue
			}
			t := sh(float64(c.area.Min.X+x)+0.5, float64(c.area.Min.Y+y)+0.5)
			a := t.a * v
			p := row[x*4 : x*4+4 : x*4+4]
			p[0] = over(p[0], t.r, a)
			p[1] = over(p[1], t.g, a)
			p[2] = over(p[2], t.b, a)
			p[3] = over(p[3], 255, a)
		}
	}
	return nil
}

func over(under byte, v, a float64) byte {
	return byte(math.Min(255, v*a+float64(under)*(1-a)+0.5))
}

// embedded draws a PNG or JPEG that the file holds.
func (r *renderer) embedded(dst *image.RGBA, n *node, place rect, m matrix) error {
	_, b64, ok := strings.Cut(n.attr("href"), ";base64,")
	raw, err := base64.StdEncoding.DecodeString(b64)
	if !ok || err != nil {
		return nil
	}
	cfg, _, err := image.DecodeConfig(bytes.NewReader(raw))
	if err != nil {
		return nil
	}
	r.budget -= 4*int64(cfg.Width)*int64(cfg.Height) + 8*int64(dst.Rect.Dx())*int64(dst.Rect.Dy())
	if r.budget < 0 {
		return errTooMuchWork
	}
	img, _, err := image.Decode(bytes.NewReader(raw))
	if err != nil {
		return nil // shown as nothing, as a browser does
	}
	from := rect{0, 0, float64(cfg.Width), float64(cfg.Height)}
	if place.w <= 0 || place.h <= 0 {
		place.w, place.h = from.w, from.h
	}
	in := fit(from, place)
	if n.attr("preserveAspectRatio") == "none" {
		in = matrix{place.w / from.w, 0, 0, place.h / from.h, place.x, place.y}
	}
	m = m.mul(in)
	if _, ok := m.inverse(); !ok || math.Abs(m.e)+math.Abs(m.f) > 1e6 || m.scale() > 1e4 {
		return nil
	}
	draw.BiLinear.Transform(dst, f64.Aff3{m.a, m.c, m.e, m.b, m.d, m.f}, img, img.Bounds(), draw.Over, nil)
	return nil
}
