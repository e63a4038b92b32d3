package clr

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/roundel/roundel/credential"
	"github.com/roundel/roundel/internal/vectors"
	"github.com/roundel/roundel/jsonld"
	"github.com/roundel/roundel/openbadge"
	"github.com/roundel/roundel/strictjson"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"
)

func university() openbadge.Profile {
	return openbadge.Profile{ID: "did:web:uni.edu", Name: "Example University"}
}

func achievement(n int) openbadge.Achievement {
	return openbadge.Achievement{ID: fmt.Sprintf("https://uni.edu/badges/%d", n), Name: "Data analysis", Description: "Can analyse data.",
		Criteria: openbadge.Criteria{Narrative: "Six assignments."}}
}

// signed is a badge with a proof that is not real.
func signed(t interface{ Fatal(...any) }, n int) []byte {
	badge := openbadge.New(fmt.Sprintf("https://uni.edu/awards/%d", n), university(), achievement(n),
		openbadge.Subject{ID: "did:example:anna"}, time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))
	text, err := badge.Document()
	if err != nil {
		t.Fatal(err)
	}
	const proof = `,"proof":[{"type":"DataIntegrityProof","cryptosuite":"eddsa-rdfc-2022","created":"2026-03-01T00:00:00Z",` +
		`"verificationMethod":"did:web:uni.edu#k","proofPurpose":"assertionMethod","proofValue":"z1"}]}`
	return []byte(strings.TrimSuffix(string(text), "}") + proof)
}

func asJWS(document []byte) []byte {
	return []byte("eyJhbGciOiJFUzI1NiJ9." + base64.RawURLEncoding.EncodeToString(document) + ".c2ln")
}

