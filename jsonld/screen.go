package jsonld

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/roundel/roundel/rdfc"
)

// screen checks, before expansion, what can be checked without knowing terms,
// and counts the values that must still be there afterwards: every string,
// number and boolean except those of @context and the companions of @value.
func screen(doc map[string]any, o Options) (values int, err error) {
	s := &screener{contexts: o.Contexts, inline: o.Inline}
	if err := s.object(doc, 1); err != nil {
		return 0, err
	}
	return s.values, nil
}

type screener struct {
	contexts *Contexts
	inline   bool
	path     []string
	objects  int
	reads    int // of contexts, see maxContexts
	values   int // that must survive expansion
	visited  int // of any kind
}

func (s *screener) pointer() string { return pointer(s.path) }

// pointer joins the parts of a JSON Pointer (RFC 6901).
func pointer(path []string) string {
	var b strings.Builder
	for _, part := range path {
		b.WriteByte('/')
		b.WriteString(strings.NewReplacer("~", "~0", "/", "~1").Replace(part))
	}
	return b.String()
}

func (s *screener) value(v any, depth int) error {
	if s.visited++; s.visited > maxValues {
		return &rdfc.WorkError{What: "values", Count: s.visited, Limit: maxValues}
	}
	switch v := v.(type) {
	case nil:
		// Null says the same as a missing member.
		return nil
	case map[string]any:
		return s.object(v, depth+1)
	case []any:
		if depth >= maxDepth {
			return &rdfc.WorkError{What: "levels", Count: depth + 1, Limit: maxDepth}
		}
		for i, item := range v {
			s.path = append(s.path, strconv.Itoa(i))
			if err := s.value(item, depth+1); err != nil {
				return err
			}
			s.path = s.path[:len(s.path)-1]
		}
		return nil
	default:
		s.values++
		return nil
	}
}

func (s *screener) object(o map[string]any, depth int) error {
	if depth > maxDepth {
		return &rdfc.WorkError{What: "levels", Count: depth, Limit: maxDepth}
	}
	if s.objects++; s.objects > maxObjects {
		return &rdfc.WorkError{What: "objects", Count: s.objects, Limit: maxObjects}
	}
	s.reads += readings(o, s.contexts)
	if s.reads > maxContexts {
		return &rdfc.WorkError{What: "types and contexts", Count: s.reads, Limit: maxContexts}
	}
	// In order, so that the same document always gives the same error.
	for _, key := range slices.Sorted(maps.Keys(o)) {
		s.path = append(s.path, key)
		if err := s.member(o, key, depth); err != nil {
			return err
		}
		s.path = s.path[:len(s.path)-1]
	}
	return nil
}

func entries(v any) int {
	switch v := v.(type) {
	case nil:
		return 0
	case []any:
		return len(v)
	default:
		return 1
	}
}

func (s *screener) member(o map[string]any, key string, depth int) error {
	literal, isLiteral := o["@value"]
	switch key {
	case "@context":
		return s.context(o[key])
	case "@value":
		if literal == nil && o["@type"] != "@json" {
			return &LossError{Path: s.pointer(), Msg: "the value is null"}
		}
	case "@type", "@language":
		if isLiteral {
			return nil // goes with the value
		}
	case "@list":
		if nested(o[key]) {
			// The expander makes one list of them, which is not what JSON-LD says.
			return &LossError{Path: s.pointer(), Msg: "an array inside a list"}
		}
	case "@id", "@graph":
	case "@index", "@direction":
		return &LossError{Path: s.pointer(), Msg: key + " has no meaning in RDF"}
	default:
		if ignoredKeyword(key) {
			if isKeyword(key) {
				return &LossError{Path: s.pointer(), Msg: key + " is not supported"}
			}
			return &UnknownTermError{Term: key, Path: s.pointer()}
		}
	}
	return s.value(o[key], depth)
}

func nested(v any) bool {
	list, _ := v.([]any)
	return slices.ContainsFunc(list, func(item any) bool { _, ok := item.([]any); return ok })
}

// context checks an @context member: the name of a known context, or an array
// of them. Null would take away what outer contexts protect.
func (s *screener) context(v any) error {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	for _, item := range list {
		if local, ok := item.(map[string]any); ok && s.inline {
			if err := s.inlineContext(local); err != nil {
				return err
			}
			continue
		}
		url, ok := item.(string)
		if !ok {
			return &ContextError{Inline: true, Path: s.pointer()}
		}
		if !s.contexts.Has(url) {
			return &ContextError{URL: url, Path: s.pointer()}
		}
	}
	return nil
}

// inlineContext checks a context that is written into the document.
func (s *screener) inlineContext(local map[string]any) error {
	if s.reads += size(local) / readingCost; s.reads > maxContexts {
		return &rdfc.WorkError{What: "types and contexts", Count: s.reads, Limit: maxContexts}
	}
	if err := s.contexts.vet(local); err != nil {
		return &InvalidError{Err: fmt.Errorf("the context at %.300s: %w", s.pointer(), err)}
	}
	return nil
}

// size counts the members, items and values in v, as far as documents may be nested.
func size(v any) int { return sizeTo(v, maxDepth) }

func sizeTo(v any, levels int) int {
	n := 1
	if levels == 0 {
		return maxValues * readingCost // beyond all bounds
	}
	switch v := v.(type) {
	case map[string]any:
		for _, value := range v {
			n += sizeTo(value, levels-1)
		}
	case []any:
		for _, item := range v {
			n += sizeTo(item, levels-1)
		}
	}
	return n
}

// ignoredKeyword tells whether s looks like a keyword, an at sign and letters.
// JSON-LD 1.1 reserves all of those and has processors drop the unknown ones.
func ignoredKeyword(s string) bool {
	if len(s) < 2 || s[0] != '@' {
		return false
	}
	for i := 1; i < len(s); i++ {
		if c := s[i] | 0x20; c < 'a' || c > 'z' {
			return false
		}
	}
	return true
}

func isKeyword(s string) bool {
	switch s {
	case "@base", "@container", "@context", "@default", "@direction", "@embed", "@explicit", "@graph", "@id",
		"@import", "@included", "@index", "@json", "@language", "@list", "@nest", "@none", "@omitDefault",
		"@prefix", "@preserve", "@propagate", "@protected", "@requireAll", "@reverse", "@set", "@type",
		"@value", "@version", "@vocab":
		return true
	}
	return false
}
