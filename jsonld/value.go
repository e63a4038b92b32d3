package jsonld

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/roundel/roundel/rdfc"
)

// scalar is "Value Expansion", section 5.3, of a string, number or boolean.
func (e *expander) scalar(v any, a *active, p *place) error {
	if p.free() || p.ownGraph {
		return &LossError{Path: e.pointer(""), Msg: errNode.Error()}
	}
	def := p.def
	if def != nil && def.scoped != nil {
		own, err := e.apply(a, def.scoped, override)
		if err != nil {
			return &InvalidError{Err: err}
		}
		if p.wrapped && own != a {
			// The specification applies it here, others did so outside the list or set.
			return e.invalid("a property with another context in a list or set: processors disagree about it")
		}
		a, def = own, own.terms[p.name]
	}
	e.kept++
	text, isText := v.(string)
	var datatype, language string
	if isText {
		language = a.language
	}
	if def != nil {
		switch def.typ {
		case "@id", "@vocab":
			if isText {
				t, err := a.resource(text, def.typ == "@vocab", "identifier")
				if err != nil {
					return err
				}
				e.put(p, t)
				return nil
			}
			language = ""
		case "", "@none":
			if isText && def.hasLanguage {
				language = def.language
			}
		default:
			datatype, language = def.typ, ""
		}
	}
	return e.literal(v, datatype, language, p)
}

func (e *expander) literal(v any, datatype, language string, p *place) error {
	t, err := literal(v, datatype, language)
	if err != nil {
		return e.at(err)
	}
	e.put(p, t)
	return nil
}

// at adds to an error about a value where it stands.
func (e *expander) at(err error) error {
	var loss *LossError
	if errors.As(err, &loss) && loss.Path == "" {
		loss.Path = e.pointer("")
	}
	return err
}

// json says a JSON literal, null included. In a list container it is a list of
// one.
func (e *expander) json(v any, p *place) error {
	if p.ownGraph {
		return &LossError{Path: e.pointer(""), Msg: errNode.Error()}
	}
	t, err := jsonLiteral(v)
	if err != nil {
		return e.at(err)
	}
	e.kept += scalars(v)
	if p.list == nil && p.def != nil && p.def.container&inList != 0 {
		t = e.collect([]rdfc.Term{t}, p.graph)
	}
	e.put(p, t)
	return nil
}

// value expands a value object, the members of which are resolved already
// (steps 13.4.7, 13.4.8 and 14). a is the context that its type stands in.
func (e *expander) value(members []member, a *active, p *place) error {
	var value any
	var datatype, language string
	typed, tagged := false, false
	for i := range members {
		m := &members[i]
		var ok bool
		switch m.iri {
		case "@value":
			value = m.value
			continue
		case "@type":
			if datatype, ok = m.value.(string); !ok || typed {
				return e.invalid("the type of a value must be one string")
			}
			typed = true
		case "@language":
			if language, ok = m.value.(string); !ok || language == "" {
				return e.invalid("a language must be a string")
			}
			tagged = true
		case "@index", "@direction":
			e.path = append(e.path, segment{key: m.key})
			return e.loss("%s has no meaning in RDF", m.iri)
		default:
			return e.invalid("%.100q beside @value", m.key)
		}
		e.kept++
	}
	if typed && tagged {
		return e.invalid("a value with a type and a language")
	}
	if typed {
		datatype, _ = a.iri(datatype, true)
	}
	if p.free() || p.ownGraph {
		return &LossError{Path: e.pointer(""), Msg: errNode.Error()}
	}
	if datatype == "@json" {
		return e.json(value, p)
	}
	if typed && !absolute(datatype) {
		return e.invalid("the datatype %.200q is not an absolute IRI", datatype)
	}
	switch value.(type) {
	case nil:
		return e.loss("the value is null")
	case map[string]any, []any:
		return e.invalid("@value must be a string, a number or a boolean")
	case string:
	default:
		if tagged {
			return e.invalid("only strings have a language")
		}
	}
	e.kept++
	return e.literal(value, datatype, strings.ToLower(language), p)
}

// languages says the values of a language map (step 13.7).
func (e *expander) languages(o map[string]any, p *place) error {
	for _, language := range slices.Sorted(maps.Keys(o)) {
		e.path = append(e.path, segment{key: language})
		tag := strings.ToLower(language)
		if language == "@none" {
			tag = ""
		} else if tag == "" || tag[0] == '@' {
			return e.invalid("%.100q is no language", language)
		}
		list, ok := o[language].([]any)
		if !ok {
			list = []any{o[language]}
		}
		for _, item := range list {
			text, ok := item.(string)
			if item == nil {
				continue
			}
			if !ok {
				return e.invalid("only strings have a language")
			}
			e.kept++
			e.put(p, rdfc.Term{Kind: rdfc.Literal, Value: text, Language: tag})
		}
		e.path = e.path[:len(e.path)-1]
	}
	return nil
}