// record holds n badges and uses every member.
func record(t interface{ Fatal(...any) }, n int) *Record {
	at := time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)
	name, err := openbadge.HashedEmail("anna@example.com", strings.NewReader("0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	learner := Subject{ID: "did:example:anna", Identifier: []openbadge.IdentityObject{name}, Achievement: []openbadge.Achievement{achievement(1), achievement(1000)}}
	r := New("https://uni.edu/records/1", "Transcript", university(), learner, at)
	r.Description, r.Image, r.Partial = "Spring", &openbadge.Image{ID: "https://uni.edu/p.png"}, true
	r.ValidUntil, r.AwardedDate = at.Add(time.Hour), at.Add(-time.Hour)
	r.Evidence = []openbadge.Evidence{{ID: "https://uni.edu/e", Name: "Report"}}
	r.TermsOfUse = []openbadge.TermsOfUse{{ID: "https://uni.edu/terms", Type: "https://uni.edu/types#Terms"}}
	r.Status = openbadge.Statuses{{ID: "https://uni.edu/s#1", Type: openbadge.StatusType, Purpose: openbadge.PurposeRevoke, Index: "1", ListCredential: "https://uni.edu/s"}}
	r.Refresh = &openbadge.Refresh{ID: "https://uni.edu/r", Type: openbadge.RefreshType}
	for i := range n {
		if err := r.Hold(signed(t, i)); err != nil {
			t.Fatal(err)
		}
	}
	r.Associate("isPartOf", "https://uni.edu/badges/0", "https://uni.edu/badges/1000")
	r.Associate("precedes", "https://uni.edu/awards/0", "https://elsewhere.example/1")
	return r
}

func TestValidateRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*Record)
		path  string
	}{
		"no id":               {func(r *Record) { r.ID = "" }, "/id"},
		"no name":             {func(r *Record) { r.Name = " " }, "/name"},
		"no issuer":           {func(r *Record) { r.Issuer = openbadge.Profile{} }, "/issuer/id"},
		"no date":             {func(r *Record) { r.ValidFrom = time.Time{} }, "/validFrom"},
		"ends first":          {func(r *Record) { r.ValidUntil = r.ValidFrom.Add(-1) }, "/validUntil"},
		"badge's contexts":    {func(r *Record) { r.Contexts = slices.Delete(r.Contexts, 1, 2) }, "/@context"},
		"contexts exchanged":  {func(r *Record) { r.Contexts[1], r.Contexts[2] = r.Contexts[2], r.Contexts[1] }, "/@context"},
		"badge's type":        {func(r *Record) { r.Types[1] = openbadge.TypeCredential }, "/type"},
		"nobody":              {func(r *Record) { r.Subject.ID, r.Subject.Identifier = "", nil }, "/credentialSubject"},
		"mail in the clear":   {func(r *Record) { r.Subject.Identifier[0].Hashed = false }, "/credentialSubject/identifier/0/hashed"},
		"holds nothing":       {func(r *Record) { r.Subject.Held = nil }, "/credentialSubject/verifiableCredential"},
		"holds a JWT":         {func(r *Record) { r.Subject.Held[0] = Held{JWT: string(asJWS(signed(t, 1)))} }, "/credentialSubject/verifiableCredential/0"},
		"holds text":          {func(r *Record) { r.Subject.Held[1] = Held{Document: json.RawMessage(`"x"`)} }, "/credentialSubject/verifiableCredential/1"},
		"holds nothing there": {func(r *Record) { r.Subject.Held[1] = Held{} }, "/credentialSubject/verifiableCredential/1"},
		"achievement":         {func(r *Record) { r.Subject.Achievement[1].Name = "" }, "/credentialSubject/achievement/1/name"},
		"kind of association": {func(r *Record) { r.Subject.Association[0].Kind = "isNear" }, "/credentialSubject/association/0/associationType"},
		"no source":           {func(r *Record) { r.Subject.Association[0].SourceID = "" }, "/credentialSubject/association/0/sourceId"},
		"relative target":     {func(r *Record) { r.Subject.Association[0].TargetID = "badges/1" }, "/credentialSubject/association/0/targetId"},
		"foreign association": {func(r *Record) { r.Subject.Association[1].SourceID = "urn:a:b" }, "/credentialSubject/association/1"},
		"JWT endorsement":     {func(r *Record) { r.EndorsementJWT = []string{"a.b.c"} }, "/endorsementJwt"},
	} {
		r := record(t, 2)
		c.spoil(r)
		if !slices.ContainsFunc(Validate(r), func(p *openbadge.Problem) bool { return p.Path == c.path && strings.HasSuffix(p.Msg, ".") }) {
			t.Errorf("%s: got %v, want a sentence about %s", name, openbadge.Problems(Validate(r)), c.path)
		}
		if _, err := r.Document(); err == nil {
			t.Errorf("%s: Document does not ask Validate", name)
		}
	}
}

