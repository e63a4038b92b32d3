package jsonld

import (
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/piprate/json-gold/ld"
)

// findUnknownTerm names the term that made expansion fail, which the expander
// does not. A name that no context knows anywhere is the likely one. Otherwise
// it is defined, but not where it stands: see misplaced.
func findUnknownTerm(doc map[string]any, c *Contexts) error {
	known := map[string]bool{}
	for _, d := range c.docs {
		collectTerms(d, known)
	}
	found := &UnknownTermError{}
	walkMembers(doc, nil, func(path []string) bool {
		key := path[len(path)-1]
		if known[key] || strings.HasPrefix(key, "@") || strings.Contains(key, ":") {
			return true
		}
		found = &UnknownTermError{Term: key, Path: pointer(path)}
		return false
	})
	if found.Term == "" {
		found = misplaced(doc, c)
	}
	return found
}

// maxLocating bounds the work of misplaced, as Cost counts it.
const maxLocating = 10_000

// misplaced expands the document again and again, each time with one member and
// what leads to it only, until that fails. It gives up after 100 members or some
// work, since this only makes the message better.
func misplaced(doc map[string]any, c *Contexts) *UnknownTermError {
	const tries = 100
	n, work := 0, 0
	found := &UnknownTermError{}
	walkMembers(doc, nil, func(path []string) bool {
		skeleton, _ := prune(doc, path).(map[string]any)
		// The types and contexts on the way are read with each member again.
		if work += cost(skeleton, c); work > maxLocating {
			return false
		}
		_, err := runExpander(skeleton, c)
		var fault *ld.JsonLdError
		if errors.As(err, &fault) && fault.Code == ld.InvalidProperty {
			found = &UnknownTermError{Term: path[len(path)-1], Path: pointer(path)}
			return false
		}
		n++
		return n < tries
	})
	return found
}

// prune returns the part of v that leads to the member at path, which becomes
// null. Contexts and types stay, because they decide what terms mean.
func prune(v any, path []string) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		if len(path) > 0 {
			out[path[0]] = prune(v[path[0]], path[1:])
		}
		for _, key := range []string{"@context", "type", "@type"} {
			if value, ok := v[key]; ok {
				out[key] = value
			}
		}
		return out
	case []any:
		if len(path) > 0 {
			if i, err := strconv.Atoi(path[0]); err == nil {
				return []any{prune(v[i], path[1:])}
			}
		}
	}
	return nil
}

// walkMembers calls f with the path of every member but contexts, outer ones
// first and in order, until f returns false; then it returns false.
func walkMembers(v any, path []string, f func(path []string) bool) bool {
	switch v := v.(type) {
	case map[string]any:
		keys := slices.Sorted(maps.Keys(v))
		for _, key := range keys {
			if key != "@context" && !f(append(path, key)) {
				return false
			}
		}
		for _, key := range keys {
			if key != "@context" && !walkMembers(v[key], append(path, key), f) {
				return false
			}
		}
	case []any:
		for i, item := range v {
			if !walkMembers(item, append(path, strconv.Itoa(i)), f) {
				return false
			}
		}
	}
	return true
}

// collectTerms adds the names that a context document defines at any depth.
func collectTerms(v any, known map[string]bool) {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			collectTerms(item, known)
		}
	case map[string]any:
		for key, value := range v {
			if !strings.HasPrefix(key, "@") {
				known[key] = true
			}
			collectTerms(value, known)
		}
	}
}
