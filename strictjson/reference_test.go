package strictjson_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/roundel/roundel/strictjson"
)

// reference says what this package must say, slowly: encoding/json's grammar,
// and each of the rules that it does not have by itself.
func reference(data []byte) (any, error) {
	switch {
	case len(data) > 1<<20:
		return nil, fmt.Errorf("too long")
	case !json.Valid(data):
		return nil, fmt.Errorf("no JSON")
	case !utf8.Valid(data):
		return nil, fmt.Errorf("no UTF-8")
	case loneSurrogate(string(data)):
		return nil, fmt.Errorf("a lone surrogate")
	}
	if err := sameNames(data); err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var tree any
	err := dec.Decode(&tree)
	return tree, err
}

// loneSurrogate looks through valid JSON, where a backslash is found in strings
// only.
func loneSurrogate(text string) bool {
	unit := func(at int) rune {
		if at+6 > len(text) || text[at:at+2] != `\u` {
			return 0
		}
		n, err := strconv.ParseUint(text[at+2:at+6], 16, 16)
		if err != nil {
			return 0
		}
		return rune(n)
	}
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] != '\\':
		case !utf16.IsSurrogate(unit(i)):
			i++ // what is escaped may be a backslash
		case utf16.DecodeRune(unit(i), unit(i+6)) == utf8.RuneError:
			return true
		default:
			i += 11
		}
	}
	return false
}

// sameNames looks for names that are the same but for letter case, and for
// nesting that is too deep.
func sameNames(data []byte) error {
	type level struct {
		object, value bool // value: what comes next in an object is no name
		names         []string
	}
	var open []level
	dec := json.NewDecoder(bytes.NewReader(data))
	for {
		token, err := dec.Token()
		if err != nil {
			return nil // the end
		}
		if token == json.Delim('}') || token == json.Delim(']') {
			open = open[:len(open)-1]
			continue
		}
		if n := len(open) - 1; n >= 0 && open[n].object {
			if name, ok := token.(string); ok && !open[n].value {
				for _, before := range open[n].names {
					if strings.EqualFold(before, name) {
						return fmt.Errorf("names %q and %q", before, name)
					}
				}
				open[n].names = append(open[n].names, name)
				open[n].value = true
				continue
			}
			open[n].value = false
		}
		if token == json.Delim('{') || token == json.Delim('[') {
			if open = append(open, level{object: token == json.Delim('{')}); len(open) > 64 {
				return fmt.Errorf("too deep")
			}
		}
	}
}

// fragments are what texts are made and spoiled with: every kind of token, and
// what readers are known to stumble over.
var fragments = []string{
	`{`, `}`, `[`, `]`, `,`, `:`, `"`, `\`, ` `, "\n", "\t", "\r\n      ", "\n                  ", "\x00", "\x1f", "\x7f", "\v",
	"true", "false", "null", "nul", "0", "-0", "1.5e-7", "01", "1.", "-", "12345678901234567890", "1e400", "NaN",
	`"a"`, `"A"`, `"name"`, `"Name"`, `"nameless"`, `"name of eight letters more"`, `"name of eight lettErs more"`, `"name of nine letters more"`,
	`""`, `"` + strings.Repeat("x", 31) + `"`, `"k"`, "\"\u212a\"", `"s"`, "\"\u017f\"", `"é"`, `"É"`, `"e\u0301"`, `"\u00e9"`, `"\u0061"`, "\"Σ\"", "\"ς\"", `"@"`, "\"`\"",
	`"\ud83d\ude00"`, "\"😀\"", `"\ud83d"`, `"\ude00\ud83d"`, `"\n\t\"\\\/"`, `"\x"`, `"\u12"`, "\"a\nb\"",
	"\"\xff\"", "\xc3", "\"\xed\xa0\x80\"", "\"\xc0\xaf\"", "\ufeff", "\u2028", "\ufffe", "é", `{"a":1}`, `{"a":1,"b":[2,{"c":null}]}`, `[[[[]]]]`, "{}", "[]",
	strings.Repeat("[", 60), strings.Repeat("]", 60), `"a":`, `"b":`, `"A":`, `,"a":1`, `,"b":{}`,
}

