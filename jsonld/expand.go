package jsonld

import (
	"errors"
	"fmt"

	"github.com/piprate/json-gold/ld"
)

// expand runs the expansion algorithm. Everything about the library that does
// it is in this file and contexts.go. It is trusted with the happy path only:
// its safe mode sees unknown terms, but not relative IRIs and reserved words in
// values, and inside @list it throws errors away. The callers count what comes
// out, and check each identifier.
func expand(doc map[string]any, c *Contexts) ([]any, error) {
	nodes, err := runExpander(doc, c)
	if err == nil {
		return nodes, nil
	}
	var context *ContextError
	if errors.As(err, &context) {
		return nil, context
	}
	var fault *ld.JsonLdError
	if errors.As(err, &fault) && fault.Code == ld.InvalidProperty {
		return nil, findUnknownTerm(doc, c)
	}
	return nil, &InvalidError{Err: err}
}

func runExpander(doc map[string]any, c *Contexts) (nodes []any, err error) {
	defer recoverAs(&err)
	return ld.NewJsonLdProcessor().Expand(doc, c.options())
}

// recoverAs turns a panic of the expander, which some malformed documents
// cause, into an error.
func recoverAs(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("the expander gave up: %v", r)
	}
}

// countExpanded counts the values in expanded nodes as screen counts them in
// the document.
func countExpanded(v any) (int, error) {
	switch v := v.(type) {
	case []any:
		n := 0
		for _, item := range v {
			m, err := countExpanded(item)
			if err != nil {
				return 0, err
			}
			n += m
		}
		return n, nil
	case map[string]any:
		if literal, ok := v["@value"]; ok {
			if v["@type"] == "@json" {
				return countJSON(literal), nil
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
				m, err := countExpanded(value)
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

// countJSON counts as screen does, in a JSON literal.
func countJSON(v any) int {
	n := 0
	switch v := v.(type) {
	case nil:
	case []any:
		for _, item := range v {
			n += countJSON(item)
		}
	case map[string]any:
		_, isLiteral := v["@value"]
		for key, value := range v {
			if key == "@context" || isLiteral && (key == "@type" || key == "@language") {
				continue
			}
			n += countJSON(value)
		}
	default:
		n = 1
	}
	return n
}
