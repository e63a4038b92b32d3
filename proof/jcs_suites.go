package proof

import (
	"crypto"
	"fmt"
	"maps"
	"reflect"

	"github.com/roundel/roundel/jcs"
)

// The cryptosuites over canonical JSON.
const (
	eddsaJCS2022 = "eddsa-jcs-2022" // vc-di-eddsa 1.0, section 3.3
	ecdsaJCS2019 = "ecdsa-jcs-2019" // vc-di-ecdsa 1.0, section 3.3
)

// overJSON signs the canonical JSON (RFC 8785) of proof options and document.
// No word of the document needs to be known vocabulary.
//
// The specification lets the document have more contexts after those that the
// proof repeats. Nobody has signed those, and they say what the document means;
// here both must be the same. A proof that repeats none is fine: the document's
// own are signed then.
func overJSON(t *task, _ crypto.Hash) (options, document []byte, err error) {
	tree := t.document
	if own, ok := t.proof["@context"]; ok {
		if !reflect.DeepEqual(asList(own), asList(tree["@context"])) {
			return nil, nil, fmt.Errorf("%w: the document has contexts that its proof does not cover", ErrMalformed)
		}
		tree = maps.Clone(tree)
		tree["@context"] = own
	}
	if options, err = jcs.Canonicalize(t.proof); err != nil {
		return nil, nil, fmt.Errorf("proof: %w", err)
	}
	if document, err = jcs.Canonicalize(tree); err != nil {
		return nil, nil, err
	}
	return options, document, nil
}
