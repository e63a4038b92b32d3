// Package ob2 writes and reads Open Badges 2.0, and reads what came before it:
// 1.1, 1.0 and 0.5.
//
// Such a badge is an Assertion about a recipient, which names a BadgeClass,
// which names the Profile of its issuer. It carries no proof of its own: either
// it is hosted, and what is found at its address counts, or it is signed as a
// JWS by a key that the issuer's profile names. Verifier goes both ways.
//
// Reading brings all versions to the form of 2.0.
package ob2

import "time"

// Context is the JSON-LD context of Open Badges 2.0.
const Context = "https://w3id.org/openbadges/v2"

const contextV1 = "https://w3id.org/openbadges/v1"

// Versions of a badge.
const (
	Version20 = "2.0"
	Version11 = "1.1"
	Version10 = "1.0"
	Version05 = "0.5"
)

// Types of Verification.
const (
	Hosted = "HostedBadge" // also written hosted
	Signed = "SignedBadge" // also written signed
)

// Assertion is an awarded badge.
type Assertion struct {
	Version      string // of the document that was read; all are brought to the form of 2.0
	ID           string // address of a hosted badge; of a signed one also urn:uuid
	UID          string // name within the issuer, before 2.0
	Recipient    Recipient
	Badge        BadgeClass // as far as the document has it; only an ID if it is an address
	Verification Verification
	IssuedOn     time.Time
	Expires      time.Time // zero: never
	Image        *Image    // the picture with the badge in it
	Evidence     []Evidence
	Narrative    string // Markdown
	Revoked      bool   // the host says so
	Reason       string // of the revocation
	Endorsement  []Endorsement
}

// Recipient is who a badge was awarded to.
type Recipient struct {
	Type     string `json:"type"` // email, url, telephone or id
	Hashed   bool   `json:"hashed"`
	Salt     string `json:"salt,omitempty"`
	Identity string `json:"identity"` // as openbadge.HashIdentity writes it, or plain text if not Hashed
}

// Verification says how a badge is verified.
type Verification struct {
	Type    string // Hosted or Signed
	Creator string // address of the key, of signed badges
	URL     string // before 2.0: address of the badge, or of the key
}

// BadgeClass is what can be earned.
type BadgeClass struct {
	ID          string
	Name        string // "": only the ID is known
	Description string
	Image       *Image
	Criteria    Criteria
	Issuer      Profile // as far as the document has it; only an ID if it is an address
	Alignment   []Alignment
	Tags        []string
	Endorsement []Endorsement
}

// Profile is an issuer.
type Profile struct {
	ID             string
	Name           string // "": only the ID is known
	URL            string
	Email          string
	Telephone      string
	Description    string
	Image          *Image
	PublicKey      []CryptographicKey // only IDs if they are addresses
	Verification   *Policy
	RevocationList string // address
	Endorsement    []Endorsement
}

// Policy says which addresses an issuer's hosted badges have.
type Policy struct {
	AllowedOrigins []string // hosts
	StartsWith     []string // beginnings of addresses
}

// CryptographicKey is a key of an issuer.
type CryptographicKey struct {
	ID           string // address
	Owner        string // ID of the Profile
	PublicKeyPEM string // "": only the ID is known
}

// Image is a picture by address.
type Image struct {
	ID      string // web address or data: URI
	Caption string
	Author  string // address
}

// Criteria say how a badge is earned.
type Criteria struct {
	ID        string // address
	Narrative string // Markdown
}

// Evidence shows that a badge was earned.
type Evidence struct {
	ID          string `json:"id,omitempty"`
	Narrative   string `json:"narrative,omitempty"`
	Name        string `json:"name,omitempty"`
	Description string `json:"description,omitempty"`
	Genre       string `json:"genre,omitempty"`
	Audience    string `json:"audience,omitempty"`
}

// Alignment points to an entry of a framework.
type Alignment struct {
	Name        string `json:"targetName"`
	URL         string `json:"targetUrl"`
	Description string `json:"targetDescription,omitempty"`
	Framework   string `json:"targetFramework,omitempty"`
	Code        string `json:"targetCode,omitempty"`
}

// Endorsement says that its issuer stands behind what it is about.
type Endorsement struct {
	ID           string
	About        string // ID of the assertion, badge or profile
	Comment      string
	Issuer       Profile
	IssuedOn     time.Time
	Verification Verification
}

// RevocationList names signed badges that were taken back.
type RevocationList struct {
	ID      string
	Issuer  string // ID of the Profile
	Revoked []Revocation
}

// Revocation is one badge that was taken back.
type Revocation struct {
	ID     string `json:"id,omitempty"`  // of the Assertion
	UID    string `json:"uid,omitempty"` // of the Assertion, before 2.0
	Reason string `json:"revocationReason,omitempty"`
}

// Find returns the entry that names a, if there is one.
func (l *RevocationList) Find(a *Assertion) (Revocation, bool) {
	for _, r := range l.Revoked {
		if r.ID != "" && r.ID == a.ID || r.UID != "" && r.UID == a.UID {
			return r, true
		}
	}
	return Revocation{}, false
}
