package rdfc

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"slices"
	"strings"
)

// Options of Canonicalize. The zero value is right for Data Integrity proofs.
type Options struct {
	// Hash makes the hash function; nil is SHA-256.
	Hash func() hash.Hash
	// MaxWork bounds the work of telling alike blank nodes apart, in steps: a
	// call of Hash N-Degree Quads, a mention of a blank node it looks at, a
	// permutation it tries and each node in that are one step each. 0 is
	// 250,000, a tenth of a second; the W3C test suite needs 9,516 at most,
	// its poison graph aside.
	MaxWork int
	// MaxBlankNodes bounds the number of blank nodes; 0 is 10,000.
	MaxBlankNodes int
}

const (
	defaultMaxWork       = 250_000
	defaultMaxBlankNodes = 10_000
)

// Result of Canonicalize.
type Result struct {
	NQuads []byte            // canonical N-Quads, sorted, each line ended by a line feed
	Labels map[string]string // from the labels of the dataset to the canonical ones, both without "_:"
	Work   int               // the steps spent, as Options.MaxWork counts them
}

// ErrWorkExceeded says that a dataset needs more work, or has more blank nodes,
// than the options allow. Such errors are a *WorkError.
var ErrWorkExceeded = errors.New("rdfc: the dataset is too much work to canonicalise")

// WorkError is an ErrWorkExceeded with its numbers.
type WorkError struct {
	What         string // "steps" or "blank nodes"
	Count, Limit int    // Count is what was needed when the limit was met; nothing beyond Limit was done
}

// Error implements the error interface.
func (e *WorkError) Error() string {
	return fmt.Sprintf("%v: %d %s, allowed are %d", ErrWorkExceeded, e.Count, e.What, e.Limit)
}

// Is makes errors.Is(err, ErrWorkExceeded) true.
func (e *WorkError) Is(target error) bool { return target == ErrWorkExceeded }

// Canonicalize labels the blank nodes of d as RDFC-1.0, section 4.4, says, and
// returns the canonical N-Quads. It fails with ErrWorkExceeded or
// ErrInvalidTerm. The dataset is not changed.
func Canonicalize(d Dataset, o Options) (*Result, error) {
	if o.Hash == nil {
		o.Hash = sha256.New
	}
	if o.MaxWork == 0 {
		o.MaxWork = defaultMaxWork
	}
	if o.MaxBlankNodes == 0 {
		o.MaxBlankNodes = defaultMaxBlankNodes
	}
	c := &canonicalizer{h: o.Hash(), maxWork: o.MaxWork}
	if err := c.load(d, o.MaxBlankNodes); err != nil {
		return nil, err
	}
	if err := c.label(); err != nil {
		return nil, err
	}
	r := &Result{NQuads: c.nquads(), Labels: make(map[string]string, len(c.names)), Work: c.work}
	for id, name := range c.names {
		r.Labels[name] = c.canonical[id]
	}
	return r, nil
}

// canonicalizer is the "canonicalization state" of the specification. Blank
// nodes are numbers here, indexes into the slices.
type canonicalizer struct {
	h       hash.Hash
	work    int
	maxWork int
	buf     []byte // scratch for what is hashed
	sum     []byte // scratch for the hash

	quads     []quad
	names     []string  // the dataset's labels
	mentions  [][]int32 // the quads that mention a blank node
	first     []string  // Hash First Degree Quads, hexadecimal
	canonical []string  // canonical labels, "" while there is none
	issued    int       // how many of them there are
	temporary issuer
}

// quad has its terms written already; blank nodes are numbers, or -1.
type quad struct {
	text  [4]string // subject, predicate, object, graph; "" for blank nodes and the default graph
	blank [4]int32
}

// load checks and writes the terms, numbers the blank nodes and leaves out
// repeated quads.
func (c *canonicalizer) load(d Dataset, maxBlank int) error {
	ids := map[string]int32{}
	type end struct{ at [4]int32 }
	ends := make([]end, len(d))
	text := make([]byte, 0, textSize(d))
	c.quads = make([]quad, len(d))
	for i := range d {
		q := &d[i]
		if err := q.check(); err != nil {
			return err
		}
		for j, t := range []*Term{&q.Subject, &q.Predicate, &q.Object, &q.Graph} {
			c.quads[i].blank[j] = -1
			switch t.Kind {
			case Blank:
				id, known := ids[t.Value]
				if !known {
					id = int32(len(c.names))
					if int(id) == maxBlank {
						return &WorkError{What: "blank nodes", Count: maxBlank + 1, Limit: maxBlank}
					}
					ids[t.Value] = id
					c.names = append(c.names, t.Value)
				}
				c.quads[i].blank[j] = id
			case IRI, Literal:
				text = appendTerm(text, t)
			}
			ends[i].at[j] = int32(len(text))
		}
	}
	// One string holds all terms; the quads refer to parts of it.
	all, from := string(text), int32(0)
	c.buf = text[:0]
	for i := range ends {
		for j, to := range ends[i].at {
			c.quads[i].text[j] = all[from:to]
			from = to
		}
	}
	c.dropRepeated()
	c.mentions = make([][]int32, len(c.names))
	for i := range c.quads {
		for _, id := range c.quads[i].blank {
			if id < 0 {
				continue
			}
			if m := c.mentions[id]; len(m) == 0 || m[len(m)-1] != int32(i) {
				c.mentions[id] = append(m, int32(i))
			}
		}
	}
	return nil
}

