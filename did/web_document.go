package did

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/roundel/roundel/multikey"
)

// NewWebDocument returns the DID document, in JSON, of a did:web with the given
// keys as Multikey methods, all of them for assertions. Equal arguments give
// equal bytes.
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
		text, err := multikey.EncodePublic(key.PublicKey)
		if err != nil {
			return nil, fmt.Errorf("key %q: %w", id, err)
		}
		doc.VerificationMethod = append(doc.VerificationMethod, jsonMethod{
			ID:                 id,
			Type:               "Multikey",
			Controller:         did,
			Expires:            stamp(key.Expires),
			Revoked:            stamp(key.Revoked),
			PublicKeyMultibase: text,
		})
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
