package jsonld

// readingCost is what reading a context costs the expander, next to a value.
const readingCost = 20

// Cost says how much work it is to expand doc: one for each member, item and
// value in it and 20 for each context to be read. A caller with a limit of its
// own, perhaps for several documents, asks before ToRDF or Canonicalize. c may
// be nil, which stands for Embedded().
func Cost(doc map[string]any, c *Contexts) int {
	if c == nil {
		c = Embedded()
	}
	return cost(doc, c)
}

func cost(v any, c *Contexts) int {
	n := 1
	switch v := v.(type) {
	case map[string]any:
		n += readingCost * readings(v, c)
		for _, value := range v {
			n += cost(value, c)
		}
	case []any:
		for _, item := range v {
			n += cost(item, c)
		}
	}
	return n
}

// readings counts the contexts that the expander reads for o itself: one for
// each type and each term with a context of its own, and three for each context
// that is named.
func readings(o map[string]any, c *Contexts) int {
	n := entries(o["type"]) + entries(o["@type"]) + 3*entries(o["@context"])
	for key := range o {
		if c.scoped[key] {
			n++
		}
	}
	return n
}

// collectScoped adds the terms in a local context, at any depth, that have a
// context of their own.
func collectScoped(v any, into map[string]bool) {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			collectScoped(item, into)
		}
	case map[string]any:
		for term, def := range v {
			if d, ok := def.(map[string]any); ok {
				if scope, ok := d["@context"]; ok {
					into[term] = true
					collectScoped(scope, into)
				}
			}
		}
	}
}
