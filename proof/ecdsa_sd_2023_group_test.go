package proof

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/roundel/roundel/jsonld"
	"github.com/roundel/roundel/strictjson"
)

// oddContext has every kind of term that JSON-LD gives a meaning of its own.
const oddContext = `{"@context":{"@vocab":"https://x.example/v#","id":"@id","type":"@type",
	"names":{"@id":"https://x.example/names","@container":"@language"},
	"order":{"@id":"https://x.example/order","@container":"@list"},
	"raw":{"@id":"https://x.example/raw","@type":"@json"},
	"inside":{"@id":"https://x.example/inside","@container":"@graph"},
	"knows":{"@id":"https://x.example/knows","@type":"@id"},
	"Scoped":{"@id":"https://x.example/Scoped","@context":{"p":"https://x.example/scoped-p"}}}}`

const oddURL = "https://x.example/context"

func oddContexts(t testing.TB) *jsonld.Contexts {
	t.Helper()
	c, err := jsonld.Embedded().With(oddURL, []byte(oddContext))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// odd is a credential in that context with these members more.
func odd(members string) string {
	return `{"@context":["https://www.w3.org/ns/credentials/v2","` + oddURL + `"],"type":["VerifiableCredential"],"issuer":"did:web:uni.edu",` + members + `}`
}

// TestSDStructures derives from documents with lists, graphs, JSON values,
// language maps, and nodes that are shared or look alike.
func TestSDStructures(t *testing.T) {
	contexts := oddContexts(t)
	key := p256Key(t, "issuer")
	const notApart = "does not say the same alone"
	for _, c := range []struct {
		doc, pointer, want string // want is a part of the derived text, or of the error
	}{
		{`"p":{"order":["a",{"p":"x"},["b"]]}`, "/p", `"p":{"order":["a",{"p":"x"},["b"]]}`},
		{`"p":{"order":["a",{"p":"x"},"a"]}`, "/p/order", `"p":{"order":["a",{"p":"x"},"a"]}`},
		{`"p":{"order":["a",{"p":"x"},"a"]}`, "/p/order/1", notApart},
		{`"p":{"order":[{"order":["a","b"]},{"order":["a","b"]}],"q":1}`, "/p/order", `"p":{"order":[{"order":["a","b"]},{"order":["a","b"]}]}`},
		{`"p":{"order":[],"q":1}`, "/p/order", `"p":{"order":[]}`},
		{`"p":{"q":{"@list":["a",{"@list":["b","c"]},{"@list":["b","c"]}]},"r":"x"}`, "/p/q", `"p":{"q":{"@list":["a",{"@list":["b","c"]},{"@list":["b","c"]}]}}`},
		{`"p":[{"q":{"@list":[1,2]}},{"q":{"@list":[1,2]}},{"q":{"@list":[1,2]}}]`, "/p/1", `"p":[{"q":{"@list":[1,2]}}]`},
		{`"p":{"q":[{"@list":[1,2]},{"@list":[1,2]},{"@list":[1]}]}`, "/p/q/1", `"p":{"q":[{"@list":[1,2]}]}`},
		{`"p":{"raw":{"type":"a","b":[1,{"c":null}]},"q":1}`, "/p/raw", `"p":{"raw":{"type":"a","b":[1,{"c":null}]}}`},
		{`"p":{"raw":{"type":"a","b":[1,{"c":null}],"d":1},"q":1}`, "/p/raw/b", notApart},
		{`"p":{"raw":{"type":"a","b":[1,{"c":null}]},"q":1}`, "/p/q", `"p":{"q":1}`},
		{`"names":{"en":"x","de-CH":["y","z"]},"p":{"q":{"p":1}}`, "/names/de-CH/1", `"names":{"de-CH":["z"]}`},
		{`"names":{"en":"x","de-CH":["y","z"]},"p":{"q":{"p":1}}`, "/p/q/p", `"p":{"q":{"p":1}}`},
		{`"p":{"@value":"x","@language":"en"},"q":2`, "/p", `"p":{"@value":"x","@language":"en"}`},
		{`"inside":{"p":"x","q":{"p":"y"}},"q":2`, "/inside/q/p", `"inside":{"q":{"p":"y"}}`},
		{`"inside":[{"p":"x","q":"z"},{"p":"x","q":"z"},{"id":"urn:a","p":1,"q":2}]`, "/inside/2/p", `"inside":[{"id":"urn:a","p":1}]`},
		{`"inside":[{"id":"urn:a","p":"x","q":"z"},{"id":"urn:a","p":"x","q":"z"}]`, "/inside/1/q", `"inside":[{"id":"urn:a","q":"z"}]`},
		{`"inside":{"inside":{"p":1,"q":{"order":[1,{"p":2}]}}}`, "/inside/inside/q", `"inside":{"inside":{"q":{"order":[1,{"p":2}]}}}`},
		// Nodes that are only there by their label.
		{`"p":{"id":"_:b0","q":1,"p":{"id":"_:b0","names":{"en":"x"}}},"q":"z"`, "/p/p/names", `"p":{"id":"_:b0","p":{"id":"_:b0","names":{"en":"x"}}}`},
		{`"p":{"id":"_:b0","q":1},"knows":["_:b0","_:b1"]`, "/knows", `"knows":["_:b0","_:b1"]`},
		{`"p":{"id":"_:b7","q":1,"p":2}`, "/p/q", `"p":{"q":1}`},
		{`"p":[{"q":1},{"q":1},{"q":1,"p":2}]`, "/p/1/q", `"p":[{"q":1}]`},
		{`"p":[{"q":{"p":1}},{"q":{"p":1}},{"q":{"p":2}}]`, "/p/1/q", `"p":[{"q":{"p":1}}]`},
		{`"p":[{"type":"Scoped","p":1,"q":2},3]`, "/p/0/p", `"p":[{"type":"Scoped","p":1}]`},
		{`"p":{"@type":["Scoped"],"@id":"urn:z","p":1,"q":2}`, "/p/p", `"p":{"@type":["Scoped"],"@id":"urn:z","p":1}`},
		{`"p":{"@context":"` + oddURL + `","q":1,"p":2}`, "/p/q", `"p":{"@context":"` + oddURL + `","q":1}`},
		{`"a/b":{"c~d":1,"e":2},"q":3`, "/a~1b/c~0d", `"a/b":{"c~d":1}`},
		{`"a/b":{"c~d":1,"e":2},"q":3`, "/a~1b/e", `"a/b":{"e":2}`},
		{`"p":"a _:c14n0 \" _:c14n1 \\","q":{"p":"<x> _:b . \n"}`, "/q/p", `"q":{"p":"<x> _:b . \n"}`},
	} {
		doc := odd(c.doc)
		signed, err := Sign([]byte(doc), key, SignOptions{Method: method, Cryptosuite: ecdsaSD2023, MandatoryPointers: []string{"/issuer"}, Contexts: contexts})
		var derived []byte
		if err == nil {
			derived, err = Derive(signed, []string{c.pointer}, DeriveOptions{Contexts: contexts, Key: key.Public()})
		}
		if err != nil {
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s at %q: %v", doc, c.pointer, err)
			}
			continue
		}
		if !strings.Contains(string(derived), c.want) || strings.Count(string(derived), `"issuer":"did:web:uni.edu",`+c.want+`,"proof"`) == 0 {
			t.Errorf("%s at %q: %.600s\nwant %s", doc, c.pointer, derived, c.want)
		}
		if err := verifyAll(derived, key.Public(), VerifyOptions{Contexts: contexts}); err != nil {
			t.Errorf("%s at %q: %v", doc, c.pointer, err)
		}
	}
}

