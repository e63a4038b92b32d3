package jsonld_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/roundel/roundel/jsonld"
	"github.com/roundel/roundel/rdfc"
)

const v2 = `"@context":["https://www.w3.org/ns/credentials/v2","https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"]`

// kinds of error, as a verifier tells them apart.
func kind(err error) string {
	for name, target := range map[string]any{
		"context": new(*jsonld.ContextError), "term": new(*jsonld.UnknownTermError), "relative": new(*jsonld.RelativeIRIError),
		"loss": new(*jsonld.LossError), "invalid": new(*jsonld.InvalidError),
	} {
		if errors.As(err, target) {
			return name
		}
	}
	switch {
	case errors.Is(err, rdfc.ErrWorkExceeded):
		return "work"
	case errors.Is(err, rdfc.ErrInvalidTerm):
		return "rdf"
	case err != nil:
		return err.Error()
	}
	return "none"
}

// Everything that expansion would drop, or that makes a statement nobody can
// sign, must be refused. The documents are the bare credential with more in it.
func TestRefuses(t *testing.T) {
	tests := []struct{ name, members, kind string }{
		// Terms.
		{"undefined term", `"undefined":"x"`, "term"},
		{"undefined term without value", `"undefined":null`, "term"},
		{"undefined term with an empty list", `"undefined":[]`, "term"},
		{"undefined term in the subject", `"credentialSubject":{"id":"urn:s","undefined":"x"}`, "term"},
		{"undefined term deep down", `"credentialSubject":{"type":"AchievementSubject","achievement":{"id":"urn:a","type":"Achievement","criteria":{"undefined":"x"}}}`, "term"},
		{"undefined term in an array", `"credentialSubject":[{"id":"urn:s"},{"id":"urn:t","undefined":"x"}]`, "term"},
		{"undefined term in an array of arrays", `"credentialSubject":[[{"id":"urn:s","undefined":"x"}]]`, "term"},
		{"undefined term in a list", `"urn:p":{"@list":[{"undefined":"x"}]}`, "term"},
		{"undefined term in a list with others", `"urn:p":{"@list":["a",{"undefined":{}}]}`, "term"},
		{"undefined term in a list container", `"credentialSubject":{"type":"AchievementSubject","achievement":{"type":"Achievement","resultDescription":{"type":"ResultDescription","rubricCriterionLevel":[{"undefined":"x"}]}}}`, "term"},
		{"undefined term in a graph", `"@graph":[{"id":"urn:g","undefined":"x"}]`, "term"},
		{"undefined term in a graph container", `"proof":{"type":"DataIntegrityProof","undefined":"x"}`, "term"},
		{"undefined term beside a value", `"urn:p":{"@value":"a","undefined":"x"}`, "term"},
		{"term defined elsewhere only", `"criteria":{"narrative":"x"}`, "term"},
		{"term whose type is missing", `"credentialSubject":{"id":"urn:s","achievement":{"id":"urn:a","criteria":{"narrative":"x"}}}`, "term"},
		{"word that looks like a keyword", `"@foo":"x"`, "term"},
		{"word that looks like a keyword, nested", `"credentialSubject":{"id":"urn:s","@ignored":"x"}`, "term"},
		{"keyword in another case", `"@ID":"urn:x"`, "term"},
		{"empty term", `"":"x"`, "term"},
		{"blank node as property", `"_:p":"x"`, "relative"},

		// Identifiers and types.
		{"relative identifier", `"id":"credentials/1"`, "relative"},
		{"empty identifier", `"id":""`, "relative"},
		{"identifier with only a fragment", `"id":"#1"`, "relative"},
		{"identifier without scheme", `"id":"//host/path"`, "relative"},
		{"identifier with a space", `"id":"urn:a b"`, "relative"},
		{"identifier that looks like a keyword", `"id":"@foo"`, "relative"},
		{"identifier that is a keyword", `"id":"@type"`, "relative"},
		{"blank node without label", `"id":"_:"`, "relative"},
		{"relative identifier in the subject", `"credentialSubject":{"id":"s","name":"x"}`, "relative"},
		{"relative identifier in a type that is one", `"issuer":"me"`, "relative"},
		{"reserved word as identifier by type", `"issuer":"@foo"`, "relative"},
		{"relative identifier in a list", `"urn:p":{"@list":[{"id":"x"}]}`, "relative"},
		{"relative graph name", `"id":"g","@graph":[{"id":"urn:g","name":"x"}]`, "relative"},
		{"undefined type", `"type":["VerifiableCredential","Undefined"]`, "relative"},
		{"undefined type in the subject", `"credentialSubject":{"id":"urn:s","type":"Undefined"}`, "relative"},
		{"type that looks like a keyword", `"type":["VerifiableCredential","@foo"]`, "relative"},
		{"keyword as type", `"type":["VerifiableCredential","@json"]`, "relative"},
		{"undefined datatype", `"urn:p":{"@value":"a","@type":"undefined"}`, "invalid"},
		{"identifier that breaks out", `"id":"urn:x><urn:y"`, "rdf"},
		{"type that breaks out", `"type":["VerifiableCredential","urn:x>"]`, "rdf"},
		{"property that breaks out", `"urn:p> <urn:o> . <urn:x>":"a"`, "relative"},
		{"undefined vocabulary value", `"proof":{"type":"DataIntegrityProof","proofPurpose":"undefined"}`, "relative"},

		// Values.
		{"null value", `"urn:p":{"@value":null}`, "loss"},
		{"null identifier", `"id":null`, "invalid"},
		{"number as identifier", `"id":5`, "invalid"},
		{"object as type", `"type":{"id":"urn:t"}`, "invalid"},
		{"only a language", `"urn:p":{"@language":"en"}`, "loss"},
		{"language that is none", `"urn:p":{"@value":"a","@language":"not a language"}`, "rdf"},
		{"language of a number", `"urn:p":{"@value":1,"@language":"en"}`, "invalid"},
		{"direction", `"description":{"@value":"a","@language":"en","@direction":"rtl"}`, "loss"},
		{"index", `"@index":"x"`, "loss"},
		{"index of a value", `"urn:p":{"@value":"a","@index":"x"}`, "loss"},
		{"included", `"@included":[{"id":"urn:i","name":"x"}]`, "loss"},
		{"reverse", `"@reverse":{"urn:p":{"id":"urn:r"}}`, "loss"},
		{"nest", `"@nest":{"name":"x"}`, "loss"},
		{"set", `"urn:p":{"@set":[{"undefined":"x"}]}`, "term"},
		{"list of lists without objects", `"urn:p":{"@list":[["a"],["b"]]}`, "loss"},
		{"value in a graph", `"@graph":["x",{"id":"urn:g","name":"x"}]`, "loss"},
		{"node without statement in a graph", `"@graph":[{"id":"urn:g"}]`, "loss"},
		{"node without statement in a graph container", `"proof":{"id":"urn:x"}`, "loss"},
		{"identifier in a graph container", `"proof":"urn:x"`, "loss"},
		{"node with an empty property in a graph container", `"proof":{"id":"urn:x","urn:p":[]}`, "loss"},
		{"list in a graph", `"@graph":[{"@list":["x"]}]`, "loss"},
		{"two lists in a property", `"urn:p":{"@list":["x"],"@value":"y"}`, "invalid"},
		{"identifier twice", `"@id":"urn:b"`, "invalid"},
		{"integer beyond doubles", `"urn:p":9007199254740993`, "loss"},
		{"integer beyond doubles in a JSON literal", `"urn:p":{"@type":"@json","@value":[9007199254740993]}`, "loss"},
		{"number out of range", `"urn:p":1e999`, "loss"},
		{"number below range", `"urn:p":1e-999`, "loss"},
		{"number with a giant exponent", `"urn:p":1e-999999999`, "loss"},

		// Contexts.
		{"inline context in the subject", `"credentialSubject":{"@context":{"undefined":"urn:x"},"undefined":"x"}`, "context"},
		{"inline context in an array", `"credentialSubject":{"@context":["https://www.w3.org/ns/credentials/v2",{"@vocab":"urn:x"}]}`, "context"},
		{"null context", `"credentialSubject":{"@context":null,"id":"urn:x"}`, "context"},
		{"unknown context in the subject", `"credentialSubject":{"@context":"https://example.com/context","id":"urn:x"}`, "context"},
		{"context that is a number", `"credentialSubject":{"@context":1}`, "context"},
		{"context by a file's name", `"credentialSubject":{"@context":"contexts/credentials-v2.jsonld"}`, "context"},
		{"context by an equal address", `"credentialSubject":{"@context":"https://www.w3.org/ns/credentials/v2#"}`, "context"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			base := `"name":"x"`
			if !strings.HasPrefix(tt.members, `"id"`) {
				base += `,"id":"urn:c"`
			}
			if !strings.HasPrefix(tt.members, `"type"`) {
				base += `,"type":["VerifiableCredential"]`
			}
			for _, doc := range []string{
				"{" + v2 + "," + base + "," + tt.members + "}",
				"{" + tt.members + "," + base + "," + v2 + "}",
			} {
				got, err := jsonld.Canonicalize(decode(t, []byte(doc)), jsonld.Options{})
				if kind(err) != tt.kind {
					t.Errorf("%s\ngives %s error %v, want %s; result\n%s", doc, kind(err), err, tt.kind, got)
				}
			}
		})
	}
}

