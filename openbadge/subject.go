package openbadge

import "time"

// Subject is who achieved it, and how (specification, section B.3,
// AchievementSubject). It has an ID, an Identifier, or both.
type Subject struct {
	ID                string           `json:"id,omitempty"` // DID or other URI of the recipient
	Identifier        []IdentityObject `json:"identifier,omitempty"`
	Achievement       Achievement      `json:"achievement"`
	ActivityStartDate time.Time        `json:"activityStartDate,omitzero"`
	ActivityEndDate   time.Time        `json:"activityEndDate,omitzero"`
	CreditsEarned     float64          `json:"creditsEarned,omitempty"`
	Image             *Image           `json:"image,omitempty"`
	LicenseNumber     string           `json:"licenseNumber,omitempty"`
	Narrative         string           `json:"narrative,omitempty"` // Markdown
	Result            []Result         `json:"result,omitempty"`
	Role              string           `json:"role,omitempty"`
	Source            *Profile         `json:"source,omitempty"` // who assessed, if not the issuer
	Term              string           `json:"term,omitempty"`   // academic term
}

// MarshalJSON implements json.Marshaler.
func (s Subject) MarshalJSON() ([]byte, error) {
	type plain Subject
	return encode(struct {
		ID   string   `json:"id,omitempty"`
		Type []string `json:"type"`
		plain
	}{s.ID, []string{"AchievementSubject"}, plain(s)})
}

// Result is what was reached: a value, a level or a status, for one of the
// achievement's result descriptions.
type Result struct {
	ResultDescription string      `json:"resultDescription,omitempty"` // ID of a ResultDescription
	Value             string      `json:"value,omitempty"`
	AchievedLevel     string      `json:"achievedLevel,omitempty"` // ID of a RubricCriterionLevel
	Status            string      `json:"status,omitempty"`        // one of ResultStatuses
	Alignment         []Alignment `json:"alignment,omitempty"`
}

// MarshalJSON implements json.Marshaler.
func (r Result) MarshalJSON() ([]byte, error) {
	type plain Result
	return encode(struct {
		Type []string `json:"type"`
		plain
	}{[]string{"Result"}, plain(r)})
}

// Evidence shows that something was achieved.
type Evidence struct {
	ID          string `json:"id,omitempty"` // web address or data: URI
	Name        string `json:"name,omitempty"`
	Description string `json:"description,omitempty"`
	Narrative   string `json:"narrative,omitempty"` // Markdown
	Genre       string `json:"genre,omitempty"`
	Audience    string `json:"audience,omitempty"`
	// Digests of what is found at ID, as credential.Digest writes them: they
	// show later that it is still what the issuer saw.
	DigestSRI       string `json:"digestSRI,omitempty"`
	DigestMultibase string `json:"digestMultibase,omitempty"`
}

// MarshalJSON implements json.Marshaler.
func (e Evidence) MarshalJSON() ([]byte, error) {
	type plain Evidence
	return encode(struct {
		ID   string   `json:"id,omitempty"`
		Type []string `json:"type"`
		plain
	}{e.ID, []string{"Evidence"}, plain(e)})
}
