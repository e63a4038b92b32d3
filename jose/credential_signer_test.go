package jose_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/roundel/roundel/jose"
)

func TestCredentialSigner(t *testing.T) {
	key := keys()["EdDSA"]
	if _, err := jose.NewCredentialSigner(nil, jose.CredentialOptions{KeyID: "k"}); !errors.Is(err, jose.ErrAlgorithm) {
		t.Errorf("no key: %v", err)
	}
	for _, o := range []jose.CredentialOptions{
		{}, {KeyID: "k", Profile: jose.VC11}, {KeyID: "k", Profile: 9},
		{KeyID: "k", Now: time.Now}, {KeyID: "k", Profile: jose.OB3, Expires: time.Unix(9e9, 0)}, // which Open Badges 3.0 has not
	} {
		if _, err := jose.NewCredentialSigner(key, o); !errors.Is(err, jose.ErrDocument) {
			t.Errorf("%+v: %v", o, err)
		}
	}
	doc := []byte(` { "id" : "urn:x:1", "issuer":{"name":"\"id\":","id":"did:web:uni.example"},
	 "validFrom":"2026-03-01T09:00:00Z", "credentialSubject":{"a":{"id":"no"},"id":"did:example:\u0061"} } `)
	for _, o := range []jose.CredentialOptions{
		{KeyID: "k"}, {JWK: true}, {KeyID: "k", Profile: jose.W3C, Now: func() time.Time { return time.Unix(1, 0) }, Expires: time.Unix(9e9, 0)},
	} {
		s, err := jose.NewCredentialSigner(key, o)
		if err != nil {
			t.Fatal(err)
		}
		for _, bad := range []string{``, `{`, `[]`, `"a"`, `{"a":1,"a":2}`} {
			if _, err := s.Sign([]byte(bad)); !errors.Is(err, jose.ErrMalformed) {
				t.Errorf("%s: %v", bad, err)
			}
		}
		for _, bad := range []string{`{}`, `{"issuer":"a:b","vc":{},"id":"x:y","validFrom":"2026-03-01T09:00:00Z"}`, `{"issuer":"a:b","\u0069ss":1}`} {
			if _, err := s.Sign([]byte(bad)); !errors.Is(err, jose.ErrDocument) {
				t.Errorf("%s: %v", bad, err)
			}
		}
		for range 2 { // a signer is as good the second time
			got, err := s.Sign(doc)
			if err != nil {
				t.Fatal(err)
			}
			want, err := jose.SignCredential(doc, key, o)
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s, SignCredential: %s, %v", got, want, err)
			}
			c, err := jose.ParseCredential(got)
			if err != nil || c.Verify(key.Public()) != nil || c.Issuer != "did:web:uni.example" || c.ID != "urn:x:1" || c.Subject != "did:example:a" {
				t.Fatalf("%+v, %v", c, err)
			}
			if inner := bytes.TrimSpace(doc); !bytes.Equal(bytes.TrimSpace(c.Document), inner) {
				t.Errorf("the document is %s, want %s", c.Document, inner)
			}
		}
	}
}
