package jsonld_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/roundel/roundel/jsonld"
)

func TestEmbedded(t *testing.T) {
	c := jsonld.Embedded()
	files, err := filepath.Glob("contexts/*.json*")
	if err != nil || len(files) != len(c.URLs()) {
		t.Errorf("%d files for %d contexts", len(files), len(c.URLs()))
	}
	sources, err := os.ReadFile("contexts/SOURCES.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, url := range c.URLs() {
		if !c.Has(url) || !strings.Contains(string(sources), "| "+url+" |") {
			t.Errorf("SOURCES.md does not say where %s comes from", url)
		}
	}
	for _, url := range []string{
		"https://www.w3.org/ns/credentials/examples/v2", "https://www.w3.org/ns/credentials/undefined-terms/v2", "", "ob-3.0.3.json",
	} {
		if c.Has(url) {
			t.Errorf("%q is known", url)
		}
	}
}

func TestWith(t *testing.T) {
	c, err := jsonld.Embedded().With("https://example.com/v1", []byte(`{"@context":{"hobby":"urn:hobby"}}`))
	if err != nil {
		t.Fatal(err)
	}
	if !c.Has("https://example.com/v1") || jsonld.Embedded().Has("https://example.com/v1") {
		t.Error("With must make a new set")
	}
	doc := decode(t, []byte(`{"@context":"https://example.com/v1","@id":"urn:c","hobby":"chess"}`))
	if got, err := jsonld.Canonicalize(doc, jsonld.Options{Contexts: c}); err != nil || string(got) != "<urn:c> <urn:hobby> \"chess\" .\n" {
		t.Errorf("%s%v", got, err)
	}
	var unknown *jsonld.ContextError
	if _, err := jsonld.Canonicalize(doc, jsonld.Options{}); !errors.As(err, &unknown) {
		t.Errorf("the default set must not know it: %v", err)
	}
	if !slices.IsSorted(c.URLs()) {
		t.Error("URLs are not sorted")
	}
}

func TestWithRefuses(t *testing.T) {
	const url = "https://example.com/v1"
	for _, tt := range []struct{ url, doc string }{
		{"https://www.w3.org/ns/credentials/v2", `{"@context":{}}`},
		{url, ``},
		{url, `{"@context":{}} {}`},
		{url, `[]`},
		{url, `{}`},
		{url, `{"@context":5}`},
		{url, `{"@context":{"a":5}}`},
		{url, `{"@context":{"a":"relative"}}`},
		{url, `{"@context":{"@version":1.0}}`},
		{url, `{"@context":"https://example.com/v1"}`},
		{url, `{"@context":["https://example.com/other"]}`},
		{url, `{"@context":{"a":{"@id":"urn:a","@context":"https://example.com/v1"}}}`},
		{url, `{"@context":{"@import":"https://www.w3.org/ns/credentials/v2"}}`},
		{url, `{"@context":{"@base":"https://example.com/"}}`},
		{url, `{"@context":{"@direction":"rtl"}}`},
		{url, `{"@context":{"value":"@value"}}`},
		{url, `{"@context":{"list":{"@id":"@list"}}}`},
		{url, `{"@context":{"a":{"@reverse":"urn:a"}}}`},
		{url, `{"@context":{"a":{"@id":"urn:a","@nest":"b"}}}`},
		{url, `{"@context":{"a":{"@id":"urn:a","@container":"@index"}}}`},
		{url, `{"@context":{"a":{"@id":"urn:a","@container":["@id","@set"]}}}`},
		{url, `{"@context":{"a":{"@id":"urn:a","@container":"@type"}}}`},
		{url, `{"@context":{"a":{"@id":"urn:a","@direction":"rtl"}}}`},
		{url, `{"@context":{"a":{"@id":"urn:a","@context":{"b":{"@reverse":"urn:b"}}}}}`},
		{url, `{"@context":{"a":"b:x","b":"a:x"}}`},
	} {
		if _, err := jsonld.Embedded().With(tt.url, []byte(tt.doc)); err == nil {
			t.Errorf("%s is accepted", tt.doc)
		}
	}
}
