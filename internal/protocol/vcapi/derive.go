package vcapi

import (
	"encoding/json"
	"net/http"

	"github.com/roundel/roundel/did"
	"github.com/roundel/roundel/internal/attest"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/proof"
	"github.com/roundel/roundel/strictjson"
)

// deriveRequest is the body of POST /credentials/derive.
type deriveRequest struct {
	VerifiableCredential json.RawMessage `json:"verifiableCredential"`
	Options              struct {
		SelectivePointers []string `json:"selectivePointers"`
	} `json:"options"`
}

// maxPointers bounds what a holder selects, and what an issuer makes mandatory.
const maxPointers = 1000

// derive answers POST /credentials/derive with 201 and a credential that shows
// what its issuer made mandatory and what was selected.
func (s *Server) derive(w http.ResponseWriter, r *http.Request) error {
	var in deriveRequest
	if err := read(w, r, maxIssueBody, &in); err != nil {
		return err
	}
	if !isObject(in.VerifiableCredential) {
		return malformed("verifiableCredential: a credential with an ecdsa-sd-2023 base proof is wanted, a JSON object.")
	}
	if len(in.Options.SelectivePointers) > maxPointers {
		return malformed("options.selectivePointers: there are too many.")
	}
	v, done, err := s.Verification.Verifier(r.Context())
	if err != nil {
		return err
	}
	defer done()
	method, err := s.baseMethod(r, did.Multi{Web: v.Get}, in.VerifiableCredential)
	if err != nil {
		return err
	}
	derived, err := proof.Derive(in.VerifiableCredential, in.Options.SelectivePointers, proof.DeriveOptions{Contexts: contexts(), Inline: true, Key: method.PublicKey})
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "No credential can be derived: "+attest.Reason(err))
	}
	return send(w, http.StatusCreated, map[string]any{"verifiableCredential": json.RawMessage(derived)})
}

// baseMethod finds the key of the credential's base proof, so that nothing is
// derived from a proof that is not its.
func (s *Server) baseMethod(r *http.Request, resolver did.Resolver, doc json.RawMessage) (*did.Method, error) {
	invalid := func(err error) error {
		return fault.Wrap(fault.Invalid, err, "No credential can be derived: "+attest.Reason(err))
	}
	tree, err := strictjson.Decode(doc, strictjson.Limits{MaxBytes: maxIssueBody})
	if err != nil {
		return nil, invalid(err)
	}
	_, proofs, err := proof.Split(tree.(map[string]any))
	if err != nil {
		return nil, invalid(err)
	}
	for _, p := range proofs {
		if p.Cryptosuite != "ecdsa-sd-2023" {
			continue
		}
		id, _, err := did.SplitURL(p.VerificationMethod)
		if err != nil {
			return nil, invalid(err)
		}
		controller, err := resolver.Resolve(r.Context(), id)
		if err != nil {
			return nil, invalid(err)
		}
		method, err := controller.Method(p.VerificationMethod, did.AssertionMethod)
		if err != nil {
			return nil, invalid(err)
		}
		return method, nil
	}
	return nil, fault.Invalidf("No credential can be derived: this one has no ecdsa-sd-2023 base proof.")
}
