package proof

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/roundel/roundel/jcs"
	"github.com/roundel/roundel/jsonld"
	"github.com/roundel/roundel/shape"
	"github.com/roundel/roundel/strictjson"
)

// whole is a credential with all that a verdict depends on.
const whole = `{"@context":["https://www.w3.org/ns/credentials/v2","https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],` +
	`"id":"urn:uuid:91537dba-56cb-11ec-bf63-0242ac130002","type":["VerifiableCredential","OpenBadgeCredential"],"name":"Teamwork \u00e9",` +
	`"issuer":{"id":"did:web:uni.edu","type":["Profile"],"name":"Uni"},"validFrom":"2026-01-01T00:00:00Z","validUntil":"2027-01-01T00:00:00Z",` +
	`"credentialSubject":{"id":"did:example:anna","type":["AchievementSubject"],"creditsEarned":1.5,` +
	`"identifier":[{"type":"IdentityObject","hashed":true,"identityHash":"sha256$b5809d8a92f8858436d7e6b87c12ebc0","identityType":"emailAddress","salt":"Kosher"}],` +
	`"result":[{"type":["Result"],"resultDescription":"urn:uuid:8b1ff7f0-0bd1-4d0a-a5b2-9d6a1e0a3a10","value":"A"},{"type":["Result"],"value":"90"}],` +
	`"achievement":{"id":"https://uni.edu/a/1","type":["Achievement"],"name":"Teamwork","description":"x","criteria":{"narrative":"y"},` +
	`"resultDescription":[{"id":"urn:uuid:8b1ff7f0-0bd1-4d0a-a5b2-9d6a1e0a3a10","type":["ResultDescription"],"name":"Grade","resultType":"LetterGrade","allowedValue":["A","B"]}]}},` +
	`"evidence":[{"id":"https://uni.edu/e/1","type":["Evidence"],"name":"Work"}],` +
	`"credentialStatus":[{"id":"https://uni.edu/s/1#94567","type":"BitstringStatusListEntry","statusPurpose":"revocation","statusListIndex":"94567","statusListCredential":"https://uni.edu/s/1"}]}`

// mutants is how many changed documents TestMutants looks at.
func mutants() int {
	n := 10_000
	if raceDetector {
		n = 1_000
	}
	if os.Getenv("ROUNDEL_TORTURE") != "" {
		n *= 10
	}
	return n
}

// TestMutants: of thousands of documents made from a signed one, by changes to
// its structure and its bytes, none verifies unless it and its proof still say
// the very same; and with shapes, answers are no different.
func TestMutants(t *testing.T) {
	const seed = 20261123
	n := mutants()
	t.Logf("seed %d, %d mutants", seed, n)
	cache := shape.New(shape.Options{})
	all := kinds(t)
	sources := make([]source, len(all))
	for i, k := range all {
		doc := whole
		if k.cryptosuite == ed25519Signature2020 {
			doc = strings.Replace(doc, `],"id"`, `,"`+contextEd25519Signature2020+`"],"id"`, 1)
		}
		sources[i] = newSource(t, k, k.sign(t, doc, SignOptions{}))
	}
	parsed, same := 0, 0
	for i := range n {
		s := sources[0] // eddsa-rdfc-2022, in half of all cases
		if i%2 == 1 {
			s = sources[i/2%len(sources)]
		}
		m := &mutator{rand.New(rand.NewPCG(seed, uint64(i))), s.pool}
		mutant := m.mutate(s.signed)
		key := s.kind.key.Public()
		want := verdict(mutant, key, VerifyOptions{})
		if got := verdict(mutant, key, VerifyOptions{Shapes: cache}); got != want {
			t.Fatalf("seed %d, mutant %d, %s: with shapes %s\nelse %s\n%s", seed, i, s.kind.name, got, want, mutant)
		}
		if strictjson.Check(mutant, strictjson.Limits{}) == nil {
			parsed++
		}
		if strings.HasPrefix(want, "error: ") {
			continue
		}
		if got := saysOf(t, s.kind, mutant); !slices.Equal(got, s.says) {
			t.Fatalf("seed %d, mutant %d, %s verifies and says\n%s\ninstead of\n%s\n%s", seed, i, s.kind.name, got, s.says, mutant)
		}
		same++
	}
	t.Logf("%d are JSON, %d verify and say the same", parsed, same)
	if parsed < n/4 || same < n/100 || same > n/2 {
		t.Errorf("of %d mutants, %d are JSON and %d verify: they are not what this is for", n, parsed, same)
	}
}

// A source is a signed document to make mutants of.
type source struct {
	kind   kind
	signed []byte
	says   []string
	pool   []any // its values, and others to put into their places
}

