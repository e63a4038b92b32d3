package shape

import (
	"bytes"
	"hash/maphash"
	"sync"
	"sync/atomic"
)

// An entry is what a key stands for: a shape, if the members of all objects in
// the key are sorted, or else texts of that shape in some other order.
type entry struct {
	key    []byte
	shape  *known
	slotOf []uint16 // by slot of the shape: which slot of the text it is
	of     *entry   // the sorted one; nil if this is it
	size   int
	used   atomic.Bool
}

// known is a shape that has been met before.
type known struct {
	parts []compiled // the document, then its proofs
	usual bool       // the proofs are such as Proof can say
	forms []proofForm
}

// touch notes that e is in use.
func (e *entry) touch() {
	for ; e != nil; e = e.of {
		if !e.used.Load() {
			e.used.Store(true)
		}
	}
}

// compiled is a template and what is known of it.
type compiled struct {
	t *template // nil: every document of the shape is for the full processor
	// checked says that the template has given the full processor's bytes once;
	// until then each document is canonicalised by both.
	checked atomic.Bool
	wrong   atomic.Bool // it gave others, and is not asked again
}

func (p *compiled) usable() bool { return p.t != nil && !p.wrong.Load() }

// store holds entries within bounds. When it is full, those go that were not
// used since the hand last came by, so that a flood of new shapes does not
// drive out the busy ones.
type store struct {
	seed       maphash.Seed
	maxEntries int
	maxBytes   int

	mu      sync.RWMutex
	entries map[uint64]*entry
	ring    []uint64
	hand    int
	bytes   int

	seenMu sync.Mutex
	seen   [2]map[uint64]struct{} // keys met once, this generation and the last
}

// maxSeen bounds a generation of keys that were met once.
const maxSeen = 4096

func newStore(maxEntries, maxBytes int) *store {
	return &store{
		seed: maphash.MakeSeed(), maxEntries: maxEntries, maxBytes: maxBytes,
		entries: map[uint64]*entry{}, seen: [2]map[uint64]struct{}{{}, {}},
	}
}

// find returns the entry of key, or nil. The hash only finds it: the whole key
// is compared.
func (s *store) find(key []byte) *entry {
	h := maphash.Bytes(s.seed, key)
	s.mu.RLock()
	e := s.entries[h]
	s.mu.RUnlock()
	if e == nil || !bytes.Equal(e.key, key) {
		return nil
	}
	e.touch()
	return e
}

// again tells whether key was met before, and remembers it.
func (s *store) again(key []byte) bool {
	h := maphash.Bytes(s.seed, key)
	s.seenMu.Lock()
	defer s.seenMu.Unlock()
	for _, generation := range s.seen {
		if _, ok := generation[h]; ok {
			return true
		}
	}
	if len(s.seen[0]) == maxSeen {
		s.seen[1], s.seen[0] = s.seen[0], map[uint64]struct{}{}
	}
	s.seen[0][h] = struct{}{}
	return false
}

// insert adds e, and drops others as needed. An entry that is too large for
// the bounds is not kept.
func (s *store) insert(e *entry) {
	if e.size > s.maxBytes/4 {
		return
	}
	h := maphash.Bytes(s.seed, e.key)
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.entries[h]; ok {
		return // made by somebody else meanwhile
	}
	for len(s.ring) > 0 && (len(s.ring) >= s.maxEntries || s.bytes+e.size > s.maxBytes) {
		s.evict()
	}
	s.entries[h] = e
	s.ring = append(s.ring, h)
	s.bytes += e.size
}

func (s *store) evict() {
	for {
		s.hand %= len(s.ring)
		h := s.ring[s.hand]
		old := s.entries[h]
		if old.used.Swap(false) {
			s.hand++
			continue
		}
		delete(s.entries, h)
		s.bytes -= old.size
		last := len(s.ring) - 1
		s.ring[s.hand] = s.ring[last]
		s.ring = s.ring[:last]
		return
	}
}

func (s *store) count() (entries, bytes int) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.ring), s.bytes
}
