package baking

import (
	"bytes"
	"encoding/xml"
	"io"
	"strings"
)

// Sniff names the form of file by its first bytes: "png", "svg", "json",
// "jwt" (a compact JWS), "html", or "" for anything else. It looks at the
// content only, never at a name or a declared type, and does not promise that
// the file is sound.
func Sniff(file []byte) string {
	if bytes.HasPrefix(file, pngSignature) {
		return PNG
	}
	text := bytes.TrimLeft(bytes.TrimPrefix(file, []byte("\xef\xbb\xbf")), " \t\r\n")
	switch {
	case len(text) == 0:
		return ""
	case text[0] == '{' || text[0] == '[':
		return "json"
	case text[0] == '<':
		return sniffMarkup(text)
	case isJWT(bytes.TrimRight(text, " \t\r\n")):
		return "jwt"
	}
	return ""
}

// sniffMarkup tells an SVG from a web page by the first element.
func sniffMarkup(text []byte) string {
	const head = 64 << 10 // comments and a document type before the root element
	dec := xml.NewDecoder(bytes.NewReader(text[:min(len(text), head)]))
	dec.Strict = false
	// The names asked for are ASCII, so any encoding will do here.
	dec.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	for {
		tok, err := dec.RawToken()
		if err != nil {
			return ""
		}
		switch t := tok.(type) {
		case xml.Directive:
			if strings.HasPrefix(strings.ToLower(string(t)), "doctype html") {
				return "html"
			}
		case xml.StartElement:
			switch strings.ToLower(t.Name.Local) {
			case "svg":
				return SVG
			case "html", "head", "body":
				return "html"
			}
			return ""
		}
	}
}
