package jsonld

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"strings"
)

// active is an active context: what words mean at one place of a document. It
// is never changed once others see it, and its address identifies it.
type active struct {
	terms       map[string]*term
	vocab       string // "" is none
	language    string // "" is none
	hasProtect  bool   // some term is protected
	previous    *active
	ofOneReader bool // made with a context that only one document has
}

// term is a term definition.
type term struct {
	iri         string // an IRI, @id or @type; "" for a word that has no meaning
	typ         string // @id, @vocab, @json, @none, an IRI or ""
	language    string
	hasLanguage bool // language is said; "" is none
	container   container
	prefix      bool
	protected   bool
	scoped      *local
}

// same tells whether the two mean the same; protection aside.
func (t *term) same(o *term) bool {
	a, b := *t, *o
	a.protected, b.protected = false, false
	a.scoped, b.scoped = nil, nil
	if a != b || (t.scoped == nil) != (o.scoped == nil) {
		return false
	}
	return t.scoped == o.scoped || reflect.DeepEqual(t.scoped.tree, o.scoped.tree)
}

// mode says how a local context is applied.
type mode uint8

const (
	override  mode = 1 << iota // it may redefine protected terms: it belongs to a property
	temporary                  // it does not reach nodes further in: it belongs to a type
)

// process is "Context Processing", section 4.1 of the JSON-LD 1.1 API.
func (s *session) process(a *active, l *local, m mode) (*active, error) {
	if len(l.parts) == 1 {
		if o := l.parts[0].object; o != nil && o.propagates {
			m &^= temporary
			if o.temporary {
				m |= temporary
			}
		}
	}
	result := a
	if m&temporary != 0 && result.previous == nil {
		result = result.clone()
		result.previous = a
	}
	for _, p := range l.parts {
		var err error
		switch {
		case p.object != nil:
			result, err = p.object.extend(result, m)
		case p.url != "":
			// That the context belongs to a property reaches into the one it names.
			result, err = s.apply(result, s.contexts.docs[p.url], m&override)
		default:
			result, err = result.nullify(m)
		}
		if err != nil {
			return nil, err
		}
	}
	if l.inline && !result.ofOneReader {
		result = result.clone()
		result.ofOneReader = true
	}
	return result, nil
}

// validate applies the contexts that the terms of l have, and those inside them,
// to a, the result of l (section 4.2, step 21).
func (s *session) validate(a *active, l *local) error {
	for _, p := range l.parts {
		if p.object == nil {
			continue
		}
		for _, name := range p.object.names {
			t := a.terms[name]
			if t == nil || t.scoped == nil {
				continue
			}
			inner, err := s.process(a, t.scoped, override)
			if err == nil {
				err = s.validate(inner, t.scoped)
			}
			if err != nil {
				return fmt.Errorf("the context of %.100q: %w", name, err)
			}
		}
	}
	return nil
}

func (a *active) clone() *active {
	c := *a
	c.terms = maps.Clone(a.terms)
	return &c
}

// nullify is what the context null does (step 5.1). In the context of a type,
// processors disagree about what nodes further in see of it.
func (a *active) nullify(m mode) (*active, error) {
	if m&temporary != 0 {
		return nil, errors.New("a null context in that of a type is not supported: processors disagree about it")
	}
	if a.hasProtect && m&override == 0 {
		return nil, errors.New("a null context would take away protected terms")
	}
	return &active{terms: map[string]*term{}, ofOneReader: a.ofOneReader}, nil
}

// extend applies one context definition (steps 5.3 to 5.13). If nothing
// changes, the result is a itself, so that the same again is known again.
func (o *object) extend(a *active, m mode) (*active, error) {
	d := &definer{object: o, active: a.clone(), mode: m, state: make(map[string]state, len(o.names))}
	if o.vocab.present {
		vocab := ""
		if !o.vocab.null {
			var ok bool
			if vocab, ok = a.iri(o.vocab.text, true); !ok || !absolute(vocab) {
				return nil, fmt.Errorf("@vocab %.200q is not an absolute IRI", o.vocab.text)
			}
		}
		d.changed = d.changed || vocab != a.vocab
		d.active.vocab = vocab
	}
	if o.language.present {
		d.changed = d.changed || o.language.text != a.language
		d.active.language = o.language.text
	}
	for _, name := range o.names {
		if err := d.define(name); err != nil {
			return nil, err
		}
	}
	if !d.changed {
		return a, nil
	}
	return d.active, nil
}

type state uint8

const (
	begun state = iota + 1
	done
)

// definer makes the term definitions of one context definition.
type definer struct {
	object  *object
	active  *active
	mode    mode
	state   map[string]state
	changed bool
}

