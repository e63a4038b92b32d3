package statuslist

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// A Kind is a way to publish statuses.
type Kind string

// The kinds. All but Token are types of credentialStatus.
const (
	Bitstring  Kind = EntryType               // Bitstring Status List 1.0
	StatusList Kind = "StatusList2021Entry"   // its predecessor
	OneEdTech  Kind = "1EdTechRevocationList" // 1EdTech Revocation List Status Method 1.0
	Token      Kind = "status_list"           // Token Status List, in the claim "status"
)

// Accept returns the media types to ask for a list of this kind with.
func (k Kind) Accept() string {
	switch k {
	case OneEdTech:
		return "application/json"
	case Token:
		return "application/" + TokenType
	}
	return "application/vc, application/vc+ld+json, application/vc+jwt, application/ld+json, application/json"
}

// A Reference is where the status of one credential is published.
type Reference struct {
	Kind    Kind
	ID      string // the entry's own id; optional, and of no meaning
	List    string // the absolute address of the list
	Purpose string // as in the entry; Revocation for OneEdTech, empty for Token
	Index   int    // the place in the list; 0 for OneEdTech, which knows none
	// Size is the number of bits of an entry of the list. For Token it is 0,
	// since the list says it.
	Size int
	// Messages says for each value of the entry, 0 to 1<<Size - 1, what it means
	// to developers; empty if the entry does not say.
	Messages []string
	// About are addresses of more on what the values mean.
	About []string
}

// Key returns what a list fetched for r may be remembered under if it was
// proven to be by issuer: the same list of another kind, or expected of
// somebody else, is proven in another way.
func (r Reference) Key(issuer string) string {
	return string(r.Kind) + "\x00" + issuer + "\x00" + r.List
}

// ParseReference reads one member of credentialStatus, as strictjson.Decode
// gives it, of any kind but Token.
//
// Errors wrap ErrMalformed, ErrIndex, or, for another type of entry,
// ErrUnsupported: then nothing is known of the status.
func ParseReference(tree map[string]any) (Reference, error) {
	types, _ := texts(tree["type"])
	kind := Kind("")
	for _, t := range types {
		switch k := Kind(t); k {
		case Bitstring, StatusList, OneEdTech:
			if kind != "" && kind != k {
				return Reference{}, fmt.Errorf("%w: an entry of two types, %q and %q", ErrMalformed, kind, k)
			}
			kind = k
		}
	}
	switch kind {
	case Bitstring:
		return bitstringReference(tree)
	case StatusList:
		r := Reference{Kind: StatusList, Size: 1}
		if err := r.readEntry(tree, true); err != nil {
			return Reference{}, err
		}
		if tree["statusSize"] != nil { // of a later specification: do not guess
			return Reference{}, fmt.Errorf("%w: StatusList2021Entry with statusSize", ErrUnsupported)
		}
		return r, nil
	case OneEdTech:
		id, _ := tree["id"].(string)
		if !absolute(id) {
			return Reference{}, fmt.Errorf("%w: the id of a revocation list is no absolute address", ErrMalformed)
		}
		return Reference{Kind: OneEdTech, ID: id, List: id, Purpose: Revocation}, nil
	}
	return Reference{}, fmt.Errorf("%w: status entry of type %.100v", ErrUnsupported, tree["type"])
}

// ParseStatusClaim reads the value of the claim "status" of a JWT or SD-JWT, as
// strictjson.Decode gives it, or of a CWT with its numbers as uint64 or int64
// (Token Status List, section 6).
//
// Errors wrap ErrMalformed, ErrIndex, or, where the claim names another
// mechanism only, ErrUnsupported.
func ParseStatusClaim(claim map[string]any) (Reference, error) {
	v, ok := claim[string(Token)]
	if !ok {
		return Reference{}, fmt.Errorf("%w: a status claim without status_list", ErrUnsupported)
	}
	m, ok := v.(map[string]any)
	if !ok {
		return Reference{}, fmt.Errorf("%w: status_list is no object", ErrMalformed)
	}
	r := Reference{Kind: Token}
	if r.List, _ = m["uri"].(string); !absolute(r.List) {
		return Reference{}, fmt.Errorf("%w: uri is no absolute address", ErrMalformed)
	}
	var index string
	switch n := m["idx"].(type) {
	case json.Number:
		index = n.String()
	case uint64:
		index = strconv.FormatUint(n, 10)
	case int64:
		index = strconv.FormatInt(n, 10)
	}
	var err error
	r.Index, err = position(index)
	return r, err
}

// MarshalJSON writes r as a member of credentialStatus. Errors wrap
// ErrMalformed where the entry would break the rules, and ErrUnsupported for
// StatusList2021, which is not written any more, and Token.
func (r Reference) MarshalJSON() ([]byte, error) {
	type message struct {
		Status  string `json:"status"`
		Message string `json:"message"`
	}
	out := struct {
		ID       string    `json:"id,omitempty"`
		Type     Kind      `json:"type"`
		Purpose  string    `json:"statusPurpose,omitempty"`
		Index    string    `json:"statusListIndex,omitempty"`
		List     string    `json:"statusListCredential,omitempty"`
		Size     int       `json:"statusSize,omitempty"`
		Messages []message `json:"statusMessage,omitempty"`
		About    []string  `json:"statusReference,omitempty"`
	}{ID: r.ID, Type: r.Kind}
	switch r.Kind {
	case OneEdTech:
		if r.ID != "" && r.ID != r.List {
			return nil, fmt.Errorf("%w: the id of a revocation list is its address", ErrMalformed)
		}
		out.ID = r.List
	case Bitstring:
		out.Purpose, out.Index, out.List, out.About = r.Purpose, strconv.Itoa(r.Index), r.List, r.About
		if r.Size != 1 {
			out.Size = r.Size
		}
		for value, text := range r.Messages {
			out.Messages = append(out.Messages, message{fmt.Sprintf("0x%x", value), text})
		}
		if r.Size < 1 || r.Size > MaxSize || len(r.Messages) != 1<<r.Size && (r.Size != 1 || r.Messages != nil) {
			return nil, fmt.Errorf("%w: %d messages for %d bits", ErrMalformed, len(r.Messages), r.Size)
		}
		if r.Purpose == "" || r.Index < 0 || r.Index >= MaxBytes*8 || r.ID == r.List {
			return nil, fmt.Errorf("%w: an entry needs a purpose, an index and an id of its own or none", ErrMalformed)
		}
	default:
		return nil, fmt.Errorf("%w: writing %q", ErrUnsupported, r.Kind)
	}
	if !absolute(r.List) {
		return nil, fmt.Errorf("%w: the list has no absolute address", ErrMalformed)
	}
	return compactJSON(out)
}
