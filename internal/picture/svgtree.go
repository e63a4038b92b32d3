package picture

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"github.com/roundel/roundel/internal/fault"
)

// The limits of an uploaded SVG.
const (
	maxSVGBytes    = 512 << 10
	maxSVGElements = 10_000
	maxSVGDepth    = 48
	maxSVGAttrs    = 64
	maxExpanded    = 20_000 // elements drawn, after following every <use>
)

const (
	svgSpace   = "http://www.w3.org/2000/svg"
	xlinkSpace = "http://www.w3.org/1999/xlink"
)

// node is an element, or text where name is empty.
type node struct {
	name  string
	attrs []attr
	kids  []*node
	text  string
}

type attr struct{ name, value string }

func (n *node) attr(name string) string {
	for _, a := range n.attrs {
		if a.name == name {
			return a.value
		}
	}
	return ""
}

func (n *node) setAttr(name, value string) {
	for i := range n.attrs {
		if n.attrs[i].name == name {
			n.attrs[i].value = value
			return
		}
	}
	n.attrs = append(n.attrs, attr{name, value})
}

// walk calls visit for n and everything in it, outermost first.
func (n *node) walk(visit func(*node)) {
	visit(n)
	for _, k := range n.kids {
		k.walk(visit)
	}
}

// refusal is a sentence about why an SVG is not taken.
func refusal(format string, args ...any) error { return fault.Invalidf(format, args...) }

// parseSVG reads an SVG into a tree of SVG elements with plain names, within
// the limits. What is outside the SVG namespace is left out and told to
// removed. A document that declares entities is refused.
func parseSVG(svg []byte, removed func(what string)) (*node, error) {
	if len(svg) > maxSVGBytes {
		return nil, refusal("This SVG is larger than 512 kB. Simplify it in your drawing program or upload a PNG.")
	}
	svg, err := toUTF8(svg)
	if err != nil {
		return nil, err
	}
	p := &svgParser{dec: xml.NewDecoder(bytes.NewReader(svg)), removed: removed}
	p.dec.CharsetReader = func(label string, in io.Reader) (io.Reader, error) {
		switch strings.ToLower(label) {
		case "us-ascii", "ascii", "utf8", "utf-16": // toUTF8 has read UTF-16 already
			return in, nil
		case "iso-8859-1", "latin1", "windows-1252":
			return charmap.Windows1252.NewDecoder().Reader(in), nil
		}
		return nil, refusal("This SVG is written in the encoding %q. Save it as UTF-8.", clip(label))
	}
	return p.parse()
}

type svgParser struct {
	dec      *xml.Decoder
	removed  func(string)
	root     *node
	open     []*node
	elements int
	skip     int // depth inside an element that is left out
}

func (p *svgParser) parse() (*node, error) {
	for {
		t, err := p.dec.Token()
		if err == io.EOF {
			break
		}
		if err == nil {
			err = p.token(t)
		}
		if err != nil {
			var syntax *xml.SyntaxError
			if errors.As(err, &syntax) {
				return nil, refusal("This SVG is not well-formed (line %d: %s). Save it again in your drawing program.", syntax.Line, clip(syntax.Msg))
			}
			if fault.KindOf(err) == fault.Invalid {
				return nil, err
			}
			return nil, refusal("This SVG cannot be read: %s.", clip(err.Error()))
		}
	}
	if p.root == nil {
		return nil, refusal("This file has no SVG picture in it.")
	}
	return p.root, nil
}

func (p *svgParser) token(t xml.Token) error {
	switch t := t.(type) {
	case xml.Directive:
		d := strings.ToUpper(string(t))
		if strings.Contains(d, "ENTITY") || strings.Contains(d, "[") || strings.Contains(d, "ATTLIST") {
			return refusal("This SVG declares entities in its DOCTYPE, which can hide things. Save it again as plain SVG.")
		}
		p.removed("DOCTYPE")
	case xml.ProcInst:
		if t.Target != "xml" {
			p.removed("processing instruction")
		}
	case xml.StartElement:
		return p.start(t)
	case xml.EndElement:
		if p.skip > 0 {
			p.skip--
		} else {
			p.open = p.open[:len(p.open)-1]
		}
	case xml.CharData:
		if p.skip == 0 && len(p.open) > 0 {
			top := p.open[len(p.open)-1]
			top.kids = append(top.kids, &node{text: string(t)})
		}
	}
	return nil
}

