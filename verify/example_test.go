package verify_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/roundel/roundel/baking"
	"github.com/roundel/roundel/did"
	"github.com/roundel/roundel/openbadge"
	"github.com/roundel/roundel/proof"
	"github.com/roundel/roundel/verify"
)

// Issue a badge, put it into a picture, and verify the picture.
func Example() {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	check(err)
	issuer, method, err := did.KeyDID(key.Public())
	check(err)

	recipient, err := openbadge.HashedEmail("anna@example.com", rand.Reader)
	check(err)
	badge := openbadge.New("urn:uuid:2b1f9c1e-6c7a-4d0b-9f1e-3f1f4a5b6c7d",
		openbadge.Profile{ID: issuer, Name: "Village School"},
		openbadge.Achievement{
			ID:          "urn:uuid:0c7b5f8e-0f52-4f0b-8f53-6f2d0c9a1b2e",
			Name:        "Bicycle repair",
			Description: "Can mend a puncture and set the brakes.",
			Criteria:    openbadge.Criteria{Narrative: "Mends a bicycle in front of the class."},
		},
		openbadge.Subject{Identifier: []openbadge.IdentityObject{recipient}},
		time.Now())
	document, err := badge.Document()
	check(err)
	signed, err := proof.Sign(document, key, proof.SignOptions{Method: method, Created: time.Now()})
	check(err)
	picture, err := baking.BakeSVG([]byte(`<svg xmlns="http://www.w3.org/2000/svg"><circle r="9"/></svg>`), signed)
	check(err)

	v := &verify.Verifier{KnownIssuers: []string{issuer}, Recipient: "anna@example.com"}
	report := v.Verify(context.Background(), picture)
	fmt.Println(report.Verdict+":", report.Headline)

	stranger := &verify.Verifier{}
	fmt.Println(stranger.Verify(context.Background(), picture).Headline)
	// Output:
	// valid: Real and in date
	// Unchanged and in date; we cannot confirm that Village School issued it
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
