package multikey

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"fmt"

	"github.com/roundel/roundel/strictjson"
)

// PrivateFromJWK reads a private JSON Web Key (RFC 7517; RFC 8037, section 2):
// an ed25519.PrivateKey, or an *ecdsa.PrivateKey on P-256, P-384 or P-521. RSA
// keys are not read: nothing here makes them.
//
// The public members must belong to the private one. Errors wrap ErrEncoding,
// ErrKey or ErrUnsupported, or are a *strictjson.Error, and never repeat the
// private member.
func PrivateFromJWK(data []byte) (crypto.Signer, error) {
	tree, err := strictjson.Decode(data, strictjson.Limits{MaxBytes: maxJWKBytes, MaxDepth: 8})
	if err != nil {
		return nil, fmt.Errorf("JSON Web Key: %w", err)
	}
	members, ok := tree.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%w: a JSON Web Key is an object", ErrEncoding)
	}
	open := jwk{}
	for name, v := range members {
		if name != "d" && name != "key_ops" {
			open[name] = v
		}
	}
	public, err := open.public()
	if err != nil {
		return nil, err
	}
	d, err := decodeBase64URL(jwk(members).text("d"), 2*maxKeyBytes)
	if err != nil {
		return nil, fmt.Errorf("%w: member d of a private JSON Web Key", ErrEncoding)
	}
	return pair(public, d)
}

// pair makes a private key of its scalar or seed and checks that public
// belongs to it.
func pair(public crypto.PublicKey, secret []byte) (crypto.Signer, error) {
	switch p := public.(type) {
	case ed25519.PublicKey:
		if len(secret) != ed25519.SeedSize {
			return nil, fmt.Errorf("%w: Ed25519 seed of %d bytes instead of %d", ErrKey, len(secret), ed25519.SeedSize)
		}
		key := ed25519.NewKeyFromSeed(secret)
		if !p.Equal(key.Public()) {
			return nil, fmt.Errorf("%w: the two halves of the JSON Web Key do not belong together", ErrKey)
		}
		return key, nil
	case *ecdsa.PublicKey:
		key, err := parseScalar(p.Curve, secret)
		if err != nil {
			return nil, err
		}
		if !p.Equal(key.Public()) {
			return nil, fmt.Errorf("%w: the two halves of the JSON Web Key do not belong together", ErrKey)
		}
		return key, nil
	default:
		return nil, fmt.Errorf("%w: private key for %T", ErrUnsupported, public)
	}
}