func (p *svgParser) start(t xml.StartElement) error {
	p.elements++
	switch {
	case p.elements > maxSVGElements:
		return refusal("This SVG has more than %d elements. Simplify it or upload a PNG.", maxSVGElements)
	case len(p.open)+p.skip >= maxSVGDepth:
		return refusal("This SVG is nested more than %d levels deep. Simplify it or upload a PNG.", maxSVGDepth)
	case len(t.Attr) > maxSVGAttrs:
		return refusal("An element of this SVG has more than %d attributes. Save it again as plain SVG.", maxSVGAttrs)
	case p.root == nil && (t.Name.Local != "svg" || t.Name.Space != svgSpace && t.Name.Space != ""):
		return refusal("This file is XML but not an SVG picture: it begins with <%s>.", clip(t.Name.Local))
	case p.root != nil && len(p.open) == 0:
		return refusal("This file holds more than one document.")
	}
	if p.skip > 0 {
		p.skip++
		return nil
	}
	if t.Name.Space != svgSpace && t.Name.Space != "" {
		p.removed("<" + clip(t.Name.Local) + "> of another vocabulary")
		p.skip++
		return nil
	}
	n := &node{name: t.Name.Local}
	for _, a := range t.Attr {
		name := a.Name.Local
		switch {
		case a.Name.Space == "xmlns" || name == "xmlns":
			continue
		case a.Name.Space == xlinkSpace && name == "href" || a.Name.Space == "xlink" && name == "href":
		case a.Name.Space != "" && a.Name.Space != svgSpace:
			continue // editors' notes; their names mean nothing here
		}
		n.attrs = append(n.attrs, attr{name, a.Value})
	}
	if p.root == nil {
		p.root = n
	} else {
		top := p.open[len(p.open)-1]
		top.kids = append(top.kids, n)
	}
	p.open = append(p.open, n)
	return nil
}

// toUTF8 reads byte order marks; without one, bytes must be UTF-8 or declare
// another encoding, which the XML reader sees to.
func toUTF8(b []byte) ([]byte, error) {
	switch {
	case bytes.HasPrefix(b, []byte("\xef\xbb\xbf")):
		return b[3:], nil
	case bytes.HasPrefix(b, []byte("\xff\xfe")), bytes.HasPrefix(b, []byte("\xfe\xff")):
		out, err := unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder().Bytes(b)
		if err != nil {
			return nil, refusal("This SVG looks like UTF-16 but does not read as such. Save it as UTF-8.")
		}
		return out, nil
	case bytes.HasPrefix(b, []byte{0x1f, 0x8b}):
		return nil, refusal("This is a compressed SVG (SVGZ). Save it as plain SVG.")
	}
	return b, nil
}

// clip shortens text of strangers for use in a sentence.
func clip(s string) string {
	s = strings.ToValidUTF8(s, "?")
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
	if utf8.RuneCountInString(s) > 40 {
		s = string([]rune(s)[:40]) + "…"
	}
	return s
}

// serialise writes the tree as UTF-8 with the SVG namespace as the default and
// no other.
func (n *node) serialise() []byte {
	var b bytes.Buffer
	n.write(&b, true)
	b.WriteByte('\n')
	return b.Bytes()
}

func (n *node) write(b *bytes.Buffer, root bool) {
	if n.name == "" {
		_ = xml.EscapeText(b, []byte(n.text)) // a buffer does not fail
		return
	}
	b.WriteString("<" + n.name)
	if root {
		b.WriteString(` xmlns="` + svgSpace + `"`)
	}
	for _, a := range n.attrs {
		fmt.Fprintf(b, ` %s="`, a.name)
		_ = xml.EscapeText(b, []byte(a.value))
		b.WriteByte('"')
	}
	if len(n.kids) == 0 {
		b.WriteString("/>")
		return
	}
	b.WriteByte('>')
	for _, k := range n.kids {
		k.write(b, false)
	}
	b.WriteString("</" + n.name + ">")
}
