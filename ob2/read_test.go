package ob2

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/roundel/roundel/credential"
	"github.com/roundel/roundel/internal/vectors"
	"github.com/roundel/roundel/strictjson"
	"pgregory.net/rapid"
)

func TestDocumentsAreReadAsWritten(t *testing.T) {
	a := assertion()
	a.Badge = *badgeClass()
	a.Badge.Issuer = *issuer()
	a.Badge.Issuer.Verification = &Policy{[]string{"uni.edu"}, []string{"https://uni.edu/a/"}}
	a.Endorsement = []Endorsement{{ID: "https://board.example/e/1"}}
	got, err := Parse(doc(t, a))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(a, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	b, err := ParseBadgeClass(doc(t, badgeClass()))
	if diff := cmp.Diff(badgeClass(), b); diff != "" || err != nil {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
	p, err := ParseProfile(doc(t, issuer()))
	if diff := cmp.Diff(issuer(), p); diff != "" || err != nil {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
	l := &RevocationList{ID: listURL, Issuer: issuerURL, Revoked: []Revocation{{ID: "https://uni.edu/a/1", Reason: "Why"}, {UID: "7"}}}
	list, err := ParseRevocationList(doc(t, l))
	if diff := cmp.Diff(l, list); diff != "" || err != nil {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
	k := &CryptographicKey{ID: keyURL, Owner: issuerURL, PublicKeyPEM: publicPEM(t, &rsaKey().PublicKey)}
	key, err := ParseKey(doc(t, k))
	if diff := cmp.Diff(k, key); diff != "" || err != nil {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
	if key, err := ParseKey([]byte(k.PublicKeyPEM)); err != nil || key.PublicKeyPEM != k.PublicKeyPEM {
		t.Errorf("PEM alone: got %v, %v", key, err)
	}
	if text := string(doc(t, &RevocationList{ID: listURL, Issuer: issuerURL})); !strings.Contains(text, `"revokedAssertions":[]`) {
		t.Errorf("the empty list is %s", text)
	}
}

// Every member that is written is a term of the published context.
func TestContextKnowsWhatIsWritten(t *testing.T) {
	var context struct {
		Terms map[string]any `json:"@context"`
	}
	if err := json.Unmarshal(vectors.File(t, "ob2", "context.json"), &context); err != nil {
		t.Fatal(err)
	}
	a := assertion()
	a.Badge, a.Endorsement = *badgeClass(), []Endorsement{*endorsement()}
	a.Badge.Issuer = *issuer()
	a.Badge.Issuer.Verification = &Policy{[]string{"uni.edu"}, []string{"https://uni.edu/a/"}}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for name, value := range v {
				if context.Terms[name] == nil && name != "@context" {
					t.Errorf("the context does not know %q", name)
				}
				if name == "type" {
					for _, one := range list(value) {
						if s, _ := one.(string); context.Terms[s] == nil && s != "email" {
							t.Errorf("the context does not know the type %q", s)
						}
					}
				}
				walk(value)
			}
		case []any:
			for _, one := range v {
				walk(one)
			}
		}
	}
	for _, d := range []interface{ Document() ([]byte, error) }{
		a, endorsement(), &RevocationList{ID: listURL, Issuer: issuerURL, Revoked: []Revocation{{"urn:a:b", "7", "Why"}}},
		&CryptographicKey{ID: keyURL, Owner: issuerURL, PublicKeyPEM: publicPEM(t, &rsaKey().PublicKey)},
	} {
		v, err := strictjson.Decode(doc(t, d), strictjson.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		walk(v)
	}
}

func endorsement() *Endorsement {
	return &Endorsement{ID: "https://board.example/e/1", About: badgeURL, Comment: "Good", Issuer: Profile{ID: "https://board.example"}, IssuedOn: time.Unix(1e9, 0)}
}

func TestDocumentRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*Assertion)
		path  string
	}{
		"no address":            {func(a *Assertion) { a.ID = "urn:uuid:1" }, "/id"},
		"nobody":                {func(a *Assertion) { a.Recipient = Recipient{} }, "/recipient/identity"},
		"mail in the clear":     {func(a *Assertion) { a.Recipient = Recipient{Type: "email", Identity: "a@b.org"} }, "/recipient/hashed"},
		"short salt":            {func(a *Assertion) { a.Recipient.Salt = "deadsea" }, "/recipient/salt"},
		"MD5":                   {func(a *Assertion) { a.Recipient.Identity = "md5$x" }, "/recipient/identity"},
		"no date":               {func(a *Assertion) { a.IssuedOn = time.Time{} }, "/issuedOn"},
		"expires first":         {func(a *Assertion) { a.Expires = a.IssuedOn.Add(-1) }, "/expires"},
		"no badge":              {func(a *Assertion) { a.Badge = BadgeClass{} }, "/badge/id"},
		"signed":                {func(a *Assertion) { a.Verification.Type = Signed }, "/verification/type"},
		"empty evidence":        {func(a *Assertion) { a.Evidence[1] = Evidence{} }, "/evidence/1"},
		"relative evidence":     {func(a *Assertion) { a.Evidence[0].ID = "/e" }, "/evidence/0/id"},
		"relative picture":      {func(a *Assertion) { a.Image.ID = "p.png" }, "/image/id"},
		"badge without picture": {func(a *Assertion) { a.Badge = *badgeClass(); a.Badge.Image = nil }, "/badge/image"},
		"badge not described":   {func(a *Assertion) { a.Badge = *badgeClass(); a.Badge.Description = "" }, "/badge/description"},
		"no criteria":           {func(a *Assertion) { a.Badge = *badgeClass(); a.Badge.Criteria = Criteria{} }, "/badge/criteria"},
		"alignment":             {func(a *Assertion) { a.Badge = *badgeClass(); a.Badge.Alignment[0].URL = "x" }, "/badge/alignment/0/targetUrl"},
		"no issuer":             {func(a *Assertion) { a.Badge = *badgeClass(); a.Badge.Issuer = Profile{} }, "/badge/issuer/id"},
		"issuer without mail":   {func(a *Assertion) { a.Badge = *badgeClass(); a.Badge.Issuer = *issuer(); a.Badge.Issuer.Email = "" }, "/badge/issuer/email"},
		"issuer without site":   {func(a *Assertion) { a.Badge = *badgeClass(); a.Badge.Issuer = *issuer(); a.Badge.Issuer.URL = "" }, "/badge/issuer/url"},
		"relative list": {func(a *Assertion) {
			a.Badge = *badgeClass()
			a.Badge.Issuer = *issuer()
			a.Badge.Issuer.RevocationList = "x"
		}, "/badge/issuer/revocationList"},
	} {
		a := assertion()
		c.spoil(a)
		_, err := a.Document()
		var problems credential.Problems
		if !errors.As(err, &problems) || !slices.ContainsFunc(problems, func(p *credential.Problem) bool { return p.Path == c.path && strings.HasSuffix(p.Msg, ".") }) {
			t.Errorf("%s: got %v, want a sentence about %s", name, err, c.path)
		}
	}
	for name, d := range map[string]interface{ Document() ([]byte, error) }{
		"badge by address only":   &BadgeClass{ID: badgeURL},
		"profile by address only": &Profile{ID: issuerURL},
		"key without owner":       &CryptographicKey{ID: keyURL, PublicKeyPEM: publicPEM(t, &rsaKey().PublicKey)},
		"no key":                  &CryptographicKey{ID: keyURL, Owner: issuerURL, PublicKeyPEM: "x"},
		"list of nothing":         &RevocationList{ID: listURL, Issuer: issuerURL, Revoked: []Revocation{{}}},
		"list of nobody":          &RevocationList{ID: listURL},
		"endorsement of nothing":  &Endorsement{ID: "https://a.example", Issuer: Profile{ID: issuerURL}, IssuedOn: time.Unix(1, 0)},
	} {
		if text, err := d.Document(); err == nil {
			t.Errorf("%s: written as %s", name, text)
		}
	}
	if _, err := assertion().Sign(rsaKey(), "key"); err == nil {
		t.Error("signed with a key that nobody can find")
	}
}

func TestParseRefuses(t *testing.T) {
	whole := string(doc(t, assertion()))
	for name, c := range map[string]struct{ old, new, path string }{
		"type":           {`"type":"Assertion"`, `"type":"Badge"`, "/type"},
		"no id":          {`"id":"` + assertionURL + `",`, ``, "/id"},
		"no recipient":   {`"recipient"`, `"recipients"`, "/recipient"},
		"identity":       {`"identity":"sha256$`, `"identity2":"sha256$`, "/recipient/identity"},
		"hashed":         {`"hashed":true`, `"hashed":[]`, "/recipient/hashed"},
		"badge":          {`"badge":"` + badgeURL + `"`, `"badge":7`, "/badge"},
		"form":           {`"type":"HostedBadge"`, `"type":"Other"`, "/verification/type"},
		"date":           {`"issuedOn":"2026-03-01T09:00:00Z"`, `"issuedOn":"yesterday"`, "/issuedOn"},
		"date no text":   {`"issuedOn":"2026-03-01T09:00:00Z"`, `"issuedOn":{}`, "/issuedOn"},
		"no date":        {`"issuedOn"`, `"issued"`, "/issuedOn"},
		"end":            {`"expires":"2028-03-01T00:00:00Z"`, `"expires":-1`, "/expires"},
		"narrative":      {`"narrative":"She did it."`, `"narrative":7.5e3,"x":[]`, ""},
		"narrative list": {`"narrative":"She did it."`, `"narrative":[]`, "/narrative"},
		"evidence":       {`{"narrative":"Seen."}`, `7`, "/evidence/1"},
	} {
		spoiled := strings.Replace(whole, c.old, c.new, 1)
		_, err := Parse([]byte(spoiled))
		if c.path == "" && err == nil {
			continue
		}
		var problems credential.Problems
		if !errors.As(err, &problems) || spoiled == whole || !slices.ContainsFunc(problems, func(p *credential.Problem) bool { return p.Path == c.path }) {
			t.Errorf("%s: got %v, want a problem at %s", name, err, c.path)
		}
	}
	var syntax *strictjson.Error
	if _, err := Parse([]byte(`{"type":1,"Type":2}`)); !errors.As(err, &syntax) {
		t.Errorf("loose JSON: got %v", err)
	}
	for _, text := range []string{`{"a":1}`, `[]`, `{"@context":"https://w3id.org/openbadges/v2","type":"RevocationList"}`, `{"type":"RevocationList","revokedAssertions":[{}]}`, `{"type":"RevocationList","revokedAssertions":[7]}`} {
		if l, err := ParseRevocationList([]byte(text)); err == nil {
			t.Errorf("%s: read as %+v", text, l)
		}
	}
}

func TestDates(t *testing.T) {
	for in, want := range map[string]string{
		`"2016-12-31T23:59:59Z"`: "2016-12-31T23:59:59Z", `"2016-12-31T23:59:59+02:00"`: "2016-12-31T21:59:59Z", `"2016-12-31T23:59:59.123456"`: "2016-12-31T23:59:59Z",
		`"2016-12-31T23:59:59+0000"`: "2016-12-31T23:59:59Z", `"2011-06-01"`: "2011-06-01T00:00:00Z", `1500423730`: "2017-07-19T00:22:10Z", `"1500423730.5"`: "2017-07-19T00:22:10Z",
		`0`: "", `-5`: "", `"soon"`: "", `1e300`: "", `true`: "", `"NaN"`: "", `"Inf"`: "",
	} {
		v, err := strictjson.Decode([]byte(in), strictjson.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		r := &reader{}
		got := r.time("/d", v)
		if want == "" {
			if len(r.problems) != 1 || !got.IsZero() {
				t.Errorf("%s was read as %v", in, got)
			}
			continue
		}
		if got.Truncate(time.Second).Format(time.RFC3339) != want || len(r.problems) > 0 {
			t.Errorf("%s: got %v, %v", in, got, r.problems)
		}
	}
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringOf(rapid.Rune())
		a := assertion()
		a.Narrative = word.Draw(t, "narrative")
		a.Recipient = Recipient{Type: "telephone", Identity: "x" + word.Draw(t, "identity"), Salt: word.Draw(t, "salt")}
		a.Evidence = []Evidence{{Name: "x" + word.Draw(t, "evidence")}}
		text, err := a.Document()
		if err != nil {
			t.Fatal(err)
		}
		got, err := Parse(text)
		if err != nil {
			t.Fatal(err, string(text))
		}
		if diff := cmp.Diff(a, got); diff != "" {
			t.Fatalf("(-want +got)\n%s", diff)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add(doc(f, assertion()))
	f.Add([]byte(old05))
	f.Add([]byte(old10))
	f.Add([]byte(`{"@context":["https://w3id.org/openbadges/v1"],"type":["Assertion"],"id":"x","recipient":{"type":["id"],"identity":"x"},"badge":{"name":"x","alignment":{"name":"a","url":"b"}},"verify":"signed","issuedOn":1}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if a, err := Parse(data); (a == nil) == (err == nil) {
			t.Fatalf("got %v, %v", a, err)
		} else if err == nil && !a.Revoked && (a.Recipient.Identity == "" || a.Badge.ID == "" && a.Badge.Name == "" || a.Verification.Type == "") {
			t.Fatalf("read without recipient, badge or form: %s", data)
		}
		for _, err := range []error{second(ParseBadgeClass(data)), second(ParseProfile(data)), second(ParseKey(data)), second(ParseRevocationList(data))} {
			var problems credential.Problems
			var syntax *strictjson.Error
			if err != nil && !errors.As(err, &problems) && !errors.As(err, &syntax) {
				t.Fatalf("an error of another kind: %v", err)
			}
		}
		// Verifying never panics, and passes nothing that is not there.
		r := Verifier{Get: internet{"https://a.example/": data}, Now: now}.Verify(t.Context(), data, "https://a.example/")
		if len(r.Checks) != 6 || r.Check(CheckIssuer).Outcome == Passed && r.Issuer == nil {
			t.Fatalf("got %+v", r)
		}
	})
}

func second[T any](_ T, err error) error { return err }
