package shape

import (
	"crypto/sha256"
)

// maxProofs bounds the proofs of one document that is handled here.
const maxProofs = 16

// A Proof is one proof of a document, as far as its members are texts. Members
// that it does not have are empty.
type Proof struct {
	ID, Type, Cryptosuite, Created, Expires, VerificationMethod, Purpose, Value, Challenge, Domain, Nonce string
}

// members are the members of a proof that Proof has, and no others.
var members = [...]struct {
	name string
	of   func(*Proof) *string
}{
	{"id", func(p *Proof) *string { return &p.ID }},
	{"type", func(p *Proof) *string { return &p.Type }},
	{"cryptosuite", func(p *Proof) *string { return &p.Cryptosuite }},
	{"created", func(p *Proof) *string { return &p.Created }},
	{"expires", func(p *Proof) *string { return &p.Expires }},
	{"verificationMethod", func(p *Proof) *string { return &p.VerificationMethod }},
	{"proofPurpose", func(p *Proof) *string { return &p.Purpose }},
	{"proofValue", func(p *Proof) *string { return &p.Value }},
	{"challenge", func(p *Proof) *string { return &p.Challenge }},
	{"domain", func(p *Proof) *string { return &p.Domain }},
	{"nonce", func(p *Proof) *string { return &p.Nonce }},
}

// proofForm says where the members of a proof are found in documents of a shape.
type proofForm struct {
	slots  [len(members)]int // -1 if it is not a slot
	values [len(members)]string
}

// splitSecured returns what is canonicalised of a secured document: doc without
// its proofs, and the options of each proof. usual is false, and the document
// all there is, if one of the proofs is not as Proof has them.
func splitSecured(doc map[string]any, sentinel func(string) (int, bool)) (parts []map[string]any, forms []proofForm, usual bool) {
	parts = []map[string]any{without(doc, "proof")}
	v, ok := doc["proof"]
	if !ok {
		return parts, nil, true
	}
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	if len(list) == 0 || len(list) > maxProofs {
		return parts, nil, false
	}
	for _, item := range list {
		proof, ok := item.(map[string]any)
		if !ok {
			return parts[:1], nil, false
		}
		form, ok := formOf(proof, sentinel)
		if !ok {
			return parts[:1], nil, false
		}
		forms = append(forms, form)
		parts = append(parts, optionsIn(doc, proof))
	}
	return parts, forms, true
}

func formOf(proof map[string]any, sentinel func(string) (int, bool)) (proofForm, bool) {
	var f proofForm
	known := 0
	for i, m := range members {
		f.slots[i] = -1
		v, ok := proof[m.name]
		if !ok {
			continue
		}
		known++
		s, ok := v.(string)
		if !ok || s == "" {
			return f, false // there, and empty: no Proof can say so
		}
		if n, ok := sentinel(s); ok {
			f.slots[i] = n
		} else {
			f.values[i] = s
		}
	}
	return f, known == len(proof) && f.values[1] != "" // and it has a type
}

// Secured is a document with its proofs. It belongs to one goroutine.
type Secured struct {
	cache    *Cache
	r        *reader
	data     []byte
	tree     map[string]any
	document []byte
	proofs   []Proof
	usual    bool
	unproven map[int][]byte // options by the full processor, from before the shape was known
}

// Secured reads a document with proofs, a JSON object. It does not look at
// vocabulary and signatures. Errors are those of strictjson.Decode, and
// ErrNotObject.
//
// data must not change until Release is called.
func (c *Cache) Secured(data []byte) (*Secured, error) {
	s := &Secured{cache: c, r: c.reader(), data: data}
	s.r.read(c, kindSecured, data, nil)
	if s.r.entry == nil {
		if _, err := s.Tree(); err != nil {
			s.Release()
			return nil, err
		}
		s.r.order(c)
	}
	if s.r.entry != nil {
		s.read(s.r.entry.shape.forms, s.r.entry.shape.usual)
	} else {
		_, forms, usual := splitSecured(s.tree, func(string) (int, bool) { return 0, false })
		s.read(forms, usual)
	}
	return s, nil
}

