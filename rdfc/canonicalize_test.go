package rdfc_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/roundel/roundel/internal/vectors"
	"github.com/roundel/roundel/rdfc"
)

func iri(s string) rdfc.Term   { return rdfc.Term{Kind: rdfc.IRI, Value: s} }
func blank(s string) rdfc.Term { return rdfc.Term{Kind: rdfc.Blank, Value: s} }
func lit(s string) rdfc.Term   { return rdfc.Term{Kind: rdfc.Literal, Value: s} }

// What RDF does not allow must never be written: an IRI with a closing bracket
// would let its author add statements.
func TestInvalidTerms(t *testing.T) {
	s, p, o := iri("urn:s"), iri("urn:p"), iri("urn:o")
	tests := []struct {
		name string
		quad rdfc.Quad
	}{
		{"nothing", rdfc.Quad{}},
		{"no object", rdfc.Quad{Subject: s, Predicate: p}},
		{"literal subject", rdfc.Quad{Subject: lit("s"), Predicate: p, Object: o}},
		{"blank predicate", rdfc.Quad{Subject: s, Predicate: blank("p"), Object: o}},
		{"literal graph", rdfc.Quad{Subject: s, Predicate: p, Object: o, Graph: lit("g")}},
		{"statement in an IRI", rdfc.Quad{Subject: iri("urn:s> <urn:p> <urn:o> .\n<urn:x"), Predicate: p, Object: o}},
		{"bracket in a predicate", rdfc.Quad{Subject: s, Predicate: iri("urn:p>"), Object: o}},
		{"line feed in a graph name", rdfc.Quad{Subject: s, Predicate: p, Object: o, Graph: iri("urn:\n")}},
		{"space in a datatype", rdfc.Quad{Subject: s, Predicate: p, Object: rdfc.Term{Kind: rdfc.Literal, Datatype: "urn:a b"}}},
		{"relative IRI", rdfc.Quad{Subject: s, Predicate: p, Object: iri("o")}},
		{"empty IRI", rdfc.Quad{Subject: s, Predicate: p, Object: iri("")}},
		{"scheme that starts with a digit", rdfc.Quad{Subject: s, Predicate: p, Object: iri("1a:b")}},
		{"colon first", rdfc.Quad{Subject: s, Predicate: p, Object: iri(":b")}},
		{"invalid UTF-8 in an IRI", rdfc.Quad{Subject: s, Predicate: p, Object: iri("urn:\xff")}},
		{"invalid UTF-8 in a literal", rdfc.Quad{Subject: s, Predicate: p, Object: lit("\xff")}},
		{"statement in a language", rdfc.Quad{Subject: s, Predicate: p, Object: rdfc.Term{Kind: rdfc.Literal, Language: "en .\n"}}},
		{"empty part of a language", rdfc.Quad{Subject: s, Predicate: p, Object: rdfc.Term{Kind: rdfc.Literal, Language: "en-"}}},
		{"language and datatype", rdfc.Quad{Subject: s, Predicate: p, Object: rdfc.Term{Kind: rdfc.Literal, Language: "en", Datatype: "urn:d"}}},
		{"language string without language", rdfc.Quad{Subject: s, Predicate: p,
			Object: rdfc.Term{Kind: rdfc.Literal, Datatype: "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := rdfc.Canonicalize(rdfc.Dataset{tt.quad}, rdfc.Options{})
			if !errors.Is(err, rdfc.ErrInvalidTerm) {
				t.Errorf("got %v and %v, want ErrInvalidTerm", r, err)
			}
		})
	}
}

// RDFC-1.0, appendix A.
func TestEscapes(t *testing.T) {
	tests := []struct{ in, want string }{
		{"", ""},
		{"\x00\x01\x07\b\t\n\x0b\f\r\x0e\x1f", `\u0000\u0001\u0007\b\t\n\u000B\f\r\u000E\u001F`},
		{`"quoted" \ back`, `\"quoted\" \\ back`},
		{"\x7f\u0080\u009f\u00a0", "\\u007F\u0080\u009f\u00a0"},
		{"\ufffd\ufffe\uffff\uff01", "\ufffd\\uFFFE\\uFFFF\uff01"},
		{"é\U0001f600\U0001fffe", "é\U0001f600\U0001fffe"},
		{"'/<>", "'/<>"},
	}
	for _, tt := range tests {
		r, err := rdfc.Canonicalize(rdfc.Dataset{{Subject: iri("urn:s"), Predicate: iri("urn:p"), Object: lit(tt.in)}}, rdfc.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if want := `<urn:s> <urn:p> "` + tt.want + "\" .\n"; string(r.NQuads) != want {
			t.Errorf("%q is written\n%s, want\n%s", tt.in, r.NQuads, want)
		}
	}
}

func TestPoison(t *testing.T) {
	clique := func(n int) (d rdfc.Dataset) {
		for i := range n {
			for j := range n {
				if i != j {
					d = append(d, rdfc.Quad{Subject: blank(fmt.Sprint(i)), Predicate: iri("urn:p"), Object: blank(fmt.Sprint(j))})
				}
			}
		}
		return d
	}
	star := func(n int) (d rdfc.Dataset) { // twins whose children are all alike
		for _, hub := range []string{"a", "b"} {
			for i := range n {
				d = append(d, rdfc.Quad{Subject: blank(hub), Predicate: iri("urn:p"), Object: blank(hub + fmt.Sprint(i))})
			}
		}
		return d
	}
	ring := func(n int) (d rdfc.Dataset) {
		for i := range n {
			d = append(d, rdfc.Quad{Subject: blank(fmt.Sprint(i)), Predicate: iri("urn:p"), Object: blank(fmt.Sprint((i + 1) % n))})
		}
		return d
	}
	pairs := func(n int) (d rdfc.Dataset) { // one hub, every spoke the same
		for i := range n {
			d = append(d, rdfc.Quad{Subject: blank("hub"), Predicate: iri("urn:p"), Object: blank(fmt.Sprint(i))},
				rdfc.Quad{Subject: blank(fmt.Sprint(i)), Predicate: iri("urn:q"), Object: blank("hub")})
		}
		return d
	}
	longPredicates := func() rdfc.Dataset { // a megabyte to hash for each step
		d := ring(30)
		for i := range d {
			d[i].Predicate.Value += strings.Repeat("x", 1<<20)
		}
		return d
	}
	tests := []struct {
		name string
		d    rdfc.Dataset
		what string
	}{
		{"clique of 10", clique(10), "steps"},
		{"clique of 60", clique(60), "steps"},
		{"twin stars of 12", star(12), "steps"},
		{"twin stars of 4000", star(4000), "steps"},
		{"ring of 9000", ring(9000), "steps"},
		{"long predicates", longPredicates(), "steps"},
		{"ring of 10001", ring(10_001), "blank nodes"},
		{"10001 blank graph names", func() (d rdfc.Dataset) {
			for i := range 10_001 {
				d = append(d, rdfc.Quad{Subject: iri("urn:s"), Predicate: iri("urn:p"), Object: iri("urn:o"), Graph: blank(fmt.Sprint(i))})
			}
			return d
		}(), "blank nodes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := rdfc.Canonicalize(tt.d, rdfc.Options{})
			var work *rdfc.WorkError
			if !errors.Is(err, rdfc.ErrWorkExceeded) || !errors.As(err, &work) {
				t.Fatalf("got %v, want ErrWorkExceeded", err)
			}
			if work.What != tt.what || work.Count <= work.Limit {
				t.Errorf("stopped by %+v", work)
			}
		})
	}
	if r, err := rdfc.Canonicalize(pairs(9_000), rdfc.Options{}); err != nil {
		t.Error(err)
	} else if r.Work > 100_000 {
		t.Errorf("a hub with 9,000 equal spokes takes %d steps", r.Work)
	}
	// What many credentials have, alike blank nodes that hang on something of
	// their own, costs nothing.
	var d rdfc.Dataset
	for i := range 9_000 {
		d = append(d, rdfc.Quad{Subject: iri("urn:s"), Predicate: iri("urn:p"), Object: blank(fmt.Sprint(i))},
			rdfc.Quad{Subject: blank(fmt.Sprint(i)), Predicate: iri("urn:v"), Object: lit(fmt.Sprint(i))})
	}
	if r, err := rdfc.Canonicalize(d, rdfc.Options{}); err != nil || r.Work != 0 {
		t.Errorf("9,000 distinct blank nodes: %v", err)
	}
}

// drawDataset makes small graphs with many blank nodes that look alike.
func drawDataset(t *rapid.T) rdfc.Dataset {
	node := rapid.Custom(func(t *rapid.T) rdfc.Term {
		if rapid.IntRange(0, 3).Draw(t, "kind") == 0 {
			return iri(rapid.SampledFrom([]string{"urn:a", "urn:b"}).Draw(t, "iri"))
		}
		return blank(rapid.SampledFrom([]string{"b0", "b1", "b2", "b3", "b4", "b5"}).Draw(t, "blank"))
	})
	object := rapid.OneOf(node, node, rapid.Custom(func(t *rapid.T) rdfc.Term { return lit(rapid.SampledFrom([]string{"", "x\n"}).Draw(t, "literal")) }))
	graph := rapid.OneOf(rapid.Just(rdfc.Term{}), rapid.Just(rdfc.Term{}), node)
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) rdfc.Quad {
		return rdfc.Quad{
			Subject:   node.Draw(t, "s"),
			Predicate: iri(rapid.SampledFrom([]string{"urn:p", "urn:q"}).Draw(t, "p")),
			Object:    object.Draw(t, "o"),
			Graph:     graph.Draw(t, "g"),
		}
	}), 0, 14).Draw(t, "dataset")
}

