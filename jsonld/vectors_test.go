package jsonld_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/roundel/roundel/internal/vectors"
	"github.com/roundel/roundel/jsonld"
	"github.com/roundel/roundel/strictjson"
)

func decode(t testing.TB, data []byte) map[string]any {
	t.Helper()
	v, err := strictjson.Decode(data, strictjson.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return v.(map[string]any)
}

// exampleContexts adds what the worked examples of W3C use and no credential
// should. The citizenship vocabulary is cut down to the example's terms.
func exampleContexts(t testing.TB) *jsonld.Contexts {
	t.Helper()
	c, err := jsonld.Embedded().With("https://www.w3.org/ns/credentials/examples/v2",
		[]byte(`{"@context": {"@vocab": "https://www.w3.org/ns/credentials/examples#"}}`))
	if err != nil {
		t.Fatal(err)
	}
	terms := map[string]any{"@version": 1.1, "id": "@id", "type": "@type"}
	for term, namespace := range map[string]string{
		"Person": "https://schema.org/", "additionalName": "https://schema.org/", "familyName": "https://schema.org/",
		"gender": "https://schema.org/", "givenName": "https://schema.org/", "identifier": "https://schema.org/",
		"EmployablePerson": "https://w3id.org/citizenship#", "EmploymentAuthorizationDocument": "https://w3id.org/citizenship#",
		"EmploymentAuthorizationDocumentCredential": "https://w3id.org/citizenship#", "birthCountry": "https://w3id.org/citizenship#",
		"employmentAuthorizationDocument": "https://w3id.org/citizenship#", "lprCategory": "https://w3id.org/citizenship#",
		"lprNumber": "https://w3id.org/citizenship#",
	} {
		terms[term] = namespace + term
	}
	dateTime := "http://www.w3.org/2001/XMLSchema#dateTime"
	terms["birthDate"] = map[string]any{"@id": "https://schema.org/birthDate", "@type": dateTime}
	terms["residentSince"] = map[string]any{"@id": "https://w3id.org/citizenship#residentSince", "@type": dateTime}
	terms["image"] = map[string]any{"@id": "https://schema.org/image", "@type": "@id"}
	data, err := json.Marshal(map[string]any{"@context": terms})
	if err != nil {
		t.Fatal(err)
	}
	if c, err = c.With("https://w3id.org/citizenship/v4rc1", data); err != nil {
		t.Fatal(err)
	}
	return c
}

// The worked examples of the cryptosuite and badge specifications, byte for
// byte. Each is a secured document, or its proof with the document's context.
func TestPublishedForms(t *testing.T) {
	tests := []struct{ set, doc, want string }{
		{"vc-di-eddsa", "TestVectors/unsigned.json", "TestVectors/eddsa-rdfc-2022/canonDocDataInt.txt"},
		{"vc-di-eddsa", "TestVectors/eddsa-rdfc-2022/signedDataInt.json", "TestVectors/eddsa-rdfc-2022/canonDocDataInt.txt"},
		{"vc-di-eddsa", "TestVectors/eddsa-rdfc-2022/proofConfigDataInt.json", "TestVectors/eddsa-rdfc-2022/proofCanonDataInt.txt"},
		{"vc-di-eddsa", "TestVectors/employmentAuth.json", "TestVectors/eddsa-rdfc-2022/employ/canonDocDataInt.txt"},
		{"vc-di-eddsa", "TestVectors/eddsa-rdfc-2022/employ/signedDataInt.json", "TestVectors/eddsa-rdfc-2022/employ/canonDocDataInt.txt"},
		{"vc-di-eddsa", "TestVectors/eddsa-rdfc-2022/employ/proofConfigDataInt.json", "TestVectors/eddsa-rdfc-2022/employ/proofCanonDataInt.txt"},
		{"vc-di-eddsa", "TestVectors/unsigned.json", "TestVectors/Ed25519Signature2020/canonDocEdSig.txt"},
		{"vc-di-eddsa", "TestVectors/Ed25519Signature2020/proofConfigEdSig.json", "TestVectors/Ed25519Signature2020/proofCanonEdSig.txt"},
		{"vc-di-ecdsa", "TestVectors/unsigned.json", "TestVectors/ecdsa-rdfc-2019-p256/canonDocECDSAP256.txt"},
		{"vc-di-ecdsa", "TestVectors/ecdsa-rdfc-2019-p256/proofConfigECDSAP256.json", "TestVectors/ecdsa-rdfc-2019-p256/proofCanonECDSAP256.txt"},
		{"ob3-spec-vector", "ob3-signed.json", "document-canon.txt"},
		{"ob3-spec-vector", "clr2-signed.json", "clrv2p0/document-canon.txt"},
	}
	for _, tt := range tests {
		t.Run(tt.set+"/"+tt.doc, func(t *testing.T) {
			doc := decode(t, vectors.File(t, tt.set, tt.doc))
			delete(doc, "proof")
			got, err := jsonld.Canonicalize(doc, jsonld.Options{Contexts: exampleContexts(t)})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(vectors.File(t, tt.set, tt.want)), string(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// The examples' vocabulary must not be known by default: it defines every term.
func TestExamplesAreUnknown(t *testing.T) {
	doc := decode(t, vectors.File(t, "vc-di-eddsa", "TestVectors", "unsigned.json"))
	var unknown *jsonld.ContextError
	if _, err := jsonld.Canonicalize(doc, jsonld.Options{}); !errors.As(err, &unknown) || unknown.URL != "https://www.w3.org/ns/credentials/examples/v2" {
		t.Errorf("got %v, want a *ContextError", err)
	}
}
