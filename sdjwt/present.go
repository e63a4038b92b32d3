package sdjwt

import (
	"crypto"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/roundel/roundel/jose"
	"github.com/roundel/roundel/multikey"
	"github.com/roundel/roundel/strictjson"
)

// Binding is for whom and to what question a holder presents an SD-JWT.
type Binding struct {
	Audience string // who the verifier is; required
	Nonce    string // what the verifier sent; required
	Now      func() time.Time
}

// Present returns the SD-JWT with only those disclosures that show the claims
// and array elements at pointers, JSON Pointers into s.Claims. What stands above
// a claim is shown with it, what is disclosable below it is not unless named.
//
// A pointer to something that was never disclosable shows nothing more and is
// no error; one to nothing wraps ErrOptions.
func (s *SDJWT) Present(pointers ...string) ([]byte, error) {
	for _, p := range pointers {
		if !exists(s.Claims, p) {
			return nil, fmt.Errorf("%w: nothing at %q", ErrOptions, p)
		}
	}
	out := append(slices.Clone(s.JWS.Token()), separator)
	for _, d := range s.Disclosures {
		if slices.ContainsFunc(pointers, func(p string) bool { return p == d.Path || strings.HasPrefix(p, d.Path+"/") }) {
			out = append(append(out, d.Text...), separator)
		}
	}
	return out, nil
}

// PresentTo is Present with the holder's signature for one verifier (RFC 9901,
// section 4.3). key must be the one in cnf.jwk, where there is one.
func (s *SDJWT) PresentTo(key crypto.Signer, b Binding, pointers ...string) ([]byte, error) {
	if b.Audience == "" || b.Nonce == "" || b.Now == nil {
		return nil, fmt.Errorf("%w: a key binding needs an audience, a nonce and a clock", ErrOptions)
	}
	public, err := multikey.PublicOf(key)
	if err != nil {
		return nil, fmt.Errorf("%w: a key binding needs the holder's key: %w", ErrOptions, err)
	}
	if own, err := s.HolderKey(); err == nil {
		if k, ok := own.(interface{ Equal(crypto.PublicKey) bool }); !ok || !k.Equal(public) {
			return nil, fmt.Errorf("%w: the token is for another holder's key", ErrOptions)
		}
	}
	out, err := s.Present(pointers...)
	if err != nil {
		return nil, err
	}
	payload, err := marshal(map[string]any{
		"iat": b.Now().Unix(), "aud": b.Audience, "nonce": b.Nonce, "sd_hash": s.hash.digest(out),
	})
	if err != nil {
		return nil, err
	}
	token, err := jose.Sign(payload, key, jose.Header{Type: "kb+jwt"})
	if err != nil {
		return nil, err
	}
	return append(out, token...), nil
}

// Has reports whether there is anything at a JSON Pointer into s.Claims.
func (s *SDJWT) Has(pointer string) bool { return exists(s.Claims, pointer) }

// exists reports whether there is anything at a JSON Pointer.
func exists(tree any, path string) bool {
	names, ok := steps(path)
	if !ok {
		return false
	}
	for _, name := range names {
		switch container := tree.(type) {
		case map[string]any:
			if tree, ok = container[name]; !ok {
				return false
			}
		case []any:
			n, ok := index(name, len(container))
			if !ok {
				return false
			}
			tree = container[n]
		default:
			return false
		}
	}
	return true
}

// HolderKey returns the key in cnf.jwk (RFC 7800, section 3.2), which the issuer
// signed. Errors wrap ErrKeyBinding, or are those of
// multikey.PublicFromJWK.
func (s *SDJWT) HolderKey() (crypto.PublicKey, error) {
	cnf, _ := s.Claims["cnf"].(map[string]any)
	members, ok := cnf["jwk"].(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%w: the issuer put no holder's key into the token", ErrKeyBinding)
	}
	text, err := json.Marshal(members)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKeyBinding, err)
	}
	return multikey.PublicFromJWK(text)
}

