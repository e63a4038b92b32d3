package baking

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"io"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/roundel/roundel/strictjson"
)

// Namespaces of the elements that carry badges.
const (
	namespaceOB3 = "https://purl.imsglobal.org/ob/v3p0"
	namespaceOB2 = "http://openbadges.org"
	namespaceCLR = "https://purl.imsglobal.org/clr/v2p0"
	namespaceSVG = "http://www.w3.org/2000/svg"
)

// maxElements bounds the elements of an SVG, and so the time that reading one
// takes: pictures of badges have some hundreds.
const maxElements = 100_000

// Prefixes of the elements that are written.
const (
	svgPrefix = "openbadges"
	clrPrefix = "clr"
)

// svgNames says how the element of a version is written.
func svgNames(version string) (prefix, local, namespace string) {
	switch version {
	case VersionCLR:
		return clrPrefix, "credential", namespaceCLR
	case Version1, Version2:
		return svgPrefix, "assertion", namespaceOB2
	}
	return svgPrefix, "credential", namespaceOB3
}

// svgBadge is one element that carries a badge.
type svgBadge struct {
	start, end int // byte range of the element in the file
	version    string
	verify     string // attribute: a compact JWS, before 3.0 also a web address
	body       []byte // character data
}

// svgFile is what baking needs to know of an SVG.
type svgFile struct {
	rootStart, rootEnd int  // byte range of the root's start tag
	rootEmpty          bool // the root is written as <svg …/>
	badges             []svgBadge
}

func badgeVersion(n xml.Name) string {
	switch {
	case n.Space == namespaceOB3 && n.Local == "credential":
		return Version3
	case n.Space == namespaceCLR && n.Local == "credential":
		return VersionCLR
	case n.Space == namespaceOB2 && n.Local == "assertion":
		return Version2
	}
	return ""
}

// readSVG finds the root element and every badge. The whole file must be well
// formed; entities that a document type declares are not expanded but refused.
func readSVG(file []byte) (*svgFile, error) {
	if !utf8.Valid(file) {
		return nil, malformed("the SVG is not written in UTF-8")
	}
	skip := len(file) - len(bytes.TrimPrefix(file, []byte("\xef\xbb\xbf")))
	r := &svgReader{dec: xml.NewDecoder(bytes.NewReader(file[skip:])), file: file, skip: skip}
	for {
		start := r.offset()
		tok, err := r.dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, malformed("the SVG is not well-formed: %w", err)
		}
		if err := r.take(tok, start); err != nil {
			return nil, err
		}
	}
	if !r.seenRoot {
		return nil, malformed("not an SVG")
	}
	return &r.out, nil
}

type svgReader struct {
	dec      *xml.Decoder
	file     []byte
	skip     int // length of a byte order mark
	out      svgFile
	depth    int
	elements int // so far
	seenRoot bool
	open     *svgBadge // the badge being read
}

func (r *svgReader) offset() int { return int(r.dec.InputOffset()) + r.skip }

// take handles one token, which starts at byte start.
func (r *svgReader) take(tok xml.Token, start int) error {
	switch t := tok.(type) {
	case xml.StartElement:
		return r.takeStart(t, start)
	case xml.EndElement:
		r.depth--
		if r.open != nil {
			r.open.end = r.offset()
			r.out.badges = append(r.out.badges, *r.open)
			r.open = nil
		}
	case xml.CharData:
		if r.open != nil {
			r.open.body = append(r.open.body, t...)
		}
	}
	return nil
}

func (r *svgReader) takeStart(t xml.StartElement, start int) error {
	if r.depth == 0 {
		if r.seenRoot || t.Name.Local != "svg" || t.Name.Space != "" && t.Name.Space != namespaceSVG {
			return malformed("not an SVG")
		}
		r.seenRoot = true
		r.out.rootStart, r.out.rootEnd = start, r.offset()
		r.out.rootEmpty = bytes.HasSuffix(r.file[start:r.offset()], []byte("/>"))
	}
	r.depth++
	if r.elements++; r.elements > maxElements {
		return malformed("the SVG has more than %d elements", maxElements)
	}
	if r.open != nil {
		return malformed("the badge in the SVG contains other elements")
	}
	if t.Name.Space == svgPrefix || t.Name.Space == clrPrefix { // what encoding/xml gives for a prefix that nobody declared
		return malformed("the SVG does not declare the namespace of its badge")
	}
	version := badgeVersion(t.Name)
	if version == "" {
		return nil
	}
	if r.depth == 1 {
		return malformed("not an SVG")
	}
	r.open = &svgBadge{start: start, version: version}
	seen := false
	for _, a := range t.Attr {
		if a.Name.Space == "" && a.Name.Local == "verify" {
			if seen {
				return malformed("the badge in the SVG has two verify attributes")
			}
			seen, r.open.verify = true, strings.TrimSpace(a.Value)
		}
	}
	return nil
}

