package proof

import "crypto"

// A hashSuite signs the hash of the canonical proof options followed by that of
// the canonical document, as all cryptosuites do but those for selective
// disclosure.
type hashSuite struct {
	fits func(crypto.PublicKey) bool
	keys string // for whom fits is true, in words
	// canonical returns the canonical forms of both. h is for canonical forms that
	// need a hash function themselves.
	canonical func(t *task, h crypto.Hash) (options, document []byte, err error)
	rdf       bool // canonical is overRDF
	// repeats tells whether new proofs repeat the document's @context.
	repeats bool
}

func (s hashSuite) accepts(key crypto.PublicKey) bool { return s.fits(key) }
func (s hashSuite) needs() string                     { return s.keys }
func (s hashSuite) context() bool                     { return s.repeats }

func (s hashSuite) sign(t *task, key crypto.Signer) (string, error) {
	data, err := s.data(t, hashFor(key.Public()))
	if err != nil {
		return "", err
	}
	return signData(key, data, t.trusted)
}

func (s hashSuite) verify(t *task, value string, key crypto.PublicKey) error {
	sig, err := decodeValue(value, signatureSize(key))
	if err != nil {
		return err
	}
	data, err := s.data(t, hashFor(key))
	if err != nil {
		return err
	}
	return verifyData(key, data, sig)
}

// data returns what is signed (vc-di-eddsa 1.0, section 3.2.4; vc-di-ecdsa 1.0,
// section 3.2.4).
func (s hashSuite) data(t *task, h crypto.Hash) ([]byte, error) {
	options, document, err := s.canonical(t, h)
	if err != nil {
		return nil, err
	}
	return append(sum(h, options), sum(h, document)...), nil
}
