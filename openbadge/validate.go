package openbadge

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/roundel/roundel/credential"
)

// Validate returns everything that keeps c from being issued with a Data
// Integrity proof: breaches of the specification and of its JSON Schemas, and
// on top of them what would make the signed document hard to verify (addresses
// that are not complete, terms that no published context knows, results that
// describe nothing).
//
// Paths are JSON Pointers into the document.
func Validate(c *AchievementCredential) []*Problem {
	v := &Checker{Issuing: true}
	v.credential(c)
	return v.Problems
}

// ValidateForJWT is Validate for a badge that is signed as a whole, as a JWT:
// there endorsements may be JWTs too.
func ValidateForJWT(c *AchievementCredential) []*Problem {
	v := &Checker{Issuing: true, JWT: true}
	v.credential(c)
	return v.Problems
}

// Checker collects breaches of the specification in the parts of which Open
// Badges, endorsements and learner records are made. Its zero value checks only
// what the published schemas demand, because documents of others are read
// leniently.
type Checker struct {
	Problems Problems
	Issuing  bool // check everything that a new document must keep
	JWT      bool // the new document is signed as a JWT
}

// Head is what all credentials of this family have in common.
type Head struct {
	Contexts, Types       []string
	ID, Name              string
	Image                 *Image
	Issuer                *Profile
	ValidFrom, ValidUntil time.Time
	Evidence              []Evidence
	TermsOfUse            []TermsOfUse
	Schema                []SchemaRef
	Status                Statuses
	Refresh               *Refresh
	Related               []RelatedResource
	// MustStart are the contexts that a new document starts with, MustHave the
	// types of which it has at least one.
	MustStart, MustHave []string
}

func (v *Checker) credential(c *AchievementCredential) {
	v.Head(Head{
		Contexts: c.Contexts, Types: c.Types, ID: c.ID, Name: c.Name, Image: c.Image, Issuer: &c.Issuer,
		ValidFrom: c.ValidFrom, ValidUntil: c.ValidUntil, Evidence: c.Evidence, TermsOfUse: c.TermsOfUse,
		Schema: c.Schema, Status: c.Status, Refresh: c.Refresh, Related: c.Related,
		MustStart: []string{credential.ContextV2, Context}, MustHave: []string{TypeCredential, TypeAchievement},
	})
	v.Endorsements("", c.Endorsement, c.EndorsementJWT, "")
	v.subject("/credentialSubject", &c.Subject)
	if v.Issuing {
		v.results(&c.Subject)
	}
}

// Head checks what all credentials have in common.
func (v *Checker) Head(h Head) {
	v.Required("/id", h.ID)
	v.IRI("/id", h.ID)
	if h.ValidFrom.IsZero() {
		v.Problems.Add("/validFrom", "The date from which it is valid is missing.")
	}
	if !h.ValidUntil.IsZero() && h.ValidUntil.Before(h.ValidFrom) {
		v.Problems.Add("/validUntil", "The end of the validity period lies before its start.")
	}
	v.Image("/image", h.Image)
	v.Profile("/issuer", h.Issuer)
	for i := range h.Evidence {
		v.evidence(item("/evidence", i), &h.Evidence[i])
	}
	for i, t := range h.TermsOfUse {
		v.Required(item("/termsOfUse", i)+"/type", t.Type)
		v.IRI(item("/termsOfUse", i)+"/type", t.Type)
		v.IRI(item("/termsOfUse", i)+"/id", t.ID)
	}
	for i, s := range h.Schema {
		v.Required(item("/credentialSchema", i)+"/id", s.ID)
		v.Required(item("/credentialSchema", i)+"/type", s.Type)
	}
	for i, s := range h.Status {
		v.Required(item("/credentialStatus", i)+"/type", s.Type)
	}
	if h.Refresh != nil {
		v.Required("/refreshService/id", h.Refresh.ID)
		v.Required("/refreshService/type", h.Refresh.Type)
	}
	if v.Issuing {
		v.newHead(h)
	}
}

