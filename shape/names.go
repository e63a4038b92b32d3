package shape

// nameSet are the member names whose strings belong to the key of a document,
// because what they mean depends on what they say: types, terms, keywords.
type nameSet struct {
	modes  map[string]uint8
	filter [64]uint64 // by length and first byte: may the name be in modes?
}

// fixedNames are those that JSON-LD itself, or every context, gives such a
// meaning. Others are learned.
var fixedNames = map[string]uint8{
	"@context": deep, "@type": written, "type": written, "@language": written, "@direction": written,
	"@index": written, "proofPurpose": written,
}

func newNameSet(more map[string]uint8) *nameSet {
	s := &nameSet{modes: more}
	for name := range more {
		s.filter[len(name)&63] |= 1 << (name[0] & 63)
	}
	return s
}

func (s *nameSet) mode(name []byte) uint8 {
	if len(name) == 0 || s.filter[len(name)&63]&(1<<(name[0]&63)) == 0 {
		return free
	}
	return s.modes[string(name)] // free if it is not there
}
