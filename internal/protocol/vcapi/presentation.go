package vcapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"github.com/roundel/roundel/verify"
)

// presentationRequest is the body of POST /presentations/verify.
type presentationRequest struct {
	VerifiablePresentation json.RawMessage `json:"verifiablePresentation"`
	Options                verifyOptions   `json:"options"`
}

// presentationOutcome is the answer for a presentation that holds.
type presentationOutcome struct {
	outcome
	Holder      string        `json:"holder,omitempty"` // who has shown that they hold its key
	Credentials []verify.Part `json:"credentialResults"`
}

// verifyPresentation answers POST /presentations/verify: 200 when the
// presentation and every credential in it hold, else 400.
//
// A presentation that is not asked for by a challenge may be shown again by
// whoever has seen it; that is a warning.
func (s *Server) verifyPresentation(w http.ResponseWriter, r *http.Request) error {
	var in presentationRequest
	if err := read(w, r, maxVerifyBody, &in); err != nil {
		return notVerified(err)
	}
	q, err := s.question(r, in.VerifiablePresentation, in.Options)
	if err != nil {
		return err
	}
	defer q.done()
	rep := q.verifier.VerifyPresentation(r.Context(), q.document, verify.PresentationOptions{Challenge: in.Options.Challenge, Domain: in.Options.Domain})
	rest := []string{verify.CheckStructure, verify.CheckProof, verify.CheckHolderKey, verify.CheckChallenge, verify.CheckDomain, verify.CheckBinding}
	if q.proofOnly() {
		rest = slices.DeleteFunc(rest, func(id string) bool { return id == verify.CheckHolderKey })
	}
	d := decide(rep.Checks, rest)
	if in.Options.Challenge == "" {
		d.warn(typeChallenge, "No challenge was asked for: whoever has seen this presentation may show it again.")
	}
	if rep.Parsed != nil {
		d.ownWords(rep.Parsed.Tree)
	}
	for i, one := range rep.Credentials {
		inner := decide(one.Checks, q.rest)
		if one.Parsed != nil {
			inner.ownWords(one.Parsed.Tree)
		}
		d.add(fmt.Sprintf("Credential %d: ", i+1), inner)
	}
	return d.send(w, presentationOutcome{d.outcome(), rep.Holder, rep.Credentials})
}
