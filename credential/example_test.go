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

func ExampleRelatedResource_CheckDigest() {
	picture := []byte("the bytes of a picture")
	c, err := credential.Parse([]byte(`{
	  "@context": ["https://www.w3.org/ns/credentials/v2"],
	  "type": ["VerifiableCredential"],
	  "issuer": "did:example:school",
	  "credentialSubject": {"id": "did:example:anna"},
	  "relatedResource": [{"id": "https://example.org/p.png", "digestSRI": "` + credential.NewDigest(picture).SRI() + `"}]
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(c.Related[0].CheckDigest(picture))
	fmt.Println(c.Related[0].CheckDigest([]byte("another picture")))
	// Output:
	// <nil>
	// credential: the content is not what the digest stands for (sha384)
}
