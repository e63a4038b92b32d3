package keys

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"math/big"
	"strings"

	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/multikey"
	"github.com/roundel/roundel/strictjson"
)

// maxPrivate bounds the text of a private key.
const maxPrivate = 64 << 10

// errPrivate never says more: what is wrong with a secret could hold a part of it.
func errPrivate(message string) error {
	return fault.Fields(fault.Field{Path: "key", Message: message})
}

// parsePrivate reads a private key as a secret Multikey, a JWK or PEM (PKCS #8,
// SEC 1 or PKCS #1, not encrypted).
func parsePrivate(text []byte) (crypto.Signer, error) {
	text = bytes.TrimSpace(text)
	var priv crypto.Signer
	var err error
	switch {
	case len(text) == 0:
		return nil, errPrivate("Paste the private key: a secret Multikey (z…), a private JWK or PEM.")
	case len(text) > maxPrivate:
		return nil, errPrivate("This is too long to be a key.")
	case text[0] == '{':
		priv, err = privateFromJWK(text)
	case bytes.HasPrefix(text, []byte("-----BEGIN")):
		priv, err = privateFromPEM(text)
	default:
		priv, err = multikey.DecodePrivate(string(text))
	}
	switch {
	case errors.Is(err, multikey.ErrUnsupported):
		return nil, errPrivate("This kind of key is not used here. Use Ed25519, P-256, P-384 or RSA-2048.")
	case err != nil:
		return nil, errPrivate("This is no private key that can be read. Paste a secret Multikey (z…), a private JWK, or PEM (PKCS #8) without a passphrase.")
	}
	public, err := multikey.PublicOf(priv)
	if err != nil {
		return nil, errPrivate("This private key lacks a part.")
	}
	if k, ok := public.(*rsa.PublicKey); ok {
		if err := multikey.CheckRSA(k); err != nil {
			return nil, errPrivate("This RSA key is weak or of a length that is not used. Use one of 2048 bits.")
		}
	}
	if k, ok := public.(*ecdsa.PublicKey); ok && k.Curve.Params().BitSize == 521 {
		return nil, errPrivate("Keys on P-521 are not used here. Use Ed25519, P-256, P-384 or RSA-2048.")
	}
	return priv, nil
}

func privateFromPEM(text []byte) (crypto.Signer, error) {
	block, rest := pem.Decode(text)
	for block != nil && block.Type == "EC PARAMETERS" { // which openssl puts before a key on a curve
		block, rest = pem.Decode(rest)
	}
	if block == nil || len(bytes.TrimSpace(rest)) > 0 {
		return nil, errors.New("not one PEM block")
	}
	var key any
	var err error
	switch block.Type {
	case "PRIVATE KEY":
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		key, err = x509.ParseECPrivateKey(block.Bytes)
	case "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	default:
		return nil, errors.New("not a private key")
	}
	if err != nil {
		return nil, err
	}
	priv, ok := key.(crypto.Signer)
	if !ok {
		return nil, multikey.ErrUnsupported
	}
	return priv, nil
}

// privateFromJWK reads a private JWK: of RSA here, of the others in multikey.
func privateFromJWK(text []byte) (crypto.Signer, error) {
	tree, err := strictjson.Decode(text, strictjson.Limits{MaxBytes: maxPrivate, MaxDepth: 8})
	if err != nil {
		return nil, err
	}
	members, _ := tree.(map[string]any)
	if members["kty"] != "RSA" {
		return multikey.PrivateFromJWK(text)
	}
	number := func(name string) *big.Int {
		s, _ := members[name].(string)
		b, err := base64.RawURLEncoding.Strict().DecodeString(strings.TrimSpace(s))
		if err != nil || len(b) > 512 {
			return new(big.Int)
		}
		return new(big.Int).SetBytes(b)
	}
	k := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: number("n"), E: int(number("e").Int64())}, D: number("d"), Primes: []*big.Int{number("p"), number("q")}}
	if err := multikey.CheckRSA(&k.PublicKey); err != nil {
		return nil, err
	}
	if err := k.Validate(); err != nil {
		return nil, errors.New("the numbers of an RSA key do not belong together")
	}
	k.Precompute()
	return k, nil
}