func extractSVG(file []byte) (*Baked, error) {
	s, err := readSVG(file)
	if err != nil {
		return nil, err
	}
	switch len(s.badges) {
	case 0:
		return nil, ErrNotBaked
	case 1:
	default:
		return nil, ErrAmbiguous
	}
	return s.badges[0].baked()
}

// baked decides between the attribute and the content of the element.
func (e *svgBadge) baked() (*Baked, error) {
	b := &Baked{Format: SVG, Version: e.version, Credential: e.body}
	empty := len(bytes.TrimSpace(e.body)) == 0
	switch {
	case empty && e.verify == "":
		return nil, malformed("the badge in the picture is empty")
	case empty:
		b.Credential = []byte(e.verify)
	case e.verify == "":
	case e.version != Version2:
		// Before 3.0 the content repeats what the attribute stands for; since 3.0
		// it would be a second credential.
		return nil, ErrAmbiguous
	case !isJWT([]byte(e.verify)):
		b.Address = e.verify
	case samePayload(e.verify, e.body):
		b.Credential = []byte(e.verify)
	default:
		return nil, ErrAmbiguous
	}
	b.JWT = isJWT(b.Credential)
	return b, nil
}

// samePayload reports whether the JWS token signs the JSON in body, however
// either is written.
func samePayload(token string, body []byte) bool {
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	if err != nil {
		return false
	}
	signed, err := strictjson.Decode(payload, strictjson.Limits{})
	if err != nil {
		return false
	}
	shown, err := strictjson.Decode(body, strictjson.Limits{})
	return err == nil && reflect.DeepEqual(signed, shown)
}

func bakeSVG(svg, credential []byte, version string) ([]byte, error) {
	kind, err := checkContent(credential, version)
	if err != nil {
		return nil, err
	}
	s, err := readSVG(svg)
	if err != nil {
		return nil, err
	}
	prefix, local, namespace := svgNames(version)
	tag, name, err := declare(svg[s.rootStart:s.rootEnd], prefix, namespace)
	if err != nil {
		return nil, err
	}
	element, err := svgElement(prefix+":"+local, credential, kind)
	if err != nil {
		return nil, err
	}
	out := slices.Concat(svg[:s.rootStart], tag, element)
	if s.rootEmpty {
		out = slices.Concat(out, []byte("</"+name+">"))
	}
	at := s.rootEnd
	for _, b := range s.badges {
		out = append(out, svg[at:b.start]...)
		at = b.end
	}
	return append(out, svg[at:]...), nil
}

// svgElement writes the element called name that carries credential.
func svgElement(name string, credential []byte, kind int) ([]byte, error) {
	if kind != contentJSON {
		value := bytes.ReplaceAll(credential, []byte("&"), []byte("&amp;")) // in addresses
		return slices.Concat([]byte("<"+name+` verify="`), value, []byte(`"/>`)), nil
	}
	for _, r := range string(credential) {
		if r == 0xFFFE || r == 0xFFFF || r < ' ' && r != '\t' && r != '\n' && r != '\r' {
			return nil, errors.Join(ErrCredential, errors.New("it holds a character that XML cannot carry; write it as an escape"))
		}
	}
	// An XML reader ends the section at "]]>" and turns a bare carriage return
	// into a line feed, so both are written around.
	text := strings.NewReplacer("]]>", "]]]]><![CDATA[>", "\r", "]]>&#13;<![CDATA[").Replace(string(credential))
	return []byte("<" + name + "><![CDATA[" + text + "]]></" + name + ">"), nil
}
