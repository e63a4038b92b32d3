package multikey_test

import (
	"crypto/ed25519"
	"fmt"

	"github.com/roundel/roundel/multikey"
)

func ExampleEncodePublic() {
	private, err := multikey.DecodePrivate("z3u2en7t5LR2WtQH5PfFqMqwVHBeXouLzo6haApm8XHqvjxq")
	if err != nil {
		fmt.Println(err)
		return
	}
	text, err := multikey.EncodePublic(private.Public())
	fmt.Println(text, err)
	// Output: z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2 <nil>
}

func ExampleDecodePublic() {
	key, err := multikey.DecodePublic("z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2")
	if err != nil {
		fmt.Println(err)
		return
	}
	_, ok := key.(ed25519.PublicKey)
	fmt.Println("Ed25519:", ok)

	_, err = multikey.DecodePublic("z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ3")
	fmt.Println(err)
	// Output:
	// Ed25519: true
	// not an acceptable key: not a point of Ed25519's curve
}

func ExamplePublicToJWK() {
	key, err := multikey.DecodePublic("z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2")
	if err != nil {
		fmt.Println(err)
		return
	}
	jwk, err := multikey.PublicToJWK(key)
	fmt.Println(string(jwk), err)
	// Output: {"crv":"Ed25519","kty":"OKP","x":"sA2Nk45_dz1RVlqtNqYj9TRPf10ZYPnPPo4SYg6igQ8"} <nil>
}

func ExampleStdBatch() {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	var batch multikey.StdBatch
	for _, message := range []string{"one", "two", "three"} {
		batch.Add(public, []byte(message), ed25519.Sign(private, []byte(message)))
	}
	batch.Add(public, []byte("four"), ed25519.Sign(private, []byte("five")))
	fmt.Println(batch.Verify())
	// Output: false [true true true false]
}
