package jsonld

import "github.com/roundel/roundel/rdfc"

// Bounds on one document.
const (
	maxObjects  = 10_000
	maxContexts = 5_000 // entries of types, and three for each context named
	maxValues   = 100_000
	maxDepth    = 100
)

// census is what there is in a document.
type census struct {
	values  int // strings, numbers and booleans, which must all be accounted for
	all     int // those, objects, arrays and nulls
	objects int
	reads   int // of contexts, see readings
	depth   int
}

// take counts what there is in doc without knowing what it means, and refuses
// what is beyond the bounds.
func take(doc map[string]any, c *Contexts) (census, error) {
	var n census
	n.count(doc, c, 1)
	for _, bound := range []struct {
		what         string
		count, limit int
	}{
		{"levels", n.depth, maxDepth},
		{"objects", n.objects, maxObjects},
		{"types and contexts", n.reads, maxContexts},
		{"values", n.all, maxValues},
	} {
		if bound.count > bound.limit {
			return n, &rdfc.WorkError{What: bound.what, Count: bound.count, Limit: bound.limit}
		}
	}
	return n, nil
}

func (n *census) count(v any, c *Contexts, depth int) {
	n.all++
	switch v := v.(type) {
	case nil:
		// Null says the same as a missing member.
	case map[string]any:
		n.objects++
		if n.depth = max(n.depth, depth); depth > maxDepth {
			return
		}
		if c != nil {
			n.reads += readings(v, c)
		}
		for key, item := range v {
			if key == "@context" && c != nil {
				n.contexts(item, depth+1)
				continue
			}
			n.count(item, c, depth+1)
		}
	case []any:
		if n.depth = max(n.depth, depth); depth > maxDepth {
			return
		}
		for _, item := range v {
			n.count(item, c, depth+1)
		}
	default:
		n.values++
	}
}

// contexts counts the value of an @context member. A context that is named is
// three readings; one that is written into the document is more by its size.
func (n *census) contexts(v any, depth int) {
	before := n.all
	n.count(v, nil, depth)
	n.reads += 3*entries(v) + (n.all-before)/readingCost
}

// scalars counts the strings, numbers and booleans in v.
func scalars(v any) int {
	n := 0
	switch v := v.(type) {
	case nil:
	case map[string]any:
		for _, item := range v {
			n += scalars(item)
		}
	case []any:
		for _, item := range v {
			n += scalars(item)
		}
	default:
		n = 1
	}
	return n
}
