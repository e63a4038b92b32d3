package did

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/roundel/roundel/multikey"
)

const (
	edKey   = "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"
	p256Key = "zDnaepBuvsQ8cpsWrVKw8fbpGpvPeNSjVPTWoq6cRqaYzBKVP"
	edJWK   = `{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`
	rsaJWK  = `{"kty":"RSA","n":"AQAB","e":"AQAB"}`
)

const full = `{
  "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
  "id": "did:web:uni.edu",
  "controller": "did:web:uni.edu",
  "alsoKnownAs": ["https://uni.edu/"],
  "verificationMethod": [
    {"id": "#one", "type": "Multikey", "controller": "did:web:uni.edu", "publicKeyMultibase": "` + edKey + `",
     "expires": "2030-01-02T03:04:05Z", "revoked": "2026-01-02T03:04:05+02:00"},
    {"id": "did:web:uni.edu#two", "type": "JsonWebKey", "controller": "did:web:uni.edu", "publicKeyJwk": ` + edJWK + `},
    {"id": "#three", "type": "Ed25519VerificationKey2020", "controller": "did:web:uni.edu", "publicKeyMultibase": "` + edKey + `"},
    {"id": "#other", "type": "Multikey", "controller": "did:web:evil.example", "publicKeyMultibase": "` + edKey + `"},
    {"id": "#rsa", "type": "JsonWebKey2020", "controller": "did:web:uni.edu", "publicKeyJwk": ` + rsaJWK + `},
    {"id": "#secp", "type": "EcdsaSecp256k1VerificationKey2019", "controller": "did:web:uni.edu"},
    {"id": "did:web:evil.example#key", "type": "Multikey", "controller": "did:web:uni.edu", "publicKeyMultibase": "` + edKey + `"},
    {"id": "#wrongtype", "type": "Ed25519VerificationKey2020", "controller": "did:web:uni.edu", "publicKeyMultibase": "` + p256Key + `"},
    {"id": "#leaked", "type": "Multikey", "controller": "did:web:uni.edu", "publicKeyMultibase": "` + edKey + `", "secretKeyMultibase": "z3u2"},
    {"id": "#twoforms", "type": "Multikey", "controller": "did:web:uni.edu", "publicKeyMultibase": "` + edKey + `", "publicKeyJwk": ` + edJWK + `},
    {"id": "#nocontroller", "type": "Multikey", "publicKeyMultibase": "` + edKey + `"},
    {"id": "#baddate", "type": "Multikey", "controller": "did:web:uni.edu", "publicKeyMultibase": "` + edKey + `", "expires": "2030-01-02"}
  ],
  "assertionMethod": ["#one", "did:web:uni.edu#two", "#other", "#rsa", "#secp", "did:web:evil.example#key", "#wrongtype", "#leaked",
    "#twoforms", "#nocontroller", "#baddate", "#absent",
    {"id": "#embedded", "type": "Multikey", "controller": "did:web:uni.edu", "publicKeyMultibase": "` + p256Key + `"}],
  "authentication": "#three",
  "service": [{"id": "#s", "type": "LinkedDomains", "serviceEndpoint": "https://uni.edu"}]
}`

