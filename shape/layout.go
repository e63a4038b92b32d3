package shape

import (
	"sync/atomic"
)

// A layout is how a text of a known shape was written: what stands between its
// slots, white space and all. Most documents of a shape come from one program
// that always writes alike, and comparing them with their predecessor takes less
// time than taking them apart: where everything between the slots is the same,
// the tokens are too.
type layout struct {
	entry  *entry
	gaps   [][]byte // from the end of a slot, or the start of a text, to the next slot, or the end
	tokens [][]byte // the gaps of the first text without white space, as Cache.Compact writes them; nil if it refuses
	slots  []slot   // as in the text that it was made from
	texts  int
	names  *nameSet // by which strings were told from slots; others are newer
}

// maxLayouts bounds the layouts that are tried before a text is taken apart.
const maxLayouts = 4

// recent holds the layouts that fitted last, the latest first. Losing one in a
// race does no harm.
type recent [maxLayouts]atomic.Pointer[layout]

// find fills f from the layout that fits, and returns it, or nil.
func (l *recent) find(f *form, kind byte, names *nameSet) *layout {
	for i := range l {
		known := l[i].Load()
		if known == nil {
			return nil
		}
		if known.entry.key[0] == kind && known.names == names && known.fits(f) {
			if i > 0 {
				l[i].Store(l[i-1].Swap(known))
			}
			return known
		}
		f.slots, f.decoded = f.slots[:0], f.decoded[:0]
	}
	return nil
}

// add makes the layout of f, which is of e's shape, the last to be tried. The
// next document that it fits moves it forward.
func (l *recent) add(f *form, e *entry, names *nameSet) {
	made := newLayout(f, e, names)
	for i := range l {
		if old := l[i].Load(); old == nil || i == maxLayouts-1 {
			l[i].Store(made)
			return
		}
	}
}

func newLayout(f *form, e *entry, names *nameSet) *layout {
	l := &layout{entry: e, names: names, slots: append([]slot(nil), f.slots...)}
	next := 0
	for n, source := range f.sources {
		if source == nil {
			break
		}
		l.texts++
		from := int32(0)
		for ; next < len(f.slots) && int(f.slots[next].source) == n; next++ {
			l.gaps = append(l.gaps, append([]byte(nil), source[from:f.slots[next].from]...))
			from = f.slots[next].to
		}
		l.gaps = append(l.gaps, append([]byte(nil), source[from:]...))
	}
	l.tokens = tokensBetween(f)
	return l
}

// fits tells whether the texts of f are written like l, and if so takes their
// slots.
func (l *layout) fits(f *form) bool {
	next, gap := 0, 0
	for n := range l.texts {
		data := f.sources[n]
		at := 0
		for ; ; gap++ {
			g := l.gaps[gap]
			if len(data)-at < len(g) || string(data[at:at+len(g)]) != string(g) {
				return false
			}
			at += len(g)
			if next == len(l.slots) || int(l.slots[next].source) != n {
				break
			}
			if at = f.leaf(uint8(n), at, span{}); at < 0 {
				return false
			}
			next++
		}
		gap++
		if at != len(data) {
			return false
		}
	}
	return l.texts == 2 || f.sources[1] == nil
}
