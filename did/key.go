package did

import (
	"crypto"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/roundel/roundel/multikey"
)

// KeyDID returns the did:key of a public key (Ed25519, P-256 or P-384) and the
// id of its only verification method. Errors wrap multikey.ErrKey
// or multikey.ErrUnsupported.
func KeyDID(key crypto.PublicKey) (did, methodID string, err error) {
	text, err := multikey.EncodePublic(key)
	if err != nil {
		return "", "", err
	}
	did = "did:key:" + text
	return did, did + "#" + text, nil
}

// resolveKey makes the document of a did:key (CCG did:key 0.9, section 3.1).
func resolveKey(did, id string) (*Document, error) {
	key, err := multikey.DecodePublic(id)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", keyError(err), err)
	}
	return selfDocument(did, Method{ID: did + "#" + id, Type: "Multikey", PublicKey: key},
		jsonMethod{PublicKeyMultibase: id})
}

// resolveJWK makes the document of a did:jwk (did:jwk method, section "Read").
func resolveJWK(did, id string) (*Document, error) {
	jwk, err := base64.RawURLEncoding.Strict().DecodeString(id)
	if err != nil {
		return nil, fmt.Errorf("%w: did:jwk is not base64url: %v", ErrInvalid, err)
	}
	key, err := multikey.PublicFromJWK(jwk)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", keyError(err), err)
	}
	return selfDocument(did, Method{ID: did + "#0", Type: "JsonWebKey2020", PublicKey: key},
		jsonMethod{PublicKeyJWK: jwk})
}

// selfDocument returns the document of a DID that is its key: one method, for
// everything but key agreement.
func selfDocument(did string, m Method, wire jsonMethod) (*Document, error) {
	m.Controller = did
	wire.ID, wire.Type, wire.Controller = m.ID, m.Type, did
	ids := []string{m.ID}
	vocabulary := "https://w3id.org/security/multikey/v1"
	if wire.PublicKeyJWK != nil {
		vocabulary = "https://w3id.org/security/suites/jws-2020/v1"
	}
	raw, err := marshal(jsonDocument{
		Context:              []string{"https://www.w3.org/ns/did/v1", vocabulary},
		ID:                   did,
		VerificationMethod:   []jsonMethod{wire},
		AssertionMethod:      ids,
		Authentication:       ids,
		CapabilityInvocation: ids,
		CapabilityDelegation: ids,
	})
	if err != nil {
		return nil, err
	}
	return &Document{
		ID:                   did,
		VerificationMethod:   []Method{m},
		AssertionMethod:      ids,
		Authentication:       ids,
		CapabilityInvocation: ids,
		CapabilityDelegation: ids,
		Raw:                  raw,
	}, nil
}

// jsonDocument and jsonMethod are documents as we write them.
type jsonDocument struct {
	Context              []string     `json:"@context"`
	ID                   string       `json:"id"`
	AlsoKnownAs          []string     `json:"alsoKnownAs,omitempty"`
	VerificationMethod   []jsonMethod `json:"verificationMethod"`
	AssertionMethod      []string     `json:"assertionMethod,omitempty"`
	Authentication       []string     `json:"authentication,omitempty"`
	CapabilityInvocation []string     `json:"capabilityInvocation,omitempty"`
	CapabilityDelegation []string     `json:"capabilityDelegation,omitempty"`
}

type jsonMethod struct {
	ID                 string          `json:"id"`
	Type               string          `json:"type"`
	Controller         string          `json:"controller"`
	Expires            string          `json:"expires,omitempty"`
	Revoked            string          `json:"revoked,omitempty"`
	PublicKeyMultibase string          `json:"publicKeyMultibase,omitempty"`
	PublicKeyJWK       json.RawMessage `json:"publicKeyJwk,omitempty"`
}
