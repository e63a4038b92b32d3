package openbadge

import "encoding/json"

// Profile describes an organisation or a person (specification, section B.14).
type Profile struct {
	ID               string            `json:"id"` // a DID or a web address
	Name             string            `json:"name,omitempty"`
	URL              string            `json:"url,omitempty"`
	Phone            string            `json:"phone,omitempty"`
	Description      string            `json:"description,omitempty"`
	Image            *Image            `json:"image,omitempty"`
	Email            string            `json:"email,omitempty"`
	Address          *Address          `json:"address,omitempty"`
	OtherIdentifier  []IdentifierEntry `json:"otherIdentifier,omitempty"`
	Official         string            `json:"official,omitempty"` // who is named as signing for it
	ParentOrg        *Profile          `json:"parentOrg,omitempty"`
	FamilyName       string            `json:"familyName,omitempty"`
	GivenName        string            `json:"givenName,omitempty"`
	AdditionalName   string            `json:"additionalName,omitempty"`
	PatronymicName   string            `json:"patronymicName,omitempty"`
	HonorificPrefix  string            `json:"honorificPrefix,omitempty"`
	HonorificSuffix  string            `json:"honorificSuffix,omitempty"`
	FamilyNamePrefix string            `json:"familyNamePrefix,omitempty"`
	DateOfBirth      string            `json:"dateOfBirth,omitempty"`    // YYYY-MM-DD
	Endorsement      []json.RawMessage `json:"endorsement,omitempty"`    // signed; see ParseEndorsement
	EndorsementJWT   []string          `json:"endorsementJwt,omitempty"` // for badges that are JWTs
}

// MarshalJSON implements json.Marshaler.
func (p Profile) MarshalJSON() ([]byte, error) {
	type plain Profile
	return encode(struct {
		ID   string   `json:"id"`
		Type []string `json:"type"`
		plain
	}{p.ID, []string{"Profile"}, plain(p)})
}

// Image is a picture by address.
type Image struct {
	ID      string `json:"id"`                // web address or data: URI
	Caption string `json:"caption,omitempty"` // what it shows, for those who do not see it
}

// MarshalJSON implements json.Marshaler.
func (i Image) MarshalJSON() ([]byte, error) {
	type plain Image
	return encode(struct {
		ID   string `json:"id"`
		Type string `json:"type"`
		plain
	}{i.ID, "Image", plain(i)})
}

// Address is a postal address.
type Address struct {
	Country     string       `json:"addressCountry,omitempty"`
	CountryCode string       `json:"addressCountryCode,omitempty"` // ISO 3166-1 alpha-2
	Region      string       `json:"addressRegion,omitempty"`
	Locality    string       `json:"addressLocality,omitempty"`
	Street      string       `json:"streetAddress,omitempty"`
	PostBox     string       `json:"postOfficeBoxNumber,omitempty"`
	PostalCode  string       `json:"postalCode,omitempty"`
	Geo         *Coordinates `json:"geo,omitempty"`
}

// MarshalJSON implements json.Marshaler.
func (a Address) MarshalJSON() ([]byte, error) {
	type plain Address
	return encode(struct {
		Type []string `json:"type"`
		plain
	}{[]string{"Address"}, plain(a)})
}

// Coordinates are a place on Earth, in degrees (WGS 84).
type Coordinates struct {
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
}

// MarshalJSON implements json.Marshaler.
func (c Coordinates) MarshalJSON() ([]byte, error) {
	type plain Coordinates
	return encode(struct {
		Type string `json:"type"`
		plain
	}{"GeoCoordinates", plain(c)})
}

// IdentifierEntry is an identifier under which others know something.
type IdentifierEntry struct {
	Identifier string `json:"identifier"`
	Type       string `json:"identifierType"` // one of IdentityTypes, or ext:…
}

// MarshalJSON implements json.Marshaler.
func (e IdentifierEntry) MarshalJSON() ([]byte, error) {
	type plain IdentifierEntry
	return encode(struct {
		Type string `json:"type"`
		plain
	}{"IdentifierEntry", plain(e)})
}
