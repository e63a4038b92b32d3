package vcapi

import (
	"encoding/json"
	"net/http"

	"github.com/roundel/roundel/internal/attest"
)

// issueRequest is the body of POST /credentials/issue.
type issueRequest struct {
	Credential json.RawMessage `json:"credential"`
	Options    issueOptions    `json:"options"`
}

type issueOptions struct {
	Cryptosuite       string   `json:"cryptosuite"`
	MandatoryPointers []string `json:"mandatoryPointers"`
}

// issue answers POST /credentials/issue with 201 and the signed credential.
func (s *Server) issue(w http.ResponseWriter, r *http.Request) error {
	var in issueRequest
	if err := read(w, r, maxIssueBody, &in); err != nil {
		return err
	}
	if !isObject(in.Credential) {
		return malformed("credential: an unsigned credential is wanted, a JSON object.")
	}
	signed, err := s.Attest.Issue(r.Context(), attest.Request{
		OrganisationID: organisation(r.Context()), Credential: in.Credential,
		Cryptosuite: in.Options.Cryptosuite, MandatoryPointers: in.Options.MandatoryPointers,
	})
	if err != nil {
		return err
	}
	return send(w, http.StatusCreated, map[string]any{"verifiableCredential": json.RawMessage(signed)})
}
