package verify

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
)

const clrContext = "https://purl.imsglobal.org/spec/clr/v2p0/context-2.0.1.json"

// costly returns a badge of a key that names itself, after change, signed as
// often as asked.
func costly(t testing.TB, proofs int, change func(m map[string]any)) []byte {
	t.Helper()
	mallory := selfMade(t, "Mallory")
	doc := edited(t, must[[]byte](t)(mallory.simple().Document()), change)
	for range proofs {
		doc = mallory.sign(t, doc)
	}
	return doc
}

// withNodes adds n pieces of evidence, each as node says.
func withNodes(n int, node func(i int) any) func(map[string]any) {
	return func(m map[string]any) {
		var nodes []any
		for i := range n {
			nodes = append(nodes, node(i))
		}
		m["evidence"] = nodes
	}
}

func asRecord(change func(map[string]any)) func(map[string]any) {
	return func(m map[string]any) {
		m["type"] = []any{"VerifiableCredential", typeRecord}
		m["@context"] = append(m["@context"].([]any), clrContext)
		change(m)
	}
}

func oneType(i int) any { return map[string]any{"id": fmt.Sprintf("urn:e:%d", i), "type": "Evidence"} }

// fourTypes is the most that a node can make the expander read.
func fourTypes(i int) any {
	return map[string]any{"id": fmt.Sprintf("urn:e:%d", i), "type": []any{"Evidence", "Achievement", "Profile", "Address"}}
}

func ownContext(int) any {
	return map[string]any{"type": "Evidence", "cnf": map[string]any{"id": "urn:x"}}
}

func namedContext(int) any {
	return map[string]any{"@context": "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json", "type": "Evidence"}
}

// alike adds blank nodes that can be told apart only by trying their orders.
func alike(n int) func(map[string]any) {
	return func(m map[string]any) {
		node := map[string]any{"https://evil.example/p": slices.Repeat([]any{map[string]any{}}, n)}
		m["https://evil.example/p"] = []any{node, node}
	}
}

func inList(i int) any {
	return map[string]any{"id": fmt.Sprintf("urn:e:%d", i), "type": "VerifiableCredential"}
}

// worst are badges near the limits, each in another way.
func worst(t testing.TB) map[string][]byte {
	return map[string][]byte{
		"a common badge":      costly(t, 1, func(map[string]any) {}),
		"many nodes":          costly(t, maxProofs, withNodes(1_060, oneType)),
		"many types":          costly(t, maxProofs, withNodes(300, fourTypes)),
		"terms with contexts": costly(t, maxProofs, withNodes(550, ownContext)),
		"many contexts":       costly(t, maxProofs, withNodes(300, namedContext)),
		"many values": costly(t, maxProofs, func(m map[string]any) {
			m["https://evil.example/p"] = slices.Repeat([]any{"x"}, 12_000)
		}),
		"many statements": costly(t, maxProofs, func(m map[string]any) {
			var all []any
			for i := range 12_000 {
				all = append(all, fmt.Sprint("text ", i))
			}
			m["https://evil.example/p"] = all
		}),
		"alike": costly(t, maxProofs, alike(5)),
		"a long text": costly(t, maxProofs, func(m map[string]any) {
			m["description"] = strings.Repeat("long ", 200_000)
		}),
		"a misplaced term": edited(t, costly(t, 1, withNodes(300, fourTypes)), func(m map[string]any) {
			m["narrative"] = "defined, but not here"
			m["proof"] = slices.Repeat([]any{m["proof"]}, maxProofs)
		}),
	}
}

// TestWorstAreAccepted: the benchmark measures what is checked to the end.
func TestWorstAreAccepted(t *testing.T) {
	for name, doc := range worst(t) {
		rep := check(t, world(t), doc)
		if code := rep.Check(CheckProof).Code; code != "" && name != "a misplaced term" || code == CodeTooComplex {
			t.Errorf("%s (%d bytes): %+v %+v", name, len(doc), rep.Check(CheckStructure), rep.Check(CheckProof))
		}
	}
}

