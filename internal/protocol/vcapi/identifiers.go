package vcapi

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/roundel/roundel/did"
	"github.com/roundel/roundel/multikey"
)

// Errors of DID resolution and of did:key 0.9, sections 3.1 and 4.
const (
	errInvalidDID       = "invalidDid"
	errInvalidURL       = "invalidDidUrl"
	errNotFound         = "notFound"
	errMethod           = "methodNotSupported"
	errKeyLength        = "invalidPublicKeyLength"
	errKeyFormat        = "unsupportedPublicKeyType"
	errKeyFormatUnsound = "invalidPublicKeyType"
	errInternal         = "internalError"
)

// resolution is the result of resolving a DID, or of dereferencing a DID URL.
// Where there is no document, it is empty.
type resolution struct {
	Context       string          `json:"@context"`
	Document      json.RawMessage `json:"didDocument"`
	Metadata      struct{}        `json:"didDocumentMetadata"`
	Resolving     *resolved       `json:"didResolutionMetadata,omitempty"`
	Dereferencing *resolved       `json:"didDereferencingMetadata,omitempty"`
}

type resolved struct {
	ContentType string `json:"contentType,omitempty"`
	Error       string `json:"error,omitempty"`
	Message     string `json:"errorMessage,omitempty"`
}

// identifier answers GET /identifiers/{did}: the document of a DID, or the
// verification method that a DID URL names, with what is known about finding it
// (DID Resolution 0.3, sections 4 and 5).
func (s *Server) identifier(w http.ResponseWriter, r *http.Request) error {
	url := r.PathValue("did")
	_, fragment, isURL := strings.Cut(url, "#")
	isURL = isURL || strings.ContainsAny(url, "/?")
	refuse := func(status int, code, message string) error {
		return sendResolution(w, status, isURL, json.RawMessage("{}"), resolved{Error: code, Message: message})
	}
	if code := checkFormat(r.URL.Query().Get("publicKeyFormat")); code != "" {
		return refuse(http.StatusBadRequest, code, "Keys are given as Multikey.")
	}
	id, _, err := did.SplitURL(url)
	switch {
	case err != nil && isURL:
		return refuse(http.StatusBadRequest, errInvalidURL, "This is no DID URL that names a verification method.")
	case err != nil:
		return refuse(http.StatusBadRequest, errInvalidDID, "This is no DID.")
	}
	v, done, err := s.Verification.Verifier(r.Context())
	if err != nil {
		return err
	}
	defer done()
	doc, err := did.Multi{Web: v.Get}.Resolve(r.Context(), id)
	if err != nil {
		status, code := resolutionError(id, err)
		return refuse(status, code, "The DID was not resolved.")
	}
	if !isURL {
		return sendResolution(w, http.StatusOK, false, doc.Raw, resolved{ContentType: "application/did+ld+json"})
	}
	method, found := methodIn(doc.Raw, url, "#"+fragment)
	if !found {
		return refuse(http.StatusNotFound, errNotFound, "The document has no such verification method.")
	}
	return sendResolution(w, http.StatusOK, true, method, resolved{ContentType: "application/did+ld+json"})
}

// checkFormat returns the error for a publicKeyFormat that we do not give keys
// in. Older formats are known to be unsound to ask for.
func checkFormat(format string) string {
	switch format {
	case "", "Multikey":
		return ""
	case "Ed25519VerificationKey2018", "X25519KeyAgreementKey2019", "EcdsaSecp256k1VerificationKey2019":
		return errKeyFormatUnsound
	}
	return errKeyFormat
}

// resolutionError sorts the reasons why a DID was not resolved.
func resolutionError(id string, err error) (status int, code string) {
	key, isKey := strings.CutPrefix(id, "did:key:")
	switch {
	case errors.Is(err, did.ErrUnsupportedMethod):
		return http.StatusNotImplemented, errMethod
	case errors.Is(err, did.ErrNotFound):
		return http.StatusNotFound, errNotFound
	case isKey && wrongLength(key):
		return http.StatusBadRequest, errKeyLength
	case errors.Is(err, did.ErrUnsupportedKey):
		return http.StatusNotImplemented, errKeyFormat
	case errors.Is(err, did.ErrInvalid):
		return http.StatusBadRequest, errInvalidDID
	}
	return http.StatusBadGateway, errInternal
}

// wrongLength reports whether text is a Multikey of a kind that we know, but of
// another length.
func wrongLength(text string) bool {
	if !strings.HasPrefix(text, "z") {
		return false
	}
	b, err := multikey.DecodeMultibase(text, 128)
	if err != nil || len(b) < 2 {
		return false
	}
	size := map[[2]byte]int{{0xed, 0x01}: 32, {0x80, 0x24}: 33, {0x81, 0x24}: 49}[[2]byte(b)]
	return size > 0 && len(b) != 2+size
}

// methodIn returns the verification method called id, or relative, as it stands
// in a document.
func methodIn(raw []byte, id, relative string) (json.RawMessage, bool) {
	var doc struct {
		Context json.RawMessage              `json:"@context"`
		Methods []map[string]json.RawMessage `json:"verificationMethod"`
	}
	if json.Unmarshal(raw, &doc) != nil {
		return nil, false
	}
	for _, m := range doc.Methods {
		var have string
		if json.Unmarshal(m["id"], &have) != nil || have != id && have != relative {
			continue
		}
		m["@context"] = doc.Context
		text, err := json.Marshal(m)
		return text, err == nil
	}
	return nil, false
}

func sendResolution(w http.ResponseWriter, status int, isURL bool, doc json.RawMessage, meta resolved) error {
	result := resolution{Context: "https://w3id.org/did-resolution/v1", Document: doc}
	if isURL {
		result.Dereferencing = &meta
	} else {
		result.Resolving = &meta
	}
	data, err := json.Marshal(result)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", `application/ld+json;profile="https://w3id.org/did-resolution"`)
	w.WriteHeader(status)
	_, _ = w.Write(data) // the reader has gone: nothing to do
	return nil
}
