package shape

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/roundel/roundel/jsonld"
	"github.com/roundel/roundel/rdfc"
	"github.com/roundel/roundel/strictjson"
)

const (
	maxCompiled = 256 << 10 // bytes of a document that is compiled
	maxLearned  = 256       // names
)

// compile makes r's shape known, unless somebody is at that already. r's
// document is one that the full processor accepts.
func (c *Cache) compile(r *reader) {
	if len(r.sources[0])+len(r.sources[1]) > maxCompiled || !c.compiling.TryLock() {
		return
	}
	defer c.compiling.Unlock()
	for range 4 {
		e, learned := c.compileOnce(r)
		if learned {
			// Some strings belong to the key that were not taken to.
			r.read(c, r.kind, r.sources[0], r.sources[1])
			if r.order(c); r.entry != nil || len(r.sorted) == 0 {
				return
			}
			continue
		}
		c.stats.compiled.Add(1)
		c.store.insert(e)
		r.known(c, e, true)
		return
	}
}

// compileOnce makes an entry of r's shape: it puts a sentinel into every slot and
// looks where the full processor puts them. A sentinel is an absolute IRI that
// nothing else can be equal to.
//
// Why that holds for all values: what a string does to the statements beside
// being in them, it does as a type, datatype, language or keyword, or as a name
// to be expanded. A slot whose sentinel becomes a type, datatype or language, or
// does not turn up whole, makes the shape unfit; so the contexts that hold at
// each place are those of the document itself, by induction from the root. A
// name to be expanded stays as it is if it is an absolute IRI that no context
// has a term or prefix for, which is checked for every value. All else becomes
// a literal, whatever it says.
func (c *Cache) compileOnce(r *reader) (e *entry, learned bool) {
	var nonce [16]byte
	rand.Read(nonce[:]) // never fails
	suspect := "x" + hex.EncodeToString(nonce[:])
	k := &known{}
	e = &entry{key: bytes.Clone(r.sorted), shape: k, size: 2*len(r.sorted) + 512}
	trees, ok := r.sentinels(suspect)
	if !ok {
		k.parts = make([]compiled, 1+maxProofs) // every part is unfit
		return e, false
	}
	var parts []map[string]any
	switch r.kind {
	case kindWhole:
		parts = trees[:1]
	case kindPair:
		parts = splitPair(trees[0], trees[1])
	case kindSecured:
		parts, k.forms, k.usual = splitSecured(trees[0], sentinelIn(suspect))
	}
	k.parts = make([]compiled, len(parts))
	for i, tree := range parts {
		t, err := c.template(tree, suspect)
		if err != nil {
			continue
		}
		if i == 0 && c.learn(r, t) {
			return nil, true
		}
		k.parts[i].t = t
		e.size += t.size()
	}
	return e, false
}

// sentinels returns the trees of r's texts with a sentinel in every slot.
func (r *reader) sentinels(suspect string) ([]map[string]any, bool) {
	var trees []map[string]any
	number := make([]int, len(r.slots)) // of each slot, in the shape
	for n, i := range r.slotOf {
		number[i] = n
	}
	next := 0
	for n, source := range r.sources {
		if source == nil {
			break
		}
		var text []byte
		from := int32(0)
		for ; next < len(r.slots) && int(r.slots[next].source) == n; next++ {
			text = append(text, source[from:r.slots[next].from]...)
			text = append(text, suspect+":"+strconv.Itoa(number[next])+";"...)
			from = r.slots[next].to
		}
		text = append(text, source[from:]...)
		v, err := strictjson.Decode(text, strictjson.Limits{MaxBytes: len(text)})
		tree, ok := v.(map[string]any)
		if err != nil || !ok {
			return nil, false
		}
		trees = append(trees, tree)
	}
	return trees, true
}

// sentinelIn returns a function that tells which slot's sentinel a text is.
func sentinelIn(suspect string) func(string) (int, bool) {
	return func(s string) (int, bool) {
		s, ok := strings.CutPrefix(s, suspect+":")
		if !ok {
			return 0, false
		}
		if s, ok = strings.CutSuffix(s, ";"); !ok {
			return 0, false
		}
		n, err := strconv.Atoi(s)
		return n, err == nil
	}
}

// template makes the template of a tree with sentinels, and compares it with
// the full processor.
func (c *Cache) template(tree map[string]any, suspect string) (*template, error) {
	d, err := jsonld.ToRDF(tree, c.options)
	if err != nil {
		return nil, err
	}
	sentinel := sentinelIn(suspect)
	t, landed, err := newTemplate(d, suspect, sentinel)
	if err != nil {
		return nil, err
	}
	slots := map[int]bool{}
	collect(tree, sentinel, slots)
	if !maps.Equal(slots, landed) {
		return nil, errUnfit // a string that is not in the statements may do anything
	}
	want, err := rdfc.Canonicalize(d, rdfc.Options{MaxWork: c.options.MaxWork})
	if err != nil {
		return nil, err
	}
	w := &work{}
	for n := range 1 + slices.Max(append(slices.Collect(maps.Keys(slots)), 0)) {
		v := []byte(suspect + ":" + strconv.Itoa(n) + ";")
		w.values, w.texts = append(w.values, v), append(w.texts, v)
	}
	got, ok := t.render(nil, w, &c.ids)
	if !ok || !bytes.Equal(got, want.NQuads) {
		return nil, errUnfit
	}
	return t, nil
}

// collect adds the slots whose sentinels are in v.
func collect(v any, sentinel func(string) (int, bool), into map[int]bool) {
	switch v := v.(type) {
	case string:
		if n, ok := sentinel(v); ok {
			into[n] = true
		}
	case []any:
		for _, item := range v {
			collect(item, sentinel, into)
		}
	case map[string]any:
		for _, item := range v {
			collect(item, sentinel, into)
		}
	}
}

// learn looks for slots that are IRIs by way of a term: the document is good, and
// yet the value has no scheme. Such strings belong to the key from now on. Only
// contexts decide which names these are, so there are few.
func (c *Cache) learn(r *reader, t *template) bool {
	old := c.names.Load()
	more := maps.Clone(old.modes)
	for _, n := range t.iris {
		s := &r.slots[r.slotOf[n]]
		name := string(r.sources[s.source][s.name.from:s.name.to])
		if bytes.IndexByte(r.value(int(r.slotOf[n])), ':') < 0 && name != "" && name[0] != '@' && len(more) < maxLearned {
			more[name] = written
		}
	}
	if len(more) == len(old.modes) {
		return false
	}
	c.names.Store(newNameSet(more))
	return true
}

// size estimates the memory of a template.
func (t *template) size() int {
	n := 256
	lines := func(all []line) {
		for _, l := range all {
			n += 48
			for _, p := range l.parts {
				n += 64 + len(p.text)
			}
		}
	}
	for _, s := range t.subjects {
		n += 96 + len(s.term.text)
		for _, r := range s.runs {
			n += 32
			lines(r.lines)
		}
	}
	for _, b := range t.blanks {
		n += 128
		lines(b.lines)
	}
	return n
}
