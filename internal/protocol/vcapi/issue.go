package vcapi

import (
	"encoding/json"
	"net/http"

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

// issue answers POST /credentials/issue with 201 and the signed credential.
func (s *Server) issue(w http.ResponseWriter, r *http.Request) error {
	var in issueRequest
	if err := read(w, r, maxIssueBody, &in); err != nil {
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
		Status: status, Enveloped: in.Options.MediaType != "",
	})
	if err != nil {
		return err
	}
	return send(w, http.StatusCreated, map[string]any{"verifiableCredential": json.RawMessage(signed)})
}
