package proof

import (
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"maps"
	"reflect"

	"github.com/roundel/roundel/jsonld"
	"github.com/roundel/roundel/multikey"
)

const (
	dataIntegrityProof = "DataIntegrityProof"
	eddsaRDFC2022      = "eddsa-rdfc-2022"
)

// VerifyOptions are the settings of VerifyOne; the zero value is good.
type VerifyOptions struct {
	Contexts *jsonld.Contexts // nil means the embedded ones
	MaxWork  int              // of the canonicaliser; zero means its default
	// Document returns the canonical N-Quads of the document, as
	// jsonld.Canonicalize gives them: whoever checks several proofs of one document
	// works them out once. nil means that VerifyOne does.
	Document func() ([]byte, error)
}

// VerifyOne checks that p is key's proof over the document unsecured, both as
// Split gives them (vc-di-eddsa 1.0, section 3.2.2). nil means that it is.
//
// Signatures are checked by the strict rule of multikey.VerifyEd25519. A proof
// that builds on others by previousProof is refused, since checking it alone
// would skip what it vouches for.
//
// Errors wrap ErrBadSignature, ErrMalformed or ErrUnsupported, or are those of
// package jsonld where the vocabulary is unknown or the terms do not fit.
// The times in the proof, its purpose and the owner of the key are the
// caller's to judge.
func VerifyOne(unsecured map[string]any, p Proof, key crypto.PublicKey, o VerifyOptions) error {
	if p.Type != dataIntegrityProof || p.Cryptosuite != eddsaRDFC2022 {
		return fmt.Errorf("%w: type %q, cryptosuite %q", ErrUnsupported, p.Type, p.Cryptosuite)
	}
	if _, ok := p.Raw["previousProof"]; ok {
		return fmt.Errorf("%w: it builds on a previous proof", ErrUnsupported)
	}
	if p.VerificationMethod == "" || p.Purpose == "" {
		return fmt.Errorf("%w: verificationMethod or proofPurpose is missing or no text", ErrMalformed)
	}
	for _, name := range []string{"created", "expires"} {
		if err := p.checkInstant(name); err != nil {
			return err
		}
	}
	if err := checkContext(unsecured, p.Raw); err != nil {
		return err
	}
	sig, err := signatureBytes(p.Value)
	if err != nil {
		return err
	}
	public, ok := key.(ed25519.PublicKey)
	if !ok {
		return fmt.Errorf("%w: %s wants an Ed25519 key, not a %T", ErrBadSignature, eddsaRDFC2022, key)
	}
	options := jsonld.Options{Contexts: o.Contexts, MaxWork: o.MaxWork}
	if o.Document == nil {
		o.Document = func() ([]byte, error) { return jsonld.Canonicalize(unsecured, options) }
	}
	data, err := hashBoth(unsecured, p.Raw, options, o.Document)
	if err != nil {
		return err
	}
	if !multikey.VerifyEd25519(public, data, sig) {
		return ErrBadSignature
	}
	return nil
}

// signatureBytes decodes proofValue: base58btc of exactly 64 bytes.
func signatureBytes(value string) ([]byte, error) {
	if value == "" || value[0] != 'z' {
		return nil, fmt.Errorf("%w: proofValue is not in base58btc", ErrMalformed)
	}
	sig, err := multikey.DecodeMultibase(value, ed25519.SignatureSize)
	if err != nil {
		return nil, fmt.Errorf("%w: proofValue: %w", ErrMalformed, err)
	}
	if len(sig) != ed25519.SignatureSize {
		return nil, fmt.Errorf("%w: proofValue of %d bytes", ErrMalformed, len(sig))
	}
	return sig, nil
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

// hashData returns what is signed: the hash of the canonical proof options,
// then that of the canonical document (section 3.2.4).
func hashData(unsecured, proof map[string]any, o jsonld.Options) ([]byte, error) {
	return hashBoth(unsecured, proof, o, func() ([]byte, error) { return jsonld.Canonicalize(unsecured, o) })
}

func hashBoth(unsecured, proof map[string]any, o jsonld.Options, canonicalDocument func() ([]byte, error)) ([]byte, error) {
	options, err := canonicalOptions(unsecured, proof, o)
	if err != nil {
		return nil, err
	}
	document, err := canonicalDocument()
	if err != nil {
		return nil, err
	}
	optionsHash, documentHash := sha256.Sum256(options), sha256.Sum256(document)
	return append(optionsHash[:], documentHash[:]...), nil
}

// canonicalOptions returns the canonical N-Quads of the proof options, which
// are the proof without its value in the document's context (section 3.2.5).
func canonicalOptions(unsecured, proof map[string]any, o jsonld.Options) ([]byte, error) {
	config := maps.Clone(proof)
	delete(config, "proofValue")
	config["@context"] = unsecured["@context"]
	options, err := jsonld.Canonicalize(config, o)
	if err != nil {
		return nil, fmt.Errorf("proof: %w", err)
	}
	return options, nil
}
