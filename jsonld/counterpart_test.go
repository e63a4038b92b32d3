package jsonld

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/piprate/json-gold/ld"

	"github.com/roundel/roundel/rdfc"
)

// counterpart is what this package was built on first: json-gold expands, and
// what comes out is counted and made into statements here. It shares with the
// package nothing that looks at contexts or terms.
func counterpart(doc map[string]any, o Options) (rdfc.Dataset, error) {
	s := &goldScreener{contexts: o.Contexts, inline: o.Inline}
	if err := s.object(doc); err != nil {
		return nil, err
	}
	nodes, err := goldExpand(doc, o.Contexts)
	if err != nil {
		return nil, err
	}
	kept, err := goldCount(nodes)
	if err != nil {
		return nil, err
	}
	if kept != s.values {
		return nil, &LossError{Msg: fmt.Sprintf("kept %d of %d values", kept, s.values)}
	}
	b := &goldBuilder{}
	if err := b.graph(rdfc.Term{}, nodes); err != nil {
		return nil, err
	}
	if len(b.quads) == 0 {
		return nil, &LossError{Msg: "the document says nothing"}
	}
	return b.quads, nil
}

func goldExpand(doc map[string]any, c *Contexts) (nodes []any, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("json-gold gave up: %v", r)
		}
	}()
	return ld.NewJsonLdProcessor().Expand(goldNumbers(doc, false),
		&ld.JsonLdOptions{ProcessingMode: ld.JsonLd_1_1, SafeMode: true, DocumentLoader: goldLoader{c}})
}

// goldNumbers makes a copy of v for json-gold, which wants @version to be a
// float64, and writes into what it is given.
func goldNumbers(v any, context bool) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, item := range v {
			out[key] = goldNumbers(item, context || key == "@context")
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = goldNumbers(item, context)
		}
		return out
	case json.Number:
		if f, err := v.Float64(); context && err == nil {
			return f
		}
	}
	return v
}

type goldLoader struct{ c *Contexts }

func (l goldLoader) LoadDocument(url string) (*ld.RemoteDocument, error) {
	known, ok := l.c.docs[url]
	if !ok {
		return nil, &ContextError{URL: url}
	}
	return &ld.RemoteDocument{DocumentURL: url, Document: map[string]any{"@context": goldNumbers(known.tree, true)}}, nil
}

// goldScreener checks what can be checked without knowing terms, and counts the
// values that must still be there afterwards: every string, number and boolean
// except those of @context and the companions of @value.
type goldScreener struct {
	contexts *Contexts
	inline   bool
	values   int
}

func (s *goldScreener) value(v any) error {
	switch v := v.(type) {
	case nil:
		return nil
	case map[string]any:
		return s.object(v)
	case []any:
		for _, item := range v {
			if err := s.value(item); err != nil {
				return err
			}
		}
		return nil
	default:
		s.values++
		return nil
	}
}

func (s *goldScreener) object(o map[string]any) error {
	for key := range o {
		if err := s.member(o, key); err != nil {
			return err
		}
	}
	return nil
}

func (s *goldScreener) member(o map[string]any, key string) error {
	literal, isLiteral := o["@value"]
	switch key {
	case "@context":
		return s.context(o[key])
	case "@value":
		if literal == nil && o["@type"] != "@json" && o["type"] != "@json" {
			return &LossError{Msg: "the value is null"}
		}
	case "@type", "@language", "type":
		if isLiteral {
			return nil // goes with the value
		}
	case "@list":
		if nested(o[key]) {
			return &LossError{Msg: "an array inside a list"}
		}
	case "@id", "@graph", "@set", "@none":
	default:
		if isKeyword(key) {
			return &LossError{Msg: key + " is not supported"}
		}
	}
	return s.value(o[key])
}

func (s *goldScreener) context(v any) error {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	for _, item := range list {
		switch item := item.(type) {
		case string:
			if !s.contexts.Has(item) {
				return &ContextError{URL: item}
			}
		case map[string]any:
			if !s.inline {
				return &ContextError{Inline: true}
			}
			if _, err := (reader{known: s.contexts.Has}).local(item, 0); err != nil {
				return &InvalidError{Err: err}
			}
		default:
			return &ContextError{Inline: true}
		}
	}
	return nil
}

