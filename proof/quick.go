package proof

import (
	"cmp"
	"crypto"
	"fmt"

	"github.com/roundel/roundel/shape"
	"github.com/roundel/roundel/strictjson"
)

// The quick way goes straight from JSON text to canonical N-Quads, by the shapes
// of package shape. It is taken for what is common; whatever is not, and whatever
// fails, goes the long way, whose word is the last.

// quick tells whether proofs of a suite, with a key like this one, are over
// SHA-256 of N-Quads, which is what shapes give.
func quick(s suite, key crypto.PublicKey) bool {
	h, ok := s.(hashSuite)
	return ok && h.rdf && hashFor(key) == crypto.SHA256
}

// signQuickly is Sign for a document without proofs. If done is false it has to
// be signed the long way; nothing has been signed then.
func signQuickly(doc []byte, key crypto.Signer, options *proofOptions, o SignOptions) (signed []byte, done bool, err error) {
	// Room for the document, the member and its value, which is 89 characters at
	// most; behind it, for the time being, the proof without its value.
	room := len(doc) + len(options.id) + len(options.method) + len(options.challenge) + len(options.domain) + 448
	space := make([]byte, room, room+room-len(doc))
	proof := options.appendWith(space, "")[room:]
	out, documentHash, proofHash, err := o.Shapes.Compact(space[:0:room], doc, proof)
	if err != nil {
		return nil, false, nil
	}
	data := make([]byte, 0, 64)
	data = append(append(data, proofHash[:]...), documentHash[:]...)
	value, err := signData(key, data, o.TrustSigner)
	if err != nil {
		return nil, true, err
	}
	out = append(out, `,"proof":`...)
	if o.List {
		out = append(out, '[')
	}
	out = append(out, proof[:len(proof)-1]...)
	out = append(out, `,"proofValue":"`...)
	out = append(out, value...)
	out = append(out, '"', '}')
	if o.List {
		out = append(out, ']')
	}
	return append(out, '}'), true, nil
}

// Verify checks all proofs of secured, a JSON object, and returns them in their
// order; their member Raw is not filled in. keys gives the key for each of them,
// as far as it trusts it; its error is returned as it is. The first proof that is
// not right makes an error; errors are those of strictjson.Decode, Split, Order
// and VerifyOne. The times in the proofs are the caller's to judge, whether the
// keys are the issuer's, and their purposes unless VerifyOptions.Purpose says
// what they must be.
//
// Do not read the members of secured on the word of Verify alone: a proof over
// RDF covers the statements of a document, and its validUntil may stand in it
// under the full address of that term, where programs do not look. See "What a
// proof covers" in the description of the package.
//
// With VerifyOptions.Shapes it takes the quick way where it can.
func Verify(secured []byte, keys func(Proof) (crypto.PublicKey, error), o VerifyOptions) ([]Proof, error) {
	if o.Shapes != nil && !o.Inline {
		s, err := o.Shapes.Secured(secured)
		if err == nil {
			defer s.Release()
			if read, ok := s.Proofs(); ok && len(read) > 0 {
				return verifyQuickly(s, read, keys, o)
			}
		}
	}
	decoded, err := strictjson.Decode(secured, strictjson.Limits{MaxBytes: maxSignedBytes})
	if err != nil {
		return nil, err
	}
	doc, ok := decoded.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%w: only a JSON object has proofs", ErrMalformed)
	}
	unsecured, proofs, err := Split(doc)
	if err != nil {
		return nil, err
	}
	if _, err := Order(proofs); err != nil {
		return nil, err
	}
	o.Set = proofs
	for i, p := range proofs {
		p.Raw = nil
		key, err := keys(p)
		if err != nil {
			return nil, err
		}
		if err := VerifyOne(unsecured, proofs[i], key, o); err != nil {
			return nil, err
		}
	}
	for i := range proofs {
		proofs[i].Raw = nil
	}
	return proofs, nil
}

// verifyQuickly is Verify for a document that a Cache has read. None of the proofs
// has a previousProof, an @context or any other member but those of Proof.
func verifyQuickly(s *shape.Secured, read []shape.Proof, keys func(Proof) (crypto.PublicKey, error), o VerifyOptions) ([]Proof, error) {
	proofs := make([]Proof, len(read))
	for i := range read {
		proofs[i] = usual(&read[i])
	}
	if len(proofs) > 1 {
		if _, err := Order(proofs); err != nil {
			return nil, err
		}
	}
	for i := range proofs {
		key, err := keys(proofs[i])
		if err != nil {
			return nil, err
		}
		if err := VerifySecured(s, i, key, o); err != nil {
			return nil, err
		}
	}
	return proofs, nil
}

// VerifySecured is VerifyOne for proof number i of a document that a shape.Cache
// has read, for those who want more of it than Verify tells. s must be of a cache
// with the contexts of o. Errors are those of VerifyOne and Split, and
// ErrMalformed if there is no such proof.
func VerifySecured(s *shape.Secured, i int, key crypto.PublicKey, o VerifyOptions) error {
	read, ok := s.Proofs()
	if !ok || o.Inline {
		return verifyTree(s, i, key, o)
	}
	if i < 0 || i >= len(read) {
		return fmt.Errorf("%w: there is no proof number %d", ErrMalformed, i)
	}
	p := usual(&read[i])
	suite, err := suiteOf(p.Type, p.Cryptosuite)
	if err != nil {
		return err
	}
	if !quick(suite, key) {
		return verifyTree(s, i, key, o)
	}
	if err := p.checkTexts(); err != nil {
		return err
	}
	if err := p.isFor(o.Purpose); err != nil {
		return err
	}
	if !suite.accepts(key) {
		return wrongKey(ErrBadSignature, cmp.Or(p.Cryptosuite, p.Type), suite, key)
	}
	sig, err := decodeValue(p.Value, signatureSize(key))
	if err != nil {
		return err
	}
	options, err := s.OptionsHash(i)
	if err != nil {
		return fmt.Errorf("proof: %w", err)
	}
	document, err := s.DocumentHash()
	if err != nil {
		return err
	}
	var data [64]byte
	copy(data[:32], options[:])
	copy(data[32:], document[:])
	return verifyData(key, data[:], sig)
}

// verifyTree is VerifySecured the long way.
func verifyTree(s *shape.Secured, i int, key crypto.PublicKey, o VerifyOptions) error {
	tree, err := s.Tree()
	if err != nil {
		return err
	}
	unsecured, proofs, err := Split(tree)
	if err != nil {
		return err
	}
	if i < 0 || i >= len(proofs) {
		return fmt.Errorf("%w: there is no proof number %d", ErrMalformed, i)
	}
	o.Set = proofs
	return VerifyOne(unsecured, proofs[i], key, o)
}

// usual is a proof that a Cache has read.
func usual(p *shape.Proof) Proof {
	return Proof{
		ID: p.ID, Type: p.Type, Cryptosuite: p.Cryptosuite, Created: p.Created, Expires: p.Expires,
		VerificationMethod: p.VerificationMethod, Purpose: p.Purpose, Value: p.Value, Challenge: p.Challenge, Domain: p.Domain,
	}
}
