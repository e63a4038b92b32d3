package jcs_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	reference "github.com/gowebpki/jcs"
	"pgregory.net/rapid"

	"github.com/roundel/roundel/internal/vectors"
	"github.com/roundel/roundel/jcs"
	"github.com/roundel/roundel/strictjson"
)

func TestRefuses(t *testing.T) {
	for _, doc := range []string{
		"", "{", `{"a":1,"a":1}`, `{"a":1,"A":1}`, `{} {}`, "\"\xff\"", `"\ud800"`, "NaN", "Infinity", "01", "+1", "0x10",
		strings.Repeat("[", 65) + strings.Repeat("]", 65),
	} {
		out, err := jcs.Transform([]byte(doc))
		var strict *strictjson.Error
		if !errors.As(err, &strict) || out != nil {
			t.Errorf("Transform(%.20q) = %q, %v, want a *strictjson.Error", doc, out, err)
		}
	}
	for _, doc := range []string{"1e309", "-1e309", `{"a":[1e400]}`, "1" + strings.Repeat("0", 400)} {
		if out, err := jcs.Transform([]byte(doc)); !errors.Is(err, jcs.ErrNumber) || out != nil {
			t.Errorf("Transform(%.20q) = %q, %v, want ErrNumber", doc, out, err)
		}
	}
	for _, v := range []any{
		json.Number(""), json.Number("0x10"), json.Number("1_0"), json.Number("Inf"), json.Number("nan"), json.Number(" 1"), json.Number("1 "),
		json.Number("01"), json.Number("-"), json.Number("1."), json.Number(`"1`), json.Number("1e999"), math.NaN(), math.Inf(1), math.Inf(-1),
	} {
		if out, err := jcs.Canonicalize(v); !errors.Is(err, jcs.ErrNumber) || out != nil {
			t.Errorf("Canonicalize(%#v) = %q, %v, want ErrNumber", v, out, err)
		}
	}
	for _, v := range []any{1, []string{"a"}, map[string]string{}, "\xff", map[string]any{"\xed\xa0\x80": true}, []any{map[string]any{"a": struct{}{}}}} {
		if out, err := jcs.Canonicalize(v); !errors.Is(err, jcs.ErrValue) || out != nil {
			t.Errorf("Canonicalize(%#v) = %q, %v, want ErrValue", v, out, err)
		}
	}
}

// TestPublishedVectors runs the files of RFC 8785's author.
func TestPublishedVectors(t *testing.T) {
	dir := filepath.Join(vectors.Dir(t, "jcs"), "testdata")
	inputs, err := filepath.Glob(filepath.Join(dir, "input", "*.json"))
	if err != nil || len(inputs) == 0 {
		t.Fatalf("no vectors: %v", err)
	}
	for _, input := range inputs {
		name := strings.TrimSuffix(filepath.Base(input), ".json")
		in, err := os.ReadFile(input)
		if err != nil {
			t.Fatal(err)
		}
		want := vectors.File(t, "jcs", "testdata", "output", name+".json")
		text := vectors.File(t, "jcs", "testdata", "outhex", name+".txt")
		fromHex, err := hex.DecodeString(strings.Join(strings.Fields(string(text)), ""))
		if err != nil || !bytes.Equal(fromHex, want) {
			t.Fatalf("%s: the two forms of the expected output differ: %v", name, err)
		}
		got, err := jcs.Transform(in)
		if name == "structures" {
			// Its members "f" and "F" are what the strict reader refuses by design, so
			// the tree comes from the standard library here.
			if err == nil {
				t.Error("members that differ only in letter case were accepted")
			}
			var tree any
			dec := json.NewDecoder(bytes.NewReader(in))
			dec.UseNumber()
			if err := dec.Decode(&tree); err != nil {
				t.Fatal(err)
			}
			got, err = jcs.Canonicalize(tree)
		}
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: got %s, %v\nwant %s", name, got, err, want)
		}
	}
}

