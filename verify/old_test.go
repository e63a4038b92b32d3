package verify

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"sync"
	"testing"

	"github.com/roundel/roundel/ob2"
	"github.com/roundel/roundel/openbadge"
)

const (
	oldAward  = "https://uni.edu/old/awards/1"
	oldBadge  = "https://uni.edu/old/badges/1"
	oldIssuer = "https://uni.edu/old/issuer"
	oldKey    = "https://uni.edu/old/key"
	oldList   = "https://uni.edu/old/revoked"
	oldSalt   = "00112233445566778899aabbccddeeff"
)

var oldRSA = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// oldAssertion is a badge of Open Badges 2.0.
func oldAssertion() *ob2.Assertion {
	a := ob2.NewAssertion(oldAward, ob2.BadgeClass{ID: oldBadge},
		ob2.Recipient{Type: "email", Hashed: true, Salt: oldSalt, Identity: openbadge.HashIdentity("anna@example.com", oldSalt)}, now.AddDate(0, -1, 0))
	a.Expires = now.AddDate(1, 0, 0)
	return a
}

// oldWorld is a network in which it is in order, hosted or signed.
func oldWorld(t testing.TB) *internet {
	t.Helper()
	der := must[[]byte](t)(x509.MarshalPKIXPublicKey(&oldRSA().PublicKey))
	pages := map[string]page{}
	for url, d := range map[string]interface{ Document() ([]byte, error) }{
		oldAward: oldAssertion(),
		oldBadge: &ob2.BadgeClass{ID: oldBadge, Name: "Robotics", Description: "Builds robots.", Image: &ob2.Image{ID: "https://uni.edu/b.png"},
			Criteria: ob2.Criteria{Narrative: "Build one."}, Issuer: ob2.Profile{ID: oldIssuer}},
		oldIssuer: &ob2.Profile{ID: oldIssuer, Name: "Example University", URL: "https://uni.edu", Email: "badges@uni.edu",
			PublicKey: []ob2.CryptographicKey{{ID: oldKey}}, RevocationList: oldList},
		oldKey:  &ob2.CryptographicKey{ID: oldKey, Owner: oldIssuer, PublicKeyPEM: string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))},
		oldList: &ob2.RevocationList{ID: oldList, Issuer: oldIssuer, Revoked: []ob2.Revocation{{ID: "https://uni.edu/old/awards/9", Reason: "An error."}}},
	} {
		pages[url] = page{body: must[[]byte](t)(d.Document()), media: "application/ld+json"}
	}
	return &internet{pages: pages}
}

func oldInPicture(badge string) []byte {
	return []byte(`<svg xmlns="http://www.w3.org/2000/svg" xmlns:openbadges="http://openbadges.org"><openbadges:assertion verify="` + badge + `"/></svg>`)
}

func TestOldBadges(t *testing.T) {
	json2 := must[[]byte](t)(oldAssertion().Document())
	token := must[[]byte](t)(oldAssertion().Sign(oldRSA(), oldKey))
	for name, file := range map[string][]byte{
		"hosted": json2, "hosted, in a picture": oldInPicture(oldAward),
		"signed": token, "signed, in a picture": oldInPicture(string(token)),
	} {
		rep := check(t, oldWorld(t), file)
		want(t, rep, Valid, "structure passed", "schema passed", "proof passed", "issuer_key passed", "issuer_identity passed domain_account", "validity_period passed")
		if rep.IssuerDomain != "uni.edu" || !rep.SharedHost || rep.Badge == nil || rep.Badge.Subject.Achievement.Name != "Robotics" || rep.Parsed.Issuer.Name != "Example University" {
			t.Errorf("%s: got %+v %+v", name, rep.Parsed, rep.Badge)
		}
		if !strings.Contains(rep.Text, "an account at uni.edu calling itself Example University") {
			t.Errorf("%s: %s", name, rep.Text)
		}
		v := &Verifier{Get: oldWorld(t), Now: clock, Recipient: "Anna@example.com"}
		want(t, v.Verify(t.Context(), file), Valid, "recipient passed")
		v.Recipient = "otto@example.com"
		want(t, v.Verify(t.Context(), file), Unverifiable, "recipient failed other_recipient")
	}
}

