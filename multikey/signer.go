package multikey

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"fmt"
)

// PublicOf returns the public half of key. It is key.Public() for everybody who
// takes keys from callers: a key that is nil, or was put together by hand and
// lacks a part without which signing would panic, gives an error that wraps
// ErrKey.
func PublicOf(key crypto.Signer) (crypto.PublicKey, error) {
	switch k := key.(type) {
	case nil:
		return nil, fmt.Errorf("%w: no key", ErrKey)
	case ed25519.PrivateKey:
		if len(k) != ed25519.PrivateKeySize {
			return nil, fmt.Errorf("%w: Ed25519 private key of %d bytes instead of %d", ErrKey, len(k), ed25519.PrivateKeySize)
		}
	case *ecdsa.PrivateKey:
		//lint:ignore SA1019 Bytes panics for a key without a scalar
		if k == nil || k.D == nil {
			return nil, fmt.Errorf("%w: ECDSA private key without a scalar", ErrKey)
		}
		if err := CheckECDSA(&k.PublicKey); err != nil {
			return nil, err
		}
	case *rsa.PrivateKey:
		if k == nil || k.N == nil || k.D == nil {
			return nil, fmt.Errorf("%w: RSA private key without its numbers", ErrKey)
		}
	}
	return key.Public(), nil
}

// CheckECDSA reports an ECDSA public key that cannot be used at all: as an error
// that wraps ErrKey, nil and one without coordinates, with which the standard
// library panics; as one that wraps ErrUnsupported, one on a curve other than
// P-256, P-384 and P-521. Whether the point lies on the curve is found out
// wherever the key is used.
func CheckECDSA(key *ecdsa.PublicKey) error {
	//lint:ignore SA1019 Bytes panics for a key without coordinates
	if key == nil || key.X == nil || key.Y == nil {
		return fmt.Errorf("%w: ECDSA key without a point", ErrKey)
	}
	switch key.Curve {
	case elliptic.P256(), elliptic.P384(), elliptic.P521():
		return nil
	}
	return fmt.Errorf("%w: ECDSA key on a curve other than P-256, P-384 and P-521", ErrUnsupported)
}
