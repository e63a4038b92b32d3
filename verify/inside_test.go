package verify

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/roundel/roundel/openbadge"
)

// ministry is somebody who endorses, known by its domain.
func ministry() issuer {
	return issuer{"did:web:ministry.example", "did:web:ministry.example#key-1", "Ministry of Education", keyOf("ministry")}
}

const ministryDoc = "https://ministry.example/.well-known/did.json"

// endorsement is a signed endorsement of the thing called about.
func (i issuer) endorsement(t testing.TB, about string, change func(map[string]any)) json.RawMessage {
	t.Helper()
	doc := map[string]any{
		"@context":  []any{"https://www.w3.org/ns/credentials/v2", openbadge.Context},
		"id":        "urn:uuid:9b1f9c1e-6c7a-4d0b-9f1e-3f1f4a5b6c7d",
		"type":      []any{"VerifiableCredential", "EndorsementCredential"},
		"name":      "Recommended",
		"issuer":    map[string]any{"id": i.id, "type": []any{"Profile"}, "name": i.name},
		"validFrom": now.Add(-time.Hour).UTC().Format(time.RFC3339),
		"credentialSubject": map[string]any{
			"id": about, "type": []any{"EndorsementSubject"}, "endorsementComment": "Worth its weight.",
		},
	}
	if change != nil {
		change(doc)
	}
	return i.sign(t, must[[]byte](t)(json.Marshal(doc)))
}

// endorsed is a signed badge that carries the endorsements.
func endorsedBadge(t testing.TB, where string, all ...json.RawMessage) []byte {
	t.Helper()
	b := uni().simple()
	switch where {
	case "badge":
		b.Endorsement = all
	case "achievement":
		b.Subject.Achievement.Endorsement = all
	case "issuer":
		b.Issuer.Endorsement = all
	}
	// MarshalJSON, because Document would refuse the bad ones.
	return uni().sign(t, must[[]byte](t)(b.MarshalJSON()))
}

func TestEndorsementsAreVerified(t *testing.T) {
	m := ministry()
	net := world(t).with(ministryDoc, m.document(t, nil))
	const badge, achievement = "https://uni.edu/awards/1", "https://uni.edu/badges/1"

	rep := check(t, net, endorsedBadge(t, "badge", m.endorsement(t, badge, nil)))
	want(t, rep, Valid, "endorsements passed")
	if len(rep.Endorsements) != 1 || rep.Endorsements[0].Verdict != Valid || rep.Endorsements[0].IssuerDomain != "ministry.example" || rep.Endorsements[0].Path != "/endorsement/0" {
		t.Errorf("got %+v", rep.Endorsements)
	}
	want(t, check(t, net, endorsedBadge(t, "achievement", m.endorsement(t, achievement, nil))), Valid, "endorsements passed")
	want(t, check(t, net, endorsedBadge(t, "issuer", m.endorsement(t, uniDID, nil))), Valid, "endorsements passed")
	// Beside the badge may stand what speaks about anything in it.
	for _, about := range []string{achievement, uniDID} {
		want(t, check(t, net, endorsedBadge(t, "badge", m.endorsement(t, about, nil))), Valid, "endorsements passed")
	}
	above := uni().simple()
	above.Issuer.ParentOrg = &openbadge.Profile{ID: "https://state.example", Name: "State", Endorsement: []json.RawMessage{m.endorsement(t, "https://state.example", nil)}}
	rep = check(t, net, uni().sign(t, must[[]byte](t)(above.MarshalJSON())))
	want(t, rep, Valid, "endorsements passed")
	if rep.Endorsements[0].Path != "/issuer/parentOrg/endorsement/0" {
		t.Errorf("at %s", rep.Endorsements[0].Path)
	}
	want(t, check(t, net, endorsedBadge(t, "achievement", m.endorsement(t, badge, nil))), Valid, "endorsements failed endorsement_fails")
	want(t, check(t, net, uni().signed(t, uni().simple())), Valid, "endorsements not_applicable no_endorsements")
}

