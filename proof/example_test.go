package proof_test

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/roundel/roundel/did"
	"github.com/roundel/roundel/proof"
	"github.com/roundel/roundel/strictjson"
)

const credential = `{
  "@context": ["https://www.w3.org/ns/credentials/v2"],
  "id": "urn:uuid:91537dba-56cb-11ec-bf63-0242ac130002",
  "type": ["VerifiableCredential"],
  "issuer": "did:web:uni.edu",
  "name": "Teamwork",
  "credentialSubject": {"id": "did:example:ebfeb1f712ebc6f1c276e12ec21"}
}`

func Example() {
	key := ed25519.NewKeyFromSeed([]byte("an example seed of 32 bytes ...."))
	_, method, err := did.KeyDID(key.Public())
	if err != nil {
		fmt.Println(err)
		return
	}
	signed, err := proof.Sign([]byte(credential), key, proof.SignOptions{
		Method:  method,
		Created: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(check(string(signed), key.Public().(ed25519.PublicKey)))

	changed := strings.Replace(string(signed), "Teamwork", "Leadership", 1)
	err = check(changed, key.Public().(ed25519.PublicKey))
	fmt.Println(err, errors.Is(err, proof.ErrBadSignature))
	// Output:
	// <nil>
	// the signature does not fit the document true
}

// check wants every proof to be key's. Whether the key is the issuer's is a
// question of its own.
func check(signed string, key ed25519.PublicKey) error {
	tree, err := strictjson.Decode([]byte(signed), strictjson.Limits{})
	if err != nil {
		return err
	}
	unsecured, proofs, err := proof.Split(tree.(map[string]any))
	if err != nil {
		return err
	}
	for _, p := range proofs {
		if err := proof.VerifyOne(unsecured, p, key, proof.VerifyOptions{}); err != nil {
			return err
		}
	}
	return nil
}
