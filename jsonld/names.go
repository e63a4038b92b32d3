package jsonld

import (
	"maps"
	"slices"
)

// Names returns, sorted, all names that Reserved knows.
func (c *Contexts) Names() []string { return slices.Sorted(maps.Keys(c.words.defined)) }
