// Package sdjwt reads, writes and presents Selective Disclosure JWTs (SD-JWT,
// RFC 9901), the SD-JWT VC built on them with their type metadata
// (draft-ietf-oauth-sd-jwt-vc), and credentials of the W3C data model secured by
// them (VC-JOSE-COSE, section 3.2).
//
// An issuer replaces claims by digests and hands the claims out beside the token
// as disclosures; a holder passes on those that a verifier should see, and may
// sign for that one verifier with a key that the issuer put into the token. Only
// the compact form with tildes is read and written.
//
// As in package jose, a signature that verifies says that a key signed; whose it
// is, is for package verify.
package sdjwt

import (
	"bytes"
	"crypto"
	"errors"
	"fmt"

	"github.com/roundel/roundel/jose"
	"github.com/roundel/roundel/strictjson"
)

var (
	// ErrMalformed: not an SD-JWT, or one whose disclosures and digests do not fit
	// together, whatever its signature.
	ErrMalformed = errors.New("malformed SD-JWT")
	// ErrUnsupported: an SD-JWT with a hash function that is not SHA-2.
	ErrUnsupported = errors.New("kind of SD-JWT not supported")
	// ErrKeyBinding: the holder's signature is missing or is not for this
	// verifier, this question, this time or these disclosures.
	ErrKeyBinding = errors.New("key binding not valid")
)

const (
	maxDisclosures = 2000
	maxDepth       = 64
	separator      = '~'
)

// An SDJWT is a token with its disclosures as it was read. Disclosures and
// digests fit together; no signature has been verified.
type SDJWT struct {
	JWS         *jose.JWS      // the part that the issuer signed
	Payload     map[string]any // its payload, digests and all
	Claims      map[string]any // the payload with the disclosed claims in their places and all digests removed
	Disclosures []Disclosure   // in the order of the token
	KeyBinding  []byte         // the JWT that the holder signed; nil if there is none

	hash  hashFunc
	bound []byte // what the key binding signs: everything before it
}

// Parse reads an SD-JWT, with or without key binding, of at most jose.MaxBytes.
// It checks what section 7.1 of RFC 9901 asks for but the signature: every
// disclosure is used exactly once, no digest occurs twice, no claim is disclosed
// where there is one of that name, and no reserved name is used. The token must
// not be changed afterwards.
//
// Errors wrap ErrMalformed or ErrUnsupported, or are those of jose.Parse.
func Parse(token []byte) (*SDJWT, error) {
	if len(token) > jose.MaxBytes {
		return nil, fmt.Errorf("%w: %d characters, where at most %d are read", ErrMalformed, len(token), jose.MaxBytes)
	}
	if n := bytes.Count(token, []byte{separator}); n == 0 || n > maxDisclosures+1 {
		return nil, fmt.Errorf("%w: %d tildes, where 1 to %d are read", ErrMalformed, n, maxDisclosures+1)
	}
	parts := bytes.Split(token, []byte{separator})
	last := len(parts) - 1
	s := &SDJWT{bound: token[:len(token)-len(parts[last])]}
	if len(parts[last]) > 0 {
		s.KeyBinding = parts[last]
	}
	var err error
	if s.JWS, err = jose.Parse(parts[0]); err != nil {
		return nil, err
	}
	tree, err := strictjson.Decode(s.JWS.Payload, strictjson.Limits{MaxBytes: jose.MaxBytes})
	if err != nil {
		return nil, fmt.Errorf("%w: payload: %w", ErrMalformed, err)
	}
	var ok bool
	if s.Payload, ok = tree.(map[string]any); !ok {
		return nil, fmt.Errorf("%w: the payload is not an object", ErrMalformed)
	}
	if s.hash, err = hashOf(s.Payload); err != nil {
		return nil, err
	}
	s.Disclosures = make([]Disclosure, last-1)
	for i, text := range parts[1:last] {
		if s.Disclosures[i], err = parseDisclosure(text, s.hash); err != nil {
			return nil, fmt.Errorf("disclosure %d: %w", i, err)
		}
	}
	return s, s.process()
}

// Verify reports whether key made the issuer's signature. alg must fit key and,
// where any are named, be among allowed. Errors are those of jose's Verify.
func (s *SDJWT) Verify(key crypto.PublicKey, allowed ...string) error {
	return s.JWS.Verify(key, allowed...)
}

// Token returns the SD-JWT in compact form, with its key binding if it has one.
func (s *SDJWT) Token() []byte {
	out := make([]byte, 0, len(s.bound)+len(s.KeyBinding))
	out = append(out, s.JWS.Token()...)
	out = append(out, separator)
	for _, d := range s.Disclosures {
		out = append(append(out, d.Text...), separator)
	}
	return append(out, s.KeyBinding...)
}
