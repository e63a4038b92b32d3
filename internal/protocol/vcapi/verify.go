package vcapi

import (
	"encoding/json"
	"net/http"

	"github.com/roundel/roundel/verify"
)

// verifyRequest is the body of POST /credentials/verify.
type verifyRequest struct {
	VerifiableCredential json.RawMessage `json:"verifiableCredential"`
	Options              verifyOptions   `json:"options"`
}

type verifyOptions struct {
	Checks    []string `json:"checks"`
	Challenge string   `json:"challenge"`
	Domain    string   `json:"domain"`
}

// outcome is the answer to a verification that succeeded.
type outcome struct {
	Verified bool           `json:"verified"`
	Checks   []string       `json:"checks"`   // what the answer rests on
	Warnings []Problem      `json:"warnings"` // what it does not rest on
	Results  []verify.Check `json:"results"`  // every check there is
}

// verifyCredential answers POST /credentials/verify: 200 when what was asked
// for holds, else 400.
func (s *Server) verifyCredential(w http.ResponseWriter, r *http.Request) error {
	var in verifyRequest
	if err := read(w, r, maxVerifyBody, &in); err != nil {
		return notVerified(err)
	}
	if !isObject(in.VerifiableCredential) {
		return notVerified(malformed("verifiableCredential: a signed credential is wanted, a JSON object."))
	}
	rest, err := restsOn(in.Options.Checks)
	if err != nil {
		return err
	}
	v, done, err := s.Verification.Verifier(r.Context())
	if err != nil {
		return err
	}
	defer done()
	v.Contexts = contexts()
	d := decide(v.Verify(r.Context(), in.VerifiableCredential).Checks, rest)
	return d.send(w)
}