// TestSDGraphAlone: a document may be nothing but a graph.
func TestSDGraphAlone(t *testing.T) {
	contexts := oddContexts(t)
	doc := `{"@context":["https://www.w3.org/ns/credentials/v2","` + oddURL + `"],"@graph":[{"p":1,"q":2},{"id":"urn:g","@graph":[{"p":3},{"q":4}]},{"@id":"_:g","@graph":{"p":5}}]}`
	signed := signSD(t, doc, contexts, "/@graph/0/p")
	derived, err := Derive(signed, []string{"/@graph/1/@graph/1", "/@graph/2"}, DeriveOptions{Contexts: contexts})
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Replace(strings.Replace(doc, `,"q":2`, ``, 1), `{"p":3},`, ``, 1)
	if got := withoutProof(t, derived); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	if err := verifyAll(derived, p256Key(t, "issuer").Public(), VerifyOptions{Contexts: contexts}); err != nil {
		t.Error(err)
	}
}

// TestSDNestedCredential: credentials inside a credential have contexts of their
// own, which come with what is shown of them.
func TestSDNestedCredential(t *testing.T) {
	const v2 = `"@context":["https://www.w3.org/ns/credentials/v2"]`
	inner := func(name string) string {
		return `{` + v2 + `,"id":"urn:uuid:` + name + `","type":"VerifiableCredential","issuer":"did:web:uni.edu","name":"` + name + `","credentialSubject":{"id":"did:example:1"}}`
	}
	doc := `{` + v2 + `,"type":"VerifiablePresentation","holder":"did:example:1","verifiableCredential":[` + inner("a") + `,` + inner("b") + `]}`
	signed := signSD(t, doc, nil, "/holder")
	derived := derive(t, signed, "/verifiableCredential/1/name")
	want := `{` + v2 + `,"type":"VerifiablePresentation","holder":"did:example:1","verifiableCredential":[{` + v2 + `,"id":"urn:uuid:b","type":"VerifiableCredential","name":"b"}]}`
	if got := withoutProof(t, derived); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	if err := verifyAll(derived, p256Key(t, "issuer").Public(), VerifyOptions{}); err != nil {
		t.Error(err)
	}
}

