package jsonld

import (
	"testing"

	"github.com/roundel/roundel/internal/vectors"
	"github.com/roundel/roundel/rdfc"
	"github.com/roundel/roundel/strictjson"
)

// BenchmarkCanonicalize takes a badge of 74 statements from its tree to
// canonical N-Quads: with our expansion, with json-gold's, and without either.
func BenchmarkCanonicalize(b *testing.B) {
	tree, err := strictjson.Decode(vectors.Fixture(b, "achievement-credential.json"), strictjson.Limits{})
	if err != nil {
		b.Fatal(err)
	}
	doc, o := tree.(map[string]any), Options{Contexts: Embedded()}
	data, err := ToRDF(doc, o)
	if err != nil {
		b.Fatal(err)
	}
	for _, bb := range []struct {
		name string
		data func() (rdfc.Dataset, error)
	}{
		{"ours", func() (rdfc.Dataset, error) { return ToRDF(doc, o) }},
		{"json-gold", func() (rdfc.Dataset, error) { return counterpart(doc, o) }},
		{"rdfc alone", func() (rdfc.Dataset, error) { return data, nil }},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if out, err := canonical(bb.data()); err != nil || len(out) < 10_000 {
					b.Fatal(err, len(out))
				}
			}
		})
	}
}

// BenchmarkNewContexts applies two contexts that were not applied to the same
// before, which is what each context that a hostile document names, or type that
// it has, can cost.
func BenchmarkNewContexts(b *testing.B) {
	s := session{contexts: Embedded()}
	for b.Loop() {
		a, err := s.process(root, s.contexts.docs[credentialsV2], 0)
		if err != nil {
			b.Fatal(err)
		}
		if a, err = s.process(a, a.terms["DataIntegrityProof"].scoped, temporary); err != nil || len(a.terms) < 40 {
			b.Fatal(err, len(a.terms))
		}
	}
}
