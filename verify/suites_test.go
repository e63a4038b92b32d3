package verify

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/roundel/roundel/did"
	"github.com/roundel/roundel/proof"
)

// uniWith is a network in which uni.edu publishes this key.
func uniWith(t testing.TB, key crypto.PublicKey) *internet {
	t.Helper()
	u := uni()
	doc := must[[]byte](t)(did.NewWebDocument(u.id, did.Method{ID: u.method, Type: "Multikey", Controller: u.id, PublicKey: key}))
	return world(t).with(uniDoc, page{body: doc, media: "application/did+json"})
}

func TestEveryCryptosuite(t *testing.T) {
	p256 := must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	p384 := must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P384(), rand.Reader))
	doc := must[[]byte](t)(uni().simple().Document())
	for _, c := range []struct {
		suite string
		key   crypto.Signer
	}{
		{"eddsa-rdfc-2022", uni().key}, {"eddsa-jcs-2022", uni().key}, {"ecdsa-rdfc-2019", p256}, {"ecdsa-rdfc-2019", p384},
		{"ecdsa-jcs-2019", p256}, {"ecdsa-jcs-2019", p384},
	} {
		net := uniWith(t, c.key.Public())
		signed := must[[]byte](t)(proof.Sign(doc, c.key, proof.SignOptions{Cryptosuite: c.suite, Method: uni().method, Created: now.Add(-time.Hour)}))
		want(t, check(t, net, signed), Valid, "proof passed", "issuer_key passed")
		changed := edited(t, signed, func(m map[string]any) { m["validUntil"] = now.AddDate(9, 0, 0).Format(time.RFC3339) })
		want(t, check(t, net, changed), Tampered, "proof failed changed")
		want(t, check(t, uniWith(t, keyOf("other").Public()), signed), Tampered)
	}
}

// Only what was derived from a base proof is shown around; what is shown says
// that it may be a part.
func TestDerivedCredentials(t *testing.T) {
	key := must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	u := uni()
	second := u.id + "#key-2"
	both := must[[]byte](t)(did.NewWebDocument(u.id, did.Method{ID: u.method, Type: "Multikey", Controller: u.id, PublicKey: u.key.Public()},
		did.Method{ID: second, Type: "Multikey", Controller: u.id, PublicKey: key.Public()}))
	net := world(t).with(uniDoc, page{body: both, media: "application/did+json"})
	doc := must[[]byte](t)(u.badge().Document())
	base := must[[]byte](t)(proof.Sign(doc, key, proof.SignOptions{Cryptosuite: "ecdsa-sd-2023", Method: second, Created: now.Add(-time.Hour)}))
	want(t, check(t, net, base), Unverifiable, "proof unknown base_proof")
	all := []string{"/name", "/credentialSubject", "/credentialSchema", "/refreshService"}
	derived := must[[]byte](t)(proof.Derive(base, all, proof.DeriveOptions{}))
	want(t, check(t, net, derived), Valid, "proof passed partly_shown", "status passed")
	want(t, check(t, net.with(revocation, u.list(t, revocation, "revocation", true, nil)), derived), Revoked, "status failed revoked")

	few := must[[]byte](t)(proof.Derive(base, []string{"/credentialSubject/achievement/name"}, proof.DeriveOptions{}))
	want(t, check(t, net, few), Unverifiable, "proof passed partly_shown", "schema unknown partly_shown")
	for _, member := range []string{"validUntil", "credentialStatus", "issuer"} {
		hidden := edited(t, derived, func(m map[string]any) { delete(m, member) })
		if rep := check(t, net, hidden); rep.Verdict == Valid || rep.Verdict == IssuerUnconfirmed {
			t.Errorf("without %s: %s", member, rep.Verdict)
		}
	}
}

// chain is a badge that the university signed and the ministry countersigned.
func chain(t testing.TB) []byte {
	t.Helper()
	u, m := uni(), ministry()
	first := must[[]byte](t)(proof.Sign(must[[]byte](t)(u.simple().Document()), u.key,
		proof.SignOptions{Method: u.method, Created: now.Add(-time.Hour), ID: "urn:uuid:26329423-bec9-4b2e-88cb-a7c7d9dc4544"}))
	return must[[]byte](t)(proof.Sign(first, m.key,
		proof.SignOptions{Method: m.method, Created: now.Add(-time.Minute), Previous: []string{"urn:uuid:26329423-bec9-4b2e-88cb-a7c7d9dc4544"}}))
}

