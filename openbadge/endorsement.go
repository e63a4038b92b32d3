package openbadge

import (
	"slices"
	"time"

	"github.com/roundel/roundel/credential"
)

// EndorsementCredential says that its issuer stands behind somebody or
// something: an organisation, an achievement, an award (specification, section
// B.7).
type EndorsementCredential struct {
	Contexts    []string           `json:"@context"` // in this order; NewEndorsement sets them
	ID          string             `json:"id"`       // permanent address or urn:uuid; required
	Types       []string           `json:"type"`     // VerifiableCredential and EndorsementCredential, and perhaps more
	Name        string             `json:"name"`     // plain text; required
	Description string             `json:"description,omitempty"`
	Issuer      Profile            `json:"issuer"`               // whose key signs it
	ValidFrom   time.Time          `json:"validFrom"`            // required; written in UTC, in whole seconds
	ValidUntil  time.Time          `json:"validUntil,omitzero"`  // zero: no end
	AwardedDate time.Time          `json:"awardedDate,omitzero"` // zero: not said
	Subject     EndorsementSubject `json:"credentialSubject"`
	Evidence    []Evidence         `json:"evidence,omitempty"`
	TermsOfUse  []TermsOfUse       `json:"termsOfUse,omitempty"`
	Schema      []SchemaRef        `json:"credentialSchema,omitempty"` // JSON Schemas that it keeps
	Status      Statuses           `json:"credentialStatus,omitempty"` // where it may be withdrawn; empty: never
	Refresh     *Refresh           `json:"refreshService,omitempty"`   // where there is a newer version
	Related     []RelatedResource  `json:"relatedResource,omitempty"`  // what it refers to, with digests
}

// EndorsementSubject is what an endorsement is about.
type EndorsementSubject struct {
	ID      string `json:"id"`                           // of the profile, achievement or credential
	Comment string `json:"endorsementComment,omitempty"` // Markdown
}

// MarshalJSON implements json.Marshaler.
func (s EndorsementSubject) MarshalJSON() ([]byte, error) {
	type plain EndorsementSubject
	return encode(struct {
		ID   string   `json:"id"`
		Type []string `json:"type"`
		plain
	}{s.ID, []string{"EndorsementSubject"}, plain(s)})
}

// MarshalJSON implements json.Marshaler. Times are written in UTC and in whole
// seconds.
func (e EndorsementCredential) MarshalJSON() ([]byte, error) {
	type plain EndorsementCredential
	for _, t := range []*time.Time{&e.ValidFrom, &e.ValidUntil, &e.AwardedDate} {
		*t = wholeSeconds(*t)
	}
	return encode(plain(e))
}

// NewEndorsement returns a credential in which endorser stands behind what has
// the id about, from the time from on, for the reason that comment gives in
// Markdown. id is its permanent address or a urn:uuid; name says in short what
// it is. Contexts, types and schema are set.
func NewEndorsement(id, name string, endorser Profile, about, comment string, from time.Time) *EndorsementCredential {
	return &EndorsementCredential{
		Contexts:  []string{credential.ContextV2, Context, ContextExtensions},
		ID:        id,
		Types:     []string{typeVerifiable, TypeEndorsement},
		Name:      name,
		Issuer:    endorser,
		ValidFrom: from,
		Subject:   EndorsementSubject{ID: about, Comment: comment},
		Schema:    []SchemaRef{{ID: EndorsementSchemaID, Type: SchemaType}},
	}
}

// ValidateEndorsement is Validate for endorsements.
func ValidateEndorsement(e *EndorsementCredential) []*Problem {
	v := &Checker{Issuing: true}
	v.endorsement(e)
	return v.Problems
}

func (v *Checker) endorsement(e *EndorsementCredential) {
	v.Head(Head{
		Contexts: e.Contexts, Types: e.Types, ID: e.ID, Name: e.Name, Issuer: &e.Issuer, ValidFrom: e.ValidFrom, ValidUntil: e.ValidUntil,
		Evidence: e.Evidence, TermsOfUse: e.TermsOfUse, Schema: e.Schema, Status: e.Status, Refresh: e.Refresh, Related: e.Related,
		MustStart: []string{credential.ContextV2, Context}, MustHave: []string{TypeEndorsement},
	})
	v.Required("/credentialSubject/id", e.Subject.ID)
	v.IRI("/credentialSubject/id", e.Subject.ID)
}

// Document returns the JSON of the endorsement, ready for a Data Integrity
// proof. The error is Problems if ValidateEndorsement finds any.
func (e *EndorsementCredential) Document() ([]byte, error) { return e.document(false) }

// DocumentForJWT is Document for an endorsement that is signed as a JWT.
func (e *EndorsementCredential) DocumentForJWT() ([]byte, error) { return e.document(true) }

func (e *EndorsementCredential) document(jwt bool) ([]byte, error) {
	v := &Checker{Issuing: true, JWT: jwt}
	if v.endorsement(e); len(v.Problems) > 0 {
		return nil, v.Problems
	}
	return e.MarshalJSON()
}

// IsEndorsement reports whether c says that it is an endorsement, so that
// ReadEndorsement applies.
func IsEndorsement(c *credential.Credential) bool { return c.HasType(TypeEndorsement) }

// ReadEndorsement returns c as an endorsement, as leniently as Read. The error
// is Problems.
func ReadEndorsement(c *credential.Credential) (*EndorsementCredential, error) {
	v := &Checker{}
	if !IsEndorsement(c) {
		v.Problems.Add("/type", "The types do not include %s.", TypeEndorsement)
	}
	if !slices.ContainsFunc(c.Contexts, obContext.MatchString) {
		v.Problems.Add("/@context", "The context of Open Badges 3.0 is missing.")
	}
	if len(c.Subject) != 1 {
		v.Problems.Add("/credentialSubject", "An endorsement is about exactly one thing.")
	}
	var e EndorsementCredential
	v.Decode(c, "Endorsement", nil, &e)
	if err := v.Err(); err != nil {
		return nil, err
	}
	e.Contexts, e.Types = c.Contexts, c.Types
	e.ValidFrom, e.ValidUntil = c.ValidFrom, c.ValidUntil
	v.endorsement(&e)
	if err := v.Err(); err != nil {
		return nil, err
	}
	return &e, nil
}

// ParseEndorsement reads the JSON of an endorsement, such as an entry of
// Achievement.Endorsement. Nothing is verified. Errors are those of
// credential.Parse and ReadEndorsement.
func ParseEndorsement(document []byte) (*EndorsementCredential, error) {
	c, err := credential.Parse(document)
	if err != nil {
		return nil, err
	}
	return ReadEndorsement(c)
}
