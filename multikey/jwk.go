package multikey

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"fmt"
	"math/big"
	"slices"

	"github.com/roundel/roundel/strictjson"
)

// maxJWKBytes bounds a JSON Web Key; those with a certificate chain may be long.
const maxJWKBytes = 64 << 10

// PublicFromJWK reads a public JSON Web Key (RFC 7517; RFC 8037 for Ed25519)
// and returns an ed25519.PublicKey, an *ecdsa.PublicKey on P-256, P-384 or
// P-521, or an *rsa.PublicKey of 2048 to 8192 bits.
//
// RSA and P-521 are for JSON Web Signatures only: they have no Multikey form
// here, and no cryptosuite uses them.
//
// A key that holds private members, that is not for signatures (use, key_ops,
// alg), or whose numbers do not have exactly the curve's length is refused.
// Errors wrap ErrEncoding, ErrKey or ErrUnsupported, or are a *strictjson.Error.
func PublicFromJWK(data []byte) (crypto.PublicKey, error) {
	tree, err := strictjson.Decode(data, strictjson.Limits{MaxBytes: maxJWKBytes, MaxDepth: 8})
	if err != nil {
		return nil, fmt.Errorf("JSON Web Key: %w", err)
	}
	// Read from the tree, since encoding/json would take "KTY" for "kty".
	members, ok := tree.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%w: a JSON Web Key is an object", ErrEncoding)
	}
	return jwk(members).public()
}

// public is PublicFromJWK once the text is read.
func (k jwk) public() (crypto.PublicKey, error) {
	if err := k.forVerifying(); err != nil {
		return nil, err
	}
	switch k.text("kty") + " " + k.text("crv") {
	case "OKP Ed25519":
		return k.ed25519()
	case "EC P-256":
		return k.ecdsa(elliptic.P256(), "ES256")
	case "EC P-384":
		return k.ecdsa(elliptic.P384(), "ES384")
	case "EC P-521":
		return k.ecdsa(elliptic.P521(), "ES512")
	case "RSA ":
		return k.rsa()
	default:
		return nil, fmt.Errorf("%w: JSON Web Key of kty %q and crv %q", ErrUnsupported, k.text("kty"), k.text("crv"))
	}
}

// jwk is the tree of a JSON Web Key.
type jwk map[string]any

// text returns the member called name, or "" when it is absent or no text:
// no member read here may be empty.
func (k jwk) text(name string) string {
	s, _ := k[name].(string)
	return s
}

// forVerifying refuses private keys and keys that were made for something else.
func (k jwk) forVerifying() error {
	if err := k.withoutSecrets(); err != nil {
		return err
	}
	if use, ok := k["use"]; ok && use != "sig" {
		return fmt.Errorf("%w: the JSON Web Key is for use %v, not for signatures", ErrKey, use)
	}
	if ops, ok := k["key_ops"]; ok {
		list, _ := ops.([]any)
		if !slices.Contains(list, any("verify")) {
			return fmt.Errorf("%w: the JSON Web Key's key_ops lack verify", ErrKey)
		}
	}
	return nil
}

// withoutSecrets refuses private and symmetric keys.
func (k jwk) withoutSecrets() error {
	for _, private := range []string{"d", "k", "p", "q", "dp", "dq", "qi", "oth", "priv"} {
		if _, ok := k[private]; ok {
			return fmt.Errorf("%w: the JSON Web Key holds the private member %q", ErrKey, private)
		}
	}
	return nil
}

// forAlg refuses an alg other than those given; none at all is fine.
func (k jwk) forAlg(allowed ...any) error {
	if alg, ok := k["alg"]; ok && !slices.Contains(allowed, alg) {
		return fmt.Errorf("%w: alg %v does not fit a key of kty %q and crv %q", ErrKey, alg, k.text("kty"), k.text("crv"))
	}
	return nil
}

func (k jwk) ed25519() (crypto.PublicKey, error) {
	if err := k.forAlg("EdDSA", "Ed25519"); err != nil {
		return nil, err
	}
	x, err := decodeBase64URL(k.text("x"), maxKeyBytes)
	if err != nil {
		return nil, err
	}
	key := ed25519.PublicKey(x)
	if err := CheckEd25519(key); err != nil {
		return nil, err
	}
	return key, nil
}

func (k jwk) ecdsa(curve elliptic.Curve, alg string) (crypto.PublicKey, error) {
	if err := k.forAlg(alg); err != nil {
		return nil, err
	}
	size := (curve.Params().BitSize + 7) / 8
	full := []byte{4}
	for _, name := range []string{"x", "y"} {
		b, err := decodeBase64URL(k.text(name), size+2) // a little more, to say how long it is
		if err != nil {
			return nil, err
		}
		if len(b) != size {
			return nil, fmt.Errorf("%w: %s of %d bytes instead of %d", ErrKey, name, len(b), size)
		}
		full = append(full, b...)
	}
	return parsePoint(curve, full)
}

// PublicToJWK returns key as a JSON Web Key with its required members only, in
// the order that a thumbprint (RFC 7638) takes, without white space.
//
// Keys that PublicFromJWK would refuse give an error that wraps ErrKey or
// ErrUnsupported.
func PublicToJWK(key crypto.PublicKey) ([]byte, error) {
	b64 := base64.RawURLEncoding.EncodeToString
	switch k := key.(type) {
	case ed25519.PublicKey:
		if err := CheckEd25519(k); err != nil {
			return nil, err
		}
		return fmt.Appendf(nil, `{"crv":"Ed25519","kty":"OKP","x":"%s"}`, b64(k)), nil
	case *ecdsa.PublicKey:
		if err := CheckECDSA(k); err != nil {
			return nil, err
		}
		full, err := k.Bytes()
		if err != nil {
			return nil, fmt.Errorf("%w: %v", ErrKey, err)
		}
		xy := full[1:]
		return fmt.Appendf(nil, `{"crv":"%s","kty":"EC","x":"%s","y":"%s"}`,
			k.Curve.Params().Name, b64(xy[:len(xy)/2]), b64(xy[len(xy)/2:])), nil
	case *rsa.PublicKey:
		if err := CheckRSA(k); err != nil {
			return nil, err
		}
		e := big.NewInt(int64(k.E)).Bytes()
		return fmt.Appendf(nil, `{"e":"%s","kty":"RSA","n":"%s"}`, b64(e), b64(k.N.Bytes())), nil
	default:
		return nil, fmt.Errorf("%w: %T", ErrUnsupported, key)
	}
}
