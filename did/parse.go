package did

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/roundel/roundel/multikey"
	"github.com/roundel/roundel/strictjson"
)

const (
	maxDocumentBytes = 512 << 10
	// maxMethods bounds the elliptic curve work that a document can ask for. An
	// issuer who rotates keys every month needs 120 in ten years.
	maxMethods = 500
)

// ParseDocument reads a DID document (DID Core 1.0, section 5) of at most
// 512 KiB and 500 verification methods.
//
// It understands the method types Multikey, JsonWebKey, JsonWebKey2020 and
// Ed25519VerificationKey2020; a method that it cannot use has its Problem set.
// Errors wrap ErrInvalid, and *strictjson.Error where the JSON itself is wrong.
func ParseDocument(raw []byte) (*Document, error) {
	tree, err := strictjson.Decode(raw, strictjson.Limits{MaxBytes: maxDocumentBytes, MaxDepth: 32})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	members, ok := tree.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%w: not an object", ErrInvalid)
	}
	p := parser{members: members, doc: &Document{Raw: slices.Clone(raw)}}
	if err := p.identity(); err != nil {
		return nil, err
	}
	if err := p.methods(); err != nil {
		return nil, err
	}
	if err := p.services(); err != nil {
		return nil, err
	}
	return p.doc, nil
}

type parser struct {
	members map[string]any
	doc     *Document
}

// identity reads id, controller and alsoKnownAs.
func (p *parser) identity() error {
	id, _ := p.members["id"].(string)
	if _, _, err := splitDID(id); err != nil {
		return fmt.Errorf("the document's id: %w", err)
	}
	p.doc.ID = id
	var err error
	if p.doc.Controller, err = texts(p.members, "controller"); err != nil {
		return err
	}
	p.doc.AlsoKnownAs, err = texts(p.members, "alsoKnownAs")
	return err
}

// methods reads the list of methods and then each relationship, whose entries
// are ids or whole methods.
func (p *parser) methods() error {
	list, err := items(p.members, "verificationMethod")
	if err != nil {
		return err
	}
	for _, item := range list {
		if _, err := p.add(item); err != nil {
			return err
		}
	}
	for _, r := range []struct {
		name string
		into *[]string
	}{
		{AssertionMethod, &p.doc.AssertionMethod},
		{Authentication, &p.doc.Authentication},
		{CapabilityInvocation, &p.doc.CapabilityInvocation},
		{CapabilityDelegation, &p.doc.CapabilityDelegation},
		{KeyAgreement, &p.doc.KeyAgreement},
	} {
		list, err := items(p.members, r.name)
		if err != nil {
			return err
		}
		for _, item := range list {
			var id string
			switch item := item.(type) {
			case string:
				id, err = p.absolute(item)
			default:
				id, err = p.add(item)
			}
			if err != nil {
				return err
			}
			*r.into = append(*r.into, id)
		}
	}
	return nil
}

// absolute turns "#fragment" into a full DID URL; others stay as they are.
func (p *parser) absolute(id string) (string, error) {
	if strings.HasPrefix(id, "#") {
		id = p.doc.ID + id
	}
	if _, fragment, err := SplitURL(id); err != nil || fragment == "" {
		return "", fmt.Errorf("%w: %.100q is not the id of a verification method", ErrInvalid, id)
	}
	return id, nil
}

// add reads one method and returns its id. Only what makes the document as a
// whole ambiguous is an error.
func (p *parser) add(item any) (string, error) {
	members, ok := item.(map[string]any)
	if !ok {
		return "", fmt.Errorf("%w: a verification method that is no object", ErrInvalid)
	}
	text, _ := members["id"].(string)
	id, err := p.absolute(text)
	if err != nil {
		return "", err
	}
	if slices.ContainsFunc(p.doc.VerificationMethod, func(m Method) bool { return m.ID == id }) {
		return "", fmt.Errorf("%w: two verification methods are called %q", ErrInvalid, id)
	}
	if len(p.doc.VerificationMethod) == maxMethods {
		return "", fmt.Errorf("%w: more than %d verification methods", ErrInvalid, maxMethods)
	}
	m := Method{ID: id}
	m.Type, _ = members["type"].(string)
	m.Controller, _ = members["controller"].(string)
	m.Problem = m.read(members, p.doc.ID)
	if m.Problem != nil {
		m.PublicKey = nil
	}
	p.doc.VerificationMethod = append(p.doc.VerificationMethod, m)
	return id, nil
}

