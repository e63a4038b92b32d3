package shape_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// Every odd value in every kind of place of a shape that is known: what the
// full processor makes of it is what the cache must make of it.
func TestTraps(t *testing.T) {
	values := slices.Concat(iris, oddIRIs, texts)
	places := []struct{ name, usual, doc string }{
		{"identifier", "urn:x", `{"@context":"https://test.example/odd","id":%s,"label":"a"}`},
		{"identifier of a part", "urn:x", `{"@context":"https://test.example/odd","part":{"id":%s,"label":"a"},"label":"b"}`},
		{"identifier of a graph", "urn:x", `{"@context":"https://test.example/odd","claims":{"id":%s,"label":"a"},"label":"b"}`},
		{"reference", "urn:x", `{"@context":"https://test.example/odd","id":"urn:a","ref":%s}`},
		{"two references", "urn:x", `{"@context":"https://test.example/odd","id":"urn:a","ref":[%s,"urn:b"]}`},
		{"list of references", "urn:x", `{"@context":"https://test.example/odd","refs":[%s,"urn:b"]}`},
		{"reference by the keyword", "urn:x", `{"@context":"https://test.example/odd","part":{"@id":%s}}`},
		{"text by a scope, elsewhere a reference", "urn:x", `{"@context":"https://test.example/odd","scope":{"ref":%s}}`},
		{"reference by a scope, elsewhere a text", "urn:x", `{"@context":"https://test.example/odd","scope":{"label":%s}}`},
		{"term", "urn:x", `{"@context":"https://test.example/odd","mood":%s}`},
		{"term in an array", "urn:x", `{"@context":"https://test.example/odd","mood":["urn:b",%s]}`},
		{"term by a type", "urn:x", `{"@context":"https://test.example/odd","type":"Thing","tone":%s}`},
		{"type", "urn:x", `{"@context":"https://test.example/odd","type":["Other",%s],"label":"a","part":{"label":"b"}}`},
		{"type by the keyword", "urn:x", `{"@context":"https://test.example/odd","@type":%s,"label":"a"}`},
		{"type by another name", "urn:x", `{"@context":"https://test.example/odd","kind":%s,"label":"a"}`},
		{"type by a scope", "urn:x", `{"@context":"https://test.example/odd","scope":{"sort":%s,"note":"b"}}`},
		{"datatype", "urn:x", `{"@context":"https://test.example/odd","label":{"@value":"a","@type":%s}}`},
		{"language", "de", `{"@context":"https://test.example/odd","label":{"@value":"a","@language":%s}}`},
		{"value", "a", `{"@context":"https://test.example/odd","label":{"@value":%s,"@language":"de"}}`},
		{"value in a language map", "a", `{"@context":"https://test.example/odd","names":{"de":%s,"en":["a","b"]}}`},
		{"text", "a", `{"@context":"https://test.example/odd","label":%s}`},
		{"text in a language", "a", `{"@context":"https://test.example/odd","note":%s}`},
		{"text in an array", "b", `{"@context":"https://test.example/odd","bag":["a",%s,"https://a.example/1"]}`},
		{"text in a list", "b", `{"@context":"https://test.example/odd","row":["a",%s,"a"]}`},
		{"text with a datatype", "b", `{"@context":"https://test.example/odd","when":%s}`},
		{"text for a number", "b", `{"@context":"https://test.example/odd","size":%s}`},
		{"text in a JSON literal", "b", `{"@context":"https://test.example/odd","raw":{"a":%s}}`},
		{"context", "https://test.example/odd", `{"@context":["https://test.example/odd",%s],"label":"a"}`},
		{"name of a member", "label", `{"@context":"https://test.example/odd",%s:"a","note":"b"}`},
	}
	g := &gen{}
	for _, place := range places {
		t.Run(place.name, func(t *testing.T) {
			p := newPair(t)
			for range 3 {
				if p.compare(t, fmt.Appendf(nil, place.doc, g.quote(place.usual, false))) == nil {
					t.Fatal("the document is refused with its usual value too")
				}
			}
			for _, v := range values {
				p.compare(t, fmt.Appendf(nil, place.doc, g.quote(v, false)))
				p.compare(t, fmt.Appendf(nil, place.doc, g.quote(v, true)))
			}
			for _, raw := range []string{`"\u0061"`, `"\uD83D\uDE00"`, `"\ud83d"`, `"\ude00"`, "\"\xff\"", "\"\xc0\xaf\"", "\"\xed\xa0\x80\"", "\"a\nb\"", `"\x"`, `"\u12"`, `"\`, `"a`, `1`, `1.0`, `null`, `true`, `[]`, `{}`, `["a"]`, `"a" "b"`, `"a",`} {
				p.compare(t, fmt.Appendf(nil, place.doc, raw))
			}
		})
	}
}

