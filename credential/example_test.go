package credential_test

import (
	"errors"
	"fmt"

	"github.com/roundel/roundel/credential"
)

func ExampleParse() {
	_, err := credential.Parse([]byte(`{
	  "@context": ["https://www.w3.org/ns/credentials/v2"],
	  "type": ["VerifiableCredential"],
	  "credentialSubject": {"id": "did:example:anna"},
	  "validFrom": "yesterday"
	}`))
	var problems credential.Problems
	if errors.As(err, &problems) {
		for _, p := range problems {
			fmt.Printf("%s: %s\n", p.Path, p.Msg)
		}
	}
	// Output:
	// /issuer: The issuer is missing.
	// /validFrom: The value must be a date and time with a time zone, such as 2026-03-01T09:00:00Z.
}
