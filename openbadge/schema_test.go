package openbadge

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/roundel/roundel/internal/vectors"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// schemaFamilies compiles both published JSON Schemas of an AchievementCredential.
func schemaFamilies(t *testing.T) map[string]*jsonschema.Schema {
	t.Helper()
	out := map[string]*jsonschema.Schema{}
	for _, family := range []string{"ob_v3p0", "ob_v3p0_strict"} {
		out[family] = schema(t, family, "ob_v3p0_achievementcredential_schema.json")
	}
	return out
}

func schema(t *testing.T, family, file string) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(vectors.File(t, "1edtech-schemas", family, file)))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	compiler.UseLoader(jsonschema.SchemeURLLoader{}) // no network
	// The published $id of the two families are crossed; any address will do.
	address := "urn:schema:" + family
	delete(doc.(map[string]any), "$id")
	if err := compiler.AddResource(address, doc); err != nil {
		t.Fatal(err)
	}
	s, err := compiler.Compile(address)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func validateJSON(t interface{ Fatal(...any) }, schema *jsonschema.Schema, text []byte) error {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return schema.Validate(doc)
}

func TestDocumentsPassBothSchemaFamilies(t *testing.T) {
	endorsed := maximalBadge()
	for _, err := range []error{
		endorsed.Endorse(endorsement(endorsed.ID)),
		endorsed.Issuer.Endorse(endorsement(endorsed.Issuer.ID)),
		endorsed.Subject.Achievement.Endorse(endorsement(endorsed.Subject.Achievement.ID)),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for family, schema := range schemaFamilies(t) {
		for name, badge := range map[string]*AchievementCredential{
			"minimal": minimalBadge(), "maximal": maximalBadge(), "endorsed": endorsed,
		} {
			text, err := badge.Document()
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if err := validateJSON(t, schema, text); err != nil {
				t.Errorf("%s, %s: %v\n%s", family, name, err, text)
			}
		}
	}
}

// The schemas know one status only. Two are what the Verifiable Credentials
// Data Model 2.0 allows and what we issue, so that a badge can be both paused
// and withdrawn; that must stay the only difference.
func TestSeveralStatusesAreTheOnlyDifferenceToTheSchemas(t *testing.T) {
	badge := maximalBadge()
	badge.AddStatus("https://uni.edu/status/2", PurposeSuspend, "12")
	text, err := badge.Document()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(text, []byte(`"credentialStatus":[{"id":"https://uni.edu/status/1#94567",`)) {
		t.Errorf("the statuses are not an array: %s", text)
	}
	for family, schema := range schemaFamilies(t) {
		var invalid *jsonschema.ValidationError
		if !errors.As(validateJSON(t, schema, text), &invalid) {
			t.Errorf("%s: the schema allows several statuses now; the exception can go", family)
			continue
		}
		for _, cause := range invalid.Causes {
			if path := strings.Join(cause.InstanceLocation, "/"); path != "credentialStatus" {
				t.Errorf("%s: %s: %v", family, path, cause)
			}
		}
	}
}

// What Validate refuses for the schemas' sake, the schemas refuse too.
func TestSchemasRefuseToo(t *testing.T) {
	for family, schema := range schemaFamilies(t) {
		for name, spoil := range map[string]func(*AchievementCredential){
			"achievement type": func(c *AchievementCredential) { c.Subject.Achievement.AchievementType = "Thing" },
			"language":         func(c *AchievementCredential) { c.Subject.Achievement.InLanguage = "English" },
			"result type":      func(c *AchievementCredential) { c.Subject.Achievement.ResultDescription[0].ResultType = "Stars" },
			"result status":    func(c *AchievementCredential) { c.Subject.Result[0].Status = "Passed" },
			"alignment type":   func(c *AchievementCredential) { c.Subject.Achievement.Alignment[0].TargetType = "Skill" },
			"identity type":    func(c *AchievementCredential) { c.Subject.Identifier[0].IdentityType = "email" },
			"identifier type":  func(c *AchievementCredential) { c.Issuer.OtherIdentifier[0].Type = "number" },
			"date of birth":    func(c *AchievementCredential) { c.Issuer.DateOfBirth = "24.12.1990" },
			"contexts":         func(c *AchievementCredential) { c.Contexts = c.Contexts[:1] },
			"types":            func(c *AchievementCredential) { c.Types = c.Types[:1] },
		} {
			badge := maximalBadge()
			spoil(badge)
			if len(Validate(badge)) == 0 {
				t.Errorf("%s: Validate lets it through", name)
			}
			text, err := badge.MarshalJSON()
			if err != nil {
				t.Fatal(err)
			}
			if validateJSON(t, schema, text) == nil {
				t.Errorf("%s, %s: the schema lets it through", family, name)
			}
		}
	}
}
