package attest

import (
	"github.com/roundel/roundel/credential"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/jsonld"
)

// vocabularies compares the digests that a credential states of vocabularies
// that we carry (relatedResource, VC Data Model 2.0, section 5.3), and returns
// the vocabularies to sign it with: W3C published the base context in two
// versions at one address, and a credential may name the digest of the older.
// Other resources are the issuer's word.
//
// It is an Invalid fault when no version that we carry has the digest.
func vocabularies(c *credential.Credential) (*jsonld.Contexts, error) {
	for _, contexts := range []*jsonld.Contexts{jsonld.WithExamples(), jsonld.WithExamples2024()} {
		if fits(c, contexts) {
			return contexts, nil
		}
	}
	return nil, fault.Fields(fault.Field{Path: "/relatedResource", Message: "The digest of a related resource is not that of the resource."})
}

// fits reports whether every stated digest of a context in the set is right.
func fits(c *credential.Credential, contexts *jsonld.Contexts) bool {
	for _, resource := range c.Related {
		content, carried := contexts.Exact(resource.ID)
		if carried && resource.CheckDigest(content) != nil {
			return false
		}
	}
	return true
}
