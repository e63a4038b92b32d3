package proof

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxPointers bounds the JSON pointers of one selection.
const maxPointers = 10_000

// A PointerError says that a JSON pointer (RFC 6901) selects nothing that can be
// shown or made mandatory. It wraps ErrMalformed.
type PointerError struct {
	Pointer string
	Msg     string
}

// Error implements the error interface.
func (e *PointerError) Error() string {
	return fmt.Sprintf("the JSON pointer %.200q %s", e.Pointer, e.Msg)
}

// Unwrap makes errors.Is(err, ErrMalformed) true.
func (e *PointerError) Unwrap() error { return ErrMalformed }

// A selection is a part of a JSON tree: all of a value, or some of its members
// or items. One without parts selects nothing.
type selection struct {
	whole bool
	parts map[string]*selection // members by name, items by their place in decimal
}

// selectParts returns what pointers select in doc ("selectJsonLd", vc-di-ecdsa
// 1.0, section 3.4.11). With a value come the identifiers, types and contexts of
// all objects on the way to it: without them it would be about something else.
//
// Labels of blank nodes ("_:b0") on the way stay out, as the specification says,
// except where the document has a label more than once: then it is what ties
// two parts together.
func selectParts(doc map[string]any, pointers []string) (*selection, error) {
	if len(pointers) == 0 {
		return &selection{}, nil
	}
	if len(pointers) > maxPointers {
		return nil, fmt.Errorf("%w: %d JSON pointers", ErrMalformed, len(pointers))
	}
	s := &selector{labels: map[string]int{}}
	s.countLabels(doc)
	root := s.start(doc)
	for _, p := range pointers {
		if err := s.add(root, doc, p); err != nil {
			return nil, err
		}
	}
	return root, nil
}

type selector struct {
	labels map[string]int // how often each label of a blank node occurs
}

func (s *selector) countLabels(v any) {
	switch v := v.(type) {
	case map[string]any:
		for _, item := range v {
			s.countLabels(item)
		}
	case []any:
		for _, item := range v {
			s.countLabels(item)
		}
	case string:
		if strings.HasPrefix(v, "_:") {
			s.labels[v]++
		}
	}
}

// start is the selection that an object on the way begins with
// ("createInitialSelection", section 3.4.9).
func (s *selector) start(v any) *selection {
	part := &selection{parts: map[string]*selection{}}
	o, _ := v.(map[string]any)
	for _, name := range []string{"@context", "id", "@id", "type", "@type"} {
		value, ok := o[name]
		if !ok {
			continue
		}
		if label, _ := value.(string); strings.HasPrefix(label, "_:") && s.labels[label] < 2 {
			continue
		}
		part.parts[name] = &selection{whole: true}
	}
	return part
}

// add adds what one pointer selects ("selectPaths", section 3.4.10).
func (s *selector) add(root *selection, doc any, pointer string) error {
	names, err := parsePointer(pointer)
	if err != nil {
		return err
	}
	at, value := root, doc
	for _, name := range names {
		next, ok := child(value, name)
		if !ok {
			return &PointerError{pointer, "matches nothing in the document"}
		}
		value = next
		if at.whole {
			continue // selected already, but the pointer must match
		}
		if at.parts[name] == nil {
			at.parts[name] = s.start(next)
		}
		at = at.parts[name]
	}
	if value == nil {
		return &PointerError{pointer, "selects null, which says nothing"}
	}
	at.whole = true
	return nil
}

// child is the member or item of v called name. Places in arrays are decimal
// numbers without leading zeros (RFC 6901, section 4).
func child(v any, name string) (any, bool) {
	switch v := v.(type) {
	case map[string]any:
		value, ok := v[name]
		return value, ok
	case []any:
		i, err := strconv.Atoi(name)
		if err != nil || i < 0 || i >= len(v) || strconv.Itoa(i) != name {
			return nil, false
		}
		return v[i], true
	}
	return nil, false
}

// parsePointer splits a JSON pointer into its names.
func parsePointer(pointer string) ([]string, error) {
	if !utf8.ValidString(pointer) {
		return nil, &PointerError{pointer, "is not UTF-8"}
	}
	if pointer == "" {
		return []string{}, nil // the whole document
	}
	rest, ok := strings.CutPrefix(pointer, "/")
	if !ok {
		return nil, &PointerError{pointer, "does not begin with a slash"}
	}
	names := strings.Split(rest, "/")
	for i, name := range names {
		plain := strings.NewReplacer("~0", "", "~1", "").Replace(name)
		if strings.Contains(plain, "~") {
			return nil, &PointerError{pointer, "has a tilde that is neither ~0 nor ~1"}
		}
		names[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(name)
	}
	return names, nil
}

// pick returns the selected part of a tree. Arrays become dense. The types that
// a marker adds come along.
func (s *selection) pick(v any) any {
	if s.whole {
		return v
	}
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(s.parts)+1)
		for name, part := range s.parts {
			if value, ok := v[name]; ok {
				out[name] = part.pick(value)
			}
		}
		if types, ok := v["@type"]; ok {
			out["@type"] = types
		}
		return out
	case []any:
		out := make([]any, 0, len(s.parts))
		for _, i := range s.places() {
			out = append(out, s.parts[strconv.Itoa(i)].pick(v[i]))
		}
		return out
	}
	return v
}

// places are the selected items of an array, in order.
func (s *selection) places() []int {
	var places []int
	for name := range maps.Keys(s.parts) {
		if i, err := strconv.Atoi(name); err == nil {
			places = append(places, i)
		}
	}
	slices.Sort(places)
	return places
}
