package jose

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/roundel/roundel/jcs"
	"github.com/roundel/roundel/strictjson"
)

// Header is the protected header of a token (RFC 7515, section 4).
//
// The members that name a key are hints: where to look for the key among those
// that the issuer publishes. A key found in or through a header is never the
// issuer's for that reason.
type Header struct {
	Alg         string          // EdDSA, Ed25519, ES256, ES384, ES512 or RS256
	KeyID       string          // kid
	Type        string          // typ, as written
	ContentType string          // cty, as written
	JWK         json.RawMessage // jwk: a public key, as canonical JSON
	JWKSetURL   string          // jku
	X5U         string          // x5u
	X5C         []string        // x5c: certificates in base64, the signer's first

	// Raw are all members as strictjson.Decode gives them. In Sign, the members
	// of Raw are written too, but for those that a field above stands for.
	Raw map[string]any
}

// known are the members that a field of Header stands for.
var known = []string{"alg", "kid", "typ", "cty", "jwk", "jku", "x5u", "x5c"}

// parseHeader reads the JSON of a protected header.
func parseHeader(text []byte) (h Header, err error) {
	tree, err := strictjson.Decode(text, strictjson.Limits{MaxBytes: maxHeader, MaxDepth: 8})
	if err != nil {
		return h, fmt.Errorf("%w: header: %w", ErrMalformed, err)
	}
	members, ok := tree.(map[string]any)
	if !ok {
		return h, fmt.Errorf("%w: the header is not an object", ErrMalformed)
	}
	h.Raw = members
	for _, m := range []struct {
		name string
		to   *string
	}{{"alg", &h.Alg}, {"kid", &h.KeyID}, {"typ", &h.Type}, {"cty", &h.ContentType}, {"jku", &h.JWKSetURL}, {"x5u", &h.X5U}} {
		v, present := members[m.name]
		if !present {
			continue
		}
		if *m.to, ok = v.(string); !ok {
			return h, fmt.Errorf("%w: header member %s is not a text", ErrMalformed, m.name)
		}
	}
	if err := checkAlg(h.Alg); err != nil {
		return h, err
	}
	// crit names what a reader must understand (section 4.1.11), and we
	// understand none. b64 turns the payload's encoding off (RFC 7797), zip and
	// enc belong to encryption: some libraries act on them without crit.
	for _, name := range []string{"crit", "b64", "zip", "enc"} {
		if _, present := members[name]; present {
			return h, fmt.Errorf("%w: header member %s", ErrUnsupported, name)
		}
	}
	if v, present := members["jwk"]; present {
		if h.JWK, err = headerKey(v); err != nil {
			return h, err
		}
	}
	if v, present := members["x5c"]; present {
		if h.X5C, err = certificates(v); err != nil {
			return h, err
		}
	}
	return h, nil
}

// headerKey reads jwk, which is not judged beyond being no secret.
func headerKey(v any) (json.RawMessage, error) {
	key, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%w: header member jwk is not an object", ErrMalformed)
	}
	for _, private := range []string{"d", "k", "p", "q", "dp", "dq", "qi", "oth", "priv"} {
		if _, present := key[private]; present {
			return nil, fmt.Errorf("%w: header member jwk holds a private key", ErrMalformed)
		}
	}
	text, err := jcs.Canonicalize(key)
	if err != nil {
		return nil, fmt.Errorf("%w: header member jwk: %w", ErrMalformed, err)
	}
	return text, nil
}

// certificates reads x5c as far as base64 (RFC 7515, section 4.1.6).
func certificates(v any) ([]string, error) {
	list, ok := v.([]any)
	if !ok || len(list) == 0 {
		return nil, fmt.Errorf("%w: header member x5c is not a list of certificates", ErrMalformed)
	}
	chain := make([]string, len(list))
	for i, item := range list {
		chain[i], ok = item.(string)
		if _, err := base64.StdEncoding.Strict().DecodeString(chain[i]); !ok || err != nil || chain[i] == "" || strings.ContainsAny(chain[i], "\r\n") {
			return nil, fmt.Errorf("%w: certificate %d of header member x5c is not base64", ErrMalformed, i)
		}
	}
	return chain, nil
}

// marshal writes the header as canonical JSON.
func (h *Header) marshal() ([]byte, error) {
	members := map[string]any{}
	for name, v := range h.Raw {
		members[name] = v
	}
	for _, name := range known {
		delete(members, name)
	}
	for name, text := range map[string]string{"alg": h.Alg, "kid": h.KeyID, "typ": h.Type, "cty": h.ContentType, "jku": h.JWKSetURL, "x5u": h.X5U} {
		if text != "" {
			members[name] = text
		}
	}
	if h.JWK != nil {
		key, err := strictjson.Decode(h.JWK, strictjson.Limits{MaxBytes: maxHeader, MaxDepth: 8})
		if err != nil {
			return nil, fmt.Errorf("%w: header member jwk: %w", ErrMalformed, err)
		}
		members["jwk"] = key
	}
	if h.X5C != nil {
		chain := make([]any, len(h.X5C))
		for i, c := range h.X5C {
			chain[i] = c
		}
		members["x5c"] = chain
	}
	text, err := jcs.Canonicalize(members)
	if err != nil {
		return nil, fmt.Errorf("%w: header: %w", ErrMalformed, err)
	}
	if _, err := parseHeader(text); err != nil {
		return nil, err // what we would not read, we do not write
	}
	return text, nil
}

// mediaType returns a typ or cty as RFC 7515, section 4.1.9, compares it: in
// lower case, and without the "application/" that may be left out.
func mediaType(s string) string {
	s = strings.ToLower(s)
	if short, ok := strings.CutPrefix(s, "application/"); ok && !strings.Contains(short, "/") {
		return short
	}
	return s
}

// IsType reports whether the header's typ is the media type called short, such
// as "vc+jwt", which may be written with "application/" before it.
func (h *Header) IsType(short string) bool { return mediaType(h.Type) == short }
