package shape_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/roundel/roundel/jsonld"
)

// oddContext has a term of every kind that contexts may have.
const oddContext = `{"@context": {"@version": 1.1,
  "id": "@id", "type": "@type", "kind": "@type",
  "ob": "https://ob.example/", "xsd": "http://www.w3.org/2001/XMLSchema#",
  "pre": {"@id": "https://pre.example/", "@prefix": true}, "plainterm": {"@id": "https://plain.example/"},
  "urn:odd:term": {"@id": "urn:odd:term"},
  "label": "ob:label", "note": {"@id": "ob:note", "@language": "en"}, "free": {"@id": "ob:free", "@language": null},
  "names": {"@id": "ob:names", "@container": "@language"},
  "mood": {"@id": "ob:mood", "@type": "@vocab"}, "ref": {"@id": "ob:ref", "@type": "@id"},
  "raw": {"@id": "ob:raw", "@type": "@json"}, "when": {"@id": "ob:when", "@type": "xsd:dateTime"},
  "size": {"@id": "ob:size", "@type": "xsd:double"},
  "row": {"@id": "ob:row", "@container": "@list"}, "refs": {"@id": "ob:refs", "@type": "@id", "@container": "@list"},
  "bag": {"@id": "ob:bag", "@container": "@set"}, "claims": {"@id": "ob:claims", "@type": "@id", "@container": "@graph"},
  "part": {"@id": "ob:part"},
  "happy": "ob:Happy", "sad": "ob:Sad",
  "Thing": {"@id": "ob:Thing", "@context": {"inner": "ob:inner", "label": "ob:thingLabel", "tone": {"@id": "ob:tone", "@type": "@vocab"}}},
  "Other": "ob:Other",
  "scope": {"@id": "ob:scope", "@context": {"label": {"@id": "ob:scopeLabel", "@type": "@id"}, "sort": "@type", "ref": "ob:text"}}
}}`

const oddURL = "https://test.example/odd"