// A bad endorsement is told and does not make the badge worse: whoever endorses
// is not its issuer.
func TestBadEndorsementsAreTold(t *testing.T) {
	m := ministry()
	net := world(t).with(ministryDoc, m.document(t, nil))
	const badge = "https://uni.edu/awards/1"
	good := m.endorsement(t, badge, nil)

	tampered := json.RawMessage(strings.Replace(string(good), "Worth its weight", "The best there is", 1))
	want(t, check(t, net, endorsedBadge(t, "badge", good, tampered)), Valid, "endorsements failed endorsement_fails")

	other := m.endorsement(t, "https://uni.edu/awards/2", nil)
	rep := check(t, net, endorsedBadge(t, "badge", other))
	want(t, rep, Valid, "endorsements failed endorsement_fails")
	if rep.Endorsements[0].Checks[1].Code != CodeEndorsesOther {
		t.Errorf("got %+v", rep.Endorsements[0].Checks[1])
	}

	// A badge for the same subject, in the place of an endorsement.
	plainVC := m.endorsement(t, badge, func(d map[string]any) { d["type"] = []any{"VerifiableCredential"} })
	want(t, check(t, net, endorsedBadge(t, "badge", plainVC)), Valid, "endorsements failed endorsement_fails")

	expired := m.endorsement(t, badge, func(d map[string]any) { d["validUntil"] = now.Add(-time.Minute).UTC().Format(time.RFC3339) })
	want(t, check(t, net, endorsedBadge(t, "badge", expired)), Valid, "endorsements failed endorsement_fails")

	want(t, check(t, world(t), endorsedBadge(t, "badge", good)), Valid, "endorsements unknown endorsement_not_confirmed")

	self := selfMade(t, "A friend")
	want(t, check(t, net, endorsedBadge(t, "badge", self.endorsement(t, badge, nil))), Valid, "endorsements passed endorser_unconfirmed")

	var many []json.RawMessage
	for range maxEndorsements + 1 {
		many = append(many, self.endorsement(t, badge, nil))
	}
	rep = check(t, net, endorsedBadge(t, "badge", many...))
	want(t, rep, Valid, "endorsements unknown too_complex")
	if len(rep.Endorsements) != maxEndorsements {
		t.Errorf("%d endorsements were checked", len(rep.Endorsements))
	}
}

// record is a signed learner record of the issuer that holds the credentials.
func (i issuer) record(t testing.TB, held ...[]byte) []byte {
	t.Helper()
	var all []any
	for _, h := range held {
		if h[0] == '{' {
			all = append(all, json.RawMessage(h))
		} else {
			all = append(all, string(h))
		}
	}
	doc := map[string]any{
		"@context": []any{"https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/clr/v2p0/context-2.0.1.json",
			openbadge.Context},
		"id":        fmt.Sprintf("urn:uuid:7c0f8b53-6f2d-4c9a-8b2e-%012x", sha256.Sum256(bytes.Join(held, nil)))[:45],
		"type":      []any{"VerifiableCredential", "ClrCredential"},
		"name":      "Transcript",
		"issuer":    map[string]any{"id": i.id, "type": []any{"Profile"}, "name": i.name},
		"validFrom": now.Add(-time.Hour).UTC().Format(time.RFC3339),
		"credentialSubject": map[string]any{
			"type": []any{"ClrSubject"}, "verifiableCredential": all,
		},
	}
	return i.sign(t, must[[]byte](t)(json.Marshal(doc)))
}

// numbered is a simple badge of its own.
func (i issuer) numbered(t testing.TB, n int, change func(*openbadge.AchievementCredential)) []byte {
	t.Helper()
	b := i.simple()
	b.ID = fmt.Sprintf("https://uni.edu/awards/%d", n)
	b.Subject.Achievement.ID = fmt.Sprintf("https://uni.edu/badges/%d", n)
	b.Subject.Achievement.Name = fmt.Sprintf("Course %d", n)
	if change != nil {
		change(b)
	}
	return i.signed(t, b)
}

// A learner record of a whole study is no attack.
func TestRecordOfHundredBadges(t *testing.T) {
	var held [][]byte
	for n := range 100 {
		held = append(held, uni().numbered(t, n, func(b *openbadge.AchievementCredential) {
			b.AddStatus(revocation, openbadge.PurposeRevoke, fmt.Sprint(n))
			b.AddStatus(suspension, openbadge.PurposeSuspend, fmt.Sprint(n))
		}))
	}
	net := world(t)
	rep := check(t, net, uni().record(t, held...))
	want(t, rep, Valid, "contents passed")
	if len(rep.Contents) != 100 || rep.Contents[99].Name != "Data analysis" || rep.Contents[99].Path != "/credentialSubject/verifiableCredential/99" {
		t.Errorf("%d results, the last %+v", len(rep.Contents), rep.Contents[len(rep.Contents)-1])
	}
	if len(net.asked) > 3 {
		t.Errorf("asked %d times for the same documents", len(net.asked))
	}
}

