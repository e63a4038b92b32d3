package shape_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"regexp"
	"testing"

	"github.com/roundel/roundel/jsonld"
	"github.com/roundel/roundel/shape"
	"github.com/roundel/roundel/strictjson"
)

// secured is what a Secured must give, worked out the long way.
type secured struct {
	document []byte
	err      error
	options  [][]byte
	errs     []error
}

func (p *pair) secured(t testing.TB, data []byte) secured {
	t.Helper()
	v, err := strictjson.Decode(data, strictjson.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	doc := v.(map[string]any)
	unsecured := maps.Clone(doc)
	delete(unsecured, "proof")
	o := jsonld.Options{Contexts: p.contexts}
	var s secured
	s.document, s.err = jsonld.Canonicalize(unsecured, o)
	list, ok := doc["proof"].([]any)
	if !ok {
		list = []any{doc["proof"]}
	}
	for _, item := range list {
		proof, _ := item.(map[string]any)
		options := maps.Clone(proof)
		if options == nil {
			options = map[string]any{}
		}
		delete(options, "proofValue")
		options["@context"] = doc["@context"]
		q, err := jsonld.Canonicalize(options, o)
		s.options, s.errs = append(s.options, q), append(s.errs, err)
	}
	return s
}

// compareSecured reads data by the cache and the long way, and reports whether
// the proofs are usual.
func (p *pair) compareSecured(t testing.TB, data []byte) bool {
	t.Helper()
	want := p.secured(t, data)
	s, err := p.cache.Secured(data)
	if err != nil {
		t.Fatalf("Secured: %v, for %s", err, data)
	}
	defer s.Release()
	got, err := s.Document()
	if (err == nil) != (want.err == nil) || err == nil && !bytes.Equal(got, want.document) {
		t.Fatalf("Document = %s, %v\nwant %s, %v\nfor %s", got, err, want.document, want.err, data)
	}
	if sum, err := s.DocumentHash(); err == nil && sum != sha256.Sum256(want.document) {
		t.Fatalf("DocumentHash is of something else, for %s", data)
	}
	proofs, ok := s.Proofs()
	if !ok {
		return false
	}
	if len(proofs) != len(want.options) {
		t.Fatalf("%d proofs, want %d, for %s", len(proofs), len(want.options), data)
	}
	tree, err := s.Tree()
	if err != nil {
		t.Fatal(err)
	}
	list, isList := tree["proof"].([]any)
	if !isList {
		list = []any{tree["proof"]}
	}
	for i := range proofs {
		got, err := s.Options(i)
		if (err == nil) != (want.errs[i] == nil) || err == nil && !bytes.Equal(got, want.options[i]) {
			t.Fatalf("Options(%d) = %s, %v\nwant %s, %v\nfor %s", i, got, err, want.options[i], want.errs[i], data)
		}
		members := list[i].(map[string]any)
		p := proofs[i]
		found := 0
		for name, value := range map[string]string{
			"id": p.ID, "type": p.Type, "cryptosuite": p.Cryptosuite, "created": p.Created, "expires": p.Expires,
			"verificationMethod": p.VerificationMethod, "proofPurpose": p.Purpose, "proofValue": p.Value,
			"challenge": p.Challenge, "domain": p.Domain, "nonce": p.Nonce,
		} {
			if value == "" {
				continue
			}
			found++
			if members[name] != value {
				t.Fatalf("proof %d: %s is %q, want %q", i, name, value, members[name])
			}
		}
		if found != len(members) {
			t.Fatalf("proof %d: %+v does not have all of %v", i, p, members)
		}
	}
	if sum, err := s.OptionsHash(0); err == nil && sum != sha256.Sum256(want.options[0]) {
		t.Fatal("OptionsHash is of something else")
	}
	return true
}

const securedDoc = `{"@context":["https://www.w3.org/ns/credentials/v2"],"id":%q,"type":"VerifiableCredential","issuer":"did:key:z6Mk","credentialSubject":{"id":"urn:s"},"proof":%s}`

func proofText(g *gen, more string) string {
	return fmt.Sprintf(`{"type":"DataIntegrityProof","cryptosuite":"eddsa-rdfc-2022","created":"2026-03-01T09:00:%02dZ","verificationMethod":"did:key:z6Mk#%d","proofPurpose":%q,"proofValue":"z%d"%s}`,
		g.IntN(60), g.IntN(1000), pick(g, []string{"assertionMethod", "assertionMethod", "authentication", "nothing known", "urn:x"}), g.IntN(1000), more)
}

func TestSecuredAgainstFull(t *testing.T) {
	p := newPair(t)
	g := &gen{rand.New(rand.NewPCG(5, 5)), 0.1}
	for _, tt := range []struct {
		name, proof string // %s stands for a proof
		usual       bool
	}{
		{"one", `%s`, true},
		{"one in a list", `[%s]`, true},
		{"two", `[%s,%s]`, true},
		{"with a challenge", `{"type":"DataIntegrityProof","cryptosuite":"ecdsa-rdfc-2019","verificationMethod":"urn:k","proofPurpose":"authentication","challenge":"c","domain":"d","proofValue":"z1","id":"urn:proof","expires":"2026-03-01T09:00:00Z"}`, true},
		{"of an old kind", `{"type":"Ed25519Signature2020","verificationMethod":"urn:k","proofPurpose":"assertionMethod","proofValue":"z1"}`, true},
		{"without value", `{"type":"DataIntegrityProof","verificationMethod":"urn:k"}`, true},
		{"none in the list", `[]`, false},
		{"text", `"proof"`, false},
		{"number in the list", `[%s,1]`, false},
		{"without type", `{"verificationMethod":"urn:k","proofPurpose":"assertionMethod","proofValue":"z1"}`, false},
		{"of two types", `{"type":["DataIntegrityProof"],"verificationMethod":"urn:k"}`, false},
		{"with an empty member", `{"type":"DataIntegrityProof","created":"","verificationMethod":"urn:k"}`, false},
		{"with an unknown member", `{"type":"DataIntegrityProof","verificationMethod":"urn:k","proofValue":"z1","more":"m"}`, false},
		{"with a context", `{"@context":["https://www.w3.org/ns/credentials/v2"],"type":"DataIntegrityProof","verificationMethod":"urn:k","proofValue":"z1"}`, false},
		{"on another", `{"type":"DataIntegrityProof","verificationMethod":"urn:k","proofValue":"z1","previousProof":"urn:proof"}`, false},
		{"with two domains", `{"type":"DataIntegrityProof","verificationMethod":"urn:k","proofValue":"z1","domain":["a","b"]}`, false},
		{"seventeen", `[%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s]`, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for range 8 {
				text := tt.proof
				for bytes.Contains([]byte(text), []byte("%s")) {
					text = string(bytes.Replace([]byte(text), []byte("%s"), []byte(proofText(g, "")), 1))
				}
				id := pick(g, []string{"urn:x", "https://a.example/1", "https://a.example/2", "_:b", "relative"})
				if usual := p.compareSecured(t, fmt.Appendf(nil, securedDoc, id, text)); usual != tt.usual {
					t.Fatalf("usual is %v, for %s", usual, text)
				}
			}
		})
	}
	if s := p.cache.Stats(); s.Fast == 0 {
		t.Errorf("%+v", s)
	}
}