// read fills m from members and returns what keeps it from being used.
func (m *Method) read(members map[string]any, document string) error {
	if !strings.HasPrefix(m.ID, document+"#") {
		return fmt.Errorf("%w: method %q belongs to another document", ErrInvalid, m.ID)
	}
	if m.Type == "" || m.Controller == "" {
		return fmt.Errorf("%w: method %q lacks its type or controller", ErrInvalid, m.ID)
	}
	var err error
	if m.Expires, err = instant(members, "expires"); err != nil {
		return err
	}
	if m.Revoked, err = instant(members, "revoked"); err != nil {
		return err
	}
	for _, secret := range []string{"secretKeyMultibase", "secretKeyJwk", "privateKeyMultibase", "privateKeyJwk", "privateKeyBase58"} {
		if _, ok := members[secret]; ok {
			return fmt.Errorf("%w: method %q publishes its secret key", ErrInvalid, m.ID)
		}
	}
	multibase, hasMultibase := members["publicKeyMultibase"].(string)
	jwk, hasJWK := members["publicKeyJwk"].(map[string]any)
	if hasMultibase && hasJWK {
		return fmt.Errorf("%w: method %q gives its key in two forms", ErrInvalid, m.ID)
	}
	switch m.Type {
	case "Multikey", "Ed25519VerificationKey2020":
		m.PublicKey, err = multikey.DecodePublic(multibase)
		if err == nil && m.Type != "Multikey" && !strings.HasPrefix(multibase, "z6Mk") {
			err = fmt.Errorf("%w: not an Ed25519 key", multikey.ErrKey)
		}
	case "JsonWebKey", "JsonWebKey2020":
		var data []byte
		if data, err = json.Marshal(jwk); err == nil {
			m.PublicKey, err = multikey.PublicFromJWK(data)
		}
	default:
		return fmt.Errorf("%w: method %q is of type %q", ErrUnsupportedKey, m.ID, m.Type)
	}
	if err != nil {
		return fmt.Errorf("%w: method %q: %w", keyError(err), m.ID, err)
	}
	return nil
}

// keyError says whose fault a multikey error is: RSA, secp256k1 and the like
// are fine keys that we cannot use; the rest is wrong whoever reads it.
func keyError(err error) error {
	if errors.Is(err, multikey.ErrUnsupported) {
		return ErrUnsupportedKey
	}
	return ErrInvalid
}

// services reads the services, of which none is needed to verify anything.
func (p *parser) services() error {
	list, err := items(p.members, "service")
	if err != nil {
		return err
	}
	for _, item := range list {
		members, ok := item.(map[string]any)
		if !ok {
			return fmt.Errorf("%w: a service that is no object", ErrInvalid)
		}
		s := Service{Endpoint: members["serviceEndpoint"]}
		s.ID, _ = members["id"].(string)
		if strings.HasPrefix(s.ID, "#") {
			s.ID = p.doc.ID + s.ID
		}
		if s.Type, err = texts(members, "type"); err != nil {
			return err
		}
		p.doc.Service = append(p.doc.Service, s)
	}
	return nil
}

// items returns the list called name; a single value counts as a list of one.
func items(members map[string]any, name string) ([]any, error) {
	switch v := members[name].(type) {
	case nil:
		if _, ok := members[name]; ok {
			return nil, fmt.Errorf("%w: %s is null", ErrInvalid, name)
		}
		return []any{}, nil
	case []any:
		return v, nil
	default:
		return []any{v}, nil
	}
}

// texts returns the strings called name: one, or a list.
func texts(members map[string]any, name string) ([]string, error) {
	list, err := items(members, name)
	if err != nil {
		return nil, err
	}
	out := make([]string, 0, len(list))
	for _, item := range list {
		s, ok := item.(string)
		if !ok {
			return nil, fmt.Errorf("%w: %s holds something else than text", ErrInvalid, name)
		}
		out = append(out, s)
	}
	return out, nil
}

// instant reads an XML Schema dateTimeStamp; absent is the zero time.
func instant(members map[string]any, name string) (time.Time, error) {
	v, ok := members[name]
	if !ok {
		return time.Time{}, nil
	}
	s, _ := v.(string)
	t, err := time.Parse(time.RFC3339, s)
	if err != nil || s[13] != ':' || s[19] == ',' { // Parse takes hours of one digit, and commas
		return time.Time{}, fmt.Errorf("%w: %s is not a date and time with a zone", ErrInvalid, name)
	}
	return t, nil
}
