package shape_test

import (
	"crypto/sha256"
	"encoding/json"
	"maps"
	"testing"

	"github.com/roundel/roundel/internal/vectors"
	"github.com/roundel/roundel/jsonld"
	"github.com/roundel/roundel/shape"
	"github.com/roundel/roundel/strictjson"
)

// reference is what a Cache must give: the full processor's answer.
func reference(data []byte) ([]byte, error) {
	v, err := strictjson.Decode(data, strictjson.Limits{})
	if err != nil {
		return nil, err
	}
	tree, ok := v.(map[string]any)
	if !ok {
		return nil, shape.ErrNotObject
	}
	return jsonld.Canonicalize(tree, jsonld.Options{})
}

func TestFixture(t *testing.T) {
	data := vectors.Fixture(t, "achievement-credential.json")
	want, err := reference(data)
	if err != nil {
		t.Fatal(err)
	}
	c := shape.New(shape.Options{})
	for i := range 4 {
		got, err := c.AppendNQuads(nil, data)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(want) {
			t.Fatalf("reading %d gives\n%s\nwant\n%s", i, got, want)
		}
		if sum, err := c.Hash(data); err != nil || sum != sha256.Sum256(want) {
			t.Fatalf("Hash = %x, %v", sum, err)
		}
	}
	if s := c.Stats(); s.Full != 2 || s.Compiled != 1 || s.Fast != 6 {
		t.Errorf("%+v, want two by the full processor, then six fast ones", s)
	}
}

// A secured document gives what proof.Split and jsonld.Canonicalize give.
func TestSecuredFixture(t *testing.T) {
	var doc map[string]any
	if err := json.Unmarshal(vectors.Fixture(t, "achievement-credential.json"), &doc); err != nil {
		t.Fatal(err)
	}
	proof := map[string]any{
		"type": "DataIntegrityProof", "cryptosuite": "eddsa-rdfc-2022", "created": "2026-03-01T09:00:00Z",
		"verificationMethod": "did:key:z6MkupuA7WhoxvtpuRuaeDb84euWCaSbb5tWiPdq9Fn5inhz#z6MkupuA7WhoxvtpuRuaeDb84euWCaSbb5tWiPdq9Fn5inhz",
		"proofPurpose":       "assertionMethod",
	}
	options := maps.Clone(proof)
	options["@context"] = doc["@context"]
	wantDocument, err := jsonld.Canonicalize(doc, jsonld.Options{})
	if err != nil {
		t.Fatal(err)
	}
	wantOptions, err := jsonld.Canonicalize(options, jsonld.Options{})
	if err != nil {
		t.Fatal(err)
	}
	unsecured, _ := json.Marshal(doc)
	proposed, _ := json.Marshal(proof)
	proof["proofValue"] = "z3d1sTh1sIsNoSignature"
	doc["proof"] = []any{proof, proof}
	data, _ := json.Marshal(doc)

	c := shape.New(shape.Options{})
	for range 4 {
		s, err := c.Secured(data)
		if err != nil {
			t.Fatal(err)
		}
		proofs, ok := s.Proofs()
		if !ok || len(proofs) != 2 || proofs[1].Value != "z3d1sTh1sIsNoSignature" || proofs[0].Purpose != "assertionMethod" || proofs[0].Type != "DataIntegrityProof" {
			t.Fatalf("Proofs = %+v, %v", proofs, ok)
		}
		if got, err := s.Document(); err != nil || string(got) != string(wantDocument) {
			t.Fatalf("Document = %s, %v", got, err)
		}
		for i := range 2 {
			if got, err := s.Options(i); err != nil || string(got) != string(wantOptions) {
				t.Fatalf("Options(%d) = %s, %v", i, got, err)
			}
		}
		s.Release()
		d, p, err := c.Hashes(unsecured, proposed)
		if err != nil || d != sha256.Sum256(wantDocument) || p != sha256.Sum256(wantOptions) {
			t.Fatalf("Hashes = %x, %x, %v", d, p, err)
		}
	}
	if s := c.Stats(); s.Fast < 8 || s.Compiled != 2 {
		t.Errorf("%+v: hardly anything was fast", s)
	}
}
