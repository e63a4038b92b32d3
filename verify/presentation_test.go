package verify

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/roundel/roundel/cose"
	"github.com/roundel/roundel/did"
	"github.com/roundel/roundel/jose"
	"github.com/roundel/roundel/proof"
	"github.com/roundel/roundel/sdjwt"
)

const challenge, domain = "6f1f9a0e", "employer.example"

// presentation is an unsigned presentation by the holder.
func presentation(t testing.TB, holder string, held ...[]byte) []byte {
	t.Helper()
	all := make([]json.RawMessage, len(held))
	for i, h := range held {
		all[i] = h
	}
	return must[[]byte](t)(json.Marshal(map[string]any{"@context": []any{"https://www.w3.org/ns/credentials/v2"},
		"type": []any{"VerifiablePresentation"}, "holder": holder, "verifiableCredential": all}))
}

// present is presentation, signed for a request.
func (i issuer) present(t testing.TB, o proof.SignOptions, held ...[]byte) []byte {
	t.Helper()
	o.Method, o.Created = i.method, now.Add(-time.Minute)
	if o.Purpose == "" {
		o.Purpose = did.Authentication
	}
	return must[[]byte](t)(proof.Sign(presentation(t, i.id, held...), i.key, o))
}

func shownTo(t testing.TB, n *internet, file []byte) *PresentationReport {
	t.Helper()
	return (&Verifier{Get: n, Now: clock}).VerifyPresentation(t.Context(), file, PresentationOptions{Challenge: challenge, Domain: domain})
}

// wantShown compares a presentation's report, with the checks as in want.
func wantShown(t testing.TB, rep *PresentationReport, verified bool, checks ...string) {
	t.Helper()
	if rep.Verified != verified {
		t.Errorf("verified: %t: %+v", rep.Verified, rep.Checks)
	}
	for _, w := range checks {
		c := rep.Check(strings.Fields(w)[0])
		if got := strings.TrimSpace(c.ID + " " + string(c.Outcome) + " " + c.Code); got != w {
			t.Errorf("got %q, want %q (%s)", got, w, c.Reason)
		}
	}
	for _, c := range rep.Checks {
		if c.Reason == "" || c.Title == "" || c.Outcome != Passed && c.Code == "" {
			t.Errorf("incomplete: %+v", c)
		}
	}
}

func TestPresentations(t *testing.T) {
	anna, u := selfMade(t, ""), uni()
	badge := u.signed(t, u.badge())
	answer := proof.SignOptions{Challenge: challenge, Domain: domain}

	rep := shownTo(t, world(t), anna.present(t, answer, badge, u.numbered(t, 2, nil)))
	wantShown(t, rep, true, "proof passed", "holder_key passed", "challenge passed", "domain passed")
	if rep.Holder != anna.id || len(rep.Credentials) != 2 || rep.Credentials[1].Path != "/verifiableCredential/1" || rep.Credentials[0].Verdict != Valid {
		t.Errorf("got %+v", rep)
	}
	token := u.token(t, u.simple(), jose.CredentialOptions{KeyID: u.method})
	enveloped := must[[]byte](t)(json.Marshal(jose.Envelope("application/vc+jwt", token)))
	wantShown(t, shownTo(t, world(t), anna.present(t, answer, enveloped)), true)
	wantShown(t, shownTo(t, world(t), anna.present(t, answer)), true)

	vp := must[[]byte](t)(jose.SignPresentation(presentation(t, anna.id, badge), anna.key, jose.PresentationOptions{KeyID: anna.method, Nonce: challenge, Audience: domain}))
	rep = shownTo(t, world(t), vp)
	wantShown(t, rep, true, "proof passed", "holder_key passed", "challenge passed", "domain passed")
	message := must[[]byte](t)(cose.SignPresentation(presentation(t, anna.id, badge), anna.key, anna.method))
	rep = (&Verifier{Get: world(t), Now: clock}).VerifyPresentation(t.Context(), message, PresentationOptions{})
	wantShown(t, rep, false, "proof passed", "holder_key passed", "challenge not_applicable not_asked")
	parted := must[[]byte](t)(sdjwt.IssuePresentation(presentation(t, anna.id, badge), anna.key, sdjwt.Options{Header: jose.Header{KeyID: anna.method}}))
	rep = (&Verifier{Get: world(t), Now: clock}).VerifyPresentation(t.Context(), parted, PresentationOptions{})
	wantShown(t, rep, false, "proof passed", "holder_key passed", "challenge not_applicable not_asked")
	wantShown(t, shownTo(t, world(t), message), false, "challenge failed other_request")

	envelope := must[[]byte](t)(json.Marshal(map[string]any{"@context": "https://www.w3.org/ns/credentials/v2",
		"type": "EnvelopedVerifiablePresentation", "id": "data:application/vp+jwt," + string(vp)}))
	wantShown(t, shownTo(t, world(t), envelope), true)
}

