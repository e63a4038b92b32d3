// Package openbadge writes and reads Open Badges 3.0 and endorsements of them.
//
// New and NewEndorsement take what a document must have; Document says in
// sentences what else is wrong, and returns JSON for signing if nothing is. A
// document that is to be signed as a JWT comes from DocumentForJWT.
//
// The types mirror the data model of the specification. Their JSON has a fixed
// order of members, no nulls and no empty arrays, and uses arrays wherever the
// stricter of the two published JSON Schemas wants them, so that what Document
// lets through passes both (but see Statuses.MarshalJSON).
package openbadge

import (
	"encoding/json"
	"time"

	"github.com/roundel/roundel/credential"
)

// Addresses that documents refer to.
const (
	Context             = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
	ContextExtensions   = "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json" // the types of SchemaRef and Refresh
	EndorsementSchemaID = "https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_endorsementcredential_schema.json"
	SchemaID            = "https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_achievementcredential_schema.json"
)

// Values of type members.
const (
	TypeCredential       = "OpenBadgeCredential"
	TypeAchievement      = "AchievementCredential" // another name for TypeCredential
	TypeEndorsement      = "EndorsementCredential"
	SchemaType           = "1EdTechJsonSchemaValidator2019"
	RefreshType          = "1EdTechCredentialRefresh"
	StatusType           = "BitstringStatusListEntry"
	RevocationList       = "1EdTechRevocationList"
	PurposeRevoke        = "revocation"
	PurposeSuspend       = "suspension"
	typeVerifiable       = "VerifiableCredential"
	extensionPrefix      = "ext:"
	identityTypeMail     = "emailAddress"
	identityTypeNational = "nationalIdentityNumber"
)

// AchievementCredential says that somebody has achieved something
// (specification, section B.1).
type AchievementCredential struct {
	Contexts       []string          `json:"@context"`
	ID             string            `json:"id"`
	Types          []string          `json:"type"`
	Name           string            `json:"name,omitempty"`
	Description    string            `json:"description,omitempty"`
	Image          *Image            `json:"image,omitempty"`
	Issuer         Profile           `json:"issuer"`
	ValidFrom      time.Time         `json:"validFrom"`
	ValidUntil     time.Time         `json:"validUntil,omitzero"`
	AwardedDate    time.Time         `json:"awardedDate,omitzero"` // when it was first awarded, if ValidFrom is that of a newer copy
	Subject        Subject           `json:"credentialSubject"`
	Evidence       []Evidence        `json:"evidence,omitempty"`
	Endorsement    []json.RawMessage `json:"endorsement,omitempty"`    // signed EndorsementCredentials, as they are; see ParseEndorsement
	EndorsementJWT []string          `json:"endorsementJwt,omitempty"` // for badges that are JWTs: no published context knows the term
	TermsOfUse     []TermsOfUse      `json:"termsOfUse,omitempty"`
	Schema         []SchemaRef       `json:"credentialSchema,omitempty"`
	Status         Statuses          `json:"credentialStatus,omitempty"`
	Refresh        *Refresh          `json:"refreshService,omitempty"`
	Related        []RelatedResource `json:"relatedResource,omitempty"`
}

// RelatedResource is a file that the credential depends on, by its address and
// at least one digest: credential.Digest writes them.
type RelatedResource struct {
	ID              string `json:"id"`
	MediaType       string `json:"mediaType,omitempty"`
	DigestSRI       string `json:"digestSRI,omitempty"`
	DigestMultibase string `json:"digestMultibase,omitempty"`
}

// SchemaRef names the JSON Schema that a credential follows.
type SchemaRef struct {
	ID   string `json:"id"`
	Type string `json:"type"`
}

// Refresh says where a newer version of a credential can be had.
type Refresh struct {
	ID   string `json:"id"`
	Type string `json:"type"`
}

// TermsOfUse names terms under which a credential was issued.
type TermsOfUse struct {
	ID   string `json:"id,omitempty"`
	Type string `json:"type"`
}

// StatusEntry says where the state of a credential is published. For a
// RevocationList only ID and Type are set.
type StatusEntry struct {
	ID             string `json:"id,omitempty"`
	Type           string `json:"type"`
	Purpose        string `json:"statusPurpose,omitempty"`
	Index          string `json:"statusListIndex,omitempty"`      // position in the list, a decimal number
	ListCredential string `json:"statusListCredential,omitempty"` // address of the signed list
}

// Statuses are the places where the states of one credential are published.
type Statuses []StatusEntry

// Problem is one breach of the specification: path and sentence.
type Problem = credential.Problem

// Problems are all breaches found in a document.
type Problems = credential.Problems
