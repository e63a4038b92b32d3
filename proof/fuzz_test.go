package proof

import (
	"testing"

	"github.com/roundel/roundel/strictjson"
)

// FuzzVerify: no document makes Split or VerifyOne panic, and none but those
// with our signature's meaning verifies.
func FuzzVerify(f *testing.F) {
	signed := sign(f, small)
	unsecured, _, err := Split(decode(f, signed))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(signed)
	f.Add([]byte(`{"proof":[{"type":"DataIntegrityProof","cryptosuite":"eddsa-rdfc-2022"}]}`))
	f.Add([]byte(`{"@context":"https://www.w3.org/ns/credentials/v2","proof":{"type":"DataIntegrityProof","cryptosuite":"eddsa-rdfc-2022","previousProof":"urn:x"}}`))
	key := testKey("issuer").Public()
	f.Fuzz(func(t *testing.T, data []byte) {
		if verifyAll(data, key, VerifyOptions{}) != nil {
			return
		}
		v, err := strictjson.Decode(data, strictjson.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		got, _, err := Split(v.(map[string]any))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"id", "name", "validFrom"} {
			if got[name] != unsecured[name] {
				t.Fatalf("%s is %v, and verifies", name, got[name])
			}
		}
	})
}

// FuzzSign: what can be signed verifies, keeps its members and says nothing new
// but its proof.
func FuzzSign(f *testing.F) {
	f.Add([]byte(small))
	f.Add(sign(f, small))
	f.Add([]byte(`{"@context":"https://www.w3.org/ns/credentials/v2","id":"urn:x","type":"VerifiableCredential"}`))
	key := testKey("issuer")
	f.Fuzz(func(t *testing.T, data []byte) {
		signed, err := Sign(data, key, SignOptions{Method: method, Created: created})
		if err != nil {
			return
		}
		unsecured, proofs, err := Split(decode(t, signed))
		if err != nil {
			t.Fatal(err)
		}
		if err := VerifyOne(unsecured, proofs[len(proofs)-1], key.Public(), VerifyOptions{}); err != nil {
			t.Fatal(err)
		}
		before := decode(t, data)
		delete(before, "proof")
		if len(before) != len(unsecured) {
			t.Fatalf("members %v became %v", before, unsecured)
		}
	})
}
