package ob2

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/roundel/roundel/jose"
)

func TestHostedBadges(t *testing.T) {
	net := world(t)
	copied := doc(t, assertion())
	for name, in := range map[string][]byte{"address": []byte(assertionURL), "copy": copied} {
		r := check(net, in, "")
		want(t, r, sound...)
		if r.Badge == nil || r.Badge.Name != "Robotics" || r.Issuer == nil || r.Issuer.Name != "Example University" || r.Version != Version20 || r.Signed {
			t.Errorf("%s: got %+v", name, r)
		}
	}
	// The host's word counts, also where it has changed.
	later := net.replaced(t, assertionURL, "2028-03-01", "2026-04-01")
	want(t, check(later, copied, ""), "proof passed", "period failed expired")

	want(t, check(nil, copied, ""), "structure passed", "proof unknown offline", "issuer unknown not_run", "revoked unknown not_run", "period passed", "recipient passed")
	want(t, check(net.with(assertionURL, errDown), copied, ""), "proof unknown unreachable")
	want(t, check(net.with(assertionURL, 503), copied, ""), "proof unknown unreachable")
	want(t, check(net.with(assertionURL, 404), copied, ""), "proof failed not_there")
	want(t, check(net.with(assertionURL, 410), copied, ""), "proof failed not_there", "revoked failed revoked")
	want(t, check(net.with(assertionURL, "<html>"), copied, ""), "proof failed not_there")
	want(t, check(net.with(assertionURL, `{"@context":"https://w3id.org/openbadges/v2","type":"Assertion","id":"https://uni.edu/a/1","revoked":true,"revocationReason":"Cheated."}`), copied, ""),
		"proof passed", "revoked failed revoked")
	want(t, check(net.with(badgeURL, 500), copied, ""), "proof passed", "issuer unknown unreachable", "revoked unknown not_run")
	want(t, check(net.with(badgeURL, 404), copied, ""), "issuer failed not_there")
	want(t, check(net.with(issuerURL, `{"@context":"https://w3id.org/openbadges/v2","type":"BadgeClass","name":"x"}`), copied, ""), "issuer failed not_there")
	r := Verifier{Get: net, Now: now, MaxFetches: 2}.Verify(t.Context(), copied, "")
	want(t, r, "proof passed", "issuer unknown too_many", "recipient not applicable not_asked")
}

func TestForgedHostedBadges(t *testing.T) {
	net := world(t)
	copied := string(doc(t, assertion()))
	for name, change := range map[string][2]string{
		"recipient": {`"salt":"` + salt, `"salt":"` + strings.Replace(salt, "0", "1", 1)},
		"date":      {"2026-03-01", "2025-03-01"},
		"badge":     {badgeURL, "https://uni.edu/badges/2"},
	} {
		forged := strings.Replace(copied, change[0], change[1], 1)
		if r := check(net, []byte(forged), ""); r.Check(CheckProof).Code != CodeDiffers || forged == copied {
			t.Errorf("%s: got %+v", name, r.Checks)
		}
	}

	// Somebody hosts a badge that names the university.
	const evil = "https://evil.example/a/1"
	foreign := strings.ReplaceAll(copied, assertionURL, evil)
	want(t, check(net.with(evil, foreign), []byte(evil), ""), "proof passed", "issuer failed foreign_host", "revoked unknown not_run")

	// With everything inside, the issuer's own name too: it counts what the
	// addresses say.
	a, b := assertion(), badgeClass()
	b.Issuer = *issuer()
	b.Issuer.Verification = &Policy{AllowedOrigins: []string{"evil.example"}}
	a.ID, a.Badge = evil, *b
	want(t, check(net.with(evil, doc(t, a)), []byte(evil), ""), "issuer failed foreign_host")

	// The address has the badge of another address.
	want(t, check(net.with(evil, copied), []byte(evil), ""), "proof failed differs")
	want(t, check(net.with(badgeURL, bytes.Replace(doc(t, badgeClass()), []byte(badgeURL), []byte("https://uni.edu/badges/2"), 1)), []byte(copied), ""), "issuer failed differs")
	want(t, check(net.with(issuerURL, bytes.Replace(doc(t, issuer()), []byte(issuerURL), []byte("https://famous.edu/issuer"), 1)), []byte(copied), ""), "issuer failed differs")

	// Said to be signed, with no signature.
	pretended := strings.Replace(copied, Hosted, "signed", 1)
	want(t, check(net, []byte(pretended), ""), "proof failed signature")
	want(t, check(net.with(assertionURL, pretended), []byte(assertionURL), ""), "proof failed differs")

	// Nobody stands behind a name without an address.
	b = badgeClass()
	b.Issuer.ID = "urn:uuid:1"
	b.Issuer.Name = "Famous University"
	text, err := b.object().MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	want(t, check(net.with(badgeURL, `{"@context":"https://w3id.org/openbadges/v2",`+string(text[1:])), []byte(copied), ""), "issuer unknown no_issuer")
}

