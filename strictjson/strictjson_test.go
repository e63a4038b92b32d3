package strictjson_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/roundel/roundel/strictjson"
)

func TestRefuses(t *testing.T) {
	deep := strings.Repeat("[", 65) + strings.Repeat("]", 65)
	tests := []struct {
		name, doc, msg, path string
	}{
		{"member twice", `{"a":1,"a":2}`, "occurs twice", ""},
		{"member twice by escape", `{"a":1,"\u0061":2}`, "occurs twice", ""},
		{"member twice, nested", `{"x":[{"a":1},{"a":1,"a":1}]}`, "occurs twice", "/x/1"},
		{"members by case", `{"issuer":1,"Issuer":2}`, "letter case", ""},
		{"members by folding: Kelvin sign", "{\"key\":1,\"\u212aey\":2}", "letter case", ""},
		{"members by folding: long s", "{\"status\":1,\"\u017ftatus\":2}", "letter case", ""},
		{"members by folding: Greek", `{"σ":1,"ς":2}`, "letter case", ""},
		{"member twice in a big object", manyMembers(40) + `,"m3":1}`, "occurs twice", ""},
		{"pointer is escaped", `{"a/b~c":{"d":1,"d":1}}`, "occurs twice", "/a~1b~0c"},
		{"invalid UTF-8", "\"\xff\"", "UTF-8", ""},
		{"overlong UTF-8", "\"\xc0\xaf\"", "UTF-8", ""},
		{"encoded surrogate", "\"\xed\xa0\x80\"", "UTF-8", ""},
		{"invalid UTF-8 in a name", "{\"\xff\":1}", "UTF-8", ""},
		{"lone high surrogate", `"\ud800"`, "surrogate", ""},
		{"lone low surrogate", `"\udc00"`, "surrogate", ""},
		{"surrogates in the wrong order", `"\udc00\ud800"`, "surrogate", ""},
		{"high surrogate, then another escape", `"\ud800\u0041"`, "surrogate", ""},
		{"lone surrogate in a name", `{"\ud800":1}`, "surrogate", ""},
		{"trailing bytes", `{} {}`, "after the value", ""},
		{"trailing NUL", "{}\x00", "after the value", ""},
		{"byte order mark", "\ufeff{}", "byte order mark", ""},
		{"too deep", deep, "nested", strings.Repeat("/0", 64)},
		{"too deep by objects", strings.Repeat(`{"a":`, 65) + "1" + strings.Repeat("}", 65), "nested", strings.Repeat("/a", 64)},
		{"nothing", ``, "ends too early", ""},
		{"only spaces", "  \n", "ends too early", ""},
		{"open object", `{"a":1`, "comma or the end", ""},
		{"open string", `"a`, "does not end", ""},
		{"open escape", `"\`, "escape", ""},
		{"bad escape", `"\x41"`, "escape", ""},
		{"short escape", `"\u12"`, "escape", ""},
		{"signed escape", `"\u+123"`, "escape", ""},
		{"raw newline", "\"a\nb\"", "control character", ""},
		{"trailing comma in array", `[1,]`, "unexpected byte", "/1"},
		{"trailing comma in object", `{"a":1,}`, "member name", ""},
		{"unquoted name", `{a:1}`, "member name", ""},
		{"comment", `{/**/}`, "member name", ""},
		{"single quotes", `'a'`, "unexpected byte", ""},
		{"leading zero", `01`, "leading zero", ""},
		{"negative leading zero", `-01`, "leading zero", ""},
		{"plus", `+1`, "unexpected byte", ""},
		{"point without digits", `1.`, "after the point", ""},
		{"leading point", `.5`, "unexpected byte", ""},
		{"exponent without digits", `1e+`, "exponent", ""},
		{"minus alone", `-`, "digits", ""},
		{"NaN", `NaN`, "unexpected byte", ""},
		{"word", `nul`, "unexpected word", ""},
		{"word with a tail", `truex`, "after the value", ""},
		{"form feed", "\f1", "unexpected byte", ""},
		{"no-break space", "\u00a01", "unexpected byte", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := strictjson.Check([]byte(tt.doc), strictjson.Limits{})
			var e *strictjson.Error
			if !errors.As(err, &e) {
				t.Fatalf("Check = %v, want an *Error", err)
			}
			if !strings.Contains(e.Msg, tt.msg) || e.Path != tt.path {
				t.Errorf("Check = %q at %q, want %q at %q", e.Msg, e.Path, tt.msg, tt.path)
			}
			if _, err := strictjson.Decode([]byte(tt.doc), strictjson.Limits{}); err == nil {
				t.Error("Decode accepts what Check refuses")
			}
			var v any
			if err := strictjson.Unmarshal([]byte(tt.doc), strictjson.Limits{}, &v); err == nil {
				t.Error("Unmarshal accepts what Check refuses")
			}
		})
	}
}

func manyMembers(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"m%d":%d`, i, i)
	}
	return "{" + b.String()[1:]
}

