// Package jose reads and writes JSON Web Signatures in compact form (RFC 7515)
// and the credentials and presentations that they secure: the VC-JWT of Open
// Badges 3.0, the JWT of the Verifiable Credentials Data Model 1.1, and W3C
// VC-JOSE-COSE.
//
// It is strict where JWS libraries have been fooled: a token has one spelling,
// the algorithm must be the one that fits the key, and nothing in a header is
// ever a reason to trust a key. There is no none, no HMAC, no encryption, no
// compression, no critical extension and no JSON serialisation.
//
// A signature that verifies says that a key signed the token. Whose key it is,
// and whether its owner may speak for the issuer, are questions for package
// verify. Nothing here looks at the clock either: times are reported.
package jose

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
)

var (
	// ErrMalformed: not a compact JWS, or not the kind of token that was asked
	// for, whatever its signature.
	ErrMalformed = errors.New("malformed token")
	// ErrUnsupported: a token that uses what this package cannot judge: another
	// algorithm, a critical extension. It says nothing about the signature.
	ErrUnsupported = errors.New("kind of token not supported")
	// ErrAlgorithm: an algorithm that secures nothing (none, those with shared
	// keys), does not fit the key, or is not among those that the caller allows.
	ErrAlgorithm = errors.New("algorithm not acceptable")
	// ErrBadSignature: the token is not what the key signed.
	ErrBadSignature = errors.New("the signature does not fit the token")
)

// Limits of what is read, in characters of a token.
const (
	// MaxBytes is the length up to which Parse reads a token.
	MaxBytes = 2 << 20
	// maxHeader leaves room for a certificate chain.
	maxHeader = 64 << 10
	// maxSignature is a little more than RSA of 8192 bits needs.
	maxSignature = 1400
)

// A JWS is a compact JSON Web Signature as it was read. Nothing in it has been
// verified.
type JWS struct {
	Header  Header
	Payload []byte // decoded

	token     []byte // as it was given
	payloadAt int    // where the payload starts in token
	sigAt     int    // where the signature starts in token
	signature []byte // decoded
}

// Parse reads a compact JWS of at most MaxBytes characters. The token must not
// be changed afterwards.
//
// Errors wrap ErrMalformed, ErrUnsupported or ErrAlgorithm; a header that is not
// strict JSON gives a *strictjson.Error as well.
func Parse(token []byte) (*JWS, error) { return ParseLimit(token, MaxBytes) }

// ParseLimit is Parse with another limit on the number of characters.
func ParseLimit(token []byte, limit int) (*JWS, error) {
	if len(token) > limit {
		return nil, fmt.Errorf("%w: %d characters, where at most %d are read", ErrMalformed, len(token), limit)
	}
	// Each part is searched only as far as it may reach, so that a million dots
	// or none at all cost nothing.
	first := bytes.IndexByte(token[:min(len(token), maxHeader)], '.')
	last := bytes.LastIndexByte(token[max(0, len(token)-maxSignature):], '.')
	if first < 0 || last < 0 {
		return nil, fmt.Errorf("%w: not three parts with dots between them", ErrMalformed)
	}
	last += max(0, len(token)-maxSignature)
	if last == first || bytes.IndexByte(token[first+1:last], '.') >= 0 {
		return nil, fmt.Errorf("%w: not three parts with dots between them", ErrMalformed)
	}
	j := &JWS{token: token, payloadAt: first + 1, sigAt: last + 1}
	text, err := decode(token[:first])
	if err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	if j.Header, err = parseHeader(text); err != nil {
		return nil, err
	}
	if j.signature, err = decode(token[j.sigAt:]); err != nil {
		return nil, fmt.Errorf("signature: %w", err)
	}
	if j.Payload, err = decode(token[j.payloadAt:last]); err != nil {
		return nil, fmt.Errorf("payload: %w", err)
	}
	return j, nil
}

// SigningInput returns what the signature is made over: the first two parts
// with the dot between them (RFC 7515, section 5.1). The caller must not change
// it.
func (j *JWS) SigningInput() []byte { return j.token[:j.sigAt-1] }

// Signature returns the signature's bytes, for verifiers that take many at
// once. The caller must not change them.
func (j *JWS) Signature() []byte { return j.signature }

// Token returns the token as it was read. The caller must not change it.
func (j *JWS) Token() []byte { return j.token }

// encoding refuses padding, and bits of the last character that stand for
// nothing (RFC 7515, section 2).
var encoding = base64.RawURLEncoding.Strict()

// decode reads base64url in its one spelling.
func decode(text []byte) ([]byte, error) {
	// encoding/base64 skips line breaks.
	if bytes.IndexByte(text, '\n') >= 0 || bytes.IndexByte(text, '\r') >= 0 {
		return nil, fmt.Errorf("%w: line break inside base64url", ErrMalformed)
	}
	out := make([]byte, encoding.DecodedLen(len(text)))
	n, err := encoding.Decode(out, text)
	if err != nil {
		return nil, fmt.Errorf("%w: not base64url: %v", ErrMalformed, err)
	}
	return out[:n], nil
}