// The table of RFC 8785, appendix B, and the borders of each notation.
func TestNumbers(t *testing.T) {
	for _, c := range []struct {
		bits uint64
		want string
	}{
		{0x0000000000000000, "0"},
		{0x8000000000000000, "0"},
		{0x0000000000000001, "5e-324"},
		{0x8000000000000001, "-5e-324"},
		{0x7fefffffffffffff, "1.7976931348623157e+308"},
		{0xffefffffffffffff, "-1.7976931348623157e+308"},
		{0x4340000000000000, "9007199254740992"},
		{0xc340000000000000, "-9007199254740992"},
		{0x4430000000000000, "295147905179352830000"},
		{0x44b52d02c7e14af5, "9.999999999999997e+22"},
		{0x44b52d02c7e14af6, "1e+23"},
		{0x44b52d02c7e14af7, "1.0000000000000001e+23"},
		{0x444b1ae4d6e2ef4e, "999999999999999700000"},
		{0x444b1ae4d6e2ef4f, "999999999999999900000"},
		{0x444b1ae4d6e2ef50, "1e+21"},
		{0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7"},
		{0x3eb0c6f7a0b5ed8d, "0.000001"},
		{0x41b3de4355555553, "333333333.3333332"},
		{0x41b3de4355555554, "333333333.33333325"},
		{0x41b3de4355555555, "333333333.3333333"},
		{0x41b3de4355555556, "333333333.3333334"},
		{0x41b3de4355555557, "333333333.33333343"},
		{0xbecbf647612f3696, "-0.0000033333333333333333"},
		{0x43143ff3c1cb0959, "1424953923781206.2"},
	} {
		got, err := jcs.Canonicalize(math.Float64frombits(c.bits))
		if err != nil || string(got) != c.want {
			t.Errorf("%016x = %s, %v, want %s", c.bits, got, err, c.want)
		}
	}
	for in, want := range map[string]string{
		"1.0": "1", "1e0": "1", "-0": "0", "-0.0e5": "0", "1E21": "1e+21", "1e20": "100000000000000000000", "1e-6": "0.000001", "1e-7": "1e-7",
		"123456789012345": "123456789012345", "1234567890123456": "1234567890123456", "9007199254740993": "9007199254740992", "1e-400": "0",
		"0.1": "0.1", "10.50": "10.5", "-15": "-15", "4.50": "4.5", "2e-3": "0.002", "1.5e300": "1.5e+300", "7": "7",
	} {
		if got, err := jcs.Transform([]byte(in)); err != nil || string(got) != want {
			t.Errorf("%s = %s, %v, want %s", in, got, err, want)
		}
	}
}

// A character beyond the Basic Multilingual Plane sorts before U+E000 to U+FFFF.
func TestMembersByUTF16(t *testing.T) {
	got, err := jcs.Transform([]byte("{\"\uffff\":1,\"\U00010000\":2,\"\ue000\":3,\"\ud7ff\":4,\"a\uffff\":5,\"a\U0010ffff\":6,\"a\":7,\"\":8}"))
	want := "{\"\":8,\"a\":7,\"a\U0010ffff\":6,\"a\uffff\":5,\"\ud7ff\":4,\"\U00010000\":2,\"\ue000\":3,\"\uffff\":1}"
	if err != nil || string(got) != want {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
}

func TestAppendKeepsWhatIsThere(t *testing.T) {
	got, err := jcs.Append([]byte("before "), map[string]any{"b": "\x7f\u2028<\x01\x1f", "a": []any{nil, true, false}})
	if want := "before {\"a\":[null,true,false],\"b\":\"\x7f\u2028<\\u0001\\u001f\"}"; err != nil || string(got) != want {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
}

// trees draws JSON values with awkward strings and any double.
func trees() *rapid.Generator[any] {
	text := rapid.OneOf(rapid.String(), rapid.StringOfN(rapid.SampledFrom([]rune("aAé\x00\x1f\"\\/\u2028\ud7ff\ue000\uffff\U00010000\U0010ffff")), 0, 4, -1))
	leaf := rapid.OneOf(
		rapid.Map(text, func(s string) any { return s }),
		rapid.Map(rapid.Float64Range(-math.MaxFloat64, math.MaxFloat64), func(f float64) any { return f }),
		rapid.Map(rapid.Uint64(), func(bits uint64) any {
			if f := math.Float64frombits(bits); f-f == 0 {
				return f
			}
			return nil
		}),
		rapid.Map(rapid.Int64(), func(n int64) any { return json.Number(fmt.Sprint(n)) }),
		rapid.Map(rapid.Bool(), func(b bool) any { return b }),
	)
	var deep func(int) *rapid.Generator[any]
	deep = func(depth int) *rapid.Generator[any] {
		if depth == 0 {
			return leaf
		}
		inner := deep(depth - 1)
		return rapid.OneOf(leaf,
			rapid.Map(rapid.SliceOfN(inner, 0, 4), func(l []any) any { return l }),
			rapid.Map(rapid.MapOfN(text, inner, 0, 6), func(m map[string]any) any { return m }))
	}
	return deep(3)
}

// TestAgainstReference: an independent implementation writes the same bytes,
// the form is a fixed point, and it reads back as the same values.
func TestAgainstReference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := trees().Draw(t, "value")
		got, err := jcs.Canonicalize(v)
		if err != nil {
			t.Fatal(err)
		}
		plain, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		// The reference takes only objects and arrays at the top.
		want, err := reference.Transform([]byte("[" + string(plain) + "]"))
		if err != nil {
			t.Fatal(err)
		}
		if "["+string(got)+"]" != string(want) {
			t.Fatalf("got %s, the reference %s", got, want)
		}
		if again, err := jcs.Transform(got); err == nil && !bytes.Equal(again, got) {
			t.Fatalf("%s became %s", got, again)
		} else if err != nil && !strings.Contains(err.Error(), "letter case") {
			t.Fatal(err)
		}
	})
}

