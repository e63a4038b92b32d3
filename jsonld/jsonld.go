// Package jsonld turns signed JSON-LD documents into RDF.
//
// A Data Integrity proof covers the RDF statements of a document, not its
// bytes. Whatever the transformation drops is therefore unsigned: anybody may
// change it and the signature stays right. This package refuses every document
// of which something would be dropped (terms that no context defines, relative
// IRIs, values in places where they mean nothing), and it never loads a
// context: only those it carries, or is given, are known.
package jsonld

import (
	"fmt"

	"github.com/roundel/roundel/rdfc"
)

// Options of ToRDF and Canonicalize. The zero value is right for credentials.
type Options struct {
	// Contexts are the contexts that documents may use; nil is Embedded().
	Contexts *Contexts
	// MaxWork is rdfc.Options.MaxWork; 0 is its default.
	MaxWork int
	// Inline allows documents to bring contexts of their own, written as objects
	// into @context; they are refused what Contexts.With refuses, and bounded in
	// size. Whoever writes such a document decides what its words mean, so a
	// reader who goes by the words must not set it.
	Inline bool
}

// ToRDF expands doc, a tree as strictjson.Decode returns it, and returns its
// RDF statements (JSON-LD 1.1 Processing Algorithms, sections 5.1 and 8.1).
// The document is not changed, and nothing of it is lost silently.
//
// Errors are *ContextError, *UnknownTermError, *RelativeIRIError, *LossError,
// *InvalidError, or rdfc.ErrWorkExceeded for documents that are too large.
func ToRDF(doc map[string]any, o Options) (rdfc.Dataset, error) {
	if o.Contexts == nil {
		o.Contexts = Embedded()
	}
	n, err := take(doc, o.Contexts)
	if err != nil {
		return nil, err
	}
	e := expander{session: session{contexts: o.Contexts}, inline: o.Inline}
	e.quads = make(rdfc.Dataset, 0, n.values+n.objects)
	if err := e.document(doc); err != nil {
		return nil, e.explain(err, doc)
	}
	if e.kept != n.values {
		return nil, &LossError{Msg: fmt.Sprintf("%d of %d values have no meaning where they stand", max(n.values-e.kept, e.kept-n.values), n.values)}
	}
	if len(e.quads) == 0 {
		return nil, &LossError{Msg: "the document says nothing"}
	}
	return e.quads, nil
}

// Canonicalize returns the canonical N-Quads (RDFC-1.0 with SHA-256) of doc.
// Errors are those of ToRDF and rdfc.Canonicalize.
func Canonicalize(doc map[string]any, o Options) ([]byte, error) {
	d, err := ToRDF(doc, o)
	if err != nil {
		return nil, err
	}
	r, err := rdfc.Canonicalize(d, rdfc.Options{MaxWork: o.MaxWork})
	if err != nil {
		return nil, err
	}
	return r.NQuads, nil
}
