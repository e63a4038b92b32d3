package shape_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/roundel/roundel/jsonld"
	"github.com/roundel/roundel/shape"
	"github.com/roundel/roundel/strictjson"
)

// pair is a cache and the full processor, which must agree.
type pair struct {
	cache    *shape.Cache
	contexts *jsonld.Contexts
}

func newPair(t testing.TB) *pair {
	c := oddContexts(t)
	return &pair{shape.New(shape.Options{Contexts: c}), c}
}

func (p *pair) reference(data []byte) ([]byte, error) {
	v, err := strictjson.Decode(data, strictjson.Limits{})
	if err != nil {
		return nil, err
	}
	tree, ok := v.(map[string]any)
	if !ok {
		return nil, shape.ErrNotObject
	}
	return jsonld.Canonicalize(tree, jsonld.Options{Contexts: p.contexts})
}

// compare returns the canonical form that both agree on; nil if both refuse.
func (p *pair) compare(t testing.TB, data []byte) []byte {
	t.Helper()
	want, wantErr := p.reference(data)
	got, err := p.cache.AppendNQuads(nil, data)
	if (err == nil) != (wantErr == nil) {
		t.Fatalf("cache: %v; full processor: %v, for\n%s", err, wantErr, data)
	}
	if err != nil {
		if fmt.Sprintf("%T", err) != fmt.Sprintf("%T", wantErr) {
			t.Fatalf("cache: %T %v; full processor: %T %v, for\n%s", err, err, wantErr, wantErr, data)
		}
		return nil
	}
	if !bytes.Equal(got, want) {
		t.Fatalf("cache:\n%s\nfull processor:\n%s\nfor\n%s", got, want, data)
	}
	return got
}

// rounds is how many documents the differential tests look at.
func rounds() int {
	if os.Getenv("ROUNDEL_TORTURE") != "" {
		return 100_000
	}
	return 10_000
}

// TestAgainstFull: random documents of few shapes, with values that mean
// something elsewhere, and as many that somebody has tampered with.
func TestAgainstFull(t *testing.T) {
	const perShape = 40
	var p *pair
	var fast uint64
	accepted, sameMeaning := 0, 0
	for n := range uint64(rounds() / perShape) {
		if n%8 == 0 { // a new one has yet to learn which names have terms as values
			if p != nil {
				fast += p.cache.Stats().Fast
			}
			p = newPair(t)
		}
		g := &gen{rand.New(rand.NewPCG(n, 2026)), []float64{0, 0.02, 0.1}[n%3]}
		tree := g.document()
		for i := range perShape {
			data := g.write(tree, n+uint64(g.IntN(1+i%4)))
			quads := p.compare(t, data)
			if quads == nil {
				continue
			}
			accepted++
			changed := g.tamper(data)
			other := p.compare(t, changed)
			sum, err := p.cache.Hash(changed)
			if err == nil && sum == sha256.Sum256(quads) {
				sameMeaning++ // white space, or an escape for the same character
				if !bytes.Equal(other, quads) {
					t.Fatalf("another document has the same hash:\n%s\n%s", data, changed)
				}
			}
		}
	}
	t.Logf("%d accepted, %d fast, %d tampered ones mean the same", accepted, fast, sameMeaning)
	if accepted < rounds()/3 || fast < uint64(rounds())/5 {
		t.Errorf("%d documents accepted, %d fast: too few to show anything", accepted, fast)
	}
}

// tamper changes something, in the text or in what it says.
func (g *gen) tamper(data []byte) []byte {
	out := bytes.Clone(data)
	at := g.IntN(len(out))
	switch g.IntN(7) {
	case 0: // any byte
		out[at] = byte(g.IntN(256))
	case 1: // a bit
		out[at] ^= 1 << g.IntN(8)
	case 2: // a byte less
		out = append(out[:at], out[at+1:]...)
	case 3: // a byte more
		out = append(out[:at], append([]byte{pick(g, []byte(" \"\\,:{}[]0e-xé\x00"))}, data[at:]...)...)
	case 4, 5: // a letter inside a string
		for range 100 {
			if c := out[at] | 0x20; 'a' <= c && c <= 'z' {
				out[at] = byte('a' + g.IntN(26))
				break
			}
			at = g.IntN(len(out))
		}
	case 6: // one value for another
		from, to := pick(g, texts), pick(g, texts)
		out = bytes.Replace(out, g.quote(from, false), g.quote(to, true), 1)
	}
	return out
}

// FuzzShapeAgainstFull lets a document become known and then changes a part of
// it.
func FuzzShapeAgainstFull(f *testing.F) {
	contexts := oddContexts(f)
	for n := range uint64(8) {
		g := &gen{rand.New(rand.NewPCG(n, 7)), 0.02}
		f.Add(g.write(g.document(), n), []byte("a.example"), []byte("b.example"))
	}
	f.Add([]byte(`{"@context":"https://test.example/odd","id":"urn:a","ref":["urn:b","urn:c"],"mood":"happy"}`), []byte("urn:c"), []byte("ob:c"))
	f.Add([]byte(`{"@context":"https://test.example/odd","label":"1","size":1.0}`), []byte("1"), []byte("\\u0031"))
	f.Fuzz(func(t *testing.T, data, from, to []byte) {
		if len(data) > 4096 {
			return
		}
		p := &pair{shape.New(shape.Options{Contexts: contexts}), contexts}
		p.compare(t, data)
		p.compare(t, data)
		p.compare(t, data)
		if len(from) > 0 {
			p.compare(t, bytes.Replace(data, from, to, 1))
			p.compare(t, bytes.ReplaceAll(data, from, to))
		}
		s, err := p.cache.Secured(data)
		if (err == nil) != (checkObject(data) == nil) {
			t.Fatalf("Secured: %v", err)
		}
		if err == nil {
			s.Release()
		}
	})
}

func checkObject(data []byte) error {
	v, err := strictjson.Decode(data, strictjson.Limits{})
	if _, ok := v.(map[string]any); err == nil && !ok {
		return shape.ErrNotObject
	}
	return err
}