// A slot of a known shape may be empty where a member must not be.
func TestSecuredMemberBecomesEmpty(t *testing.T) {
	p := newPair(t)
	for _, created := range []string{"2026-03-01T09:00:00Z", "2026-03-02T09:00:00Z", "x", "", "y"} {
		proof := fmt.Sprintf(`{"type":"DataIntegrityProof","created":%q,"verificationMethod":"urn:k","proofPurpose":"assertionMethod","proofValue":"z1"}`, created)
		if usual := p.compareSecured(t, fmt.Appendf(nil, securedDoc, "urn:x", proof)); usual != (created != "") {
			t.Errorf("created %q: usual is %v", created, usual)
		}
	}
}

// The third document is quick in all its parts, in whatever order they are asked
// for.
func TestThirdIsQuick(t *testing.T) {
	g := &gen{rand.New(rand.NewPCG(8, 8)), 0}
	for _, documentFirst := range []bool{true, false} {
		c := shape.New(shape.Options{})
		for range 3 {
			s, err := c.Secured(fmt.Appendf(nil, securedDoc, "urn:x", regexp.MustCompile(`"proofPurpose":"[^"]*"`).ReplaceAllString(proofText(g, ""), `"proofPurpose":"assertionMethod"`)))
			if err != nil {
				t.Fatal(err)
			}
			if documentFirst {
				_, err = s.Document()
			}
			_, err1 := s.Options(0)
			_, err2 := s.Document()
			if err := errors.Join(err, err1, err2); err != nil {
				t.Fatal(err)
			}
			s.Release()
		}
		if s := c.Stats(); s.Fast != 2 {
			t.Errorf("the document first: %v: %+v, want the third in two parts", documentFirst, s)
		}
	}
}

func TestSecuredWithoutProof(t *testing.T) {
	c := shape.New(shape.Options{})
	for range 4 {
		s, err := c.Secured([]byte(`{"@context":["https://www.w3.org/ns/credentials/v2"],"id":"urn:x","type":"VerifiableCredential"}`))
		if err != nil {
			t.Fatal(err)
		}
		if proofs, ok := s.Proofs(); len(proofs) != 0 || !ok {
			t.Errorf("Proofs = %v, %v", proofs, ok)
		}
		if _, err := s.Document(); err != nil {
			t.Error(err)
		}
		if _, err := s.Options(0); err == nil {
			t.Error("there are options of a proof that is not there")
		}
		s.Release()
	}
}

// Hashes is Secured before there is a signature, whatever proofs there are.
func TestHashesAgainstFull(t *testing.T) {
	p := newPair(t)
	g := &gen{rand.New(rand.NewPCG(6, 6)), 0.1}
	for i := range 60 {
		proof := proofText(g, pick(g, []string{"", "", `,"nonce":"n"`, `,"unknown":1`}))
		data := fmt.Appendf(nil, securedDoc, pick(g, []string{"urn:x", "urn:y", "_:b", "relative"}), proof)
		want := p.secured(t, data)
		doc := data
		if i%3 == 0 {
			doc = bytes.Replace(data, []byte(`,"proof":`+proof), nil, 1)
		}
		d, o, err := p.cache.Hashes(doc, []byte(proof))
		if refused := want.err != nil || want.errs[0] != nil; (err != nil) != refused {
			t.Fatalf("Hashes: %v; full processor: %v, %v", err, want.err, want.errs)
		}
		if err == nil && (d != sha256.Sum256(want.document) || o != sha256.Sum256(want.options[0])) {
			t.Fatalf("Hashes differ, for %s", data)
		}
	}
	if s := p.cache.Stats(); s.Fast < 20 {
		t.Errorf("%+v", s)
	}
	if _, _, err := p.cache.Hashes([]byte(`[]`), []byte(`{}`)); err != shape.ErrNotObject {
		t.Errorf("Hashes of an array: %v", err)
	}
}
