package jsonld_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/roundel/roundel/jsonld"
	"github.com/roundel/roundel/strictjson"
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

// The two versions differ for status lists, and for nothing else.
func TestWithExamples(t *testing.T) {
	sources, err := os.ReadFile("contexts/SOURCES.md")
	if err != nil {
		t.Fatal(err)
	}
	now, before := jsonld.WithExamples(), jsonld.WithExamples2024()
	if !slices.Equal(now.URLs(), before.URLs()) || len(now.URLs()) != len(jsonld.Embedded().URLs())+4 {
		t.Errorf("%d and %d contexts", len(now.URLs()), len(before.URLs()))
	}
	for _, url := range now.URLs() {
		if !strings.Contains(string(sources), "| "+url+" |") {
			t.Errorf("SOURCES.md does not say where %s comes from", url)
		}
	}
	canonical := func(c *jsonld.Contexts, members string) string {
		t.Helper()
		out, err := jsonld.Canonicalize(decode(t, []byte(`{"@context":["https://www.w3.org/ns/credentials/v2","https://www.w3.org/ns/credentials/examples/v2"],"id":"urn:c",`+members+`}`)),
			jsonld.Options{Contexts: c})
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	for members, same := range map[string]bool{
		`"type":"VerifiableCredential","hobby":"chess"`:                                                              true,
		`"type":"VerifiableCredential","credentialStatus":{"type":"BitstringStatusListEntry","statusListIndex":"1"}`: true,
		`"type":"VerifiableCredential","credentialStatus":{"type":"BitstringStatusListEntry","statusSize":1}`:        false,
	} {
		if got := canonical(now, members) == canonical(before, members); got != same {
			t.Errorf("%s: same is %v", members, got)
		}
	}
}

// The digests are those that W3C publishes, or that its examples use.
func TestDigest(t *testing.T) {
	for _, tt := range []struct {
		c         *jsonld.Contexts
		url, want string
	}{
		{jsonld.Embedded(), "https://www.w3.org/ns/credentials/v2", "59955ced6697d61e03f2b2556febe5308ab16842846f5b586d7f1f7adec92734"},
		{jsonld.Embedded(), "https://w3id.org/security/data-integrity/v2", "67f21e6e33a6c14e5ccfd2fc7865f7474fb71a04af7e94136cb399dfac8ae8f4"},
		{jsonld.Embedded(), "https://w3id.org/security/multikey/v1", "ba2c182de2d92f7e47184bcca8fcf0beaee6d3986c527bf664c195bbc7c58597"},
		{jsonld.Embedded(), "https://w3id.org/security/jwk/v1", "0f14b62f6071aafe00df265770ea0c7508e118247d79b7d861a406d2aa00bece"},
		{jsonld.WithExamples(), "https://www.w3.org/ns/credentials/v2", "59955ced6697d61e03f2b2556febe5308ab16842846f5b586d7f1f7adec92734"},
		{jsonld.WithExamples2024(), "https://www.w3.org/ns/credentials/v2", "24a18c90e9856d526111f29376e302d970b2bd10182e33959995b0207d7043b9"},
		{jsonld.Embedded(), "https://www.w3.org/2018/credentials/v1", ""}, // carried, but not byte for byte
		{jsonld.Embedded(), "https://www.w3.org/ns/credentials/examples/v2", ""},
		{jsonld.Embedded(), "https://example.com/", ""},
	} {
		got, ok := tt.c.Digest(tt.url)
		if hex.EncodeToString(got) != tt.want || ok != (tt.want != "") {
			t.Errorf("%s: %x %v, want %s", tt.url, got, ok, tt.want)
		}
		data, exact := tt.c.Exact(tt.url)
		if sum := sha256.Sum256(data); exact != ok || exact && !bytes.Equal(sum[:], got) {
			t.Errorf("%s: Exact and Digest disagree", tt.url)
		}
	}
}

func TestReserved(t *testing.T) {
	c, err := jsonld.Embedded().With("https://example.com/v1", []byte(`{"@context":{"outer":{"@id":"urn:o","@context":[{"inner":{"@id":"urn:i","@context":{"innermost":"urn:m"}}}]}}}`))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{
		"xsd": true, "cred": true, "proofPurpose": true, "1EdTechRevocationList": true, "Achievement": true, "id": true,
		"outer": true, "inner": true, "innermost": true, "https": false, "urn": false, "did": false, "": false, "@id": false, "@context": false,
	} {
		if c.Reserved(name) != want {
			t.Errorf("Reserved(%q) is %v", name, !want)
		}
	}
	names := c.Names()
	if !slices.IsSorted(names) || len(names) != len(jsonld.Embedded().Names())+3 || !slices.ContainsFunc(names, c.Reserved) || slices.Contains(names, "urn") {
		t.Errorf("%d names", len(names))
	}
	if jsonld.Embedded().Reserved("innermost") {
		t.Error("With must make a new set")
	}
}

// Contexts written into documents are for callers who ask for them.
func TestInline(t *testing.T) {
	for _, tt := range []struct{ context, kind string }{
		{`{"hobby":"urn:hobby"}`, "none"},
		{`["https://www.w3.org/ns/credentials/v2",{"hobby":"urn:hobby"}]`, "none"},
		{`[{"urn2":"urn:","hobby":{"@id":"urn2:hobby","@type":"@id"}}]`, "none"},
		{`{"@vocab":"urn:"}`, "none"},
		{`[{"@context":{"hobby":"urn:hobby"}}]`, "none"}, // a document where a context belongs
		{`[{"@context":{"@context":{"hobby":"urn:hobby"}}}]`, "invalid"},
		{`[{"@context":{"hobby":"urn:hobby"},"hobby":"urn:other"}]`, "invalid"},
		{`[{"@context":["https://example.com/v1"]}]`, "invalid"},
		{`["https://www.w3.org/ns/credentials/v2",{"name":"urn:name"}]`, "invalid"}, // protected
		{`{"hobby":{"@id":"urn:h","@container":"@index"}}`, "invalid"},
		{`{"hobby":"urn:h","@import":"https://www.w3.org/ns/credentials/v2"}`, "invalid"},
		{`{"hobby":{"@reverse":"urn:h"}}`, "invalid"},
		{`["https://example.com/v1",{"hobby":"urn:h"}]`, "context"},
		{`{"hobby":{"@id":"urn:h","@context":"https://example.com/v1"}}`, "invalid"},
		{`[null,{"hobby":"urn:h"}]`, "context"},
		{`[[{"hobby":"urn:h"}]]`, "context"},
		{`{"other":"urn:h"}`, "term"},
		{`{"hobby":"urn:h"` + manyTerms(100_000) + `}`, "work"},
		{strings.Repeat(`{"a":{"@id":"urn:a","@context":`, 120) + `{}` + strings.Repeat(`}}`, 120), "work"},
	} {
		v, err := strictjson.Decode([]byte(`{"@context":`+tt.context+`,"@id":"urn:c","hobby":"urn:chess"}`), strictjson.Limits{MaxDepth: 1000, MaxBytes: 10 << 20})
		if err != nil {
			t.Fatal(err)
		}
		doc := v.(map[string]any)
		if _, err := jsonld.ToRDF(doc, jsonld.Options{}); kind(err) != "context" && kind(err) != "work" {
			t.Errorf("%.100s: by default it gives %v", tt.context, err)
		}
		_, err = jsonld.ToRDF(doc, jsonld.Options{Inline: true})
		if kind(err) != tt.kind {
			t.Errorf("%.100s gives %s error %v, want %s", tt.context, kind(err), err, tt.kind)
		}
	}
}

func manyTerms(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"t%d":"urn:%d"`, i, i)
	}
	return b.String()
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
