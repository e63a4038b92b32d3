// Package baking carries credentials inside pictures: in a text chunk of a PNG
// and in an element of an SVG, as Open Badges 3.0 sections 5.3 describe it.
//
// Writing follows Open Badges 3.0 only. Reading also knows Open Badges 2.0 and
// 1.x and Comprehensive Learner Record 2.0. A picture that carries more than
// one credential is refused, whatever their kinds: two readers could show two
// different ones.
package baking

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"

	"github.com/roundel/roundel/strictjson"
)

// Formats of pictures.
const (
	PNG = "png"
	SVG = "svg"
)

// Versions of what a picture carries.
const (
	Version3   = "3.0"  // Open Badges 3.0, the only one that is written
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
	// ErrCredential says that what should be baked is neither a JSON object nor
	// a compact JWS.
	ErrCredential = errors.New("baking: not a credential that a picture can carry")
)

// maxText is the size in bytes to which a compressed text chunk may expand.
const maxText = 1 << 20

// Baked is a credential taken out of a picture.
type Baked struct {
	Format     string // PNG or SVG
	Version    string // Version3, Version2, Version1 or VersionCLR
	Credential []byte // the bytes as they were put in; a web address for hosted badges before 3.0
	JWT        bool   // Credential is a compact JWS, not JSON
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

// compactJWS is what RFC 7515 section 7.1 allows, payload included.
var compactJWS = regexp.MustCompile(`^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$`)

func isJWT(b []byte) bool { return compactJWS.Match(b) }

// checkCredential refuses to bake what could not be read again. It reports
// whether the credential is a JWT.
func checkCredential(credential []byte) (jwt bool, err error) {
	if isJWT(credential) {
		return true, nil
	}
	// Learner records may be ten times as large as badges.
	if err := strictjson.Check(credential, strictjson.Limits{MaxBytes: 10 << 20}); err != nil {
		return false, fmt.Errorf("%w: %w", ErrCredential, err)
	}
	if !bytes.HasPrefix(bytes.TrimLeft(credential, " \t\r\n"), []byte("{")) {
		return false, fmt.Errorf("%w: not a JSON object", ErrCredential)
	}
	return false, nil
}

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrMalformed}, args...)...)
}
