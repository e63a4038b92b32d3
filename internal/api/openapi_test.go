package api_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/roundel/roundel/internal/publicid"
)

// TestOpenAPI: the description is there for everybody, keeps the rules of
// OpenAPI 3.1 that tools depend on, names every operation, and describes
// nothing that does not exist.
func TestOpenAPI(t *testing.T) {
	h, p := newHouse(t)
	a := h.Client(t).Get("/api/v1/openapi.json").Want(http.StatusOK)
	var doc struct {
		OpenAPI string
		Info    struct{ Title, Version, Description string }
		Servers []struct{ URL string }
		Paths   map[string]map[string]struct {
			OperationID string
			Summary     string
			Parameters  []struct {
				Name, In string
				Required bool
				Schema   map[string]any
			}
			RequestBody *struct{ Content map[string]any }
			Responses   map[string]struct {
				Description string
				Content     map[string]struct{ Schema map[string]any }
			}
			Security []map[string][]string
		}
		Components struct {
			Schemas, SecuritySchemes map[string]map[string]any
		}
	}
	if err := json.Unmarshal(a.Body, &doc); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(doc.OpenAPI, "3.1.") || doc.Info.Title == "" || doc.Info.Version == "" || len(doc.Servers) != 1 || doc.Servers[0].URL != h.BaseURL {
		t.Errorf("OpenAPI %s, info %+v, servers %v", doc.OpenAPI, doc.Info, doc.Servers)
	}
	var operations []string
	ids := map[string]bool{}
	for path, methods := range doc.Paths {
		if !strings.HasPrefix(path, "/api/v1/") {
			t.Errorf("%s is not below /api/v1", path)
		}
		for method, op := range methods {
			name := strings.ToUpper(method) + " " + path
			operations = append(operations, name)
			if op.OperationID == "" || ids[op.OperationID] || op.Summary == "" {
				t.Errorf("%s has the id %q and the summary %q", name, op.OperationID, op.Summary)
			}
			ids[op.OperationID] = true
			var inPath []string
			for _, q := range op.Parameters {
				if q.Schema == nil || (q.In == "path") != q.Required {
					t.Errorf("%s: parameter %+v", name, q)
				}
				if q.In == "path" {
					inPath = append(inPath, "{"+q.Name+"}")
				}
			}
			if want := regexp.MustCompile(`\{[^}]+\}`).FindAllString(path, -1); !slices.Equal(inPath, want) {
				t.Errorf("%s declares the parts %v", name, inPath)
			}
			if len(op.Security) != 1 || doc.Components.SecuritySchemes["token"]["scheme"] != "bearer" {
				t.Errorf("%s needs %v", name, op.Security)
			} else if _, ok := op.Security[0]["token"]; !ok {
				t.Errorf("%s needs %v", name, op.Security)
			}
			for status, r := range op.Responses {
				_, fine := r.Content["application/json"]
				_, fault := r.Content["application/problem+json"]
				if r.Description == "" || strings.HasPrefix(status, "4") && !fault || strings.HasPrefix(status, "2") && status != "204" && !fine && !strings.HasSuffix(path, "/credential") {
					t.Errorf("%s answers %s: %+v", name, status, r)
				}
			}
			for _, status := range []string{"401", "404", "422"} {
				if _, told := op.Responses[status]; !told {
					t.Errorf("%s does not tell of %s", name, status)
				}
			}
			exists(t, p, strings.ToUpper(method), path)
		}
	}
	slices.Sort(operations)
	if want := []string{
		"DELETE /api/v1/invitations/{id}", "DELETE /api/v1/members/{id}", "GET /api/v1/audit", "GET /api/v1/awards/{id}", "GET /api/v1/awards/{id}/credential",
		"GET /api/v1/departments", "GET /api/v1/invitations", "GET /api/v1/keys", "GET /api/v1/members", "GET /api/v1/organisation", "GET /api/v1/roles",
		"POST /api/v1/awards", "POST /api/v1/awards/{id}/revocation", "POST /api/v1/invitations", "POST /api/v1/invitations/{id}/mail", "PUT /api/v1/members/{id}/role",
	}; !slices.Equal(operations, want) {
		t.Errorf("the operations are %q", operations)
	}
	var tree any
	if err := json.Unmarshal(a.Body, &tree); err != nil {
		t.Fatal(err)
	}
	references(t, tree, tree)
	if schema := doc.Components.Schemas; len(schema) == 0 || schema["NewAward"]["additionalProperties"] != false {
		t.Errorf("the schemas are %v", slices.Collect(maps.Keys(schema)))
	}
}

// exists asks for a documented path: nothing but "there is nothing at this
// address" means that it does not exist.
func exists(t *testing.T, p *program, method, path string) {
	t.Helper()
	path = strings.ReplaceAll(strings.TrimPrefix(path, "/api/v1"), "{id}", publicid.New().String())
	body := ""
	if method == http.MethodPost {
		body = "{}"
	}
	if a := p.send(method, path, body); a.Status == http.StatusMethodNotAllowed || strings.Contains(string(a.Body), "nothing at this address") {
		t.Errorf("%s %s is described but does not exist: %s", method, path, a.Body)
	}
}

// references makes sure that every $ref leads somewhere in the document.
func references(t *testing.T, whole, part any) {
	t.Helper()
	switch v := part.(type) {
	case map[string]any:
		if ref, ok := v["$ref"].(string); ok && !leads(whole, ref) {
			t.Errorf("%s leads nowhere", ref)
		}
		for _, child := range v {
			references(t, whole, child)
		}
	case []any:
		for _, child := range v {
			references(t, whole, child)
		}
	}
}

func leads(whole any, ref string) bool {
	path, local := strings.CutPrefix(ref, "#/")
	if !local {
		return false
	}
	at := whole
	for _, name := range strings.Split(path, "/") {
		object, _ := at.(map[string]any)
		if at = object[name]; at == nil {
			return false
		}
	}
	return fmt.Sprint(at) != ""
}
