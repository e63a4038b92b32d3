package jsonld

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/roundel/roundel/internal/vectors"
	"github.com/roundel/roundel/rdfc"
	"github.com/roundel/roundel/strictjson"
)

// maker writes random documents, full of what processors get wrong. How much of
// it is plainly wrong depends on wild, in percent: most documents should be
// right, since there is more to compare then.
type maker struct {
	*rand.Rand
	wild     int
	protects bool // protected terms, but no contexts of properties: json-gold forgets for some of their terms that they may redefine
}

func (m maker) of(list ...string) string { return list[m.IntN(len(list))] }
func (m maker) chance(percent int) bool  { return m.IntN(100) < percent }
func (m maker) odd() bool                { return m.chance(m.wild) }

func (m maker) term() string { return m.of("a", "b", "c", "d", "T", "U", "p", "p", "q") }

func (m maker) text() string {
	if m.odd() {
		return m.of("plain", "", "@type", "@none", "@odd", "https://e.org/x y", "urn:<x>", "#x", "p:", ":p", "id", "type", m.term())
	}
	return m.of("urn:o", "urn:o", "https://e.org/x", "p:y", "q:y", "p://y", "_:n", "_:m", "a:b:c", "T:x", "b:", "urn:Grüezi")
}

// word is for places where any text will do, or a term.
func (m maker) word() string {
	return m.of("plain", "", "@type", "@odd", "e\"\\\n", "Grüezi", "urn:o", "p:y", m.term(), m.term())
}

func (m maker) iri() string {
	if m.odd() {
		return m.of("@id", "plain", m.term())
	}
	return m.of("urn:x:", "urn:x", "https://e.org/a#", "https://e.org/b", "urn:y", "urn:p", "p:z", "q:z#")
}

// context makes a context object. Those of a property or a type hold others.
func (m maker) context(depth int) map[string]any {
	c := map[string]any{}
	if m.chance(90) {
		c["id"], c["type"] = "@id", "@type"
	}
	if m.chance(90) && depth > 1 || m.chance(20) {
		c["p"] = m.of("urn:p:", "https://e.org/p#", "https://e.org/p/")
	}
	if m.chance(90) && depth > 1 || m.chance(20) {
		c["q"] = []any{"urn:q:", map[string]any{"@id": "urn:q", "@prefix": true}}[m.IntN(2)]
	}
	if m.chance(30) {
		c["@version"] = json.Number("1.1")
	}
	if m.protects && m.chance(30) {
		c["@protected"] = m.chance(80)
	}
	if m.chance(10) {
		c["@propagate"] = m.chance(40)
	}
	if m.chance(15) {
		c["@vocab"] = []any{"urn:v:", "https://e.org/v#", nil, "p:v"}[m.IntN(4)]
	}
	if m.chance(15) {
		c["@language"] = []any{"en", "DE-ch", nil}[m.IntN(3)]
	}
	for _, name := range []string{"a", "b", "c", "d", "T", "U"} {
		if depth > 1 && m.chance(95) || m.chance(30) {
			c[name] = m.definition(name, depth)
		}
	}
	if m.odd() {
		c[m.of("p:z", "urn:o", "id", "q", "a/b", "a:")] = m.definition("", depth)
	}
	return c
}

func (m maker) definition(name string, depth int) any {
	typ := name == "T" || name == "U"
	if m.chance(25) {
		return m.iri()
	}
	d := map[string]any{"@id": m.iri()}
	if m.odd() && name != "" {
		delete(d, "@id")
	} else if m.odd() && !m.protects { // json-gold lets null take a protected term away
		return map[string]any{"@id": nil, "@protected": false}
	}
	if m.chance(45) && !typ {
		d["@type"] = m.of("@id", "@id", "@vocab", "@vocab", "@json", "@none", "urn:dt", "p:dt", "https://e.org/dt")
	}
	if m.chance(40) && !typ {
		d["@container"] = []any{"@set", "@set", "@list", "@list", "@graph", "@language", []any{"@set"}, []any{"@graph", "@set"}, []any{"@language", "@set"}}[m.IntN(9)]
	}
	if depth > 0 && (m.chance(40) && !m.protects || typ) {
		d["@context"] = m.scoped(name, depth-1)
		if d["@container"] != nil || typ {
			// See TestDisagreements.
		} else if m.chance(5) {
			c := m.scoped(name, 2)
			delete(c, "@propagate")
			d["@context"] = []any{nil, c}
		} else if m.odd() {
			d["@context"] = nil
		}
	}
	if m.chance(10) {
		d["@language"] = []any{"fr", nil}[m.IntN(2)]
	}
	if m.chance(10) && d["@id"] != "@id" && d["@id"] != nil {
		d["@prefix"] = m.chance(70)
	}
	if m.protects && m.chance(20) {
		d["@protected"] = m.chance(60)
	}
	return d
}

// scoped makes a context for the term called name. It does not define name
// again: json-gold then takes the container and the type from the inner
// definition, against the specification and the implementation in JavaScript.
func (m maker) scoped(name string, depth int) map[string]any {
	c := m.context(depth)
	delete(c, name)
	return c
}

