package proof

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/roundel/roundel/jsonld"
	"github.com/roundel/roundel/rdfc"
)

const rdfType = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"

// errNotApart: a selection whose statements are not all the document's own, or
// that has none. Other parts of the document can be shown all the same.
var errNotApart = errors.New("selects what does not say the same alone, such as a part of a list or of a JSON value")

// A disclosure is a document of which parts are to be told apart
// ("canonicalizeAndGroup", vc-di-ecdsa 1.0, section 3.4.2).
//
// The specification gives every blank node an address in the expanded document,
// compacts that, selects, expands again, and turns the addresses back. Here
// every object of the document gets one type more, of which there is no other,
// and no expanded form is needed: the RDF statement of that type says which
// node, in which graph, the object has become; then it is taken away.
type disclosure struct {
	options jsonld.Options
	marks   *marker
	plain   map[string]any // the document
	marked  map[string]any
	nodes   nodes
	labels  map[string]string // from blank nodes of the dataset to the names that are signed
	cells   map[string]string // from the places of list cells, as listNames has them, to blank nodes
	lines   []string          // the statements as they are signed, sorted
	places  map[string]int    // of each line in lines
}

// nodes are what the objects of a document have become, by their numbers.
type nodes map[int]place

type place struct{ node, graph rdfc.Term }

// disclose takes doc apart. canonical gives doc's canonical N-Quads, which must
// be those of the document with marks taken away, so that nothing but the
// document gets signed. hmacKey makes the names of blank nodes, which tell
// nothing of how many there are and what they hold.
func disclose(doc map[string]any, canonical []byte, hmacKey []byte, o jsonld.Options) (*disclosure, error) {
	d := &disclosure{options: o, plain: doc}
	var err error
	if d.marks, err = newMarker(); err != nil {
		return nil, err
	}
	statements, err := d.mark(doc)
	if err != nil {
		return nil, err
	}
	r, err := rdfc.Canonicalize(statements, rdfc.Options{MaxWork: o.MaxWork})
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(r.NQuads, canonical) {
		return nil, fmt.Errorf("%w: the document's objects cannot be told apart", ErrUnsupported)
	}
	d.labels = make(map[string]string, len(r.Labels))
	names := make(map[string]string, len(r.Labels))
	for label, canonical := range r.Labels {
		name := blankName(hmacSum(hmacKey, canonical))
		d.labels[label], names[canonical] = name, name
	}
	d.cells = map[string]string{}
	for label, name := range listNames(statements, d.nodes.blank()) {
		d.cells[name] = label
	}
	if d.lines, err = relabel(r.NQuads, names); err != nil {
		return nil, err
	}
	if len(d.lines) > maxMandatory {
		return nil, fmt.Errorf("%w: %d statements", ErrUnsupported, len(d.lines))
	}
	d.places = make(map[string]int, len(d.lines))
	for i, line := range d.lines {
		d.places[line] = i
	}
	return d, nil
}

func hmacSum(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

// mark marks all objects that are nodes, and returns the document's statements.
// Which objects are nodes shows in the result: in a JSON value or a language map
// a type is no type.
func (d *disclosure) mark(doc map[string]any) (rdfc.Dataset, error) {
	for tries := 0; ; tries++ {
		d.marked = d.marks.document(doc)
		statements, err := jsonld.ToRDF(d.marked, d.options)
		if err != nil {
			if tries > 0 || !d.marks.leaveLanguageMaps(doc) {
				return nil, err
			}
			continue
		}
		var rest rdfc.Dataset
		rest, d.nodes = d.marks.take(statements)
		lost := d.marks.lost(d.nodes)
		if len(lost) == 0 {
			return rest, nil
		}
		if tries > 2 {
			return nil, fmt.Errorf("%w: the document's objects cannot be told apart", ErrUnsupported)
		}
		for _, n := range lost {
			d.marks.left[n] = true
		}
	}
}

// shown is a part of a document.
type shown struct {
	places []int             // of its statements in the document's lines, ascending
	names  map[string]string // from its own canonical labels to the names that are signed
}

// show returns the statements of the selected part.
func (d *disclosure) show(s *selection) (*shown, error) {
	if !s.whole && s.parts == nil {
		return &shown{}, nil
	}
	plain, err := jsonld.Canonicalize(s.pick(d.plain).(map[string]any), d.options)
	var loss *jsonld.LossError
	if errors.As(err, &loss) {
		return nil, errNotApart
	}
	if err != nil {
		return nil, err
	}
	statements, err := jsonld.ToRDF(s.pick(d.marked).(map[string]any), d.options)
	if err != nil {
		return nil, err
	}
	statements, found := d.marks.take(statements)
	labels, err := d.match(statements, found)
	if err != nil {
		return nil, err
	}
	r, err := rdfc.Canonicalize(statements, rdfc.Options{MaxWork: d.options.MaxWork})
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(r.NQuads, plain) {
		return nil, errNotApart
	}
	out := &shown{names: make(map[string]string, len(r.Labels))}
	for label, canonical := range r.Labels {
		out.names[canonical] = d.labels[labels[label]]
	}
	lines, err := relabel(r.NQuads, out.names)
	if err != nil {
		return nil, err
	}
	for _, line := range lines {
		i, ok := d.places[line]
		if !ok {
			return nil, errNotApart
		}
		out.places = append(out.places, i)
	}
	return out, nil
}

// match finds out which blank nodes of the document those of a part of it are.
func (d *disclosure) match(statements rdfc.Dataset, found nodes) (map[string]string, error) {
	labels, taken := map[string]string{}, map[string]string{}
	same := func(part, whole rdfc.Term) bool {
		if part.Kind != rdfc.Blank || whole.Kind != rdfc.Blank {
			return part == whole
		}
		if other, ok := taken[whole.Value]; ok && other != part.Value {
			return false
		}
		if other, ok := labels[part.Value]; ok && other != whole.Value {
			return false
		}
		labels[part.Value], taken[whole.Value] = whole.Value, part.Value
		return true
	}
	for n, p := range found {
		whole, ok := d.nodes[n]
		if !ok || !same(p.node, whole.node) || !same(p.graph, whole.graph) {
			return nil, errNotApart
		}
	}
	for label, name := range listNames(statements, labels) {
		whole, ok := d.cells[name]
		if !ok || !same(rdfc.Term{Kind: rdfc.Blank, Value: label}, rdfc.Term{Kind: rdfc.Blank, Value: whole}) {
			return nil, errNotApart
		}
	}
	for i := range statements {
		for _, t := range []rdfc.Term{statements[i].Subject, statements[i].Object, statements[i].Graph} {
			// What is left are labels that stand in the document as values.
			if t.Kind != rdfc.Blank || labels[t.Value] != "" {
				continue
			}
			if d.labels[t.Value] == "" || !same(t, t) {
				return nil, errNotApart
			}
		}
	}
	return labels, nil
}

// blank maps the blank nodes among n to themselves.
func (n nodes) blank() map[string]string {
	out := map[string]string{}
	for _, p := range n {
		for _, t := range []rdfc.Term{p.node, p.graph} {
			if t.Kind == rdfc.Blank {
				out[t.Value] = t.Value
			}
		}
	}
	return out
}

// A marker gives objects types of their own.
type marker struct {
	prefix string // of the types
	count  int
	left   map[int]bool // the numbers of objects that are no nodes, and get none
	used   map[int]bool
}

func newMarker() (*marker, error) {
	var random [16]byte // so that no document has such a type already
	if _, err := rand.Read(random[:]); err != nil {
		return nil, err
	}
	return &marker{prefix: "urn:roundel:object:" + hex.EncodeToString(random[:]) + ":", left: map[int]bool{}}, nil
}

// document returns a copy of doc with marks.
func (m *marker) document(doc map[string]any) map[string]any {
	m.count, m.used = 0, map[int]bool{}
	return m.value(doc).(map[string]any)
}

func (m *marker) value(v any) any {
	switch v := v.(type) {
	case map[string]any:
		return m.object(v)
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = m.value(item)
		}
		return out
	}
	return v
}

