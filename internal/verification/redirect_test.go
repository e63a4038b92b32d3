package verification_test

import (
	"crypto/ed25519"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/roundel/roundel/internal/fetch"
	"github.com/roundel/roundel/internal/verification"
	"github.com/roundel/roundel/multikey"
	"github.com/roundel/roundel/openbadge"
	"github.com/roundel/roundel/proof"
	"github.com/roundel/roundel/verify"
)

// TestOpenRedirectProvesNothing: a famous host that redirects wherever an
// address says does not vouch for the keys that are found there.
func TestOpenRedirectProvesNothing(t *testing.T) {
	pub, priv, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	key, err := multikey.EncodePublic(pub)
	if err != nil {
		t.Fatal(err)
	}
	for issuer, want := range map[string]verify.Verdict{
		"https://famous.example/login?next=" + url.QueryEscape("https://evil.example/me.json"): verify.Unverifiable,
		"https://famous.example/to/evil": verify.Unverifiable,
		"https://famous.example/here?":   verify.Unverifiable,
		"https://famous.example/moved":   verify.Valid, // within the same origin
		"https://famous.example/here":    verify.Valid,
		"did:web:famous.example":         verify.Unverifiable,
		"did:web:famous.example:there":   verify.Valid,
	} {
		document := func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprintf(w, `{"@context":["https://www.w3.org/ns/did/v1","https://w3id.org/security/multikey/v1"],"id":%q,`+
				`"verificationMethod":[{"id":%q,"type":"Multikey","controller":%q,"publicKeyMultibase":%q}],"assertionMethod":[%q]}`,
				issuer, issuer+"#k", issuer, key, issuer+"#k")
		}
		own := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.Host == "evil.example", r.URL.Path == "/here", r.URL.Path == "/there/did.json":
				document(w)
			case r.URL.Path == "/moved":
				http.Redirect(w, r, "/here", http.StatusFound)
			default:
				http.Redirect(w, r, "https://evil.example/me.json", http.StatusFound)
			}
		})
		s := &verification.Service{Now: time.Now, Fetch: &fetch.Client{Own: func(*url.URL) http.Handler { return own }}}
		badge := openbadge.New("urn:uuid:0d3c9f4e-7a44-4f0c-9d43-3ad3b6b3a001", openbadge.Profile{ID: issuer, Name: "Famous University"},
			openbadge.Achievement{ID: "urn:uuid:0d3c9f4e-7a44-4f0c-9d43-3ad3b6b3a002", Name: "PhD", Description: "All of it.", Criteria: openbadge.Criteria{Narrative: "Pass."}},
			openbadge.Subject{ID: "did:example:1"}, time.Now().Add(-time.Hour))
		plain, err := badge.Document()
		if err != nil {
			t.Fatal(err)
		}
		doc, err := proof.Sign(plain, priv, proof.SignOptions{Method: issuer + "#k", Created: time.Now()})
		if err != nil {
			t.Fatal(err)
		}
		report, err := s.Check(t.Context(), doc, "")
		if err != nil {
			t.Fatal(err)
		}
		if report.Verdict != want || want != verify.Valid && report.IssuerDomain != "" {
			t.Errorf("%s: %s (%s), domain %q", issuer, report.Verdict, report.Text, report.IssuerDomain)
		}
	}
}
