package openbadge

import "encoding/json"

// Achievement is what can be earned (specification, section B.2).
type Achievement struct {
	ID                string              `json:"id"`
	AchievementType   string              `json:"achievementType,omitempty"` // one of AchievementTypes, or ext:…
	Name              string              `json:"name"`
	Description       string              `json:"description"`
	Criteria          Criteria            `json:"criteria"`
	Image             *Image              `json:"image,omitempty"`
	Creator           *Profile            `json:"creator,omitempty"`
	Alignment         []Alignment         `json:"alignment,omitempty"`
	CreditsAvailable  float64             `json:"creditsAvailable,omitempty"`
	FieldOfStudy      string              `json:"fieldOfStudy,omitempty"`
	HumanCode         string              `json:"humanCode,omitempty"`
	InLanguage        string              `json:"inLanguage,omitempty"` // such as en or pt-BR
	OtherIdentifier   []IdentifierEntry   `json:"otherIdentifier,omitempty"`
	Related           []Related           `json:"related,omitempty"`
	ResultDescription []ResultDescription `json:"resultDescription,omitempty"`
	Specialization    string              `json:"specialization,omitempty"`
	Tag               []string            `json:"tag,omitempty"`
	Version           string              `json:"version,omitempty"`
	Endorsement       []json.RawMessage   `json:"endorsement,omitempty"`    // signed; see ParseEndorsement
	EndorsementJWT    []string            `json:"endorsementJwt,omitempty"` // for badges that are JWTs
}

// MarshalJSON implements json.Marshaler.
func (a Achievement) MarshalJSON() ([]byte, error) {
	type plain Achievement
	return encode(struct {
		ID   string   `json:"id"`
		Type []string `json:"type"`
		plain
	}{a.ID, []string{"Achievement"}, plain(a)})
}

// Criteria say how an achievement is earned: a web page, Markdown, or both.
type Criteria struct {
	ID        string `json:"id,omitempty"`
	Narrative string `json:"narrative,omitempty"`
}

// Alignment points from an achievement to an entry of a framework of skills,
// qualifications or curricula.
type Alignment struct {
	TargetCode        string `json:"targetCode,omitempty"`
	TargetName        string `json:"targetName"`
	TargetDescription string `json:"targetDescription,omitempty"`
	TargetFramework   string `json:"targetFramework,omitempty"`
	TargetType        string `json:"targetType,omitempty"` // one of AlignmentTypes, or ext:…
	TargetURL         string `json:"targetUrl"`
}

// MarshalJSON implements json.Marshaler.
func (a Alignment) MarshalJSON() ([]byte, error) {
	type plain Alignment
	return encode(struct {
		Type []string `json:"type"`
		plain
	}{[]string{"Alignment"}, plain(a)})
}

// Related names another achievement, for example the same in another language.
type Related struct {
	ID         string `json:"id"`
	InLanguage string `json:"inLanguage,omitempty"`
	Version    string `json:"version,omitempty"`
}

// MarshalJSON implements json.Marshaler.
func (r Related) MarshalJSON() ([]byte, error) {
	type plain Related
	return encode(struct {
		ID   string   `json:"id"`
		Type []string `json:"type"`
		plain
	}{r.ID, []string{"Related"}, plain(r)})
}

// ResultDescription says what a result of an achievement can be.
type ResultDescription struct {
	ID                   string                 `json:"id"`
	Name                 string                 `json:"name"`
	ResultType           string                 `json:"resultType"`             // one of ResultTypes, or ext:…
	AllowedValue         []string               `json:"allowedValue,omitempty"` // from low to high
	RequiredLevel        string                 `json:"requiredLevel,omitempty"`
	RequiredValue        string                 `json:"requiredValue,omitempty"`
	ValueMin             string                 `json:"valueMin,omitempty"`
	ValueMax             string                 `json:"valueMax,omitempty"`
	RubricCriterionLevel []RubricCriterionLevel `json:"rubricCriterionLevel,omitempty"` // from low to high
	Alignment            []Alignment            `json:"alignment,omitempty"`
}

// MarshalJSON implements json.Marshaler.
func (d ResultDescription) MarshalJSON() ([]byte, error) {
	type plain ResultDescription
	return encode(struct {
		ID   string   `json:"id"`
		Type []string `json:"type"`
		plain
	}{d.ID, []string{"ResultDescription"}, plain(d)})
}

// RubricCriterionLevel is one level of a rubric.
type RubricCriterionLevel struct {
	ID          string      `json:"id"`
	Name        string      `json:"name"`
	Description string      `json:"description,omitempty"`
	Level       string      `json:"level,omitempty"`
	Points      string      `json:"points,omitempty"`
	Alignment   []Alignment `json:"alignment,omitempty"`
}

// MarshalJSON implements json.Marshaler.
func (l RubricCriterionLevel) MarshalJSON() ([]byte, error) {
	type plain RubricCriterionLevel
	return encode(struct {
		ID   string   `json:"id"`
		Type []string `json:"type"`
		plain
	}{l.ID, []string{"RubricCriterionLevel"}, plain(l)})
}