func (m *marker) object(o map[string]any) map[string]any {
	n := m.count
	m.count++
	out := make(map[string]any, len(o)+1)
	for _, name := range slices.Sorted(maps.Keys(o)) { // in order, so that numbers stay
		if name == "@context" || name == "@value" {
			out[name] = o[name]
			continue
		}
		out[name] = m.value(o[name])
	}
	if m.left[n] || !mayBeNode(o) {
		return out
	}
	m.used[n] = true
	added := m.prefix + strconv.Itoa(n)
	for _, name := range []string{"type", "@type"} {
		switch types := out[name].(type) {
		case string:
			out[name] = []any{types, added}
			return out
		case []any:
			out[name] = append(types, added)
			return out
		}
	}
	out["@type"] = added
	return out
}

// mayBeNode tells whether o is neither a value nor a list, nor a graph of which
// nothing is said but its name: one type would make a node of it.
func mayBeNode(o map[string]any) bool {
	_, graph := o["@graph"]
	more := false
	for name := range o {
		switch name {
		case "@value", "@list", "@set":
			return false
		case "@context", "@graph", "@id", "id":
		default:
			more = true
		}
	}
	return !graph || more
}

// leaveLanguageMaps leaves out objects that look like language maps. It tells
// whether there are any.
func (m *marker) leaveLanguageMaps(doc map[string]any) bool {
	n := -1
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, item := range v {
				walk(item)
			}
		case map[string]any:
			n++
			m.left[n] = languageMap(v)
			for _, name := range slices.Sorted(maps.Keys(v)) {
				if name != "@context" && name != "@value" {
					walk(v[name])
				}
			}
		}
	}
	walk(doc)
	return slices.Contains(slices.Collect(maps.Values(m.left)), true)
}

func languageMap(o map[string]any) bool {
	for name, value := range o {
		primary, _, _ := strings.Cut(name, "-")
		if len(primary) < 2 || len(primary) > 3 {
			return false
		}
		for _, item := range asList(value) {
			if _, ok := item.(string); !ok {
				return false
			}
		}
	}
	return len(o) > 0
}

// take takes the marks off.
func (m *marker) take(statements rdfc.Dataset) (rdfc.Dataset, nodes) {
	found := nodes{}
	rest := make(rdfc.Dataset, 0, len(statements))
	for _, q := range statements {
		if q.Predicate.Value == rdfType && q.Object.Kind == rdfc.IRI {
			if number, ok := strings.CutPrefix(q.Object.Value, m.prefix); ok {
				if n, err := strconv.Atoi(number); err == nil {
					found[n] = place{q.Subject, q.Graph}
					continue
				}
			}
		}
		rest = append(rest, q)
	}
	return rest, found
}

// lost are the marks that are not among the found ones.
func (m *marker) lost(found nodes) []int {
	var lost []int
	for n := range m.used {
		if _, ok := found[n]; !ok {
			lost = append(lost, n)
		}
	}
	return lost
}
