package proof

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"errors"
	"fmt"

	"github.com/roundel/roundel/jsonld"
	"github.com/roundel/roundel/multikey"
)

// dataIntegrityProof is the type of all proofs that name a cryptosuite.
const dataIntegrityProof = "DataIntegrityProof"

// A suite makes and checks the values of one kind of proof. What all kinds have
// in common (which members a proof has, whether its context fits, which proofs
// it builds on) is settled before a suite is asked.
type suite interface {
	// accepts tells whether the suite is meant for keys like this one.
	accepts(key crypto.PublicKey) bool
	// needs says in words what keys that are.
	needs() string
	// sign returns the proofValue of a new proof. key is one that accepts takes.
	sign(t *task, key crypto.Signer) (proofValue string, err error)
	// verify returns nil when proofValue is key's over the document, or an error
	// that wraps ErrMalformed, ErrBadSignature or ErrUnsupported, or one of
	// package jsonld. key is one that accepts takes.
	verify(t *task, proofValue string, key crypto.PublicKey) error
	// context tells whether a new proof repeats the document's @context, as those
	// do whose canonical form is made without JSON-LD.
	context() bool
}

// suites are the cryptosuites of DataIntegrityProof, by name.
var suites = map[string]suite{
	ecdsaSD2023:   sdSuite{},
	eddsaRDFC2022: hashSuite{fits: isEd25519, keys: keysEd25519, canonical: overRDF, rdf: true},
	ecdsaRDFC2019: hashSuite{fits: isECDSA, keys: keysECDSA, canonical: overRDF, rdf: true},
	eddsaJCS2022:  hashSuite{fits: isEd25519, keys: keysEd25519, canonical: overJSON, repeats: true},
	ecdsaJCS2019:  hashSuite{fits: isECDSA, keys: keysECDSA, canonical: overJSON, repeats: true},
}

// legacy are the proofs from before there was a member cryptosuite, by type.
var legacy = map[string]suite{
	ed25519Signature2020: hashSuite{fits: isEd25519, keys: keysEd25519, canonical: overRDF, rdf: true},
}

// suiteOf finds the suite for a proof of this type and cryptosuite, which is
// empty where there is none.
func suiteOf(proofType, cryptosuite string) (suite, error) {
	s, ok := legacy[proofType]
	if proofType == dataIntegrityProof {
		s, ok = suites[cryptosuite]
	} else if cryptosuite != "" {
		ok = false
	}
	if !ok {
		return nil, fmt.Errorf("%w: type %q, cryptosuite %q", ErrUnsupported, proofType, cryptosuite)
	}
	return s, nil
}

// A task is one document and one proof of it: what a suite works on. Trees are
// those of strictjson.Decode, and nobody changes them.
type task struct {
	// document is without its proofs, but for those that the proof builds on, which
	// stand in its member "proof" again (Data Integrity 1.0, section 4.5).
	document map[string]any
	// proof is the proof's members, as they stand or will stand in the document,
	// without proofValue.
	proof     map[string]any
	mandatory []string // SignOptions.MandatoryPointers
	contexts  *jsonld.Contexts
	maxWork   int
	inline    bool
	trusted   bool // SignOptions.TrustSigner
	// quads are the document's canonical N-Quads by SHA-256, if the caller has them
	// at hand; else nil.
	quads func() ([]byte, error)
}

// jsonld are the settings to expand the document or the proof with.
func (t *task) jsonld() jsonld.Options {
	return jsonld.Options{Contexts: t.contexts, MaxWork: t.maxWork, Inline: t.inline}
}

// What keys a suite needs.
const (
	keysEd25519 = "an Ed25519 key"
	keysECDSA   = "an ECDSA key on P-256 or P-384"
	keysP256    = "an ECDSA key on P-256"
)

// wrongKey says that a suite, called name, is for other keys than this one. It
// wraps ErrMalformed where that is no key at all, and kind otherwise.
func wrongKey(kind error, name string, s suite, key crypto.PublicKey) error {
	what := fmt.Sprintf("a %T", key)
	switch k := key.(type) {
	case nil:
		return fmt.Errorf("%w: no key; %s needs %s", ErrMalformed, name, s.needs())
	case ed25519.PublicKey:
		if len(k) != ed25519.PublicKeySize {
			return fmt.Errorf("%w: an Ed25519 key of %d bytes instead of %d", ErrMalformed, len(k), ed25519.PublicKeySize)
		}
		what = keysEd25519
	case *ecdsa.PublicKey:
		if err := multikey.CheckECDSA(k); errors.Is(err, multikey.ErrKey) {
			return fmt.Errorf("%w: %w", ErrMalformed, err)
		}
		what = "one on " + k.Curve.Params().Name
	}
	return fmt.Errorf("%w: %s needs %s, and this is %s", kind, name, s.needs(), what)
}

// sum is the hash of b.
func sum(h crypto.Hash, b []byte) []byte {
	d := h.New()
	d.Write(b)
	return d.Sum(make([]byte, 0, 2*h.Size()))
}

// decodeValue reads a proofValue in base58btc of exactly size bytes.
func decodeValue(value string, size int) ([]byte, error) {
	if value == "" || value[0] != 'z' {
		return nil, fmt.Errorf("%w: proofValue is not in base58btc", ErrMalformed)
	}
	sig, err := multikey.DecodeMultibase(value, size)
	if err != nil {
		return nil, fmt.Errorf("%w: proofValue: %w", ErrMalformed, err)
	}
	if len(sig) != size {
		return nil, fmt.Errorf("%w: proofValue of %d bytes instead of %d", ErrMalformed, len(sig), size)
	}
	return sig, nil
}
