package statuslist

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// CredentialType is the type of the credential that holds a list.
const CredentialType = "BitstringStatusListCredential"

// Info is what a list says beside the statuses. The times are zero where they
// are absent.
type Info struct {
	ID         string // its address; the claim "sub" of a Token Status List
	Issuer     string // the issuer's id; may be empty where the kind of list is unsigned, or a token
	Purposes   []string
	ValidFrom  time.Time
	ValidUntil time.Time
	// TTL is how long the list may be kept after it was fetched; zero if not
	// said. A list that says zero is read as the shortest time, a millisecond.
	TTL time.Duration
}

// Credential returns the unsigned credential, in JSON, of the list l at address
// id by issuer, for one purpose. until may be zero; see Info.Credential.
func Credential(id, issuer, purpose string, l *List, from, until time.Time, ttl time.Duration) ([]byte, error) {
	return Info{ID: id, Issuer: issuer, Purposes: []string{purpose}, ValidFrom: from, ValidUntil: until, TTL: ttl}.Credential(l)
}

// Credential returns the unsigned credential, in JSON, of the list l (Bitstring
// Status List 1.0, section 2.2). Times are written to the second, the TTL to
// the millisecond; a TTL of zero is left out. One purpose is written as text,
// which every reader understands, several as an array. ValidUntil may be zero, and
// is then left out: the list counts until there is a newer one, so that whoever
// answers with an old copy is not found out.
//
// The number of bits of an entry is not written: the entries say it, and the
// context of Verifiable Credentials 2.0 defines no term for it in a list, so
// that a signature over it would fail, or cover nothing.
//
// Equal arguments give equal bytes. Errors wrap ErrMalformed or ErrUnsupported.
func (i Info) Credential(l *List) ([]byte, error) {
	if i.ID == "" || i.Issuer == "" || len(i.Purposes) == 0 || slices.Contains(i.Purposes, "") {
		return nil, fmt.Errorf("%w: a list needs an id, an issuer and a purpose", ErrMalformed)
	}
	if i.ValidFrom.IsZero() {
		return nil, fmt.Errorf("%w: a list needs a time from which on it is valid", ErrMalformed)
	}
	until := ""
	if !i.ValidUntil.IsZero() {
		until = i.ValidUntil.UTC().Format(time.RFC3339)
		if !i.ValidUntil.After(i.ValidFrom) {
			return nil, fmt.Errorf("%w: a list is valid until a later time than it is valid from", ErrMalformed)
		}
	}
	encoded, err := l.Encode()
	if err != nil {
		return nil, err
	}
	type subject struct {
		ID            string `json:"id"`
		Type          string `json:"type"`
		StatusPurpose any    `json:"statusPurpose"`
		EncodedList   string `json:"encodedList"`
		TTL           int64  `json:"ttl,omitempty"` // milliseconds
	}
	s := subject{i.ID + "#list", "BitstringStatusList", i.Purposes, encoded, i.TTL.Milliseconds()}
	if len(i.Purposes) == 1 {
		s.StatusPurpose = i.Purposes[0]
	}
	return compactJSON(struct {
		Context    []string `json:"@context"`
		ID         string   `json:"id"`
		Type       []string `json:"type"`
		Issuer     string   `json:"issuer"`
		ValidFrom  string   `json:"validFrom"`
		ValidUntil string   `json:"validUntil,omitempty"`
		Subject    subject  `json:"credentialSubject"`
	}{
		Context:    []string{"https://www.w3.org/ns/credentials/v2"},
		ID:         i.ID,
		Type:       []string{"VerifiableCredential", CredentialType},
		Issuer:     i.Issuer,
		ValidFrom:  i.ValidFrom.UTC().Format(time.RFC3339),
		ValidUntil: until,
		Subject:    s,
	})
}

// compactJSON writes v without the escapes that encoding/json adds for HTML.
func compactJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// ParseCredential reads a list of one-bit entries from its credential, as
// strictjson.Decode gives it, after the caller has checked the signature. Read
// does so for every kind of list.
//
// wantID is the address that the list was asked for under, and wantPurpose the
// purpose of the entry. A credential without an id, which the specification
// allows, passes for any; several purposes in one list are read.
//
// Errors wrap ErrMalformed, ErrID, ErrPurpose, ErrTooShort, ErrTooLarge or
// ErrUnsupported. Validity times are the caller's to judge.
func ParseCredential(doc map[string]any, wantID, wantPurpose string) (*List, *Info, error) {
	p, err := Read(Bitstring, wantID, doc)
	if err != nil {
		return nil, nil, err
	}
	if !slices.Contains(p.Purposes, wantPurpose) {
		return nil, nil, fmt.Errorf("%w: %q, not %q", ErrPurpose, p.Purposes, wantPurpose)
	}
	if p.size > 1 {
		return nil, nil, fmt.Errorf("%w: statusSize %d", ErrUnsupported, p.size)
	}
	l, err := sized(p.bits, 1)
	if err != nil {
		return nil, nil, err
	}
	return l, &p.Info, nil
}