func TestRecordsTellWhatTheyHold(t *testing.T) {
	good := uni().numbered(t, 1, nil)
	tampered := []byte(strings.Replace(string(good), "Course 1", "Course 2", 1))
	want(t, check(t, world(t), uni().record(t, good, tampered)), Unverifiable, "contents failed contents_fail", "proof passed")

	forged := issuer{uniDID, uniDID + "#key-1", "Example University", keyOf("mallory")}
	want(t, check(t, world(t), uni().record(t, good, forged.numbered(t, 2, nil))), Unverifiable, "contents failed contents_fail")

	revoked := uni().numbered(t, 3, func(b *openbadge.AchievementCredential) {
		b.AddStatus(revocation, openbadge.PurposeRevoke, index)
	})
	net := world(t).with(revocation, uni().list(t, revocation, "revocation", true, nil))
	rep := check(t, net, uni().record(t, good, revoked))
	want(t, rep, Valid, "contents passed contents_no_longer_count")
	if rep.Contents[1].Verdict != Revoked {
		t.Errorf("got %+v", rep.Contents[1])
	}
	want(t, check(t, world(t).without(revocation), uni().record(t, good, revoked)), Unverifiable, "contents unknown contents_not_confirmed")

	self := selfMade(t, "A school")
	want(t, check(t, world(t), uni().record(t, good, self.numbered(t, 4, nil))), Valid, "contents passed contents_of_unconfirmed_issuers")

	broken := edited(t, good, func(m map[string]any) { delete(m, "issuer") })
	if c := contentsOf([]Part{{Verdict: Valid}, {Verdict: Malformed}}); c.Outcome != Failed {
		t.Errorf("a record with %s: %+v", broken, c)
	}

	inner := uni().record(t, good)
	middle := uni().record(t, inner)
	want(t, check(t, world(t), uni().record(t, middle)), Unverifiable, "contents unknown contents_not_confirmed")
	want(t, check(t, world(t), uni().record(t, inner)), Valid, "contents passed")
	want(t, check(t, world(t), uni().signed(t, uni().simple())), Valid, "contents not_applicable no_contents")

	// A record has rules of its own.
	broken2 := edited(t, uni().record(t, good), func(m map[string]any) { delete(m, "proof"); delete(m, "name") })
	want(t, check(t, world(t), uni().sign(t, broken2)), Malformed, "schema failed breaks_open_badges_rules")
	named := edited(t, uni().record(t, good), func(m map[string]any) {
		delete(m, "proof")
		m["credentialSubject"].(map[string]any)["identifier"] = []any{map[string]any{"type": "IdentityObject", "hashed": false,
			"identityHash": "anna@example.com", "identityType": "emailAddress"}}
	})
	for who, w := range map[string]string{"Anna@example.com": "recipient passed", "otto@example.com": "recipient failed other_recipient"} {
		v := &Verifier{Get: world(t), Now: clock, Recipient: who}
		if c := v.Verify(t.Context(), uni().sign(t, named)).Check(CheckRecipient); strings.TrimSpace(c.ID+" "+string(c.Outcome)+" "+c.Code) != w {
			t.Errorf("%s: got %+v", who, c)
		}
	}

	// Whoever is asked for is asked for in the whole, not in each part.
	v := &Verifier{Get: world(t), Now: clock, Recipient: "nobody@example.com"}
	if p := v.Verify(t.Context(), uni().record(t, good)); p.Contents[0].Verdict != Valid {
		t.Errorf("got %+v", p.Contents[0])
	}
}

// A derived document that was signed once more is still a part of the whole.
func TestAnotherProofHidesNoPart(t *testing.T) {
	whole := seal{proof: passed(CheckProof, reasonUnchanged), key: passed(CheckIssuerKey, "Yes.")}
	part := seal{proof: passedAs(CheckProof, CodePartial, reasonPartial), key: passed(CheckIssuerKey, "Yes.")}
	for _, all := range [][]seal{{whole, part}, {part, whole}} {
		if s := combine(all); s.proof.Code != CodePartial {
			t.Errorf("got %+v", s.proof)
		}
	}
	bad := seal{proof: failed(CheckProof, CodeChanged, "No."), key: passed(CheckIssuerKey, "Yes.")}
	if s := combine([]seal{bad, part}); s.proof.Outcome != Failed {
		t.Errorf("got %+v", s.proof)
	}
}
