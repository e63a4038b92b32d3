package shape_test

import (
	"crypto/ed25519"
	"fmt"

	"github.com/roundel/roundel/shape"
)

// Signing, and checking what was signed. Package proof does this, with the checks
// of key and times that are left out here.
func Example() {
	key := ed25519.NewKeyFromSeed(make([]byte, 32))
	cache := shape.New(shape.Options{})

	doc := `{"@context": ["https://www.w3.org/ns/credentials/v2"], "type": "VerifiableCredential",` +
		` "issuer": "did:example:school", "credentialSubject": {"id": "did:example:ann"}`
	options := `{"type": "DataIntegrityProof", "cryptosuite": "eddsa-rdfc-2022", "proofPurpose": "assertionMethod",` +
		` "verificationMethod": "did:example:school#key"`

	document, proof, err := cache.Hashes([]byte(doc+"}"), []byte(options+"}"))
	if err != nil {
		fmt.Println(err)
		return
	}
	signature := ed25519.Sign(key, append(proof[:], document[:]...))
	secured := fmt.Sprintf(`%s, "proof": %s, "proofValue": "%x"}}`, doc, options, signature)

	s, err := cache.Secured([]byte(secured))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Release()
	proofs, usual := s.Proofs()
	document, err = s.DocumentHash()
	if err != nil {
		fmt.Println(err)
		return
	}
	proof, err = s.OptionsHash(0)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(usual, len(proofs), proofs[0].Cryptosuite)
	fmt.Println(ed25519.Verify(key.Public().(ed25519.PublicKey), append(proof[:], document[:]...), signature))
	// Output:
	// true 1 eddsa-rdfc-2022
	// true
}

// The second document of a shape makes it known; the third is quick, whatever
// the order of its members.
func ExampleCache_Hash() {
	cache := shape.New(shape.Options{})
	for _, doc := range []string{
		`{"@context": "https://www.w3.org/ns/credentials/v2", "id": "urn:example:1", "name": "Ann"}`,
		`{"@context": "https://www.w3.org/ns/credentials/v2", "id": "urn:example:2", "name": "Ben"}`,
		`{"name":"Cleo","id":"urn:example:3","@context":"https://www.w3.org/ns/credentials/v2"}`,
	} {
		if _, err := cache.Hash([]byte(doc)); err != nil {
			fmt.Println(err)
		}
	}
	s := cache.Stats()
	fmt.Printf("%d by the full processor, %d by a shape\n", s.Full, s.Fast)
	// Output:
	// 2 by the full processor, 1 by a shape
}