// TestSDInline: documents that bring their own words, for callers who say so.
func TestSDInline(t *testing.T) {
	doc := `{"@context":["https://www.w3.org/ns/credentials/v2",{"@vocab":"https://x.example/v#"}],"type":["VerifiableCredential"],"issuer":"did:web:uni.edu","sails":[{"size":5.5},{"size":6.1},{"size":7}]}`
	key := p256Key(t, "issuer")
	o := SignOptions{Method: method, Cryptosuite: ecdsaSD2023, Inline: true}
	signed, err := Sign([]byte(doc), key, o)
	if err != nil {
		t.Fatal(err)
	}
	derived, err := Derive(signed, []string{"/sails/1"}, DeriveOptions{Inline: true, Key: key.Public()})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := withoutProof(t, derived), strings.Replace(strings.Replace(doc, `{"size":5.5},`, ``, 1), `,{"size":7}`, ``, 1); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	if err := verifyAll(derived, key.Public(), VerifyOptions{Inline: true}); err != nil {
		t.Error(err)
	}
	// Another word for the same statement, and other statements for the same word.
	renamed := bytes.ReplaceAll(derived, []byte("https://x.example/v#"), []byte("https://x.example/w#"))
	if err := verifyAll(renamed, key.Public(), VerifyOptions{Inline: true}); !errors.Is(err, ErrBadSignature) {
		t.Errorf("another vocabulary: %v", err)
	}
	var context *jsonld.ContextError
	if _, err := Derive(signed, []string{"/sails/1"}, DeriveOptions{}); !errors.As(err, &context) {
		t.Errorf("not asked for: %v", err)
	}
	if err := verifyAll(derived, key.Public(), VerifyOptions{}); !errors.As(err, &context) {
		t.Errorf("verified, not asked for: %v", err)
	}
}

// drawn makes random documents.
type drawn struct{ t *rapid.T }

func (d drawn) of(label string, values ...any) any { return rapid.SampledFrom(values).Draw(d.t, label) }

func (d drawn) literal() any {
	return d.of("literal", "a", "b", "_:b0", "x \"_:c14n1\" .\n", "urn:a", json.Number("1"), json.Number("1.5"), true, "é\U0001F600")
}

func (d drawn) object(depth int) map[string]any {
	o := map[string]any{}
	if id := d.of("id", "", "", "", "urn:a", "urn:b", "_:b0", "_:b1"); id != "" {
		o[d.of("id alias", "id", "@id").(string)] = id
	}
	if types := d.of("type", "", "", "T", []any{"T", "Scoped"}, []any{"Scoped"}); types != "" {
		o[d.of("type alias", "type", "@type").(string)] = types
	}
	for range rapid.IntRange(1, 3).Draw(d.t, "members") {
		switch name := d.of("name", "p", "q", "r", "order", "raw", "inside", "names", "knows").(string); name {
		case "order":
			o[name] = d.many(depth)
		case "raw":
			o[name] = d.of("raw", map[string]any{"type": "T", "x": []any{map[string]any{"y": "z"}}}, []any{json.Number("1")}, "s")
		case "names":
			o[name] = map[string]any{"en": d.of("text", "a", "b"), "de": []any{"c"}}
		case "knows":
			o[name] = d.of("known", "urn:a", "_:b0", "_:b1")
		case "inside":
			o[name] = d.object(depth - 1)
		default:
			o[name] = d.value(depth - 1)
		}
	}
	return o
}

func (d drawn) many(depth int) []any {
	list := []any{}
	for range rapid.IntRange(0, 3).Draw(d.t, "items") {
		if depth > 0 && rapid.Bool().Draw(d.t, "object") {
			list = append(list, d.object(depth-1))
		} else {
			list = append(list, d.literal())
		}
	}
	return list
}

func (d drawn) value(depth int) any {
	switch kind := rapid.IntRange(0, 4).Draw(d.t, "kind"); {
	case kind == 0 || depth <= 0:
		return d.literal()
	case kind == 1:
		return map[string]any{"@list": d.many(depth)}
	case kind == 2:
		return d.many(depth)
	default:
		return d.object(depth)
	}
}

