package ob2

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/roundel/roundel/credential"
	"github.com/roundel/roundel/strictjson"
)

// written is what ob2 reads and writes.
type written interface{ Document() ([]byte, error) }

// fuzzParser: parse returns a value or an error of the kinds that Parse names,
// and what can be written is read again as the same.
func fuzzParser[T any, P interface {
	*T
	written
}](f *testing.F, parse func([]byte) (P, error), seeds ...string) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := parse(data)
		if err != nil {
			var problems credential.Problems
			var syntax *strictjson.Error
			if !errors.As(err, &problems) && !errors.As(err, &syntax) {
				t.Fatalf("an error of another kind: %v", err)
			}
			return
		}
		text, err := got.Document()
		if err != nil {
			return // it may be read and still not be good enough to be written
		}
		again, err := parse(text)
		if err != nil {
			t.Fatalf("%s, %v", text, err)
		}
		second, err := again.Document()
		if diff := cmp.Diff(string(text), string(second)); err != nil || diff != "" {
			t.Fatalf("%v, written once and twice:\n%s", err, diff)
		}
	})
}

func FuzzParseProfile(f *testing.F) {
	fuzzParser(f, ParseProfile,
		`{"@context":"https://w3id.org/openbadges/v2","type":"Profile","id":"https://school.example/i","name":"School","url":"https://school.example","email":"a@school.example",`+
			`"publicKey":["https://school.example/k"],"verification":{"type":"VerificationObject","allowedOrigins":["school.example"],"startsWith":["https://school.example/a"]},"revocationList":"https://school.example/r"}`,
		`{"@context":"https://w3id.org/openbadges/v2","type":"Issuer","id":"https://school.example/i","name":"School","url":"https://school.example","email":"a@b","publicKey":{"id":"https://school.example/k","owner":"https://school.example/i","publicKeyPem":"x"},"image":{"id":"data:,x","caption":"c"}}`,
		`{"name":"School","url":"https://school.example","org":"x","contact":"a@b"}`, `{"name":1}`, `[]`)
}

func FuzzParseBadgeClass(f *testing.F) {
	fuzzParser(f, ParseBadgeClass,
		`{"@context":"https://w3id.org/openbadges/v2","type":"BadgeClass","id":"https://school.example/b","name":"Bicycles","description":"d","image":"https://school.example/b.png","criteria":"https://school.example/c","issuer":"https://school.example/i","tags":["a"],"alignment":[{"targetName":"t","targetUrl":"https://a.example"}]}`,
		`{"@context":"https://w3id.org/openbadges/v1","type":"BadgeClass","id":"https://school.example/b","name":"Bicycles","description":"d","image":"data:image/png;base64,AA==","criteria":{"narrative":"n"},"issuer":{"id":"https://school.example/i","name":"School","url":"https://school.example","email":"a@b"}}`,
		`{"name":"Bicycles","issuer":"https://school.example/i","alignment":{"name":"a","url":"b"}}`, `{"issuer":{}}`)
}

func FuzzParseKey(f *testing.F) {
	const pem = `-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n`
	fuzzParser(f, ParseKey,
		`{"@context":"https://w3id.org/openbadges/v2","type":"CryptographicKey","id":"https://school.example/k","owner":"https://school.example/i","publicKeyPem":"`+pem+`"}`,
		"-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n",
		`{"publicKeyPem":"x"}`, "-----BEGIN RSA PRIVATE KEY-----\n-----END RSA PRIVATE KEY-----")
}

func FuzzParseRevocationList(f *testing.F) {
	fuzzParser(f, ParseRevocationList,
		`{"@context":"https://w3id.org/openbadges/v2","type":"RevocationList","id":"https://school.example/r","issuer":"https://school.example/i","revokedAssertions":["https://school.example/a/1",{"id":"https://school.example/a/2","revocationReason":"Mistake"},{"uid":"u"}]}`,
		`{"abc":"because"}`, `{}`, `{"revokedAssertions":[]}`, `{"type":"RevocationList","revokedAssertions":{"id":"x"}}`)
}
