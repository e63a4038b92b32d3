// Package did resolves decentralised identifiers (W3C DID Core 1.0) of the
// methods key, jwk and web, and reads and writes their documents.
//
// Its errors tell a definite no from a question that could not be put:
// ErrNotFound, ErrInvalid, ErrMethodMissing, ErrNotAuthorised and
// ErrWrongController are answers; ErrUnreachable, ErrUnsupportedMethod and
// ErrUnsupportedKey say nothing about the identifier's owner.
package did

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

var (
	// ErrInvalid: the identifier or its document breaks the rules.
	ErrInvalid = errors.New("not a valid DID or DID document")
	// ErrNotFound: the host says that there is no such document (404 or 410).
	ErrNotFound = errors.New("no such DID document")
	// ErrUnreachable: nobody could be asked, now; it wraps the getter's error.
	ErrUnreachable = errors.New("the DID document could not be fetched")
	// ErrUnsupportedMethod: a DID method other than key, jwk and web.
	ErrUnsupportedMethod = errors.New("DID method not supported")
	// ErrMethodMissing: the document has no such verification method.
	ErrMethodMissing = errors.New("the DID document has no such verification method")
	// ErrNotAuthorised: the document has the method, but not for this purpose.
	ErrNotAuthorised = errors.New("the DID document does not allow the method for this purpose")
	// ErrWrongController: the method belongs to somebody else than the document.
	ErrWrongController = errors.New("the verification method has another controller")
	// ErrUnsupportedKey: a kind of key that this package cannot read.
	ErrUnsupportedKey = errors.New("kind of key not supported")
)

// A StatusError is an HTTP answer other than success. Getters return it so
// that Multi can tell "not there" from "not now".
type StatusError struct {
	Code int // the HTTP status code
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("HTTP status %d", e.Code)
}

// A Resolver finds the document of a DID.
type Resolver interface {
	// Resolve returns the document of did, whose ID is did. Errors wrap
	// ErrInvalid, ErrNotFound, ErrUnreachable or ErrUnsupportedMethod.
	Resolve(ctx context.Context, did string) (*Document, error)
}

// A Getter fetches a document over https. The caller guards what it may reach
// and how much it may read.
//
// What it returns proves something about the host of the address that was asked
// for, so it must come from there. Many hosts have a page that redirects
// wherever its address says; a Getter that followed such a redirect to another
// host would let anybody speak for the first. An http.Client as it comes does
// follow them.
type Getter interface {
	// Get returns the body and the Content-Type of url, asking for the media
	// types in accept. It follows redirects within the origin of url only
	// (scheme, host and port); a redirect elsewhere is an error that is not a
	// *StatusError and means that the document could not be fetched. An answer
	// other than 2xx is a *StatusError.
	Get(ctx context.Context, url, accept string) (body []byte, contentType string, err error)
}

// maxDIDLength bounds an identifier, in bytes. A did:jwk of a P-384 key has
// about 300.
const maxDIDLength = 2048

// SplitURL cuts a DID URL of the form did:method:id#fragment, as verification
// methods have, in two. The fragment is empty where there is none; a path or a
// query is refused. Errors wrap ErrInvalid.
func SplitURL(url string) (did, fragment string, err error) {
	did, fragment, found := strings.Cut(url, "#")
	if found && fragment == "" {
		return "", "", fmt.Errorf("%w: empty fragment", ErrInvalid)
	}
	for i := range len(fragment) {
		if !isFragmentChar(fragment[i]) {
			return "", "", fmt.Errorf("%w: fragment with %q", ErrInvalid, fragment[i])
		}
	}
	if _, _, err := splitDID(did); err != nil {
		return "", "", err
	}
	return did, fragment, nil
}

// splitDID checks a bare DID by the syntax of DID Core, section 3.1, and
// returns its method name and method-specific id.
func splitDID(did string) (method, id string, err error) {
	if len(did) > maxDIDLength {
		return "", "", fmt.Errorf("%w: DID of %d bytes", ErrInvalid, len(did))
	}
	rest, ok := strings.CutPrefix(did, "did:")
	method, id, found := strings.Cut(rest, ":")
	if !ok || !found || method == "" || id == "" || strings.HasSuffix(id, ":") {
		return "", "", fmt.Errorf("%w: %.100q is not a DID", ErrInvalid, did)
	}
	for i := range len(method) {
		if c := method[i]; !('a' <= c && c <= 'z' || '0' <= c && c <= '9') {
			return "", "", fmt.Errorf("%w: %q in the method name", ErrInvalid, c)
		}
	}
	for i := 0; i < len(id); i++ {
		switch c := id[i]; {
		case c == '%':
			if i+2 >= len(id) || !isUpperHex(id[i+1]) || !isUpperHex(id[i+2]) {
				return "", "", fmt.Errorf("%w: %% without two upper-case hexadecimal digits", ErrInvalid)
			}
			i += 2
		case c != ':' && !isIDChar(c):
			return "", "", fmt.Errorf("%w: %q in the identifier", ErrInvalid, c)
		}
	}
	return method, id, nil
}

func isIDChar(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		c == '.' || c == '-' || c == '_'
}

func isFragmentChar(c byte) bool {
	return isIDChar(c) || strings.IndexByte("~!$&'()*+,;=:@/?%", c) >= 0
}

// isUpperHex insists on one spelling of percent-encoding: DIDs are compared as
// they are written.
func isUpperHex(c byte) bool {
	return '0' <= c && c <= '9' || 'A' <= c && c <= 'F'
}
