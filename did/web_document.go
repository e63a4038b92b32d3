package did

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/roundel/roundel/multikey"
)

// NewWebDocument returns the DID document, in JSON, of a did:web with the given
// keys as Multikey methods, those of RSA as JsonWebKey, all of them for
// assertions. Equal arguments give equal bytes.
//
// Of each key, ID (a fragment with "#", or the whole id), PublicKey, Expires
// and Revoked are used. Keys that have ended stay in the list as long as any
// credential needs them; there must be at least one key. Errors wrap ErrInvalid,
// multikey.ErrKey or multikey.ErrUnsupported.
func NewWebDocument(did string, keys ...Method) ([]byte, error) {
	if _, _, err := splitWeb(did); err != nil {
		return nil, err
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("%w: a document without keys, by which nothing could be verified", ErrInvalid)
	}
	doc := jsonDocument{
		Context:            []string{"https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"},
		ID:                 did,
		VerificationMethod: []jsonMethod{},
	}
	for _, key := range keys {
		id := key.ID
		if strings.HasPrefix(id, "#") {
			id = did + id
		}
		m, err := publicMethod(key.PublicKey)
		if err != nil {
			return nil, fmt.Errorf("key %q: %w", id, err)
		}
		if m.PublicKeyJWK != nil && !slices.Contains(doc.Context, contextJWK) {
			doc.Context = append(doc.Context, contextJWK)
		}
		m.ID, m.Controller, m.Expires, m.Revoked = id, did, stamp(key.Expires), stamp(key.Revoked)
		doc.VerificationMethod = append(doc.VerificationMethod, m)
		doc.AssertionMethod = append(doc.AssertionMethod, id)
	}
	raw, err := marshal(doc)
	if err != nil {
		return nil, err
	}
	// What we publish must pass what we ask of others: ids that are unique and
	// belong to the document.
	parsed, err := ParseDocument(raw)
	if err != nil {
		return nil, err
	}
	for _, m := range parsed.VerificationMethod {
		if m.Problem != nil {
			return nil, m.Problem
		}
	}
	return raw, nil
}

// contextJWK defines the terms of a JsonWebKey.
const contextJWK = "https://w3id.org/security/jwk/v1"

// publicMethod returns the method of a key, without its names and times.
func publicMethod(key crypto.PublicKey) (jsonMethod, error) {
	if _, ok := key.(*rsa.PublicKey); ok { // which has no Multikey form
		jwk, err := multikey.PublicToJWK(key)
		return jsonMethod{Type: "JsonWebKey", PublicKeyJWK: jwk}, err
	}
	text, err := multikey.EncodePublic(key)
	return jsonMethod{Type: "Multikey", PublicKeyMultibase: text}, err
}

// stamp returns t in UTC to the second, or nothing for the zero time.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// marshal is json.Marshal without the escapes meant for HTML.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