func TestWhereIssuersHost(t *testing.T) {
	for name, c := range map[string]struct {
		policy *Policy
		id     string
		want   bool
	}{
		"same host":                 {nil, "https://uni.edu/x", true},
		"same host, http":           {nil, "http://uni.edu/x", true},
		"same host, upper case":     {nil, "https://UNI.edu/x", true},
		"other port":                {nil, "https://uni.edu:8443/x", false},
		"subdomain":                 {nil, "https://badges.uni.edu/x", false},
		"longer host":               {nil, "https://uni.edu.evil.example/x", false},
		"user in front":             {nil, "https://uni.edu@evil.example/x", false},
		"empty policy":              {&Policy{}, "https://uni.edu/x", true},
		"allowed origin":            {&Policy{AllowedOrigins: []string{"a.example", "badges.uni.edu"}}, "https://badges.uni.edu/x", true},
		"allowed origin as address": {&Policy{AllowedOrigins: []string{"https://badges.uni.edu/"}}, "https://badges.uni.edu/x", true},
		"not any more its own":      {&Policy{AllowedOrigins: []string{"badges.uni.edu"}}, "https://uni.edu/x", false},
		"starts so":                 {&Policy{StartsWith: []string{"https://host.example/uni/"}}, "https://host.example/uni/1", true},
		"starts otherwise":          {&Policy{StartsWith: []string{"https://host.example/uni/"}}, "https://host.example/other/1", false},
		"starts with a host":        {&Policy{StartsWith: []string{"https://host.example"}}, "https://host.example.evil.example/1", false},
		"climbs up":                 {&Policy{StartsWith: []string{"https://host.example/uni/"}}, "https://host.example/uni/../other/1", false},
		"both":                      {&Policy{[]string{"uni.edu"}, []string{"https://host.example/"}}, "https://host.example/1", false},
		"no web address":            {nil, "urn:uuid:1", false},
	} {
		r := &run{}
		r.scope(c.id, &Profile{ID: issuerURL, Verification: c.policy})
		if r.trusted != c.want {
			t.Errorf("%s: got %v", name, r.trusted)
		}
	}
}

func TestSignedBadges(t *testing.T) {
	net := world(t)
	a := assertion()
	a.ID = "https://uni.edu/not-hosted"
	r := check(net, signed(t, a), "")
	want(t, r, sound...)
	if !r.Signed || r.Badge.Name != "Robotics" || r.Assertion.Verification.Creator != keyURL {
		t.Errorf("got %+v", r)
	}
	// The badge may stand in what is signed; the issuer's profile is asked for.
	a.Badge = *badgeClass()
	a.Badge.Issuer = *issuer()
	want(t, check(net.with(badgeURL, 404), signed(t, a), ""), sound...)

	token := signed(t, assertion())
	want(t, check(nil, token, ""), "structure passed", "proof unknown no_issuer", "issuer unknown offline")
	want(t, check(net.with(keyURL, errDown), token, ""), "proof unknown unreachable")
	want(t, check(net.with(keyURL, 404), token, ""), "proof failed not_there")
	want(t, check(net.with(keyURL, "hello"), token, ""), "proof failed no_key")
	want(t, check(net.with(keyURL, `{"publicKeyPem":"hello"}`), token, ""), "proof unknown no_key")
	want(t, check(net.with(listURL, errDown), token, ""), "proof passed", "revoked unknown unreachable")
	want(t, check(net.with(listURL, 404), token, ""), "proof passed", "revoked unknown not_there")
	want(t, check(net.with(listURL, "[]"), token, ""), "revoked unknown not_there")
	want(t, check(net.replaced(t, issuerURL, `,"revocationList":"`+listURL+`"`, ""), token, ""), "proof passed", "revoked not applicable no_list")

	// The key inside the profile, in both forms that PEM has for RSA.
	p := issuer()
	p.PublicKey = []CryptographicKey{{ID: keyURL, Owner: issuerURL, PublicKeyPEM: publicPEM(t, &rsaKey().PublicKey)}}
	want(t, check(net.with(issuerURL, doc(t, p)).with(keyURL, 404), token, ""), sound...)
}

func TestRevokedSignedBadges(t *testing.T) {
	net := world(t)
	token := signed(t, assertion())
	for name, list := range map[string]string{
		"object":  `{"@context":"https://w3id.org/openbadges/v2","type":"RevocationList","id":"` + listURL + `","issuer":"` + issuerURL + `","revokedAssertions":[{"id":"x:y"},{"id":"` + assertionURL + `","revocationReason":"Error."}]}`,
		"address": `{"@context":"https://w3id.org/openbadges/v2","type":"RevocationList","revokedAssertions":["` + assertionURL + `"]}`,
		"one":     `{"@context":"https://w3id.org/openbadges/v1","type":"RevocationList","revokedAssertions":"` + assertionURL + `"}`,
	} {
		r := check(net.with(listURL, list), token, "")
		if r.Check(CheckRevoked).Outcome != Failed || r.Check(CheckRevoked).Code != CodeRevoked {
			t.Errorf("%s: got %+v", name, r.Check(CheckRevoked))
		}
	}
	// Somebody else's list says nothing.
	other := strings.Replace(string(net[listURL].([]byte)), issuerURL, "https://evil.example/issuer", 1)
	want(t, check(net.with(listURL, other), token, ""), "proof passed", "revoked unknown not_there")
}

