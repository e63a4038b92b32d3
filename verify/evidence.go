package verify

import (
	"errors"
	"fmt"

	"github.com/roundel/roundel/credential"
	"github.com/roundel/roundel/jsonld"
)

// maxDigests bounds the files of one credential that are compared with their
// digests.
const maxDigests = 10

// outside is a file that a credential names with its digest.
type outside struct {
	address string
	digests string // as written
	check   func(content []byte) error
}

// evidence compares the files that the credential refers to with the digests
// that its issuer signed: related resources and evidence (data model, sections
// 5.3 and 5.6). A file that has been changed since is not what the issuer saw.
func (r *run) evidence(c *credential.Credential, s seal) Check {
	all := digested(c)
	switch {
	case len(all) == 0:
		return notApplicable(CheckEvidence, CodeNoEvidence, "It refers to nothing by its digest.")
	case !s.holds():
		return unknown(CheckEvidence, CodeNotRun, "Not checked, because it is not shown that the issuer signed this.")
	case len(all) > maxDigests:
		return unknown(CheckEvidence, CodeTooComplex, "It refers to more files than we compare.")
	}
	var open *Check
	for _, o := range all {
		one := r.compareOnce(o)
		switch {
		case one.Outcome == Failed:
			return one
		case one.Outcome == Unknown && open == nil:
			open = &one
		}
	}
	if open != nil {
		return *open
	}
	return passed(CheckEvidence, fmt.Sprintf("%s that it refers to, unchanged since it was signed.", count(len(all), "file", "files")))
}

// digested finds the files with digests.
func digested(c *credential.Credential) []outside {
	var all []outside
	places := []any{c.Tree["relatedResource"], c.Tree["evidence"]}
	for _, subject := range c.Subject {
		places = append(places, subject["evidence"])
	}
	for _, place := range places {
		for _, item := range list(place) {
			object, _ := item.(map[string]any)
			if object["digestSRI"] == nil && object["digestMultibase"] == nil {
				continue
			}
			address, _ := object["id"].(string)
			all = append(all, outside{address, fmt.Sprint(object["digestSRI"], " ", object["digestMultibase"]), func(content []byte) error { return credential.CheckDigests(object, content) }})
		}
	}
	return all
}

// compareOnce is compare, for a file and its digests once in a verification.
func (r *run) compareOnce(o outside) Check {
	key := o.address + " " + o.digests
	if c, ok := r.memo.digests[key]; ok {
		return c
	}
	c := r.compare(o)
	r.memo.digests[key] = c
	return c
}

// compare checks one file. Vocabularies are not fetched: those that we carry are
// the ones the credential was read with.
func (r *run) compare(o outside) Check {
	contexts := r.Contexts
	if contexts == nil {
		contexts = jsonld.Embedded()
	}
	content, carried := contexts.Exact(o.address)
	switch {
	case carried:
	case contexts.Has(o.address):
		return unknown(CheckEvidence, CodeEvidenceOpen, "We carry a vocabulary that it refers to, but not byte for byte, so we could not compare it.")
	case r.get == nil:
		return unknown(CheckEvidence, CodeOffline, "We could not fetch the files it refers to: we are offline.")
	default:
		var err error
		if content, _, err = r.get.Get(r.ctx, o.address, "*/*"); err != nil {
			return r.noAnswer(CheckEvidence, o.address, err)
		}
	}
	if r.work.spend(len(content)/bytesPerUnit) != nil {
		return unknown(CheckEvidence, CodeTooComplex, "It refers to larger files than we compare.")
	}
	switch err := o.check(content); {
	case err == nil:
		return passed(CheckEvidence, "It is unchanged.")
	case errors.Is(err, credential.ErrDigestMismatch):
		return failed(CheckEvidence, CodeEvidenceChanged, "A file that it refers to, at "+display(o.address)+", is not the one that the issuer saw when it signed.")
	}
	return unknown(CheckEvidence, CodeEvidenceOpen, "The digest of a file that it refers to is written in a way that we cannot read.")
}
