package did_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/roundel/roundel/did"
	"github.com/roundel/roundel/multikey"
)

func ExampleMulti_Resolve() {
	const id = "did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"
	doc, err := did.Multi{}.Resolve(context.Background(), id)
	if err != nil {
		fmt.Println(err)
		return
	}
	m, err := doc.Method(doc.AssertionMethod[0], did.AssertionMethod)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(m.Type, m.Controller == id)

	// Without a Getter nobody can be asked about a did:web.
	_, err = did.Multi{}.Resolve(context.Background(), "did:web:uni.edu")
	fmt.Println(errors.Is(err, did.ErrUnreachable))
	// Output:
	// Multikey true
	// true
}

func ExampleWebURL() {
	fmt.Println(did.WebURL("did:web:uni.edu%3A8443:badges"))
	fmt.Println(did.WebURL("did:web:uni.edu:%2E%2E:admin"))
	// Output:
	// https://uni.edu:8443/badges/did.json <nil>
	//  not a valid DID or DID document: path segment "%2E%2E"
}

func ExampleNewWebDocument() {
	key, err := multikey.DecodePublic("z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2")
	if err != nil {
		fmt.Println(err)
		return
	}
	id, err := did.WebDID("https://badges.uni.edu", "issuers", "physics")
	if err != nil {
		fmt.Println(err)
		return
	}
	raw, err := did.NewWebDocument(id, did.Method{ID: "#key-1", PublicKey: key})
	if err != nil {
		fmt.Println(err)
		return
	}
	doc, err := did.ParseDocument(raw)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(doc.AssertionMethod)
	// Output: [did:web:badges.uni.edu:issuers:physics#key-1]
}