// readBitstring reads the credential of a Bitstring Status List or, where
// legacy, of a StatusList2021.
func (p *Published) readBitstring(doc map[string]any, legacy bool) error {
	credentialType, subjectType, decode := CredentialType, "BitstringStatusList", decodeMultibase
	if legacy {
		credentialType, subjectType, decode = "StatusList2021Credential", "StatusList2021", decode2021
	}
	if types, ok := texts(doc["type"]); !ok || !slices.Contains(types, credentialType) {
		return fmt.Errorf("%w: a credential of type %.200v", ErrMalformed, doc["type"])
	}
	if err := p.readInfo(doc); err != nil {
		return err
	}
	subject, err := onlySubject(doc)
	if err != nil {
		return err
	}
	if types, ok := texts(subject["type"]); !ok || !slices.Contains(types, subjectType) {
		return fmt.Errorf("%w: a subject of type %.200v", ErrMalformed, subject["type"])
	}
	var ok bool
	if p.Purposes, ok = texts(subject["statusPurpose"]); !ok {
		return fmt.Errorf("%w: statusPurpose is no text", ErrMalformed)
	}
	if p.size, err = statusSize(subject); err != nil {
		return err
	}
	if p.TTL, err = ttl(subject); err != nil {
		return err
	}
	encoded, ok := subject["encodedList"].(string)
	if !ok {
		return fmt.Errorf("%w: encodedList is no text", ErrMalformed)
	}
	if p.bits, err = decode(encoded); err != nil {
		return err
	}
	_, err = sized(p.bits, max(p.size, 1))
	return err
}

// readInfo reads the members of the credential itself, in version 2.0 or 1.1 of
// the data model.
func (i *Info) readInfo(doc map[string]any) error {
	if v, ok := doc["id"]; ok {
		if i.ID, ok = v.(string); !ok || i.ID == "" {
			return fmt.Errorf("%w: id is no text", ErrMalformed)
		}
	}
	if i.Issuer = issuerOf(doc); i.Issuer == "" {
		return fmt.Errorf("%w: no issuer", ErrMalformed)
	}
	for _, m := range []struct {
		into            *time.Time
		name, nameInV11 string
	}{
		{&i.ValidFrom, "validFrom", "issuanceDate"},
		{&i.ValidUntil, "validUntil", "expirationDate"},
	} {
		name := m.name
		if _, ok := doc[name]; !ok {
			name = m.nameInV11
		}
		var err error
		if *m.into, err = instant(doc, name); err != nil {
			return err
		}
	}
	return nil
}

// issuerOf returns the id of the issuer, or nothing.
func issuerOf(doc map[string]any) string {
	var id string
	switch issuer := doc["issuer"].(type) {
	case string:
		id = issuer
	case map[string]any:
		id, _ = issuer["id"].(string)
	}
	return id
}

// onlySubject returns the one credentialSubject.
func onlySubject(doc map[string]any) (map[string]any, error) {
	v := doc["credentialSubject"]
	if list, ok := v.([]any); ok && len(list) == 1 {
		v = list[0]
	}
	subject, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%w: not exactly one credentialSubject", ErrMalformed)
	}
	return subject, nil
}

// instant reads a dateTimeStamp; absent is the zero time.
func instant(doc map[string]any, name string) (time.Time, error) {
	v, ok := doc[name]
	if !ok {
		return time.Time{}, nil
	}
	s, _ := v.(string)
	t, err := time.Parse(time.RFC3339, s)
	if err != nil || s[13] != ':' || s[19] == ',' { // Parse takes hours of one digit, and commas
		return time.Time{}, fmt.Errorf("%w: %s is not a date and time with a zone", ErrMalformed, name)
	}
	return t, nil
}

// ttl reads the time to live, given in milliseconds.
func ttl(subject map[string]any) (time.Duration, error) {
	v, ok := subject["ttl"]
	if !ok {
		return 0, nil
	}
	n, _ := v.(json.Number)
	ms, err := n.Int64()
	if err != nil || ms < 0 {
		return 0, fmt.Errorf("%w: ttl %v", ErrMalformed, v)
	}
	return max(1, time.Duration(min(ms, longest.Milliseconds()))) * time.Millisecond, nil
}

// longest is the longest time to live: a greater one would overflow, and means
// no more.
const longest = 10 * 365 * 24 * time.Hour

// statusSize reads the size of entries that a list's credential may say; zero
// if it says none.
func statusSize(subject map[string]any) (int, error) {
	v, ok := subject["statusSize"]
	if !ok {
		return 0, nil
	}
	n, _ := v.(json.Number)
	size, err := strconv.Atoi(n.String())
	if err != nil || size < 1 {
		return 0, fmt.Errorf("%w: statusSize %v", ErrMalformed, v)
	}
	if size > MaxSize {
		return 0, fmt.Errorf("%w: statusSize %d", ErrUnsupported, size)
	}
	return size, nil
}
