package vcapi

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
)

// TestDescription: the description names every route and no other, each with
// what lets callers in, and all that it refers to is there.
func TestDescription(t *testing.T) {
	var doc struct {
		OpenAPI string
		Paths   map[string]map[string]struct {
			OperationID, Summary string
			Security             *[]any
			Responses            map[string]any
		}
		Components map[string]map[string]json.RawMessage
	}
	if err := json.Unmarshal(description, &doc); err != nil {
		t.Fatal(err)
	}
	var described, served []string
	ids := map[string]bool{}
	for path, methods := range doc.Paths {
		for method, op := range methods {
			described = append(described, strings.ToUpper(method)+" "+path)
			public := op.Security != nil && len(*op.Security) == 0
			if _, refuses := op.Responses["401"]; refuses == public || op.OperationID == "" || op.Summary == "" || ids[op.OperationID] {
				t.Errorf("%s %s: %+v", method, path, op)
			}
			ids[op.OperationID] = true
		}
	}
	for _, r := range routes() {
		served = append(served, r.pattern)
	}
	slices.Sort(described)
	slices.Sort(served)
	if !slices.Equal(described, served) {
		t.Errorf("described %v, served %v", described, served)
	}
	for _, rest := range strings.Split(string(description), `"$ref": "#/components/`)[1:] {
		name, _, _ := strings.Cut(rest, `"`)
		kind, name, _ := strings.Cut(name, "/")
		if _, ok := doc.Components[kind][name]; !ok {
			t.Errorf("refers to %s/%s, which is not there", kind, name)
		}
	}
	var options struct {
		Properties struct {
			Checks struct{ Items struct{ Enum []string } }
		}
	}
	if err := json.Unmarshal(doc.Components["schemas"]["VerifyOptions"], &options); err != nil {
		t.Fatal(err)
	}
	if got, want := slices.Sorted(slices.Values(options.Properties.Checks.Items.Enum)), slices.Sorted(maps.Keys(checks)); !slices.Equal(got, want) {
		t.Errorf("described checks %v, known %v", got, want)
	}
}
