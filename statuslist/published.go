package statuslist

import (
	"fmt"
	"slices"
)

// A Published list is what stands behind a Reference: the statuses of many
// credentials, by one issuer. It is read-only, and several goroutines may use
// it.
type Published struct {
	Info
	Kind       Kind
	size       int    // bits of an entry, as the list says; 0 if it does not
	bits       []byte // of all kinds but OneEdTech
	leastFirst bool
	revoked    map[string]string // of OneEdTech: reasons by credential id, as equalID makes it
}

// A Meaning is what a status says of a credential. Its zero value is Unclear.
type Meaning int

const (
	// Unclear: the issuer has its own purposes or values, which say nothing to
	// us. Such a status is no reason to believe that the credential is valid.
	Unclear   Meaning = iota
	OK                // neither withdrawn nor paused, nothing newer, by this list
	Revoked           // withdrawn for good
	Suspended         // paused
	Messaged          // State.Message says what; the credential stands
	Outdated          // a newer credential can be had; this one stands
)

// String returns the word for m.
func (m Meaning) String() string {
	words := []string{"unclear", "ok", "revoked", "suspended", "message", "refresh"}
	if m < 0 || int(m) >= len(words) {
		return words[Unclear]
	}
	return words[m]
}

// A State is the status of one credential in one list.
type State struct {
	Purpose string // of the Reference
	Value   uint   // as in the list; 1 for an entry of OneEdTech
	Meaning Meaning
	// Message is what the issuer says to it: the text of a status message, meant
	// for developers, or the reason in a revocation list. It is untrusted text,
	// and may be empty.
	Message string
}

// Read reads the list of the kind found at address from its document, as
// strictjson.Decode gives it, after the caller has proven it: a credential, the
// payload of a Status List Token, or the plain document of OneEdTech, which is
// vouched for by its address.
//
// Errors wrap ErrMalformed, ErrID if the document says that it is another list,
// ErrTooShort, ErrTooLarge or ErrUnsupported. Whose the list is and its times
// are the caller's to judge.
func Read(kind Kind, address string, doc map[string]any) (*Published, error) {
	p := &Published{Kind: kind}
	var err error
	switch kind {
	case Bitstring:
		err = p.readBitstring(doc, false)
	case StatusList:
		err = p.readBitstring(doc, true)
	case OneEdTech:
		err = p.readRevocations(doc)
	case Token:
		err = p.readToken(doc)
	default:
		err = fmt.Errorf("%w: %.100q", ErrUnsupported, kind)
	}
	if err != nil {
		return nil, err
	}
	if p.ID != "" && p.ID != address {
		return nil, fmt.Errorf("%w: %.200q", ErrID, p.ID)
	}
	return p, nil
}

// Lookup returns the state that the list gives for r. credentialID is the id of
// the credential; only OneEdTech needs it.
//
// Errors wrap ErrPurpose, ErrTooShort, ErrIndex, ErrSize if the list says that
// its entries have another size than r, ErrUnsupported if it is of another
// kind, or ErrMalformed for a credential that has no id where one is needed.
// After an error nothing is known of the status.
func (p *Published) Lookup(r Reference, credentialID string) (State, error) {
	if r.Kind != p.Kind {
		return State{}, fmt.Errorf("%w: a list for %q, not for %q", ErrUnsupported, p.Kind, r.Kind)
	}
	if p.Kind == OneEdTech {
		return p.lookupRevocation(credentialID)
	}
	if p.Kind != Token && !slices.Contains(p.Purposes, r.Purpose) {
		return State{}, fmt.Errorf("%w: %.200q, not %.100q", ErrPurpose, p.Purposes, r.Purpose)
	}
	size := r.Size
	if p.Kind == Token {
		size = p.size
	} else if size < 1 || size > MaxSize || p.size != 0 && p.size != size {
		return State{}, fmt.Errorf("%w: %d bits in the list, %d in the entry", ErrSize, p.size, size)
	}
	l := &List{bits: p.bits, size: size, leastFirst: p.leastFirst}
	if p.Kind != Token && l.Len() < MinEntries {
		return State{}, fmt.Errorf("%w: %d", ErrTooShort, l.Len())
	}
	v, err := l.Value(r.Index)
	if err != nil {
		return State{}, err
	}
	s := State{Purpose: r.Purpose, Value: v, Meaning: meaning(p.Kind, r.Purpose, v)}
	if v < uint(len(r.Messages)) {
		s.Message = r.Messages[v]
	} else if r.Purpose == Message && size == 1 {
		s.Message = [...]string{"unset", "set"}[v] // section 2.1, statusMessage
	}
	return s, nil
}

// meaning returns what a value says in a list of the kind and purpose.
func meaning(k Kind, purpose string, v uint) Meaning {
	if k == Token {
		switch v { // Token Status List, section 7.1
		case 0:
			return OK
		case 1:
			return Revoked
		case 2:
			return Suspended
		}
		return Unclear
	}
	set, known := map[string]Meaning{Revocation: Revoked, Suspension: Suspended, Refresh: Outdated, Message: Messaged}[purpose]
	if known && v == 0 && purpose != Message {
		return OK
	}
	return set
}

// cost is about how many bytes of memory p takes.
func (p *Published) cost() int64 {
	const each = 64
	n := int64(1024 + cap(p.bits))
	for id, reason := range p.revoked {
		n += int64(len(id)+len(reason)) + each
	}
	return n
}