// random writes a value, mostly a valid one.
func random(r *rand.Rand, b *strings.Builder, depth int) {
	space := func() {
		if r.IntN(4) == 0 {
			b.WriteString([]string{" ", "\n", "\t", "\r", "\n\t  ", "\n         ", "  "}[r.IntN(7)])
		}
	}
	word := func() string {
		const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@:/._-{}[],' \x7f"
		out := make([]byte, r.IntN(40))
		for i := range out {
			out[i] = letters[r.IntN(len(letters))]
		}
		s := string(out)
		if r.IntN(4) == 0 {
			s += []string{"é", `\n`, `\u00E9`, "😀", `\ud83d\ude00`, `\\`, `\"`, "\u2028", "\ufffe", `\/`}[r.IntN(10)]
			s += string(out[:len(out)/2])
		}
		return `"` + s + `"`
	}
	kind := r.IntN(10)
	if depth == 0 {
		kind %= 6
	}
	switch kind {
	case 0, 1, 2:
		b.WriteString(word())
	case 3:
		b.WriteString([]string{"0", "-1", "12.50", "1e9", "-0.0E-0", "1234567890123"}[r.IntN(6)])
	case 4, 5:
		b.WriteString([]string{"true", "false", "null", "[]", "{}", `""`}[r.IntN(6)])
	case 6, 7:
		b.WriteByte('[')
		for i := range r.IntN(6) {
			if i > 0 {
				b.WriteByte(',')
			}
			space()
			random(r, b, depth-1)
			space()
		}
		b.WriteByte(']')
	default:
		b.WriteByte('{')
		n := r.IntN(8)
		if r.IntN(20) == 0 {
			n = r.IntN(60)
		}
		for i := range n {
			if i > 0 {
				b.WriteByte(',')
			}
			space()
			switch r.IntN(12) {
			case 0: // maybe one that is there already
				fmt.Fprintf(b, `"%c"`, "abcABCkK"[r.IntN(8)])
			case 1:
				b.WriteString(fragments[30+r.IntN(24)])
			default:
				b.WriteString(word())
			}
			space()
			b.WriteByte(':')
			space()
			random(r, b, depth-1)
			space()
		}
		b.WriteByte('}')
	}
}

// spoil changes one place of a text.
func spoil(r *rand.Rand, text string) string {
	from := r.IntN(len(text) + 1)
	to := min(len(text), from+r.IntN(4))
	switch r.IntN(7) {
	case 0:
		return text[:from] + string([]byte{byte(r.IntN(256))}) + text[min(from+1, len(text)):]
	case 1, 2:
		return text[:from] + fragments[r.IntN(len(fragments))] + text[to:]
	case 3:
		return text[:from] + text[to:]
	case 4: // a part of it once more
		to = min(len(text), from+r.IntN(60))
		return text[:to] + text[from:]
	case 5:
		return text[:from]
	default: // another letter case
		to = min(len(text), from+1+r.IntN(8))
		return text[:from] + strings.ToUpper(text[from:to]) + text[to:]
	}
}

// compareReference reads a text in every way, and with the reference.
func compareReference(t *testing.T, text string) (accepted bool) {
	t.Helper()
	want, wantErr := reference([]byte(text))
	got, err := strictjson.Decode([]byte(text), strictjson.Limits{})
	if (err == nil) != (wantErr == nil) {
		t.Fatalf("Decode(%q) = %v, the reference says %v", text, err, wantErr)
	}
	if err == nil && !reflect.DeepEqual(got, want) {
		t.Fatalf("Decode(%q) = %#v, the reference reads %#v", text, got, want)
	}
	checked := strictjson.Check([]byte(text), strictjson.Limits{})
	if fmt.Sprint(checked) != fmt.Sprint(err) {
		t.Fatalf("%q: Check says %v, Decode %v", text, checked, err)
	}
	compareMembers(t, text, got, err)
	return err == nil
}