func TestParseDocument(t *testing.T) {
	d, err := ParseDocument([]byte(full))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		id, relationship string
		want             error
	}{
		{"did:web:uni.edu#one", AssertionMethod, nil},
		{"did:web:uni.edu#two", AssertionMethod, nil},
		{"did:web:uni.edu#three", Authentication, nil},
		{"did:web:uni.edu#embedded", AssertionMethod, nil},
		{"did:web:uni.edu#three", AssertionMethod, ErrNotAuthorised},
		{"did:web:uni.edu#one", Authentication, ErrNotAuthorised},
		{"did:web:uni.edu#embedded", Authentication, ErrNotAuthorised},
		{"did:web:uni.edu#one", "verificationMethod", ErrNotAuthorised},
		{"did:web:uni.edu#one", "", ErrNotAuthorised},
		{"did:web:uni.edu#absent", AssertionMethod, ErrMethodMissing},
		{"did:web:uni.edu#ONE", AssertionMethod, ErrMethodMissing},
		{"#one", AssertionMethod, ErrMethodMissing},
		{"", AssertionMethod, ErrMethodMissing},
		{"did:web:uni.edu#other", AssertionMethod, ErrWrongController},
		{"did:web:uni.edu#nocontroller", AssertionMethod, ErrWrongController},
		{"did:web:uni.edu#rsa", AssertionMethod, ErrUnsupportedKey},
		{"did:web:uni.edu#secp", AssertionMethod, ErrUnsupportedKey},
		{"did:web:evil.example#key", AssertionMethod, ErrInvalid},
		{"did:web:uni.edu#wrongtype", AssertionMethod, ErrInvalid},
		{"did:web:uni.edu#leaked", AssertionMethod, ErrInvalid},
		{"did:web:uni.edu#twoforms", AssertionMethod, ErrInvalid},
		{"did:web:uni.edu#baddate", AssertionMethod, ErrInvalid},
	} {
		m, err := d.Method(c.id, c.relationship)
		if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("Method(%s, %s): %v, want %v", c.id, c.relationship, err, c.want)
		}
		if err == nil && (m.PublicKey == nil || m.Controller != d.ID || m.ID != c.id) {
			t.Errorf("Method(%s, %s) = %+v", c.id, c.relationship, m)
		}
	}
	m, err := d.Method("did:web:uni.edu#one", AssertionMethod)
	if err != nil {
		t.Fatal(err)
	}
	if !m.Expires.Equal(time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)) || !m.Revoked.Equal(time.Date(2026, 1, 2, 1, 4, 5, 0, time.UTC)) {
		t.Errorf("expires %v, revoked %v", m.Expires, m.Revoked)
	}
	if len(d.Service) != 1 || d.Service[0].ID != "did:web:uni.edu#s" || d.Service[0].Endpoint != "https://uni.edu" ||
		d.AlsoKnownAs[0] != "https://uni.edu/" || d.Controller[0] != d.ID || string(d.Raw) != full {
		t.Errorf("document %+v", d)
	}
}

func TestParseDocumentRefuses(t *testing.T) {
	method := `{"id":"#a","type":"Multikey","controller":"did:web:a.b","publicKeyMultibase":"` + edKey + `"}`
	many := strings.TrimSuffix(strings.Repeat("\"#a\",", 10), ",")
	var methods []string
	for i := range maxMethods + 1 {
		methods = append(methods, strings.Replace(method, "#a", fmt.Sprintf("#a%d", i), 1))
	}
	for name, text := range map[string]string{
		"empty":              ``,
		"no object":          `[]`,
		"no id":              `{}`,
		"id no DID":          `{"id":"https://a.b"}`,
		"id a DID URL":       `{"id":"did:web:a.b#c"}`,
		"id null":            `{"id":null}`,
		"duplicate id":       `{"id":"did:web:a.b","id":"did:web:c.d"}`,
		"id in another case": `{"ID":"did:web:a.b"}`,
		"same method twice":  `{"id":"did:web:a.b","verificationMethod":[` + method + `,` + method + `]}`,
		"listed, embedded":   `{"id":"did:web:a.b","verificationMethod":[` + method + `],"assertionMethod":[` + method + `]}`,
		"method no object":   `{"id":"did:web:a.b","verificationMethod":["#a"]}`,
		"method without id":  `{"id":"did:web:a.b","verificationMethod":[{"type":"Multikey"}]}`,
		"method null":        `{"id":"did:web:a.b","verificationMethod":null}`,
		"reference no id":    `{"id":"did:web:a.b","assertionMethod":["a"]}`,
		"reference to a DID": `{"id":"did:web:a.b","assertionMethod":["did:web:a.b"]}`,
		"reference number":   `{"id":"did:web:a.b","assertionMethod":[1]}`,
		"controller number":  `{"id":"did:web:a.b","controller":1}`,
		"too many methods":   `{"id":"did:web:a.b","verificationMethod":[` + strings.Join(methods, ",") + `]}`,
		"something after it": `{"id":"did:web:a.b"}{}`,
		"invalid UTF-8":      "{\"id\":\"did:web:a.b\",\"x\":\"\xff\"}",
		"too large":          `{"id":"did:web:a.b","x":"` + strings.Repeat("x", maxDocumentBytes) + `"}`,
		"too deep":           `{"id":"did:web:a.b","x":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`,
	} {
		if d, err := ParseDocument([]byte(text)); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %+v, %v; want ErrInvalid", name, d, err)
		}
	}
	if _, err := ParseDocument([]byte(`{"id":"did:web:a.b","assertionMethod":[` + many + `]}`)); err != nil {
		t.Errorf("references to absent methods: %v", err)
	}
}