// relabelled returns d with other blank node labels, in another order and with
// some quads repeated.
func relabelled(d rdfc.Dataset, r *rand.Rand) rdfc.Dataset {
	labels := map[string]string{}
	rename := func(t rdfc.Term) rdfc.Term {
		if t.Kind == rdfc.Blank {
			if labels[t.Value] == "" {
				labels[t.Value] = fmt.Sprintf("n%dx%d", r.Uint32(), len(labels))
			}
			t.Value = labels[t.Value]
		}
		return t
	}
	var out rdfc.Dataset
	for _, i := range r.Perm(len(d)) {
		q := d[i]
		q = rdfc.Quad{Subject: rename(q.Subject), Predicate: q.Predicate, Object: rename(q.Object), Graph: rename(q.Graph)}
		out = append(out, q)
		if r.IntN(4) == 0 {
			out = append(out, q)
		}
	}
	return out
}

func TestSameGraphSameBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawDataset(t)
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		a, errA := rdfc.Canonicalize(d, rdfc.Options{})
		b, errB := rdfc.Canonicalize(relabelled(d, r), rdfc.Options{})
		if errA != nil || errB != nil {
			t.Skip("beyond the work budget")
		}
		if !bytes.Equal(a.NQuads, b.NQuads) {
			t.Fatalf("the same graph twice:\n%s\n%s", a.NQuads, b.NQuads)
		}
		parsed, err := rdfc.ParseNQuads(a.NQuads)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := rdfc.Canonicalize(parsed, rdfc.Options{}); err != nil || !bytes.Equal(again.NQuads, a.NQuads) {
			t.Fatalf("canonicalising\n%s\nagain gives %v\n%s", a.NQuads, err, again.NQuads)
		}
		seen := map[string]bool{}
		for _, to := range a.Labels {
			if seen[to] || !strings.HasPrefix(to, "c14n") {
				t.Fatalf("labels %v", a.Labels)
			}
			seen[to] = true
		}
	})
}

