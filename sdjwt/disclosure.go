package sdjwt

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/roundel/roundel/strictjson"
)

// A Disclosure is one claim, or one element of an array, that the issuer made
// selectively disclosable (RFC 9901, section 4.2).
type Disclosure struct {
	Text  string // as it stands in the token, in base64url
	Salt  string
	Name  string // of the claim; empty for an element of an array
	Value any    // as strictjson.Decode gives it; it may hold digests of others
	// Path is the JSON Pointer (RFC 6901) of its place in Claims.
	Path string

	element bool
	digest  string
}

// hashFunc is a hash function by the name of the IANA registry.
type hashFunc struct {
	name string
	sum  func([]byte) []byte
}

var hashes = []hashFunc{
	{"sha-256", func(b []byte) []byte { s := sha256.Sum256(b); return s[:] }},
	{"sha-384", func(b []byte) []byte { s := sha512.Sum384(b); return s[:] }},
	{"sha-512", func(b []byte) []byte { s := sha512.Sum512(b); return s[:] }},
}

// hashOf returns the hash function of _sd_alg (RFC 9901, section 4.1.1).
func hashOf(payload map[string]any) (hashFunc, error) {
	v, present := payload[nameAlg]
	if !present {
		return hashes[0], nil
	}
	name, ok := v.(string)
	if !ok {
		return hashFunc{}, fmt.Errorf("%w: %s is not a text", ErrMalformed, nameAlg)
	}
	for _, h := range hashes {
		if h.name == name {
			return h, nil
		}
	}
	return hashFunc{}, fmt.Errorf("%w: hash function %q", ErrUnsupported, name)
}

// digest is the digest of text in base64url.
func (h hashFunc) digest(text []byte) string {
	return base64.RawURLEncoding.EncodeToString(h.sum(text))
}

// parseDisclosure reads a disclosure: [salt, name, value] or [salt, value].
func parseDisclosure(text []byte, h hashFunc) (d Disclosure, err error) {
	if bytes.ContainsAny(text, "\r\n") {
		return d, fmt.Errorf("%w: line break inside base64url", ErrMalformed)
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(string(text))
	if err != nil {
		return d, fmt.Errorf("%w: not base64url: %v", ErrMalformed, err)
	}
	tree, err := strictjson.Decode(raw, strictjson.Limits{MaxDepth: maxDepth})
	if err != nil {
		return d, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	list, _ := tree.([]any)
	if len(list) != 2 && len(list) != 3 {
		return d, fmt.Errorf("%w: a disclosure is a list of two or three", ErrMalformed)
	}
	d = Disclosure{Text: string(text), Value: list[len(list)-1], element: len(list) == 2, digest: h.digest(text)}
	var ok bool
	if d.Salt, ok = list[0].(string); !ok {
		return d, fmt.Errorf("%w: the salt is not a text", ErrMalformed)
	}
	if d.element {
		return d, nil
	}
	if d.Name, ok = list[1].(string); !ok || isReserved(d.Name) {
		return d, fmt.Errorf("%w: the name of a claim is not a text, or reserved", ErrMalformed)
	}
	return d, nil
}

// newDisclosure makes a disclosure with a fresh salt of 128 bits. name is nil
// for an element of an array.
func newDisclosure(name *string, value any, h hashFunc) (Disclosure, error) {
	salt := randomText(16)
	list := []any{salt, value}
	if name != nil {
		list = []any{salt, *name, value}
	}
	raw, err := marshal(list)
	if err != nil {
		return Disclosure{}, err
	}
	return parseDisclosure([]byte(base64.RawURLEncoding.EncodeToString(raw)), h)
}

// randomText is n random bytes in base64url.
func randomText(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails: the program ends instead
	return base64.RawURLEncoding.EncodeToString(b)
}

// marshal writes a tree with its numbers as they were written.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
