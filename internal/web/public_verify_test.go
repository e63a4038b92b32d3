package web

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/roundel/roundel/did"
	"github.com/roundel/roundel/internal/locale"
	"github.com/roundel/roundel/openbadge"
	"github.com/roundel/roundel/proof"
	"github.com/roundel/roundel/verify"
)

// reportOn verifies a badge about anna@example.org, signed by a key that names
// itself, with a description of the given length, after change.
func reportOn(t *testing.T, description int, change func(string) string) *verify.Report {
	t.Helper()
	pub, priv, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	id, method, err := did.KeyDID(pub)
	if err != nil {
		t.Fatal(err)
	}
	salt := strings.Repeat("ab", 16)
	plain, err := openbadge.New("urn:uuid:0d3c9f4e-7a44-4f0c-9d43-3ad3b6b3a001", openbadge.Profile{ID: id, Name: "Harvard University"},
		openbadge.Achievement{ID: "urn:uuid:0d3c9f4e-7a44-4f0c-9d43-3ad3b6b3a002", Name: "Data", Description: strings.Repeat("ü", description/2) + ".", Criteria: openbadge.Criteria{Narrative: "Pass."}},
		openbadge.Subject{Identifier: []openbadge.IdentityObject{{Hashed: true, IdentityType: "emailAddress", Salt: salt, IdentityHash: openbadge.HashIdentity("anna@example.org", salt)}}},
		time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)).Document()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := proof.Sign(plain, priv, proof.SignOptions{Method: method})
	if err != nil {
		t.Fatal(err)
	}
	return (&verify.Verifier{}).Verify(t.Context(), []byte(change(string(doc))))
}

func as(s string) string { return s }

// TestEmailNeedsASignature: whoever writes a badge writes the address into it
// too, so that an address fits says nothing until the issuer's signature does.
func TestEmailNeedsASignature(t *testing.T) {
	for name, c := range map[string]struct {
		report *verify.Report
		email  string
		want   verify.Outcome
	}{
		"signed":         {reportOn(t, 10, as), "Anna@example.org", verify.Passed},
		"another person": {reportOn(t, 10, as), "eve@example.org", verify.Failed},
		"changed":        {reportOn(t, 10, func(s string) string { return strings.Replace(s, `"Data"`, `"Law"`, 1) }), "anna@example.org", verify.Unknown},
		"not signed":     {reportOn(t, 10, func(s string) string { return s[:strings.Index(s, `,"proof"`)] + "}" }), "anna@example.org", verify.Unknown},
		"another's key": {reportOn(t, 10, func(s string) string {
			i := strings.Index(s, `"did:key:`)
			return s[:i] + `"did:web:uni.edu"` + s[i+1+strings.Index(s[i+1:], `"`)+1:]
		}), "anna@example.org", verify.Unknown},
		"no badge": {(&verify.Verifier{}).Verify(t.Context(), []byte("hello")), "anna@example.org", verify.Unknown},
	} {
		if got := emailOutcome(c.report, c.email); got != string(c.want) {
			t.Errorf("%s: %s, want %s (%s)", name, got, c.want, c.report.Headline)
		}
	}
}

// TestLargeReport: a page does not send a large credential back twice.
func TestLargeReport(t *testing.T) {
	catalogue, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	texts := catalogue.For("en")
	s := &Server{BaseURL: base}
	small := reportOn(t, 10, as)
	p := s.reportPage(texts, small, small.Credential)
	if !p.Email.Possible || p.Email.Text != string(small.Credential) || !json.Valid([]byte(p.Raw)) || p.RawCut {
		t.Errorf("a small badge: %+v, cut %t", p.Email, p.RawCut)
	}
	for _, size := range []int{maxShown + 10, 4 * maxShown} {
		report := reportOn(t, size, as)
		if len(report.Credential) > 1<<20 {
			report.Credential = bytes.Clone(report.Credential)
		}
		p = s.reportPage(texts, report, report.Credential)
		if p.Email.Possible || p.Email.Text != "" {
			t.Errorf("%d bytes: the page asks for an address and carries %d bytes", len(report.Credential), len(p.Email.Text))
		}
		if !p.RawCut || len(p.Raw) > maxShown || len(p.Raw) < maxShown-10 || !strings.HasPrefix(p.Raw, "{") || strings.ContainsRune(p.Raw, '\uFFFD') {
			t.Errorf("%d bytes: %d shown, cut %t", len(report.Credential), len(p.Raw), p.RawCut)
		}
	}
}
