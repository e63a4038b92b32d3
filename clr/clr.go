// Package clr writes and reads learner records: Comprehensive Learner Record
// 2.0, a credential that holds others whole, with their own signatures.
//
// New takes what a record must have, Hold puts signed credentials into it, and
// Document says in sentences what is wrong or returns JSON for signing.
package clr

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/roundel/roundel/credential"
	"github.com/roundel/roundel/openbadge"
)

// Addresses that documents refer to.
const (
	Context  = "https://purl.imsglobal.org/spec/clr/v2p0/context-2.0.1.json"
	SchemaID = "https://purl.imsglobal.org/spec/clr/v2p0/schema/json/clr_v2p0_clrcredential_schema.json"
)

// TypeRecord is the type of a learner record.
const TypeRecord = "ClrCredential"

// Record is a learner record (specification, section B.1.2, ClrCredential).
type Record struct {
	Contexts       []string                    `json:"@context"` // in this order; New sets them
	ID             string                      `json:"id"`       // permanent address or urn:uuid; required
	Types          []string                    `json:"type"`     // VerifiableCredential and ClrCredential, and perhaps more
	Name           string                      `json:"name"`     // plain text; required
	Description    string                      `json:"description,omitempty"`
	Image          *openbadge.Image            `json:"image,omitempty"`
	Partial        bool                        `json:"partial,omitempty"`    // it leaves out something of what the issuer knows
	Issuer         openbadge.Profile           `json:"issuer"`               // whose key signs it
	ValidFrom      time.Time                   `json:"validFrom"`            // required; written in UTC, in whole seconds
	ValidUntil     time.Time                   `json:"validUntil,omitzero"`  // zero: no end
	AwardedDate    time.Time                   `json:"awardedDate,omitzero"` // zero: not said
	Subject        Subject                     `json:"credentialSubject"`
	Evidence       []openbadge.Evidence        `json:"evidence,omitempty"`
	Endorsement    []json.RawMessage           `json:"endorsement,omitempty"`    // signed; see openbadge.ParseEndorsement
	EndorsementJWT []string                    `json:"endorsementJwt,omitempty"` // for records that are JWTs
	TermsOfUse     []openbadge.TermsOfUse      `json:"termsOfUse,omitempty"`
	Schema         []openbadge.SchemaRef       `json:"credentialSchema,omitempty"` // JSON Schemas that it keeps
	Status         openbadge.Statuses          `json:"credentialStatus,omitempty"` // where it may be withdrawn; empty: never
	Refresh        *openbadge.Refresh          `json:"refreshService,omitempty"`   // where there is a newer version
	Related        []openbadge.RelatedResource `json:"relatedResource,omitempty"`  // what it refers to, with digests
}

// Subject is whose record it is, and what it holds (ClrSubject).
type Subject struct {
	ID          string                     `json:"id,omitempty"` // DID or other URI of the learner
	Identifier  []openbadge.IdentityObject `json:"identifier,omitempty"`
	Achievement []openbadge.Achievement    `json:"achievement,omitempty"` // described here, awarded in Held
	Held        []Held                     `json:"verifiableCredential"`  // at least one; see Record.Hold
	Association []Association              `json:"association,omitempty"`
}

// MarshalJSON implements json.Marshaler.
func (s Subject) MarshalJSON() ([]byte, error) {
	type plain Subject
	return encode(struct {
		ID   string   `json:"id,omitempty"`
		Type []string `json:"type"`
		plain
	}{s.ID, []string{"ClrSubject"}, plain(s)})
}

// Held is a signed credential inside a record. Exactly one member is set.
type Held struct {
	Document json.RawMessage // a credential with proofs of its own
	JWT      string          // a compact JWS, in records that are JWTs themselves
}

