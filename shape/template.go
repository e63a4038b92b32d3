package shape

import (
	"bytes"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/roundel/roundel/rdfc"
)

// Bounds on what is compiled.
const (
	maxQuads = 8192
	maxNodes = 4096
)

const rdfType = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"

// A template is the canonical form of all documents of a shape: N-Quads with
// gaps for the values of slots and the labels of blank nodes.
type template struct {
	subjects []subject
	blanks   []blank
	iris     []uint16 // the slots that stand where an IRI stands
	labels   [][]byte // of canonical blank nodes, by rank
	byLabel  []uint16 // ranks, in the order of the labels as text
	lines    int      // in subjects
}

// A subject has all quads of one subject.
type subject struct {
	term term
	runs []run // by predicate, in order
}

// A run has the lines of one subject and predicate.
type run struct {
	lines []line
	fixed bool // the order is known, and no two lines can be equal
}

// A line is a quad. Its parts alternate: constant text, then a gap.
type line struct {
	parts  []part
	blanks bool // whether it mentions a blank node
}

type part struct {
	text []byte // written first
	gap  term   // none, slot or node
}

// A term is what stands in one place of a quad.
type term struct {
	kind uint8
	n    uint16 // which slot, or which node of template.blanks
	text []byte // of constants
}

const (
	constant = uint8(iota) // or no gap at all
	inSlot
	node
)

// A blank node, with the quads that mention it as they are hashed first (RDFC-1.0,
// section 4.6): their only gaps are slots.
type blank struct {
	lines   []line
	fixed   bool // no slot: hash is known
	hash    [32]byte
	subject int // index in template.subjects, or -1
}

// unfit says that a shape has something that no template can have: every
// document of the shape is for the full processor.
var errUnfit = errors.New("shape: no template fits")

// builder makes a template of the statements of a document whose slots hold
// sentinels.
type builder struct {
	sentinel  func(string) (int, bool) // which slot's sentinel a text is
	suspect   string                   // what every sentinel contains
	t         *template
	nodes     map[string]uint16
	iris      map[uint16]bool
	landed    map[int]bool // slots that were met
	seen      map[string]bool
	bySubject map[string]int
	pending   [][]pendingQuad // by subject
}

type pendingQuad struct {
	predicate string // with brackets
	terms     [3]term
	suffix    []byte // datatype or language of a literal in a slot
	literal   bool   // the object is a literal in a slot
	hasGraph  bool
}

// term reads a term that is no literal.
func (b *builder) term(t *rdfc.Term) (term, error) {
	if t.Kind == rdfc.Blank {
		n, known := b.nodes[t.Value]
		if !known {
			if n = uint16(len(b.nodes)); n == maxNodes {
				return term{}, errUnfit
			}
			b.nodes[t.Value] = n
		}
		return term{kind: node, n: n}, nil
	}
	if n, ok := b.sentinel(t.Value); ok {
		b.iris[uint16(n)], b.landed[n] = true, true
		return term{kind: inSlot, n: uint16(n)}, nil
	}
	if strings.Contains(t.Value, b.suspect) {
		return term{}, errUnfit
	}
	return term{text: []byte("<" + t.Value + ">")}, nil
}

// object reads the object of a quad.
func (b *builder) object(t *rdfc.Term, q *pendingQuad) (term, error) {
	if t.Kind != rdfc.Literal {
		return b.term(t)
	}
	if strings.Contains(t.Datatype, b.suspect) || strings.Contains(t.Language, b.suspect) {
		return term{}, errUnfit
	}
	suffix := `"`
	switch {
	case t.Language != "":
		suffix += "@" + t.Language
	case t.Datatype != "" && t.Datatype != "http://www.w3.org/2001/XMLSchema#string":
		suffix += "^^<" + t.Datatype + ">"
	}
	if n, ok := b.sentinel(t.Value); ok {
		b.landed[n] = true
		q.literal, q.suffix = true, []byte(suffix)
		return term{kind: inSlot, n: uint16(n)}, nil
	}
	if strings.Contains(t.Value, b.suspect) {
		return term{}, errUnfit // inside a JSON literal, for example
	}
	return term{text: append(appendEscaped([]byte{'"'}, []byte(t.Value)), suffix...)}, nil
}

func (b *builder) add(q *rdfc.Quad) error {
	var p pendingQuad
	var err error
	if strings.Contains(q.Predicate.Value, b.suspect) {
		return errUnfit
	}
	p.predicate = "<" + q.Predicate.Value + ">"
	if p.terms[0], err = b.term(&q.Subject); err != nil {
		return err
	}
	if p.terms[1], err = b.object(&q.Object, &p); err != nil {
		return err
	}
	if p.terms[1].kind == inSlot && q.Predicate.Value == rdfType {
		return errUnfit // types decide what other things mean
	}
	if q.Graph.Kind != 0 {
		p.hasGraph = true
		if p.terms[2], err = b.term(&q.Graph); err != nil {
			return err
		}
	}
	// The same statement twice, whatever the slots say, is one.
	l := b.line(&p, nil)
	var id []byte
	for _, part := range l.parts {
		id = append(append(id, part.text...), 0, part.gap.kind, byte(part.gap.n), byte(part.gap.n>>8))
	}
	if b.seen[string(id)] {
		return nil
	}
	b.seen[string(id)] = true
	s := string(p.terms[0].text) + "\x00" + strconv.Itoa(int(p.terms[0].kind)) + "/" + strconv.Itoa(int(p.terms[0].n))
	at, known := b.bySubject[s]
	if !known {
		at = len(b.pending)
		b.bySubject[s] = at
		b.pending = append(b.pending, nil)
		b.t.subjects = append(b.t.subjects, subject{term: p.terms[0]})
	}
	b.pending[at] = append(b.pending[at], p)
	return nil
}