func TestPresentationsThatProveNothing(t *testing.T) {
	anna, u := selfMade(t, ""), uni()
	badge := u.signed(t, u.badge())
	answer := proof.SignOptions{Challenge: challenge, Domain: domain}
	good := anna.present(t, answer, badge)

	wantShown(t, shownTo(t, world(t), presentation(t, anna.id, badge)), false, "proof unknown not_signed", "challenge unknown not_run")
	wantShown(t, shownTo(t, world(t), anna.present(t, proof.SignOptions{}, badge)), false, "proof passed", "challenge failed other_request", "domain failed other_request")
	wantShown(t, shownTo(t, world(t), anna.present(t, proof.SignOptions{Challenge: "other", Domain: domain}, badge)), false, "challenge failed other_request", "domain passed")
	wantShown(t, shownTo(t, world(t), bytes.Replace(good, []byte(challenge), []byte("00000000"), 1)), false, "proof failed changed")
	wantShown(t, shownTo(t, world(t), anna.present(t, proof.SignOptions{Challenge: challenge, Domain: domain, Purpose: did.AssertionMethod}, badge)), false, "proof failed wrong_purpose")

	// Mallory shows Anna's badge, and says to be Anna.
	mallory := issuer{anna.id, anna.method, "", keyOf("mallory")}
	wantShown(t, shownTo(t, world(t), mallory.present(t, answer, badge)), false, "proof failed changed", "holder_key unknown not_run")
	own := issuer{"did:web:mallory.example", "did:web:mallory.example#k", "", keyOf("mallory")}
	signedByOwn := must[[]byte](t)(proof.Sign(presentation(t, anna.id, badge), own.key, proof.SignOptions{Method: own.method, Purpose: did.Authentication, Challenge: challenge, Domain: domain}))
	net := world(t).with("https://mallory.example/.well-known/did.json", own.document(t, nil))
	rep := shownTo(t, net, signedByOwn)
	wantShown(t, rep, false, "holder_key failed other_key")
	if rep.Holder != "" {
		t.Errorf("the holder is shown as %s", rep.Holder)
	}
	// A key for making claims is not one for saying who you are.
	net.pages["https://mallory.example/.well-known/did.json"] = page{body: edited(t, own.document(t, nil).body, func(m map[string]any) { delete(m, "authentication") })}
	wantShown(t, shownTo(t, net, own.present(t, answer, badge)), false, "holder_key failed key_not_allowed")

	// What is inside is checked too.
	tampered := bytes.Replace(badge, []byte("Six assignments"), []byte("One assignment"), 1)
	rep = shownTo(t, world(t), anna.present(t, answer, tampered))
	wantShown(t, rep, false, "proof passed")
	if rep.Credentials[0].Verdict != Tampered {
		t.Errorf("got %+v", rep.Credentials[0])
	}
	wantShown(t, shownTo(t, world(t).with(revocation, u.list(t, revocation, "revocation", true, nil)), good), false, "proof passed")

	expired := must[[]byte](t)(jose.SignPresentation(presentation(t, anna.id, badge), anna.key, jose.PresentationOptions{KeyID: anna.method, Nonce: challenge, Audience: domain,
		Now: func() time.Time { return now.Add(-time.Hour) }, Lifetime: time.Minute}))
	wantShown(t, shownTo(t, world(t), expired), false, "proof failed expired")

	for _, file := range []string{"", "x", "[]", "{}", `{"type":"VerifiablePresentation"}`, string(badge), "eyJ.eyJ.x",
		`{"@context":["https://www.w3.org/ns/credentials/v2"],"type":["VerifiablePresentation"],"proof":[]}`} {
		wantShown(t, shownTo(t, world(t), []byte(file)), false)
	}
	// Without a question, the answer is to nobody's.
	rep = (&Verifier{Get: world(t), Now: clock}).VerifyPresentation(t.Context(), good, PresentationOptions{})
	wantShown(t, rep, false, "proof passed", "challenge not_applicable not_asked", "domain not_applicable not_asked")
}

// The statements are signed, not the JSON: a badge hidden under another spelling
// of its member keeps the signature, and is not let through.
func TestPresentationsInOtherForms(t *testing.T) {
	anna, u := selfMade(t, ""), uni()
	good := anna.present(t, proof.SignOptions{Challenge: challenge, Domain: domain}, u.signed(t, u.simple()))
	moved := edited(t, good, func(m map[string]any) {
		m["https://www.w3.org/2018/credentials#verifiableCredential"] = map[string]any{"@graph": m["verifiableCredential"]}
		delete(m, "verifiableCredential")
	})
	wantShown(t, shownTo(t, world(t), moved), false)
	renamed := edited(t, good, func(m map[string]any) {
		m["https://www.w3.org/2018/credentials#holder"] = map[string]any{"id": m["holder"]}
		delete(m, "holder")
	})
	wantShown(t, shownTo(t, world(t), renamed), false)
}
