package jsonld

import (
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// segment is one step of a path into a document.
type segment struct {
	key   string // "" is an index
	index int
}

// pointer writes the path of what is being expanded as a JSON Pointer (RFC
// 6901), with key at its end unless that is "".
func (e *expander) pointer(key string) string {
	path := e.path
	if key != "" {
		path = append(path[:len(path):len(path)], segment{key: key})
	}
	return pointer(path)
}

func pointer(path []segment) string {
	var b strings.Builder
	for _, s := range path {
		b.WriteByte('/')
		if s.key == "" {
			b.WriteString(strconv.Itoa(s.index))
			continue
		}
		b.WriteString(strings.ReplaceAll(strings.ReplaceAll(s.key, "~", "~0"), "/", "~1"))
	}
	return b.String()
}

// explain makes an error of expansion more helpful: a term that is defined, but
// not where it stands, often is so because of a word that no context knows at
// all. That one is named then.
func (e *expander) explain(err error, doc map[string]any) error {
	var unknown *UnknownTermError
	if !errors.As(err, &unknown) || !e.contexts.words.defined[unknown.Term] {
		return err
	}
	e.path = e.path[:0]
	if worse := e.unheardOf(doc); worse != nil {
		return worse
	}
	return err
}

// unheardOf finds a member of v, outer ones first and in order, with a name
// that no context defines anywhere.
func (e *expander) unheardOf(v any) *UnknownTermError {
	switch v := v.(type) {
	case map[string]any:
		keys := slices.Sorted(maps.Keys(v))
		for _, key := range keys {
			if !e.contexts.words.defined[key] && !strings.HasPrefix(key, "@") && !strings.Contains(key, ":") {
				return &UnknownTermError{Term: key, Path: e.pointer(key)}
			}
		}
		for _, key := range keys {
			if key == "@context" || e.contexts.words.opaque[key] {
				continue
			}
			e.path = append(e.path, segment{key: key})
			if found := e.unheardOf(v[key]); found != nil {
				return found
			}
			e.path = e.path[:len(e.path)-1]
		}
	case []any:
		for i, item := range v {
			e.path = append(e.path, segment{index: i})
			if found := e.unheardOf(item); found != nil {
				return found
			}
			e.path = e.path[:len(e.path)-1]
		}
	}
	return nil
}
