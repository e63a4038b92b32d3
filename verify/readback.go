package verify

import (
	"slices"
	"strings"

	"github.com/roundel/roundel/credential"
	"github.com/roundel/roundel/openbadge"
	"github.com/roundel/roundel/proof"
	"github.com/roundel/roundel/rdfc"
)

const (
	vocabularyVC = "https://www.w3.org/2018/credentials#"
	typeVC       = vocabularyVC + "VerifiableCredential"
	rdfType      = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
)

// controlling lists the members of a credential on which a verdict depends, by
// their names in JSON; each is the property of the same name in the vocabulary
// of credentials.
func controlling() []string {
	return []string{"issuer", "validFrom", "validUntil", "issuanceDate", "expirationDate", "credentialStatus", "credentialSubject", "refreshService"}
}

// readBack checks that what was signed is what we read.
//
// A proof by canonical RDF covers statements, not JSON, and the same statements
// can be written in many ways: the end date under its full address as member
// name, the status inside another object with the credential's id. The
// signature stays right, and a reader of JSON no longer sees that the badge
// is over or withdrawn. So the statements about the credential are counted and
// compared with the members that were read; and members that we know by their
// short names must be written so, everywhere.
//
// It returns the check that replaces the passed one, or nil if all is well.
func (r *run) readBack(signed *content, c *credential.Credential, proofs []proof.Proof) *Check {
	if !overRDF(proofs) {
		return nil
	}
	data, err := signed.statements()
	if err != nil {
		c := signatureError(err)
		return &c
	}
	if plainForm(signed.unsecured) && sameReading(data, signed.unsecured, c) {
		return nil
	}
	bad := unknown(CheckProof, CodeAmbiguousForm,
		"It is written so that programs would read different things in it, for example another end date. We take it for neither real nor forged.")
	return &bad
}

// overRDF reports whether one of the proofs covers statements and not JSON.
func overRDF(proofs []proof.Proof) bool {
	return slices.ContainsFunc(proofs, func(p proof.Proof) bool { return !strings.Contains(p.Cryptosuite, "-jcs-") })
}

// sameReading compares the statements in data about c with c.
func sameReading(data rdfc.Dataset, tree map[string]any, c *credential.Credential) bool {
	root, ok := rootOf(data, c)
	if !ok {
		return false
	}
	found := map[string]map[rdfc.Term]bool{}
	for _, q := range data {
		name, ours := strings.CutPrefix(q.Predicate.Value, vocabularyVC)
		if q.Subject != root || !ours || q.Graph != (rdfc.Term{}) {
			continue
		}
		if found[name] == nil {
			found[name] = map[rdfc.Term]bool{}
		}
		found[name][q.Object] = true
	}
	for _, name := range controlling() {
		if len(found[name]) != occurrences(tree[name]) {
			return false
		}
	}
	if !sameTypes(data, root, tree, c) {
		return false
	}
	return found["issuer"][rdfc.Term{Kind: rdfc.IRI, Value: c.Issuer.ID}]
}

// typeIRIs are the types on which it depends what is checked, by their words.
// Contexts differ in whether the two words for a badge are one type.
var typeIRIs = map[string][]string{
	typeVC: {"VerifiableCredential"},
	"https://purl.imsglobal.org/spec/vc/ob/vocab.html#OpenBadgeCredential":   {openbadge.TypeCredential, openbadge.TypeAchievement},
	"https://purl.imsglobal.org/spec/vc/ob/vocab.html#AchievementCredential": {openbadge.TypeAchievement, openbadge.TypeCredential},
	"https://purl.imsglobal.org/spec/vc/ob/vocab.html#EndorsementCredential": {typeEndorsement},
	"https://purl.imsglobal.org/spec/vc/clr/vocab.html#ClrCredential":        {typeRecord},
}

// badgeVocabulary is where the words of badges and learner records stand.
const badgeVocabulary = "https://purl.imsglobal.org/"

