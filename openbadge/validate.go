package openbadge

import (
	"slices"
	"strconv"
	"strings"

	"github.com/roundel/roundel/credential"
)

// Validate returns everything that keeps c from being issued: breaches of the
// specification and of its JSON Schemas, and on top of them what would make
// the signed document hard to verify (addresses that are not complete, terms
// that no published context knows, results that describe nothing).
//
// Paths are JSON Pointers into the document.
func Validate(c *AchievementCredential) []*Problem {
	v := &validator{issuing: true}
	v.credential(c)
	v.forIssuing(c)
	return v.problems
}

// validator collects problems. When issuing is false it checks only what the
// published schemas demand, because badges of others are read leniently.
type validator struct {
	problems Problems
	issuing  bool
}

func (v *validator) credential(c *AchievementCredential) {
	v.required("/id", c.ID)
	v.iri("/id", c.ID)
	if c.ValidFrom.IsZero() {
		v.problems.Add("/validFrom", "The date from which it is valid is missing.")
	}
	if !c.ValidUntil.IsZero() && c.ValidUntil.Before(c.ValidFrom) {
		v.problems.Add("/validUntil", "The end of the validity period lies before its start.")
	}
	v.image("/image", c.Image)
	v.profile("/issuer", &c.Issuer)
	v.subject("/credentialSubject", &c.Subject)
	for i := range c.Evidence {
		v.iri(item("/evidence", i)+"/id", c.Evidence[i].ID)
	}
	v.jwts("/endorsementJwt", c.EndorsementJWT)
	for i, t := range c.TermsOfUse {
		v.required(item("/termsOfUse", i)+"/type", t.Type)
		v.iri(item("/termsOfUse", i)+"/id", t.ID)
	}
	for i, s := range c.Schema {
		v.required(item("/credentialSchema", i)+"/id", s.ID)
		v.required(item("/credentialSchema", i)+"/type", s.Type)
	}
	for i, s := range c.Status {
		v.required(item("/credentialStatus", i)+"/type", s.Type)
	}
	if c.Refresh != nil {
		v.required("/refreshService/id", c.Refresh.ID)
		v.required("/refreshService/type", c.Refresh.Type)
	}
}

// forIssuing checks what only new credentials must keep.
func (v *validator) forIssuing(c *AchievementCredential) {
	if len(c.Contexts) < 2 || c.Contexts[0] != credential.ContextV2 || c.Contexts[1] != Context {
		v.problems.Add("/@context", "A new badge must start with the contexts %s and %s.", credential.ContextV2, Context)
	}
	if (len(c.Schema) > 0 || c.Refresh != nil) && !slices.Contains(c.Contexts, ContextExtensions) {
		v.problems.Add("/@context", "The types of schema and refresh service need the context %s.", ContextExtensions)
	}
	if !slices.Contains(c.Types, typeVerifiable) || !slices.Contains(c.Types, TypeCredential) && !slices.Contains(c.Types, TypeAchievement) {
		v.problems.Add("/type", "The types must include %s and %s.", typeVerifiable, TypeCredential)
	}
	v.required("/name", c.Name)
	v.required("/issuer/name", c.Issuer.Name)
	if cr := c.Subject.Achievement.Criteria; cr == (Criteria{}) {
		v.problems.Add("/credentialSubject/achievement/criteria", "Say how it is earned: in words, by a web address, or both.")
	}
	v.results(&c.Subject)
	for i, s := range c.Status {
		v.statusEntry(item("/credentialStatus", i), s)
	}
	if c.Refresh != nil {
		v.iri("/refreshService/id", c.Refresh.ID)
	}
}

func (v *validator) statusEntry(path string, s StatusEntry) {
	v.required(path+"/id", s.ID)
	v.iri(path+"/id", s.ID)
	if s.Type != StatusType {
		return
	}
	v.required(path+"/statusPurpose", s.Purpose)
	v.required(path+"/statusListCredential", s.ListCredential)
	v.iri(path+"/statusListCredential", s.ListCredential)
	if n, err := strconv.ParseUint(s.Index, 10, 31); err != nil || strconv.FormatUint(n, 10) != s.Index {
		v.problems.Add(path+"/statusListIndex", "The position must be a decimal number.")
	}
}

// results checks that every result is of a described kind.
func (v *validator) results(s *Subject) {
	described := map[string]bool{}
	levels := map[string]bool{}
	for _, d := range s.Achievement.ResultDescription {
		described[d.ID] = true
		for _, l := range d.RubricCriterionLevel {
			levels[l.ID] = true
		}
	}
	for i, r := range s.Result {
		path := item("/credentialSubject/result", i)
		if r.ResultDescription != "" && !described[r.ResultDescription] {
			v.problems.Add(path+"/resultDescription", "The achievement describes no such result.")
		}
		if r.AchievedLevel != "" && !levels[r.AchievedLevel] {
			v.problems.Add(path+"/achievedLevel", "The achievement describes no such level.")
		}
		if r.Value == "" && r.AchievedLevel == "" && r.Status == "" {
			v.problems.Add(path, "The result says nothing: give a value, a level or a status.")
		}
	}
}

func (v *validator) required(path, s string) {
	if strings.TrimSpace(s) == "" {
		v.problems.Add(path, "The value is missing.")
	}
}

// iri checks an address that JSON-LD resolves: a relative one would mean
// something else wherever the document is read.
func (v *validator) iri(path, s string) {
	if s != "" && v.issuing && !credential.IsURI(s) {
		v.problems.Add(path, "The value must be a complete address (with a scheme, such as https: or urn:).")
	}
}

func (v *validator) word(path, s string, words []string) {
	if s != "" && !oneOf(s, words) {
		v.problems.Add(path, "The value %q is not one that the specification knows; others start with %s.", s, extensionPrefix)
	}
}

func (v *validator) language(path, s string) {
	if s != "" && !language.MatchString(s) {
		v.problems.Add(path, "The value must be a language code such as en or pt-BR.")
	}
}

func (v *validator) jwts(path string, list []string) {
	if v.issuing && len(list) > 0 {
		v.problems.Add(path, "Endorsements in this form cannot be signed: no published context knows the term.")
	}
	for i, s := range list {
		if !jws.MatchString(s) {
			v.problems.Add(item(path, i), "The value must be a compact JWS.")
		}
	}
}

// item is the path of an entry of a list.
func item(path string, i int) string { return path + "/" + strconv.Itoa(i) }
