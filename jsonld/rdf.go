package jsonld

import (
	"errors"
	"fmt"
	"maps"
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

// toDataset makes statements of expanded nodes ("Deserialize JSON-LD to RDF",
// section 8.1, without flattening first: a dataset is a set, so statements
// about one node need not be gathered).
func toDataset(nodes []any) (rdfc.Dataset, error) {
	b := &builder{}
	if err := b.graph(rdfc.Term{}, nodes); err != nil {
		return nil, err
	}
	return b.quads, nil
}

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

// resource makes a term of an expanded identifier.
func resource(id, use string) (rdfc.Term, error) {
	if label, ok := strings.CutPrefix(id, "_:"); ok && label != "" {
		return rdfc.Term{Kind: rdfc.Blank, Value: "d" + label}, nil
	}
	if !absolute(id) {
		return rdfc.Term{}, &RelativeIRIError{Value: id, Use: use}
	}
	return rdfc.Term{Kind: rdfc.IRI, Value: id}, nil
}

// absolute tells whether s begins with a scheme and has no white space.
func absolute(s string) bool {
	if strings.ContainsAny(s, " \t\n\r\f\v") {
		return false
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case 'a' <= c|0x20 && c|0x20 <= 'z':
		case i > 0 && ('0' <= c && c <= '9' || c == '+' || c == '-' || c == '.'):
		default:
			return i > 0 && c == ':'
		}
	}
	return false
}

// node adds the statements of a node object to graph and returns its term.
func (b *builder) node(v any, graph rdfc.Term) (rdfc.Term, error) {
	n, ok := v.(map[string]any)
	if !ok {
		return rdfc.Term{}, &InvalidError{Err: errors.New("a value stands where a node is expected")}
	}
	subject, err := b.subject(n)
	if err != nil {
		return rdfc.Term{}, err
	}
	// In order, so that a document always gives the same dataset and the same error.
	for _, key := range slices.Sorted(maps.Keys(n)) {
		switch key {
		case "@id":
			continue
		case "@type":
			err = b.types(subject, n[key], graph)
		case "@graph":
			items, ok := n[key].([]any)
			if !ok {
				return rdfc.Term{}, &InvalidError{Err: errors.New("a graph must be an array")}
			}
			err = b.graph(subject, items)
		default:
			err = b.property(subject, key, n[key], graph)
		}
		if err != nil {
			return rdfc.Term{}, err
		}
	}
	return subject, nil
}

func (b *builder) subject(n map[string]any) (rdfc.Term, error) {
	id, ok := n["@id"]
	if !ok {
		return b.fresh(), nil
	}
	s, ok := id.(string)
	if !ok {
		return rdfc.Term{}, &InvalidError{Err: errors.New("an identifier must be a string")}
	}
	use := "identifier"
	if _, ok := n["@graph"]; ok {
		use = "graph name"
	}
	return resource(s, use)
}

func (b *builder) types(subject rdfc.Term, v any, graph rdfc.Term) error {
	list, _ := v.([]any)
	for _, item := range list {
		s, ok := item.(string)
		if !ok {
			return &InvalidError{Err: errors.New("a type must be a string")}
		}
		t, err := resource(s, "type")
		if err != nil {
			return err
		}
		b.add(subject, rdfType, t, graph)
	}
	return nil
}

// graph adds the nodes of the graph called name. RDF knows no graphs inside
// graphs: they all lie side by side. A node that is only listed, without a
// statement of its own, would vanish, and its identifier with it.
func (b *builder) graph(name rdfc.Term, nodes []any) error {
	for _, n := range nodes {
		before := len(b.quads)
		if _, err := b.node(n, name); err != nil {
			return err
		}
		if len(b.quads) == before {
			return &LossError{Msg: "a node of which nothing is said"}
		}
	}
	return nil
}

func (b *builder) property(subject rdfc.Term, key string, v any, graph rdfc.Term) error {
	if !absolute(key) {
		return &RelativeIRIError{Value: key, Use: "property"}
	}
	list, ok := v.([]any)
	if !ok {
		return &InvalidError{Err: fmt.Errorf("the property %.200q has no list of values", key)}
	}
	predicate := rdfc.Term{Kind: rdfc.IRI, Value: key}
	for _, item := range list {
		object, err := b.object(item, graph)
		if err != nil {
			return err
		}
		b.add(subject, predicate, object, graph)
	}
	return nil
}

func (b *builder) object(v any, graph rdfc.Term) (rdfc.Term, error) {
	o, _ := v.(map[string]any)
	if value, ok := o["@value"]; ok {
		return literal(o, value)
	}
	if items, ok := o["@list"]; ok {
		return b.list(items, graph)
	}
	return b.node(v, graph)
}

// list adds an RDF collection and returns its head (section 8.3).
func (b *builder) list(v any, graph rdfc.Term) (rdfc.Term, error) {
	items, ok := v.([]any)
	if !ok {
		return rdfc.Term{}, &InvalidError{Err: errors.New("a list must be an array")}
	}
	head := rdfNil
	for _, item := range slices.Backward(items) {
		object, err := b.object(item, graph)
		if err != nil {
			return rdfc.Term{}, err
		}
		cell := b.fresh()
		b.add(cell, rdfFirst, object, graph)
		b.add(cell, rdfRest, head, graph)
		head = cell
	}
	return head, nil
}
