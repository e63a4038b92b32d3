package jose

import (
	"crypto"
	"fmt"
)

// A Signer makes many tokens with one key and one header.
type Signer struct {
	key    crypto.Signer
	header []byte // the first part of the tokens and its dot
}

// NewSigner returns a Signer for key. h.Alg may be empty, and is then the
// algorithm that fits key.
//
// Errors wrap ErrAlgorithm for a key or an alg that does not fit, ErrMalformed
// or ErrUnsupported for a header that Parse would refuse.
func NewSigner(key crypto.Signer, h Header) (*Signer, error) {
	alg, err := algorithmFor(key)
	if err != nil {
		return nil, err
	}
	if h.Alg != "" && h.Alg != alg {
		return nil, fmt.Errorf("%w: %s with a key for %s", ErrAlgorithm, h.Alg, alg)
	}
	h.Alg = alg
	text, err := h.marshal()
	if err != nil {
		return nil, err
	}
	header := encoding.AppendEncode(make([]byte, 0, encoding.EncodedLen(len(text))+1), text)
	return &Signer{key: key, header: append(header, '.')}, nil
}

// Sign returns payload as a signed token in compact form. Errors are those of
// the key.
func (s *Signer) Sign(payload []byte) ([]byte, error) { return s.sign(nil, payload) }

// sign is Sign for a payload in two parts, the first of which is small.
func (s *Signer) sign(first, rest []byte) ([]byte, error) {
	// Three bytes are four characters, so the parts are cut where one ends.
	more := min(len(rest), (3-len(first)%3)%3)
	first, rest = append(first[:len(first):len(first)], rest[:more]...), rest[more:]
	const room = 1 + 172 // a dot, and RSA of 1024 bits or any elliptic curve
	token := make([]byte, 0, len(s.header)+encoding.EncodedLen(len(first)+len(rest))+room)
	token = append(token, s.header...)
	token = encoding.AppendEncode(token, first)
	token = encoding.AppendEncode(token, rest)
	sig, err := sign(s.key, token)
	if err != nil {
		return nil, fmt.Errorf("sign token: %w", err)
	}
	return encoding.AppendEncode(append(token, '.'), sig), nil
}

// Sign returns payload as a signed token in compact form. It is NewSigner and
// Signer.Sign in one.
func Sign(payload []byte, key crypto.Signer, h Header) ([]byte, error) {
	s, err := NewSigner(key, h)
	if err != nil {
		return nil, err
	}
	return s.Sign(payload)
}
