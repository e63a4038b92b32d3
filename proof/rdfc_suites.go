package proof

import "crypto"

// The cryptosuites over RDF statements.
const (
	eddsaRDFC2022 = "eddsa-rdfc-2022" // vc-di-eddsa 1.0, section 3.2
	ecdsaRDFC2019 = "ecdsa-rdfc-2019" // vc-di-ecdsa 1.0, section 3.2
)

// rdfcSuite signs the canonical N-Quads of document and proof options.
type rdfcSuite struct {
	fits func(crypto.PublicKey) bool
}

func (s rdfcSuite) accepts(key crypto.PublicKey) bool { return s.fits(key) }
func (s rdfcSuite) context() bool                     { return false }

func (s rdfcSuite) sign(t *task, key crypto.Signer) (string, error) {
	data, err := s.data(t, hashFor(key.Public()))
	if err != nil {
		return "", err
	}
	return signData(key, data)
}

func (s rdfcSuite) verify(t *task, value string, key crypto.PublicKey) error {
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

// data returns what is signed.
func (s rdfcSuite) data(t *task, h crypto.Hash) ([]byte, error) {
	options, err := t.canonicalProof(h)
	if err != nil {
		return nil, err
	}
	document, err := t.canonicalDocument(h)
	if err != nil {
		return nil, err
	}
	return hashBoth(h, options, document), nil
}
