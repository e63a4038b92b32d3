package openbadge

import "encoding/json"

// Achievement is what can be earned (specification, section B.2).
type Achievement struct {
	ID                string              `json:"id"`                        // absolute address; the same in all badges for the same thing
	AchievementType   string              `json:"achievementType,omitempty"` // one of AchievementTypes, or ext:…
	Name              string              `json:"name"`                      // plain text; required
	Description       string              `json:"description"`               // plain text; required
	Criteria          Criteria            `json:"criteria"`                  // required: an address, a text, or both
	Image             *Image              `json:"image,omitempty"`
	Creator           *Profile            `json:"creator,omitempty"` // who made it up, if not the issuer
	Alignment         []Alignment         `json:"alignment,omitempty"`
	CreditsAvailable  float64             `json:"creditsAvailable,omitempty"` // in units of the issuer, such as ECTS; 0: not said
	FieldOfStudy      string              `json:"fieldOfStudy,omitempty"`     // such as "Computer science"
	HumanCode         string              `json:"humanCode,omitempty"`        // what people call it in lists, such as CS101
	InLanguage        string              `json:"inLanguage,omitempty"`       // such as en or pt-BR
	OtherIdentifier   []IdentifierEntry   `json:"otherIdentifier,omitempty"`
	Related           []Related           `json:"related,omitempty"`           // such as other languages and versions
	ResultDescription []ResultDescription `json:"resultDescription,omitempty"` // what results an award may have
	Specialization    string              `json:"specialization,omitempty"`    // within FieldOfStudy
	Tag               []string            `json:"tag,omitempty"`               // words to search by
	Version           string              `json:"version,omitempty"`           // for people to tell apart; no order is implied
	Endorsement       []json.RawMessage   `json:"endorsement,omitempty"`       // signed; see ParseEndorsement
	EndorsementJWT    []string            `json:"endorsementJwt,omitempty"`    // for badges that are JWTs
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
	ID        string `json:"id,omitempty"`        // absolute address of a web page
	Narrative string `json:"narrative,omitempty"` // Markdown
}

// Alignment points from an achievement to an entry of a framework of skills,
// qualifications or curricula.
type Alignment struct {
	TargetCode        string `json:"targetCode,omitempty"` // the framework's own code of the entry
	TargetName        string `json:"targetName"`           // required
	TargetDescription string `json:"targetDescription,omitempty"`
	TargetFramework   string `json:"targetFramework,omitempty"` // the name of the framework
	TargetType        string `json:"targetType,omitempty"`      // one of AlignmentTypes, or ext:…
	TargetURL         string `json:"targetUrl"`                 // absolute address of the entry; required
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
	ID         string `json:"id"`                   // absolute address of the achievement; required
	InLanguage string `json:"inLanguage,omitempty"` // such as en or pt-BR
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
	ID                   string                 `json:"id"` // absolute address; Result.ResultDescription points to it
	Name                 string                 `json:"name"`
	ResultType           string                 `json:"resultType"`                     // one of ResultTypes, or ext:…
	AllowedValue         []string               `json:"allowedValue,omitempty"`         // from low to high
	RequiredLevel        string                 `json:"requiredLevel,omitempty"`        // ID of one of RubricCriterionLevel, that must be reached
	RequiredValue        string                 `json:"requiredValue,omitempty"`        // one of AllowedValue, or a number from ValueMin to ValueMax
	ValueMin             string                 `json:"valueMin,omitempty"`             // a number, as text
	ValueMax             string                 `json:"valueMax,omitempty"`             // a number, as text; not less than ValueMin
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
	ID          string      `json:"id"`   // absolute address; Result.AchievedLevel and ResultDescription.RequiredLevel point to it
	Name        string      `json:"name"` // plain text; required
	Description string      `json:"description,omitempty"`
	Level       string      `json:"level,omitempty"`  // its place in the rubric, in the issuer's words
	Points      string      `json:"points,omitempty"` // that the level is worth, a number as text
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
