package jsonld

// readingCost is what applying a context costs, next to a value, where it was
// not applied to the same before.
const readingCost = 20

// Cost says how much work it is to expand doc: one for each member, item and
// value in it and 20 for each context to be applied. A caller with a limit of its
// own, perhaps for several documents, asks before ToRDF or Canonicalize. c may
// be nil, which stands for Embedded().
//
// What is nested deeper than ToRDF reads costs nothing, since ToRDF refuses it.
func Cost(doc map[string]any, c *Contexts) int {
	if c == nil {
		c = Embedded()
	}
	var n census
	n.count(doc, c, 1)
	return n.all + readingCost*n.reads
}

// readings counts the contexts that are applied because of the types of o and
// its terms with contexts of their own.
func readings(o map[string]any, c *Contexts) int {
	n := entries(o["type"]) + entries(o["@type"])
	for key := range o {
		if c.words.scoped[key] {
			n++
		}
	}
	return n
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