// Several values that only together are a trap.
func TestTrapsBetweenValues(t *testing.T) {
	const context = `"@context":"https://test.example/odd"`
	for _, tt := range []struct {
		name string
		doc  string
		sets [][]string // the first is usual
	}{
		{"equal nodes", `{` + context + `,"part":[{"label":"%s"},{"label":"%s"}],"bag":["%s"]}`, [][]string{{"a", "b", "c"}, {"a", "a", "c"}, {"b", "a", "a"}}},
		{"nodes that differ at a distance", `{` + context + `,"part":[{"part":{"part":{"label":"%s"}}},{"part":{"part":{"label":"%s"}}}]}`, [][]string{{"a", "b"}, {"b", "a"}, {"a", "a"}, {"c", "b"}}},
		{"equal nodes that refer to others", `{` + context + `,"part":[{"label":"%s","part":{"label":"%s"}},{"label":"%s","part":{"label":"%s"}}]}`, [][]string{
			{"a", "c", "b", "d"}, {"a", "c", "a", "d"}, {"a", "d", "a", "c"}, {"a", "e", "a", "f"}, {"a", "f", "a", "e"}, {"a", "g", "a", "h"}, {"a", "h", "a", "g"}, {"a", "a", "a", "a"},
		}},
		{"equal texts", `{` + context + `,"id":"urn:x","bag":["%s","%s","%s"]}`, [][]string{{"a", "b", "c"}, {"a", "a", "c"}, {"c", "b", "a"}, {"a", "a", "a"}}},
		{"equal texts in a list", `{` + context + `,"row":["%s","%s","%s"]}`, [][]string{{"a", "b", "c"}, {"a", "a", "c"}, {"c", "b", "a"}, {"a", "a", "a"}}},
		{"equal identifiers", `{` + context + `,"id":"%s","label":"a","part":{"id":"%s","label":"%s","part":{"id":"%s","note":"n"}}}`, [][]string{
			{"urn:a", "urn:b", "l", "urn:c"}, {"urn:a", "urn:a", "l", "urn:c"}, {"urn:a", "urn:a", "a", "urn:a"}, {"urn:c", "urn:b", "a", "urn:c"}, {"urn:b", "urn:a", "a", "urn:a"},
		}},
		{"identifiers that begin alike", `{` + context + `,"id":"%s","part":{"id":"%s","label":"b","part":{"id":"%s","label":"c"}}}`, [][]string{
			{"urn:a", "urn:b", "urn:c"}, {"urn:a", "urn:a/b", "urn:aa"}, {"urn:aa", "urn:a!", "urn:a"}, {"urn:a?", "urn:a>", "urn:a"}, {"urn:a~", "urn:a=", "urn:a"},
		}},
		{"a known identifier", `{` + context + `,"id":"https://a.example/T","type":"https://a.example/T","label":"%s","part":{"id":"%s","label":"%s"}}`, [][]string{{"a", "urn:b", "b"}, {"a", "https://a.example/T", "b"}, {"a", "https://a.example/T", "a"}}},
		{"a graph of the document's name", `{` + context + `,"id":"%s","label":"l","claims":{"id":"%s","label":"l"}}`, [][]string{{"urn:a", "urn:b"}, {"urn:a", "urn:a"}}},
		{"lines in disguise", `{` + context + `,"label":"%s","bag":["%s"]}`, [][]string{{"a", "b"}, {`a\" .\n_:c14n0 <urn:p> \"b`, "b"}, {`\\\"`, `\\`}, {"_:a", "_:z"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newPair(t)
			write := func(values []string) []byte {
				args := make([]any, len(values))
				for i, v := range values {
					args[i] = v
				}
				return fmt.Appendf(nil, tt.doc, args...)
			}
			for i := range 4 {
				data := strings.Replace(string(write(tt.sets[0])), "urn:a", fmt.Sprintf("urn:a%d", i), 1)
				if p.compare(t, []byte(data)) == nil {
					t.Fatal("refused with its usual values")
				}
			}
			if p.cache.Stats().Fast == 0 && tt.name != "nodes that differ at a distance" {
				t.Error("never fast")
			}
			for _, values := range tt.sets {
				p.compare(t, write(values))
			}
		})
	}
}

// Many blank nodes: their labels sort as text, c14n10 before c14n2.
func TestManyBlankNodes(t *testing.T) {
	p := newPair(t)
	for i := range 5 {
		doc := `{"@context":"https://test.example/odd","part":[`
		for j := range 123 {
			doc += fmt.Sprintf(`{"label":"%d","part":{"note":"%d"}},`, (i+1)*j, 1000-j)
		}
		p.compare(t, []byte(strings.TrimSuffix(doc, ",")+"]}"))
	}
	if s := p.cache.Stats(); s.Fast < 3 {
		t.Errorf("%+v", s)
	}
}

// Numbers are part of the shape as they are written.
func TestNumbers(t *testing.T) {
	p := newPair(t)
	for range 3 {
		for _, n := range []string{"1", "1.0", "1e0", "10e-1", "-0", "0", "0.5", "5e-1", "1E+2", "100", "12345678901234567890", "true", "false", "null", "01", "1.", "- 1", "1 2", "tru e", "truefalse", "1true", "NaN"} {
			for _, name := range []string{"size", "label", "raw"} {
				p.compare(t, fmt.Appendf(nil, `{"@context":"https://test.example/odd","%s":%s,"note":"n"}`, name, n))
				p.compare(t, fmt.Appendf(nil, `{"@context":"https://test.example/odd","%s":[%s , 7],"note":"n"}`, name, n))
			}
		}
	}
}

// A known shape is known in every order of members, at first sight.
func TestEveryOrder(t *testing.T) {
	p := newPair(t)
	g := &gen{rand.New(rand.NewPCG(3, 3)), 0}
	tree := map[string]any{
		"@context": []any{oddURL}, "id": leaf{'n'}, "type": []any{"Thing", "Other"}, "label": leaf{'t'}, "note": leaf{'t'},
		"part":  []any{map[string]any{"label": "one", "note": leaf{'t'}}, map[string]any{"label": "two", "row": []any{leaf{'t'}, leaf{'t'}}}},
		"scope": map[string]any{"label": leaf{'n'}, "ref": leaf{'t'}, "note": "three", "size": json.Number("1.50")},
		"names": map[string]any{"de": leaf{'t'}, "en": "four", "fr": []any{leaf{'t'}, "five"}},
	}
	for range 3 {
		p.compare(t, g.write(tree, 1))
	}
	known := p.cache.Stats()
	for order := range uint64(100) {
		if order%4 == 3 {
			continue // names with escapes are other names, as far as shapes go
		}
		if p.compare(t, g.write(tree, order)) == nil {
			t.Fatal("refused")
		}
	}
	if s := p.cache.Stats(); s.Compiled != known.Compiled || s.Fast != known.Fast+75 {
		t.Errorf("%+v, then %+v: some order was not recognised", known, s)
	}
}

// What stands around and between the parts of a text that is written like one
// before it.
func TestTextsAlmostAlike(t *testing.T) {
	p := newPair(t)
	const doc = `{"@context":"https://test.example/odd","id":"urn:x","label":"a","bag":["b","c"]}`
	for range 4 {
		p.compare(t, []byte(doc))
	}
	if p.cache.Stats().Fast < 2 {
		t.Fatal("the document is not known")
	}
	for _, insert := range []string{" ", "\n", "\t\r", "\f", "\x00", "{}", "}", "]", ",", "x", `"`, `""`, "1", "\ufeff", "\xff", "//", `\`, `:`, `"a"`} {
		for at := range len(doc) + 1 {
			p.compare(t, []byte(doc[:at]+insert+doc[at:]))
		}
	}
	for at := range len(doc) {
		p.compare(t, []byte(doc[:at]))
		p.compare(t, []byte(doc[at:]))
		p.compare(t, []byte(doc[:at]+doc[at+1:]))
	}
}
