package jose_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"testing"

	"github.com/roundel/roundel/internal/vectors"
	"github.com/roundel/roundel/jose"
)

// bareSign is the floor: one signature by the standard library over the bytes
// that a JWS signs, and one SHA-256 of them.
func bareSign(b *testing.B, alg string, key crypto.Signer, input []byte) []byte {
	var sig []byte
	var err error
	switch alg {
	case "EdDSA":
		sha256.Sum256(input)
		sig, err = key.Sign(rand.Reader, input, crypto.Hash(0))
	case "ES256":
		hash := sha256.Sum256(input)
		sig, err = ecdsa.SignASN1(rand.Reader, key.(*ecdsa.PrivateKey), hash[:])
	case "ES384":
		hash := sha512.Sum384(input)
		sig, err = ecdsa.SignASN1(rand.Reader, key.(*ecdsa.PrivateKey), hash[:])
	case "RS256":
		hash := sha256.Sum256(input)
		sig, err = key.Sign(rand.Reader, hash[:], crypto.SHA256)
	}
	if err != nil {
		b.Fatal(err)
	}
	return sig
}

func bareVerify(alg string, key crypto.PublicKey, input, sig []byte) bool {
	hash := sha256.Sum256(input)
	switch alg {
	case "EdDSA":
		return ed25519.Verify(key.(ed25519.PublicKey), input, sig)
	case "ES256":
		return ecdsa.VerifyASN1(key.(*ecdsa.PublicKey), hash[:], sig)
	case "ES384":
		hash := sha512.Sum384(input)
		return ecdsa.VerifyASN1(key.(*ecdsa.PublicKey), hash[:], sig)
	case "RS256":
		return rsa.VerifyPKCS1v15(key.(*rsa.PublicKey), crypto.SHA256, hash[:], sig) == nil
	}
	return false
}

// The aim is that token is within 1.3 times bare.
func BenchmarkSign(b *testing.B) {
	doc := vectors.Fixture(b, "achievement-credential.json")
	for _, alg := range []string{"EdDSA", "ES256", "ES384", "RS256"} {
		key := keys()[alg]
		signer, err := jose.NewSigner(key, jose.Header{KeyID: "https://uni.example/keys/1", Type: "JWT"})
		if err != nil {
			b.Fatal(err)
		}
		token, err := signer.Sign(doc)
		if err != nil {
			b.Fatal(err)
		}
		j, err := jose.Parse(token)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(alg+"/bare", func(b *testing.B) {
			for b.Loop() {
				bareSign(b, alg, key, j.SigningInput())
			}
		})
		b.Run(alg+"/token", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := signer.Sign(doc); err != nil {
					b.Fatal(err)
				}
			}
		})
		credentials, err := jose.NewCredentialSigner(key, jose.CredentialOptions{KeyID: "https://uni.example/keys/1"})
		if err != nil {
			b.Fatal(err)
		}
		b.Run(alg+"/credential, same signer", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := credentials.Sign(doc); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(alg+"/credential", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := jose.SignCredential(doc, key, jose.CredentialOptions{KeyID: "https://uni.example/keys/1"}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkVerify(b *testing.B) {
	doc := vectors.Fixture(b, "achievement-credential.json")
	for _, alg := range []string{"EdDSA", "ES256", "ES384", "RS256"} {
		key := keys()[alg]
		token, err := jose.SignCredential(doc, key, jose.CredentialOptions{KeyID: "https://uni.example/keys/1"})
		if err != nil {
			b.Fatal(err)
		}
		j, err := jose.Parse(token)
		if err != nil {
			b.Fatal(err)
		}
		sig := bareSign(b, alg, key, j.SigningInput())
		b.Run(alg+"/bare", func(b *testing.B) {
			for b.Loop() {
				if !bareVerify(alg, key.Public(), j.SigningInput(), sig) {
					b.Fatal("bad signature")
				}
			}
		})
		b.Run(alg+"/token", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				j, err := jose.Parse(token)
				if err != nil || j.Verify(key.Public()) != nil {
					b.Fatal("bad token")
				}
			}
		})
		b.Run(alg+"/credential", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				vc, err := jose.ParseCredential(token)
				if err != nil || vc.Verify(key.Public()) != nil {
					b.Fatal("bad credential")
				}
			}
		})
	}
}
