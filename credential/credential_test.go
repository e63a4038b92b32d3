package credential

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/roundel/roundel/internal/vectors"
	"github.com/roundel/roundel/strictjson"
)

const minimal = `{
  "@context": ["https://www.w3.org/ns/credentials/v2"],
  "type": ["VerifiableCredential"],
  "issuer": "did:example:issuer",
  "credentialSubject": {"id": "did:example:subject"}
}`

// with returns the minimal credential with members set (or, given null text
// "-", removed).
func with(t testing.TB, members map[string]string) []byte {
	t.Helper()
	var doc map[string]json.RawMessage
	if err := json.Unmarshal([]byte(minimal), &doc); err != nil {
		t.Fatal(err)
	}
	for k, v := range members {
		if doc[k] = json.RawMessage(v); v == "-" {
			delete(doc, k)
		}
	}
	out, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestParseRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		members map[string]string
		path    string
	}{
		"no context":             {map[string]string{"@context": "-"}, "/@context"},
		"other context first":    {map[string]string{"@context": `["https://w3id.org/openbadges/v2"]`}, "/@context"},
		"context is a number":    {map[string]string{"@context": `["https://www.w3.org/ns/credentials/v2", 1]`}, "/@context"},
		"null context":           {map[string]string{"@context": `["https://www.w3.org/ns/credentials/v2", null]`}, "/@context"},
		"no type":                {map[string]string{"type": "-"}, "/type"},
		"other type":             {map[string]string{"type": `["Assertion"]`}, "/type"},
		"type is a number":       {map[string]string{"type": `["VerifiableCredential", 1]`}, "/type"},
		"no issuer":              {map[string]string{"issuer": "-"}, "/issuer"},
		"issuer without id":      {map[string]string{"issuer": `{"name":"A"}`}, "/issuer/id"},
		"relative issuer":        {map[string]string{"issuer": `"issuer"`}, "/issuer/id"},
		"two issuers":            {map[string]string{"issuer": `["did:a:b","did:a:c"]`}, "/issuer"},
		"relative id":            {map[string]string{"id": `"credential/1"`}, "/id"},
		"id with a space":        {map[string]string{"id": `"https://example.org/a b"`}, "/id"},
		"two ids":                {map[string]string{"id": `["urn:a:1","urn:a:2"]`}, "/id"},
		"null id":                {map[string]string{"id": `null`}, "/id"},
		"null end":               {map[string]string{"validUntil": `null`}, "/validUntil"},
		"null deep inside":       {map[string]string{"credentialSubject": `{"a":[{"b/c":null}]}`}, "/credentialSubject/a/0/b~1c"},
		"no subject":             {map[string]string{"credentialSubject": "-"}, "/credentialSubject"},
		"empty subject":          {map[string]string{"credentialSubject": "{}"}, "/credentialSubject"},
		"no subjects":            {map[string]string{"credentialSubject": "[]"}, "/credentialSubject"},
		"subject is text":        {map[string]string{"credentialSubject": `"did:a:b"`}, "/credentialSubject"},
		"relative subject":       {map[string]string{"credentialSubject": `{"id":"me"}`}, "/credentialSubject/id"},
		"date without zone":      {map[string]string{"validFrom": `"2026-01-01T00:00:00"`}, "/validFrom"},
		"date only":              {map[string]string{"validFrom": `"2026-01-01"`}, "/validFrom"},
		"date is a number":       {map[string]string{"validUntil": `1`}, "/validUntil"},
		"no such date":           {map[string]string{"validUntil": `"2026-02-30T00:00:00Z"`}, "/validUntil"},
		"two dates":              {map[string]string{"validUntil": `["2026-02-20T00:00:00Z"]`}, "/validUntil"},
		"ends before it starts":  {map[string]string{"validFrom": `"2026-01-02T00:00:00Z"`, "validUntil": `"2026-01-01T00:00:00Z"`}, "/validUntil"},
		"status without type":    {map[string]string{"credentialStatus": `{"id":"urn:a:b"}`}, "/credentialStatus/type"},
		"status is text":         {map[string]string{"credentialStatus": `"https://example.org/status"`}, "/credentialStatus"},
		"no statuses":            {map[string]string{"credentialStatus": `[]`}, "/credentialStatus"},
		"schema without id":      {map[string]string{"credentialSchema": `{"type":"JsonSchema"}`}, "/credentialSchema/id"},
		"refresh without type":   {map[string]string{"refreshService": `{"id":"urn:a:b"}`}, "/refreshService/type"},
		"evidence without type":  {map[string]string{"evidence": `[{"id":"urn:a:b"}]`}, "/evidence/type"},
		"empty proof array":      {map[string]string{"proof": `[]`}, "/proof"},
		"proof is text":          {map[string]string{"proof": `"z123"`}, "/proof"},
		"name is a number":       {map[string]string{"name": `1`}, "/name"},
		"name says more":         {map[string]string{"name": `{"@value":"A","@language":"en","url":"did:a:b"}`}, "/name"},
		"name without value":     {map[string]string{"description": `{"@language":"en"}`}, "/description"},
		"name by language":       {map[string]string{"name": `{"en":"A"}`}, "/name"},
		"issuer's name":          {map[string]string{"issuer": `{"id":"did:a:b","name":{"@value":"A","url":"x"}}`}, "/issuer/name"},
		"issuer's description":   {map[string]string{"issuer": `{"id":"did:a:b","description":[1]}`}, "/issuer/description"},
		"context is no address":  {map[string]string{"@context": `["https://www.w3.org/ns/credentials/v2","https ://x/v1"]`}, "/@context"},
		"schema without type":    {map[string]string{"credentialSchema": `{"id":"urn:a:b"}`}, "/credentialSchema/type"},
		"terms without type":     {map[string]string{"termsOfUse": `{}`}, "/termsOfUse/type"},
		"related is text":        {map[string]string{"relatedResource": `["urn:a:b"]`}, "/relatedResource/0"},
		"no related":             {map[string]string{"relatedResource": `[]`}, "/relatedResource"},
		"related without id":     {map[string]string{"relatedResource": `{"digestMultibase":"` + abcMultibase + `"}`}, "/relatedResource/0/id"},
		"related without digest": {map[string]string{"relatedResource": `{"id":"urn:a:b"}`}, "/relatedResource/0"},
		"related digest short":   {map[string]string{"relatedResource": `{"id":"urn:a:b","digestSRI":"sha256-AAAA"}`}, "/relatedResource/0"},
		"related digest number":  {map[string]string{"relatedResource": `{"id":"urn:a:b","digestMultibase":1}`}, "/relatedResource/0"},
		"related one digest bad": {map[string]string{"relatedResource": `{"id":"urn:a:b","digestMultibase":"` + abcMultibase + `","digestSRI":"md5-AAAA"}`}, "/relatedResource/0"},
		"related twice": {map[string]string{"relatedResource": `[{"id":"urn:a:b","digestMultibase":"` + abcMultibase + `"},
			{"id":"urn:a:b","digestMultibase":"` + abcMultibase + `"}]`}, "/relatedResource/1/id"},
		"1.1 without issue date": {map[string]string{"@context": `["https://www.w3.org/2018/credentials/v1"]`}, "/issuanceDate"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse(with(t, c.members))
			var problems Problems
			if !errors.As(err, &problems) {
				t.Fatalf("got %v, want problems", err)
			}
			for _, p := range problems {
				if p.Path == c.path && strings.HasSuffix(p.Msg, ".") {
					return
				}
			}
			t.Errorf("got %v, want a sentence about %s", err, c.path)
		})
	}
}