// inside are the JSON pointers of all values in v.
func inside(v any, at string) []string {
	out := []string{at}
	switch v := v.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			out = append(out, inside(v[name], at+"/"+name)...)
		}
	case []any:
		for i, item := range v {
			out = append(out, inside(item, fmt.Sprintf("%s/%d", at, i))...)
		}
	}
	return out
}

// TestSDRandom: of random documents, random parts verify or are refused by
// name; what is shown is what was selected; and a changed leaf is refused.
func TestSDRandom(t *testing.T) {
	contexts := oddContexts(t)
	key := p256Key(t, "issuer")
	count := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		doc := drawn{t}.object(4)
		doc["@context"] = []any{"https://www.w3.org/ns/credentials/v2", oddURL}
		text, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := jsonld.Canonicalize(doc, jsonld.Options{Contexts: contexts}); err != nil {
			count["no document"]++
			return
		}
		pointers := inside(doc, "")
		draw := func(label string, n int) []string {
			return rapid.SliceOfN(rapid.SampledFrom(pointers), 0, n).Draw(t, label)
		}
		mandatory, selective := draw("mandatory", 2), draw("selective", 4)
		signed, err := Sign(text, key, SignOptions{Method: method, Cryptosuite: ecdsaSD2023, MandatoryPointers: mandatory, Contexts: contexts})
		var refused *PointerError
		if errors.As(err, &refused) {
			count["mandatory refused"]++
			return
		}
		if err != nil {
			t.Fatalf("sign %s: %v", text, err)
		}
		derived, err := Derive(signed, selective, DeriveOptions{Contexts: contexts, Key: key.Public()})
		if errors.As(err, &refused) || len(mandatory)+len(selective) == 0 && errors.Is(err, ErrMalformed) {
			count["selection refused"]++
			return
		}
		if err != nil {
			t.Fatalf("derive %q and %q from %s: %v", mandatory, selective, text, err)
		}
		if err := verifyAll(derived, key.Public(), VerifyOptions{Contexts: contexts}); err != nil {
			t.Fatalf("verify %q and %q of %s: %v", mandatory, selective, text, err)
		}
		count["verified"]++
		checkShown(t, signed, derived, slices.Concat(mandatory, selective))
		changed := bytes.Replace(derived, []byte(`"a"`), []byte(`"changed"`), 1)
		if bytes.Equal(changed, derived) {
			return
		}
		count["changed"]++
		if verifyAll(changed, key.Public(), VerifyOptions{Contexts: contexts}) == nil {
			t.Fatalf("accepted: %s", changed)
		}
	})
	t.Log(count)
	if !testing.Short() && (count["verified"] < 20 || count["changed"] < 1) {
		t.Errorf("too few documents to tell: %v", count)
	}
}

// checkShown compares the text that was cut out with what was selected.
func checkShown(t *rapid.T, signed, derived []byte, pointers []string) {
	tree := func(data []byte) map[string]any {
		v, err := strictjson.Decode(data, strictjson.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		unsecured, _, err := Split(v.(map[string]any))
		if err != nil {
			t.Fatal(err)
		}
		return unsecured
	}
	whole := tree(signed)
	s, err := selectParts(whole, pointers)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := any(tree(derived)), s.pick(whole); !reflect.DeepEqual(got, want) {
		t.Fatalf("%q of %s shows\n%s", pointers, signed, derived)
	}
}

// FuzzSDPointer: whatever pointers are, they select a part of the document or
// nothing, and text and tree agree about which.
func FuzzSDPointer(f *testing.F) {
	f.Add([]byte(graded), "/issuer", "/credentialSubject/result/1")
	f.Add([]byte(`{"a/b":[{"":{"m~n":[1,"x]\\\"}",null]}}]}`), "/a~1b/0//m~0n/1", "")
	f.Add([]byte(`{"id":"_:b","a":[[],{}],"type":{"a":1}}`), "/a/0", "/type/a")
	f.Fuzz(func(t *testing.T, doc []byte, first, second string) {
		v, err := strictjson.Decode(doc, strictjson.Limits{})
		if err != nil {
			return
		}
		tree, ok := v.(map[string]any)
		if !ok {
			return
		}
		s, err := selectParts(tree, []string{first, second})
		if err != nil {
			var pointer *PointerError
			if !errors.As(err, &pointer) || pointer.Pointer != first && pointer.Pointer != second {
				t.Fatalf("%q and %q: %v", first, second, err)
			}
			return
		}
		var compact bytes.Buffer
		if err := json.Compact(&compact, doc); err != nil {
			t.Fatal(err)
		}
		text := s.cut(compact.Bytes())
		got, err := strictjson.Decode(text, strictjson.Limits{})
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if want := s.pick(tree); !reflect.DeepEqual(got, want) {
			t.Fatalf("%q and %q of %s: %s", first, second, doc, text)
		}
	})
}