func TestLimits(t *testing.T) {
	for _, tt := range []struct {
		doc    string
		limits strictjson.Limits
		ok     bool
	}{
		{strings.Repeat("[", 64) + strings.Repeat("]", 64), strictjson.Limits{}, true},
		{`[[1]]`, strictjson.Limits{MaxDepth: 2}, true},
		{`[[[]]]`, strictjson.Limits{MaxDepth: 2}, false},
		{`"` + strings.Repeat("a", 1<<20-2) + `"`, strictjson.Limits{}, true},
		{`"` + strings.Repeat("a", 1<<20-1) + `"`, strictjson.Limits{}, false},
		{`12345`, strictjson.Limits{MaxBytes: 4}, false},
		{strings.Repeat("[", 1<<20), strictjson.Limits{}, false},
	} {
		if err := strictjson.Check([]byte(tt.doc), tt.limits); (err == nil) != tt.ok {
			t.Errorf("Check(%.20q…, %+v) = %v, want ok %t", tt.doc, tt.limits, err, tt.ok)
		}
	}
}

func TestDecode(t *testing.T) {
	doc := ` { "s" : "a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00é😀" , "n" : [ 0, -0, -1.50, 1E+2, 10000000000000000000000 ],
	  "t" : true, "f" : false, "z" : null, "o" : {}, "l" : [], "" : "" } `
	got, err := strictjson.Decode([]byte(doc), strictjson.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"s": "a\"\\/\b\f\n\r\té😀é😀",
		"n": []any{json.Number("0"), json.Number("-0"), json.Number("-1.50"), json.Number("1E+2"), json.Number("10000000000000000000000")},
		"t": true, "f": false, "z": nil, "o": map[string]any{}, "l": []any{}, "": "",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Decode (-want +got):\n%s", diff)
	}
}

// Names are compared only within one object.
func TestSameNameElsewhere(t *testing.T) {
	if err := strictjson.Check([]byte(`{"a":{"a":{"A":1}},"b":[{"a":1},{"A":1}]}`), strictjson.Limits{}); err != nil {
		t.Error(err)
	}
}

// FuzzDecode compares with encoding/json: what is accepted here must be valid
// there and mean the same, and what is valid there may be refused here only
// for the reasons that this package exists for.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{"a":[1,2.5e-3,true,null,"\u00e9\ud83d\ude00"],"b":{"c":{}}}`,
		`{"a":1,"\u0061":2}`, "{\"K\":1,\"\u212a\":2}", "\"\xff\"", `"\ud800"`, `[[[[]]]]`, ` 1 `, `-0.0E-0`, `{"`, `[1,]`, "\ufeff1",
	} {
		f.Add([]byte(seed))
	}
	allowed := []string{"occurs twice", "letter case", "UTF-8", "surrogate", "nested"}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := strictjson.Decode(data, strictjson.Limits{})
		if checked := strictjson.Check(data, strictjson.Limits{}); (checked == nil) != (err == nil) {
			t.Fatalf("Check says %v, Decode says %v", checked, err)
		}
		if err != nil {
			var e *strictjson.Error
			if !errors.As(err, &e) || e.Offset < 0 || e.Offset > len(data) {
				t.Fatalf("bad error %#v", err)
			}
			if json.Valid(data) && len(data) <= 1<<20 && !containsAny(e.Msg, allowed) {
				t.Fatalf("refused valid JSON: %v", err)
			}
			return
		}
		dec := json.NewDecoder(strings.NewReader(string(data)))
		dec.UseNumber()
		var want any
		if err := dec.Decode(&want); err != nil {
			t.Fatalf("accepted what encoding/json refuses: %v", err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("got %#v, encoding/json %#v", got, want)
		}
	})
}

func containsAny(s string, subs []string) bool {
	for _, sub := range subs {
		if strings.Contains(s, sub) {
			return true
		}
	}
	return false
}

func ExampleCheck() {
	err := strictjson.Check([]byte(`{"issuer": "did:web:a.example", "Issuer": "did:web:b.example"}`), strictjson.Limits{})
	fmt.Println(err)
	// Output: json: members "issuer" and "Issuer" differ only in letter case at byte 32, in the document
}
