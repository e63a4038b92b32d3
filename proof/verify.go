package proof

import (
	"cmp"
	"crypto"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/roundel/roundel/jsonld"
	"github.com/roundel/roundel/shape"
)

// VerifyOptions are the settings of VerifyOne and Verify. The zero value is good
// for proofs that do not build on others, if the caller looks at their purpose.
type VerifyOptions struct {
	// Purpose is what the proofs must be for: "assertionMethod" for credentials,
	// "authentication" for presentations. Others give an error that wraps
	// ErrPurpose.
	//
	// EMPTY MEANS THAT NOBODY CHECKS, and that the caller has to compare
	// Proof.Purpose: else what somebody signed to log in passes for what they
	// assert.
	Purpose string

	Contexts *jsonld.Contexts // nil means the embedded ones
	MaxWork  int              // of the canonicaliser; zero means its default
	Inline   bool             // allows context objects inside the document (jsonld.Options.Inline)
	// Document returns the canonical N-Quads of the document, as
	// jsonld.Canonicalize gives them: whoever checks several proofs of one document
	// works them out once. nil means that VerifyOne does.
	Document func() ([]byte, error)
	// Set is all proofs of the document, as Split gives them. It is needed where a
	// proof builds on others by previousProof: it covers them too, so they are put
	// back before it is checked (Data Integrity 1.0, section 4.5). Whether those
	// others are right is for the caller to check, one by one.
	Set []Proof
	// Shapes, if given, makes Verify faster for documents of shapes that it has met
	// before. It must have been made with the same Contexts.
	Shapes *shape.Cache
}

// VerifyOne checks that p is key's proof over the document unsecured, both as
// Split gives them. nil means that it is.
//
// Signatures are checked by the strict rules of multikey.VerifyEd25519 and
// multikey.VerifyECDSA. A proof that builds on others says nothing unless they
// are right too; without VerifyOptions.Set it is refused as not supported.
//
// Errors wrap ErrBadSignature, ErrPurpose, ErrUnsupported, or ErrMalformed, also
// where there is no key; or they are those of package jsonld where the vocabulary
// is unknown or the terms do not fit. The times in the proof and the owner of the
// key are the caller's to judge, and so is the purpose unless o.Purpose says it.
//
// Most proofs cover statements, not JSON. The members of unsecured are NOT what
// was signed: see "What a proof covers" in the description of the package.
func VerifyOne(unsecured map[string]any, p Proof, key crypto.PublicKey, o VerifyOptions) error {
	s, err := suiteOf(p.Type, p.Cryptosuite)
	if err != nil {
		return err
	}
	if err := p.check(); err != nil {
		return err
	}
	if err := p.isFor(o.Purpose); err != nil {
		return err
	}
	if err := checkContext(unsecured, p.Raw); err != nil {
		return err
	}
	t := &task{document: unsecured, proof: maps.Clone(p.Raw), contexts: o.Contexts, maxWork: o.MaxWork, inline: o.Inline, quads: o.Document}
	delete(t.proof, "proofValue")
	if len(p.Previous) > 0 {
		if o.Set == nil {
			return fmt.Errorf("%w: it builds on other proofs, which are not at hand", ErrUnsupported)
		}
		if t.document, err = withPrevious(unsecured, p.Previous, o.Set); err != nil {
			return err
		}
		t.quads = nil
	}
	if !s.accepts(key) {
		return wrongKey(ErrBadSignature, cmp.Or(p.Cryptosuite, p.Type), s, key)
	}
	return s.verify(t, p.Value, key)
}

// check looks at the members that every proof has or may have (Data Integrity
// 1.0, section 2.1). An empty list would be no statement, so that anybody could
// add one.
func (p Proof) check() error {
	for _, name := range []string{"id", "cryptosuite", "created", "expires", "challenge", "nonce", "domain"} {
		v, ok := p.Raw[name]
		if !ok {
			continue
		}
		list := []any{v}
		if name == "domain" {
			list = asList(v) // there may be several
		}
		if len(list) == 0 || slices.ContainsFunc(list, func(v any) bool { s, _ := v.(string); return s == "" }) {
			return fmt.Errorf("%w: %s is empty or no text", ErrMalformed, name)
		}
	}
	if err := p.checkTexts(); err != nil {
		return err
	}
	return p.checkPrevious()
}

// isFor checks the purpose of a proof, if one is asked for.
func (p Proof) isFor(purpose string) error {
	if purpose != "" && p.Purpose != purpose {
		return fmt.Errorf("%w: %q instead of %q", ErrPurpose, p.Purpose, purpose)
	}
	return nil
}

// checkTexts is what there is to check of a proof whose members are texts.
func (p Proof) checkTexts() error {
	if p.VerificationMethod == "" || p.Purpose == "" {
		return fmt.Errorf("%w: verificationMethod or proofPurpose is missing or no text", ErrMalformed)
	}
	if p.Created != "" {
		if err := checkInstant("created", p.Created); err != nil {
			return err
		}
	}
	if p.Expires != "" {
		return checkInstant("expires", p.Expires)
	}
	return nil
}

// checkContext insists that a proof's own @context, if it has one, is how the
// document's begins, so that no term of the proof means something else.
func checkContext(unsecured, proof map[string]any) error {
	own, ok := proof["@context"]
	if !ok {
		return nil
	}
	document, proofs := asList(unsecured["@context"]), asList(own)
	if len(proofs) > len(document) || !reflect.DeepEqual(proofs, document[:len(proofs)]) {
		return fmt.Errorf("%w: its @context differs from the document's", ErrMalformed)
	}
	return nil
}

func asList(v any) []any {
	if list, ok := v.([]any); ok {
		return list
	}
	return []any{v}
}