func TestAttackChains(t *testing.T) {
	net := world(t).with(ministryDoc, ministry().document(t, nil))
	want(t, check(t, net, chain(t)), Valid, "proof passed", "issuer_key passed")
	for name, change := range map[string]func([]any) []any{
		"the first link dropped":        func(p []any) []any { return p[1:] },
		"the links swapped":             func(p []any) []any { slices.Reverse(p); return p },
		"the first link under a new id": func(p []any) []any { p[0].(map[string]any)["id"] = "urn:uuid:0"; return p },
		"a link to itself": func(p []any) []any {
			l := p[1].(map[string]any)
			l["id"] = "urn:x"
			l["previousProof"] = "urn:x"
			return p
		},
		"a link to nothing":             func(p []any) []any { p[1].(map[string]any)["previousProof"] = "urn:y"; return p },
		"no link":                       func(p []any) []any { delete(p[1].(map[string]any), "previousProof"); return p },
		"the first link's date changed": func(p []any) []any { p[0].(map[string]any)["created"] = "2026-01-01T00:00:00Z"; return p },
		"the first link's value changed": func(p []any) []any {
			v := p[0].(map[string]any)
			v["proofValue"] = p[1].(map[string]any)["proofValue"]
			return p
		},
		"two links of one id": func(p []any) []any { return append(p, p[0]) },
	} {
		forged := edited(t, chain(t), func(m map[string]any) { m["proof"] = change(m["proof"].([]any)) })
		rep := check(t, net, forged)
		if name == "the links swapped" { // a set has no order
			want(t, rep, Valid)
			continue
		}
		if rep.Verdict != Tampered {
			t.Errorf("%s: %s (%s)", name, rep.Verdict, rep.Text)
		}
	}
	// Without the issuer's link, the rest is somebody else's word.
	m := ministry()
	alone := must[[]byte](t)(proof.Sign(must[[]byte](t)(uni().simple().Document()), m.key, proof.SignOptions{Method: m.method, Created: now.Add(-time.Hour)}))
	want(t, check(t, net, alone), NotIssuer)
	bad := edited(t, chain(t), func(d map[string]any) { d["name"] = "Something else" })
	want(t, check(t, net, bad), Tampered)
}

// A vocabulary of its own is a matter of trust for any credential, and nothing
// that a badge may bring.
func TestInlineVocabulary(t *testing.T) {
	self := selfMade(t, "A school")
	own := map[string]any{"favouriteColour": "https://school.example/terms#colour"}
	plain := must[[]byte](t)(json.Marshal(map[string]any{"@context": []any{"https://www.w3.org/ns/credentials/v2", own}, "type": []any{"VerifiableCredential"},
		"issuer": self.id, "credentialSubject": map[string]any{"id": "did:example:anna", "favouriteColour": "blue"}}))
	badge := edited(t, must[[]byte](t)(self.simple().Document()), func(m map[string]any) {
		m["@context"] = append(m["@context"].([]any), own)
		m["favouriteColour"] = "blue"
	})
	sign := func(doc []byte) []byte {
		return must[[]byte](t)(proof.Sign(doc, self.key, proof.SignOptions{Method: self.method, Created: now.Add(-time.Hour), Inline: true}))
	}
	open := &Verifier{Now: clock, Inline: true}
	want(t, open.Verify(t.Context(), sign(plain)), IssuerUnconfirmed, "proof passed")
	want(t, (&Verifier{Now: clock}).Verify(t.Context(), sign(plain)), Unverifiable, "proof unknown unknown_vocabulary")
	want(t, open.Verify(t.Context(), sign(badge)), Unverifiable, "proof unknown unknown_vocabulary")
	// Nor under another name for what it is.
	hidden := edited(t, badge, func(m map[string]any) {
		own["B"] = "https://purl.imsglobal.org/spec/vc/ob/vocab.html#OpenBadgeCredential"
		m["@context"].([]any)[3].(map[string]any)["B"] = own["B"]
		m["type"] = []any{"VerifiableCredential", "B"}
	})
	want(t, open.Verify(t.Context(), sign(hidden)), Unverifiable, "proof unknown ambiguous_form")
}