func TestTopContext(t *testing.T) {
	for _, tt := range []struct{ doc, kind string }{
		{`{"@context":{"@vocab":"urn:x#"},"id":"urn:c","name":"x"}`, "context"},
		{`{"@context":["https://www.w3.org/ns/credentials/v2",{"extra":"urn:x"}],"id":"urn:c","extra":"x"}`, "context"},
		{`{"@context":"https://example.com/v1","id":"urn:c"}`, "context"},
		{`{"@context":null,"id":"urn:c","urn:p":"x"}`, "context"},
		{`{"@context":[["https://www.w3.org/ns/credentials/v2"]],"id":"urn:c"}`, "context"},
		{`{"id":"urn:c","name":"x"}`, "term"},
		{`{"@context":[],"id":"urn:c"}`, "term"},
		{`{` + v2 + `,"id":"urn:c"}`, "loss"},
		{`{` + v2 + `}`, "loss"},
		{`{` + v2 + `,"name":null}`, "loss"},
		{`{}`, "loss"},
	} {
		_, err := jsonld.Canonicalize(decode(t, []byte(tt.doc)), jsonld.Options{})
		if kind(err) != tt.kind {
			t.Errorf("%s gives %s error %v, want %s", tt.doc, kind(err), err, tt.kind)
		}
	}
}

