package jsonld

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/piprate/json-gold/ld"
)

// Contexts is a fixed set of JSON-LD contexts by address. It is safe for
// concurrent use.
type Contexts struct {
	docs map[string]any // decoded with encoding/json, as the expander wants it
	// scoped are the terms that bring a context of their own, which the expander
	// reads again wherever the term stands.
	scoped map[string]bool
	terms  map[string]bool   // all names that are defined, at any depth
	exact  map[string][]byte // the bytes that an address serves, where they are known
}

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
func (c *Contexts) Reserved(name string) bool { return c.terms[name] }

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
	local, ok := object["@context"]
	if !ok {
		return nil, fmt.Errorf("json-ld context %q: no @context member", url)
	}
	if err := c.vet(local); err != nil {
		return nil, fmt.Errorf("json-ld context %q: %w", url, err)
	}
	more := c.clone()
	more.docs[url] = tree
	collectTerms(local, more.terms)
	collectScoped(local, more.scoped)
	// Let the expander read it, so that a fault shows here and not in documents.
	if err := more.try(url); err != nil {
		return nil, fmt.Errorf("json-ld context %q: %w", url, err)
	}
	return more, nil
}

func (c *Contexts) clone() *Contexts {
	return &Contexts{docs: cloned(c.docs), scoped: cloned(c.scoped), terms: cloned(c.terms), exact: cloned(c.exact)}
}

func cloned[V any](m map[string]V) map[string]V {
	if m == nil {
		return map[string]V{}
	}
	return maps.Clone(m)
}

func (c *Contexts) try(url string) (err error) {
	defer recoverAs(&err)
	_, err = ld.NewContext(nil, c.options()).Parse(url)
	return err
}

// options are the expander's, with the loader that knows this set only.
func (c *Contexts) options() *ld.JsonLdOptions {
	return &ld.JsonLdOptions{ProcessingMode: ld.JsonLd_1_1, SafeMode: true, DocumentLoader: loader{c}}
}

// loader implements ld.DocumentLoader. The expander's own loaders would open
// local files and the network.
type loader struct{ c *Contexts }

func (l loader) LoadDocument(url string) (*ld.RemoteDocument, error) {
	doc, ok := l.c.docs[url]
	if !ok {
		return nil, &ContextError{URL: url}
	}
	return &ld.RemoteDocument{DocumentURL: url, Document: doc}, nil
}

// vet looks through a local context, and those inside its terms, for what With
// refuses. The expander recurses without end into contexts that include each
// other: known contexts only, and none twice, makes that impossible.
func (c *Contexts) vet(local any) error {
	switch v := local.(type) {
	case nil:
		return nil
	case string:
		if !c.Has(v) {
			return fmt.Errorf("refers to the unknown context %q", v)
		}
		return nil
	case []any:
		for _, item := range v {
			if err := c.vet(item); err != nil {
				return err
			}
		}
		return nil
	case map[string]any:
		for term, def := range v {
			if err := c.vetTerm(term, def); err != nil {
				return err
			}
		}
		return nil
	default:
		return errors.New("a context must be an object, a string or an array of them")
	}
}

func (c *Contexts) vetTerm(term string, def any) error {
	switch term {
	case "@version", "@protected", "@vocab", "@language", "@propagate":
		return nil
	}
	if strings.HasPrefix(term, "@") {
		return fmt.Errorf("%s is not supported", term)
	}
	switch d := def.(type) {
	case string:
		return vetAlias(term, d)
	case map[string]any:
		for key, value := range d {
			switch key {
			case "@id":
				if s, ok := value.(string); ok {
					if err := vetAlias(term, s); err != nil {
						return err
					}
				}
			case "@container":
				if err := vetContainer(term, value); err != nil {
					return err
				}
			case "@context":
				if err := c.vet(value); err != nil {
					return fmt.Errorf("%s: %w", term, err)
				}
			case "@type", "@language", "@protected", "@prefix":
			default:
				return fmt.Errorf("term %q: %s is not supported", term, key)
			}
		}
	}
	return nil
}

func vetAlias(term, id string) error {
	if strings.HasPrefix(id, "@") && id != "@id" && id != "@type" {
		return fmt.Errorf("term %q: another name for %s is not supported", term, id)
	}
	return nil
}

func vetContainer(term string, value any) error {
	list, ok := value.([]any)
	if !ok {
		list = []any{value}
	}
	for _, kind := range list {
		if kind != "@set" && kind != "@list" && kind != "@graph" && kind != "@language" {
			return fmt.Errorf("term %q: the container %v is not supported", term, kind)
		}
	}
	return nil
}