func (m maker) key() string {
	if m.odd() {
		return m.of("plain", "@odd", "_:k", "urn:k k", "a:b", "urn:k>", "T:x", "p:z", "urn:o", "T", "p")
	}
	return m.of("a", "b", "c", "d", "a", "b", "c", "d", "urn:k", "p:k", "q:k", "https://e.org/k")
}

func (m maker) types() any {
	name := func() string {
		if m.odd() {
			return m.text()
		}
		return m.of("T", "U", "T", "U", "a", "b", "urn:t", "p:t")
	}
	if m.chance(60) {
		return name()
	}
	list := []any{}
	for range m.IntN(4) {
		list = append(list, name())
	}
	return list
}

func (m maker) node(depth int) map[string]any {
	n := map[string]any{}
	if m.chance(35) {
		n[m.of("@id", "id")] = m.of("urn:s", "urn:s2", "_:n", "p:s", "https://e.org/s", m.text())
	}
	if m.chance(60) {
		n[m.of("@type", "type")] = m.types()
	}
	for range 1 + m.IntN(3) {
		n[m.key()] = m.value(depth)
	}
	if m.odd() {
		n["@graph"] = m.value(depth)
	}
	if m.odd() {
		n["@context"] = m.context(1)
	}
	return n
}

func (m maker) value(depth int) any {
	switch k := m.IntN(20); {
	case k < 4:
		return m.text()
	case k < 6 && m.odd():
		return m.word()
	case k < 8:
		return []any{json.Number("5"), json.Number("-1.5"), json.Number("1e30"), true, false}[m.IntN(5)]
	case k < 9:
		return []any{nil, json.Number("9007199254740993"), json.Number("1e400")}[m.IntN(1+m.wild/25)]
	case k < 10:
		return map[string]any{m.of("@id", "id"): m.text()}
	case k < 11:
		return m.valueObject()
	case k < 12 && m.odd():
		return map[string]any{m.of("en", "DE", "@none"): m.word(), "fr": []any{"x", nil, m.word()}}
	}
	if depth == 0 {
		return m.text()
	}
	switch k := m.IntN(10); {
	case k < 3:
		list := []any{}
		for range m.IntN(4) {
			list = append(list, m.value(depth-1))
		}
		return list
	case k < 4:
		v := m.value(depth - 1)
		if v == nil {
			v = []any{}
		}
		return map[string]any{m.of("@list", "@list", "@set"): v}
	}
	return m.node(depth - 1)
}

func (m maker) valueObject() map[string]any {
	v := map[string]any{"@value": m.word()}
	if m.odd() {
		v["@value"] = []any{true, json.Number("7"), nil, []any{"x"}, map[string]any{"x": "y"}}[m.IntN(5)]
	}
	switch m.IntN(4) {
	case 0, 1:
		v[m.of("@type", "type")] = m.of("urn:dt", "p:dt", "T", "@json", m.text())
	case 2:
		v["@language"] = m.of("en", "DE")
	}
	if m.odd() {
		v[m.of("@language", "@type", "@index", "a")] = m.text()
	}
	return v
}

