//lint:file-ignore SA1019 keys put together by hand are what is tested

package jose_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"errors"
	"math/big"
	"strings"
	"testing"

	"github.com/roundel/roundel/jose"
)

// Keys that lack something give errors, not panics.
func TestIncompleteKeys(t *testing.T) {
	for name, key := range map[string]crypto.Signer{
		"nil": nil, "nil Ed25519": ed25519.PrivateKey(nil), "nil ECDSA": (*ecdsa.PrivateKey)(nil), "empty ECDSA": &ecdsa.PrivateKey{},
		"ECDSA without a point": &ecdsa.PrivateKey{PublicKey: ecdsa.PublicKey{Curve: elliptic.P521()}, D: big.NewInt(1)},
		"nil RSA":               (*rsa.PrivateKey)(nil), "empty RSA": &rsa.PrivateKey{},
	} {
		if _, err := jose.Sign([]byte("{}"), key, jose.Header{}); !errors.Is(err, jose.ErrAlgorithm) {
			t.Errorf("%s: Sign: %v", name, err)
		}
		if _, err := jose.MakeSignature(key, nil); !errors.Is(err, jose.ErrAlgorithm) {
			t.Errorf("%s: MakeSignature: %v", name, err)
		}
		for _, o := range []jose.CredentialOptions{{JWK: true}, {KeyID: "a:k", Profile: jose.W3C}} {
			doc := []byte(`{"id":"a:c","issuer":"a:i","validFrom":"2026-01-01T00:00:00Z"}`)
			if _, err := jose.SignCredential(doc, key, o); !errors.Is(err, jose.ErrAlgorithm) {
				t.Errorf("%s: SignCredential: %v", name, err)
			}
		}
		if _, err := jose.SignPresentation([]byte(`{}`), key, jose.PresentationOptions{}); !errors.Is(err, jose.ErrAlgorithm) {
			t.Errorf("%s: SignPresentation: %v", name, err)
		}
	}
	for name, key := range map[string]crypto.PublicKey{
		"nil": nil, "nil ECDSA": (*ecdsa.PublicKey)(nil), "ECDSA without a point": &ecdsa.PublicKey{Curve: elliptic.P521()},
		"ECDSA without y": &ecdsa.PublicKey{Curve: elliptic.P256(), X: big.NewInt(1)}, "nil RSA": (*rsa.PublicKey)(nil), "empty RSA": &rsa.PublicKey{},
	} {
		if alg, err := jose.AlgorithmOf(key); !errors.Is(err, jose.ErrAlgorithm) {
			t.Errorf("%s: %q, %v", name, alg, err)
		}
		if jose.VerifySignature(key, nil, make([]byte, 132)) {
			t.Errorf("%s verifies", name)
		}
	}
}

// A DID may have many keys, so that a token must name one; and nothing is signed
// for nobody.
func TestIssuerAndKeyID(t *testing.T) {
	key := keys()["EdDSA"]
	for _, issuer := range []string{`"did:web:uni.example"`, `{"id":"did:web:uni.example"}`} {
		doc := []byte(`{"id":"a:c","issuer":` + issuer + `,"validFrom":"2026-01-01T00:00:00Z"}`)
		for _, o := range []jose.CredentialOptions{{Profile: jose.W3C}, {Profile: jose.W3C, JWK: true}} {
			if token, err := jose.SignCredential(doc, key, o); !errors.Is(err, jose.ErrDocument) || !strings.Contains(err.Error(), "kid") {
				t.Errorf("%s: %s, %v", issuer, token, err)
			}
		}
		for _, o := range []jose.CredentialOptions{{Profile: jose.W3C, KeyID: "did:web:uni.example#1"}, {JWK: true}} {
			if _, err := jose.SignCredential(doc, key, o); err != nil {
				t.Errorf("%s, %+v: %v", issuer, o, err)
			}
		}
	}
	if _, err := jose.SignCredential([]byte(`{"issuer":"https://uni.example"}`), key, jose.CredentialOptions{Profile: jose.W3C}); err != nil {
		t.Errorf("an issuer with an address: %v", err)
	}
	for _, doc := range []string{`{}`, `{"issuer":""}`, `{"issuer":{"name":"Uni"}}`, `{"issuer":["a:b"]}`} {
		if token, err := jose.SignCredential([]byte(doc), key, jose.CredentialOptions{Profile: jose.W3C, KeyID: "a:k"}); !errors.Is(err, jose.ErrDocument) {
			t.Errorf("%s: %s, %v", doc, token, err)
		}
	}
}