// The error must help the person who wrote the document.
func TestUnknownTermIsNamed(t *testing.T) {
	for _, tt := range []struct{ members, term, path string }{
		{`"credentialSubject":[{"id":"urn:s"},{"id":"urn:s","hobby":"x"}]`, "hobby", "/credentialSubject/1/hobby"},
		{`"credentialSubject":{"achievement":{"type":"Achievement","name":"x","a/b":"x"}}`, "a/b", "/credentialSubject/achievement/a~1b"},
		// Defined, but only for things of type Achievement, or AchievementSubject.
		{`"credentialSubject":{"type":"AchievementSubject","achievement":{"name":"x","criteria":{"narrative":"x"}}}`, "criteria", "/credentialSubject/achievement/criteria"},
		{`"credentialSubject":{"id":"urn:s","achievement":{"type":"Achievement","name":"x"}}`, "achievement", "/credentialSubject/achievement"},
	} {
		doc := decode(t, []byte(`{`+v2+`,"id":"urn:c","type":["VerifiableCredential","OpenBadgeCredential"],`+tt.members+`}`))
		var unknown *jsonld.UnknownTermError
		if _, err := jsonld.ToRDF(doc, jsonld.Options{}); !errors.As(err, &unknown) {
			t.Errorf("%s: %v", tt.members, err)
		} else if unknown.Term != tt.term || unknown.Path != tt.path {
			t.Errorf("%s: %v, want %q at %s", tt.members, err, tt.term, tt.path)
		}
	}
}

// Documents that would be too much work are refused by counting.
func TestPoison(t *testing.T) {
	deep := map[string]any{"@context": []any{"https://www.w3.org/ns/credentials/v2"}, "id": "urn:c"}
	for inner, i := deep, 0; i < 200; i++ {
		next := map[string]any{}
		inner["urn:p"] = next
		inner = next
	}
	deepList := any("x")
	for range 5000 {
		deepList = []any{deepList}
	}
	repeat := func(item string, n int) string { return "[" + strings.Repeat(item+",", n-1) + item + "]" }
	distinct := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `,"urn:%d":%d`, i, i)
		}
		return b.String()[1:]
	}
	tests := []struct {
		name string
		doc  map[string]any
		what string
	}{
		{"deep objects", deep, "levels"},
		{"deep arrays", map[string]any{"@context": []any{}, "urn:p": deepList}, "levels"},
		{"many objects", decode(t, []byte(`{`+v2+`,"urn:p":`+repeat(`{}`, 10_001)+`}`)), "objects"},
		{"many types", decode(t, []byte(`{`+v2+`,"type":`+repeat(`"Achievement"`, 5_001)+`}`)), "types and contexts"},
		{"many typed objects", decode(t, []byte(`{`+v2+`,"urn:p":`+repeat(`{"type":"Achievement"}`, 5_001)+`}`)), "types and contexts"},
		{"many contexts", decode(t, []byte(`{`+v2+`,"urn:p":`+repeat(`{"@context":"https://www.w3.org/ns/did/v1"}`, 1_700)+`}`)), "types and contexts"},
		{"a context many times", decode(t, []byte(`{"@context":`+repeat(`"https://www.w3.org/ns/credentials/v2"`, 1_700)+`}`)), "types and contexts"},
		{"many values", decode(t, []byte(`{`+v2+`,"urn:p":`+repeat(`1`, 100_001)+`}`)), "values"},
		{"many members", decode(t, []byte(`{`+v2+`,`+distinct(30_000)+`,"urn:p":`+repeat(`1`, 70_001)+`}`)), "values"},
		{"blank nodes alike", decode(t, []byte(`{`+v2+`,"id":"urn:c","urn:p":`+repeat(`{"urn:p":[{},{},{},{},{},{},{},{},{},{},{},{}]}`, 2)+`}`)), "steps"},
		{"list of 10,001", decode(t, []byte(`{`+v2+`,"id":"urn:c","urn:p":{"@list":`+repeat(`1`, 10_001)+`}}`)), "blank nodes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := jsonld.Canonicalize(tt.doc, jsonld.Options{})
			var work *rdfc.WorkError
			if !errors.As(err, &work) {
				t.Fatalf("got %v, want a *rdfc.WorkError", err)
			}
			if work.What != tt.what || work.Count <= work.Limit {
				t.Errorf("got %v, want it stopped by %s", err, tt.what)
			}
		})
	}
}
