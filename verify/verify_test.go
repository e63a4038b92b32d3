package verify

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/roundel/roundel/baking"
	"github.com/roundel/roundel/did"
	"github.com/roundel/roundel/openbadge"
)

func TestValid(t *testing.T) {
	n := world(t)
	rep := check(t, n, uni().signed(t, uni().badge()))
	want(t, rep, Valid, "structure passed", "schema passed", "proof passed", "issuer_key passed",
		"issuer_identity passed domain", "status passed", "validity_period passed", "refresh passed",
		"recipient not_applicable not_asked")
	if rep.Headline != "Real and in date" || rep.Text != "Issued by uni.edu, unchanged, checked 14:02 today." {
		t.Errorf("got %q, %q", rep.Headline, rep.Text)
	}
	if rep.IssuerDomain != "uni.edu" || rep.SharedHost || rep.Badge == nil || rep.Parsed == nil {
		t.Errorf("got %+v", rep)
	}
	if len(n.asked) > maxRequests {
		t.Errorf("%d requests: %v", len(n.asked), n.asked)
	}
}

func TestValidInPictures(t *testing.T) {
	doc := uni().signed(t, uni().badge())
	svg := must[[]byte](t)(baking.BakeSVG([]byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`), doc))
	rep := check(t, world(t), svg)
	want(t, rep, Valid)
	if string(rep.Credential) != string(doc) {
		t.Error("the credential is not byte for byte what was baked")
	}
}

func TestReportJSONIsStable(t *testing.T) {
	rep := check(t, world(t).without(refreshURL), uni().signed(t, uni().simple()))
	rep.Credential = json.RawMessage(`{"id":"x"}`)
	got := string(must[[]byte](t)(json.Marshal(rep)))
	expect := `{"verdict":"valid","headline":"Real and in date","text":"Issued by uni.edu, unchanged, checked 14:02 today.","checks":[` +
		`{"id":"structure","outcome":"passed","reason":"The file is a complete, well-formed credential."},` +
		`{"id":"schema","outcome":"passed","reason":"It has everything that an Open Badge must have."},` +
		`{"id":"proof","outcome":"passed","reason":"Nothing has been changed since it was signed."},` +
		`{"id":"issuer_key","outcome":"passed","reason":"The key that signed it is one that uni.edu uses for issuing badges."},` +
		`{"id":"issuer_identity","outcome":"passed","code":"domain","reason":"It was issued by uni.edu, which publishes the key that signed it."},` +
		`{"id":"status","outcome":"not_applicable","code":"no_status","reason":"The issuer has made no provision for withdrawing this badge."},` +
		`{"id":"validity_period","outcome":"passed","reason":"It is valid until 23 May 2027."},` +
		`{"id":"refresh","outcome":"not_applicable","code":"no_refresh_service","reason":"The issuer offers no newer versions."},` +
		`{"id":"evidence","outcome":"not_applicable","code":"no_digests","reason":"It refers to nothing by its digest."},` +
		`{"id":"endorsements","outcome":"not_applicable","code":"no_endorsements","reason":"Nobody else has spoken for it."},` +
		`{"id":"contents","outcome":"not_applicable","code":"no_contents","reason":"It holds no other badges."},` +
		`{"id":"recipient","outcome":"not_applicable","code":"not_asked","reason":"You did not say whom it should be about."}],` +
		`"issuerDomain":"uni.edu","checkedAt":"2026-11-23T14:02:00Z","credential":{"id":"x"}}`
	if got != expect {
		t.Errorf("got\n%s\nwant\n%s", got, expect)
	}
}

func TestSharedHostNamesHostAndAccount(t *testing.T) {
	i := issuer{"did:web:badges.example:uni", "did:web:badges.example:uni#k", "Harvard University", keyOf("tenant")}
	n := world(t).with("https://badges.example/uni/did.json", i.document(t, nil))
	rep := check(t, n, i.signed(t, i.simple()))
	want(t, rep, Valid, "issuer_identity passed domain_account")
	if rep.Text != "Issued by an account at badges.example calling itself Harvard University, unchanged, checked 14:02 today." || !rep.SharedHost {
		t.Errorf("got %q", rep.Text)
	}
}

func TestExpired(t *testing.T) {
	b := uni().badge()
	b.ValidUntil = now
	rep := check(t, world(t), uni().signed(t, b))
	want(t, rep, Expired, "validity_period failed expired", "proof passed", "status passed")
	if rep.Headline != "Real, expired on 23 November 2026" || !strings.HasPrefix(rep.Text, "It was earned; it was valid until then.") {
		t.Errorf("got %q, %q", rep.Headline, rep.Text)
	}
	b.ValidUntil = now.Add(time.Second)
	want(t, check(t, world(t), uni().signed(t, b)), Valid)
}

func TestExpiredIsNotCalledRealUnlessItIs(t *testing.T) {
	b := uni().simple()
	b.ValidUntil = now.Add(-time.Hour)
	rep := check(t, world(t).without(uniDoc), uni().signed(t, b))
	want(t, rep, Expired, "proof unknown no_key", "issuer_key unknown unreachable")
	if strings.Contains(rep.Headline+rep.Text, "Real,") || !strings.Contains(rep.Text, "uni.edu did not answer.") {
		t.Errorf("got %q, %q", rep.Headline, rep.Text)
	}
	unsigned := must[[]byte](t)(b.Document())
	if rep := check(t, world(t), unsigned); strings.Contains(rep.Headline, "Real") {
		t.Errorf("unsigned: got %q", rep.Headline)
	}
	self := selfMade(t, "Harvard University")
	sb := self.simple()
	sb.ValidUntil = now.Add(-time.Hour)
	rep = check(t, world(t), self.signed(t, sb))
	want(t, rep, Expired)
	if strings.Contains(rep.Headline, "Real") || !strings.Contains(rep.Text, "cannot confirm that Harvard University issued it") {
		t.Errorf("self-made: got %q, %q", rep.Headline, rep.Text)
	}
}

func TestNotYetValid(t *testing.T) {
	b := uni().simple()
	b.ValidFrom, b.ValidUntil = now.Add(24*time.Hour), time.Time{}
	rep := check(t, world(t), uni().signed(t, b))
	want(t, rep, NotYetValid, "validity_period failed not_yet_valid")
	if rep.Headline != "Real, starts on 24 November 2026" {
		t.Errorf("got %q", rep.Headline)
	}
	b.ValidFrom = now.Add(clockSkew)
	want(t, check(t, world(t), uni().signed(t, b)), Valid, "validity_period passed")
}

func TestRevokedAndSuspended(t *testing.T) {
	doc := uni().signed(t, uni().badge())
	paused := world(t).with(suspension, uni().list(t, suspension, "suspension", true, nil))
	rep := check(t, paused, doc)
	want(t, rep, Suspended, "status failed suspended")
	if rep.Headline != "Paused by uni.edu" {
		t.Errorf("got %q", rep.Headline)
	}
	both := paused.with(revocation, uni().list(t, revocation, "revocation", true, nil))
	rep = check(t, both, doc)
	want(t, rep, Revoked, "status failed revoked")
	if rep.Headline != "Withdrawn by uni.edu" {
		t.Errorf("got %q", rep.Headline)
	}
	// One list that says so is enough, whatever the other does.
	want(t, check(t, both.without(suspension), doc), Revoked)
	// Expired and withdrawn: withdrawn counts more.
	b := uni().badge()
	b.ValidUntil = now.Add(-time.Hour)
	want(t, check(t, both, uni().signed(t, b)), Revoked, "validity_period failed expired")
}

func TestRevocationList(t *testing.T) {
	b := uni().simple()
	b.Contexts = append([]string{}, b.Contexts...)
	b.Status = openbadge.Statuses{{ID: "https://uni.edu/revoked", Type: openbadge.RevocationList}}
	doc := uni().signed(t, b)
	for body, verdict := range map[string]Verdict{
		`{"id":"https://uni.edu/revoked","issuer":"did:web:uni.edu","revokedCredential":[{"id":"https://uni.edu/awards/1","revocationReason":"Issued\u202e in error."}]}`: Revoked,
		`{"revokedCredential":[{"id":"https://uni.edu/awards/%31"}]}`:                      Revoked,
		`{"revokedCredential":[{"id":"https://uni.edu/awards/1","revoked":false}]}`:        Valid,
		`{"revokedCredential":[{"id":"https://uni.edu/awards/2"}]}`:                        Valid,
		`{"revokedCredential":[]}`:                                                         Valid,
		`{}`:                                                                               Unverifiable,
		`{"issuer":"did:web:other.example","revokedCredential":[]}`:                        Unverifiable,
		`{"revokedCredential":[],"revokedCredential":[{"id":"https://uni.edu/awards/1"}]}`: Unverifiable,
		`<html>`: Unverifiable,
	} {
		rep := check(t, world(t).with("https://uni.edu/revoked", page{body: []byte(body)}), doc)
		want(t, rep, verdict)
		if strings.Contains(body, "in error") && (rep.StatusReason != "Issued in error." || !strings.Contains(rep.Text, "Issued in error.")) {
			t.Errorf("reason: got %q, %q", rep.StatusReason, rep.Text)
		}
	}
	want(t, check(t, world(t), doc), Unverifiable, "status unknown unreachable")
}

func TestNewerVersion(t *testing.T) {
	doc := uni().signed(t, uni().badge())
	newer := uni().badge()
	newer.ValidFrom = newer.ValidFrom.Add(time.Hour)
	rep := check(t, world(t).with(refreshURL, page{body: uni().signed(t, newer)}), doc)
	want(t, rep, Valid, "refresh passed newer_version")
	if len(rep.Notes) != 1 || rep.Notes[0] != "A newer version exists." {
		t.Errorf("got %q", rep.Notes)
	}
}

func TestRefreshNeverChangesTheVerdict(t *testing.T) {
	doc := uni().signed(t, uni().badge())
	other := uni().badge()
	other.ID, other.ValidFrom = "https://uni.edu/awards/2", now
	stranger := selfMade(t, "Stranger").badge()
	stranger.ValidFrom = now
	forged := uni().badge()
	forged.ValidFrom = now
	for name, c := range map[string]struct {
		page page
		code string
	}{
		"gone":          {page{status: 404}, CodeUnreachable},
		"nonsense":      {page{body: []byte("hello")}, CodeListInvalid},
		"another badge": {page{body: uni().signed(t, other)}, CodeRefreshOther},
		"other issuer":  {page{body: selfMade(t, "Stranger").signed(t, stranger)}, CodeRefreshOther},
		"unsigned":      {page{body: must[[]byte](t)(forged.Document())}, CodeListUnsigned},
		"forged":        {page{body: issuer{uniDID, uniDID + "#key-1", "", keyOf("mallory")}.signed(t, forged)}, CodeListUnsigned},
	} {
		t.Run(name, func(t *testing.T) {
			rep := check(t, world(t).with(refreshURL, c.page), doc)
			want(t, rep, Valid, "refresh unknown "+c.code)
			if len(rep.Notes) > 0 {
				t.Errorf("got notes %q", rep.Notes)
			}
		})
	}
	want(t, check(t, world(t).without(refreshURL), doc), Valid, "refresh unknown unreachable")
}

func TestOffline(t *testing.T) {
	v := &Verifier{Now: clock}
	rep := v.Verify(context.Background(), uni().signed(t, uni().badge()))
	want(t, rep, Unverifiable, "proof unknown no_key", "issuer_key unknown offline", "status unknown not_run", "refresh unknown not_run")
	self := selfMade(t, "Self").simple()
	want(t, v.Verify(context.Background(), selfMade(t, "Self").signed(t, self)), IssuerUnconfirmed, "proof passed", "issuer_key passed")
	withStatus := selfMade(t, "Self").badge()
	rep = v.Verify(context.Background(), selfMade(t, "Self").signed(t, withStatus))
	want(t, rep, Unverifiable, "status unknown offline", "refresh unknown offline")
	if !strings.HasSuffix(rep.Text, "Try again online.") {
		t.Errorf("got %q", rep.Text)
	}
}

func TestUnreachableIssuer(t *testing.T) {
	rep := check(t, world(t).without(uniDoc), uni().signed(t, uni().simple()))
	want(t, rep, Unverifiable, "proof unknown no_key", "issuer_key unknown unreachable", "issuer_identity unknown not_run")
	if rep.Headline != "Not confirmed yet" || rep.Text != "uni.edu did not answer at 14:02. We found nothing against this badge. Try again." {
		t.Errorf("got %q, %q", rep.Headline, rep.Text)
	}
	want(t, check(t, world(t).with(uniDoc, page{status: 503}), uni().signed(t, uni().simple())), Unverifiable, "issuer_key unknown unreachable")
	want(t, check(t, world(t).with(uniDoc, page{status: 404}), uni().signed(t, uni().simple())), Unverifiable, "issuer_key unknown issuer_document_missing")
	want(t, check(t, world(t).with(uniDoc, page{body: []byte("{}")}), uni().signed(t, uni().simple())), Unverifiable, "issuer_key unknown issuer_document_invalid")
}

func TestKnownIssuer(t *testing.T) {
	self := selfMade(t, "Village School")
	doc := self.signed(t, self.simple())
	v := &Verifier{Get: world(t), Now: clock, KnownIssuers: []string{self.id}}
	rep := v.Verify(context.Background(), doc)
	want(t, rep, Valid, "issuer_identity passed known_issuer")
	if rep.Text != "Issued by an issuer you know, calling itself Village School, unchanged, checked 14:02 today." || rep.IssuerDomain != "" {
		t.Errorf("got %q", rep.Text)
	}
	// Knowing an issuer does not replace the check of its key.
	v.KnownIssuers = []string{uniDID, "uni.edu"}
	mallory := issuer{uniDID, uniDID + "#key-1", "Example University", keyOf("mallory")}
	want(t, v.Verify(context.Background(), mallory.signed(t, mallory.simple())), Tampered)
}

func TestRecipient(t *testing.T) {
	doc := uni().signed(t, uni().badge())
	byDID := uni().badge()
	byDID.Subject.Identifier, byDID.Subject.ID = nil, "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
	subject := uni().signed(t, byDID)
	for _, c := range []struct {
		doc       []byte
		recipient string
		verdict   Verdict
		check     string
	}{
		{doc, "Anna@Example.com", Valid, "recipient passed"},
		{doc, "bea@example.com", Unverifiable, "recipient failed other_recipient"},
		{doc, "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK", Unverifiable, "recipient unknown no_identifier"},
		{subject, "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK", Valid, "recipient passed"},
		{subject, "did:key:z6MkupuA7WhoxvtpuRuaeDb84euWCaSbb5tWiPdq9Fn5inhz", Unverifiable, "recipient failed other_recipient"},
		{subject, "anna@example.com", Unverifiable, "recipient unknown no_identifier"},
	} {
		v := &Verifier{Get: world(t), Now: clock, Recipient: c.recipient}
		rep := v.Verify(context.Background(), c.doc)
		want(t, rep, c.verdict, c.check)
	}
}

func TestKeyRotation(t *testing.T) {
	u := uni()
	doc := u.signed(t, u.simple()) // signed an hour ago
	for name, c := range map[string]struct {
		change  func(*did.Method)
		verdict Verdict
		check   string
	}{
		"retired after signing":  {func(m *did.Method) { m.Expires = now.Add(-time.Minute) }, Valid, "issuer_key passed"},
		"revoked after signing":  {func(m *did.Method) { m.Revoked = now.Add(-time.Minute) }, Unverifiable, "issuer_key unknown key_taken_back"},
		"retired before signing": {func(m *did.Method) { m.Expires = now.Add(-2 * time.Hour) }, NotIssuer, "issuer_key failed key_retired"},
		"revoked before signing": {func(m *did.Method) { m.Expires, m.Revoked = now, now.Add(-2*time.Hour) }, NotIssuer, "issuer_key failed key_retired"},
	} {
		t.Run(name, func(t *testing.T) {
			want(t, check(t, world(t).with(uniDoc, u.document(t, c.change)), doc), c.verdict, c.check, "proof passed")
		})
	}
}

// TestKeyTakenBack: whoever has a key that was taken back can write any date, so
// what counts is the issuer's own record, where there is one.
func TestKeyTakenBack(t *testing.T) {
	u := uni()
	doc := u.signed(t, u.simple()) // signed an hour ago
	taken := now.Add(-time.Minute)
	net := world(t).with(uniDoc, u.document(t, func(m *did.Method) { m.Expires, m.Revoked = now, taken }))
	for name, c := range map[string]struct {
		at      time.Time
		ours    bool
		verdict Verdict
		check   string
	}{
		"recorded before":        {now.Add(-time.Hour), true, Valid, "issuer_key passed"},
		"recorded just before":   {taken.Add(-time.Millisecond), true, Valid, "issuer_key passed"},
		"recorded when taken":    {taken, true, NotIssuer, "issuer_key failed key_taken_back"},
		"recorded after":         {now, true, NotIssuer, "issuer_key failed key_taken_back"},
		"not recorded":           {time.Time{}, true, NotIssuer, "issuer_key failed key_taken_back"},
		"somebody else's":        {time.Time{}, false, Unverifiable, "issuer_key unknown key_taken_back"},
		"somebody else's record": {now.Add(-time.Hour), false, Unverifiable, "issuer_key unknown key_taken_back"},
	} {
		t.Run(name, func(t *testing.T) {
			var asked Signature
			v := &Verifier{Get: net, Now: clock, Recorded: func(_ context.Context, s Signature) (time.Time, bool) {
				asked = s
				return c.at, c.ours
			}}
			want(t, v.Verify(t.Context(), doc), c.verdict, c.check, "proof passed")
			if asked.Issuer != "did:web:uni.edu" || asked.Method != u.method || asked.Credential != "https://uni.edu/awards/1" || !strings.Contains(string(doc), `"`+asked.Value+`"`) {
				t.Errorf("asked about %+v", asked)
			}
		})
	}
	// Nobody is asked about keys that were not taken back.
	v := &Verifier{Get: world(t).with(uniDoc, u.document(t, func(m *did.Method) { m.Expires = now })), Now: clock, Recorded: func(context.Context, Signature) (time.Time, bool) {
		t.Error("asked about a key that was retired")
		return time.Time{}, true
	}}
	want(t, v.Verify(t.Context(), doc), Valid)
}

func TestNotAnOpenBadge(t *testing.T) {
	doc := uni().sign(t, []byte(`{"@context":["https://www.w3.org/ns/credentials/v2"],"id":"urn:uuid:1","type":["VerifiableCredential"],
	  "issuer":"did:web:uni.edu","credentialSubject":{"id":"did:example:anna","name":"Anna"}}`))
	want(t, check(t, world(t), doc), Valid, "schema not_applicable not_an_open_badge", "validity_period passed")
}

func TestCredentialWithoutID(t *testing.T) {
	doc := uni().sign(t, []byte(`{"@context":["https://www.w3.org/ns/credentials/v2"],"type":["VerifiableCredential"],
	  "issuer":{"id":"did:web:uni.edu"},"credentialSubject":{"name":"Anna"}}`))
	want(t, check(t, world(t), doc), Valid)
}
