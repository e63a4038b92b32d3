package shape

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"maps"
	"sync"
	"sync/atomic"

	"github.com/roundel/roundel/jsonld"
	"github.com/roundel/roundel/strictjson"
)

// Options of New. The zero value is right for credentials.
type Options struct {
	Contexts   *jsonld.Contexts  // nil means the embedded ones
	MaxWork    int               // of the canonicaliser; zero means its default
	Limits     strictjson.Limits // on documents
	MaxEntries int               // shapes to remember; zero means 512
	MaxBytes   int               // memory for them, in bytes, roughly; zero means 16 MiB
}

// ErrNotObject says that a text is good JSON, but no JSON object.
var ErrNotObject = errors.New("the document is not a JSON object")

// ErrUnusual says that Secured.Options was asked for a proof that Secured.Proofs
// did not return.
var ErrUnusual = errors.New("no such proof, or an unusual one")

// Cache canonicalises documents, and remembers their shapes. It is safe for
// concurrent use.
type Cache struct {
	limits    strictjson.Limits
	options   jsonld.Options
	ids       identifiers
	store     *store
	recent    recent
	readers   sync.Pool
	compiling sync.Mutex // one shape at a time, so that a flood of new ones has only one core
	names     atomic.Pointer[nameSet]
	signed    atomic.Pointer[hashedOptions] // the last ones
	stats     struct{ fast, full, compiled atomic.Uint64 }
}

// Stats counts what a Cache did.
type Stats struct {
	Fast     uint64 // canonical forms made from a remembered shape
	Full     uint64 // canonical forms made, or refused, by the full processor
	Compiled uint64 // shapes compiled
	Entries  int    // shapes remembered now
	Bytes    int    // memory they take, roughly
}

// New returns an empty cache for documents of one set of contexts.
func New(o Options) *Cache {
	if o.Contexts == nil {
		o.Contexts = jsonld.Embedded()
	}
	if o.MaxEntries == 0 {
		o.MaxEntries = 512
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = 16 << 20
	}
	if o.Limits.MaxBytes == 0 {
		o.Limits.MaxBytes = 1 << 20
	}
	c := &Cache{
		limits:  o.Limits,
		options: jsonld.Options{Contexts: o.Contexts, MaxWork: o.MaxWork},
		ids:     newIdentifiers(o.Contexts),
		store:   newStore(o.MaxEntries, o.MaxBytes),
	}
	c.readers.New = func() any { return new(reader) }
	c.names.Store(newNameSet(fixedNames))
	return c
}

// Stats returns the counts so far.
func (c *Cache) Stats() Stats {
	s := Stats{Fast: c.stats.fast.Load(), Full: c.stats.full.Load(), Compiled: c.stats.compiled.Load()}
	s.Entries, s.Bytes = c.store.count()
	return s
}

// Hash returns the SHA-256 hash of the canonical N-Quads of doc, a JSON object,
// with everything in it. Errors are those of strictjson.Decode and
// jsonld.Canonicalize, and ErrNotObject.
func (c *Cache) Hash(doc []byte) ([32]byte, error) {
	r := c.reader()
	defer c.readers.Put(r)
	out, err := c.whole(r, doc)
	if err != nil {
		return [32]byte{}, err
	}
	return sha256.Sum256(out), nil
}

// AppendNQuads appends the canonical N-Quads of doc to dst. Errors are those of
// Hash.
func (c *Cache) AppendNQuads(dst, doc []byte) ([]byte, error) {
	r := c.reader()
	defer c.readers.Put(r)
	out, err := c.whole(r, doc)
	return append(dst, out...), err
}

func (c *Cache) whole(r *reader, doc []byte) ([]byte, error) {
	r.read(c, kindWhole, doc, nil)
	if out, ok := r.part(c, 0, &r.out); ok {
		return out, nil
	}
	tree, err := c.decode(doc)
	if err != nil {
		return nil, err
	}
	r.order(c)
	if out, ok := r.part(c, 0, &r.out); ok {
		return out, nil
	}
	return r.full(c, 0, tree, true)
}

// Hashes returns what is signed when a proof is added to doc: the SHA-256 hash of
// the canonical N-Quads of doc without its member "proof", if it has one, and that
// of the proof options, which are the JSON object options without a member
// "proofValue", in the context of doc (vc-di-eddsa 1.0, sections 3.2.4 and 3.2.5).
//
// Errors are those of Hash.
func (c *Cache) Hashes(doc, options []byte) (document, proof [32]byte, err error) {
	r := c.reader()
	defer c.readers.Put(r)
	r.read(c, kindPair, doc, options)
	return r.hashes(c, doc, options)
}

// hashes is Hashes for what r has read.
func (r *reader) hashes(c *Cache, doc, options []byte) (document, proof [32]byte, err error) {
	d, ok := r.part(c, 0, &r.out)
	if last := c.signed.Load(); ok && last.of(r.entry.shape, options) {
		return sha256.Sum256(d), last.hash, nil
	}
	p, okToo := r.part(c, 1, &r.options)
	if !ok || !okToo {
		if d, p, err = r.both(c, doc, options); err != nil {
			return document, proof, err
		}
	}
	document, proof = sha256.Sum256(d), sha256.Sum256(p)
	if r.entry != nil {
		c.signed.Store(&hashedOptions{r.entry.shape, bytes.Clone(options), proof})
	}
	return document, proof, nil
}