// BindingCheck is what a verifier expects of a key binding.
type BindingCheck struct {
	Audience string           // itself; required
	Nonce    string           // what it sent; required
	Now      func() time.Time // required
	MaxAge   time.Duration    // of the holder's signature; 0 stands for five minutes
	Leeway   time.Duration    // by which clocks may differ; 0 stands for one minute
	// Key is the holder's key for tokens whose cnf names it by other means than
	// jwk. It is not looked at where there is a jwk.
	Key crypto.PublicKey
}

// VerifyBinding checks the holder's signature (RFC 9901, section 7.3): that there
// is one, by the key that the issuer named, over just these disclosures, for
// this verifier and question, and recent.
//
// Errors wrap ErrKeyBinding, beside those of jose for a token that cannot be
// read or is not signed by that key.
func (s *SDJWT) VerifyBinding(c BindingCheck) error {
	if c.Audience == "" || c.Nonce == "" || c.Now == nil {
		return fmt.Errorf("%w: a check needs an audience, a nonce and a clock", ErrOptions)
	}
	if s.KeyBinding == nil {
		return fmt.Errorf("%w: there is none", ErrKeyBinding)
	}
	key := c.Key
	if cnf, _ := s.Claims["cnf"].(map[string]any); cnf["jwk"] != nil || key == nil {
		var err error
		if key, err = s.HolderKey(); err != nil {
			return fmt.Errorf("%w: %w", ErrKeyBinding, err)
		}
	}
	j, err := jose.Parse(s.KeyBinding)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrKeyBinding, err)
	}
	if !j.Header.IsType("kb+jwt") {
		return fmt.Errorf("%w: typ is %q instead of kb+jwt", ErrKeyBinding, j.Header.Type)
	}
	if err := j.Verify(key); err != nil {
		return fmt.Errorf("%w: %w", ErrKeyBinding, err)
	}
	return s.checkBinding(j.Payload, c)
}

func (s *SDJWT) checkBinding(payload []byte, c BindingCheck) error {
	tree, err := strictjson.Decode(payload, strictjson.Limits{MaxDepth: 16})
	if err != nil {
		return fmt.Errorf("%w: %w", ErrKeyBinding, err)
	}
	members, _ := tree.(map[string]any)
	issued, err := jose.NumericDate(members["iat"])
	if err != nil {
		return fmt.Errorf("%w: iat: %w", ErrKeyBinding, err)
	}
	if c.MaxAge == 0 {
		c.MaxAge = 5 * time.Minute
	}
	if c.Leeway == 0 {
		c.Leeway = time.Minute
	}
	now := c.Now()
	switch {
	case members["aud"] != c.Audience: // one text: a list is not allowed here
		return fmt.Errorf("%w: it is for %v", ErrKeyBinding, members["aud"])
	case members["nonce"] != c.Nonce:
		return fmt.Errorf("%w: it answers another nonce", ErrKeyBinding)
	case members["sd_hash"] != s.hash.digest(s.bound):
		return fmt.Errorf("%w: it is for other disclosures", ErrKeyBinding)
	case issued.After(now.Add(c.Leeway)):
		return fmt.Errorf("%w: it was made in the future, at %s", ErrKeyBinding, issued.Format(time.RFC3339))
	case now.Sub(issued) > c.MaxAge+c.Leeway:
		return fmt.Errorf("%w: it is too old, of %s", ErrKeyBinding, issued.Format(time.RFC3339))
	}
	if v, present := members["exp"]; present {
		expires, err := jose.NumericDate(v)
		if err != nil || !now.Add(-c.Leeway).Before(expires) {
			return fmt.Errorf("%w: it has expired", ErrKeyBinding)
		}
	}
	if v, present := members["nbf"]; present {
		from, err := jose.NumericDate(v)
		if err != nil || now.Add(c.Leeway).Before(from) {
			return fmt.Errorf("%w: it is not valid yet", ErrKeyBinding)
		}
	}
	return nil
}
