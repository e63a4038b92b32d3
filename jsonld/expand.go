package jsonld

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/roundel/roundel/rdfc"
)

// expander is "Expansion" (JSON-LD 1.1 API, section 5.1) and "Deserialize
// JSON-LD to RDF" (section 8.1) in one: it makes statements while it goes
// through a document. There is no need to gather what is said of a node, since
// a dataset is a set.
//
// Where the specification has something dropped, it fails. To be sure that
// nothing else is dropped either, it counts the values that it used.
type expander struct {
	session
	builder
	inline  bool
	kept    int
	path    []segment
	members []member // a stack: those of the objects on the way
}

// place is where values stand, and so what is said with them.
type place struct {
	subject, predicate rdfc.Term // the zero predicate: nothing is, they are nodes of a graph
	graph              rdfc.Term
	ownGraph           bool         // each value is put into a graph of its own
	list               *[]rdfc.Term // collects the items of a list instead
	name               string       // the active property
	def                *term        // its definition where the values stand, nil if it has none
	whole              bool         // the document itself
	wrapped            bool         // in an object with @list or @set
}

func (p *place) free() bool { return p.predicate.Kind == 0 }

// member is one of an object, with what its name stands for.
type member struct {
	key, iri string
	def      *term
	value    any
}

func (e *expander) document(doc map[string]any) error {
	return e.object(doc, root, &place{whole: true})
}

// put says t where p is.
func (e *expander) put(p *place, t rdfc.Term) {
	switch {
	case p.list != nil:
		*p.list = append(*p.list, t)
	case !p.free():
		e.add(p.subject, p.predicate, t, p.graph)
	}
}

// element expands a value of any kind. An array says its items one by one.
func (e *expander) element(v any, a *active, p *place) error {
	switch v := v.(type) {
	case nil:
		return nil
	case map[string]any:
		return e.object(v, a, p)
	case []any:
		for i, item := range v {
			e.path = append(e.path, segment{index: i})
			if err := e.item(item, a, p); err != nil {
				return err
			}
			e.path = e.path[:len(e.path)-1]
		}
		return nil
	default:
		return e.scalar(v, a, p)
	}
}

// item expands an item of an array. In the array of a list container, an array
// is a list again (section 5.1.2, step 5.2.2).
func (e *expander) item(v any, a *active, p *place) error {
	if p.list != nil && p.def != nil && p.def.container&inList != 0 {
		if inner, ok := v.([]any); ok {
			return e.list(inner, a, p)
		}
	}
	return e.element(v, a, p)
}

// object expands an object: a node, a value, a list or a set.
func (e *expander) object(o map[string]any, a *active, p *place) error {
	a, err := e.enter(o, a, p)
	if err != nil {
		return err
	}
	base := len(e.members)
	for key, value := range o {
		if key != "@context" {
			e.members = append(e.members, member{key: key, value: value})
		}
	}
	defer func() { e.members = e.members[:base] }()
	own := e.members[base:]
	slices.SortFunc(own, func(x, y member) int { return strings.Compare(x.key, y.key) })
	outer := a
	if a, err = e.typeScoped(own, a); err != nil {
		return err
	}
	for i := range own {
		if err := e.resolve(&own[i], a); err != nil {
			return err
		}
	}
	if _, ok := o["@value"]; ok {
		return e.value(own, outer, p)
	}
	for i := range own {
		switch m := &own[i]; m.iri {
		case "@list", "@set":
			if len(own) != 1 {
				return e.invalid("%s beside other members", m.iri)
			}
			return e.collection(m, a, p)
		}
	}
	return e.node(own, outer, a, p)
}

// enter returns the active context inside o, before its types are looked at
// (steps 7 to 9).
func (e *expander) enter(o map[string]any, a *active, p *place) (*active, error) {
	var err error
	if a.previous != nil && !refers(o, a) {
		a = a.previous
	}
	if p.def != nil && p.def.scoped != nil {
		if a, err = e.apply(a, p.def.scoped, override); err != nil {
			return nil, &InvalidError{Err: err}
		}
	}
	if context, ok := o["@context"]; ok {
		return e.context(context, a)
	}
	return a, nil
}

// refers tells whether o is a value or only names a node, to which the context
// of a type still belongs.
func refers(o map[string]any, a *active) bool {
	if _, ok := o["@value"]; ok {
		return true
	}
	if len(o) == 1 {
		for key := range o {
			iri, _ := a.iri(key, true)
			return iri == "@id"
		}
	}
	return false
}

