package multikey

import (
	"encoding/base64"
	"fmt"
	"strings"
)

// EncodeMultibase returns b as multibase text in base58btc: "z" and digits
// (Controlled Identifiers 1.0, section 2.4).
func EncodeMultibase(b []byte) string {
	return "z" + Base58Encode(b)
}

// DecodeMultibase returns the bytes of multibase text in base58btc ("z") or in
// base64url without padding ("u"). max is the greatest number of bytes wanted.
//
// Errors wrap ErrEncoding; other multibase headers are errors too.
func DecodeMultibase(s string, max int) ([]byte, error) {
	if s == "" {
		return nil, fmt.Errorf("%w: empty multibase text", ErrEncoding)
	}
	switch s[0] {
	case 'z':
		return Base58Decode(s[1:], max)
	case 'u':
		return decodeBase64URL(s[1:], max)
	default:
		return nil, fmt.Errorf("%w: multibase header %q is neither z (base58btc) nor u (base64url)", ErrEncoding, s[0])
	}
}

// decodeBase64URL reads base64url without padding, strictly: unused bits must
// be zero, and the line breaks that encoding/base64 skips are refused, because
// both would give one value several spellings.
func decodeBase64URL(s string, max int) ([]byte, error) {
	if base64.RawURLEncoding.DecodedLen(len(s)) > max {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrEncoding, max)
	}
	if strings.ContainsAny(s, "\r\n") {
		return nil, fmt.Errorf("%w: line break inside base64url", ErrEncoding)
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil {
		return nil, fmt.Errorf("%w: base64url: %v", ErrEncoding, err)
	}
	return b, nil
}
