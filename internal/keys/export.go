package keys

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"

	"github.com/roundel/roundel/multikey"
)

// Algorithm names what a key signs tokens with (RFC 7518, RFC 8037).
func (k *Key) Algorithm() string {
	pub, err := k.Public()
	if err != nil {
		return ""
	}
	switch p := pub.(type) {
	case ed25519.PublicKey:
		return "EdDSA"
	case *rsa.PublicKey:
		return "RS256"
	case *ecdsa.PublicKey:
		if p.Curve == elliptic.P384() {
			return "ES384"
		}
		return "ES256"
	}
	return ""
}

// PEM returns the public half as SubjectPublicKeyInfo.
func (k *Key) PEM() ([]byte, error) {
	pub, err := k.Public()
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), nil
}

// JWKS returns the public halves as a JWK Set, with the keys of other
// installations' readers in mind: those that sign, those that will, and those
// that did and are still to be believed.
func JWKS(list []*Key) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(`{"keys":[`)
	n := 0
	for _, k := range list {
		if s := k.State(); s == Discarded || s == Compromised {
			continue
		}
		pub, err := k.Public()
		if err != nil {
			return nil, err
		}
		jwk, err := multikey.PublicToJWK(pub)
		if err != nil {
			return nil, err
		}
		id, err := json.Marshal(k.Fragment)
		if err != nil {
			return nil, err
		}
		if n++; n > 1 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"kid":%s,"use":"sig","alg":%q,%s`, id, k.Algorithm(), jwk[1:])
	}
	b.WriteString("]}\n")
	return b.Bytes(), nil
}
