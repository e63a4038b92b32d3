package sdjwt_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"sync"
	"testing"

	"github.com/roundel/roundel/internal/vectors"
	"github.com/roundel/roundel/multikey"
)

// keys holds one key of each kind that is cheap to make.
var keys = sync.OnceValue(func() map[string]crypto.Signer {
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	holder, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return map[string]crypto.Signer{"ES256": p256, "holder": holder, "EdDSA": ed25519.NewKeyFromSeed(make([]byte, 32))}
})

// vectorKey returns the two halves of a key of the VC-JOSE-COSE suite.
func vectorKey(t testing.TB, file string) (crypto.PublicKey, crypto.Signer) {
	t.Helper()
	var method struct{ PublicKeyJwk, SecretKeyJwk json.RawMessage }
	if err := json.Unmarshal(vectors.File(t, "vc-jose-cose", file), &method); err != nil {
		t.Fatal(err)
	}
	public, err := multikey.PublicFromJWK(method.PublicKeyJwk)
	if err != nil {
		t.Fatal(err)
	}
	private, err := multikey.PrivateFromJWK(method.SecretKeyJwk)
	if err != nil {
		t.Fatal(err)
	}
	return public, private
}
