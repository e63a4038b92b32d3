package shape

import (
	"bytes"
	"crypto/sha256"
	"slices"
)

// work is what rendering needs space for.
type work struct {
	values [][]byte // of slots
	texts  [][]byte // of slots, as literals
	escape []byte

	sum    [32]byte
	hashes [][32]byte // by blank node
	ranked []uint16   // blank nodes in the order of their hashes
	labels [][]byte   // by blank node
	order  []uint16   // subjects that are IRIs
	ends   []int      // of lines
	lines  []piece
	buf    []byte
}

// A piece is a line of some text being put into order.
type piece struct {
	text   []byte
	group  int
	blanks bool
}

// load takes the values of f, in the order of the slots of its shape.
func (w *work) load(f *form, slotOf []uint16) {
	w.values, w.texts = w.values[:0], w.texts[:0]
	w.escape = w.escape[:0]
	for _, i := range slotOf {
		v := f.value(int(i))
		w.values = append(w.values, v)
		if f.slots[i].decoded {
			from := len(w.escape)
			w.escape = appendEscaped(w.escape, v)
			v = w.escape[from:len(w.escape):len(w.escape)]
		}
		w.texts = append(w.texts, v)
	}
}

// render appends the canonical N-Quads of the values in w to dst. It reports
// false, and leaves dst as it was, where the values are such that only the full
// processor can tell.
func (t *template) render(dst []byte, w *work, ids *identifiers) ([]byte, bool) {
	for _, n := range t.iris {
		if !ids.plain(w.values[n]) {
			return dst, false
		}
	}
	if !t.label(w) {
		return dst, false
	}
	before := len(dst)
	out, ok := t.resources(dst, w)
	if !ok {
		return dst[:before], false
	}
	for _, rank := range t.byLabel {
		if i := t.blanks[w.ranked[rank]].subject; i >= 0 {
			if out, ok = t.subject(out, i, w); !ok {
				return dst[:before], false
			}
		}
	}
	return out, true
}

// label gives the blank nodes their labels, provided that their first hashes
// tell them apart (RDFC-1.0, section 4.4.3, steps 3 and 4).
func (t *template) label(w *work) bool {
	n := len(t.blanks)
	w.hashes, w.ranked, w.labels = grow(w.hashes, n), grow(w.ranked, n), grow(w.labels, n)
	if n < 2 {
		for i := range n {
			w.ranked[i], w.labels[i] = uint16(i), t.labels[i]
		}
		return true
	}
	for i := range t.blanks {
		b := &t.blanks[i]
		if b.fixed {
			w.hashes[i] = b.hash
		} else {
			w.hash(b, w.texts)
			w.hashes[i] = w.sum
		}
		w.ranked[i] = uint16(i)
	}
	slices.SortFunc(w.ranked, func(a, b uint16) int { return bytes.Compare(w.hashes[a][:], w.hashes[b][:]) })
	for rank, i := range w.ranked {
		if rank > 0 && w.hashes[i] == w.hashes[w.ranked[rank-1]] {
			return false
		}
		w.labels[i] = t.labels[rank]
	}
	return true
}

func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// hash is "Hash First Degree Quads", section 4.6, into w.sum.
func (w *work) hash(b *blank, texts [][]byte) {
	w.buf, w.ends = w.buf[:0], w.ends[:0]
	for i := range b.lines {
		for j := range b.lines[i].parts {
			p := &b.lines[i].parts[j]
			w.buf = append(w.buf, p.text...)
			if p.gap.kind == inSlot {
				w.buf = append(w.buf, texts[p.gap.n]...)
			}
		}
		w.ends = append(w.ends, len(w.buf))
	}
	w.buf, _ = w.inOrder(w.buf, 0)
	w.sum = sha256.Sum256(w.buf)
}

// inOrder sorts the lines of text from start on, whose ends are in w.ends, and
// tells whether two of them are the same.
func (w *work) inOrder(text []byte, start int) (sorted []byte, repeated bool) {
	from, inOrder := start, true
	w.lines = w.lines[:0]
	for _, end := range w.ends {
		w.lines = append(w.lines, piece{text: text[from:end]})
		if n := len(w.lines); n > 1 {
			c := bytes.Compare(w.lines[n-2].text, w.lines[n-1].text)
			inOrder, repeated = inOrder && c <= 0, repeated || c == 0
		}
		from = end
	}
	if inOrder {
		return text, repeated
	}
	slices.SortFunc(w.lines, func(a, b piece) int { return bytes.Compare(a.text, b.text) })
	end := len(text)
	for i, l := range w.lines {
		repeated = repeated || i > 0 && bytes.Equal(l.text, w.lines[i-1].text)
		text = append(text, l.text...)
	}
	return append(text[:start], text[end:]...), repeated
}

