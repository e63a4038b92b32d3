package proof

import (
	"crypto"
	"fmt"
	"maps"

	"github.com/roundel/roundel/jsonld"
	"github.com/roundel/roundel/rdfc"
)

// The cryptosuites over RDF statements.
const (
	eddsaRDFC2022 = "eddsa-rdfc-2022" // vc-di-eddsa 1.0, section 3.2
	ecdsaRDFC2019 = "ecdsa-rdfc-2019" // vc-di-ecdsa 1.0, section 3.2
)

// ed25519Signature2020 is a proof type from before cryptosuites, which wallets
// still use to show that they hold a DID (W3C CCG, "Ed25519 Signature 2020"). It
// is eddsa-rdfc-2022 under another name: the type must be one that a context of
// the document knows, which is that of contextEd25519Signature2020.
const (
	ed25519Signature2020        = "Ed25519Signature2020"
	contextEd25519Signature2020 = "https://w3id.org/security/suites/ed25519-2020/v1"
)

// overRDF signs the canonical N-Quads of proof options and document.
func overRDF(t *task, h crypto.Hash) (options, document []byte, err error) {
	if options, err = t.canonicalProof(h); err != nil {
		return nil, nil, err
	}
	if document, err = t.canonicalDocument(h); err != nil {
		return nil, nil, err
	}
	return options, document, nil
}

// canonicalDocument returns the document's canonical N-Quads (RDFC-1.0 with h).
func (t *task) canonicalDocument(h crypto.Hash) ([]byte, error) {
	if h == crypto.SHA256 && t.quads != nil {
		return t.quads()
	}
	return canonicalize(t.document, h, t.jsonld())
}

// canonicalProof returns the canonical N-Quads of the proof options, which are
// the proof without its value in the document's context (vc-di-eddsa 1.0,
// section 3.2.5).
func (t *task) canonicalProof(h crypto.Hash) ([]byte, error) {
	config := maps.Clone(t.proof)
	config["@context"] = t.document["@context"]
	quads, err := canonicalize(config, h, t.jsonld())
	if err != nil {
		return nil, fmt.Errorf("proof: %w", err)
	}
	return quads, nil
}

// canonicalize is jsonld.Canonicalize by any hash function.
func canonicalize(doc map[string]any, h crypto.Hash, o jsonld.Options) ([]byte, error) {
	if h == crypto.SHA256 {
		return jsonld.Canonicalize(doc, o)
	}
	d, err := jsonld.ToRDF(doc, o)
	if err != nil {
		return nil, err
	}
	r, err := rdfc.Canonicalize(d, rdfc.Options{Hash: h.New, MaxWork: o.MaxWork})
	if err != nil {
		return nil, err
	}
	return r.NQuads, nil
}
