package jsonld_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/roundel/roundel/internal/vectors"
	"github.com/roundel/roundel/jsonld"
)

// rewrite returns v with the functions applied to each scalar outside @context
// and to each object, always in the same order; the original stays.
func rewrite(v any, scalar func(any) any, object func(map[string]any)) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			out[key] = v[key]
			if key != "@context" {
				out[key] = rewrite(v[key], scalar, object)
			}
		}
		object(out)
		return out
	case []any:
		out := []any{}
		for _, item := range v {
			out = append(out, rewrite(item, scalar, object))
		}
		return out
	default:
		return scalar(v)
	}
}

// Every value of a realistic credential is signed: changing any one of them
// changes the canonical form, or makes the document unacceptable. Every object
// refuses a member that no context defines.
func TestEveryValueIsSigned(t *testing.T) {
	doc := decode(t, vectors.Fixture(t, "achievement-credential.json"))
	want, err := jsonld.Canonicalize(doc, jsonld.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(want, []byte("\n")); n != 74 {
		t.Fatalf("%d quads, want 74", n)
	}
	scalars, objects := 0, 0
	rewrite(doc, func(v any) any { scalars++; return v }, func(map[string]any) { objects++ })
	for target := range scalars {
		i := 0
		changed := rewrite(doc, func(v any) any {
			if i++; i-1 != target {
				return v
			}
			switch v := v.(type) {
			case string:
				return v + "x"
			case json.Number:
				return json.Number(v + "1")
			case bool:
				return !v
			}
			return v
		}, func(map[string]any) {})
		got, err := jsonld.Canonicalize(changed.(map[string]any), jsonld.Options{})
		if err == nil && bytes.Equal(got, want) {
			t.Errorf("a change is not signed: %v", changed)
		}
	}
	for target := range objects {
		i := 0
		changed := rewrite(doc, func(v any) any { return v }, func(o map[string]any) {
			if i++; i-1 == target {
				o["addedByForger"] = "x"
			}
		})
		if _, err := jsonld.Canonicalize(changed.(map[string]any), jsonld.Options{}); kind(err) != "term" {
			t.Errorf("an added member gives %v", err)
		}
	}
}

// What says the same must give the same bytes: order of members, one value or
// an array of one, order in sets, null members.
func TestSameMeaningSameBytes(t *testing.T) {
	doc := decode(t, vectors.Fixture(t, "achievement-credential.json"))
	want, err := jsonld.Canonicalize(doc, jsonld.Options{})
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		changed := rewrite(doc, func(v any) any { return v }, func(o map[string]any) {
			for _, key := range slices.Sorted(maps.Keys(o)) {
				value := o[key]
				switch list, isList := value.([]any); {
				case key == "@context" || key == "id":
				case isList && len(list) == 1 && rapid.Bool().Draw(t, "unwrap"):
					o[key] = list[0]
				case isList && key != "type" && key != "allowedValue" && key != "rubricCriterionLevel":
					list = slices.Clone(list)
					slices.Reverse(list)
					o[key] = list
				case !isList && key != "type" && rapid.Bool().Draw(t, "wrap"):
					o[key] = []any{value, nil}
				}
			}
		})
		got, err := jsonld.Canonicalize(changed.(map[string]any), jsonld.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Fatalf("got\n%s", got)
		}
	})
}

// Whatever is done to the contexts of a badge, it is refused, or says the same
// as before.
func TestContextsMayNotChangeTheMeaning(t *testing.T) {
	doc := decode(t, vectors.Fixture(t, "achievement-credential.json"))
	want, err := jsonld.Canonicalize(doc, jsonld.Options{})
	if err != nil {
		t.Fatal(err)
	}
	const v2, ob = "https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
	for _, tt := range []struct {
		contexts any
		kind     string // "none" if it says the same
	}{
		{[]any{v2, ob, v2}, "none"},
		{[]any{v2, ob, "https://www.w3.org/ns/did/v1"}, "none"},
		{[]any{ob, v2}, "none"}, // against the rules of credentials, which are checked elsewhere
		{[]any{v2}, "term"},
		{[]any{ob}, "term"},
		{[]any{"https://www.w3.org/2018/credentials/v1", ob}, "term"},
		{[]any{v2, "https://purl.imsglobal.org/spec/ob/v3p0/context.json", ob}, "invalid"},
		{[]any{map[string]any{"@vocab": "urn:v#"}, v2, ob}, "context"},
		{[]any{v2, ob, map[string]any{"@vocab": "urn:v#"}}, "context"},
		{[]any{v2, ob, map[string]any{"@language": "en"}}, "context"},
		{[]any{v2, ob, map[string]any{"@protected": true}}, "context"},
		{[]any{v2, ob, map[string]any{}}, "context"},
		{[]any{nil, v2, ob}, "context"},
		{[]any{v2, ob, nil}, "context"},
		{[]any{v2, []any{ob}}, "context"},
		{[]any{v2, ob, "https://www.w3.org/ns/credentials/undefined-terms/v2"}, "context"},
	} {
		changed := maps.Clone(doc)
		changed["@context"] = tt.contexts
		got, err := jsonld.Canonicalize(changed, jsonld.Options{})
		if kind(err) != tt.kind {
			t.Errorf("%v gives %s error %v, want %s", tt.contexts, kind(err), err, tt.kind)
		}
		if err == nil && !bytes.Equal(got, want) {
			t.Errorf("%v says something else:\n%s", tt.contexts, got)
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	doc := decode(t, vectors.Fixture(t, "achievement-credential.json"))
	want, err := jsonld.Canonicalize(doc, jsonld.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 5 {
				if got, err := jsonld.Canonicalize(doc, jsonld.Options{}); err != nil || !bytes.Equal(got, want) {
					t.Errorf("%v\n%s", err, got)
				}
			}
		})
	}
	wg.Wait()
}

