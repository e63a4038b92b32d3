package statuslist

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// A RevocationList is the document of a 1EdTech Revocation List: the ids of
// withdrawn credentials in plain sight. It is not signed; who reads it relies
// on its address, which the issuer signed in each credential.
type RevocationList struct {
	ID      string // its own address
	Issuer  string // the issuer's id; may be empty
	Revoked []RevokedCredential
}

// A RevokedCredential is a member of a RevocationList.
type RevokedCredential struct {
	ID     string // of the credential
	Reason string // for anybody to read; may be empty
}

// Document returns the list as JSON, sorted by id so that its order does not
// tell when a credential was withdrawn; a credential named twice is written
// once. The error wraps ErrMalformed if an id is missing.
func (r RevocationList) Document() ([]byte, error) {
	type entry struct {
		ID      string `json:"id"`
		Revoked bool   `json:"revoked"`
		Reason  string `json:"revocationReason,omitempty"`
	}
	out := struct {
		ID      string  `json:"id"`
		Issuer  string  `json:"issuer,omitempty"`
		Revoked []entry `json:"revokedCredential"`
	}{r.ID, r.Issuer, make([]entry, 0, len(r.Revoked))}
	if !absolute(r.ID) {
		return nil, fmt.Errorf("%w: a revocation list needs an absolute address", ErrMalformed)
	}
	for _, c := range r.Revoked {
		if equalID(c.ID) == "" {
			return nil, fmt.Errorf("%w: a revoked credential without id", ErrMalformed)
		}
		out.Revoked = append(out.Revoked, entry{c.ID, true, c.Reason})
	}
	slices.SortStableFunc(out.Revoked, func(a, b entry) int { return strings.Compare(a.ID, b.ID) })
	out.Revoked = slices.CompactFunc(out.Revoked, func(a, b entry) bool { return a.ID == b.ID })
	return compactJSON(out)
}

// readRevocations reads the document of a 1EdTech Revocation List.
//
// The specification names its member revokedCredential; its public validator
// looks for revokedCredentials, so lists with either are about, and a
// credential in either is withdrawn.
func (p *Published) readRevocations(doc map[string]any) error {
	p.Issuer = issuerOf(doc)
	if _, ok := doc["issuer"]; ok && p.Issuer == "" {
		return fmt.Errorf("%w: an issuer without id", ErrMalformed)
	}
	p.Purposes = []string{Revocation}
	p.revoked = map[string]string{}
	found := false
	for _, name := range []string{"revokedCredential", "revokedCredentials"} {
		v, ok := doc[name]
		if !ok {
			continue
		}
		found = true
		items, ok := v.([]any)
		if !ok {
			items = []any{v} // a single one without brackets, as JSON-LD may write it
		}
		for _, item := range items {
			if err := p.readRevoked(item); err != nil {
				return err
			}
		}
	}
	if !found {
		return fmt.Errorf("%w: no revokedCredential", ErrMalformed)
	}
	return nil
}

func (p *Published) readRevoked(item any) error {
	m, _ := item.(map[string]any)
	id, _ := m["id"].(string)
	if id = equalID(id); id == "" {
		return fmt.Errorf("%w: a revoked credential without id", ErrMalformed)
	}
	if v, ok := m["revoked"]; ok {
		revoked, ok := v.(bool)
		if !ok {
			return fmt.Errorf("%w: revoked is neither true nor false", ErrMalformed)
		}
		if !revoked {
			return nil
		}
	}
	reason, _ := m["revocationReason"].(string)
	if p.revoked[id] == "" {
		p.revoked[id] = reason
	}
	return nil
}

// lookupRevocation looks for a credential by its id.
func (p *Published) lookupRevocation(id string) (State, error) {
	if id = equalID(id); id == "" {
		return State{}, fmt.Errorf("%w: a credential without id cannot be looked up in a revocation list", ErrMalformed)
	}
	reason, revoked := p.revoked[id]
	if !revoked {
		return State{Purpose: Revocation, Meaning: OK}, nil
	}
	return State{Purpose: Revocation, Value: 1, Meaning: Revoked, Message: reason}, nil
}

// equalID returns an id in the form in which two are compared: trimmed and
// percent-decoded (Open Badges 3.0, "Credential equality and comparison").
func equalID(id string) string {
	id = strings.TrimSpace(id)
	if d, err := url.PathUnescape(id); err == nil {
		id = strings.TrimSpace(d)
	}
	return id
}