func BenchmarkWorst(b *testing.B) {
	all := worst(b)
	all["a learner record"] = costly(b, maxProofs, asRecord(withNodes(4_900, oneType)))
	for name, doc := range all {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(doc)))
			b.ReportAllocs()
			for range b.N {
				(&Verifier{Now: clock}).Verify(context.Background(), doc)
			}
		})
	}
}

// TestBudget: what is beyond the budget is neither called forged nor let through.
func TestBudget(t *testing.T) {
	record := func(n int) []byte {
		return edited(t, costly(t, 1, func(map[string]any) {}), asRecord(withNodes(n, oneType)))
	}
	twice := func(n int) []byte {
		return edited(t, costly(t, 1, func(map[string]any) {}), func(m map[string]any) {
			withNodes(n, oneType)(m)
			m["proof"] = slices.Repeat([]any{m["proof"]}, maxProofs)
		})
	}
	twiceAlike := edited(t, twice(1), alike(12))
	for name, c := range map[string]struct {
		doc   []byte
		check string
	}{
		"2,000 nodes":                   {twice(2_000), "proof unknown too_complex"},
		"many alike":                    {twiceAlike, "proof unknown too_complex"},
		"20,000 nodes":                  {twice(20_000), "structure unknown too_complex"},
		"record of 200,000 nodes":       {record(200_000), "structure unknown too_complex"},
		"a word that says record":       {edited(t, twice(15_000), func(m map[string]any) { m["name"] = typeRecord }), "structure unknown too_complex"},
		"a large one that says record":  {edited(t, twice(1), func(m map[string]any) { m["tag"], m["name"] = typeRecord, strings.Repeat("x", 2<<20) }), "structure unknown too_large"},
		"a record of more than 10 MiB":  {edited(t, record(1), func(m map[string]any) { m["name"] = strings.Repeat("x", 10<<20) }), "structure unknown too_large"},
		"a proof with a document in it": {edited(t, costly(t, 1, func(map[string]any) {}), func(m map[string]any) { m["proof"].(map[string]any)["domain"] = map[string]any{"type": "Profile"} }), "proof unknown ambiguous_form"},
	} {
		rep := check(t, world(t), c.doc)
		want(t, rep, Unverifiable, c.check)
		if id, _, _ := strings.Cut(c.check, " "); !strings.HasPrefix(rep.Text, rep.Check(id).Reason) {
			t.Errorf("%s: text %q", name, rep.Text)
		}
	}
	// It is no good record, but small enough for its signature to be checked.
	want(t, check(t, world(t), costly(t, 1, asRecord(withNodes(2_000, oneType)))), Malformed, "schema failed breaks_open_badges_rules", "proof passed")
}

// TestContentIsWorkedOutOnce: another proof costs what the proof is, not what
// the badge is.
func TestContentIsWorkedOutOnce(t *testing.T) {
	spent := func(proofs int) int {
		r := (&Verifier{Now: clock}).start(t.Context())
		c, bad := r.parse(costly(t, proofs, withNodes(300, oneType)))
		if bad != nil {
			t.Fatal(bad.Reason)
		}
		before := r.work.units
		if s := r.examine(c); s.proof.Outcome != Passed {
			t.Fatal(s.proof.Reason)
		}
		return before - r.work.units
	}
	one, four := spent(1), spent(4)
	if one < 300*20 || four-one > 3*(one-300*20) {
		t.Errorf("one proof costs %d, four cost %d", one, four)
	}
}

// TestBudgetCoversWhatIsFetched: a status list cannot ask for more than the
// badge has left.
func TestBudgetCoversWhatIsFetched(t *testing.T) {
	n := world(t)
	n.pages[revocation] = uni().list(t, revocation, "revocation", false, withNodes(1_300, inList))
	want(t, check(t, n, uni().signed(t, uni().badge())), Unverifiable, "status unknown list_not_confirmed")
	n.pages[revocation] = uni().list(t, revocation, "revocation", false, withNodes(20, inList))
	want(t, check(t, n, uni().signed(t, uni().badge())), Valid, "status passed")
	n.pages[refreshURL] = page{body: uni().sign(t, edited(t, must[[]byte](t)(uni().badge().Document()), withNodes(1_300, oneType))), media: "application/vc"}
	want(t, check(t, n, uni().signed(t, uni().badge())), Valid, "refresh unknown list_not_confirmed")
}