// context applies an @context member: the name of a known context, or an array
// of them; objects only if the options allow them. Null would take away what
// outer contexts protect.
func (e *expander) context(v any, a *active) (*active, error) {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	for _, item := range list {
		var l *local
		var err error
		switch item := item.(type) {
		case string:
			if l = e.contexts.docs[item]; l == nil {
				return nil, &ContextError{URL: item, Path: e.pointer("@context")}
			}
			e.kept++
		case map[string]any:
			if !e.inline {
				return nil, &ContextError{Inline: true, Path: e.pointer("@context")}
			}
			if l, err = (reader{known: e.contexts.Has, inline: true}).local(unwrapped(item), 0); err != nil {
				return nil, &InvalidError{Err: fmt.Errorf("the context at %.300s: %w", e.pointer("@context"), err)}
			}
			if len(list) > 1 && l.parts[0].object.propagates {
				return nil, e.invalid("%w", errPropagate)
			}
			e.kept += scalars(item)
		default:
			return nil, &ContextError{Inline: true, Path: e.pointer("@context")}
		}
		if a, err = e.apply(a, l, 0); err == nil && l.inline {
			err = e.validate(a, l)
		}
		if err != nil {
			return nil, &InvalidError{Err: fmt.Errorf("the context at %.300s: %w", e.pointer("@context"), err)}
		}
	}
	return a, nil
}

// unwrapped takes a context out of the document that a writer put in its place:
// an object with nothing but @context, which processors read as its content.
func unwrapped(context map[string]any) map[string]any {
	if inner, ok := context["@context"].(map[string]any); ok && len(context) == 1 {
		return inner
	}
	return context
}

// typeScoped applies the contexts of the types among members (step 11).
func (e *expander) typeScoped(members []member, a *active) (*active, error) {
	outer := a
	for i := range members {
		if iri, _ := outer.iri(members[i].key, true); iri != "@type" {
			continue
		}
		var err error
		switch v := members[i].value.(type) {
		case string:
			a, err = e.typeContext(v, outer, a)
		case []any:
			names := make([]string, 0, 8)
			for _, item := range v {
				name, ok := item.(string)
				if !ok {
					return nil, e.invalid("a type must be a string")
				}
				names = append(names, name)
			}
			slices.Sort(names)
			for _, name := range names {
				if a, err = e.typeContext(name, outer, a); err != nil {
					break
				}
			}
		default:
			return nil, e.invalid("a type must be a string")
		}
		if err != nil {
			return nil, &InvalidError{Err: err}
		}
	}
	return a, nil
}

func (e *expander) typeContext(name string, outer, a *active) (*active, error) {
	if t := outer.terms[name]; t != nil && t.scoped != nil {
		return e.apply(a, t.scoped, temporary)
	}
	return a, nil
}

// resolve finds out what the name of m stands for (steps 13.2 and 13.3).
func (e *expander) resolve(m *member, a *active) error {
	m.def = a.terms[m.key]
	iri, ok := a.iri(m.key, true)
	if !ok || m.key == "" || !strings.Contains(iri, ":") && !isKeyword(iri) {
		return &UnknownTermError{Term: m.key, Path: e.pointer(m.key)}
	}
	m.iri = iri
	return nil
}

// collection expands the member @list or @set of an object without others.
func (e *expander) collection(m *member, a *active, p *place) error {
	e.path = append(e.path, segment{key: m.key})
	inner := *p
	inner.def, inner.whole, inner.wrapped = a.terms[p.name], false, true
	var err error
	switch {
	case m.value == nil:
		err = e.loss("null has no items")
	case m.iri == "@set" && p.list != nil:
		err = e.loss("a set inside a list")
	case m.iri == "@set":
		err = e.element(m.value, a, &inner)
	case p.free() || p.ownGraph:
		err = e.loss("a list stands where a node is expected")
	case nested(m.value):
		// Some processors make one list of them, which is not what JSON-LD says.
		err = e.loss("an array inside a list")
	default:
		err = e.list(m.value, a, &inner)
	}
	e.path = e.path[:len(e.path)-1]
	return err
}

func nested(v any) bool {
	list, _ := v.([]any)
	return slices.ContainsFunc(list, func(item any) bool { _, ok := item.([]any); return ok })
}

// list says an RDF collection of v (section 8.3).
func (e *expander) list(v any, a *active, p *place) error {
	var items []rdfc.Term
	inner := *p
	inner.list = &items
	if err := e.element(v, a, &inner); err != nil {
		return err
	}
	e.put(p, e.collect(items, p.graph))
	return nil
}

func (e *expander) loss(format string, args ...any) error {
	return &LossError{Path: e.pointer(""), Msg: fmt.Sprintf(format, args...)}
}

func (e *expander) invalid(format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	if at := e.pointer(""); at != "" {
		err = fmt.Errorf("%.300s: %w", at, err)
	}
	return &InvalidError{Err: err}
}

var errNode = errors.New("a value stands where a node is expected")
