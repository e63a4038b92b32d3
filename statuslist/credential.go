package statuslist

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// CredentialType is the type of the credential that holds a list.
const CredentialType = "BitstringStatusListCredential"

// Info is what a list's credential says beside the list. The times are zero
// where they are absent.
type Info struct {
	ID         string
	Issuer     string // the issuer's id
	Purposes   []string
	ValidFrom  time.Time
	ValidUntil time.Time
	// TTL is how long the list may be kept after it was fetched; zero if not said.
	TTL time.Duration
}

// Credential returns the unsigned credential, in JSON, of the list l at address
// id by issuer (section 2.2), valid from and until the given times, to the
// second. ttl is how long a reader may keep it; zero leaves that out.
//
// Equal arguments give equal bytes. Errors wrap ErrMalformed.
func Credential(id, issuer, purpose string, l *List, from, until time.Time, ttl time.Duration) ([]byte, error) {
	if id == "" || issuer == "" || purpose == "" {
		return nil, fmt.Errorf("%w: a list needs an id, an issuer and a purpose", ErrMalformed)
	}
	if from.IsZero() || !until.After(from) {
		return nil, fmt.Errorf("%w: a list is valid from a time until a later one", ErrMalformed)
	}
	encoded, err := l.Encode()
	if err != nil {
		return nil, err
	}
	type subject struct {
		ID            string `json:"id"`
		Type          string `json:"type"`
		StatusPurpose string `json:"statusPurpose"`
		EncodedList   string `json:"encodedList"`
		TTL           int64  `json:"ttl,omitempty"` // milliseconds
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err = enc.Encode(struct {
		Context    []string `json:"@context"`
		ID         string   `json:"id"`
		Type       []string `json:"type"`
		Issuer     string   `json:"issuer"`
		ValidFrom  string   `json:"validFrom"`
		ValidUntil string   `json:"validUntil"`
		Subject    subject  `json:"credentialSubject"`
	}{
		Context:    []string{"https://www.w3.org/ns/credentials/v2"},
		ID:         id,
		Type:       []string{"VerifiableCredential", CredentialType},
		Issuer:     issuer,
		ValidFrom:  from.UTC().Format(time.RFC3339),
		ValidUntil: until.UTC().Format(time.RFC3339),
		Subject:    subject{id + "#list", "BitstringStatusList", purpose, encoded, ttl.Milliseconds()},
	})
	if err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// ParseCredential reads a list from its credential, as strictjson.Decode gives
// it, after the caller has checked the signature.
//
// wantID is the address that the list was asked for under, and wantPurpose the
// purpose of the entry. A credential without an id, which the specification
// allows, passes for any; several purposes in one list are read.
//
// Errors wrap ErrMalformed, ErrID, ErrPurpose, ErrTooShort, ErrTooLarge or
// ErrUnsupported. Validity times are the caller's to judge.
func ParseCredential(doc map[string]any, wantID, wantPurpose string) (*List, *Info, error) {
	if types, ok := texts(doc["type"]); !ok || !slices.Contains(types, CredentialType) {
		return nil, nil, fmt.Errorf("%w: a credential of type %v", ErrMalformed, doc["type"])
	}
	info, err := readInfo(doc)
	if err != nil {
		return nil, nil, err
	}
	if info.ID != "" && info.ID != wantID {
		return nil, nil, fmt.Errorf("%w: %.200q", ErrID, info.ID)
	}
	subject, err := onlySubject(doc)
	if err != nil {
		return nil, nil, err
	}
	if types, ok := texts(subject["type"]); !ok || !slices.Contains(types, "BitstringStatusList") {
		return nil, nil, fmt.Errorf("%w: a subject of type %v", ErrMalformed, subject["type"])
	}
	var ok bool
	if info.Purposes, ok = texts(subject["statusPurpose"]); !ok {
		return nil, nil, fmt.Errorf("%w: statusPurpose is no text", ErrMalformed)
	}
	if !slices.Contains(info.Purposes, wantPurpose) {
		return nil, nil, fmt.Errorf("%w: %q, not %q", ErrPurpose, info.Purposes, wantPurpose)
	}
	if size, ok := subject["statusSize"]; ok && size != json.Number("1") {
		return nil, nil, fmt.Errorf("%w: statusSize %v", ErrUnsupported, size)
	}
	if info.TTL, err = ttl(subject); err != nil {
		return nil, nil, err
	}
	encoded, ok := subject["encodedList"].(string)
	if !ok {
		return nil, nil, fmt.Errorf("%w: encodedList is no text", ErrMalformed)
	}
	list, err := Decode(encoded, MaxBytes)
	if err != nil {
		return nil, nil, err
	}
	return list, info, nil
}

// readInfo reads the members of the credential itself.
func readInfo(doc map[string]any) (*Info, error) {
	info := &Info{}
	if v, ok := doc["id"]; ok {
		if info.ID, ok = v.(string); !ok || info.ID == "" {
			return nil, fmt.Errorf("%w: id is no text", ErrMalformed)
		}
	}
	switch issuer := doc["issuer"].(type) {
	case string:
		info.Issuer = issuer
	case map[string]any:
		info.Issuer, _ = issuer["id"].(string)
	}
	if info.Issuer == "" {
		return nil, fmt.Errorf("%w: no issuer", ErrMalformed)
	}
	var err error
	if info.ValidFrom, err = instant(doc, "validFrom"); err != nil {
		return nil, err
	}
	info.ValidUntil, err = instant(doc, "validUntil")
	return info, err
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
	const longest = 10 * 365 * 24 * time.Hour // keeps the product below from overflowing
	if ms > longest.Milliseconds() {
		return longest, nil
	}
	return time.Duration(ms) * time.Millisecond, nil
}