// RDF forms that the published examples do not show.
func TestForms(t *testing.T) {
	const p = "<urn:c> <urn:p> "
	tests := []struct{ value, want string }{
		{`true`, p + `"true"^^<http://www.w3.org/2001/XMLSchema#boolean> .`},
		{`0`, p + `"0"^^<http://www.w3.org/2001/XMLSchema#integer> .`},
		{`-0.0`, p + `"0"^^<http://www.w3.org/2001/XMLSchema#integer> .`},
		{`5.0`, p + `"5"^^<http://www.w3.org/2001/XMLSchema#integer> .`},
		{`-12e2`, p + `"-1200"^^<http://www.w3.org/2001/XMLSchema#integer> .`},
		{`100000000000000000000`, p + `"100000000000000000000"^^<http://www.w3.org/2001/XMLSchema#integer> .`},
		{`1e21`, p + `"1.0E21"^^<http://www.w3.org/2001/XMLSchema#double> .`},
		{`5.3`, p + `"5.3E0"^^<http://www.w3.org/2001/XMLSchema#double> .`},
		{`-0.000123`, p + `"-1.23E-4"^^<http://www.w3.org/2001/XMLSchema#double> .`},
		{`66.66666666666667`, p + `"6.666666666666667E1"^^<http://www.w3.org/2001/XMLSchema#double> .`},
		{`{"@value":3,"@type":"http://www.w3.org/2001/XMLSchema#double"}`, p + `"3.0E0"^^<http://www.w3.org/2001/XMLSchema#double> .`},
		{`{"@value":3.5,"@type":"http://www.w3.org/2001/XMLSchema#float"}`, p + `"3.5E0"^^<http://www.w3.org/2001/XMLSchema#float> .`},
		{`{"@value":"03","@type":"http://www.w3.org/2001/XMLSchema#integer"}`, p + `"03"^^<http://www.w3.org/2001/XMLSchema#integer> .`},
		{`{"@value":"Grüezi","@language":"de-CH"}`, p + `"Grüezi"@de-ch .`},
		{`""`, p + `"" .`},
		{`{"id":"urn:o"}`, p + `<urn:o> .`},
		{`{"id":"_:x"}`, p + `_:c14n0 .`},
		{`{}`, p + `_:c14n0 .`},
		{`{"@set":["a",{"@value":"b"}]}`, p + `"a" .` + "\n" + p + `"b" .`},
		{`null`, ``},
		{`[]`, ``},
		{`[["a"],["a",["b",null]]]`, p + `"a" .` + "\n" + p + `"b" .`},
		{`{"@list":[]}`, p + `<http://www.w3.org/1999/02/22-rdf-syntax-ns#nil> .`},
		{`{"@list":["a"]}`, p + "_:c14n0 .\n" +
			"_:c14n0 <http://www.w3.org/1999/02/22-rdf-syntax-ns#first> \"a\" .\n" +
			"_:c14n0 <http://www.w3.org/1999/02/22-rdf-syntax-ns#rest> <http://www.w3.org/1999/02/22-rdf-syntax-ns#nil> ."},
		{`{"@graph":[{"id":"urn:s","urn:q":"x"}]}`, p + "_:c14n0 .\n" + `<urn:s> <urn:q> "x" _:c14n0 .`},
		{`{"id":"urn:g","@graph":[{"id":"urn:s","urn:q":{"id":"_:c","urn:r":1}}],"urn:q":{"id":"_:c"}}`,
			p + "<urn:g> .\n" + "<urn:g> <urn:q> _:c14n0 .\n" + "<urn:s> <urn:q> _:c14n0 <urn:g> .\n" +
				`_:c14n0 <urn:r> "1"^^<http://www.w3.org/2001/XMLSchema#integer> <urn:g> .`},
		{`{"@type":"@json","@value":null}`, p + `"null"^^<http://www.w3.org/1999/02/22-rdf-syntax-ns#JSON> .`},
		{`{"@type":"@json","@value":{"z":[1.0,1e-7,1E30,0.1,-0,true,null,{}],"\u20ac":"\u0001\n\"\\","\ud83d\ude00":1,"\ufb33":2}}`,
			p + `"{\"z\":[1,1e-7,1e+30,0.1,0,true,null,{}],\"€\":\"\\u0001\\n\\\"\\\\\",\"😀\":1,\"` + "\ufb33" + `\":2}"^^<http://www.w3.org/1999/02/22-rdf-syntax-ns#JSON> .`},
	}
	for _, tt := range tests {
		doc := decode(t, []byte(`{`+v2+`,"id":"urn:c","urn:p":`+tt.value+`,"name":"x"}`))
		got, err := jsonld.Canonicalize(doc, jsonld.Options{})
		if err != nil {
			t.Errorf("%s: %v", tt.value, err)
			continue
		}
		text := strings.Replace(string(got), "<urn:c> <https://schema.org/name> \"x\" .\n", "", 1)
		if strings.TrimSuffix(text, "\n") != tt.want {
			t.Errorf("%s gives\n%swant\n%s", tt.value, text, tt.want)
		}
	}
}

