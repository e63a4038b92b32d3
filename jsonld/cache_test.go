package jsonld

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/roundel/roundel/rdfc"
)

// sequences makes documents that each name contexts in an order of their own.
func sequences(r *rand.Rand, n int) []map[string]any {
	var docs []map[string]any
	urls := Embedded().URLs()
	for range n {
		list := []any{credentialsV2}
		for range 1 + r.IntN(5) {
			list = append(list, urls[r.IntN(len(urls))])
		}
		docs = append(docs, map[string]any{"@context": list, "@id": "urn:c", "https://e.org/p": "x"})
	}
	return docs
}

// Whoever writes documents chooses which contexts are applied to which. What is
// remembered of that is bounded, for documents at the same time too, and what
// was forgotten is found out again.
func TestCacheIsBounded(t *testing.T) {
	const limit = 5_000
	c := &Contexts{docs: Embedded().docs, words: Embedded().words, cache: cache{limit: limit}}
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			accepted := 0
			for _, doc := range sequences(rand.New(rand.NewPCG(uint64(worker), 3)), 500) {
				out, err := canonical(ToRDF(doc, Options{Contexts: c}))
				if err == nil && out != "<urn:c> <https://e.org/p> \"x\" .\n" {
					t.Errorf("%v: %s", doc, out)
				}
				if err == nil {
					accepted++
				}
			}
			if accepted < 50 {
				t.Errorf("only %d documents are right", accepted)
			}
		})
	}
	wg.Wait()
	if len(c.cache.old) == 0 {
		t.Error("the cache was not filled once")
	}
	for _, half := range []map[step]*active{c.cache.young, c.cache.old} {
		terms := 0
		for s, a := range half {
			if s.local.inline || a.ofOneReader {
				t.Error("a context of one document is remembered")
			}
			if terms += 8; a != s.active {
				terms += len(a.terms)
			}
		}
		if terms > limit {
			t.Errorf("%d terms in half of the cache", terms)
		}
	}
}

// A context of a document is not remembered beyond it.
func TestInlineIsForgotten(t *testing.T) {
	c := &Contexts{docs: Embedded().docs, words: Embedded().words}
	for i := range 10 {
		doc := map[string]any{
			"@context": []any{credentialsV2, map[string]any{"T": map[string]any{"@id": "urn:t", "@context": map[string]any{"a": fmt.Sprint("urn:", i)}}}},
			"id":       "urn:c", "type": []any{"VerifiableCredential", "T"}, "a": "x",
		}
		out, err := canonical(ToRDF(doc, Options{Contexts: c, Inline: true}))
		if want := fmt.Sprintf("<urn:c> <urn:%d> \"x\" .\n", i); err != nil || len(out) < len(want) || out[len(out)-len(want):] != want {
			t.Errorf("%s%v", out, err)
		}
	}
	if n := len(c.cache.young); n != 1 {
		t.Errorf("%d steps are remembered, want that of the named context only", n)
	}
}

// What applies a context to itself comes to an end of new contexts.
func TestRepetitionIsRecognised(t *testing.T) {
	s := &session{contexts: Embedded()}
	a, err := s.apply(root, s.contexts.docs[credentialsV2], 0)
	if err != nil {
		t.Fatal(err)
	}
	again, err := s.apply(a, s.contexts.docs[credentialsV2], 0)
	if err != nil || again != a {
		t.Errorf("the same context again makes another active context: %v", err)
	}
	scoped := a.terms["DataIntegrityProof"].scoped
	once, err := s.apply(a, scoped, override)
	if err != nil || once == a {
		t.Fatal(err)
	}
	if twice, err := s.apply(once, scoped, override); err != nil || twice != once {
		t.Errorf("the same context of a property again makes another active context: %v", err)
	}
}

// BenchmarkHostile reads the document that costs the most for its size that we
// know: every object names contexts in an order that nobody has seen.
func BenchmarkHostile(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 4))
	urls := []string{
		"https://w3id.org/security/data-integrity/v2", "https://w3id.org/security/multikey/v1", "https://w3id.org/security/jwk/v1",
		"https://w3id.org/security/suites/ed25519-2020/v1", "https://w3id.org/security/suites/jws-2020/v1", "https://www.w3.org/ns/did/v1",
		"https://purl.imsglobal.org/spec/ob/v3p0/extensions.json", credentialsV2,
	}
	for b.Loop() {
		nodes := []any{}
		for i := range maxContexts / 3 / 4 {
			list := []any{}
			for range 4 {
				list = append(list, urls[r.IntN(len(urls))])
			}
			nodes = append(nodes, map[string]any{"@context": list, "@id": fmt.Sprint("urn:", i), "https://e.org/p": "x"})
		}
		if _, err := ToRDF(map[string]any{"@id": "urn:c", "https://e.org/p": nodes}, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

// Depth is refused before anything is done for it.
func TestDeepIsCheap(t *testing.T) {
	deep := map[string]any{"https://e.org/p": "x"}
	for range 100_000 {
		deep = map[string]any{"https://e.org/p": []any{deep}, "@context": credentialsV2, "type": "DataIntegrityProof"}
	}
	var n census
	n.count(deep, Embedded(), 1)
	if n.all > 3*maxDepth || n.depth != maxDepth+1 {
		t.Errorf("looked at %d values down to level %d", n.all, n.depth)
	}
	_, err := ToRDF(deep, Options{})
	if work, ok := err.(*rdfc.WorkError); !ok || work.What != "levels" {
		t.Errorf("got %v", err)
	}
}
