//lint:file-ignore SA1019 keys put together by hand are what is tested

package multikey

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"math/big"
	"testing"
)

// badSigners are keys that a caller could hand over by mistake.
func badSigners(t *testing.T) map[string]crypto.Signer {
	t.Helper()
	whole, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	noScalar := &ecdsa.PrivateKey{PublicKey: whole.PublicKey}
	return map[string]crypto.Signer{
		"nil":                 nil,
		"nil Ed25519":         ed25519.PrivateKey(nil),
		"short Ed25519":       ed25519.PrivateKey(make([]byte, 31)),
		"nil ECDSA":           (*ecdsa.PrivateKey)(nil),
		"empty ECDSA":         &ecdsa.PrivateKey{},
		"ECDSA, no scalar":    noScalar,
		"ECDSA, only a curve": &ecdsa.PrivateKey{PublicKey: ecdsa.PublicKey{Curve: elliptic.P256()}, D: big.NewInt(1)},
		"nil RSA":             (*rsa.PrivateKey)(nil),
		"empty RSA":           &rsa.PrivateKey{},
	}
}

func TestBadSigners(t *testing.T) {
	for name, key := range badSigners(t) {
		if _, err := PublicOf(key); !errors.Is(err, ErrKey) {
			t.Errorf("%s: PublicOf: %v", name, err)
		}
		if _, err := SignECDSA(key, rand.Reader, make([]byte, 32)); !errors.Is(err, ErrKey) {
			t.Errorf("%s: SignECDSA: %v", name, err)
		}
		if _, err := EncodePrivate(key); !errors.Is(err, ErrKey) {
			t.Errorf("%s: EncodePrivate: %v", name, err)
		}
	}
	key := ed25519.NewKeyFromSeed(make([]byte, 32))
	if public, err := PublicOf(key); err != nil || !bytes.Equal(public.(ed25519.PublicKey), key[32:]) {
		t.Errorf("%v, %v", public, err)
	}
}

func TestBadPublicKeys(t *testing.T) {
	sig := bytes.Repeat([]byte{1}, 64)
	for name, key := range map[string]crypto.PublicKey{
		"nil": nil, "nil Ed25519": ed25519.PublicKey(nil), "nil ECDSA": (*ecdsa.PublicKey)(nil), "empty ECDSA": &ecdsa.PublicKey{},
		"only a curve": &ecdsa.PublicKey{Curve: elliptic.P256()}, "P-384, only a curve": &ecdsa.PublicKey{Curve: elliptic.P384()},
		"no y": &ecdsa.PublicKey{Curve: elliptic.P256(), X: big.NewInt(1)}, "origin": &ecdsa.PublicKey{Curve: elliptic.P256(), X: new(big.Int), Y: new(big.Int)},
		"negative": &ecdsa.PublicKey{Curve: elliptic.P256(), X: big.NewInt(-1), Y: big.NewInt(1)},
		"nil RSA":  (*rsa.PublicKey)(nil), "empty RSA": &rsa.PublicKey{},
	} {
		for _, s := range [][]byte{nil, sig, append(sig, sig[:32]...)} {
			if Verify(key, []byte("message"), s) {
				t.Errorf("%s verifies", name)
			}
		}
		for what, encode := range map[string]func() error{
			"EncodePublic": func() error { _, err := EncodePublic(key); return err },
			"PublicToJWK":  func() error { _, err := PublicToJWK(key); return err },
		} {
			if err := encode(); !errors.Is(err, ErrKey) && !errors.Is(err, ErrUnsupported) {
				t.Errorf("%s: %s: %v", name, what, err)
			}
		}
	}
}
