package shape

import (
	"encoding/json"
	"testing"

	"pgregory.net/rapid"

	"github.com/roundel/roundel/rdfc"
	"github.com/roundel/roundel/strictjson"
)

// anyString draws texts with many characters that mean something to somebody.
func anyString() *rapid.Generator[string] {
	return rapid.OneOf(rapid.String(), rapid.StringOf(rapid.RuneFrom([]rune("a\"\\\n\r\t\b\f\x00\x1f\x7f\u0080\ufffd\ufffe\uffff\uff01\U0001F600é<>"))))
}

// Literals are written as package rdfc writes them.
func TestLiteralsAreThoseOfRDFC(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anyString().Draw(t, "text")
		iri := rdfc.Term{Kind: rdfc.IRI, Value: "urn:x"}
		want, err := rdfc.Canonicalize(rdfc.Dataset{{Subject: iri, Predicate: iri, Object: rdfc.Term{Kind: rdfc.Literal, Value: s}}}, rdfc.Options{})
		if err != nil {
			t.Skip("no literal")
		}
		got := "<urn:x> <urn:x> \"" + string(appendEscaped(nil, []byte(s))) + "\" .\n"
		if got != string(want.NQuads) {
			t.Fatalf("%q, want %q", got, want.NQuads)
		}
	})
}

// StringEnd finds the end of every string, and plain is only what is its own
// literal.
func TestStringEnd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anyString().Draw(t, "text")
		quoted, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		if rapid.Bool().Draw(t, "raw") {
			quoted = append(append([]byte{'"'}, s...), '"')
		}
		tail := rapid.StringN(0, 20, -1).Draw(t, "tail")
		data := append(append([]byte("  "), quoted...), tail...)
		end, content := strictjson.StringEnd(data, 3)
		plain := end >= 0 && plain(data[3:end], content)
		value, err := strictjson.Decode(quoted, strictjson.Limits{})
		if err != nil {
			if end == len(quoted)+1 && plain {
				t.Fatalf("%q is plain, and: %v", quoted, err)
			}
			return
		}
		if end != len(quoted)+1 {
			t.Fatalf("the end of %q is at %d", data, end)
		}
		if plain && (value != string(quoted[1:len(quoted)-1]) || string(appendEscaped(nil, []byte(value.(string)))) != value) {
			t.Fatalf("%q is not plain", quoted)
		}
	})
}

// The value of a slot is the value that strictjson reads.
func TestSlotsHaveTheirValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.SliceOfN(anyString(), 0, 5).Draw(t, "texts")
		data, err := json.MarshalIndent(map[string]any{"a": texts}, "", rapid.SampledFrom([]string{"", " ", "\t"}).Draw(t, "indent"))
		if err != nil {
			t.Fatal(err)
		}
		v, err := strictjson.Decode(data, strictjson.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		want := v.(map[string]any)["a"].([]any)
		f := &form{sources: [2][]byte{data}}
		if !f.scan(0, newNameSet(fixedNames)) || len(f.slots) != len(want) {
			t.Fatalf("%d slots in %s", len(f.slots), data)
		}
		for i := range want {
			if string(f.value(i)) != want[i] {
				t.Errorf("slot %d is %q, want %q", i, f.value(i), want[i])
			}
		}
	})
}

// IRIs are ordered as lines of N-Quads are.
func TestCompareIRI(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		chars := rapid.StringOfN(rapid.RuneFrom([]rune("a!/=?~")), 0, 4, -1)
		a, b := chars.Draw(t, "a"), chars.Draw(t, "b")
		want := 0
		switch x, y := "<"+a+">", "<"+b+">"; {
		case x < y:
			want = -1
		case x > y:
			want = 1
		}
		if got := compareIRI([]byte(a), []byte(b)); got != want {
			t.Fatalf("compareIRI(%q, %q) = %d, want %d", a, b, got, want)
		}
	})
}
