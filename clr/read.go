package clr

import (
	"regexp"
	"slices"

	"github.com/roundel/roundel/credential"
	"github.com/roundel/roundel/openbadge"
)

var (
	context   = regexp.MustCompile(`^https://purl\.imsglobal\.org/spec/clr/v2p0/context(-2\.\d\.\d)*\.json$`)
	obContext = regexp.MustCompile(`^https://purl\.imsglobal\.org/spec/ob/v3p0/context(-3\.\d\.\d)*\.json$`)
)

// shapes of the classes that only learner records have.
var shapes = map[string]openbadge.Shape{
	"Record": {
		Lists: []string{"evidence", "endorsement", "endorsementJwt", "termsOfUse", "credentialSchema", "credentialStatus", "relatedResource"},
		Members: map[string]string{"image": "Image", "issuer": "Profile", "credentialSubject": "ClrSubject", "evidence": "Evidence",
			"termsOfUse": "Plain", "credentialSchema": "Plain", "credentialStatus": "Plain", "refreshService": "Plain"},
	},
	"ClrSubject": {
		Class: "ClrSubject", Lists: []string{"identifier", "achievement", "verifiableCredential", "association"},
		Members: map[string]string{"identifier": "Identity", "achievement": "Achievement", "association": "Association"},
	},
	"Association": {Class: "Association", OneType: true},
}

// Is reports whether c says that it is a learner record, so that Read applies.
func Is(c *credential.Credential) bool { return c.HasType(TypeRecord) }

// Read returns c as a learner record, for showing it, as leniently as
// openbadge.Read. What it holds is not read: each entry of Subject.Held goes
// through the same steps as any credential. The error is openbadge.Problems.
//
// Parse records with credential.ParseLimit and credential.MaxRecordBytes.
func Read(c *credential.Credential) (*Record, error) {
	v := &openbadge.Checker{}
	if !Is(c) {
		v.Problems.Add("/type", "The types do not include %s.", TypeRecord)
	}
	if !slices.ContainsFunc(c.Contexts, context.MatchString) || !slices.ContainsFunc(c.Contexts, obContext.MatchString) {
		v.Problems.Add("/@context", "The contexts of learner records 2.0 and Open Badges 3.0 are missing.")
	}
	if len(c.Subject) != 1 {
		v.Problems.Add("/credentialSubject", "A record is about exactly one learner.")
	}
	var r Record
	v.Decode(c, "Record", shapes, &r)
	if err := v.Err(); err != nil {
		return nil, err
	}
	r.Contexts, r.Types = c.Contexts, c.Types
	r.ValidFrom, r.ValidUntil = c.ValidFrom, c.ValidUntil
	check(v, &r)
	if err := v.Err(); err != nil {
		return nil, err
	}
	return &r, nil
}
