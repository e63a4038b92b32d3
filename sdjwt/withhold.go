package sdjwt

import (
	"fmt"
	"slices"
	"strings"
)

// critical are the members of a credential that a verdict depends on, and the
// JWT claims that may stand beside them. Whoever holds a credential must not be
// able to leave its end or its withdrawal away (VC-JOSE-COSE, sections 3.2.1 and
// 3.2.2; RFC 9901, section 9.7).
var critical = []string{
	"@context", "type", "issuer", "validFrom", "validUntil", "issuanceDate", "expirationDate",
	"credentialStatus", "credentialSchema", "termsOfUse", "refreshService", "relatedResource",
	"iss", "nbf", "exp", "cnf", "vct", "status",
}

// isCritical reports whether path, a JSON Pointer into a document of kind vc or
// vp, points at a critical member or a part of one. What an issuer says about
// itself beside its id is not critical.
//
// In a presentation, the holder and the credentials are not either: who makes
// one chooses what it holds anyhow, and the published test suite of VC-JOSE-COSE
// withholds both. The parts of a credential in it are: without them it is not
// what its issuer signed.
func isCritical(path, kind string) bool {
	names, _ := steps(path)
	if len(names) == 0 || slices.Contains(names, "@context") {
		return true
	}
	if kind == "vp" && names[0] == "verifiableCredential" {
		// The one credential, a list of them, or one of a list.
		_, element := index(names[len(names)-1], maxDisclosures)
		return len(names) > 2 || len(names) == 2 && !element
	}
	if names[0] == "issuer" && len(names) > 1 {
		return names[1] == "id"
	}
	return slices.Contains(critical, names[0])
}

// refuseCritical refuses pointers to what may not be withheld.
func refuseCritical(pointers []string, kind string) error {
	for _, p := range pointers {
		if _, ok := steps(p); ok && isCritical(p, kind) {
			return fmt.Errorf("%w: %s may not be withheld, because whether the document holds good depends on it", ErrOptions, p)
		}
	}
	return nil
}

// Withholdable returns the JSON Pointers of what this token shows and its issuer
// should not have made disclosable (see IssueCredential): the holder could have
// left it away, and may do so towards others. It is empty for what this package
// issues.
func (d *Document) Withholdable() []string {
	var out []string
	for i := range d.Disclosures {
		if path := d.Disclosures[i].Path; isCritical(path, d.kind) {
			out = append(out, path)
		}
	}
	return out
}

// MayHide reports whether the holder may have left out the member of that name
// at the top level, or a part of it: there is a digest in its place that no
// disclosure is shown for. The digest may as well stand for another member, or
// for nothing.
//
// Where it reports true for credentialStatus or validUntil, say, nobody can tell
// from the token whether the credential was withdrawn, or has ended.
func (s *SDJWT) MayHide(member string) bool {
	shown := make(map[string]*Disclosure, len(s.Disclosures))
	for i := range s.Disclosures {
		shown[s.Disclosures[i].digest] = &s.Disclosures[i]
	}
	if v, present := s.Payload[member]; present {
		return hides(v, shown)
	}
	list, _ := s.Payload[nameSD].([]any)
	unopened := false
	for _, item := range list {
		digest, _ := item.(string)
		d := shown[digest]
		if d != nil && d.Name == member {
			return hides(d.Value, shown)
		}
		unopened = unopened || d == nil
	}
	return unopened && !isReserved(member)
}

// hides reports whether v holds a digest that is not among those shown.
func hides(v any, shown map[string]*Disclosure) bool {
	closed := func(v any) bool {
		digest, _ := v.(string)
		d := shown[digest]
		return d == nil || hides(d.Value, shown)
	}
	switch v := v.(type) {
	case map[string]any:
		for name, inner := range v {
			list, _ := inner.([]any)
			if name == nameSD && slices.ContainsFunc(list, closed) || name == nameElement && closed(inner) || !isReserved(name) && hides(inner, shown) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(v, func(item any) bool { return hides(item, shown) })
	}
	return false
}

// within reports whether path is one of members, as JSON Pointers, or below one.
func within(path string, members []string) bool {
	return slices.ContainsFunc(members, func(m string) bool { return path == m || strings.HasPrefix(path, m+"/") })
}
