package openbadge_test

import (
	"fmt"
	"time"

	"github.com/roundel/roundel/openbadge"
)

func ExampleNew() {
	badge := openbadge.New("urn:uuid:2b1f9c1e-6c7a-4d0b-9f1e-3f1f4a5b6c7d",
		openbadge.Profile{ID: "did:web:uni.edu", Name: "Example University"},
		openbadge.Achievement{
			ID:          "https://uni.edu/badges/teamwork",
			Name:        "Teamwork",
			Description: "Works well with others.",
			Criteria:    openbadge.Criteria{Narrative: "Nominated by three peers."},
		},
		openbadge.Subject{ID: "did:example:anna"},
		time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC))
	badge.Subject.Achievement.InLanguage = "English"
	_, err := badge.Document()
	fmt.Println(err)
	// Output: /credentialSubject/achievement/inLanguage: The value must be a language code such as en or pt-BR.
}

func ExampleHashIdentity() {
	fmt.Println(openbadge.HashIdentity("a@example.com", "Kosher"))
	// Output: sha256$b5809d8a92f8858436d7e6b87c12ebc0ae1eac4baecc2c0b913aee2c922ef399
}

func ExampleAchievementCredential_Endorse() {
	// What a review board signed, for example with proof.Sign.
	signed := []byte(`{
	  "@context": ["https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],
	  "id": "urn:uuid:77", "type": ["VerifiableCredential", "EndorsementCredential"], "name": "A sound course",
	  "issuer": {"id": "did:web:board.example", "type": ["Profile"]}, "validFrom": "2026-01-01T00:00:00Z",
	  "credentialSubject": {"id": "https://uni.edu/badges/teamwork", "type": ["EndorsementSubject"]},
	  "proof": {"type": "DataIntegrityProof"}
	}`)
	badge := openbadge.New("urn:uuid:2b1f9c1e-6c7a-4d0b-9f1e-3f1f4a5b6c7d",
		openbadge.Profile{ID: "did:web:uni.edu", Name: "Example University"},
		openbadge.Achievement{ID: "https://uni.edu/badges/leadership", Name: "Leadership", Description: "Leads.", Criteria: openbadge.Criteria{Narrative: "Lead."}},
		openbadge.Subject{ID: "did:example:anna"},
		time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC))
	fmt.Println(badge.Subject.Achievement.Endorse(signed))
	// Output: /endorsement/0/credentialSubject/id: The endorsement is about something else than what it stands at.
}