// resources writes the statements about IRIs, which come before those about
// blank nodes.
func (t *template) resources(dst []byte, w *work) ([]byte, bool) {
	w.order = w.order[:0]
	for i := range t.subjects {
		if t.subjects[i].term.kind != node {
			w.order = append(w.order, uint16(i))
		}
	}
	slices.SortFunc(w.order, func(a, b uint16) int { return compareIRI(t.iri(a, w), t.iri(b, w)) })
	ok := true
	for i := 0; i < len(w.order); {
		end := i + 1
		for end < len(w.order) && bytes.Equal(t.iri(w.order[i], w), t.iri(w.order[end], w)) {
			end++
		}
		if end == i+1 {
			dst, ok = t.subject(dst, int(w.order[i]), w)
		} else {
			dst, ok = t.merged(dst, w.order[i:end], w)
		}
		if !ok {
			return dst, false
		}
		i = end
	}
	return dst, true
}

// iri returns subject i without its brackets.
func (t *template) iri(i uint16, w *work) []byte {
	s := &t.subjects[i].term
	if s.kind == inSlot {
		return w.texts[s.n]
	}
	return s.text[1 : len(s.text)-1]
}

// compareIRI orders IRIs as they are ordered with their brackets.
func compareIRI(a, b []byte) int {
	n := min(len(a), len(b))
	if c := bytes.Compare(a[:n], b[:n]); c != 0 || len(a) == len(b) {
		return c
	}
	if len(a) < len(b) {
		if '>' < b[n] {
			return -1
		}
		return 1
	}
	if a[n] < '>' {
		return -1
	}
	return 1
}

// subject writes the statements of one subject. It reports false if two of them
// are the same.
func (t *template) subject(dst []byte, i int, w *work) ([]byte, bool) {
	runs := t.subjects[i].runs
	for r := range runs {
		lines := runs[r].lines
		if runs[r].fixed {
			for l := range lines {
				dst = lines[l].append(dst, w)
			}
			continue
		}
		start := len(dst)
		w.ends = w.ends[:0]
		for l := range lines {
			dst = lines[l].append(dst, w)
			w.ends = append(w.ends, len(dst))
		}
		var repeated bool
		if dst, repeated = w.inOrder(dst, start); repeated {
			return dst, false
		}
	}
	return dst, true
}

func (l *line) append(dst []byte, w *work) []byte {
	for i := range l.parts {
		p := &l.parts[i]
		dst = append(dst, p.text...)
		switch p.gap.kind {
		case inSlot:
			dst = append(dst, w.texts[p.gap.n]...)
		case node:
			dst = append(dst, w.labels[p.gap.n]...)
		}
	}
	return dst
}

// merged writes the statements of several subjects that are one in this
// document. What two of them say alike is one statement; but not if it mentions
// a blank node, whose hash would then count it twice.
func (t *template) merged(dst []byte, subjects []uint16, w *work) ([]byte, bool) {
	type extent struct{ from, to int }
	start := len(dst)
	w.lines = w.lines[:0]
	var extents []extent
	for g, i := range subjects {
		for r := range t.subjects[i].runs {
			lines := t.subjects[i].runs[r].lines
			for l := range lines {
				from := len(dst)
				dst = lines[l].append(dst, w)
				extents = append(extents, extent{from, len(dst)})
				w.lines = append(w.lines, piece{group: g, blanks: lines[l].blanks})
			}
		}
	}
	for i, e := range extents {
		w.lines[i].text = dst[e.from:e.to]
	}
	slices.SortStableFunc(w.lines, func(a, b piece) int { return bytes.Compare(a.text, b.text) })
	end := len(dst)
	for i, l := range w.lines {
		if i > 0 && bytes.Equal(w.lines[i-1].text, l.text) {
			if l.blanks || w.lines[i-1].blanks || l.group == w.lines[i-1].group {
				return dst, false
			}
			continue
		}
		dst = append(dst, l.text...)
	}
	return append(dst[:start], dst[end:]...), true
}