// compareMembers holds what Members finds against the tree.
func compareMembers(t *testing.T, text string, tree any, treeErr error) {
	t.Helper()
	members, err := strictjson.Members([]byte(text), strictjson.Limits{})
	want, isObject := tree.(map[string]any)
	switch {
	case treeErr != nil:
		if fmt.Sprint(err) != treeErr.Error() {
			t.Fatalf("%q: Members says %v, Decode %v", text, err, treeErr)
		}
		return
	case (err == nil) != isObject:
		t.Fatalf("Members(%q) = %v", text, err)
	case len(members) != len(want):
		t.Fatalf("Members(%q) are %v, want those of %v", text, members, want)
	}
	end := 0
	for _, m := range members {
		var name string
		var value any
		if m.Start <= end || m.Value <= m.Start || m.End <= m.Value || m.End >= len(text) {
			t.Fatalf("Members(%q) has %+v after %d", text, m, end)
		}
		end = m.End
		nameText, _ := strings.CutSuffix(strings.TrimSpace(text[m.Start:m.Value]), ":")
		if json.Unmarshal([]byte(nameText), &name) != nil || name != m.Name {
			t.Fatalf("Members(%q) has %+v, but the name is %q", text, m, name)
		}
		value, err := strictjson.Decode([]byte(text[m.Value:m.End]), strictjson.Limits{})
		if wantValue, present := want[m.Name]; err != nil || !present || !reflect.DeepEqual(value, wantValue) {
			t.Fatalf("Members(%q) has %+v: %v, %v", text, m, value, err)
		}
	}
}

// badge has what credentials consist of.
const badge = `{
 "@context": ["https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],
 "id": "urn:uuid:0b7c2f7e-5d0a-4a1e-9f57-6f1f2f7a9f10",
 "type": ["VerifiableCredential", "OpenBadgeCredential"],
 "issuer": {"id": "did:web:uni.example", "type": ["Profile"], "name": "Universit\u00e4t"},
 "credentialSubject": {
    "type": ["AchievementSubject"],
    "identifier": [{"type": "IdentityObject", "hashed": true, "identityHash": "sha256$7a6e", "salt": "f3a1"}],
    "achievement": {"id": "urn:x", "criteria": {"narrative": "1. \"Read\"\n2. Écrire"}, "creditsAvailable": 5.5},
    "narrative": null
 },
 "credentialStatus": {"statusListIndex": "94567", "statusPurpose": "revocation"},
 "credentialSchema": [], "validFrom": "2026-03-01T09:00:00Z"
}
`

// TestReference reads many thousand texts: random ones, a badge, and both with
// one to three places changed.
func TestReference(t *testing.T) {
	const texts = 24000
	r := rand.New(rand.NewPCG(8259, 3629))
	accepted := 0
	for i := range texts {
		var b strings.Builder
		random(r, &b, 4)
		text := b.String()
		if i%8 == 0 {
			text = badge
		}
		for range r.IntN(4) {
			text = spoil(r, text)
		}
		if compareReference(t, text) {
			accepted++
		}
	}
	if accepted < texts/5 || accepted > texts*4/5 {
		t.Errorf("%d of %d texts are accepted, which tests one side only", accepted, texts)
	}
}

// Objects that are larger than what is compared name by name.
func TestReferenceManyNames(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for n := range 80 {
		for range 10 {
			names := make([]string, n)
			for i := range names {
				names[i] = fmt.Sprintf("%s%d", []string{"member", "long name of member ", "m", "é"}[r.IntN(4)], i)
			}
			if n > 1 && r.IntN(2) == 0 { // one of them again
				again := names[r.IntN(n)]
				names[r.IntN(n)] = []string{again, strings.ToUpper(again), strings.Replace(again, "m", `\u006d`, 1), strings.Replace(again, "m", `\u004D`, 1)}[r.IntN(4)]
			}
			compareReference(t, `{"`+strings.Join(names, `":{"a":1},"`)+`":0}`)
		}
	}
}
