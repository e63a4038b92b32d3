package proof

import (
	"crypto"
	"fmt"
	"testing"

	"github.com/roundel/roundel/shape"
	"github.com/roundel/roundel/strictjson"
)

// fuzzKeys are the keys that kinds sign with.
func fuzzKeys(t testing.TB) []crypto.PublicKey {
	var keys []crypto.PublicKey
	for _, i := range []int{0, 3, 4} {
		keys = append(keys, kinds(t)[i].key.Public())
	}
	return keys
}

// FuzzVerify: no document makes Verify panic, none but those with our
// signature's meaning verifies, and the quick way says what the long one says.
func FuzzVerify(f *testing.F) {
	unsecured, _, err := Split(decode(f, sign(f, small)))
	if err != nil {
		f.Fatal(err)
	}
	for _, k := range kinds(f) {
		f.Add([]byte(k.sign(f, k.doc, SignOptions{})))
	}
	f.Add([]byte(kinds(f)[0].chain(f)))
	f.Add([]byte(kinds(f)[1].chain(f)))
	f.Add([]byte(`{"proof":[{"type":"DataIntegrityProof","cryptosuite":"eddsa-rdfc-2022"}]}`))
	f.Add([]byte(`{"@context":"https://www.w3.org/ns/credentials/v2","proof":{"type":"DataIntegrityProof","cryptosuite":"eddsa-rdfc-2022","previousProof":"urn:x"}}`))
	keys := fuzzKeys(f)
	cache := shape.New(shape.Options{})
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, key := range keys {
			want := verdict(data, key, VerifyOptions{})
			for range 2 {
				if got := verdict(data, key, VerifyOptions{Shapes: cache}); got != want {
					t.Fatalf("%s\nwant\n%s", got, want)
				}
			}
			if verifyAll(data, key, VerifyOptions{}) != nil {
				continue
			}
			got, _, err := Split(decode(t, data))
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{"id", "name", "validFrom"} {
				if got[name] != unsecured[name] {
					t.Fatalf("%s is %v, and verifies", name, got[name])
				}
			}
		}
	})
}

// FuzzSign: what can be signed verifies, keeps its members and says nothing new
// but its proof; and with shapes it is the same.
func FuzzSign(f *testing.F) {
	all := kinds(f)
	for i, k := range all {
		f.Add([]byte(k.doc), byte(i), "c")
		f.Add([]byte(k.sign(f, k.doc, SignOptions{ID: firstID})), byte(i), "")
	}
	f.Add([]byte(`{"@context":"https://www.w3.org/ns/credentials/v2","id":"urn:x","type":"VerifiableCredential"}`), byte(0), "\u2028")
	cache := shape.New(shape.Options{})
	f.Fuzz(func(t *testing.T, data []byte, which byte, challenge string) {
		k := all[int(which)%len(all)]
		o := SignOptions{Cryptosuite: k.cryptosuite, Method: method, Created: created, Challenge: challenge}
		signed, err := Sign(data, k.key, o)
		o.Shapes = cache
		quick, quickErr := Sign(data, k.key, o)
		if fmt.Sprint(err) != fmt.Sprint(quickErr) || isEd25519(k.key.Public()) && string(signed) != string(quick) {
			t.Fatalf("quickly %s, %v; else %s, %v", quick, quickErr, signed, err)
		}
		if err != nil {
			return
		}
		for _, doc := range [][]byte{signed, quick} {
			unsecured, proofs, err := Split(decode(t, doc))
			if err != nil {
				t.Fatal(err)
			}
			if err := VerifyOne(unsecured, proofs[len(proofs)-1], k.key.Public(), VerifyOptions{}); err != nil {
				t.Fatal(err)
			}
			before := decode(t, data)
			delete(before, "proof")
			if len(before) != len(unsecured) {
				t.Fatalf("members %v became %v", before, unsecured)
			}
		}
	})
}

// FuzzOrder: every proof is in one layer, after those that it builds on.
func FuzzOrder(f *testing.F) {
	f.Add([]byte(`{"proof":[{"type":"a","id":"x"},{"type":"a","previousProof":"x"}]}`))
	f.Add([]byte(`{"proof":[{"type":"a","id":"x","previousProof":["y"]},{"type":"a","id":"y","previousProof":["x"]}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := strictjson.Decode(data, strictjson.Limits{})
		if err != nil {
			return
		}
		doc, _ := v.(map[string]any)
		_, proofs, err := Split(doc)
		if err != nil {
			return
		}
		layers, err := Order(proofs)
		if err != nil {
			return
		}
		seen, placed := map[string]bool{}, 0
		for _, layer := range layers {
			for _, i := range layer {
				placed++
				for _, id := range proofs[i].Previous {
					if !seen[id] {
						t.Fatalf("%d before %q in %v", i, id, layers)
					}
				}
			}
			for _, i := range layer {
				seen[proofs[i].ID] = true
			}
		}
		if placed != len(proofs) {
			t.Fatalf("%d of %d proofs in %v", placed, len(proofs), layers)
		}
	})
}
