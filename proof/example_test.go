package proof_test

import (
	"crypto"
	"crypto/ed25519"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/roundel/roundel/did"
	"github.com/roundel/roundel/proof"
	"github.com/roundel/roundel/shape"
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

// A witness signs what the issuer has signed, so that nobody can take the
// issuer's signature away without breaking the witness's.
func ExampleSign_chain() {
	issuer := ed25519.NewKeyFromSeed([]byte("an example seed of 32 bytes ...."))
	witness := ed25519.NewKeyFromSeed([]byte("another seed, also of 32 bytes ."))
	const first = "urn:uuid:26329423-bec9-4b2e-88cb-a7c7d9dc4544"
	doc, err := proof.Sign([]byte(credential), issuer, proof.SignOptions{Method: "did:web:uni.edu#key-1", ID: first})
	if err != nil {
		fmt.Println(err)
		return
	}
	doc, err = proof.Sign(doc, witness, proof.SignOptions{
		Method: "did:web:witness.example#key-1", Cryptosuite: "eddsa-jcs-2022", Previous: []string{first},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	proofs, err := proof.Verify(doc, func(p proof.Proof) (crypto.PublicKey, error) {
		if p.VerificationMethod == "did:web:uni.edu#key-1" {
			return issuer.Public(), nil
		}
		return witness.Public(), nil
	}, proof.VerifyOptions{Purpose: "assertionMethod"})
	if err != nil {
		fmt.Println(err)
		return
	}
	layers, err := proof.Order(proofs)
	fmt.Println(layers, err)
	// Output: [[0] [1]] <nil>
}

// What somebody signed to show who they are is nothing that they assert. Which
// keys count is for the caller to find out; here it is one.
func ExampleVerify() {
	key := ed25519.NewKeyFromSeed([]byte("an example seed of 32 bytes ...."))
	keys := func(p proof.Proof) (crypto.PublicKey, error) {
		if p.VerificationMethod != "did:web:uni.edu#key-1" {
			return nil, errors.New("a key that we do not know")
		}
		return key.Public(), nil
	}
	for _, purpose := range []string{"assertionMethod", "authentication"} {
		doc, err := proof.Sign([]byte(credential), key, proof.SignOptions{Method: "did:web:uni.edu#key-1", Purpose: purpose})
		if err != nil {
			fmt.Println(err)
			return
		}
		_, err = proof.Verify(doc, keys, proof.VerifyOptions{Purpose: "assertionMethod"})
		fmt.Println(err, errors.Is(err, proof.ErrPurpose))
	}
	// Output:
	// <nil> false
	// the proof is for another purpose: "authentication" instead of "assertionMethod" true
}

// Whoever verifies many credentials keeps the shapes of those seen before.
func ExampleVerify_shapes() {
	key := ed25519.NewKeyFromSeed([]byte("an example seed of 32 bytes ...."))
	shapes := shape.New(shape.Options{})
	for _, skill := range []string{"Teamwork", "Leadership", "Patience"} {
		doc, err := proof.Sign([]byte(strings.Replace(credential, "Teamwork", skill, 1)), key, proof.SignOptions{
			Method: "did:web:uni.edu#key-1", Shapes: shapes,
		})
		if err != nil {
			fmt.Println(err)
			return
		}
		proofs, err := proof.Verify(doc, func(proof.Proof) (crypto.PublicKey, error) { return key.Public(), nil },
			proof.VerifyOptions{Purpose: "assertionMethod", Shapes: shapes})
		fmt.Println(len(proofs), err)
	}
	// Output:
	// 1 <nil>
	// 1 <nil>
	// 1 <nil>
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
		if err := proof.VerifyOne(unsecured, p, key, proof.VerifyOptions{Purpose: "assertionMethod"}); err != nil {
			return err
		}
	}
	return nil
}
