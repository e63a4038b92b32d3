package openbadge

import (
	"time"

	"github.com/roundel/roundel/credential"
)

// New returns a credential that says that issuer awards a to s from the time
// from on. id is its permanent address or a urn:uuid. Contexts, types, schema
// and name (the achievement's) are set; callers add what else they know and
// then call Document.
func New(id string, issuer Profile, a Achievement, s Subject, from time.Time) *AchievementCredential {
	s.Achievement = a
	return &AchievementCredential{
		Contexts:  []string{credential.ContextV2, Context, ContextExtensions},
		ID:        id,
		Types:     []string{typeVerifiable, TypeCredential},
		Name:      a.Name,
		Issuer:    issuer,
		ValidFrom: from,
		Subject:   s,
		Schema:    []SchemaRef{{ID: SchemaID, Type: SchemaType}},
	}
}

// SetRefresh says that newer versions of the credential are found at url.
func (c *AchievementCredential) SetRefresh(url string) {
	c.Refresh = &Refresh{ID: url, Type: RefreshType}
}

// AddStatus says that entry index of the Bitstring Status List at list tells
// whether the credential is in the state purpose, such as PurposeRevoke. index
// is a decimal number.
func (c *AchievementCredential) AddStatus(list, purpose, index string) {
	c.Status = append(c.Status, StatusEntry{
		ID:             list + "#" + index,
		Type:           StatusType,
		Purpose:        purpose,
		Index:          index,
		ListCredential: list,
	})
}

// Document returns the JSON of the credential, ready for a Data Integrity
// proof. The error is Problems if Validate finds any; endorsements that are
// JWTs are among them.
func (c *AchievementCredential) Document() ([]byte, error) {
	if problems := Validate(c); len(problems) > 0 {
		return nil, Problems(problems)
	}
	return c.MarshalJSON()
}

// DocumentForJWT returns the JSON of the credential, ready to be signed as a
// JWT. The error is Problems if ValidateForJWT finds any.
func (c *AchievementCredential) DocumentForJWT() ([]byte, error) {
	if problems := ValidateForJWT(c); len(problems) > 0 {
		return nil, Problems(problems)
	}
	return c.MarshalJSON()
}