func TestParseRefusesLooseJSON(t *testing.T) {
	for _, doc := range []string{"", "{", `{"a":1,"a":2}`, `{"type":1,"Type":2}`, minimal + "x", "\xff"} {
		var syntax *strictjson.Error
		if _, err := Parse([]byte(doc)); !errors.As(err, &syntax) {
			t.Errorf("%q: got %v", doc, err)
		}
	}
	if _, err := Parse([]byte("[]")); err == nil {
		t.Error("an array was read as a credential")
	}
	if _, err := ParseLimit([]byte(minimal), 10); err == nil {
		t.Error("the limit on the size was not kept")
	}
}

func TestParse(t *testing.T) {
	raw := with(t, map[string]string{
		"id":               `"urn:uuid:1"`,
		"type":             `["VerifiableCredential","OpenBadgeCredential"]`,
		"issuer":           `{"id":"did:web:uni.edu","name":[{"@value":"Uni","@language":"en"}],"url":"https://uni.edu","image":{"id":"https://uni.edu/logo.png","type":"Image"}}`,
		"name":             `"Degree"`,
		"validFrom":        `"2026-03-01T09:00:00+02:00"`,
		"validUntil":       `"2027-03-01T09:00:00.5Z"`,
		"credentialStatus": `[{"type":"A"},{"type":"B","id":"urn:b:1"}]`,
		"refreshService":   `{"type":"R","id":"https://uni.edu/r"}`,
	})
	c, err := Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	if string(c.Raw) != string(raw) || c.Version != Version2 || c.ID != "urn:uuid:1" || !c.HasType("OpenBadgeCredential") || c.Name != "Degree" {
		t.Errorf("got %+v", c)
	}
	if c.Issuer.ID != "did:web:uni.edu" || c.Issuer.Name != "Uni" || c.Issuer.URL != "https://uni.edu" || c.Issuer.Image != "https://uni.edu/logo.png" {
		t.Errorf("issuer: got %+v", c.Issuer)
	}
	if !c.ValidFrom.Equal(time.Date(2026, 3, 1, 7, 0, 0, 0, time.UTC)) || !c.ValidUntil.Equal(time.Date(2027, 3, 1, 9, 0, 0, 5e8, time.UTC)) {
		t.Errorf("period: got %v to %v", c.ValidFrom, c.ValidUntil)
	}
	if len(c.Status) != 2 || len(c.Refresh) != 1 || len(c.Subject) != 1 {
		t.Errorf("got %d statuses, %d refresh services, %d subjects", len(c.Status), len(c.Refresh), len(c.Subject))
	}
}