func TestHoldRefuses(t *testing.T) {
	sound := string(signed(t, 1))
	for name, text := range map[string]string{
		"nothing": "", "text": "x", "list": "[]", "duplicate member": `{"a":1,"a":2}`, "no credential": `{"a":1}`,
		"unsigned":  strings.Replace(sound, `"proof"`, `"proofs"`, 1),
		"null":      strings.Replace(sound, `"Six assignments."`, "null", 1),
		"no issuer": strings.Replace(sound, `"issuer"`, `"issuers"`, 1),
		"JWS":       "a.b.c", "JWS of text": string(asJWS([]byte(`"x"`))), "JWS of another thing": string(asJWS([]byte(`{"iss":"x"}`))),
	} {
		r := record(t, 0)
		var problems openbadge.Problems
		if err := r.Hold([]byte(text)); !errors.As(err, &problems) || r.Subject.Held != nil {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestJWTsNeedARecordThatIsOne(t *testing.T) {
	r := record(t, 1)
	vc := map[string]any{}
	if err := json.Unmarshal(signed(t, 7), &vc); err != nil {
		t.Fatal(err)
	}
	old, err := json.Marshal(map[string]any{"iss": "did:web:uni.edu", "vc": vc})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range [][]byte{asJWS(signed(t, 5)), asJWS(old)} {
		if err := r.Hold(text); err != nil {
			t.Fatal(err)
		}
	}
	r.Associate("precedes", "https://uni.edu/badges/5", "https://uni.edu/badges/7")
	var problems openbadge.Problems
	if _, err := r.Document(); !errors.As(err, &problems) || len(problems) != 2 || !strings.Contains(problems[0].Msg, "sign the record as a JWT") {
		t.Errorf("got %v", err)
	}
	text, err := r.DocumentForJWT()
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, text); !slices.EqualFunc(got.Subject.Held, r.Subject.Held, func(a, b Held) bool { return a.JWT == b.JWT }) {
		t.Errorf("got %+v", got.Subject.Held)
	}
}

func read(t interface{ Fatal(...any) }, text []byte) *Record {
	c, err := credential.ParseLimit(text, credential.MaxRecordBytes)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Read(c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func tree(t interface{ Fatal(...any) }, text []byte) map[string]any {
	v, err := strictjson.Decode(text, strictjson.Limits{MaxBytes: credential.MaxRecordBytes})
	if err != nil {
		t.Fatal(err)
	}
	return v.(map[string]any)
}

func canonical(t interface{ Fatal(...any) }, doc map[string]any) string {
	out, err := jsonld.Canonicalize(doc, jsonld.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(vectors.File(t, "1edtech-schemas", "clr_v2p0", "clr_v2p0_clrcredential_schema.json")))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	compiler.UseLoader(jsonschema.SchemeURLLoader{}) // no network
	delete(doc.(map[string]any), "$id")
	if err := compiler.AddResource("urn:schema:clr", doc); err != nil {
		t.Fatal(err)
	}
	s, err := compiler.Compile("urn:schema:clr")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func conforms(t interface{ Fatal(...any) }, s *jsonschema.Schema, text []byte) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(doc); err != nil {
		t.Fatal(err, string(text))
	}
}

func TestWhatIsBuiltIsSound(t *testing.T) {
	s := schema(t)
	rapid.Check(t, func(t *rapid.T) {
		r := record(t, rapid.IntRange(1, 3).Draw(t, "n"))
		word := rapid.StringOfN(rapid.Rune(), 1, 10, -1).Filter(func(s string) bool { return strings.TrimSpace(s) != "" })
		r.Name, r.Description = word.Draw(t, "name"), word.Draw(t, "description")
		r.Subject.Achievement[1].Description = word.Draw(t, "achievement")
		r.Partial = rapid.Bool().Draw(t, "partial")
		r.Subject.Association[0].Kind = rapid.SampledFrom(AssociationTypes()).Draw(t, "kind")
		if rapid.Bool().Draw(t, "bare") {
			r = New(r.ID, r.Name, university(), Subject{ID: "did:example:anna", Held: r.Subject.Held}, r.ValidFrom)
		}
		text, err := r.Document()
		if err != nil {
			t.Fatal(err)
		}
		conforms(t, s, text)
		again, err := read(t, text).MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tree(t, text), tree(t, again)); diff != "" {
			t.Fatalf("(-written +read)\n%s", diff)
		}
		canonical(t, tree(t, text))
	})
}

// What the specification's example says survives reading and writing, as far as
// a signature covers it.
func TestPublishedExample(t *testing.T) {
	text := vectors.File(t, "ob3-spec-vector", "clr2-signed.json")
	conforms(t, schema(t), text)
	r := read(t, text)
	if r.Name != "Sample Transcript" || len(r.Subject.Held) != 1 || len(r.Subject.Achievement) != 2 || r.Subject.Association[0].Kind != "isParentOf" {
		t.Fatalf("got %+v", r)
	}
	again, err := r.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	unsigned := tree(t, text)
	delete(unsigned, "proof")
	want := string(vectors.File(t, "ob3-spec-vector", "clrv2p0", "document-canon.txt"))
	if diff := cmp.Diff(strings.TrimSpace(want), strings.TrimSpace(canonical(t, tree(t, again)))); diff != "" {
		t.Errorf("the published statements (-want +got)\n%s", diff)
	}
}

// A whole school life must fit.
func TestHundredBadges(t *testing.T) {
	r := record(t, 100)
	text, err := r.Document()
	if err != nil {
		t.Fatal(err)
	}
	if len(text) > credential.MaxRecordBytes {
		t.Fatalf("%d bytes", len(text))
	}
	got := read(t, text)
	if len(got.Subject.Held) != 100 {
		t.Fatalf("got %d", len(got.Subject.Held))
	}
	for i, h := range got.Subject.Held {
		c, err := credential.Parse(h.Document)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := openbadge.Read(c); err != nil || b.ID != fmt.Sprintf("https://uni.edu/awards/%d", i) {
			t.Fatalf("%d: got %v, %v", i, b, err)
		}
	}
	canonical(t, tree(t, text))
}

func TestReadRefuses(t *testing.T) {
	whole, err := record(t, 1).Document()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ old, new, path string }{
		"other context":     {Context, "https://purl.imsglobal.org/spec/clr/v1p0/context.json", "/@context"},
		"other type":        {`"ClrCredential"`, `"DegreeCredential"`, "/type"},
		"no name":           {`"name":"Transcript",`, ``, "/name"},
		"partly partial":    {`"partial":true`, `"partial":"yes"`, "/partial"},
		"subject type":      {`"ClrSubject"`, `"AchievementSubject"`, "/credentialSubject/type"},
		"association kind":  {`"isPartOf"`, `"isNear"`, "/credentialSubject/association/0/associationType"},
		"association type":  {`"type":"Association"`, `"type":"Link"`, "/credentialSubject/association/0/type"},
		"two subjects":      {`"credentialSubject":{"id"`, `"credentialSubject":[{"a":1}],"x":{"id"`, "/credentialSubject/type"},
		"achievement alone": {`"achievement":[{"id":"https://uni.edu/badges/1",`, `"achievement":[{`, "/credentialSubject/achievement/0/id"},
	} {
		spoiled := strings.Replace(string(whole), c.old, c.new, 1)
		parsed, err := credential.Parse([]byte(spoiled))
		if err != nil || spoiled == string(whole) {
			t.Fatalf("%s: %v", name, err)
		}
		var problems openbadge.Problems
		if _, err := Read(parsed); !errors.As(err, &problems) || !slices.ContainsFunc(problems, func(p *openbadge.Problem) bool { return p.Path == c.path }) {
			t.Errorf("%s: got %v, want a problem at %s", name, err, c.path)
		}
	}
	c, err := credential.Parse([]byte(strings.Replace(string(whole), `"partial":true`, `"Partial":true`, 1)))
	if err != nil {
		t.Fatal(err)
	}
	if r, err := Read(c); err != nil || r.Partial {
		t.Errorf("a misspelt member was read: %v", err)
	}
}

func TestEndorsementsAreListed(t *testing.T) {
	e := openbadge.NewEndorsement("urn:uuid:9", "We like it", university(), "https://uni.edu/badges/1", "", time.Unix(0, 0))
	text, err := e.DocumentForJWT()
	if err != nil {
		t.Fatal(err)
	}
	r := record(t, 1)
	if err := r.Subject.Achievement[0].Endorse(asJWS(text)); err != nil {
		t.Fatal(err)
	}
	r.EndorsementJWT = []string{string(asJWS(text))}
	var paths []string
	for _, e := range r.Endorsements() {
		paths = append(paths, e.Path)
	}
	if want := []string{"/endorsementJwt/0", "/credentialSubject/achievement/0/endorsementJwt/0"}; !slices.Equal(paths, want) {
		t.Errorf("got %v", paths)
	}
}

func FuzzRead(f *testing.F) {
	text, err := record(f, 2).Document()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(strings.Replace(string(text), `"verifiableCredential":[`, `"verifiableCredential":["a.b.c",`, 1)))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := credential.Parse(text)
		if err != nil {
			return
		}
		r, err := Read(c)
		if err != nil {
			return
		}
		if len(r.Subject.Held) == 0 {
			t.Fatalf("read without a credential: %s", text)
		}
		out, err := json.Marshal(r)
		if err == nil && !json.Valid(out) {
			t.Fatal("invalid JSON written")
		}
	})
}