// FuzzCanonicalize: no document may panic, and what is accepted once is
// accepted again with the same result.
func FuzzCanonicalize(f *testing.F) {
	f.Add([]byte(`{` + v2 + `,"id":"urn:c","type":"VerifiableCredential","name":"x","credentialSubject":{"id":"urn:s"}}`))
	f.Add([]byte(`{` + v2 + `,"id":"name:c","urn:p":{"@list":[{"@value":1,"@type":"x:y"},{"@graph":[{}]}]}}`))
	f.Add([]byte(`{` + v2 + `,"@type":[],"@graph":[[],{"@id":"_:b"}],"_:p":{"@value":{},"@type":"@json"}}`))
	f.Add([]byte(`{` + v2 + `,"proof":{"type":"DataIntegrityProof","proofPurpose":"assertionMethod"},"@value":"x"}`))
	f.Add([]byte(`{"@context":{"@vocab":"urn:v#","p":"urn:p:","a":{"@id":"p:a","@type":"@vocab","@container":"@list","@context":{"@protected":true,"b":null}}},"@type":"p:t","a":["a",{"c":[["x"]]}]}`))
	f.Add([]byte(`{"@context":[{"T":{"@id":"urn:t","@context":{"@propagate":true,"l":{"@id":"urn:l","@container":["@language","@set"]},"j":{"@id":"urn:j","@type":"@json"}}}}],"@type":"T","l":{"en":["x",null]},"j":[{}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var doc map[string]any
		dec := json.NewDecoder(bytes.NewReader(data))
		dec.UseNumber()
		if dec.Decode(&doc) != nil {
			return
		}
		before := fmt.Sprint(doc)
		if out, err := jsonld.Canonicalize(doc, jsonld.Options{MaxWork: 1000, Inline: true}); err == nil && len(out) == 0 {
			t.Fatal("accepted, but nothing is signed")
		}
		a, errA := jsonld.Canonicalize(doc, jsonld.Options{MaxWork: 1000})
		b, errB := jsonld.Canonicalize(doc, jsonld.Options{MaxWork: 1000})
		if !bytes.Equal(a, b) || (errA == nil) != (errB == nil) {
			t.Fatalf("%s %v\n%s %v", a, errA, b, errB)
		}
		if fmt.Sprint(doc) != before {
			t.Fatal("the document was changed")
		}
	})
}

func ExampleCanonicalize() {
	doc := map[string]any{
		"@context": "https://www.w3.org/ns/credentials/v2",
		"id":       "urn:uuid:0b7c2f7e-5d0a-4a1e-9f57-6f1f2f7a9f10",
		"type":     "VerifiableCredential",
		"hobby":    "chess",
	}
	_, err := jsonld.Canonicalize(doc, jsonld.Options{})
	fmt.Println(err)
	delete(doc, "hobby")
	out, err := jsonld.Canonicalize(doc, jsonld.Options{})
	fmt.Print(string(out), err)
	// Output:
	// json-ld: the contexts do not define the term "hobby" at /hobby
	// <urn:uuid:0b7c2f7e-5d0a-4a1e-9f57-6f1f2f7a9f10> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <https://www.w3.org/2018/credentials#VerifiableCredential> .
	// <nil>
}
