package interop

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"testing"

	"github.com/roundel/roundel/jose"
	"github.com/roundel/roundel/sdjwt"
)

const benchKeyID = "https://uni.example/keys/1"

func BenchmarkJWTEdDSA(b *testing.B) { benchJWT(b, benchEd25519()) }

func BenchmarkJWTES256(b *testing.B) { benchJWT(b, benchP256(b)) }

// benchJWT measures tokens over a badge: "token" is the JWS alone, "credential" one
// whose claims are made from the document, or compared with it.
func benchJWT(b *testing.B, key crypto.Signer) {
	b.Helper()
	badges, public := benchBadges(b, "https://uni.example"), key.Public()
	signer, err := jose.NewSigner(key, jose.Header{KeyID: benchKeyID, Type: "JWT"})
	if err != nil {
		b.Fatal(err)
	}
	inputs := each(b, each(b, badges, signer.Sign), func(token []byte) ([]byte, error) {
		j, err := jose.Parse(token)
		if err != nil {
			return nil, err
		}
		return j.SigningInput(), nil
	})
	credential := func(doc []byte) ([]byte, error) {
		return jose.SignCredential(doc, key, jose.CredentialOptions{KeyID: benchKeyID})
	}
	sign := func(way string, make func(i int) ([]byte, error)) {
		b.Run("sign/"+way, func(b *testing.B) {
			cpu(b, 1, func(i int) error {
				_, err := make(i % recipients)
				return err
			})
		})
	}
	sign("token", func(i int) ([]byte, error) { return signer.Sign(badges[i]) })
	sign("floor", func(i int) ([]byte, error) { return bareSign(key, inputs[i]) })
	sign("credential", func(i int) ([]byte, error) { return credential(badges[i]) })

	sigs := each(b, inputs, func(input []byte) ([]byte, error) { return bareSign(key, input) })
	tokens := each(b, badges, signer.Sign)
	credentials := each(b, badges, credential)
	verify := func(way string, check func(i int) error) {
		b.Run("verify/"+way, func(b *testing.B) {
			cpu(b, 1, func(i int) error { return check(i % recipients) })
		})
	}
	verify("token", func(i int) error {
		j, err := jose.Parse(tokens[i])
		if err != nil {
			return err
		}
		return j.Verify(public)
	})
	verify("floor", func(i int) error { return bareVerify(public, inputs[i], sigs[i]) })
	verify("credential", func(i int) error {
		c, err := jose.ParseCredential(credentials[i])
		if err != nil {
			return err
		}
		return c.Verify(public)
	})
}

// bareSign is SHA-256 and one signature of the standard library.
func bareSign(key crypto.Signer, input []byte) ([]byte, error) {
	sum := sha256.Sum256(input)
	if k, ok := key.(*ecdsa.PrivateKey); ok {
		return ecdsa.SignASN1(rand.Reader, k, sum[:])
	}
	return key.Sign(rand.Reader, input, crypto.Hash(0))
}

func bareVerify(key crypto.PublicKey, input, sig []byte) error {
	sum := sha256.Sum256(input)
	ok := false
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		ok = ecdsa.VerifyASN1(k, sum[:], sig)
	case ed25519.PublicKey:
		ok = ed25519.Verify(k, input, sig)
	}
	if !ok {
		return errFloor
	}
	return nil
}

func BenchmarkSDJWT(b *testing.B) {
	key, badges := benchP256(b), benchBadges(b, "did:web:uni.example")
	issue := func(doc []byte) ([]byte, error) {
		return sdjwt.Issue(doc, key, sdjwt.Options{Disclosable: []string{"/name", "/description", "/validUntil", "/evidence"}})
	}
	tokens := each(b, badges, issue)
	b.Run("issue/ours", func(b *testing.B) {
		cpu(b, 1, func(i int) error {
			_, err := issue(badges[i%recipients])
			return err
		})
	})
	b.Run("verify/ours", func(b *testing.B) {
		cpu(b, 1, func(i int) error {
			s, err := sdjwt.Parse(tokens[i%recipients])
			if err != nil {
				return err
			}
			if !s.Has("/name") || !s.Has("/evidence") {
				return errors.New("a claim was lost")
			}
			return s.Verify(key.Public())
		})
	})
}