// read fills in the proofs.
func (s *Secured) read(forms []proofForm, usual bool) {
	s.usual = usual
	if !usual || len(forms) == 0 {
		return
	}
	s.proofs = make([]Proof, len(forms))
	for i := range forms {
		f := &forms[i]
		for j := range members {
			value := f.values[j]
			if n := f.slots[j]; n >= 0 {
				if value = string(s.r.values[n]); value == "" {
					s.usual, s.proofs = false, nil
					return
				}
			}
			*members[j].of(&s.proofs[i]) = value
		}
	}
}

// Proofs returns the proofs in their order; none if the document has no member
// "proof". ok is false if one of them is unusual: not an object, without a type,
// with a member that Proof has not or that is not a text, or empty; or if there
// are none in the member, or more than 16. Tree has them all.
func (s *Secured) Proofs() (proofs []Proof, ok bool) { return s.proofs, s.usual }

// Tree returns the whole document as strictjson.Decode does. It is made on the
// first call, so who does not need it saves the time. The caller must not
// change it.
func (s *Secured) Tree() (map[string]any, error) {
	if s.tree == nil {
		var err error
		if s.tree, err = s.cache.decode(s.data); err != nil {
			return nil, err
		}
	}
	return s.tree, nil
}

// Document returns the canonical N-Quads of the document without its proofs.
// They are valid until Release. Errors are those of jsonld.Canonicalize.
func (s *Secured) Document() ([]byte, error) {
	if s.document != nil {
		return s.document, nil
	}
	if out, ok := s.r.part(s.cache, 0, &s.r.out); ok {
		s.document = out
		return out, nil
	}
	tree, err := s.Tree()
	if err != nil {
		return nil, err
	}
	if s.document, err = s.r.full(s.cache, 0, without(tree, "proof"), true); err != nil {
		return nil, err
	}
	for i, options := range s.unproven {
		if 1+i < len(s.parts()) {
			s.parts()[1+i].check(&s.r.work, &s.cache.ids, options)
		}
	}
	return s.document, nil
}

// DocumentHash returns the SHA-256 hash of Document.
func (s *Secured) DocumentHash() ([32]byte, error) {
	d, err := s.Document()
	if err != nil {
		return [32]byte{}, err
	}
	return sha256.Sum256(d), nil
}

// Options returns the canonical N-Quads of the options of proof i, one of those
// that Proofs returns: the proof without its value, in the document's context
// (vc-di-eddsa 1.0, section 3.2.5). They are valid until the next call of Options
// or Release. Errors are those of jsonld.Canonicalize.
func (s *Secured) Options(i int) ([]byte, error) {
	if 1+i < len(s.parts()) {
		if out, ok := s.r.part(s.cache, 1+i, &s.r.options); ok {
			return out, nil
		}
	}
	tree, err := s.Tree()
	if err != nil {
		return nil, err
	}
	parts, _, _ := splitSecured(tree, func(string) (int, bool) { return 0, false })
	if len(parts) <= 1+i {
		return nil, ErrUnusual
	}
	out, err := s.r.full(s.cache, 1+i, parts[1+i], false)
	if err == nil && s.r.entry == nil {
		if s.unproven == nil {
			s.unproven = map[int][]byte{}
		}
		s.unproven[i] = out
	}
	return out, err
}

func (s *Secured) parts() []compiled {
	if s.r.entry == nil {
		return nil
	}
	return s.r.entry.shape.parts
}

// OptionsHash returns the SHA-256 hash of Options(i).
func (s *Secured) OptionsHash(i int) ([32]byte, error) {
	o, err := s.Options(i)
	if err != nil {
		return [32]byte{}, err
	}
	return sha256.Sum256(o), nil
}

// Release gives the work space back. s must not be used any more.
func (s *Secured) Release() {
	s.cache.readers.Put(s.r)
	s.r = nil
}