func TestParseVersion1TakesTheNarrowerPeriod(t *testing.T) {
	members := map[string]string{
		"@context":       `["https://www.w3.org/2018/credentials/v1"]`,
		"issuanceDate":   `"2026-01-01T00:00:00Z"`,
		"validFrom":      `"2026-02-01T00:00:00Z"`,
		"expirationDate": `"2027-01-01T00:00:00Z"`,
		"validUntil":     `"2028-01-01T00:00:00Z"`,
	}
	c, err := Parse(with(t, members))
	if err != nil {
		t.Fatal(err)
	}
	if c.Version != Version1 || c.ValidFrom.Month() != time.February || c.ValidUntil.Year() != 2027 {
		t.Errorf("got %v to %v", c.ValidFrom, c.ValidUntil)
	}
	members["expirationDate"] = "-"
	if c, err = Parse(with(t, members)); err != nil || c.ValidUntil.Year() != 2028 {
		t.Errorf("without expirationDate: got %v, %v", c, err)
	}
}

func TestParsePublishedExamples(t *testing.T) {
	for _, name := range []string{"ob3-signed.json", "clr2-signed.json"} {
		if _, err := Parse(vectors.File(t, "ob3-spec-vector", name)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Parse(vectors.Fixture(t, "achievement-credential.json")); err != nil {
		t.Error(err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(minimal))
	f.Add(with(f, map[string]string{"name": `[{"@value":"x"}]`, "issuer": `{"id":"did:a:b","image":"x"}`, "proof": `[{"type":"P"}]`}))
	f.Add([]byte(`{"@context":null,"type":[[]],"issuer":{"name":{}},"name":[null]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		c, err := Parse(raw)
		if (c == nil) == (err == nil) {
			t.Fatalf("got %v and %v", c, err)
		}
		if err == nil && (c.Issuer.ID == "" || len(c.Subject) == 0 || !c.HasType("VerifiableCredential")) {
			t.Fatalf("read without an issuer, a subject or a type: %s", raw)
		}
	})
}
