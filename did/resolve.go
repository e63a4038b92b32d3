package did

import (
	"context"
	"errors"
	"fmt"
	"mime"
)

// acceptDocument asks for a DID document, or for JSON from a plain file server.
const acceptDocument = "application/did+json, application/did+ld+json, application/json;q=0.9, */*;q=0.1"

// Multi resolves did:key and did:jwk from the identifier itself and did:web
// through Web.
type Multi struct {
	Web Getter // nil means offline: every did:web is then ErrUnreachable
}

// Resolve returns the document of did. See Resolver for the errors; a did:key
// or did:jwk of a kind of key that is not known wraps ErrUnsupportedKey.
func (m Multi) Resolve(ctx context.Context, did string) (*Document, error) {
	method, id, err := splitDID(did)
	if err != nil {
		return nil, err
	}
	switch method {
	case "key":
		return resolveKey(did, id)
	case "jwk":
		return resolveJWK(did, id)
	case "web":
		return m.resolveWeb(ctx, did)
	default:
		return nil, fmt.Errorf("%w: did:%s", ErrUnsupportedMethod, method)
	}
}

// resolveWeb fetches a document and insists that it is about the DID that was
// asked for.
func (m Multi) resolveWeb(ctx context.Context, did string) (*Document, error) {
	url, err := WebURL(did)
	if err != nil {
		return nil, err
	}
	if m.Web == nil {
		return nil, fmt.Errorf("%w: working offline", ErrUnreachable)
	}
	body, contentType, err := m.Web.Get(ctx, url, acceptDocument)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", fetchError(err), err)
	}
	if media, _, _ := mime.ParseMediaType(contentType); media == "text/html" {
		// Portals and catch-all pages answer 200 for anything: no statement by the
		// DID's owner.
		return nil, fmt.Errorf("%w: the host answered with a web page", ErrUnreachable)
	}
	doc, err := ParseDocument(body)
	if err != nil {
		return nil, err
	}
	if doc.ID != did {
		return nil, fmt.Errorf("%w: the document is about %.100q", ErrInvalid, doc.ID)
	}
	return doc, nil
}

// fetchError says what a getter's error means. Only "not found" and "gone" are
// answers of the owner; a refusal may come from a gateway in front of it.
func fetchError(err error) error {
	var status *StatusError
	if errors.As(err, &status) && (status.Code == 404 || status.Code == 410) {
		return ErrNotFound
	}
	return ErrUnreachable
}
