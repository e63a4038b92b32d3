package rdfc_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/roundel/roundel/rdfc"
)

func TestParseRefuses(t *testing.T) {
	tests := []struct{ name, text string }{
		{"no full stop", `<urn:s> <urn:p> <urn:o>`},
		{"text after the full stop", `<urn:s> <urn:p> <urn:o> . x`},
		{"two statements in a line", `<urn:s> <urn:p> <urn:o> . <urn:s> <urn:p> <urn:o> .`},
		{"two terms", `<urn:s> <urn:p> .`},
		{"five terms", `<urn:s> <urn:p> <urn:o> <urn:g> <urn:h> .`},
		{"relative IRI", `<s> <urn:p> <urn:o> .`},
		{"space in an IRI", `<urn:s s> <urn:p> <urn:o> .`},
		{"space in an IRI by escape", `<urn:s\u0020s> <urn:p> <urn:o> .`},
		{"bracket in an IRI by escape", `<urn:s\u003es> <urn:p> <urn:o> .`},
		{"escape by name in an IRI", `<urn:s\t> <urn:p> <urn:o> .`},
		{"open IRI", `<urn:s`},
		{"open literal", `<urn:s> <urn:p> "o .`},
		{"line feed in a literal", "<urn:s> <urn:p> \"o\no\" ."},
		{"single quotes", `<urn:s> <urn:p> 'o' .`},
		{"unknown escape", `<urn:s> <urn:p> "\a" .`},
		{"short escape", `<urn:s> <urn:p> "\u12" .`},
		{"surrogate escape", `<urn:s> <urn:p> "\ud800" .`},
		{"escape beyond Unicode", `<urn:s> <urn:p> "\U00110000" .`},
		{"escape far beyond Unicode", `<urn:s> <urn:p> "\UFFFFFFFF" .`},
		{"escape at the end", `<urn:s> <urn:p> "\`},
		{"literal subject", `"s" <urn:p> <urn:o> .`},
		{"literal predicate", `<urn:s> "p" <urn:o> .`},
		{"literal graph", `<urn:s> <urn:p> <urn:o> "g" .`},
		{"blank predicate", `<urn:s> _:p <urn:o> .`},
		{"no label", `_: <urn:p> <urn:o> .`},
		{"label with a hyphen first", `_:-a <urn:p> <urn:o> .`},
		{"no language", `<urn:s> <urn:p> "o"@ .`},
		{"language with a digit first", `<urn:s> <urn:p> "o"@1a .`},
		{"language with an empty part", `<urn:s> <urn:p> "o"@en--us .`},
		{"no datatype", `<urn:s> <urn:p> "o"^^ .`},
		{"relative datatype", `<urn:s> <urn:p> "o"^^<d> .`},
		{"one caret", `<urn:s> <urn:p> "o"^<urn:d> .`},
		{"invalid UTF-8", "<urn:s> <urn:p> \"\xff\" ."},
		{"Turtle prefix", `@prefix a: <urn:a> .`},
		{"NUL", "<urn:s> <urn:p> <urn:o> .\x00"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, err := rdfc.ParseNQuads([]byte("# a comment\n" + tt.text + "\n"))
			var syntax *rdfc.SyntaxError
			if !errors.As(err, &syntax) {
				t.Fatalf("got %v and %v, want a *SyntaxError", d, err)
			}
			if syntax.Line != 2 && !strings.Contains(tt.text, "\xff") {
				t.Errorf("line %d, want 2: %v", syntax.Line, err)
			}
		})
	}
}

func TestParse(t *testing.T) {
	text := "# comment\r\n\r\n" +
		"_:a.b-c\t<urn:p>\t_:1 _:ü.# end\n" +
		`<urn:s><urn:p>"a\"\\\t\u00e9\U0001F600"@de-1996.` + "\n" +
		`  <urn:s> <urn:p> "1"^^<http://www.w3.org/2001/XMLSchema#integer> <urn:\u0067> .  `
	got, err := rdfc.ParseNQuads([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	want := rdfc.Dataset{
		{Subject: blank("a.b-c"), Predicate: iri("urn:p"), Object: blank("1"), Graph: blank("ü")},
		{Subject: iri("urn:s"), Predicate: iri("urn:p"), Object: rdfc.Term{Kind: rdfc.Literal, Value: "a\"\\\té😀", Language: "de-1996"}},
		{Subject: iri("urn:s"), Predicate: iri("urn:p"), Graph: iri("urn:g"),
			Object: rdfc.Term{Kind: rdfc.Literal, Value: "1", Datatype: "http://www.w3.org/2001/XMLSchema#integer"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// FuzzParseNQuads: what parses can be written, and what is written parses to
// the same bytes.
func FuzzParseNQuads(f *testing.F) {
	for _, seed := range []string{
		"<urn:s> <urn:p> <urn:o> <urn:g> .\n", `_:a <urn:p> "x\u0000\b"@en-us .`, `_:a <urn:p> _:b _:c .`,
		`<urn:\u0065x> <urn:p> "\ufffe\uffff\U0001F600"^^<urn:d> . # c`, "_:a <urn:p> _:b .\n_:b <urn:p> _:a .\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := rdfc.ParseNQuads(data)
		if err != nil {
			return
		}
		o := rdfc.Options{MaxWork: 10_000, MaxBlankNodes: 100}
		r, err := rdfc.Canonicalize(d, o)
		if errors.Is(err, rdfc.ErrWorkExceeded) {
			return
		}
		if err != nil {
			t.Fatalf("parsed, but cannot be written: %v", err)
		}
		again, err := rdfc.ParseNQuads(r.NQuads)
		if err != nil {
			t.Fatalf("what was written does not parse: %v\n%s", err, r.NQuads)
		}
		r2, err := rdfc.Canonicalize(again, rdfc.Options{})
		if err == nil && !bytes.Equal(r.NQuads, r2.NQuads) {
			t.Fatalf("not stable:\n%s\n%s", r.NQuads, r2.NQuads)
		}
	})
}
