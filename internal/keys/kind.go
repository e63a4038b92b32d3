package keys

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"slices"
	"strings"

	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/multikey"
)

// Kind is a kind of key.
type Kind string

// The kinds of key.
const (
	Ed25519 Kind = "ed25519"
	P256    Kind = "p256"
	P384    Kind = "p384"
	RSA2048 Kind = "rsa2048" // for tokens (RS256) only: no cryptosuite uses it
)

// Kinds are the kinds of the installation's own issuers.
func Kinds() []Kind { return []Kind{Ed25519, P256, P384} }

// OrganisationKinds are the kinds that an organisation can have.
func OrganisationKinds() []Kind { return []Kind{Ed25519, P256, P384, RSA2048} }

// Purpose is what an organisation's key signs. One key signs for a purpose at a
// time.
type Purpose string

// The purposes.
const (
	ForBadges Purpose = "badge" // badges and status lists, with a Data Integrity proof
	ForTokens Purpose = "token" // badges as tokens (JWT)
)

// Purposes are all purposes.
func Purposes() []Purpose { return []Purpose{ForBadges, ForTokens} }

// Fits returns an Invalid fault when keys of the kind cannot serve the purpose.
func (k Kind) Fits(p Purpose) error {
	switch {
	case !slices.Contains(OrganisationKinds(), k):
		return fault.Fields(fault.Field{Path: "kind", Message: "Choose Ed25519, P-256, P-384 or RSA-2048."})
	case !slices.Contains(Purposes(), p):
		return fault.Fields(fault.Field{Path: "purpose", Message: "Choose what the key is for: badges, or badges as tokens (JWT)."})
	case k == RSA2048 && p != ForTokens:
		return fault.Fields(fault.Field{Path: "kind", Message: "RSA keys are for tokens (JWT) only. Badges need Ed25519, P-256 or P-384."})
	}
	return nil
}

// generate draws a key.
func generate(kind Kind) (crypto.Signer, error) {
	switch kind {
	case Ed25519:
		_, priv, err := ed25519.GenerateKey(nil)
		return priv, err
	case RSA2048:
		return rsa.GenerateKey(rand.Reader, 2048)
	}
	curve, err := kind.curve()
	if err != nil {
		return nil, err
	}
	return ecdsa.GenerateKey(curve, rand.Reader)
}

// secretOf returns the kind of a private key and the bytes that it is stored as.
func secretOf(priv crypto.Signer) (Kind, []byte, error) {
	switch k := priv.(type) {
	case ed25519.PrivateKey:
		return Ed25519, k.Seed(), nil
	case *ecdsa.PrivateKey:
		secret, err := k.Bytes()
		switch k.Curve {
		case elliptic.P256():
			return P256, secret, err
		case elliptic.P384():
			return P384, secret, err
		}
	case *rsa.PrivateKey:
		if k.N.BitLen() == 2048 {
			return RSA2048, x509.MarshalPKCS1PrivateKey(k), nil
		}
	}
	return "", nil, fault.Fields(fault.Field{Path: "key", Message: "This kind of key is not used here. Use Ed25519, P-256, P-384 or RSA-2048."})
}

// private returns the key that secret bytes are.
func private(kind Kind, secret []byte) (crypto.Signer, error) {
	switch kind {
	case Ed25519:
		if len(secret) != ed25519.SeedSize {
			return nil, fmt.Errorf("%d bytes are no Ed25519 seed", len(secret))
		}
		return ed25519.NewKeyFromSeed(secret), nil
	case RSA2048:
		return x509.ParsePKCS1PrivateKey(secret)
	}
	curve, err := kind.curve()
	if err != nil {
		return nil, err
	}
	return ecdsa.ParseRawPrivateKey(curve, secret)
}

func (k Kind) curve() (elliptic.Curve, error) {
	switch k {
	case P256:
		return elliptic.P256(), nil
	case P384:
		return elliptic.P384(), nil
	}
	return nil, fmt.Errorf("there is no curve called %q", string(k))
}

// publicText returns the text that a public key is stored as, a Multikey or,
// for RSA, a JWK; and the fragment by which documents name it: the Multikey
// itself, or the JWK's thumbprint.
func publicText(public crypto.PublicKey) (text, fragment string, err error) {
	if _, ok := public.(*rsa.PublicKey); !ok {
		text, err = multikey.EncodePublic(public)
		return text, text, err
	}
	jwk, err := multikey.PublicToJWK(public)
	if err != nil {
		return "", "", err
	}
	fragment, err = multikey.Thumbprint(public)
	return string(jwk), fragment, err
}

// publicFrom reads what publicText wrote.
func publicFrom(text string) (crypto.PublicKey, error) {
	if strings.HasPrefix(text, "{") {
		return multikey.PublicFromJWK([]byte(text))
	}
	return multikey.DecodePublic(text)
}
