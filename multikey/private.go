package multikey

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"fmt"
)

// EncodePrivate returns key as a secret Multikey: z3u2… for an
// ed25519.PrivateKey (its 32-byte seed), z42t… and z2fa… kinds for an
// *ecdsa.PrivateKey on P-256 and P-384 (the scalar).
//
// The text is the key itself: it must never be stored or logged in the clear.
// Other signers give an error that wraps ErrUnsupported.
func EncodePrivate(key crypto.Signer) (string, error) {
	if _, err := PublicOf(key); err != nil {
		return "", err
	}
	switch k := key.(type) {
	case ed25519.PrivateKey:
		return EncodeMultibase(append(headerEd25519Private[:], k.Seed()...)), nil
	case *ecdsa.PrivateKey:
		var header [2]byte
		switch k.Curve {
		case elliptic.P256():
			header = headerP256Private
		case elliptic.P384():
			header = headerP384Private
		default:
			return "", fmt.Errorf("%w: ECDSA key on a curve other than P-256 and P-384", ErrUnsupported)
		}
		scalar, err := k.Bytes()
		if err != nil {
			return "", fmt.Errorf("%w: %v", ErrKey, err)
		}
		return EncodeMultibase(append(header[:], scalar...)), nil
	default:
		return "", fmt.Errorf("%w: %T", ErrUnsupported, key)
	}
}

// DecodePrivate reads a secret Multikey and returns an ed25519.PrivateKey or an
// *ecdsa.PrivateKey on P-256 or P-384.
//
// Errors wrap ErrEncoding, ErrKey or ErrUnsupported and never repeat the text.
func DecodePrivate(s string) (crypto.Signer, error) {
	header, body, err := split(s)
	if err != nil {
		// The detail could hold a character of the secret.
		return nil, fmt.Errorf("%w: not a secret Multikey", ErrEncoding)
	}
	switch header {
	case headerEd25519Private:
		if len(body) != ed25519.SeedSize {
			return nil, fmt.Errorf("%w: Ed25519 seed of %d bytes instead of %d", ErrKey, len(body), ed25519.SeedSize)
		}
		return ed25519.NewKeyFromSeed(body), nil
	case headerP256Private:
		return parseScalar(elliptic.P256(), body)
	case headerP384Private:
		return parseScalar(elliptic.P384(), body)
	case headerEd25519Public, headerP256Public, headerP384Public:
		return nil, fmt.Errorf("%w: this is a public key where a private one belongs", ErrKey)
	default:
		return nil, fmt.Errorf("%w: unknown secret key header", ErrUnsupported)
	}
}

// parseScalar reads a private scalar of exactly the curve's length.
func parseScalar(curve elliptic.Curve, b []byte) (crypto.Signer, error) {
	key, err := ecdsa.ParseRawPrivateKey(curve, b)
	if err != nil {
		return nil, fmt.Errorf("%w: not a private scalar of %s", ErrKey, curve.Params().Name)
	}
	return key, nil
}
