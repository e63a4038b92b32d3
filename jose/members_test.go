package jose

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/roundel/roundel/strictjson"
)

func TestCut(t *testing.T) {
	names := []string{"iss", "exp"}
	for in, want := range map[string]string{
		`{}`:                                    `{}`,
		` { } `:                                 ` { } `,
		`{"a":1}`:                               `{"a":1}`,
		`{"iss":1}`:                             `{}`,
		`{ "iss" : "a" , "exp" : [1,{}] }`:      `{}`,
		`{"iss":1,"a":2}`:                       `{"a":2}`,
		`{"iss":1,` + "\n  " + `"a": 2` + "\n}": "{\n  \"a\": 2\n}",
		`{"a":1,"iss":2}`:                       `{"a":1}`,
		`{"a":1,"iss":2,"b":3}`:                 `{"a":1,"b":3}`,
		`{"iss":1,"a":2,"exp":3,"b":4}`:         `{"a":2,"b":4}`,
		`{"a":{"iss":1},"iss":{"a":"}]\""}}`:    `{"a":{"iss":1}}`,
		`{"\u0069ss":1,"a":"\\"}`:               `{"a":"\\"}`,
		`{"iss":true,"a":-1.5e3 }`:              `{"a":-1.5e3 }`,
	} {
		if got := cut([]byte(in), names, count(in, names)); string(got) != want {
			t.Errorf("%s became %s, want %s", in, got, want)
		}
	}
}

// count says how many of names are members of an object.
func count(text string, names []string) int {
	tree := map[string]any{}
	_ = json.Unmarshal([]byte(text), &tree) // texts that are no objects have none
	n := len(tree)
	return n - len(without(tree, names...))
}

// FuzzCut: what is left is the same as the tree without those members.
func FuzzCut(f *testing.F) {
	f.Add([]byte(`{"iss":1,"a":{"iss":2},"exp":[{}],"b":"\"}"}`))
	f.Add([]byte(` { "a" : null , "\u0065xp" : 1e5 } `))
	f.Fuzz(func(t *testing.T, data []byte) { checkCut(t, data) })
}

func checkCut(t interface{ Fatalf(string, ...any) }, data []byte) {
	tree, err := strictjson.Decode(data, strictjson.Limits{})
	object, ok := tree.(map[string]any)
	if err != nil || !ok {
		return
	}
	got, err := strictjson.Decode(cut(data, []string{"iss", "exp"}, count(string(data), []string{"iss", "exp"})), strictjson.Limits{})
	if want := without(object, "iss", "exp"); err != nil || !reflect.DeepEqual(got, any(want)) {
		t.Fatalf("%s: %v, %v, want %v", data, got, err, want)
	}
	members, err := strictjson.Members(data, strictjson.Limits{})
	if err != nil {
		t.Fatalf("%s: %v", data, err)
	}
	small, err := outline(data, members)
	if err != nil {
		t.Fatalf("%s: outline %v, %v", data, small, err)
	}
	for _, name := range []string{"id", "issuer", "validFrom", "validUntil"} {
		want, present := object[name]
		if whole, isObject := want.(map[string]any); isObject && name == "issuer" {
			want = without(whole, otherThanID(whole)...)
		}
		if got, has := small[name]; has != present || !reflect.DeepEqual(got, want) {
			t.Fatalf("%s: outline has %s %v", data, name, small[name])
		}
	}
	ids := func(tree map[string]any) (out []string) {
		for _, s := range subjects(tree) {
			out = append(out, idOf(s))
		}
		return out
	}
	if _, listed := object["credentialSubject"].([]any); !listed {
		if _, single := object["credentialSubject"].(map[string]any); !single {
			return
		}
	}
	if !slices.Equal(ids(small), ids(object)) {
		t.Fatalf("%s: outline has subjects %v", data, ids(small))
	}
}

func otherThanID(tree map[string]any) (names []string) {
	for name := range tree {
		if name != "id" {
			names = append(names, name)
		}
	}
	return names
}

func TestCutAnyObject(t *testing.T) {
	name := rapid.SampledFrom([]string{"iss", "exp", "id", "issuer", "credentialSubject", "a", "b\"", "c\\"})
	leaf := rapid.SampledFrom([]any{1.5, "x", "}\",{", true, nil, []any{"]"}, map[string]any{"id": "a:s", "iss": 1.0}, []any{map[string]any{"id": "a:1"}, map[string]any{}}})
	rapid.Check(t, func(t *rapid.T) {
		text, err := json.Marshal(rapid.MapOf(name, leaf).Draw(t, "object"))
		if err != nil {
			t.Fatal(err)
		}
		if rapid.Bool().Draw(t, "spaced") {
			var b bytes.Buffer
			if err := json.Indent(&b, text, " ", "\t"); err != nil {
				t.Fatal(err)
			}
			text = b.Bytes()
		}
		checkCut(t, text)
	})
}