// textSize is about what the terms of d take when they are written; escapes
// take more.
func textSize(d Dataset) int {
	n := 0
	for i := range d {
		q := &d[i]
		for _, t := range []*Term{&q.Subject, &q.Predicate, &q.Object, &q.Graph} {
			n += len(t.Value) + len(t.Datatype) + len(t.Language) + len(`""^^<>`)
		}
	}
	return n
}

func (c *canonicalizer) dropRepeated() {
	seen := make(map[quad]struct{}, len(c.quads))
	c.quads = slices.DeleteFunc(c.quads, func(q quad) bool {
		_, again := seen[q]
		seen[q] = struct{}{}
		return again
	})
}

// label is steps 3 to 5 of the canonicalization algorithm.
func (c *canonicalizer) label() error {
	n := len(c.names)
	c.canonical = make([]string, n)
	c.first = make([]string, n)
	order := make([]int32, n)
	for id := range order {
		order[id] = int32(id)
		c.first[id] = c.hashFirstDegree(int32(id))
	}
	slices.SortFunc(order, func(a, b int32) int { return strings.Compare(c.first[a], c.first[b]) })

	var alike [][]int32 // groups of nodes with one hash, in the order of the hashes
	for len(order) > 0 {
		size := 1
		for size < len(order) && c.first[order[size]] == c.first[order[0]] {
			size++
		}
		if size == 1 {
			c.issue(order[0])
		} else {
			alike = append(alike, order[:size])
		}
		order = order[size:]
	}
	c.temporary.position = make([]int32, n)
	for _, group := range alike {
		if err := c.labelAlike(group); err != nil {
			return err
		}
	}
	return nil
}

// labelAlike is step 5 for the blank nodes of one first-degree hash.
func (c *canonicalizer) labelAlike(group []int32) error {
	type path struct {
		hash  string
		order []int32 // the blank nodes, as the temporary issuer met them
	}
	var paths []path
	for _, id := range group {
		if c.canonical[id] != "" {
			continue
		}
		c.temporary.issue(id)
		hash, err := c.hashNDegree(id)
		if err != nil {
			return err
		}
		paths = append(paths, path{hash, slices.Clone(c.temporary.order)})
		c.temporary.truncate(0)
	}
	slices.SortStableFunc(paths, func(a, b path) int { return strings.Compare(a.hash, b.hash) })
	for _, p := range paths {
		for _, id := range p.order {
			c.issue(id)
		}
	}
	return nil
}

// issue gives id the next canonical label, unless it has one.
func (c *canonicalizer) issue(id int32) {
	if c.canonical[id] == "" {
		c.canonical[id] = string(appendNumber([]byte("c14n"), c.issued))
		c.issued++
	}
}

// hashFirstDegree is "Hash First Degree Quads", section 4.6.
func (c *canonicalizer) hashFirstDegree(id int32) string {
	c.buf = c.buf[:0]
	for _, i := range c.mentions[id] {
		c.buf = c.quads[i].append(c.buf, func(b []byte, other int32) []byte {
			if other == id {
				return append(b, "_:a"...)
			}
			return append(b, "_:z"...)
		})
	}
	c.h.Reset()
	for _, line := range sortedLines(string(c.buf), len(c.mentions[id])) {
		c.h.Write(append(c.buf[:0], line...))
	}
	return c.hexSum()
}

// sortedLines splits text into its n lines, each with its line feed, and sorts
// them. No term has a line feed in it.
func sortedLines(text string, n int) []string {
	lines := make([]string, 0, n)
	for len(text) > 0 {
		end := strings.IndexByte(text, '\n') + 1
		lines = append(lines, text[:end])
		text = text[end:]
	}
	slices.Sort(lines)
	return lines
}

// append writes a line of N-Quads; blank writes blank nodes.
func (q *quad) append(b []byte, blank func([]byte, int32) []byte) []byte {
	for j := range q.text {
		switch {
		case q.blank[j] >= 0:
			b = blank(b, q.blank[j])
		case q.text[j] == "": // the default graph
			continue
		default:
			b = append(b, q.text[j]...)
		}
		b = append(b, ' ')
	}
	return append(b, '.', '\n')
}

func (c *canonicalizer) nquads() []byte {
	c.buf = c.buf[:0]
	for i := range c.quads {
		c.buf = c.quads[i].append(c.buf, func(b []byte, id int32) []byte {
			return append(append(b, "_:"...), c.canonical[id]...)
		})
	}
	out := make([]byte, 0, len(c.buf))
	for _, line := range sortedLines(string(c.buf), len(c.quads)) {
		out = append(out, line...)
	}
	return out
}