func TestForgedSignedBadges(t *testing.T) {
	net := world(t)
	token := string(signed(t, assertion()))
	parts := strings.Split(token, ".")
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	changed := base64.RawURLEncoding.EncodeToString(bytes.Replace(payload, []byte(salt), []byte(strings.Replace(salt, "0", "1", 1)), 1))
	want(t, check(net, []byte(parts[0]+"."+changed+"."+parts[2]), ""), "proof failed signature", "revoked unknown not_run")
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`))
	want(t, check(net, []byte(none+"."+parts[1]+".AA"), ""), "structure failed malformed")
	hmac := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256"}`))
	want(t, check(net, []byte(hmac+"."+parts[1]+"."+parts[2]), ""), "structure failed malformed")

	// A key of one's own, on a host of one's own, which the issuer does not name.
	own, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	const evilKey = "https://evil.example/key"
	forged, err := assertion().Sign(own, evilKey)
	if err != nil {
		t.Fatal(err)
	}
	for name, owner := range map[string]string{"own": "https://evil.example/issuer", "the issuer's": issuerURL} {
		key := doc(t, &CryptographicKey{ID: evilKey, Owner: owner, PublicKeyPEM: publicPEM(t, &own.PublicKey)})
		r := check(net.with(evilKey, key), forged, "")
		want(t, r, "proof unknown foreign_key", "issuer failed foreign_key", "revoked unknown not_run")
		if t.Failed() {
			t.Fatalf("key said to be %s", name)
		}
	}
	// The issuer's key, said to be somebody else's.
	foreign := doc(t, &CryptographicKey{ID: keyURL, Owner: "https://evil.example/issuer", PublicKeyPEM: publicPEM(t, &rsaKey().PublicKey)})
	want(t, check(net.with(keyURL, foreign), []byte(token), ""), "issuer failed foreign_key")
	// The key's address has another key.
	other := doc(t, &CryptographicKey{ID: evilKey, Owner: issuerURL, PublicKeyPEM: publicPEM(t, &own.PublicKey)})
	want(t, check(net.with(keyURL, other), []byte(token), ""), "proof failed differs")
	// An issuer that stands only in the badge.
	a := assertion()
	a.Badge = *badgeClass()
	a.Badge.Issuer = Profile{ID: "https://famous.edu/issuer", Name: "Famous University", URL: "https://famous.edu", Email: "a@famous.edu", PublicKey: []CryptographicKey{{ID: evilKey, PublicKeyPEM: publicPEM(t, &own.PublicKey)}}}
	embedded, err := a.Sign(own, evilKey)
	if err != nil {
		t.Fatal(err)
	}
	want(t, check(net, embedded, ""), "proof unknown no_issuer", "issuer failed not_there")
	// A signed badge that says that it is hosted.
	hosted, err := jose.Sign(doc(t, assertion()), rsaKey(), jose.Header{})
	if err != nil {
		t.Fatal(err)
	}
	want(t, check(net, hosted, ""), "proof failed not_hosted")
	// A key of another kind than the algorithm.
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	want(t, check(net.with(keyURL, doc(t, &CryptographicKey{ID: keyURL, Owner: issuerURL, PublicKeyPEM: publicPEM(t, &ec.PublicKey)})), []byte(token), ""), "proof unknown no_key")
}

func TestPeriodAndRecipient(t *testing.T) {
	net := world(t)
	a := assertion()
	a.Expires = now()
	want(t, check(net, signed(t, a), ""), "proof passed", "period failed expired")
	a.Expires, a.IssuedOn = time.Time{}, now().Add(time.Second)
	want(t, check(net, signed(t, a), ""), "proof passed", "period failed not_yet")

	token := signed(t, assertion())
	for recipient, code := range map[string]string{"bea@example.com": "failed other_recipient", "https://anna.example": "unknown not_comparable", "anna@example.com": "passed", "": "not applicable not_asked"} {
		r := Verifier{Get: net, Now: now, Recipient: recipient}.Verify(t.Context(), token, "")
		want(t, r, "recipient "+code)
	}
	a = assertion()
	a.Recipient = Recipient{Type: "url", Identity: "https://anna.example"}
	r := Verifier{Get: net, Now: now, Recipient: "https://anna.example"}.Verify(t.Context(), signed(t, a), "")
	want(t, r, "recipient passed")
}

func TestUnreadableBadges(t *testing.T) {
	net := world(t)
	for in, code := range map[string]string{
		"": "malformed", "hello": "malformed", "{": "malformed", `{"a":1,"a":2}`: "malformed", "[]": "malformed", "a.b.c": "malformed",
		"{}": "incomplete", `{"@context":"https://w3id.org/openbadges/v2","type":"Assertion","id":"https://uni.edu/a/1"}`: "incomplete",
	} {
		want(t, check(net, []byte(in), ""), "structure failed "+code, "proof unknown not_run")
	}
}
