//lint:file-ignore SA1019 keys put together by hand are what is tested

package proof

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/roundel/roundel/jsonld"
	"github.com/roundel/roundel/shape"
)

// noPublicKeys are what a caller could hand over instead of a key.
func noPublicKeys() map[string]crypto.PublicKey {
	return map[string]crypto.PublicKey{
		"nil": nil, "nil Ed25519": ed25519.PublicKey(nil), "short Ed25519": ed25519.PublicKey(make([]byte, 31)),
		"nil ECDSA": (*ecdsa.PublicKey)(nil), "empty ECDSA": &ecdsa.PublicKey{}, "P-384 without a point": &ecdsa.PublicKey{Curve: elliptic.P384()},
		"without y": &ecdsa.PublicKey{Curve: elliptic.P256(), X: big.NewInt(1)},
	}
}

// A key that is none is the caller's mistake, and says nothing about the
// signature.
func TestVerifyWithoutKey(t *testing.T) {
	cache := shape.New(shape.Options{})
	signed := map[string]string{"ecdsa-sd-2023": string(derive(t, signSD(t, graded, nil, "/issuer"), "/validFrom"))}
	for _, k := range kinds(t) {
		signed[k.name] = k.sign(t, k.doc, SignOptions{})
	}
	for kind, doc := range signed {
		for name, key := range noPublicKeys() {
			for _, o := range []VerifyOptions{{}, {Shapes: cache}} {
				_, err := Verify([]byte(doc), func(Proof) (crypto.PublicKey, error) { return key, nil }, o)
				if !errors.Is(err, ErrMalformed) || errors.Is(err, ErrBadSignature) || !strings.Contains(err.Error(), "key") {
					t.Errorf("%s: %s, shapes %t: %v", kind, name, o.Shapes != nil, err)
				}
			}
		}
	}
}

func TestSignWithoutKey(t *testing.T) {
	for name, key := range map[string]crypto.Signer{
		"nil": nil, "nil Ed25519": ed25519.PrivateKey(nil), "short Ed25519": ed25519.PrivateKey(make([]byte, 3)),
		"nil ECDSA": (*ecdsa.PrivateKey)(nil), "empty ECDSA": &ecdsa.PrivateKey{},
		"ECDSA without a point": &ecdsa.PrivateKey{PublicKey: ecdsa.PublicKey{Curve: elliptic.P256()}, D: big.NewInt(1)},
	} {
		for _, suite := range []string{"", "eddsa-jcs-2022", "ecdsa-rdfc-2019", "ecdsa-sd-2023", "Ed25519Signature2020"} {
			for _, cache := range []*shape.Cache{nil, shape.New(shape.Options{})} {
				if _, err := Sign([]byte(small), key, SignOptions{Method: method, Cryptosuite: suite, Shapes: cache}); !errors.Is(err, ErrMalformed) {
					t.Errorf("%s, %q: %v", name, suite, err)
				}
			}
		}
	}
}

// Whoever makes a mistake is told how to mend it.
func TestSignSaysHowToMend(t *testing.T) {
	key, p384 := testKey("issuer"), mustSigner(t, elliptic.P384())
	options := func(change func(*SignOptions)) SignOptions {
		o := SignOptions{Method: method, Created: created}
		change(&o)
		return o
	}
	for name, c := range map[string]struct {
		key  crypto.Signer
		o    SignOptions
		want error
		text string
	}{
		"P-384 for parts":   {p384, options(func(o *SignOptions) { o.Cryptosuite = ecdsaSD2023 }), ErrUnsupported, "needs an ECDSA key on P-256, and this is one on P-384"},
		"Ed25519 for ECDSA": {key, options(func(o *SignOptions) { o.Cryptosuite = "ecdsa-jcs-2019" }), ErrUnsupported, "needs an ECDSA key on P-256 or P-384, and this is an Ed25519 key"},
		"ECDSA for Ed25519": {p384, options(func(o *SignOptions) { o.Cryptosuite = "eddsa-jcs-2022" }), ErrUnsupported, "needs an Ed25519 key, and this is one on P-384"},
		"no method":         {key, options(func(o *SignOptions) { o.Method = "" }), ErrMalformed, "SignOptions.Method is missing"},
		"a DID alone":       {key, options(func(o *SignOptions) { o.Method = "did:web:uni.edu" }), ErrMalformed, "has no fragment"},
		"empty fragment":    {key, options(func(o *SignOptions) { o.Method = "did:web:uni.edu#" }), ErrMalformed, "has no fragment"},
		"http":              {key, options(func(o *SignOptions) { o.Method = "http://uni.edu/keys#1" }), ErrMalformed, "neither a DID nor an https address"},
		"urn":               {key, options(func(o *SignOptions) { o.Method = "urn:uuid:1f2c1b4e-7d8d-4a55-8a43-2f7c5c5c0001#a" }), ErrMalformed, "neither a DID nor an https address"},
		"ends before":       {key, options(func(o *SignOptions) { o.Expires = created.Add(-time.Second) }), ErrMalformed, "before it was created"},
		"ends at once":      {key, options(func(o *SignOptions) { o.Expires = created }), ErrMalformed, "before it was created"},
	} {
		for _, cache := range []*shape.Cache{nil, shape.New(shape.Options{})} {
			c.o.Shapes = cache
			if signed, err := Sign([]byte(small), c.key, c.o); !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) {
				t.Errorf("%s: %s, %v", name, signed, err)
			}
		}
	}
	var unknown *jsonld.UnknownTermError
	_, err := Sign([]byte(small), key, SignOptions{Method: method, Cryptosuite: ed25519Signature2020})
	if !errors.As(err, &unknown) || !strings.Contains(err.Error(), "needs the context https://w3id.org/security/suites/ed25519-2020/v1") {
		t.Errorf("an older proof without its context: %v (%T)", err, err)
	}
	if _, err := Sign([]byte(small), key, SignOptions{Method: "https://uni.edu/keys/1"}); err != nil {
		t.Errorf("an https address: %v", err)
	}
}

func mustSigner(t testing.TB, curve elliptic.Curve) crypto.Signer { return ecKey(t, curve, 3) }

// A proof for one purpose is none for another, if the caller says which.
func TestPurpose(t *testing.T) {
	cache := shape.New(shape.Options{})
	for _, k := range kinds(t) {
		for _, made := range []string{"assertionMethod", "authentication"} {
			signed := k.sign(t, k.doc, SignOptions{Purpose: made})
			for _, wanted := range []string{"", "assertionMethod", "authentication", "capabilityInvocation"} {
				for _, c := range []*shape.Cache{nil, cache} {
					_, err := Verify([]byte(signed), func(Proof) (crypto.PublicKey, error) { return k.key.Public(), nil }, VerifyOptions{Purpose: wanted, Shapes: c})
					if good := wanted == "" || wanted == made; (err == nil) != good || !good && !errors.Is(err, ErrPurpose) {
						t.Errorf("%s: made for %s, wanted for %q, shapes %t: %v", k.name, made, wanted, c != nil, err)
					}
				}
			}
		}
	}
}
