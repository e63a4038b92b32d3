package vcapi

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/verify"
)

// verifyRequest is the body of POST /credentials/verify.
type verifyRequest struct {
	VerifiableCredential json.RawMessage `json:"verifiableCredential"`
	Options              verifyOptions   `json:"options"`
}

type verifyOptions struct {
	// Checks are what the answer rests on; without any, on all that matter. The
	// query parameter checks, a list with commas, stands in for callers that have
	// no say in the body.
	Checks    []string `json:"checks"`
	Challenge string   `json:"challenge"`
	Domain    string   `json:"domain"`
}

// asked is what an answer is to rest on.
type asked struct {
	names []string
	rest  []string // the checks of a report of a credential
}

// proofOnly reports whether only the proof was asked about.
func (a asked) proofOnly() bool {
	return a.names != nil && !slices.Contains(a.names, "issuer")
}

// checks reads which checks a request asks for.
func (o verifyOptions) checks(r *http.Request) (a asked, err error) {
	a.names = o.Checks
	if query := r.URL.Query(); a.names == nil && query.Has("checks") {
		a.names = strings.Split(query.Get("checks"), ",")
	}
	a.rest, err = restsOn(a.names)
	return a, err
}

// verifyCredential answers POST /credentials/verify: 200 when what was asked
// for holds, else 400.
func (s *Server) verifyCredential(w http.ResponseWriter, r *http.Request) error {
	var in verifyRequest
	if err := read(w, r, maxVerifyBody, &in); err != nil {
		return notVerified(err)
	}
	q, err := s.question(r, in.VerifiableCredential, in.Options)
	if err != nil {
		return err
	}
	defer q.done()
	rep := q.verifier.Verify(r.Context(), q.document)
	d := decide(rep.Checks, q.rest)
	if rep.Parsed != nil {
		d.ownWords(rep.Parsed.Tree)
	}
	return d.send(w, d.outcome())
}

// A question is a request to verify something, and the turn to do so, which done
// gives back.
type question struct {
	asked
	document []byte
	verifier *verify.Verifier
	done     func()
}

// question reads what is to be verified and on what the answer is to rest.
func (s *Server) question(r *http.Request, data json.RawMessage, o verifyOptions) (q question, err error) {
	if q.document, err = document(data); err != nil {
		return q, notVerified(err)
	}
	if q.asked, err = o.checks(r); err != nil {
		return q, notVerified(err)
	}
	q.verifier, q.done, err = s.verifier(r.Context())
	return q, err
}

// verifier returns a verifier and its turn, which done gives back. It reads
// every vocabulary, also what a document brings itself: programs that ask here
// go by the warnings.
func (s *Server) verifier(ctx context.Context) (v *verify.Verifier, done func(), err error) {
	if v, done, err = s.Verification.Verifier(ctx); err != nil {
		return nil, nil, err
	}
	v.Contexts, v.Inline = contexts(), true
	return v, done, nil
}

// tokenCharacters are those of JWTs, SD-JWTs and base64.
const tokenCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~+/="

// document returns what is to be verified: a JSON object, or the text of a token,
// an SD-JWT or, in base64, a COSE message. JSON inside a text is no document.
func document(data json.RawMessage) ([]byte, error) {
	if isObject(data) {
		return data, nil
	}
	var token string
	if json.Unmarshal(data, &token) == nil && strings.Trim(token, tokenCharacters) == "" && token != "" {
		return []byte(token), nil
	}
	return nil, fault.Invalidf("Something to verify is wanted: a JSON object, or a signed token as text.")
}