// sameTypes compares the types that were signed with those that were read: what
// is no badge by its words must be none by its statements. A document that brings
// vocabulary of its own may not say anything in that of badges, under whatever
// names.
func sameTypes(data rdfc.Dataset, root rdfc.Term, tree map[string]any, c *credential.Credential) bool {
	own := bringsVocabulary(tree)
	for _, q := range data {
		if q.Predicate.Value == rdfType && q.Subject == root && q.Graph == (rdfc.Term{}) {
			if words, known := typeIRIs[q.Object.Value]; known && !slices.ContainsFunc(words, c.HasType) {
				return false
			}
		}
		if own && (strings.HasPrefix(q.Predicate.Value, badgeVocabulary) || q.Predicate.Value == rdfType && strings.HasPrefix(q.Object.Value, badgeVocabulary)) {
			return false
		}
	}
	return true
}

// bringsVocabulary reports whether a context of tree is written out in it.
func bringsVocabulary(tree map[string]any) bool {
	return slices.ContainsFunc(list(tree["@context"]), func(v any) bool { _, object := v.(map[string]any); return object })
}

func occurrences(v any) int {
	switch v := v.(type) {
	case nil:
		return 0
	case []any:
		return len(v)
	}
	return 1
}

// rootOf finds the node that stands for the credential: the one with its id,
// or, if it has none, the only credential that nothing refers to.
func rootOf(data rdfc.Dataset, c *credential.Credential) (rdfc.Term, bool) {
	if c.ID != "" {
		return rdfc.Term{Kind: rdfc.IRI, Value: c.ID}, true
	}
	return onlyRoot(data, typeVC)
}

// onlyRoot finds the one node without an id of the type that nothing refers to.
func onlyRoot(data rdfc.Dataset, rootType string) (rdfc.Term, bool) {
	referred := map[rdfc.Term]bool{}
	for _, q := range data {
		referred[q.Object] = true
	}
	var root rdfc.Term
	n := 0
	for _, q := range data {
		if q.Predicate.Value == rdfType && q.Object.Value == rootType && q.Subject.Kind == rdfc.Blank && !referred[q.Subject] {
			root = q.Subject
			n++
		}
	}
	return root, n == 1
}

// namespaces are those of the vocabularies whose terms we read.
func namespaces() []string {
	return []string{vocabularyVC, "https://www.w3.org/ns/credentials/", "https://purl.imsglobal.org/", "http://purl.imsglobal.org/",
		"https://schema.org/", "http://schema.org/", "https://w3id.org/", "http://w3id.org/", "http://purl.org/", "http://www.w3.org/", "https://www.w3.org/"}
}

// plainForm reports whether every member in v is named by a term, or by the
// full address of something that is none of our vocabularies' terms. Keywords
// of JSON-LD are allowed where they write text with a language.
func plainForm(v any) bool {
	switch v := v.(type) {
	case []any:
		return !slices.ContainsFunc(v, func(one any) bool { return !plainForm(one) })
	case map[string]any:
		_, literal := v["@value"]
		for name, value := range v {
			switch {
			case name == "@context":
				continue
			case strings.HasPrefix(name, "@"):
				if !literal {
					return false
				}
			case strings.Contains(name, ":") && !foreign(name):
				return false
			}
			if (name == "type" || name == "@type") && !plainTypes(value) || !plainForm(value) {
				return false
			}
		}
	}
	return true
}

// plainTypes reports whether types are words, or addresses of what is none of our
// vocabularies' types: what is checked depends on them.
func plainTypes(v any) bool {
	return !slices.ContainsFunc(words(v), func(t string) bool { return strings.Contains(t, ":") && !foreign(t) })
}

// foreign reports whether name is a full web address outside our vocabularies.
func foreign(name string) bool {
	if !strings.HasPrefix(name, "https://") && !strings.HasPrefix(name, "http://") {
		return false
	}
	return !slices.ContainsFunc(namespaces(), func(ns string) bool { return strings.HasPrefix(name, ns) })
}