// A graph that differs in one quad must not look the same.
func TestOtherGraphOtherBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawDataset(t)
		a, err := rdfc.Canonicalize(d, rdfc.Options{})
		if err != nil {
			t.Skip("beyond the work budget")
		}
		more := append(rdfc.Dataset{{Subject: blank("b0"), Predicate: iri("urn:new"), Object: blank("b1")}}, d...)
		b, err := rdfc.Canonicalize(more, rdfc.Options{})
		if err == nil && bytes.Equal(a.NQuads, b.NQuads) {
			t.Fatal("an added quad does not show")
		}
	})
}

func BenchmarkCanonicalize(b *testing.B) {
	for _, file := range []string{"document-canon.txt", "clrv2p0/document-canon.txt"} {
		d, err := rdfc.ParseNQuads(vectors.File(b, "ob3-spec-vector", file))
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("%d quads", len(d)), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := rdfc.Canonicalize(d, rdfc.Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func ExampleCanonicalize() {
	d, err := rdfc.ParseNQuads([]byte(`
_:someone <http://schema.org/knows> _:other .
_:other <http://schema.org/name> "Ada" .
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	r, err := rdfc.Canonicalize(d, rdfc.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(string(r.NQuads))
	// Output:
	// _:c14n0 <http://schema.org/knows> _:c14n1 .
	// _:c14n1 <http://schema.org/name> "Ada" .
}
