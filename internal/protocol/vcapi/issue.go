package vcapi

import (
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/roundel/roundel/internal/attest"
	"github.com/roundel/roundel/jose"
)

// issueRequest is the body of POST /credentials/issue.
type issueRequest struct {
	Credential json.RawMessage `json:"credential"`
	Options    issueOptions    `json:"options"`
}

type issueOptions struct {
	Cryptosuite       string          `json:"cryptosuite"`
	MandatoryPointers []string        `json:"mandatoryPointers"`
	CredentialStatus  json.RawMessage `json:"credentialStatus"`
	// MediaType asks for an enveloped credential: jose.MediaTypeVCJWT.
	MediaType string `json:"mediaType"`
}

// issue answers POST /credentials/issue with 201 and the signed credential. With
// an Idempotency-Key the same request gives the same bytes, however often it is
// sent.
func (s *Server) issue(w http.ResponseWriter, r *http.Request) error {
	var in issueRequest
	body, err := readBody(w, r, maxIssueBody, &in)
	if err != nil {
		return err
	}
	retry, err := retryOf(r, body)
	if err != nil {
		return err
	}
	if !isObject(in.Credential) {
		return malformed("credential: an unsigned credential is wanted, a JSON object.")
	}
	if suite := r.URL.Query().Get("cryptosuite"); in.Options.Cryptosuite == "" { // for callers that have no say in the body
		in.Options.Cryptosuite = suite
	}
	if len(in.Options.MandatoryPointers) > maxPointers {
		return malformed("options.mandatoryPointers: there are too many.")
	}
	if m := in.Options.MediaType; m != "" && m != jose.MediaTypeVCJWT {
		return malformed("options.mediaType: only " + jose.MediaTypeVCJWT + " can be made.")
	}
	status, err := statusRequests(in.Options.CredentialStatus)
	if err != nil {
		return err
	}
	signed, err := s.Attest.Issue(r.Context(), attest.Request{
		OrganisationID: organisation(r.Context()), Credential: in.Credential,
		Cryptosuite: in.Options.Cryptosuite, MandatoryPointers: in.Options.MandatoryPointers,
		Status: status, Enveloped: in.Options.MediaType != "", Retry: retry,
	})
	if err != nil {
		return err
	}
	return send(w, http.StatusCreated, map[string]any{"verifiableCredential": json.RawMessage(signed)})
}

// maxKey is how long an Idempotency-Key may be, in bytes.
const maxKey = 255

// retryOf reads the Idempotency-Key of a request. What has a say in the
// credential is the body, and the query.
func retryOf(r *http.Request, body []byte) (attest.Retry, error) {
	keys := r.Header.Values("Idempotency-Key")
	if len(keys) == 0 || len(keys) == 1 && keys[0] == "" {
		return attest.Retry{}, nil
	}
	control := func(c rune) bool { return c < ' ' || c == 0x7f }
	if len(keys) > 1 || len(keys[0]) > maxKey || !utf8.ValidString(keys[0]) || strings.ContainsFunc(keys[0], control) {
		return attest.Retry{}, malformed("Idempotency-Key: one text of at most 255 bytes is wanted.")
	}
	query := sha256.Sum256([]byte(r.URL.Query().Encode()))
	hash := sha256.Sum256(append(query[:], body...))
	return attest.Retry{Key: keys[0], Hash: hash[:]}, nil
}