func newSource(t *testing.T, k kind, signed string) source {
	t.Helper()
	s := source{kind: k, signed: []byte(signed), says: saysOf(t, k, []byte(signed))}
	tree := ordered(s.signed)
	walk(&tree, func(at *any) { s.pool = append(s.pool, *at) })
	for _, text := range []string{
		`null`, `true`, `0`, `-0`, `1.50`, `15e-1`, `1e400`, `""`, `[]`, `{}`, `"did:web:evil.example"`, `"2099-01-01T00:00:00Z"`, `"2027-01-01T00:00:00+00:00"`,
		`{"@value":"A"}`, `{"@id":"did:web:uni.edu"}`, `{"@list":["A","B"]}`, `{"@set":[]}`, `{"@value":"A","@language":"en"}`, `"assertionMethod"`, `"eddsa-jcs-2022"`,
	} {
		s.pool = append(s.pool, ordered([]byte(text)))
	}
	return s
}

// saysOf is the canonical form of a document and of its proofs. A proof that
// stands there twice says nothing more.
func saysOf(t *testing.T, k kind, doc []byte) []string {
	t.Helper()
	canonical := func(tree map[string]any) ([]byte, error) { return jsonld.Canonicalize(tree, jsonld.Options{}) }
	if strings.Contains(k.cryptosuite, "jcs") {
		canonical = func(tree map[string]any) ([]byte, error) { return jcs.Canonicalize(tree) }
	}
	unsecured, proofs, err := Split(decode(t, doc))
	if err != nil {
		t.Fatal(err)
	}
	out := []string{string(must(t)(canonical(unsecured)))}
	for _, p := range proofs {
		p.Raw["@context"] = unsecured["@context"]
		if text := string(must(t)(canonical(p.Raw))); !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	return out
}

// A field is a member of an object whose members keep their order, and may come
// twice.
type field struct {
	name  string
	value any
}

type object []field

// ordered reads JSON with the members of objects in order.
func ordered(text []byte) any {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return readOrdered(d)
}

func readOrdered(d *json.Decoder) any {
	token, err := d.Token()
	if err != nil {
		panic(err) // it is our own text
	}
	switch token {
	case json.Delim('{'):
		out := object{}
		for d.More() {
			name, _ := d.Token()
			out = append(out, field{name.(string), readOrdered(d)})
		}
		_, _ = d.Token()
		return out
	case json.Delim('['):
		out := []any{}
		for d.More() {
			out = append(out, readOrdered(d))
		}
		_, _ = d.Token()
		return out
	}
	return token
}

// walk visits v and all that is in it.
func walk(v *any, visit func(*any)) {
	visit(v)
	switch inner := (*v).(type) {
	case object:
		for i := range inner {
			walk(&inner[i].value, visit)
		}
	case []any:
		for i := range inner {
			walk(&inner[i], visit)
		}
	}
}

// A mutator makes changes, the same ones for the same random numbers.
type mutator struct {
	*rand.Rand
	pool []any
}

func (m *mutator) mutate(signed []byte) []byte {
	if m.IntN(4) == 0 {
		text := slices.Clone(signed)
		for range 1 + m.IntN(3) {
			text = m.bytes(text)
		}
		return text
	}
	tree := ordered(signed)
	for range 1 + m.IntN(2)*m.IntN(3) {
		m.change(&tree)
	}
	return m.write(nil, tree, m.IntN(3) == 0)
}

// change changes one value, or the members of one object.
func (m *mutator) change(tree *any) {
	var places []*any
	walk(tree, func(v *any) { places = append(places, v) })
	at := places[m.IntN(len(places))]
	switch m.IntN(8) {
	case 0:
		*at = m.clone(m.pool[m.IntN(len(m.pool))])
	case 1:
		*at = []any{*at}
	case 2:
		*at = object{{[]string{"@value", "@id", "@set", "@list", "@graph"}[m.IntN(5)], *at}}
	case 3: // two values change places
		other := places[m.IntN(len(places))]
		a, b := m.clone(*at), m.clone(*other)
		*at, *other = b, a
	default:
		switch v := (*at).(type) {
		case object:
			*at = m.members(v)
		case []any:
			*at = m.elements(v)
		case string:
			*at = m.text(v)
		case bool:
			*at = !v
		case json.Number:
			*at = json.Number([]string{v.String() + "0", v.String() + "e0", "1" + v.String(), "15E-1", "1.5000001"}[m.IntN(5)])
		}
	}
}

// aliases are other names for what a document says.
var aliases = []string{
	"@id", "@type", "@context", "@graph", "@reverse", "@included", "@nest", "@index", "Id", "issuer", "validUntil", "expirationDate", "credentialStatus",
	"https://www.w3.org/2018/credentials#validUntil", "cred:issuer", "https://schema.org/name", "proof", "previousProof", "expires", "nonce", "unknown", "",
}

func (m *mutator) members(o object) object {
	o = slices.Clone(o)
	if len(o) == 0 {
		return object{{aliases[m.IntN(len(aliases))], m.clone(m.pool[m.IntN(len(m.pool))])}}
	}
	i := m.IntN(len(o))
	switch m.IntN(6) {
	case 0:
		return slices.Delete(o, i, i+1)
	case 1:
		o[i].name = aliases[m.IntN(len(aliases))]
	case 2:
		return append(o, field{aliases[m.IntN(len(aliases))], m.clone(m.pool[m.IntN(len(m.pool))])})
	case 3:
		return append(o, field{o[i].name, m.clone(m.pool[m.IntN(len(m.pool))])}) // twice
	case 4:
		o[i].name = m.text(o[i].name)
	default:
		m.Shuffle(len(o), func(a, b int) { o[a], o[b] = o[b], o[a] })
	}
	return o
}

func (m *mutator) elements(list []any) []any {
	list = slices.Clone(list)
	if len(list) == 0 {
		return []any{m.clone(m.pool[m.IntN(len(m.pool))])}
	}
	i := m.IntN(len(list))
	switch m.IntN(4) {
	case 0:
		return slices.Delete(list, i, i+1)
	case 1:
		return slices.Insert(list, i, m.clone(m.pool[m.IntN(len(m.pool))]))
	case 2:
		return append(list, m.clone(list[i]))
	default:
		m.Shuffle(len(list), func(a, b int) { list[a], list[b] = list[b], list[a] })
	}
	return list
}

func (m *mutator) text(s string) string {
	i := m.IntN(len(s) + 1)
	switch m.IntN(5) {
	case 0:
		return s[:i]
	case 1:
		return s[:i] + string(rune(1+m.IntN(0x2ff))) + s[i:]
	case 2:
		return strings.ToUpper(s)
	case 3:
		return " " + s
	default:
		return "https://evil.example/" + s
	}
}

// clone is v with lists and objects of its own.
func (m *mutator) clone(v any) any {
	switch v := v.(type) {
	case object:
		out := slices.Clone(v)
		for i := range out {
			out[i].value = m.clone(out[i].value)
		}
		return out
	case []any:
		out := slices.Clone(v)
		for i := range out {
			out[i] = m.clone(out[i])
		}
		return out
	}
	return v
}

// write writes JSON; loosely with white space and escapes that mean nothing.
func (m *mutator) write(dst []byte, v any, loosely bool) []byte {
	space := func() {
		if loosely && m.IntN(4) == 0 {
			dst = append(dst, " \t\r\n"[m.IntN(4)])
		}
	}
	space()
	switch v := v.(type) {
	case object:
		dst = append(dst, '{')
		for i, f := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(m.write(dst, f.name, loosely), ':')
			dst = m.write(dst, f.value, loosely)
		}
		dst = append(dst, '}')
	case []any:
		dst = append(dst, '[')
		for i, item := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = m.write(dst, item, loosely)
		}
		dst = append(dst, ']')
	case string:
		dst = append(dst, '"')
		for _, r := range v {
			switch {
			case r < ' ' || r == '"' || r == '\\' || loosely && r < 0x10000 && m.IntN(10) == 0:
				dst = fmt.Appendf(dst, `\u%04x`, r)
			default:
				dst = append(dst, string(r)...)
			}
		}
		dst = append(dst, '"')
	case nil:
		dst = append(dst, "null"...)
	default:
		dst = fmt.Append(dst, v)
	}
	space()
	return dst
}

// bytes changes bytes without a thought of JSON.
func (m *mutator) bytes(text []byte) []byte {
	i := m.IntN(len(text))
	j := min(len(text), i+1+m.IntN(12))
	switch m.IntN(6) {
	case 0:
		text[i] ^= 1 << m.IntN(8)
	case 1:
		text[i] = byte(m.IntN(256))
	case 2:
		return slices.Delete(text, i, j)
	case 3:
		return slices.Insert(text, i, slices.Clone(text[i:j])...)
	case 4:
		return slices.Insert(text, i, `"{}[]:,0123456789abcdefz \`[m.IntN(26)])
	default:
		k := m.IntN(len(text))
		copy(text[k:], slices.Clone(text[i:j]))
	}
	return text
}