// documents is how many random documents are compared; the long runs set more.
func documents(t *testing.T, otherwise int) int {
	t.Helper()
	text := os.Getenv("ROUNDEL_DOCUMENTS")
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Random contexts and documents mean the same to json-gold and to us, or are
// refused by both, except for what excused says.
func TestDifferential(t *testing.T) {
	n, accepted, excuses := documents(t, 2500), 0, 0
	for seed := range n {
		m := maker{rand.New(rand.NewPCG(uint64(seed), 1)), []int{0, 1, 3, 20}[seed%4], seed%3 == 0}
		doc := m.node(3)
		contexts := []any{m.context(2)}
		if m.chance(50) {
			contexts = append(contexts, m.context(2))
			for _, c := range contexts { // see TestDisagreements
				delete(c.(map[string]any), "@propagate")
			}
		}
		doc["@context"] = contexts
		switch compare(t, doc, Options{Contexts: Embedded(), Inline: true}) {
		case agreed:
			accepted++
		case excused:
			excuses++
		}
	}
	t.Logf("%d documents, %d accepted by both, %d excused", n, accepted, excuses)
	if accepted < n/5 || excuses > n/10 {
		t.Error("there is too little to compare: the documents are not what they should be")
	}
}

type outcome int

const (
	refused outcome = iota
	agreed
	excused
)

// compare fails the test unless both give the same canonical form, or both
// refuse, or there is an excuse.
func compare(t *testing.T, doc map[string]any, o Options) outcome {
	t.Helper()
	ours, err := canonical(ToRDF(doc, o))
	theirs, other := canonical(counterpart(doc, o))
	switch {
	case err != nil && other != nil:
		return refused
	case (err != nil || other != nil) && excuse(err, other) != "":
		return excused
	case err == nil && other == nil && ours == theirs:
		return agreed
	}
	text, _ := json.Marshal(doc)
	t.Errorf("%.2000s\nours %v\n%.2000sjson-gold %v\n%.2000s", text, err, ours, other, theirs)
	return excused
}

// excuse returns why only one of the two accepts a document, or "".
func excuse(ours, theirs error) string {
	type rule struct {
		err     error
		has, is string
	}
	for _, r := range []rule{
		{theirs, "json-gold gave up", "json-gold panics where a term without meaning stands as a prefix"},
		{theirs, "an array inside a list", "the counterpart looks into JSON literals"},
		{theirs, "is not supported", "the counterpart looks into JSON literals"},
		{ours, "the context of ", "we check the contexts of terms where they are defined, as the specification says; json-gold where they are used"},
		{ours, "cease to be a prefix", "see TestDisagreements"},
		{ours, "processors disagree about it", "see TestDisagreements"},
		{ours, "a set inside a list", "see TestDisagreements"},
		{ours, "null has no items", "see TestDisagreements"},
		{ours, "is no language", "see TestDisagreements"},
		{ours, "the property ", "json-gold drops null values before it looks at the property"},
	} {
		if r.err != nil && strings.Contains(r.err.Error(), r.has) {
			return r.is
		}
	}
	return ""
}

func canonical(d rdfc.Dataset, err error) (string, error) {
	if err != nil {
		return "", err
	}
	r, err := rdfc.Canonicalize(d, rdfc.Options{})
	if err != nil {
		return "", err
	}
	return string(r.NQuads), nil
}

// Realistic documents, published ones and ours, as they are and with changes.
func TestDifferentialRealistic(t *testing.T) {
	var all []map[string]any
	for _, pattern := range []string{
		"../fixtures/*.json", "ob3-spec-vector/*.json", "ob3-spec-vector/*/*.json", "vc-di-eddsa/TestVectors/*.json", "vc-di-eddsa/TestVectors/*/*.json",
		"vc-di-eddsa/TestVectors/*/*/*.json", "vc-di-ecdsa/TestVectors/*.json", "vc-di-ecdsa/TestVectors/*/*.json", "vc-jose-cose/*.json", "vc-jose-cose/*/*.json", "vc-jose-cose/*/*/*.json",
	} {
		files, err := filepath.Glob(filepath.Join(vectors.Dir(t, "."), pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			tree, err := strictjson.Decode(data, strictjson.Limits{})
			// For presentations, see TestDisagreements.
			if doc, ok := tree.(map[string]any); err == nil && ok && doc["@context"] != nil && doc["verifiableCredential"] == nil {
				all = append(all, doc)
			}
		}
	}
	if len(all) < 30 {
		t.Fatalf("%d documents", len(all))
	}
	o := Options{Contexts: WithExamples()}
	n, accepted := documents(t, 1000), 0
	for _, doc := range all {
		if compare(t, doc, o) == agreed {
			accepted++
		}
	}
	t.Logf("%d of %d published documents accepted by both", accepted, len(all))
	if accepted < len(all)/2 {
		t.Error("too few published documents are accepted")
	}
	accepted = 0
	for seed := range n {
		r := rand.New(rand.NewPCG(uint64(seed), 2))
		doc := changed(r, all[r.IntN(len(all))], all).(map[string]any)
		if compare(t, doc, o) == agreed {
			accepted++
		}
	}
	t.Logf("%d of %d changed documents accepted by both", accepted, n)
	if accepted < n/5 {
		t.Error("too few changed documents are accepted")
	}
}

// changed returns v with some members moved, wrapped, repeated, renamed, given
// other values, or taken from other documents.
func changed(r *rand.Rand, v any, others []map[string]any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			value := v[key]
			if key == "@context" {
				out[key] = value
				continue
			}
			value = changed(r, value, others)
			switch r.IntN(60) {
			case 0:
				continue
			case 1:
				value = []any{value, nil}
			case 2:
				value = []any{value, value}
			case 3:
				value = map[string]any{"@set": value}
			case 4:
				value = map[string]any{"@list": value}
			case 5:
				key = []string{"name", "description", "id", "type", "urn:k", "https://schema.org/name", "image", "achievement"}[r.IntN(8)]
			case 6:
				value = map[string]any{"@value": value}
			case 7:
				value = map[string]any{"id": value}
			case 8:
				other := others[r.IntN(len(others))]
				keys := slices.Sorted(maps.Keys(other))
				key = keys[r.IntN(len(keys))]
				value = other[key]
			}
			out[key] = value
		}
		return out
	case []any:
		out := []any{}
		for _, item := range v {
			out = append(out, changed(r, item, others))
		}
		if r.IntN(10) == 0 {
			slices.Reverse(out)
		}
		return out
	case string:
		if r.IntN(40) == 0 {
			return []any{"x", "urn:x", "xsd:y", "cred:z", "name:z", "assertionMethod", "Achievement", "", "_:b", "@none", json.Number("5"), true, nil}[r.IntN(13)]
		}
	}
	return v
}