func TestNewWebDocument(t *testing.T) {
	key, err := multikey.DecodePublic(edKey)
	if err != nil {
		t.Fatal(err)
	}
	end := time.Date(2026, 5, 6, 7, 8, 9, 500, time.FixedZone("", 3600))
	raw, err := NewWebDocument("did:web:uni.edu:a", Method{ID: "#1", PublicKey: key, Revoked: end}, Method{ID: "did:web:uni.edu:a#2", PublicKey: key})
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"@context":["https://www.w3.org/ns/did/v1","https://w3id.org/security/multikey/v1"],"id":"did:web:uni.edu:a",` +
		`"verificationMethod":[{"id":"did:web:uni.edu:a#1","type":"Multikey","controller":"did:web:uni.edu:a","revoked":"2026-05-06T06:08:09Z","publicKeyMultibase":"` + edKey + `"},` +
		`{"id":"did:web:uni.edu:a#2","type":"Multikey","controller":"did:web:uni.edu:a","publicKeyMultibase":"` + edKey + `"}],` +
		`"assertionMethod":["did:web:uni.edu:a#1","did:web:uni.edu:a#2"]}`
	if string(raw) != want {
		t.Errorf("document\n%s\nwant\n%s", raw, want)
	}
	for name, f := range map[string]func() ([]byte, error){
		"no keys":     func() ([]byte, error) { return NewWebDocument("did:web:a.b") },
		"not did:web": func() ([]byte, error) { return NewWebDocument("did:key:" + edKey) },
		"foreign method": func() ([]byte, error) {
			return NewWebDocument("did:web:a.b", Method{ID: "did:web:c.d#1", PublicKey: key})
		},
		"no id":  func() ([]byte, error) { return NewWebDocument("did:web:a.b", Method{PublicKey: key}) },
		"no key": func() ([]byte, error) { return NewWebDocument("did:web:a.b", Method{ID: "#1"}) },
		"same id": func() ([]byte, error) {
			return NewWebDocument("did:web:a.b", Method{ID: "#1", PublicKey: key}, Method{ID: "did:web:a.b#1", PublicKey: key})
		},
	} {
		if raw, err := f(); err == nil {
			t.Errorf("%s: %s", name, raw)
		}
	}
}

// sameKeys compares what resolving made with what parsing its Raw gives.
func sameKeys(t testing.TB, d *Document) {
	t.Helper()
	again, err := ParseDocument(d.Raw)
	if err != nil {
		t.Fatalf("%s: %v", d.Raw, err)
	}
	a, errA := json.Marshal(d)
	b, errB := json.Marshal(again)
	if errA != nil || errB != nil {
		t.Fatal(errA, errB)
	}
	if strings.ReplaceAll(string(a), "null", "[]") != strings.ReplaceAll(string(b), "null", "[]") {
		t.Errorf("made %s\nread %s", a, b)
	}
}
