package verify

import (
	"bytes"
	"strings"
	"testing"

	"github.com/roundel/roundel/internal/vectors"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// The worked examples of the specifications carry their key in the fragment and
// name an issuer that nobody can ask: the signature is right, the issuer is not
// shown by it.
func TestPublishedExamples(t *testing.T) {
	for _, name := range []string{"ob3-signed.json", "clr2-signed.json"} {
		doc := vectors.File(t, "ob3-spec-vector", name)
		want(t, check(t, &internet{}, doc), Unverifiable, "proof passed", "issuer_key unknown unreachable", "structure passed")
		changed := bytes.Replace(doc, []byte("Example"), []byte("Exemple"), 1)
		want(t, check(t, &internet{}, changed), Tampered, "proof failed changed")
	}
}

// The W3C vectors are signed by keys that are not their issuer's.
func TestPublishedW3CVectors(t *testing.T) {
	doc := vectors.File(t, "vc-di-eddsa", "TestVectors", "eddsa-rdfc-2022", "signedDataInt.json")
	rep := check(t, &internet{}, doc)
	if rep.Verdict == Valid || rep.Verdict == IssuerUnconfirmed {
		t.Errorf("got %s", rep.Verdict)
	}
}

// A signed badge keeps the rules of the published JSON Schemas where an
// unsigned one does. (They know one status and, in the stricter one, a list of
// proofs.)
func TestSignedBadgePassesSchema(t *testing.T) {
	b := uni().badge()
	b.Status = b.Status[:1]
	signed := uni().signed(t, b)
	for _, family := range []string{"ob_v3p0", "ob_v3p0_strict"} {
		text := vectors.File(t, "1edtech-schemas", family, "ob_v3p0_achievementcredential_schema.json")
		schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		compiler := jsonschema.NewCompiler()
		compiler.AssertFormat()
		compiler.UseLoader(jsonschema.SchemeURLLoader{})
		delete(schema.(map[string]any), "$id")
		if err := compiler.AddResource("urn:schema:"+family, schema); err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(signed))
		if err != nil {
			t.Fatal(err)
		}
		if err := compiler.MustCompile("urn:schema:" + family).Validate(doc); err != nil {
			if family == "ob_v3p0_strict" && strings.Count(err.Error(), "at '") == 1 && strings.Contains(err.Error(), "at '/proof'") {
				t.Logf("%s: %v", family, err)
				continue
			}
			t.Errorf("%s: %v", family, err)
		}
	}
}
