package clr_test

import (
	"fmt"
	"time"

	"github.com/roundel/roundel/clr"
	"github.com/roundel/roundel/openbadge"
)

func ExampleNew() {
	record := clr.New("urn:uuid:2b1f9c1e-6c7a-4d0b-9f1e-3f1f4a5b6c7d", "Transcript",
		openbadge.Profile{ID: "did:web:uni.edu", Name: "Example University"},
		clr.Subject{ID: "did:example:anna"},
		time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC))
	fmt.Println(record.Hold([]byte(`{"name":"not a credential"}`)) != nil)
	_, err := record.Document()
	fmt.Println(err)
	// Output:
	// true
	// /credentialSubject/verifiableCredential: The record holds no credential.
}
