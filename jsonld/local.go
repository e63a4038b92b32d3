package jsonld

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// local is a local context as it is written (JSON-LD 1.1, section 9.15), with
// nothing in it that we do not support. Its address in memory identifies it.
type local struct {
	tree   any // what it was read from, to tell equal ones from others
	parts  []part
	inline bool // it belongs to one document
}

// part is one entry of a local context: null, an address, or an object.
type part struct {
	url    string
	object *object // nil for an address and for null
}

// object is a context definition.
type object struct {
	vocab, language      setting
	protected, temporary bool // temporary is @propagate: false
	propagates           bool // @propagate is there
	names                []string
	terms                map[string]*definition
}

// setting is a member that may be missing, null or a text.
type setting struct {
	present, null bool
	text          string
}

// definition is a term definition as it is written.
type definition struct {
	id                 setting
	simple             bool // a text, which may make the term a prefix
	typ                string
	container          container
	language           setting
	scoped             *local
	prefix, protected  bool
	hasPrefix, decides bool // whether prefix and protected are said
}

// container is a set of @container values.
type container uint8

const (
	inSet container = 1 << iota
	inList
	inGraph
	inLanguage
)

// reader makes local contexts of JSON trees. It fails with what Contexts.With
// says it refuses.
type reader struct {
	known  func(url string) bool
	inline bool
}

var (
	errDeep      = errors.New("contexts are nested too deeply")
	errPropagate = errors.New("@propagate beside other contexts is not supported: processors disagree about it")
)

func (r reader) local(tree any, depth int) (*local, error) {
	if depth > maxDepth {
		return nil, errDeep
	}
	list, isList := tree.([]any)
	if !isList {
		list = []any{tree}
	}
	l := &local{tree: tree, inline: r.inline}
	for _, item := range list {
		switch v := item.(type) {
		case nil:
			l.parts = append(l.parts, part{})
		case string:
			// Known contexts only, and none twice, makes it impossible that contexts
			// include each other.
			if v == "" || !r.known(v) {
				return nil, fmt.Errorf("refers to the unknown context %.200q", v)
			}
			l.parts = append(l.parts, part{url: v})
		case map[string]any:
			o, err := r.object(v, depth+1)
			if err != nil {
				return nil, err
			}
			if o.propagates && len(list) > 1 {
				return nil, errPropagate
			}
			l.parts = append(l.parts, part{object: o})
		default:
			return nil, errors.New("a context must be an object, a string or an array of them")
		}
	}
	return l, nil
}

func (r reader) object(v map[string]any, depth int) (*object, error) {
	o := &object{names: slices.Sorted(maps.Keys(v)), terms: make(map[string]*definition, len(v))}
	terms := o.names[:0]
	for _, name := range o.names {
		if !strings.HasPrefix(name, "@") {
			d, err := r.definition(name, v[name], depth)
			if err != nil {
				return nil, err
			}
			terms = append(terms, name)
			o.terms[name] = d
			continue
		}
		if err := o.keyword(name, v[name]); err != nil {
			return nil, err
		}
	}
	o.names = terms
	return o, nil
}

func (o *object) keyword(name string, value any) (err error) {
	switch name {
	case "@version":
		if !isVersion(value) {
			return fmt.Errorf("@version must be 1.1, not %v", value)
		}
	case "@protected":
		o.protected, err = boolean(name, value)
	case "@propagate":
		propagate, e := boolean(name, value)
		o.propagates, o.temporary, err = true, !propagate, e
	case "@vocab":
		o.vocab, err = textOrNull(name, value)
	case "@language":
		o.language, err = language(value)
	default:
		err = fmt.Errorf("%s is not supported", name)
	}
	return err
}

// isVersion tells whether v is the number 1.1, read by either decoder.
func isVersion(v any) bool {
	switch v := v.(type) {
	case float64:
		return v == 1.1
	case json.Number:
		f, err := strconv.ParseFloat(string(v), 64)
		return err == nil && f == 1.1
	}
	return false
}

func boolean(name string, v any) (bool, error) {
	b, ok := v.(bool)
	if !ok {
		return false, fmt.Errorf("%s must be true or false", name)
	}
	return b, nil
}

func textOrNull(name string, v any) (setting, error) {
	text, ok := v.(string)
	if !ok && v != nil {
		return setting{}, fmt.Errorf("%s must be a string or null", name)
	}
	return setting{present: true, null: v == nil, text: text}, nil
}

func language(v any) (setting, error) {
	s, err := textOrNull("@language", v)
	if err == nil && !s.null && s.text == "" {
		err = errors.New("@language must not be empty")
	}
	s.text = strings.ToLower(s.text)
	return s, err
}

func (r reader) definition(name string, v any, depth int) (*definition, error) {
	if name == "" {
		return nil, errors.New("a term without name")
	}
	d := &definition{}
	var err error
	switch v := v.(type) {
	case nil:
		d.id = setting{present: true, null: true}
	case string:
		d.simple = true
		err = d.setID(v)
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if err = r.member(d, key, v[key], depth); err != nil {
				break
			}
		}
	default:
		err = errors.New("its definition must be an object, a string or null")
	}
	if err == nil && d.typ == "@json" && d.container&inLanguage != 0 {
		err = errors.New("@json in a language map is not supported: processors disagree about it")
	}
	if err != nil {
		return nil, fmt.Errorf("term %.100q: %w", name, err)
	}
	return d, nil
}

func (r reader) member(d *definition, key string, v any, depth int) (err error) {
	switch key {
	case "@id":
		return d.setID(v)
	case "@type":
		var ok bool
		if d.typ, ok = v.(string); !ok || d.typ == "" {
			return errors.New("@type must be a string")
		}
	case "@container":
		d.container, err = readContainer(v)
	case "@language":
		d.language, err = language(v)
	case "@context":
		d.scoped, err = r.local(v, depth+1)
	case "@prefix":
		d.hasPrefix = true
		d.prefix, err = boolean(key, v)
	case "@protected":
		d.decides = true
		d.protected, err = boolean(key, v)
	default:
		return fmt.Errorf("%s is not supported", key)
	}
	return err
}

func (d *definition) setID(v any) (err error) {
	if d.id, err = textOrNull("@id", v); err != nil {
		return err
	}
	if id := d.id.text; strings.HasPrefix(id, "@") && id != "@id" && id != "@type" {
		return fmt.Errorf("another name for %s is not supported", id)
	}
	return nil
}

func readContainer(v any) (container, error) {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	var all container
	for _, kind := range list {
		var one container
		switch kind {
		case "@set":
			one = inSet
		case "@list":
			one = inList
		case "@graph":
			one = inGraph
		case "@language":
			one = inLanguage
		default:
			return 0, fmt.Errorf("the container %v is not supported", kind)
		}
		if all&one != 0 {
			return 0, fmt.Errorf("the container %v is there twice", kind)
		}
		all |= one
	}
	switch all {
	case inSet, inList, inGraph, inLanguage, inSet | inGraph, inSet | inLanguage:
		return all, nil
	}
	return 0, fmt.Errorf("the containers %v do not go together", v)
}
