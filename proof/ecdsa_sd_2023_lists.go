package proof

import (
	"crypto/sha256"
	"fmt"
	"strconv"
	"strings"

	"github.com/roundel/roundel/rdfc"
)

const (
	rdfFirst = "http://www.w3.org/1999/02/22-rdf-syntax-ns#first"
	rdfRest  = "http://www.w3.org/1999/02/22-rdf-syntax-ns#rest"
)

// listNames names the cells of RDF lists by where they are and what their list
// holds, so that those of a document and those of a part of it can be matched: a
// list is shown whole or not at all. labels says how the blank nodes are called
// that are no cells.
//
// A JSON-LD document has no object for a cell, so the marks do not reach them.
func listNames(statements rdfc.Dataset, labels map[string]string) map[string]string {
	l := &lists{labels: labels, cells: map[string]*cell{}, names: map[string]string{}}
	for i := range statements {
		q := &statements[i]
		if q.Subject.Kind != rdfc.Blank || labels[q.Subject.Value] != "" {
			continue
		}
		c := l.cells[q.Subject.Value]
		if c == nil {
			c = &cell{}
			l.cells[q.Subject.Value] = c
		}
		switch q.Predicate.Value {
		case rdfFirst:
			c.first = q.Object
		case rdfRest:
			c.rest = q.Object
		}
	}
	again := map[string]int{} // equal lists in one place are as good as each other
	for i := range statements {
		q := &statements[i]
		if q.Object.Kind != rdfc.Blank || l.cells[q.Object.Value] == nil ||
			q.Subject.Kind == rdfc.Blank && l.cells[q.Subject.Value] != nil {
			continue // no list, or not the head of an outer one
		}
		where := hashText("list", l.term(q.Subject), q.Predicate.Value, l.term(q.Graph), l.content(q.Object, 0))
		l.name(hashText(where, strconv.Itoa(again[where])), q.Object)
		again[where]++
	}
	return l.names
}

type lists struct {
	labels map[string]string
	cells  map[string]*cell
	names  map[string]string
}

type cell struct{ first, rest rdfc.Term }

// maxNested bounds lists in lists, which JSON does too.
const maxNested = 100

// items are the values of the list that begins with head, and its cells.
func (l *lists) items(head rdfc.Term) (values []rdfc.Term, labels []string) {
	for c := l.cells[head.Value]; head.Kind == rdfc.Blank && c != nil && len(labels) <= len(l.cells); c = l.cells[head.Value] {
		values, labels = append(values, c.first), append(labels, head.Value)
		head = c.rest
	}
	return values, labels
}

// content is a hash of all that is in a list.
func (l *lists) content(head rdfc.Term, depth int) string {
	values, _ := l.items(head)
	var b strings.Builder
	for _, v := range values {
		if v.Kind == rdfc.Blank && l.cells[v.Value] != nil && depth < maxNested {
			b.WriteString(l.content(v, depth+1))
		} else {
			b.WriteString(hashText(l.term(v)))
		}
	}
	return hashText(b.String())
}

// name gives names to the cells of a list and of those inside it.
func (l *lists) name(where string, head rdfc.Term) {
	values, labels := l.items(head)
	for i, label := range labels {
		if l.names[label] != "" {
			return
		}
		l.names[label] = hashText(where, strconv.Itoa(i))
		if v := values[i]; v.Kind == rdfc.Blank && l.cells[v.Value] != nil {
			l.name(l.names[label], v)
		}
	}
}

func (l *lists) term(t rdfc.Term) string {
	if t.Kind == rdfc.Blank {
		return "_:" + l.labels[t.Value]
	}
	return fmt.Sprintf("%d %q %q %q", t.Kind, t.Value, t.Datatype, t.Language)
}

// hashText is a hash of several texts, and of how they are divided.
func hashText(texts ...string) string {
	h := sha256.New()
	for _, s := range texts {
		fmt.Fprintf(h, "%d:%s", len(s), s)
	}
	return string(h.Sum(nil))
}