// hashedOptions are the proof options of a document of some shape, and their
// hash. Of the document only the contexts have a part in it, and those belong to
// the shape. Documents that are signed within one second of a batch have the
// same options.
type hashedOptions struct {
	shape *known
	text  []byte
	hash  [32]byte
}

func (h *hashedOptions) of(shape *known, text []byte) bool {
	return h != nil && h.shape == shape && bytes.Equal(h.text, text)
}

// both is Hashes the long way, without the hashing.
func (r *reader) both(c *Cache, doc, options []byte) (document, proof []byte, err error) {
	tree, err := c.decode(doc)
	if err != nil {
		return nil, nil, err
	}
	config, err := c.decode(options)
	if err != nil {
		return nil, nil, err
	}
	r.order(c)
	parts := splitPair(tree, config)
	var ok bool
	if document, ok = r.part(c, 0, &r.out); !ok {
		if document, err = r.full(c, 0, parts[0], true); err != nil {
			return nil, nil, err
		}
	}
	if proof, ok = r.part(c, 1, &r.options); !ok {
		proof, err = r.full(c, 1, parts[1], false)
	}
	return document, proof, err
}

func (c *Cache) decode(data []byte) (map[string]any, error) {
	v, err := strictjson.Decode(data, c.limits)
	if err != nil {
		return nil, err
	}
	tree, ok := v.(map[string]any)
	if !ok {
		return nil, ErrNotObject
	}
	return tree, nil
}

// What a key stands for, as its first byte.
const (
	kindWhole   = 'w' // a document with everything in it
	kindSecured = 's' // a document and each of its proofs
	kindPair    = 'p' // a document, and a proof to be
)

// splitPair returns the trees that are canonicalised to sign doc.
func splitPair(doc, options map[string]any) []map[string]any {
	return []map[string]any{without(doc, "proof"), optionsIn(doc, options)}
}

// optionsIn returns the proof options of a proof in doc.
func optionsIn(doc, proof map[string]any) map[string]any {
	config := without(proof, "proofValue")
	config["@context"] = doc["@context"]
	return config
}

func without(tree map[string]any, name string) map[string]any {
	tree = maps.Clone(tree)
	delete(tree, name)
	return tree
}

// reader is the work space of one reading.
type reader struct {
	form
	work
	kind         byte
	entry        *entry   // nil: not known, or cannot be
	layout       *layout  // how the texts are written; nil: not like any before
	readable     bool     // the form can be compiled
	sorted       []byte   // by order: the key with sorted members
	slotOf       []uint16 // by order
	out, options []byte   // canonical forms
}

// reader returns an empty work space.
func (c *Cache) reader() *reader { return c.readers.Get().(*reader) }

// read takes doc, and more if it is not nil, apart and looks the shape up.
func (r *reader) read(c *Cache, kind byte, doc, more []byte) {
	r.form.reset()
	r.entry, r.layout, r.kind = nil, nil, kind
	r.sorted = r.sorted[:0]
	r.key = append(r.key, kind)
	r.sources = [2][]byte{doc, more}
	if r.readable = len(doc) <= c.limits.MaxBytes && len(more) <= c.limits.MaxBytes; !r.readable {
		return
	}
	names := c.names.Load()
	if r.layout = c.recent.find(&r.form, kind, names); r.layout != nil {
		r.entry = r.layout.entry
		r.entry.touch()
		r.load(&r.form, r.entry.slotOf)
		return
	}
	if r.readable = r.scan(0, names); r.readable && more != nil {
		r.key = append(r.key, 0)
		r.readable = r.scan(1, names)
	}
	if !r.readable {
		return
	}
	if r.entry = c.store.find(r.key); r.entry != nil {
		c.recent.add(&r.form, r.entry, names)
		r.load(&r.form, r.entry.slotOf)
	}
}

// part returns the canonical form of part i by its template, written into *buf.
func (r *reader) part(c *Cache, i int, buf *[]byte) ([]byte, bool) {
	if r.entry == nil {
		return nil, false
	}
	p := &r.entry.shape.parts[i]
	if !p.usable() || !p.checked.Load() {
		return nil, false
	}
	out, ok := p.t.render((*buf)[:0], &r.work, &c.ids)
	*buf = out[:0]
	if ok {
		c.stats.fast.Add(1)
	}
	return out, ok
}

// full returns the canonical form of part i, which is tree, by the full
// processor. It sees to it that the shape becomes known, if learn is set, and
// that what is known is right.
func (r *reader) full(c *Cache, i int, tree map[string]any, learn bool) ([]byte, error) {
	c.stats.full.Add(1)
	out, err := jsonld.Canonicalize(tree, c.options)
	if err != nil {
		return nil, err
	}
	if learn && r.entry == nil && len(r.sorted) > 0 && c.store.again(r.sorted) {
		c.compile(r)
	}
	if r.entry != nil && i < len(r.entry.shape.parts) {
		r.entry.shape.parts[i].check(&r.work, &c.ids, out)
	}
	return out, nil
}

// check compares a template with the full processor, once.
func (p *compiled) check(w *work, ids *identifiers, want []byte) {
	if !p.usable() || p.checked.Load() {
		return
	}
	got, ok := p.t.render(nil, w, ids)
	switch {
	case !ok: // the next document may do
	case string(got) == string(want):
		p.checked.Store(true)
	default:
		p.wrong.Store(true)
	}
}
