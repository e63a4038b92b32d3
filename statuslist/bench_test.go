package statuslist

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// lists are the sizes that matter: the least list, and the greatest, with one
// entry in a hundred set.
func lists() map[string]*List {
	out := map[string]*List{}
	for name, entries := range map[string]int{"131072": MinEntries, "16MiB": MaxBytes * 8} {
		l := New(entries)
		r := rand.New(rand.NewPCG(1, 2))
		for range entries / 100 {
			l.bits[r.IntN(len(l.bits))] |= 1 << r.IntN(8)
		}
		out[name] = l
	}
	return out
}

func BenchmarkEncode(b *testing.B) {
	for name, l := range lists() {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(l.bits)))
			for b.Loop() {
				if _, err := l.Encode(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	for name, l := range lists() {
		text, err := l.Encode()
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(l.bits)))
			b.ReportMetric(float64(len(text)), "chars")
			for b.Loop() {
				if _, err := Decode(text, 0); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkPublish is everything but the signature: a new list, the bits of the
// withdrawn, and the credential.
func BenchmarkPublish(b *testing.B) {
	for name, l := range lists() {
		now := time.Now()
		info := Info{ID: "https://uni.edu/s/1", Issuer: "did:web:uni.edu", Purposes: []string{Revocation}, ValidFrom: now, ValidUntil: now.Add(time.Hour)}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				fresh := New(l.Len())
				if err := fresh.Merge(l.bits); err != nil {
					b.Fatal(err)
				}
				if _, err := info.Credential(fresh); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkLookup(b *testing.B) {
	for _, size := range []int{1, 2, 8} {
		p := &Published{Kind: Bitstring, Info: Info{Purposes: []string{Revocation}}, bits: make([]byte, size*MinEntries/8)}
		r := Reference{Kind: Bitstring, Purpose: Revocation, Index: 94567, Size: size}
		b.Run(fmt.Sprintf("%dbit", size), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := p.Lookup(r, ""); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkCached is what the status of the second badge of a list costs.
func BenchmarkCached(b *testing.B) {
	s, cache := newShelf(), &Cache{}
	src := s.source()
	r := Reference{Kind: Bitstring, List: "https://uni.edu/s/1", Purpose: Revocation, Index: 94567, Size: 1}
	b.ReportAllocs()
	for b.Loop() {
		got, err := cache.Get(b.Context(), r.Key("did:web:uni.edu"), src)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := got.Lookup(r, ""); err != nil {
			b.Fatal(err)
		}
	}
}
