package shape_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/roundel/roundel/internal/vectors"
	"github.com/roundel/roundel/shape"
	"github.com/roundel/roundel/strictjson"
)

// varied returns n documents of the fixture's shape, for as many learners.
func varied(b *testing.B, n int) [][]byte {
	b.Helper()
	var compact bytes.Buffer
	if err := json.Compact(&compact, vectors.Fixture(b, "achievement-credential.json")); err != nil {
		b.Fatal(err)
	}
	docs := make([][]byte, n)
	for i := range docs {
		d := bytes.ReplaceAll(compact.Bytes(), []byte("0b7c2f7e"), fmt.Appendf(nil, "%08x", i*2654435761))
		d = bytes.ReplaceAll(d, []byte("z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"), fmt.Appendf(nil, "z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta%04x", i))
		docs[i] = bytes.ReplaceAll(d, []byte("94567"), fmt.Appendf(nil, "%d", i*97))
	}
	return docs
}

func BenchmarkHash(b *testing.B) {
	docs := varied(b, 64)
	var shuffled [][]byte
	g := &gen{rand.New(rand.NewPCG(1, 1)), 0}
	for i, d := range docs {
		v, err := strictjson.Decode(d, strictjson.Limits{})
		if err != nil {
			b.Fatal(err)
		}
		shuffled = append(shuffled, g.write(v, uint64(8*i)))
	}
	run := func(name string, docs [][]byte, hash func(i int, doc []byte) error) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			defer cpu(b)()
			b.SetBytes(int64(len(docs[0])))
			i := 0
			for b.Loop() {
				if err := hash(i, docs[i%len(docs)]); err != nil {
					b.Fatal(err)
				}
				i++
			}
		})
	}
	known := shape.New(shape.Options{})
	knownHash := func(_ int, doc []byte) error {
		_, err := known.Hash(doc)
		return err
	}
	for _, d := range docs {
		if err := knownHash(0, d); err != nil {
			b.Fatal(err)
		}
	}
	run("known shape", docs, knownHash)
	run("known shape, 64 orders of members in turn", shuffled, knownHash)
	fresh := shape.New(shape.Options{})
	run("new shape each time", docs, func(i int, doc []byte) error {
		_, err := fresh.Hash(bytes.Replace(doc, []byte(`"hashed":true`), fmt.Appendf(nil, `"hashed":%d`, i), 1))
		return err
	})
	run("new shape each second time, compiled", docs, func(i int, doc []byte) error {
		_, err := fresh.Hash(bytes.Replace(doc, []byte(`"hashed":true`), fmt.Appendf(nil, `"hashed":-%d`, i/2), 1))
		return err
	})
	run("full processor", docs, func(_ int, doc []byte) error {
		_, err := reference(doc)
		return err
	})
}

const method = "did:key:z6MkupuA7WhoxvtpuRuaeDb84euWCaSbb5tWiPdq9Fn5inhz#z6MkupuA7WhoxvtpuRuaeDb84euWCaSbb5tWiPdq9Fn5inhz"

func options(i int) []byte {
	return fmt.Appendf(nil, `{"type":"DataIntegrityProof","cryptosuite":"eddsa-rdfc-2022","created":"2026-03-01T09:%02d:%02dZ","verificationMethod":%q,"proofPurpose":"assertionMethod"}`,
		i/60%60, i%60, method)
}

// BenchmarkSign is a signature over a document of a known shape, from its text;
// and what no way of signing can do without.
func BenchmarkSign(b *testing.B) {
	key := ed25519.NewKeyFromSeed(make([]byte, 32))
	docs := varied(b, 64)
	b.Run("from text", func(b *testing.B) {
		c := shape.New(shape.Options{})
		b.ReportAllocs()
		defer cpu(b)()
		i := 0
		for b.Loop() {
			d, p, err := c.Hashes(docs[i%len(docs)], options(i))
			if err != nil {
				b.Fatal(err)
			}
			var data [64]byte
			copy(data[:], p[:])
			copy(data[32:], d[:])
			ed25519.Sign(key, data[:])
			i++
		}
	})
	b.Run("floor", func(b *testing.B) {
		quads, err := reference(docs[0])
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		defer cpu(b)()
		for b.Loop() {
			d := sha256.Sum256(quads)
			var data [64]byte
			copy(data[32:], d[:])
			ed25519.Sign(key, data[:])
		}
	})
}

// BenchmarkVerify is the same the other way round.
func BenchmarkVerify(b *testing.B) {
	key := ed25519.NewKeyFromSeed(make([]byte, 32))
	public := key.Public().(ed25519.PublicKey)
	docs := varied(b, 64)
	b.Run("from text", func(b *testing.B) {
		c := shape.New(shape.Options{})
		for i, d := range docs {
			h, p, err := c.Hashes(d, options(i))
			if err != nil {
				b.Fatal(err)
			}
			sig := ed25519.Sign(key, append(p[:], h[:]...))
			proof := append(options(i)[:len(options(i))-1], fmt.Sprintf(`,"proofValue":"z%x"}`, sig)...)
			docs[i] = fmt.Appendf(nil, `%s,"proof":%s}`, d[:len(d)-1], proof)
		}
		b.ReportAllocs()
		defer cpu(b)()
		i := 0
		for b.Loop() {
			s, err := c.Secured(docs[i%len(docs)])
			if err != nil {
				b.Fatal(err)
			}
			proofs, ok := s.Proofs()
			h, err1 := s.DocumentHash()
			p, err2 := s.OptionsHash(0)
			var sig [64]byte
			_, err3 := hex.Decode(sig[:], []byte(proofs[0].Value[1:]))
			if err := errors.Join(err1, err2, err3); err != nil || !ok {
				b.Fatal(err)
			}
			if !ed25519.Verify(public, append(p[:], h[:]...), sig[:]) {
				b.Fatal("the signature is wrong")
			}
			s.Release()
			i++
		}
	})
	b.Run("floor", func(b *testing.B) {
		quads, err := reference(docs[0])
		if err != nil {
			b.Fatal(err)
		}
		data := make([]byte, 64)
		sig := ed25519.Sign(key, data)
		defer cpu(b)()
		for b.Loop() {
			d := sha256.Sum256(quads)
			if !ed25519.Verify(public, data, sig) || d == [32]byte{} {
				b.Fatal("the signature is wrong")
			}
		}
	})
}
