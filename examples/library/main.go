// Library issues a badge, bakes it into a picture and verifies the picture.
package main

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"log"
	"time"

	"github.com/roundel/roundel/baking"
	"github.com/roundel/roundel/did"
	"github.com/roundel/roundel/openbadge"
	"github.com/roundel/roundel/proof"
	"github.com/roundel/roundel/verify"
)

func main() {
	public, key, _ := ed25519.GenerateKey(nil)
	issuer, method, _ := did.KeyDID(public)
	badge := openbadge.New("urn:uuid:5d7b1c8e-2f3a-4b6c-9d0e-1f2a3b4c5d6e",
		openbadge.Profile{ID: issuer, Name: "Harbour Sailing School"},
		openbadge.Achievement{ID: "https://sailing.example/skipper", Name: "Coastal Skipper", Description: "Sails a yacht along a coast by day.",
			Criteria: openbadge.Criteria{Narrative: "Five days at sea and a written exam."}},
		openbadge.Subject{ID: "did:example:amara"}, time.Now())
	document, err := badge.Document() // refuses what would be no valid Open Badge
	if err != nil {
		log.Fatal(err)
	}
	signed, err := proof.Sign(document, key, proof.SignOptions{Method: method, Created: time.Now()})
	if err != nil {
		log.Fatal(err)
	}
	picture, err := baking.BakeSVG([]byte(`<svg xmlns="http://www.w3.org/2000/svg"><circle r="9"/></svg>`), signed)
	if err != nil {
		log.Fatal(err)
	}
	report := (&verify.Verifier{KnownIssuers: []string{issuer}}).Verify(context.Background(), picture)
	fmt.Println(report.Verdict, "-", report.Headline) // valid - Real and in date
}
