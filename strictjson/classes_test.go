package strictjson_test

import (
	"strings"
	"testing"

	"github.com/roundel/roundel/strictjson"
)

// TestClasses has one text or more for each kind of trouble that readers of JSON
// are known to have, refused or accepted on purpose.
func TestClasses(t *testing.T) {
	accepted := map[string][]string{
		"white space of four kinds": {" \t\r\n1 \t\r\n", "[ 1\t,\n2\r]"},
		"any value at the top":      {"0", `"a"`, "true", "false", "null", "[]", "{}"},
		"numbers of every form":     {"-0", "-1", "0.0", "0e0", "0e+1", "1E-2", "123.456e78", "[20e1]", "-0.0000000000000000000001"},
		"numbers beyond a double":   {"1e400", "-1e-400", "123456789012345678901234567890", "0.4e00669999999999999999999"},
		"every escape":              {`"\"\\\/\b\f\n\r\t"`, `"\u0000"`, `"\uFFFF"`, `"\u00e9\u00E9"`, `"\ud834\udd1e"`, `"\u2028"`},
		"odd characters as they are": {
			"\"\u007f\"", "\"\u0080\"", "\"\u2028\u2029\"", "\"\u200b\u2060\ufeff\"", "\"\ufffe\uffff\U0010ffff\"", "\"\U0001F600\"", "\"e\u0301\"", "\"\ue000\"",
		},
		"empty names and values": {`{"":""}`, `{"":[{}]}`, `[[],{}]`},
		"names that are alike":   {`{"a":1,"b":1,"a ":1,"\u0000":1,"é":1,"e\u0301":1}`, `{"ß":1,"ss":2}`, `{"ı":1,"i":2}`},
	}
	refused := map[string][]string{
		"nothing":                 {"", " ", "\n", "\ufeff"},
		"more than one value":     {"1 2", "{}{}", "[][]", "1,2", `"a""b"`, "{}]", "[]]", "{}}", "null null", "{}#", "{}//", "[1]x"},
		"commas":                  {"[,]", "[1,]", "[,1]", "[1,,2]", `{,}`, `{"a":1,}`, `{"a":1,,"b":2}`, "[1 2]", "[1;2]", `{"a":1 "b":2}`, ","},
		"ends":                    {"[", "{", "[1", "[1,", `{"a"`, `{"a":`, `{"a":1`, `{"a":1,`, `"`, `"a`, `"\`, `"\"`, `["a`, `["a"`, "[[", "]", "}", "[}", "{]", "[1}", `{"a":1]`},
		"colons and names":        {`{"a"}`, `{"a" 1}`, `{"a"::1}`, `{:1}`, `{a:1}`, `{'a':1}`, `{1:1}`, `{null:1}`, `{[]:1}`, `{"a","b"}`, `{"a":1:2}`, `["a":1]`, "{1}"},
		"words":                   {"nul", "tru", "fals", "True", "NULL", "nulll", "truefalse", "undefined", "NaN", "Infinity", "-Infinity", "-NaN", "None", "\ufeffnull"},
		"numbers":                 {"01", "-01", "00", "+1", ".5", "-.5", "1.", "1.e1", "-", "--1", "- 1", "1e", "1e+", "1E-", "1e1.5", "1.2.3", "0x1", "1_000", "1,0", "１", "1e１", "2.", "0b1", "1f", "1L", "٣"},
		"strings":                 {"'a'", "`a`", "a", `"a`, "\"\n\"", "\"\t\"", "\"\x00\"", "\"\x1f\"", `"\a"`, `"\'"`, `"\0"`, `"\x41"`, `"\U0041"`, `"\u"`, `"\u1"`, `"\u12g4"`, `"\u+041"`, `"\u 041"`, `"\u{41}"`, "\"\\\n\"", "\"\\\u00e9\"", `\n`, `“a”`},
		"surrogates":              {`"\ud800"`, `"\udfff"`, `"\ud800\ud800"`, `"\udc00\ud800"`, `"\ud800\n"`, `"\ud800a"`, `"\ud800\u"`, `"\ud800\udc0"`, `"\ud800\\udc00"`, `{"\udc00":1}`},
		"bytes that are no UTF-8": {"\"\xff\"", "\"\x80\"", "\"\xc3\"", "\"\xc3(\"", "\"\xc0\x80\"", "\"\xe0\x80\x80\"", "\"\xed\xa0\x80\"", "\"\xed\xa0\x80\xed\xb0\x80\"", "\"\xf4\x90\x80\x80\"", "\"\xf8\x88\x80\x80\x80\"", "\"\xe2\x82\"", "{\"\xff\":1}", "\xff", "[\xff]", "1\xff", "\"\\u00\xff\""},
		"other encodings":         {"\xff\xfe\"\x00a\x00\"\x00", "\x00\"\x00a\x00\"", "\"\x00a\x00\"\x00", "\ufeff{}", "\xef\xbb{}", "+AHs-"},
		"other white space":       {"\v1", "\f1", "\u00a01", "\u20281", "\u20601", "\u200b1", "\u0085 1", "[1\v]", "[\f]", "1\x00", "[\u00a0]"},
		"comments":                {"//\n1", "/**/1", "1//", "1/**/", "[1/**/]", "{/**/}", "#1", "<!-- -->1", "--1"},
		"the same name twice":     {`{"a":1,"a":1}`, `{"a":1,"a":2}`, `{"":1,"":2}`, `{"a":1,"\u0061":2}`, `{"\ud83d\ude00":1,"😀":2}`, `[{"a":{"b":1,"b":1}}]`},
		"names apart by case":     {`{"a":1,"A":2}`, `{"É":1,"é":2}`, `{"K":1,"\u212a":2}`, `{"ſ":1,"s":2}`, `{"Σ":1,"ς":2}`, `{"ǅ":1,"ǆ":2}`, `{"\u00b5":1,"\u03bc":2}`},
		"depth":                   {strings.Repeat("[", 65) + strings.Repeat("]", 65), strings.Repeat(`{"a":`, 65) + "1" + strings.Repeat("}", 65), strings.Repeat("[", 100_000), strings.Repeat(`[{"":`, 50_000)},
		"paths, pragmas, code":    {")]}',\n{}", "while(1);{}", "a={}", "{}\n;", "(1)", "<null>", "*", "[*]", "{\"a\":1}\x1e{}", "$", "&"},
	}
	check := func(class, text string, want bool) {
		t.Helper()
		err := strictjson.Check([]byte(text), strictjson.Limits{})
		if (err == nil) != want {
			t.Errorf("%s: Check(%.60q) = %v", class, text, err)
		}
		if _, decoded := strictjson.Decode([]byte(text), strictjson.Limits{}); (decoded == nil) != (err == nil) {
			t.Errorf("%s: Decode(%.60q) = %v, and Check says %v", class, text, decoded, err)
		}
	}
	for class, texts := range accepted {
		for _, text := range texts {
			check(class, text, true)
		}
	}
	for class, texts := range refused {
		for _, text := range texts {
			check(class, text, false)
		}
	}
}

// AppendString reads a string as Decode does, whatever it is.
func FuzzAppendString(f *testing.F) {
	for _, seed := range []string{
		`"a"`, `""`, `"\ud83d\ude00\n\u0000"`, "\"\xff\"", `"\ud800"`, `"a`, `"a" `, ` "a"`, `"a""`, "\"\n\"", "", "1", "\"é\\u00e9\"",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, literal []byte) {
		before := []byte("before")
		got, err := strictjson.AppendString(before, literal)
		if err != nil {
			if string(got) != "before" {
				t.Errorf("AppendString fails and leaves %q", got)
			}
		} else if string(got[:6]) != "before" {
			t.Fatalf("AppendString overwrites: %q", got)
		}
		want, decodeErr := strictjson.Decode(literal, strictjson.Limits{MaxBytes: len(literal) + 1})
		s, isString := want.(string)
		// Decode also takes white space around a value.
		if bare := len(literal) > 0 && literal[0] == '"' && literal[len(literal)-1] == '"'; !bare || !isString {
			if err == nil {
				t.Fatalf("AppendString(%q) = %q, which is no string by itself", literal, got)
			}
			return
		}
		if (err == nil) != (decodeErr == nil) || err == nil && string(got[6:]) != s {
			t.Fatalf("AppendString(%q) = %q, %v; Decode: %q, %v", literal, got, err, s, decodeErr)
		}
	})
}
