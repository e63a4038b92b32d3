package main

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/roundel/roundel/clr"
	"github.com/roundel/roundel/did"
	"github.com/roundel/roundel/openbadge"
	"github.com/roundel/roundel/proof"
	"github.com/roundel/roundel/verify"
)

// TestRecordOnTheTerminal: the badges of a learner record are counted and listed,
// with the reason of those that are not valid.
func TestRecordOnTheTerminal(t *testing.T) {
	pub, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	id, method, err := did.KeyDID(pub)
	if err != nil {
		t.Fatal(err)
	}
	sign := func(doc []byte, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		signed, err := proof.Sign(doc, key, proof.SignOptions{Method: method})
		if err != nil {
			t.Fatal(err)
		}
		return signed
	}
	club := openbadge.Profile{ID: id, Name: "Sailing club"}
	r := clr.New("urn:uuid:0d3c9f4e-7a44-4f0c-9d43-3ad3b6b3a100", "Record", club, clr.Subject{ID: "did:example:amara"}, time.Now().Add(-time.Hour))
	for n, name := range []string{"Knots", "Navigation", "Ocean Skipper"} {
		b := openbadge.New(fmt.Sprintf("urn:uuid:0d3c9f4e-7a44-4f0c-9d43-3ad3b6b3a0%02d", n), club,
			openbadge.Achievement{ID: fmt.Sprintf("https://club.example/%d", n), Name: name, Description: "Sails.", Criteria: openbadge.Criteria{Narrative: "Sail."}},
			openbadge.Subject{ID: "did:example:amara"}, time.Now().Add(-time.Hour))
		signed := sign(b.Document())
		if n == 2 {
			signed = bytes.ReplaceAll(signed, []byte("Ocean"), []byte("Moon"))
		}
		if err := r.Hold(signed); err != nil {
			t.Fatal(err)
		}
	}
	var out strings.Builder
	printReport(&out, (&verify.Verifier{KnownIssuers: []string{id}}).Verify(t.Context(), sign(r.Document())))
	for _, want := range []string{"Badges inside it (1 tampered, 2 valid):\n", "\n  valid              Knots, whose issuer calls itself “Sailing club”\n  valid              Navigation",
		"\n  tampered           Moon Skipper, ", "\n                     This is not the file the issuer signed. ", "\nverdict: unverifiable\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, out.String())
		}
	}
}
