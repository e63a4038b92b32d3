// Package baking carries credentials inside pictures: in a text chunk of a PNG
// and in an element of an SVG, as Open Badges 3.0 section 5.3, Open Badges
// Baking 2.0 and Comprehensive Learner Record 2.0 describe it.
//
// A picture that carries more than one credential is refused, whatever their
// kinds: two readers could show two different ones. Baking replaces what is
// there and keeps every other byte of the picture.
package baking

import (
	"errors"
	"fmt"
)

// Formats of pictures.
const (
	PNG = "png"
	SVG = "svg"
)

// Versions of what a picture carries.
const (
	Version3   = "3.0"  // Open Badges 3.0
	Version2   = "2.0"  // Open Badges 2.0; in SVG also 1.x, which is marked alike
	Version1   = "1.x"  // Open Badges before 2.0
	VersionCLR = "clr2" // Comprehensive Learner Record 2.0
)

var (
	// ErrNotBaked says that the picture is sound but carries no credential.
	ErrNotBaked = errors.New("baking: the picture carries no badge")
	// ErrAmbiguous says that the picture carries more than one credential.
	ErrAmbiguous = errors.New("baking: the picture carries more than one badge")
	// ErrMalformed says that the picture, or the part of it that carries the
	// credential, is damaged.
	ErrMalformed = errors.New("baking: the picture is damaged")
	// ErrNotPicture says that the file is neither a PNG nor an SVG.
	ErrNotPicture = errors.New("baking: neither a PNG nor an SVG picture")
	// ErrCredential says that what should be baked is nothing that a picture of
	// that version can carry.
	ErrCredential = errors.New("baking: not a credential that a picture can carry")
)

// Baked is a credential taken out of a picture.
type Baked struct {
	Format     string // PNG or SVG
	Version    string // Version3, Version2, Version1 or VersionCLR
	Credential []byte // the bytes as they were put in; a web address for hosted badges before 3.0
	JWT        bool   // Credential is a compact JWS, not JSON
	// Address is the web address that an SVG before 3.0 gives beside the JSON of
	// a hosted badge, or "". What is found there counts, not the JSON.
	Address string
}

// Extract returns the credential that file, a PNG or an SVG, carries.
// Errors are ErrNotPicture, ErrNotBaked, ErrAmbiguous or ErrMalformed, possibly
// wrapped.
func Extract(file []byte) (*Baked, error) {
	switch Sniff(file) {
	case PNG:
		return extractPNG(file)
	case SVG:
		return extractSVG(file)
	}
	return nil, ErrNotPicture
}

// Bake returns picture, a PNG or an SVG, with credential in the place that
// version has for it. A credential that picture already carries, of any
// version, is replaced.
//
// credential is a JSON object or a compact JWS, and before 3.0 also the web
// address of a hosted badge; it is kept byte for byte, and of JSON only the
// outer form is checked. PNG before 2.0 knows ASCII only: JSON must be written
// with escapes.
//
// Errors are ErrNotPicture, ErrMalformed and ErrCredential, possibly wrapped.
func Bake(picture, credential []byte, version string) ([]byte, error) {
	switch Sniff(picture) {
	case PNG:
		return AppendPNG(nil, picture, credential, version)
	case SVG:
		return bakeSVG(picture, credential, version)
	}
	return nil, ErrNotPicture
}

// BakePNG is Bake for a PNG and Open Badges 3.0.
func BakePNG(png, credential []byte) ([]byte, error) {
	return AppendPNG(nil, png, credential, Version3)
}

// BakeSVG is Bake for an SVG and Open Badges 3.0.
//
// The root of the SVG gets the declaration of a prefix and, if it was empty, an
// end tag; JSON stands as character data in an element directly after the
// root's start tag, a compact JWS as the element's attribute verify.
func BakeSVG(svg, credential []byte) ([]byte, error) { return bakeSVG(svg, credential, Version3) }

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrMalformed}, args...)...)
}
