package jsonld

import "github.com/roundel/roundel/rdfc"

// node says what is said of a node object (steps 13 and 15 to 19, and sections
// 7.2 and 8.1). typed is the active context in which its types stand.
func (e *expander) node(members []member, typed, a *active, p *place) error {
	use, kept := "identifier", e.kept
	var id *member
	for i := range members {
		m := &members[i]
		switch {
		case m.iri == "@id":
			if id != nil {
				return e.invalid("two identifiers")
			}
			id = m
		case m.iri == "@graph":
			use = "graph name"
		case m.iri == "@type":
		case m.iri[0] == '@':
			e.path = append(e.path, segment{key: m.key})
			return e.loss("%s is not supported here", m.iri)
		}
	}
	if p.whole && onlyGraph(members) {
		e.path = append(e.path, segment{key: "@graph"})
		return e.graph(graphOf(members), a, rdfc.Term{})
	}
	subject, err := e.subject(id, use, a)
	if err != nil {
		return err
	}
	if p.ownGraph {
		name := e.fresh()
		e.put(p, name)
		p = &place{graph: name}
	}
	e.put(p, subject)
	before := len(e.quads)
	for i := range members {
		m := members[i]
		if m.iri[0] != '@' && !absolute(m.iri) {
			return &RelativeIRIError{Value: m.iri, Use: "property"}
		}
		if m.def != nil && m.def.scoped != nil {
			// Whether the context is right does not depend on there being values.
			if _, err := e.apply(a, m.def.scoped, override); err != nil {
				return &InvalidError{Err: err}
			}
		}
		if m.iri == "@id" || m.absent() {
			continue
		}
		e.path = append(e.path, segment{key: m.key})
		if err := e.member(subject, &m, typed, a, p.graph); err != nil {
			return err
		}
		e.path = e.path[:len(e.path)-1]
	}
	// A node that is only listed in a graph, without a statement of its own,
	// would vanish, and its identifier with it.
	if p.free() && len(e.quads) == before && (!p.whole || e.kept > kept) {
		return e.loss("nothing is said of this node")
	}
	return nil
}

// onlyGraph tells whether there is nothing but @graph: then the graph is the
// default one (section 9.2).
func onlyGraph(members []member) bool {
	found := false
	for i := range members {
		if members[i].iri == "@graph" {
			found = true
		} else if !members[i].absent() {
			return false
		}
	}
	return found
}

// absent tells whether m says nothing: null is the same as a missing member,
// except where JSON is what is said.
func (m *member) absent() bool {
	return m.value == nil && m.iri != "@graph" && (m.def == nil || m.def.typ != "@json")
}

func graphOf(members []member) any {
	for i := range members {
		if members[i].iri == "@graph" {
			return members[i].value
		}
	}
	return nil
}

// graph says the nodes in v, in the graph called name.
func (e *expander) graph(v any, a *active, name rdfc.Term) error {
	if v == nil {
		return e.invalid("a graph must be an object or an array")
	}
	return e.element(v, a, &place{graph: name, name: "@graph"})
}

func (e *expander) subject(id *member, use string, a *active) (rdfc.Term, error) {
	if id == nil {
		return e.fresh(), nil
	}
	s, ok := id.value.(string)
	if !ok {
		return rdfc.Term{}, e.invalid("an identifier must be a string")
	}
	e.kept++
	return a.resource(s, false, use)
}

// member says what one member says of subject.
func (e *expander) member(subject rdfc.Term, m *member, typed, a *active, graph rdfc.Term) error {
	switch m.iri {
	case "@type":
		return e.types(subject, m.value, typed, graph)
	case "@graph":
		return e.graph(m.value, a, subject)
	}
	p := &place{subject: subject, predicate: rdfc.Term{Kind: rdfc.IRI, Value: m.iri}, graph: graph, name: m.key, def: m.def}
	if m.def == nil {
		return e.element(m.value, a, p)
	}
	p.ownGraph = m.def.container&inGraph != 0
	if m.def.typ == "@json" {
		return e.json(m.value, p)
	}
	o, isObject := m.value.(map[string]any)
	switch {
	case isObject && m.def.container&inLanguage != 0:
		return e.languages(o, p)
	case m.def.container&inList != 0:
		if _, isList := o["@list"]; !isList {
			return e.list(m.value, a, p)
		}
	}
	return e.element(m.value, a, p)
}

func (e *expander) types(subject rdfc.Term, v any, a *active, graph rdfc.Term) error {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	for _, item := range list {
		name, ok := item.(string)
		if !ok {
			return e.invalid("a type must be a string")
		}
		t, err := a.resource(name, true, "type")
		if err != nil {
			return err
		}
		e.kept++
		e.add(subject, rdfType, t, graph)
	}
	return nil
}
