package vcapi

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/roundel/roundel/credential"
	"github.com/roundel/roundel/internal/observe"
	"github.com/roundel/roundel/jsonld"
	"github.com/roundel/roundel/proof"
	"github.com/roundel/roundel/strictjson"
)

// A Problem is one thing that is wrong, in the form of RFC 9457.
type Problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Detail string `json:"detail"`
}

// Types of problems: VC Data Model 2.0, section 7.4, Data Integrity 1.0,
// section 4.7, and Bitstring Status List 1.0, section 3.5.
const (
	typeParsing       = "https://www.w3.org/TR/vc-data-model#PARSING_ERROR"
	typeSecurity      = "https://www.w3.org/TR/vc-data-model#CRYPTOGRAPHIC_SECURITY_ERROR"
	typeMalformed     = "https://www.w3.org/TR/vc-data-model#MALFORMED_VALUE_ERROR"
	typeRange         = "https://www.w3.org/TR/vc-data-model#RANGE_ERROR"
	typeGeneration    = "https://w3id.org/security#PROOF_GENERATION_ERROR"
	typeVerification  = "https://w3id.org/security#PROOF_VERIFICATION_ERROR"
	typeDataLoss      = "https://w3id.org/security#DATA_LOSS_DETECTION_ERROR"
	typeDomain        = "https://w3id.org/security#INVALID_DOMAIN_ERROR"
	typeChallenge     = "https://w3id.org/security#INVALID_CHALLENGE_ERROR"
	typeListRetrieval = "https://www.w3.org/ns/credentials/status-list#STATUS_RETRIEVAL_ERROR"
	typeListProof     = "https://www.w3.org/ns/credentials/status-list#STATUS_VERIFICATION_ERROR"
	typeUnstated      = "about:blank"
)

// titles name the types for people.
var titles = map[string]string{
	typeParsing:       "The document cannot be read.",
	typeSecurity:      "The security of the document could not be shown.",
	typeMalformed:     "A value is not what it must be.",
	typeRange:         "A value lies outside what is allowed.",
	typeGeneration:    "No proof could be made.",
	typeVerification:  "The proof does not hold.",
	typeDataLoss:      "A part of the document would not be signed.",
	typeDomain:        "The presentation was made for another domain.",
	typeChallenge:     "The presentation answers another challenge.",
	typeListRetrieval: "The status could not be learnt.",
	typeListProof:     "The status list does not hold.",
	typeUnstated:      "The request cannot be answered.",
}

// problemType returns the type for what went wrong with a document or proof.
func problemType(err error) string {
	var (
		syntax     *strictjson.Error
		rules      credential.Problems
		vocabulary *jsonld.ContextError
		term       *jsonld.UnknownTermError
		relative   *jsonld.RelativeIRIError
		loss       *jsonld.LossError
		invalid    *jsonld.InvalidError
	)
	switch {
	case errors.As(err, &syntax):
		return typeParsing
	case errors.As(err, &rules):
		return typeMalformed
	case errors.As(err, &term), errors.As(err, &relative), errors.As(err, &loss):
		return typeDataLoss
	case errors.As(err, &vocabulary), errors.As(err, &invalid), errors.Is(err, proof.ErrMalformed), errors.Is(err, proof.ErrUnsupported):
		return typeGeneration
	}
	return typeUnstated
}

// refused is an answer that something is wrong. As an error it ends a handler.
type refused struct {
	status   int
	problems []Problem // at least one
	verified *bool     // set to false in the answer to a verification
	extra    map[string]any
}

// Error implements the error interface.
func (r *refused) Error() string { return r.problems[0].Detail }

// malformed is the refusal of a request that cannot be read.
func malformed(detail string) error {
	return &refused{status: http.StatusBadRequest, problems: []Problem{{Type: typeMalformed, Title: titles[typeMalformed], Detail: detail}}}
}

// send writes the problem document: the first problem, and all of them in
// problemDetails, where the VC API looks for them.
func (r *refused) send(w http.ResponseWriter) {
	more := map[string]any{"type": r.problems[0].Type, "title": r.problems[0].Title, "problemDetails": r.problems}
	if r.verified != nil {
		more["verified"] = *r.verified
	}
	for name, value := range r.extra {
		more[name] = value
	}
	observe.Problem(w, r.status, r.problems[0].Detail, more)
}

// send writes an answer in JSON.
func send(w http.ResponseWriter, status int, body any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(data) // the reader has gone: nothing to do
	return nil
}