// MarshalJSON implements json.Marshaler.
func (h Held) MarshalJSON() ([]byte, error) {
	if h.JWT != "" {
		return encode(h.JWT)
	}
	return h.Document, nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (h *Held) UnmarshalJSON(text []byte) error {
	if bytes.HasPrefix(text, []byte(`"`)) {
		return json.Unmarshal(text, &h.JWT)
	}
	h.Document = bytes.Clone(text)
	return nil
}

// Association says how two things that the record holds belong together.
type Association struct {
	Kind     string `json:"associationType"` // one of AssociationTypes
	SourceID string `json:"sourceId"`        // of an achievement or credential
	TargetID string `json:"targetId"`
}

// MarshalJSON implements json.Marshaler.
func (a Association) MarshalJSON() ([]byte, error) {
	type plain Association
	return encode(struct {
		Type string `json:"type"`
		plain
	}{"Association", plain(a)})
}

// AssociationTypes returns the words that Association.Kind can be, as in
// "source isPartOf target".
func AssociationTypes() []string {
	return []string{"exactMatchOf", "isChildOf", "isParentOf", "isPartOf", "isPeerOf", "isRelatedTo", "precedes", "replacedBy"}
}

// MarshalJSON implements json.Marshaler. Times are written in UTC and in whole
// seconds.
func (r Record) MarshalJSON() ([]byte, error) {
	type plain Record
	for _, t := range []*time.Time{&r.ValidFrom, &r.ValidUntil, &r.AwardedDate} {
		if !t.IsZero() {
			*t = t.UTC().Truncate(time.Second)
		}
	}
	return encode(plain(r))
}

// encode is json.Marshal without the escapes that only web pages need.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// New returns a record called name in which issuer says, from the time from on,
// what learner has. id is its permanent address or a urn:uuid. Contexts, types
// and schema are set; callers put in at least one credential with Hold and then
// call Document.
func New(id, name string, issuer openbadge.Profile, learner Subject, from time.Time) *Record {
	return &Record{
		Contexts:  []string{credential.ContextV2, Context, openbadge.Context, openbadge.ContextExtensions},
		ID:        id,
		Types:     []string{"VerifiableCredential", TypeRecord},
		Name:      name,
		Issuer:    issuer,
		ValidFrom: from,
		Subject:   learner,
		Schema:    []openbadge.SchemaRef{{ID: SchemaID, Type: openbadge.SchemaType}},
	}
}

// Hold puts a signed credential into the record: JSON with a proof, kept as it
// is, or a compact JWS, for records that are signed as JWTs themselves. The
// error is openbadge.Problems.
func (r *Record) Hold(signed []byte) error {
	h := Held{Document: bytes.Clone(signed)}
	if isJWS(signed) {
		h = Held{JWT: string(signed)}
	}
	v := &openbadge.Checker{Issuing: true, JWT: true}
	held(v, "", h)
	if err := v.Err(); err != nil {
		return err
	}
	r.Subject.Held = append(r.Subject.Held, h)
	return nil
}

// Associate says that the thing with the id source is related to the one with
// the id target in the way that kind names, one of AssociationTypes.
func (r *Record) Associate(kind, source, target string) {
	r.Subject.Association = append(r.Subject.Association, Association{kind, source, target})
}

// Document returns the JSON of the record, ready for a Data Integrity proof. The
// error is openbadge.Problems if Validate finds any.
func (r *Record) Document() ([]byte, error) { return r.document(false) }

// DocumentForJWT is Document for a record that is signed as a JWT: it can hold
// JWTs.
func (r *Record) DocumentForJWT() ([]byte, error) { return r.document(true) }

func (r *Record) document(jwt bool) ([]byte, error) {
	v := &openbadge.Checker{Issuing: true, JWT: jwt}
	check(v, r)
	if err := v.Err(); err != nil {
		return nil, err
	}
	return r.MarshalJSON()
}

// Endorsements lists the endorsements of the record and of what it describes
// itself. Those of held credentials are theirs.
func (r *Record) Endorsements() []openbadge.Endorsed {
	all := openbadge.EndorsementsAt("", r.Endorsement, r.EndorsementJWT, "")
	all = append(all, r.Issuer.Endorsements("/issuer")...)
	for i := range r.Subject.Achievement {
		all = append(all, r.Subject.Achievement[i].Endorsements(item("/credentialSubject/achievement", i))...)
	}
	return all
}
