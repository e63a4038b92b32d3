package multikey

import (
	"crypto"
	"crypto/sha256"
	"encoding/base64"
	"fmt"

	"github.com/roundel/roundel/strictjson"
)

const (
	maxJWKSBytes = 256 << 10
	maxJWKSKeys  = 100
)

// A JWK is one key of a JWK Set.
type JWK struct {
	KeyID  string           // kid; empty if it has none
	Alg    string           // empty if it may be used with any algorithm that fits
	Use    string           // "sig" or empty
	Public crypto.PublicKey // as PublicFromJWK gives it
}

// ParseJWKS reads a JWK Set (RFC 7517, section 5) and returns, in order, its
// keys for checking signatures.
//
// Keys that PublicFromJWK refuses are left out, as the section asks, so the list
// may be empty; but a set that publishes private or symmetric keys, or
// two usable keys with the same kid, is refused whole. Errors wrap ErrEncoding
// or ErrKey, or are a *strictjson.Error. At most 256 KiB and 100 keys are read.
func ParseJWKS(data []byte) ([]JWK, error) {
	tree, err := strictjson.Decode(data, strictjson.Limits{MaxBytes: maxJWKSBytes, MaxDepth: 10})
	if err != nil {
		return nil, fmt.Errorf("JWK Set: %w", err)
	}
	set, _ := tree.(map[string]any)
	list, ok := set["keys"].([]any)
	if !ok || len(list) > maxJWKSKeys {
		return nil, fmt.Errorf("%w: a JWK Set is an object with an array \"keys\" of at most %d keys", ErrEncoding, maxJWKSKeys)
	}
	keys := make([]JWK, 0, len(list))
	seen := map[string]bool{}
	for i, item := range list {
		members, ok := item.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("%w: key %d of the JWK Set is not an object", ErrEncoding, i)
		}
		k := jwk(members)
		if err := k.withoutSecrets(); err != nil {
			return nil, fmt.Errorf("key %d of the JWK Set: %w", i, err)
		}
		public, err := k.public()
		if err != nil {
			continue
		}
		kid := k.text("kid")
		if kid != "" && seen[kid] {
			return nil, fmt.Errorf("%w: kid %q occurs twice in the JWK Set", ErrKey, kid)
		}
		seen[kid] = true
		keys = append(keys, JWK{KeyID: kid, Alg: k.text("alg"), Use: k.text("use"), Public: public})
	}
	return keys, nil
}

// Thumbprint returns the JWK SHA-256 thumbprint of key (RFC 7638; RFC 8037,
// section 2) in base64url: 43 characters. Errors are those of PublicToJWK.
func Thumbprint(key crypto.PublicKey) (string, error) {
	canonical, err := PublicToJWK(key)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(canonical)
	return base64.RawURLEncoding.EncodeToString(sum[:]), nil
}
