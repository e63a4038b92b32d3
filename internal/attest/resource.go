package attest

import (
	"github.com/roundel/roundel/clr"
	"github.com/roundel/roundel/credential"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/keys"
	"github.com/roundel/roundel/jsonld"
	"github.com/roundel/roundel/openbadge"
)

// vocabularies compares the digests that a credential states of vocabularies
// that we carry (relatedResource, VC Data Model 2.0, section 5.3), and returns
// the vocabularies to sign it with: W3C published the base context in two
// versions at one address, and a credential may name the digest of the older.
// Other resources are the issuer's word.
//
// It is an Invalid fault when no version that we carry has the digest.
//
// It returns them with the name by which the signer knows them.
func vocabularies(c *credential.Credential) (*jsonld.Contexts, keys.Vocabulary, error) {
	for _, name := range []keys.Vocabulary{keys.Examples, keys.Examples2024} {
		if contexts := name.Contexts(); fits(c, contexts) {
			return contexts, name, nil
		}
	}
	return nil, "", fault.Fields(fault.Field{Path: "/relatedResource", Message: "The digest of a related resource is not that of the resource."})
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

// checkMeaning makes sure that every word of a document means something, also
// where the proof is made without reading it as JSON-LD: other readers do so.
// The direction of texts has no place in RDF; whether it is signed is for the
// proof to say. inline lets words of the document's own through. Errors are
// those of jsonld.ToRDF.
func checkMeaning(tree map[string]any, contexts *jsonld.Contexts, inline bool) error {
	plain := withoutDirection(tree).(map[string]any)
	_, err := jsonld.ToRDF(plain, jsonld.Options{Contexts: contexts, Inline: inline})
	return err
}

// ownWords reports whether a credential may bring vocabulary of its own, written
// as objects into its @context. Badges, endorsements and learner records may
// not: their words mean what the standards say, and package verify reads no
// others in them.
func ownWords(c *credential.Credential) bool {
	return !openbadge.Is(c) && !openbadge.IsEndorsement(c) && !clr.Is(c)
}

// withoutDirection returns v without the member @direction of texts.
func withoutDirection(v any) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = withoutDirection(v[i])
		}
		return out
	case map[string]any:
		_, text := v["@value"]
		out := make(map[string]any, len(v))
		for name, value := range v {
			if name != "@direction" || !text {
				out[name] = withoutDirection(value)
			}
		}
		return out
	}
	return v
}