func oddContexts(t testing.TB) *jsonld.Contexts {
	t.Helper()
	c, err := jsonld.Embedded().With(oddURL, []byte(oddContext))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var (
	iris = []string{
		"https://a.example/1", "https://a.example/1", "https://a.example/2", "https://a.example/", "https://a.example/1/x",
		"https://a.example/1#x", "https://a.example", "http://a.example/?q=1&r=%20", "did:key:z6Mk", "did:web:a.example:b",
		"urn:uuid:9b1c7a54-3c9f-4a3a-8a42-2f3d7a3f8b11", "urn:x", "mailto:a@b.example", "tag:a,2020:b", "HTTPS://A.example",
		"data:,x", "a.b+c-1:d",
	}
	oddIRIs = []string{
		"", "a", "urn:", "ob:x", "pre:x", "plainterm:x", "schema:x", "xsd:string", "urn:odd:term", "label:x", "_:b", "_:b0", "_:", "ob", "label",
		"happy", "id", "type", "@id", "@type", "@foo", "https://a b", "https://a.example/é", "https://a.example/<x>", "https://a.example/\"",
		"https://a.example/\\", "https://a.example/{}", "https://a.example/%zz", "urn:a%zz", "urn:x#%zz", "urn:x#%", "https://a.example/[1]", "//a", "/a", "#a",
		"https://a.example/\n", "https://a.example/\x7f", "https://a.example/\ufffe", "1:2", "a b:c", ":x", "https:", "https://",
		"http://a.example/../b/./c", "x:/../y", "ob://x", "_://x", "Thing", "mood:x", "xsd", "did:key:z6Mk ", "éa:b",
	}
	texts = []string{
		"", "", "a", "b", "A", "a longer text of some words", "Grüße, 世界 \U0001F600", "\"", "\\", "\n\r\t\b\f", "\x00\x01\x1f\x7f",
		"\ufffe\uffff\ufffd", "\uff01", "_:c14n0", "<https://a.example/1>", "https://a.example/1", "_:a", "_:z", "\" .\n<urn:x> <urn:y> \"",
		"@type", "label", "happy", "ob:x", "1", "true", "null", "\u2028\u2029", "e\u0301", "é", "x0123456789abcdef0123456789abcdef:0;",
	}
)

// gen makes random documents. A nil tree is a gap for a text.
type gen struct {
	*rand.Rand
	hostility float64 // share of values that are unusual
}

func pick[T any](g *gen, from []T) T { return from[g.IntN(len(from))] }

func (g *gen) iri() string {
	if g.Float64() < g.hostility {
		return pick(g, oddIRIs)
	}
	if g.IntN(3) == 0 {
		return fmt.Sprintf("https://a.example/%d", g.IntN(1000))
	}
	return pick(g, iris)
}

func (g *gen) text() string {
	if g.IntN(3) == 0 {
		return "text " + strconv.Itoa(g.IntN(1000))
	}
	return pick(g, texts)
}

// A leaf is a text to be chosen anew for each document of a shape: an identifier
// 'i', a harmless one 'n', a text 't', a term 'v', a type 'y', a language 'l'.
type leaf struct{ role byte }

func (g *gen) fill(l leaf) string {
	switch {
	case l.role == 'i':
		return g.iri()
	case l.role == 'n':
		return fmt.Sprintf("https://a.example/%d", g.IntN(1000))
	case l.role == 'y':
		return pick(g, []string{"Thing", "Other", "https://a.example/T", "urn:odd:term"})
	case l.role == 'l':
		return pick(g, []string{"de", "en-GB", "x", "EN", "a b", ""})
	case l.role == 'v' && g.IntN(8) > 0:
		return pick(g, []string{"happy", "sad", "happy", "sad", "ob:x", "https://a.example/1", "urn:odd:term", "Thing"})
	case g.Float64() < g.hostility/4:
		return g.iri()
	default:
		return g.text()
	}
}

// node returns a random node object of the odd context.
func (g *gen) node(depth int) map[string]any {
	n := map[string]any{}
	if g.IntN(3) > 0 {
		n["id"] = leaf{'i'}
	}
	types := []any{[]any{"Thing"}, "Thing", "Other", []any{"Other", "Thing"}, "https://a.example/T", []any{"Other", "Other"}, leaf{'y'}}
	switch g.IntN(10) {
	case 0, 1, 2, 3:
		n["type"] = pick(g, types)
	case 4:
		n["kind"] = pick(g, types)
	case 5:
		n["@type"] = pick(g, types)
	}
	for range 1 + g.IntN(5) {
		g.member(n, depth)
	}
	if depth == 0 && g.IntN(4) == 0 {
		// Blank nodes that only differ at a distance.
		far := map[string]any{"part": map[string]any{"part": map[string]any{"label": leaf{'t'}}}}
		n["part"] = []any{far, far}
	}
	if len(n) == 1 && n["id"] != nil {
		n["label"] = leaf{'t'}
	}
	return n
}

func (g *gen) member(n map[string]any, depth int) {
	list := func(f func() any) any {
		items := []any{}
		for range g.IntN(4) {
			items = append(items, f())
		}
		return items
	}
	text := func() any { return leaf{'t'} }
	id := func() any { return leaf{'i'} }
	child := func() any { return any(g.node(depth + 1)) }
	if depth > 3 {
		child = id
	}
	switch g.IntN(23) {
	case 0, 1:
		n["label"] = text()
	case 2:
		n["note"] = text()
	case 3:
		n["free"] = list(text)
	case 4:
		n["names"] = map[string]any{"de": text(), "en-GB": list(text), "@none": text()}
	case 5:
		n["mood"] = leaf{'v'}
	case 6:
		n["ref"] = id()
	case 7:
		n["ref"] = list(id)
	case 8:
		if g.IntN(3) == 0 {
			n["raw"] = map[string]any{"b": text(), "a": []any{json.Number("1.0"), nil, text()}}
		}
	case 9:
		n["when"] = text()
	case 10:
		n["size"] = pick(g, []any{json.Number("1"), json.Number("1.0"), json.Number("1e0"), json.Number("-0"), text(), json.Number("1.5E+3"), true})
	case 11:
		n["row"] = list(text)
	case 12:
		n["refs"] = list(id)
	case 13:
		n["bag"] = list(text)
	case 14:
		n["claims"] = child()
	case 15, 16:
		n["part"] = child()
	case 17:
		// Nodes of one form differ by what they say, or by what those say that
		// they refer to, or not at all.
		same := []any{child()}
		for range g.IntN(3) {
			same = append(same, same[0])
		}
		if depth == 0 && g.IntN(4) == 0 {
			for range 9 {
				same = append(same, same[0], child())
			}
		}
		n["part"] = same
	case 18:
		n["scope"] = child()
	case 19:
		n["label"] = map[string]any{"@value": text(), "@language": leaf{'l'}}
	case 22:
		n["part"] = []any{child(), map[string]any{"@id": leaf{'i'}, "label": leaf{'t'}, "kind": leaf{'y'}}}
	case 20:
		n["label"] = map[string]any{"@value": text(), "@type": "https://a.example/type"}
	case 21:
		n[pick(g, []string{"https://a.example/p", "ob:p", "label", "inner", "unknown", "urn:odd:term", "tone", "sort", "@index", "@included", "bag"})] = pick(g, []any{text(), id(), leaf{'v'}, nil, json.Number("12345678901234567890"), map[string]any{"@list": list(text)}, map[string]any{"@set": list(id)}})
	}
}

// document returns a random document with gaps.
func (g *gen) document() map[string]any {
	d := g.node(0)
	d["@context"] = []any{oddURL}
	if g.IntN(4) == 0 {
		d["@context"] = oddURL
	}
	return d
}

// text writes a tree as JSON in the given order of members, with white space
// and escapes at random, and fills the gaps.
func (g *gen) write(v any, order uint64) []byte {
	var b []byte
	if l, ok := v.(leaf); ok {
		return g.quote(g.fill(l), g.IntN(4) == 0)
	}
	switch v := v.(type) {
	case map[string]any:
		b = append(b, '{')
		keys := slices.Sorted(maps.Keys(v))
		rand.New(rand.NewPCG(order, 1)).Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
		for i, k := range keys {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(g.space(b), g.quote(k, order%4 == 3)...)
			b = append(g.space(append(g.space(b), ':')), g.write(v[k], order)...)
			b = g.space(b)
		}
		return append(b, '}')
	case []any:
		b = append(b, '[')
		for i, item := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = g.space(append(g.space(b), g.write(item, order)...))
		}
		return append(b, ']')
	case string:
		return g.quote(v, order%8 == 7)
	default:
		b, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		return b
	}
}

func (g *gen) space(b []byte) []byte {
	return append(b, pick(g, []string{"", "", "", "", " ", "\n\t", "\r\n  "})...)
}

// quote writes a string, with escapes where they are needed or, perhaps, not.
func (g *gen) quote(s string, escapes bool) []byte {
	b := []byte{'"'}
	for _, r := range s {
		short := strings.IndexRune("\"\\/\b\f\n\r\t", r)
		switch {
		case short >= 0 && (r != '/' || escapes):
			b = append(b, '\\', "\"\\/bfnrt"[short])
		case r < ' ' || escapes && r < 0x10000 && r%3 == 0:
			b = fmt.Appendf(b, `\u%04x`, r)
		case escapes && r >= 0x10000:
			b = fmt.Appendf(b, `\u%04X\u%04x`, 0xD800+(r-0x10000)>>10, 0xDC00+(r-0x10000)&0x3FF)
		default:
			b = append(b, string(r)...)
		}
	}
	return append(b, '"')
}
