package shape

import (
	"bytes"
	"slices"

	"github.com/roundel/roundel/strictjson"
)

// order finds the shape of r's document in whatever order its members stand. The
// document must be one that strictjson has accepted.
//
// The members of an object mean the same in any order, so shapes are kept with
// theirs sorted. What a text in some other order has of its own is only which of
// its slots is which of the shape.
func (r *reader) order(c *Cache) {
	if !r.readable || r.entry != nil || len(r.key) > maxCompiled {
		return
	}
	o := orderer{key: r.key, at: 1}
	r.sorted = append(r.sorted[:0], r.kind^' ') // the capital letter
	r.slotOf = r.slotOf[:0]
	for {
		text, slots := o.value()
		r.sorted = append(r.sorted, text...)
		r.slotOf = append(r.slotOf, slots...)
		if o.at == len(o.key) {
			break
		}
		r.sorted = append(r.sorted, o.key[o.at]) // what stands between two texts
		o.at++
	}
	e := c.store.find(r.sorted)
	if e == nil {
		return
	}
	r.known(c, e, c.store.again(r.key))
}

// known makes of, whose members are sorted, the shape of r's document, and notes
// r's own order if keep is set.
func (r *reader) known(c *Cache, of *entry, keep bool) {
	r.entry = &entry{key: bytes.Clone(r.key), shape: of.shape, slotOf: slices.Clone(r.slotOf), of: of}
	r.entry.size = len(r.key) + 2*len(r.slotOf) + 256 + of.size
	if keep {
		c.store.insert(r.entry)
	}
	r.load(&r.form, r.entry.slotOf)
}

// orderer reads a key, which needs no checks.
type orderer struct {
	key  []byte
	at   int
	slot uint16
}

// value reads a value and returns it with the members of objects sorted, and its
// slots in that order.
func (o *orderer) value() (text []byte, slots []uint16) {
	start := o.at
	switch o.key[o.at] {
	case '{':
		return o.object()
	case '[':
		o.at++
		text = append(text, '[')
		for o.key[o.at] != ']' {
			if o.key[o.at] == ',' {
				text = append(text, ',')
				o.at++
			}
			item, more := o.value()
			text, slots = append(text, item...), append(slots, more...)
		}
		o.at++
		return append(text, ']'), slots
	case '"':
		o.string()
	case marker:
		o.at++
		o.slot++
		return o.key[start:o.at], []uint16{o.slot - 1}
	default:
		for o.at < len(o.key) && bare[o.key[o.at]] {
			o.at++
		}
	}
	return o.key[start:o.at], nil
}

func (o *orderer) string() {
	end, _ := strictjson.StringEnd(o.key, o.at+1)
	o.at = end + 1
}

func (o *orderer) object() (text []byte, slots []uint16) {
	type member struct {
		name, value []byte
		slots       []uint16
	}
	var members []member
	o.at++
	for o.key[o.at] != '}' {
		if o.key[o.at] == ',' {
			o.at++
		}
		start := o.at
		o.string()
		m := member{name: o.key[start:o.at]}
		o.at++ // the colon
		m.value, m.slots = o.value()
		members = append(members, m)
	}
	o.at++
	slices.SortFunc(members, func(a, b member) int { return bytes.Compare(a.name, b.name) })
	text = append(text, '{')
	for i, m := range members {
		if i > 0 {
			text = append(text, ',')
		}
		text = append(append(append(text, m.name...), ':'), m.value...)
		slots = append(slots, m.slots...)
	}
	return append(text, '}'), slots
}
