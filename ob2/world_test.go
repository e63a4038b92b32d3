package ob2

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/roundel/roundel/did"
	"github.com/roundel/roundel/openbadge"
)

// internet answers from a table: a body, or a status.
type internet map[string]any

func (n internet) Get(_ context.Context, url, _ string) ([]byte, string, error) {
	switch v := n[url].(type) {
	case string:
		return []byte(v), "application/json", nil
	case []byte:
		return v, "application/ld+json", nil
	case int:
		return nil, "", &did.StatusError{Code: v}
	case error:
		return nil, "", v
	}
	return nil, "", &did.StatusError{Code: 404}
}

func (n internet) with(url string, v any) internet {
	more := internet{url: v}
	for k, old := range n {
		if k != url {
			more[k] = old
		}
	}
	return more
}

// replaced returns n with old replaced in the document at url.
func (n internet) replaced(t testing.TB, url, old, new string) internet {
	t.Helper()
	text := string(n[url].([]byte))
	changed := strings.Replace(text, old, new, 1)
	if changed == text {
		t.Fatalf("%s does not contain %s: %s", url, old, text)
	}
	return n.with(url, []byte(changed))
}

const (
	assertionURL = "https://uni.edu/a/1"
	badgeURL     = "https://uni.edu/badges/1"
	issuerURL    = "https://uni.edu/issuer"
	keyURL       = "https://uni.edu/key"
	listURL      = "https://uni.edu/revoked"
	salt         = "00112233445566778899aabbccddeeff"
)

var errDown = errors.New("no route")

func now() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }

var rsaKey = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

func publicPEM(t testing.TB, key any) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

func issuer() *Profile {
	return &Profile{ID: issuerURL, Name: "Example University", URL: "https://uni.edu", Email: "badges@uni.edu", Telephone: "+491", Description: "D",
		Image: &Image{ID: "https://uni.edu/logo.png"}, PublicKey: []CryptographicKey{{ID: keyURL}}, RevocationList: listURL}
}

func badgeClass() *BadgeClass {
	return &BadgeClass{ID: badgeURL, Name: "Robotics", Description: "Builds robots & <things>.", Image: &Image{ID: "https://uni.edu/b.png", Caption: "A robot", Author: "https://uni.edu/artist"},
		Criteria: Criteria{ID: "https://uni.edu/c", Narrative: "Build *one*."}, Issuer: Profile{ID: issuerURL},
		Alignment: []Alignment{{"Skill", "https://skills.example/1", "Robots", "ESCO", "1.2"}}, Tags: []string{"robots"}}
}

func assertion() *Assertion {
	to := Recipient{Type: "email", Hashed: true, Salt: salt, Identity: openbadge.HashIdentity("anna@example.com", salt)}
	a := NewAssertion(assertionURL, BadgeClass{ID: badgeURL}, to, time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC))
	a.Expires = time.Date(2028, 3, 1, 0, 0, 0, 0, time.UTC)
	a.Image, a.Narrative = &Image{ID: "https://uni.edu/a/1.png"}, "She did it."
	a.Evidence = []Evidence{{"https://uni.edu/e", "N", "Robot", "D", "G", "A"}, {Narrative: "Seen."}}
	return a
}

func doc(t testing.TB, d interface{ Document() ([]byte, error) }) []byte {
	t.Helper()
	text, err := d.Document()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// world has everything that badges of the university point to.
func world(t testing.TB) internet {
	t.Helper()
	return internet{
		assertionURL: doc(t, assertion()), badgeURL: doc(t, badgeClass()), issuerURL: doc(t, issuer()),
		keyURL:  doc(t, &CryptographicKey{ID: keyURL, Owner: issuerURL, PublicKeyPEM: publicPEM(t, &rsaKey().PublicKey)}),
		listURL: doc(t, &RevocationList{ID: listURL, Issuer: issuerURL, Revoked: []Revocation{{ID: "https://uni.edu/a/9", Reason: "An error."}, {UID: "old-9"}}}),
	}
}

func signed(t testing.TB, a *Assertion) []byte {
	t.Helper()
	token, err := a.Sign(rsaKey(), keyURL)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func check(net internet, badge []byte, address string) *Result {
	v := Verifier{Now: now, Recipient: "Anna@example.com"}
	if net != nil {
		v.Get = net
	}
	return v.Verify(context.Background(), badge, address)
}

// want compares checks, given as "name outcome code".
func want(t testing.TB, r *Result, checks ...string) {
	t.Helper()
	got := map[string]string{}
	for _, c := range r.Checks {
		got[c.Name] = strings.TrimSpace(c.Name + " " + c.Outcome.String() + " " + c.Code)
		if !strings.HasSuffix(c.Sentence, ".") && c.Name != CheckStructure {
			t.Errorf("%s: %q is no sentence", c.Name, c.Sentence)
		}
	}
	if len(r.Checks) != 6 {
		t.Errorf("%d checks", len(r.Checks))
	}
	for _, w := range checks {
		if name, _, _ := strings.Cut(w, " "); got[name] != w {
			t.Errorf("got %q, want %q (%s)", got[name], w, r.Check(name).Sentence)
		}
	}
}

// sound are the checks of a badge with nothing wrong.
var sound = []string{"structure passed", "proof passed", "issuer passed", "revoked passed", "period passed", "recipient passed"}
