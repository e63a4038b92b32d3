package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/roundel/roundel/proof"
	"github.com/roundel/roundel/verify"
)

// TestRecordOnTheTerminal: the badges of a learner record are counted and listed,
// with the reason of those that are not valid.
func TestRecordOnTheTerminal(t *testing.T) {
	club := newParty(t)
	var badges [][]byte
	for _, name := range []string{"Knots", "Navigation", "Ocean Skipper"} {
		badges = append(badges, club.sign(club.badge(name), proof.SignOptions{}))
	}
	badges[2] = bytes.ReplaceAll(badges[2], []byte("Ocean"), []byte("Moon"))
	var out strings.Builder
	printReport(&out, (&verify.Verifier{KnownIssuers: []string{club.id}}).Verify(t.Context(), club.sign(club.record(badges...), proof.SignOptions{})))
	for _, want := range []string{"Badges inside it (1 tampered, 2 valid):\n", "\n  valid              Knots, whose issuer calls itself “Sailing club”\n  valid              Navigation",
		"\n  tampered           Moon Skipper, ", "\n                     This is not the file the issuer signed. ", "\nverdict: unverifiable\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, out.String())
		}
	}
}