// line writes a quad as a line with gaps. blank, if not nil, says how blank
// nodes are written, which then leave no gaps.
func (b *builder) line(q *pendingQuad, blank func(n uint16) string) line {
	var l line
	var text []byte
	gap := func(t term) {
		l.parts = append(l.parts, part{text: text, gap: t})
		text = nil
	}
	write := func(t term, literal bool) {
		switch {
		case t.kind == constant:
			text = append(text, t.text...)
		case t.kind == node && blank != nil:
			text = append(text, blank(t.n)...)
			l.blanks = true
		case t.kind == node:
			gap(t)
			l.blanks = true
		case literal:
			text = append(text, '"')
			gap(t)
			text = append(text, q.suffix...)
		default:
			text = append(text, '<')
			gap(t)
			text = append(text, '>')
		}
	}
	write(q.terms[0], false)
	text = append(append(append(text, ' '), q.predicate...), ' ')
	write(q.terms[1], q.literal)
	text = append(text, ' ')
	if q.hasGraph {
		write(q.terms[2], false)
		text = append(text, ' ')
	}
	text = append(text, '.', '\n')
	gap(term{})
	return l
}

// newTemplate makes a template of d.
func newTemplate(d rdfc.Dataset, suspect string, sentinel func(string) (int, bool)) (*template, map[int]bool, error) {
	if len(d) > maxQuads {
		return nil, nil, errUnfit
	}
	b := &builder{
		sentinel: sentinel, suspect: suspect, t: &template{}, nodes: map[string]uint16{}, iris: map[uint16]bool{},
		landed: map[int]bool{}, seen: map[string]bool{}, bySubject: map[string]int{},
	}
	for i := range d {
		if err := b.add(&d[i]); err != nil {
			return nil, nil, err
		}
	}
	b.finishSubjects()
	b.finishBlanks()
	for n := range b.iris {
		b.t.iris = append(b.t.iris, n)
	}
	slices.Sort(b.t.iris)
	return b.t, b.landed, nil
}

// finishSubjects sorts the lines as far as that can be done now.
func (b *builder) finishSubjects() {
	for i, quads := range b.pending {
		// With what follows it, because ">" is not the smallest character.
		slices.SortStableFunc(quads, func(x, y pendingQuad) int { return strings.Compare(x.predicate, y.predicate) })
		for j, q := range quads {
			l := b.line(&q, nil)
			s := &b.t.subjects[i]
			if j == 0 || quads[j-1].predicate != q.predicate {
				s.runs = append(s.runs, run{})
			}
			r := &s.runs[len(s.runs)-1]
			r.lines = append(r.lines, l)
		}
		for j := range b.t.subjects[i].runs {
			b.t.subjects[i].runs[j].finish(b.t.subjects[i].term.kind)
		}
		b.t.lines += len(quads)
	}
}

// finish sorts a run whose lines differ in constants only, all of them having
// the same subject.
func (r *run) finish(subject uint8) {
	own := 1 // the gap of the subject
	if subject == constant {
		own = 0
	}
	for _, l := range r.lines {
		if len(l.parts) != own+1 {
			r.fixed = len(r.lines) == 1
			return
		}
	}
	slices.SortFunc(r.lines, func(x, y line) int {
		return bytes.Compare(x.parts[own].text, y.parts[own].text)
	})
	r.fixed = true
}

func (b *builder) finishBlanks() {
	n := len(b.nodes)
	b.t.blanks = make([]blank, n)
	for id := range b.t.blanks {
		b.t.blanks[id].subject = -1
	}
	for i, s := range b.t.subjects {
		if s.term.kind == node {
			b.t.blanks[s.term.n].subject = i
		}
		for _, q := range b.pending[i] {
			mentioned := map[uint16]bool{}
			for _, t := range q.terms {
				if t.kind == node && !mentioned[t.n] {
					mentioned[t.n] = true
					b.t.blanks[t.n].lines = append(b.t.blanks[t.n].lines, b.line(&q, func(other uint16) string {
						if other == t.n {
							return "_:a"
						}
						return "_:z"
					}))
				}
			}
		}
	}
	order := make([]string, n)
	for i := range n {
		order[i] = "_:c14n" + strconv.Itoa(i)
		b.t.labels = append(b.t.labels, []byte(order[i]))
		b.t.byLabel = append(b.t.byLabel, uint16(i))
	}
	// A space follows each label, and it is smaller than any digit.
	slices.SortFunc(b.t.byLabel, func(x, y uint16) int { return strings.Compare(order[x], order[y]) })
	for i := range b.t.blanks {
		f := &b.t.blanks[i]
		f.fixed = !slices.ContainsFunc(f.lines, func(l line) bool { return len(l.parts) > 1 })
		if f.fixed {
			w := &work{}
			w.hash(f, nil)
			f.hash = w.sum
		}
	}
}
