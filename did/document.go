package did

import (
	"crypto"
	"fmt"
	"slices"
	"time"
)

// The verification relationships of DID Core 1.0, section 5.3, that
// Document.Method knows.
const (
	AssertionMethod      = "assertionMethod"
	Authentication       = "authentication"
	CapabilityInvocation = "capabilityInvocation"
	CapabilityDelegation = "capabilityDelegation"
	KeyAgreement         = "keyAgreement"
)

// A Document is what a DID resolves to. All ids in it are absolute.
type Document struct {
	ID          string
	Controller  []string
	AlsoKnownAs []string

	// VerificationMethod holds the listed methods and those embedded under a
	// relationship. Being here allows nothing: see Document.Method.
	VerificationMethod []Method

	// The ids of the methods that each relationship lists.
	AssertionMethod      []string
	Authentication       []string
	CapabilityInvocation []string
	CapabilityDelegation []string
	KeyAgreement         []string

	Service []Service

	// Raw is the document as it was read or made, in JSON.
	Raw []byte
}

// A Method is a verification method: a public key with an id and an owner.
type Method struct {
	ID         string // absolute: the DID, "#" and a fragment
	Type       string // for example "Multikey"
	Controller string // the DID that owns the key

	// PublicKey is an ed25519.PublicKey or an *ecdsa.PublicKey; nil when Problem
	// is set.
	PublicKey crypto.PublicKey
	// Problem says why there is no key to use: it wraps ErrUnsupportedKey or
	// ErrInvalid. One bad method does not spoil its document.
	Problem error

	Expires time.Time // not to be used from then on; zero if never
	Revoked time.Time // taken back at that time; zero if not
}

// A Service is a way to reach the subject of a document.
type Service struct {
	ID       string
	Type     []string
	Endpoint any // a string, an object or a list of those, as strictjson gives them
}

// Method returns the verification method called id, an absolute DID URL, if
// the document lists it under relationship, for example AssertionMethod.
//
// Errors wrap ErrMethodMissing, ErrNotAuthorised, ErrWrongController,
// ErrUnsupportedKey or ErrInvalid. Expiry and revocation are the caller's to
// judge, who knows the time that counts.
func (d *Document) Method(id, relationship string) (*Method, error) {
	i := slices.IndexFunc(d.VerificationMethod, func(m Method) bool { return m.ID == id })
	if i < 0 {
		return nil, fmt.Errorf("%w: %q", ErrMethodMissing, id)
	}
	if !slices.Contains(d.relationship(relationship), id) {
		return nil, fmt.Errorf("%w: %q is not listed under %q", ErrNotAuthorised, id, relationship)
	}
	m := d.VerificationMethod[i]
	if m.Controller != d.ID {
		return nil, fmt.Errorf("%w: %q belongs to %q", ErrWrongController, id, m.Controller)
	}
	if m.Problem != nil {
		return nil, m.Problem
	}
	return &m, nil
}

// relationship returns the ids listed under a relationship; unknown names list
// nothing.
func (d *Document) relationship(name string) []string {
	switch name {
	case AssertionMethod:
		return d.AssertionMethod
	case Authentication:
		return d.Authentication
	case CapabilityInvocation:
		return d.CapabilityInvocation
	case CapabilityDelegation:
		return d.CapabilityDelegation
	case KeyAgreement:
		return d.KeyAgreement
	default:
		return nil
	}
}
