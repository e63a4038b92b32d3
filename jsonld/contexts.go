package jsonld

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// Contexts is a fixed set of JSON-LD contexts by address. It is safe for
// concurrent use.
type Contexts struct {
	docs  map[string]*local
	exact map[string][]byte // the bytes that an address serves, where they are known
	words words
	cache cache
}

// root is the active context that documents begin with. All sets have it in
// common; it is never changed.
var root = &active{terms: map[string]*term{}}

// Has tells whether the set has the context at url.
func (c *Contexts) Has(url string) bool {
	_, ok := c.docs[url]
	return ok
}

// URLs returns the addresses of all contexts, sorted.
func (c *Contexts) URLs() []string { return slices.Sorted(maps.Keys(c.docs)) }

// Reserved tells whether any context of the set, or one inside a term, defines
// name as a term or prefix. What begins with a reserved name and a colon need
// not be an absolute IRI: it may be short for another one.
func (c *Contexts) Reserved(name string) bool { return c.words.defined[name] }

// Names returns, sorted, all names that Reserved knows.
func (c *Contexts) Names() []string { return slices.Sorted(maps.Keys(c.words.defined)) }

// Exact returns the bytes that are served at url, where the set carries the
// context byte for byte. The caller must not change them.
func (c *Contexts) Exact(url string) ([]byte, bool) {
	data, ok := c.exact[url]
	return data, ok
}

// Digest returns the SHA-256 hash of Exact, which issuers may name as the
// relatedResource of a credential (VC Data Model 2.0, section 5.3).
func (c *Contexts) Digest(url string) ([]byte, bool) {
	data, ok := c.exact[url]
	if !ok {
		return nil, false
	}
	sum := sha256.Sum256(data)
	return sum[:], true
}

// With returns a set that also has the context document doc at url. The caller
// answers for doc: whoever controls a context controls what documents mean.
//
// It fails if url is known already, if doc is no context document or refers to
// contexts that are not in the set, and if it uses one of the features that
// would leave parts of documents unsigned, or that nothing in this field needs:
// @import, @nest, @reverse, @index, text direction, maps by id, type or index,
// and other names for keywords except @id and @type.
func (c *Contexts) With(url string, doc []byte) (*Contexts, error) {
	if c.Has(url) {
		return nil, fmt.Errorf("json-ld context %q: there is one already", url)
	}
	dec := json.NewDecoder(bytes.NewReader(doc))
	var tree any
	if err := dec.Decode(&tree); err != nil {
		return nil, fmt.Errorf("json-ld context %q: %w", url, err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, fmt.Errorf("json-ld context %q: unexpected text after the document", url)
	}
	object, _ := tree.(map[string]any)
	written, ok := object["@context"]
	if !ok {
		return nil, fmt.Errorf("json-ld context %q: no @context member", url)
	}
	l, err := reader{known: c.Has}.local(written, 0)
	if err != nil {
		return nil, fmt.Errorf("json-ld context %q: %w", url, err)
	}
	more := c.clone()
	more.docs[url] = l
	more.words.add(written)
	// Apply it, so that a fault shows here and not in documents.
	s := &session{contexts: more}
	a, err := s.apply(root, l, 0)
	if err == nil {
		err = s.validate(a, l)
	}
	if err != nil {
		return nil, fmt.Errorf("json-ld context %q: %w", url, err)
	}
	return more, nil
}

func (c *Contexts) clone() *Contexts {
	return &Contexts{docs: cloned(c.docs), exact: cloned(c.exact), words: c.words.clone()}
}

func cloned[K comparable, V any](m map[K]V) map[K]V {
	if m == nil {
		return map[K]V{}
	}
	return maps.Clone(m)
}

// words are the names that occur in contexts, at any depth.
type words struct {
	defined map[string]bool // as terms
	scoped  map[string]bool // as terms with a context of their own
	opaque  map[string]bool // as terms whose values hold other words than terms
}

func (w words) clone() words {
	return words{defined: cloned(w.defined), scoped: cloned(w.scoped), opaque: cloned(w.opaque)}
}

func (w words) add(tree any) {
	switch v := tree.(type) {
	case []any:
		for _, item := range v {
			w.add(item)
		}
	case map[string]any:
		for name, d := range v {
			if !strings.HasPrefix(name, "@") {
				w.term(name, d)
			}
		}
	}
}

func (w words) term(name string, v any) {
	w.defined[name] = true
	d, _ := v.(map[string]any)
	if inner, ok := d["@context"]; ok {
		w.scoped[name] = true
		w.add(inner)
	}
	kinds, _ := readContainer(d["@container"])
	if d["@type"] == "@json" || kinds&inLanguage != 0 {
		w.opaque[name] = true
	}
}