// newHead checks what only new credentials must keep.
func (v *Checker) newHead(h Head) {
	if len(h.Contexts) < len(h.MustStart) || !slices.Equal(h.Contexts[:len(h.MustStart)], h.MustStart) {
		v.Problems.Add("/@context", "It must start with the contexts %s.", strings.Join(h.MustStart, " and "))
	}
	revocationList := slices.ContainsFunc(h.Status, func(s StatusEntry) bool { return s.Type == RevocationList })
	if (len(h.Schema) > 0 || h.Refresh != nil || revocationList) && !slices.Contains(h.Contexts, ContextExtensions) {
		v.Problems.Add("/@context", "The types of schema, refresh service and revocation list need the context %s.", ContextExtensions)
	}
	if !slices.Contains(h.Types, typeVerifiable) || !slices.ContainsFunc(h.Types, func(t string) bool { return slices.Contains(h.MustHave, t) }) {
		v.Problems.Add("/type", "The types must include %s and %s.", typeVerifiable, h.MustHave[0])
	}
	v.Required("/name", h.Name)
	v.Required("/issuer/name", h.Issuer.Name)
	for i, s := range h.Schema {
		v.IRI(item("/credentialSchema", i)+"/id", s.ID)
	}
	for i, s := range h.Status {
		v.statusEntry(item("/credentialStatus", i), s)
	}
	if h.Refresh != nil {
		v.IRI("/refreshService/id", h.Refresh.ID)
	}
	v.related(h.Related)
}

func (v *Checker) related(list []RelatedResource) {
	seen := map[string]bool{}
	for i, r := range list {
		path := item("/relatedResource", i)
		v.Required(path+"/id", r.ID)
		v.IRI(path+"/id", r.ID)
		if seen[r.ID] {
			v.Problems.Add(path+"/id", "The same resource is given twice.")
		}
		seen[r.ID] = true
		if r.DigestSRI == "" && r.DigestMultibase == "" {
			v.Problems.Add(path, "A digest is missing.")
		}
		v.digests(path, r.DigestSRI, r.DigestMultibase)
	}
}

func (v *Checker) evidence(path string, e *Evidence) {
	v.IRI(path+"/id", e.ID)
	if !v.Issuing {
		return
	}
	if *e == (Evidence{}) {
		v.Problems.Add(path, "The evidence says nothing.")
	}
	v.digests(path, e.DigestSRI, e.DigestMultibase)
}

func (v *Checker) digests(path, sri, multibase string) {
	if sri != "" {
		if _, err := credential.ParseDigestSRI(sri); err != nil {
			v.Problems.Add(path+"/digestSRI", "The value must be a digest such as sha384-… in base64.")
		}
	}
	if multibase != "" {
		if _, err := credential.ParseDigestMultibase(multibase); err != nil {
			v.Problems.Add(path+"/digestMultibase", "The value must be a multihash in multibase.")
		}
	}
}

func (v *Checker) statusEntry(path string, s StatusEntry) {
	v.Required(path+"/id", s.ID)
	v.IRI(path+"/id", s.ID)
	if s.Type != StatusType {
		return
	}
	v.Required(path+"/statusPurpose", s.Purpose)
	v.Required(path+"/statusListCredential", s.ListCredential)
	v.IRI(path+"/statusListCredential", s.ListCredential)
	if n, err := strconv.ParseUint(s.Index, 10, 31); err != nil || strconv.FormatUint(n, 10) != s.Index {
		v.Problems.Add(path+"/statusListIndex", "The position must be a decimal number.")
	}
}

// Required checks that s says something.
func (v *Checker) Required(path, s string) {
	if strings.TrimSpace(s) == "" {
		v.Problems.Add(path, "The value is missing.")
	}
}

// IRI checks an address that JSON-LD resolves: in a new document a relative one
// would mean something else wherever it is read. Empty ones are not there.
func (v *Checker) IRI(path, s string) {
	if s != "" && v.Issuing && !credential.IsURI(s) {
		v.Problems.Add(path, "The value must be a complete address (with a scheme, such as https: or urn:).")
	}
}

func (v *Checker) word(path, s string, words []string) {
	if s != "" && !oneOf(s, words) {
		v.Problems.Add(path, "The value %q is not one that the specification knows; others start with %s.", s, extensionPrefix)
	}
}

func (v *Checker) language(path, s string) {
	if s != "" && !language.MatchString(s) {
		v.Problems.Add(path, "The value must be a language code such as en or pt-BR.")
	}
}

// number checks an amount, which JSON can carry only if it is finite.
func (v *Checker) number(path string, n float64) {
	if v.Issuing && (n < 0 || math.IsNaN(n) || math.IsInf(n, 0)) {
		v.Problems.Add(path, "The value must be a number that is not negative.")
	}
}

// item is the path of an entry of a list.
func item(path string, i int) string { return path + "/" + strconv.Itoa(i) }
