package interop

import (
	"crypto"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"testing"
	"time"

	voi "github.com/oasisprotocol/curve25519-voi/primitives/ed25519"

	"github.com/roundel/roundel/did"
	"github.com/roundel/roundel/proof"
	"github.com/roundel/roundel/shape"
	verifier "github.com/roundel/roundel/verify"
)

// A proofBench is one cryptosuite with a key and badges to sign.
type proofBench struct {
	key      crypto.Signer
	method   string
	unsigned [][]byte
	options  proof.SignOptions
}

func newProofBench(b *testing.B, cryptosuite string, key crypto.Signer) *proofBench {
	b.Helper()
	id, method, err := did.KeyDID(key.Public())
	if err != nil {
		b.Fatal(err)
	}
	created, err := time.Parse(time.RFC3339, benchTime)
	if err != nil {
		b.Fatal(err)
	}
	return &proofBench{key, method, benchBadges(b, id), proof.SignOptions{Cryptosuite: cryptosuite, Method: method, Created: created}}
}

// signed are all badges with their proofs.
func (p *proofBench) signed(b *testing.B) [][]byte {
	b.Helper()
	return each(b, p.unsigned, func(doc []byte) ([]byte, error) { return proof.Sign(doc, p.key, p.options) })
}

// sign measures signing with the shapes of a cache, or the long way if it is nil.
func (p *proofBench) sign(b *testing.B, shapes *shape.Cache) {
	b.Helper()
	o := p.options
	o.Shapes = shapes
	cpu(b, 1, func(i int) error {
		_, err := proof.Sign(p.unsigned[i%recipients], p.key, o)
		return err
	})
}

func (p *proofBench) verify(b *testing.B, shapes *shape.Cache, signed [][]byte) {
	b.Helper()
	public := p.key.Public()
	keys := func(proof.Proof) (crypto.PublicKey, error) { return public, nil }
	cpu(b, 1, func(i int) error {
		_, err := proof.Verify(signed[i%recipients], keys, proof.VerifyOptions{Shapes: shapes})
		return err
	})
}

// voiKey is a key of another implementation of Ed25519, as a caller hands it in.
type voiKey struct{ voi.PrivateKey }

func (k voiKey) Public() crypto.PublicKey { return ed25519.PublicKey(k.PrivateKey[voi.SeedSize:]) }

func BenchmarkEddsaRdfc(b *testing.B) {
	p := newProofBench(b, "eddsa-rdfc-2022", benchEd25519())
	signed := p.signed(b)
	b.Run("sign/shape", func(b *testing.B) { p.sign(b, shape.New(shape.Options{})) })
	b.Run("sign/voi", func(b *testing.B) {
		faster := *p
		faster.key, faster.options.TrustSigner = voiKey{voi.NewKeyFromSeed(benchEd25519().Seed())}, true
		faster.sign(b, shape.New(shape.Options{}))
	})
	b.Run("sign/floor", floorSign)
	b.Run("sign/full", func(b *testing.B) { p.sign(b, nil) })
	b.Run("sign/json-gold", func(b *testing.B) { goldSign(b, p) })
	b.Run("verify/shape", func(b *testing.B) { p.verify(b, shape.New(shape.Options{}), signed) })
	b.Run("verify/floor", floorVerify)
	b.Run("verify/batch", func(b *testing.B) { floorBatch(b, &equation{}) })
	b.Run("verify/full", func(b *testing.B) { p.verify(b, nil, signed) })
	b.Run("verify/json-gold", func(b *testing.B) { goldVerify(b, p) })
}

func BenchmarkEcdsaRdfc(b *testing.B) {
	p := newProofBench(b, "ecdsa-rdfc-2019", benchP256(b))
	signed := p.signed(b)
	b.Run("sign/shape", func(b *testing.B) { p.sign(b, shape.New(shape.Options{})) })
	b.Run("sign/full", func(b *testing.B) { p.sign(b, nil) })
	b.Run("verify/shape", func(b *testing.B) { p.verify(b, shape.New(shape.Options{}), signed) })
	b.Run("verify/full", func(b *testing.B) { p.verify(b, nil, signed) })
}

func BenchmarkEddsaJcs(b *testing.B) {
	p := newProofBench(b, "eddsa-jcs-2022", benchEd25519())
	b.Run("sign/ours", func(b *testing.B) { p.sign(b, nil) })
	b.Run("verify/ours", func(b *testing.B) { p.verify(b, nil, p.signed(b)) })
}

func BenchmarkEcdsaSd(b *testing.B) {
	p := newProofBench(b, "ecdsa-sd-2023", benchP256(b))
	p.options.MandatoryPointers = []string{"/issuer", "/validFrom", "/validUntil", "/credentialStatus"}
	selective := []string{"/name", "/credentialSubject/achievement/name", "/credentialSubject/result"}
	derive := func(doc []byte) ([]byte, error) { return proof.Derive(doc, selective, proof.DeriveOptions{}) }
	signed := p.signed(b)
	b.Run("sign/ours", func(b *testing.B) { p.sign(b, nil) })
	b.Run("derive/ours", func(b *testing.B) {
		cpu(b, 1, func(i int) error {
			_, err := derive(signed[i%recipients])
			return err
		})
	})
	b.Run("verify/ours", func(b *testing.B) { p.verify(b, nil, each(b, signed, derive)) })
}

// BenchmarkWhole runs every check that `roundel verify --offline` does on a badge
// without status, which would have to be fetched.
func BenchmarkWhole(b *testing.B) {
	p := newProofBench(b, "eddsa-rdfc-2022", benchEd25519())
	p.unsigned = each(b, p.unsigned, func(doc []byte) ([]byte, error) {
		var tree map[string]any
		if err := json.Unmarshal(doc, &tree); err != nil {
			return nil, err
		}
		delete(tree, "credentialStatus")
		return json.Marshal(tree)
	})
	signed := p.signed(b)
	v := verifier.Verifier{Now: time.Now}
	b.Run("verify/ours", func(b *testing.B) {
		cpu(b, 1, func(i int) error {
			if r := v.Verify(b.Context(), signed[i%recipients]); r.Verdict != verifier.IssuerUnconfirmed {
				return errors.New("not the verdict that it should be")
			}
			return nil
		})
	})
}
