package proof_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"errors"
	"fmt"

	"github.com/roundel/roundel/did"
	"github.com/roundel/roundel/proof"
	"github.com/roundel/roundel/strictjson"
)

// The issuer signs for the holder; the holder shows others the name of the
// badge, and nothing more.
func ExampleDerive() {
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), []byte("an example scalar of 32 bytes..."))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, method, err := did.KeyDID(key.Public())
	if err != nil {
		fmt.Println(err)
		return
	}
	base, err := proof.Sign([]byte(credential), key, proof.SignOptions{
		Method: method, Cryptosuite: "ecdsa-sd-2023", MandatoryPointers: []string{"/issuer"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	shown, err := proof.Derive(base, []string{"/name"}, proof.DeriveOptions{Key: key.Public()})
	if err != nil {
		fmt.Println(err)
		return
	}
	document, _, _ := bytes.Cut(shown, []byte(`,"proof"`))
	fmt.Printf("%s}\n", document)
	fmt.Println(checkP256(shown, &key.PublicKey))

	// The base proof opens everything, so nobody but the holder should see it.
	err = checkP256(base, &key.PublicKey)
	fmt.Println(errors.Is(err, proof.ErrBaseProof))

	_, err = proof.Derive(base, []string{"/credentialSubject/email"}, proof.DeriveOptions{})
	var wrong *proof.PointerError
	fmt.Println(errors.As(err, &wrong), err)
	// Output:
	// {"@context":["https://www.w3.org/ns/credentials/v2"],"id":"urn:uuid:91537dba-56cb-11ec-bf63-0242ac130002","type":["VerifiableCredential"],"issuer":"did:web:uni.edu","name":"Teamwork"}
	// <nil>
	// true
	// true the JSON pointer "/credentialSubject/email" matches nothing in the document
}

func checkP256(signed []byte, key *ecdsa.PublicKey) error {
	tree, err := strictjson.Decode(signed, strictjson.Limits{})
	if err != nil {
		return err
	}
	unsecured, proofs, err := proof.Split(tree.(map[string]any))
	if err != nil {
		return err
	}
	return proof.VerifyOne(unsecured, proofs[0], key, proof.VerifyOptions{})
}
