package verify

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/roundel/roundel/jsonld"
	"github.com/roundel/roundel/proof"
	"github.com/roundel/roundel/strictjson"
	"pgregory.net/rapid"
)

// Promise S1: no change to a signed badge is taken for the original. A changed
// file may be valid only if it says the very same, statement by statement, and
// is read with the same dates, states and subject.
func TestMutationsAreNeverValid(t *testing.T) {
	original := uni().signed(t, uni().badge())
	statements, reading := meaning(t, original), readingOf(t, original)
	n := world(t)
	rapid.Check(t, func(t *rapid.T) {
		mutant := mutate(t, original)
		rep := (&Verifier{Get: n, Now: clock}).Verify(t.Context(), mutant)
		if rep.Verdict != Valid {
			return
		}
		if !bytes.Equal(meaning(t, mutant), statements) {
			t.Fatalf("valid, but it says something else:\n%s", mutant)
		}
		if got := readingOf(t, mutant); got != reading {
			t.Fatalf("valid, but it is read differently: %s\n%s", got, mutant)
		}
	})
}

// meaning is what the document and its proof state.
func meaning(t interface{ Fatal(...any) }, doc []byte) []byte {
	v, err := strictjson.Decode(doc, strictjson.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	unsecured, proofs, err := proof.Split(v.(map[string]any))
	if err != nil {
		t.Fatal(err)
	}
	out, err := jsonld.Canonicalize(unsecured, jsonld.Options{})
	if err != nil {
		t.Fatal(err)
	}
	p := maps.Clone(proofs[0].Raw)
	p["@context"] = unsecured["@context"]
	more, err := jsonld.Canonicalize(p, jsonld.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return append(out, more...)
}

// readingOf is what a verdict depends on, as it is read.
func readingOf(t interface{ Fatal(...any) }, doc []byte) string {
	c, bad := (&Verifier{}).start(context.Background()).parse(doc)
	if bad != nil {
		t.Fatal(bad.Reason)
	}
	status := make([]string, 0, len(c.Status))
	for _, s := range c.Status {
		text, err := json.Marshal(withoutEmpty(s))
		if err != nil {
			t.Fatal(err)
		}
		status = append(status, string(text))
	}
	slices.Sort(status)
	out, err := json.Marshal([]any{c.ID, c.Issuer.ID, c.Issuer.Name, c.ValidFrom, c.ValidUntil, status, withoutEmpty(c.Subject[0]["identifier"])})
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// withoutEmpty drops empty lists, which say nothing.
func withoutEmpty(v any) any {
	switch v := v.(type) {
	case []any:
		out := []any{}
		for _, one := range v {
			out = append(out, withoutEmpty(one))
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for k, one := range v {
			if l, ok := one.([]any); !ok || len(l) > 0 {
				out[k] = withoutEmpty(one)
			}
		}
		return out
	}
	return v
}

// mutate changes bytes, or members of the JSON at a random place.
func mutate(t *rapid.T, doc []byte) []byte {
	if rapid.IntRange(0, 3).Draw(t, "kind") == 0 {
		return mutateBytes(t, slices.Clone(doc))
	}
	v, err := strictjson.Decode(doc, strictjson.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for range rapid.IntRange(1, 2).Draw(t, "changes") {
		v = mutateValue(t, v)
	}
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func mutateBytes(t *rapid.T, doc []byte) []byte {
	i := rapid.IntRange(0, len(doc)-1).Draw(t, "at")
	b := rapid.SampledFrom([]byte("0129azAZ \"\\{}[],:.-\x00\xff")).Draw(t, "byte")
	switch rapid.IntRange(0, 2).Draw(t, "edit") {
	case 0:
		doc[i] = b
		return doc
	case 1:
		return slices.Insert(doc, i, b)
	}
	return slices.Delete(doc, i, i+1)
}

// otherValues are what a value is replaced by.
func otherValues(t *rapid.T) any {
	return rapid.SampledFrom([]any{
		nil, "", "x", "https://uni.edu/other", json.Number("1"), true, []any{}, map[string]any{},
		"2030-01-01T00:00:00Z", map[string]any{"@value": "x"}, map[string]any{"id": "https://uni.edu/awards/1"},
	}).Draw(t, "value")
}

func mutateValue(t *rapid.T, v any) any {
	switch v := v.(type) {
	case map[string]any:
		return mutateObject(t, v)
	case []any:
		return mutateList(t, v)
	case string:
		if v != "" && rapid.Bool().Draw(t, "letter") {
			i := rapid.IntRange(0, len(v)-1).Draw(t, "at")
			return v[:i] + "e" + v[i+1:]
		}
	}
	return otherValues(t)
}

func mutateObject(t *rapid.T, m map[string]any) any {
	m = maps.Clone(m)
	keys := slices.Sorted(maps.Keys(m))
	names := append([]string{"name", "description", "x", "@id", "@type", "@graph", "@included", "@reverse", "image", "evidence", "validUntil",
		"https://www.w3.org/2018/credentials#validUntil", "https://schema.org/name", "endorsement", "alignment"}, keys...)
	switch rapid.IntRange(0, 9).Draw(t, "on object") {
	case 0:
		m[rapid.SampledFrom(names).Draw(t, "new")] = otherValues(t)
	case 1:
		if len(keys) > 0 {
			delete(m, rapid.SampledFrom(keys).Draw(t, "gone"))
		}
	case 2: // another name for the same value
		if len(keys) > 0 {
			old := rapid.SampledFrom(keys).Draw(t, "old")
			value := m[old]
			delete(m, old)
			m[rapid.SampledFrom([]string{"https://www.w3.org/2018/credentials#" + old, "https://schema.org/" + old, "@" + old, old + "s",
				"https://purl.imsglobal.org/spec/vc/ob/vocab.html#" + old}).Draw(t, "name")] = value
		}
	default:
		if len(keys) > 0 {
			k := rapid.SampledFrom(keys).Draw(t, "in")
			m[k] = mutateValue(t, m[k])
		}
	}
	return m
}

func mutateList(t *rapid.T, list []any) any {
	list = slices.Clone(list)
	if len(list) == 0 {
		return []any{otherValues(t)}
	}
	i := rapid.IntRange(0, len(list)-1).Draw(t, "item")
	switch rapid.IntRange(0, 5).Draw(t, "on list") {
	case 0:
		return append(list, list[i])
	case 1:
		return append(list, otherValues(t))
	case 2:
		return slices.Delete(list, i, i+1)
	case 3:
		slices.Reverse(list)
		return list
	}
	list[i] = mutateValue(t, list[i])
	return list
}

func FuzzVerify(f *testing.F) {
	n := world(f)
	f.Add(uni().signed(f, uni().badge()))
	f.Add([]byte(`{"@context":["https://www.w3.org/ns/credentials/v2"],"type":["VerifiableCredential"],"issuer":"did:key:z6Mk","credentialSubject":{"a":1},"proof":{"type":"x"}}`))
	f.Add([]byte("\x89PNG\r\n\x1a\n"))
	f.Add([]byte("<svg/>"))
	f.Add([]byte("a.b.c"))
	f.Add([]byte("{"))
	f.Fuzz(func(t *testing.T, file []byte) {
		rep := (&Verifier{Get: n, Now: clock}).Verify(t.Context(), file)
		if rep.Verdict == "" || rep.Headline == "" || len(rep.Checks) != len(titles()) {
			t.Fatalf("incomplete report: %+v", rep)
		}
		if _, err := json.Marshal(rep); err != nil {
			t.Fatal(err)
		}
	})
}