// define is "Create Term Definition", section 4.2.
func (d *definer) define(name string) error {
	switch d.state[name] {
	case done:
		return nil
	case begun:
		return fmt.Errorf("term %.100q: it is defined by itself", name)
	}
	d.state[name] = begun
	w := d.object.terms[name]
	before := d.active.terms[name]
	delete(d.active.terms, name)
	t, err := d.make(name, w)
	if err != nil {
		return fmt.Errorf("term %.100q: %w", name, err)
	}
	if before != nil && before.protected && d.mode&override == 0 {
		if !before.same(t) {
			t.prefix = before.prefix
			if before.same(t) {
				return fmt.Errorf("term %.100q: it is protected, and may not begin or cease to be a prefix", name)
			}
			return fmt.Errorf("term %.100q: it is protected, and may not get another meaning", name)
		}
		t = before
	}
	if before != nil && before.same(t) && before.protected == t.protected {
		t = before
	}
	d.active.terms[name] = t
	d.active.hasProtect = d.active.hasProtect || t.protected
	d.changed = d.changed || t != before
	d.state[name] = done
	return nil
}

func (d *definer) make(name string, w *definition) (*term, error) {
	t := &term{container: w.container, scoped: w.scoped, protected: d.object.protected, typ: w.typ}
	if w.decides {
		t.protected = w.protected
	}
	if w.typ != "" && w.typ != "@id" && w.typ != "@vocab" && w.typ != "@json" && w.typ != "@none" {
		var err error
		if t.typ, err = d.iri(w.typ); err != nil {
			return nil, err
		}
		if !absolute(t.typ) {
			return nil, fmt.Errorf("the type %.200q is not an absolute IRI", w.typ)
		}
	}
	if err := d.mapping(t, name, w); err != nil {
		return nil, err
	}
	if w.language.present && w.typ == "" {
		t.language, t.hasLanguage = w.language.text, true
	}
	if w.hasPrefix {
		if strings.ContainsAny(name, ":/") {
			return nil, errors.New("@prefix does not go with a name like that")
		}
		if w.prefix && strings.HasPrefix(t.iri, "@") {
			return nil, errors.New("a keyword cannot be a prefix")
		}
		t.prefix = w.prefix
	}
	return t, nil
}

// mapping finds what the term stands for (steps 14 to 18).
func (d *definer) mapping(t *term, name string, w *definition) (err error) {
	colon := strings.IndexByte(name, ':')
	inner := colon > 0 && colon < len(name)-1
	slash := strings.IndexByte(name, '/') >= 0
	switch {
	case w.id.present && w.id.null:
		return nil
	case w.id.present && w.id.text != name:
		if t.iri, err = d.iri(w.id.text); err != nil {
			return err
		}
		if !meaningful(t.iri) {
			return fmt.Errorf("%.200q is not an absolute IRI", w.id.text)
		}
		if inner || slash {
			d.state[name] = done
			own, err := d.iri(name)
			if err != nil {
				return err
			}
			if own != t.iri {
				return fmt.Errorf("a name that is an IRI must stand for itself, not for %.200q", t.iri)
			}
		}
		t.prefix = colon < 0 && !slash && w.simple && strings.IndexByte(":/?#[]@", t.iri[len(t.iri)-1]) >= 0
		return nil
	case colon > 0:
		prefix := name[:colon]
		if d.object.terms[prefix] != nil {
			if err := d.define(prefix); err != nil {
				return err
			}
		}
		t.iri = name
		if p := d.active.terms[prefix]; p != nil && p.iri != "" {
			t.iri = p.iri + name[colon+1:]
		}
	case slash:
		t.iri = name // relative, there being no base
	case d.active.vocab != "":
		t.iri = d.active.vocab + name
	}
	if !meaningful(t.iri) {
		return errors.New("nothing says which IRI it stands for")
	}
	return nil
}

// meaningful tells whether iri may be what a term stands for. Blank nodes may
// not: there is no property without a name, and processors disagree about
// prefixes that stand for them.
func meaningful(iri string) bool {
	return iri == "@id" || iri == "@type" || absolute(iri)
}

// iri is active.iri for a text in the context definition, which may use terms
// that the definition is still to define.
func (d *definer) iri(text string) (string, error) {
	if d.object.terms[text] != nil && d.state[text] != done {
		if err := d.define(text); err != nil {
			return "", err
		}
	}
	if _, known := d.active.terms[text]; !known {
		if prefix, suffix, ok := compact(text); ok && prefix != "_" && !strings.HasPrefix(suffix, "//") && d.object.terms[prefix] != nil {
			if err := d.define(prefix); err != nil {
				return "", err
			}
		}
	}
	iri, _ := d.active.iri(text, true)
	return iri, nil
}