// TestOrderAgainstUTF16 compares with the definition itself.
func TestOrderAgainstUTF16(t *testing.T) {
	text := rapid.StringOfN(rapid.SampledFrom([]rune("ab\u07ff\ud7ff\ue000\uefff\uffff\U00010000\U0010ffff")), 0, 5, -1)
	rapid.Check(t, func(t *rapid.T) {
		a, b := text.Draw(t, "a"), text.Draw(t, "b")
		if a == b {
			return
		}
		first, second := a, b
		x, y := utf16.Encode([]rune(a)), utf16.Encode([]rune(b))
		for i := 0; ; i++ {
			if i == len(y) || i < len(x) && x[i] > y[i] {
				first, second = b, a
			} else if i < len(x) && x[i] == y[i] {
				continue
			}
			break
		}
		got, err := jcs.Canonicalize(map[string]any{a: true, b: true})
		if want := fmt.Sprintf(`{"%s":true,"%s":true}`, first, second); err != nil || string(got) != want {
			t.Fatalf("got %s, %v, want %s", got, err, want)
		}
	})
}

// FuzzTransform: a canonical form is its own canonical form.
func FuzzTransform(f *testing.F) {
	for _, seed := range []string{`{"b":[1e21,"\u00e9\u2028\/"],"a":{"\ud83d\ude00":null}}`, "-0", "1e-7", `"\u0000"`, "5e-324", "333333333.33333329"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		once, err := jcs.Transform(data)
		if err != nil {
			return
		}
		if !json.Valid(once) {
			t.Fatalf("%s is not JSON", once)
		}
		twice, err := jcs.Transform(once)
		if err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("%s became %s, %v", once, twice, err)
		}
	})
}

func ExampleTransform() {
	out, err := jcs.Transform([]byte(`{ "peach": 1.50, "péché": "\u20ac", "1": [true, 1E2] }`))
	fmt.Println(string(out), err)
	// Output: {"1":[true,100],"peach":1.5,"péché":"€"} <nil>
}

func BenchmarkTransform(b *testing.B) {
	doc := vectors.Fixture(b, "achievement-credential.json")
	tree, err := strictjson.Decode(doc, strictjson.Limits{})
	if err != nil {
		b.Fatal(err)
	}
	b.Run("canonicalize", func(b *testing.B) {
		out := make([]byte, 0, len(doc))
		b.ReportAllocs()
		for b.Loop() {
			if out, err = jcs.Append(out[:0], tree); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("transform", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := jcs.Transform(doc); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("gowebpki", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := reference.Transform(doc); err != nil {
				b.Fatal(err)
			}
		}
	})
}