// goldCount counts the values in expanded nodes as goldScreener counts them in
// the document.
func goldCount(v any) (int, error) {
	switch v := v.(type) {
	case []any:
		n := 0
		for _, item := range v {
			m, err := goldCount(item)
			if err != nil {
				return 0, err
			}
			n += m
		}
		return n, nil
	case map[string]any:
		if literal, ok := v["@value"]; ok {
			if v["@type"] == "@json" {
				return goldCountJSON(literal), nil
			}
			return 1, nil
		}
		n := 0
		for key, value := range v {
			switch key {
			case "@id":
				n++
			case "@type":
				types, ok := value.([]any)
				if !ok {
					return 0, &InvalidError{Err: errors.New("a node with an odd type")}
				}
				n += len(types)
			case "@index", "@reverse", "@included", "@direction", "@language", "@set", "@nest":
				return 0, &LossError{Msg: key + " is not supported"}
			default:
				m, err := goldCount(value)
				if err != nil {
					return 0, err
				}
				n += m
			}
		}
		return n, nil
	case nil:
		// An error that the expander threw away leaves a hole.
		return 0, &LossError{Msg: "a list has an entry without meaning"}
	default:
		return 0, &LossError{Msg: "a value stands where a node is expected"}
	}
}

// goldCountJSON counts as goldScreener does, in a JSON literal.
func goldCountJSON(v any) int {
	n := 0
	switch v := v.(type) {
	case nil:
	case []any:
		for _, item := range v {
			n += goldCountJSON(item)
		}
	case map[string]any:
		_, isLiteral := v["@value"]
		for key, value := range v {
			if key == "@context" || isLiteral && (key == "@type" || key == "@language" || key == "type") {
				continue
			}
			n += goldCountJSON(value)
		}
	default:
		n = 1
	}
	return n
}

type goldBuilder struct {
	quads  rdfc.Dataset
	issued int
}

// fresh returns a new blank node. The labels of documents get another prefix,
// so the two kinds never meet.
func (b *goldBuilder) fresh() rdfc.Term {
	b.issued++
	return rdfc.Term{Kind: rdfc.Blank, Value: "g" + strconv.Itoa(b.issued)}
}

func (b *goldBuilder) add(s, p, o, graph rdfc.Term) {
	b.quads = append(b.quads, rdfc.Quad{Subject: s, Predicate: p, Object: o, Graph: graph})
}

// resource makes a term of an expanded identifier.
func goldResource(id, use string) (rdfc.Term, error) {
	if label, ok := strings.CutPrefix(id, "_:"); ok && label != "" {
		return rdfc.Term{Kind: rdfc.Blank, Value: "d" + label}, nil
	}
	if !absolute(id) {
		return rdfc.Term{}, &RelativeIRIError{Value: id, Use: use}
	}
	return rdfc.Term{Kind: rdfc.IRI, Value: id}, nil
}

// node adds the statements of a node object to graph and returns its term.
func (b *goldBuilder) node(v any, graph rdfc.Term) (rdfc.Term, error) {
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

func (b *goldBuilder) subject(n map[string]any) (rdfc.Term, error) {
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
	return goldResource(s, use)
}

func (b *goldBuilder) types(subject rdfc.Term, v any, graph rdfc.Term) error {
	list, _ := v.([]any)
	for _, item := range list {
		s, ok := item.(string)
		if !ok {
			return &InvalidError{Err: errors.New("a type must be a string")}
		}
		t, err := goldResource(s, "type")
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
func (b *goldBuilder) graph(name rdfc.Term, nodes []any) error {
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

func (b *goldBuilder) property(subject rdfc.Term, key string, v any, graph rdfc.Term) error {
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

func (b *goldBuilder) object(v any, graph rdfc.Term) (rdfc.Term, error) {
	o, _ := v.(map[string]any)
	if value, ok := o["@value"]; ok {
		return goldLiteral(o, value)
	}
	if items, ok := o["@list"]; ok {
		return b.list(items, graph)
	}
	return b.node(v, graph)
}

// list adds an RDF collection and returns its head (section 8.3).
func (b *goldBuilder) list(v any, graph rdfc.Term) (rdfc.Term, error) {
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

func goldLiteral(o map[string]any, value any) (rdfc.Term, error) {
	datatype, _ := o["@type"].(string)
	language, _ := o["@language"].(string)
	if _, ok := o["@type"]; ok && datatype != "@json" && !absolute(datatype) {
		return rdfc.Term{}, &RelativeIRIError{Value: fmt.Sprint(o["@type"]), Use: "datatype"}
	}
	if _, ok := o["@language"]; ok && language == "" {
		return rdfc.Term{}, &InvalidError{Err: errors.New("a language must be a string")}
	}
	return literal(value, datatype, language)
}
