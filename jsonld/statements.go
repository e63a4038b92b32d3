package jsonld

import (
	"slices"
	"strconv"
	"strings"

	"github.com/roundel/roundel/rdfc"
)

const (
	rdfNS = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
	xsdNS = "http://www.w3.org/2001/XMLSchema#"
)

var (
	rdfType  = rdfc.Term{Kind: rdfc.IRI, Value: rdfNS + "type"}
	rdfFirst = rdfc.Term{Kind: rdfc.IRI, Value: rdfNS + "first"}
	rdfRest  = rdfc.Term{Kind: rdfc.IRI, Value: rdfNS + "rest"}
	rdfNil   = rdfc.Term{Kind: rdfc.IRI, Value: rdfNS + "nil"}
)

// builder collects statements.
type builder struct {
	quads  rdfc.Dataset
	issued int
}

// fresh returns a new blank node. The labels of documents get another prefix,
// so the two kinds never meet.
func (b *builder) fresh() rdfc.Term {
	b.issued++
	return rdfc.Term{Kind: rdfc.Blank, Value: "g" + strconv.Itoa(b.issued)}
}

func (b *builder) add(s, p, o, graph rdfc.Term) {
	b.quads = append(b.quads, rdfc.Quad{Subject: s, Predicate: p, Object: o, Graph: graph})
}

// collect adds an RDF collection and returns its head (section 8.3).
func (b *builder) collect(items []rdfc.Term, graph rdfc.Term) rdfc.Term {
	head := rdfNil
	for _, item := range slices.Backward(items) {
		cell := b.fresh()
		b.add(cell, rdfFirst, item, graph)
		b.add(cell, rdfRest, head, graph)
		head = cell
	}
	return head
}

// resource makes a term of an identifier, or of a type or vocabulary word.
func (a *active) resource(text string, vocab bool, use string) (rdfc.Term, error) {
	id, ok := a.iri(text, vocab)
	if ok {
		if label, blank := strings.CutPrefix(id, "_:"); blank && label != "" {
			return rdfc.Term{Kind: rdfc.Blank, Value: "d" + label}, nil
		}
		if absolute(id) {
			return rdfc.Term{Kind: rdfc.IRI, Value: id}, nil
		}
	} else {
		id = text
	}
	return rdfc.Term{}, &RelativeIRIError{Value: id, Use: use}
}