func TestOldBadgesThatDoNotHold(t *testing.T) {
	json2 := must[[]byte](t)(oldAssertion().Document())
	token := must[[]byte](t)(oldAssertion().Sign(oldRSA(), oldKey))

	// A copy that says more than the issuer's site.
	other := bytes.Replace(json2, []byte(openbadge.HashIdentity("anna@example.com", oldSalt)), []byte(openbadge.HashIdentity("otto@example.com", oldSalt)), 1)
	rep := check(t, oldWorld(t), other)
	want(t, rep, Tampered, "proof failed differs", "issuer_key unknown not_run")
	if rep.Headline != "This is not the badge that its issuer shows" || rep.IssuerDomain != "" {
		t.Errorf("got %q, %q", rep.Headline, rep.IssuerDomain)
	}
	// Somebody else's key, and somebody else's site, under the university's name.
	mallory := must[*rsa.PrivateKey](t)(rsa.GenerateKey(rand.Reader, 2048))
	want(t, check(t, oldWorld(t), must[[]byte](t)(oldAssertion().Sign(mallory, oldKey))), Tampered, "proof failed changed")
	foreign := oldAssertion()
	foreign.ID = "https://mallory.example/a"
	net := oldWorld(t).with(foreign.ID, page{body: must[[]byte](t)(foreign.Document())})
	rep = check(t, net, must[[]byte](t)(foreign.Document()))
	want(t, rep, NotIssuer, "issuer_key failed other_key")
	if rep.IssuerDomain != "" {
		t.Errorf("shown as %s", rep.IssuerDomain)
	}
	// Taken back: gone, said so, or listed.
	for name, c := range map[string]struct {
		net  *internet
		file []byte
	}{
		"gone":               {oldWorld(t).with(oldAward, page{status: 410}), json2},
		"gone, in a picture": {oldWorld(t).with(oldAward, page{status: 410}), oldInPicture(oldAward)},
		"said":               {oldWorld(t).with(oldAward, page{body: []byte(`{"@context":"https://w3id.org/openbadges/v2","type":"Assertion","id":"` + oldAward + `","revoked":true,"revocationReason":"An error."}`)}), json2},
		"listed":             {oldWorld(t).with(oldList, page{body: must[[]byte](t)((&ob2.RevocationList{ID: oldList, Issuer: oldIssuer, Revoked: []ob2.Revocation{{ID: oldAward}}}).Document())}), token},
	} {
		rep := check(t, c.net, c.file)
		if rep.Verdict != Revoked {
			t.Errorf("%s: %s (%s) %+v", name, rep.Verdict, rep.Text, rep.Checks)
		}
	}
	// Nobody to ask: nothing is known of a hosted badge, whatever it says.
	want(t, (&Verifier{Now: clock}).Verify(t.Context(), json2), Unverifiable, "proof unknown offline")
	want(t, check(t, &internet{}, json2), Unverifiable, "proof unknown unreachable")
	want(t, check(t, &internet{}, oldInPicture(oldAward)), Unverifiable)
	want(t, check(t, oldWorld(t).without(oldIssuer), json2), Unverifiable, "issuer_key unknown unreachable")

	late := oldAssertion()
	late.Expires = now.AddDate(0, 0, -1)
	want(t, check(t, oldWorld(t).with(oldAward, page{body: must[[]byte](t)(late.Document())}), must[[]byte](t)(late.Document())), Expired, "proof passed")
	want(t, check(t, oldWorld(t), edited(t, json2, func(m map[string]any) { delete(m, "recipient") })), Malformed, "structure failed breaks_rules")

	// Its own bundle serves an old badge too.
	rec := NewRecorder(oldWorld(t), clock)
	want(t, (&Verifier{Get: rec, Now: clock}).Verify(t.Context(), json2), Valid)
	b := must[*Bundle](t)(ParseBundle(must[[]byte](t)(rec.Bundle())))
	want(t, (&Verifier{Get: b, Now: clock}).Verify(t.Context(), json2), Valid)
}
