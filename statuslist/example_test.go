package statuslist_test

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/roundel/roundel/statuslist"
	"github.com/roundel/roundel/strictjson"
)

func Example() {
	// The issuer marks entry 94567 and publishes the list, once it is signed.
	list := statuslist.New(statuslist.MinEntries)
	if err := list.Set(94567, true); err != nil {
		fmt.Println(err)
		return
	}
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	raw, err := statuslist.Credential("https://uni.edu/status/1", "did:web:uni.edu",
		statuslist.Revocation, list, now, now.Add(24*time.Hour), time.Minute)
	if err != nil {
		fmt.Println(err)
		return
	}

	// A verifier finds the entry in a credential and looks it up in the list.
	entry, err := statuslist.ParseEntry(map[string]any{
		"type":                 statuslist.EntryType,
		"statusPurpose":        "revocation",
		"statusListIndex":      "94567",
		"statusListCredential": "https://uni.edu/status/1",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	doc, err := strictjson.Decode(raw, strictjson.Limits{})
	if err != nil {
		fmt.Println(err)
		return
	}
	got, info, err := statuslist.ParseCredential(doc.(map[string]any), entry.ListCredential, entry.Purpose)
	if err != nil {
		fmt.Println(err)
		return
	}
	i, err := entry.Position()
	if err != nil {
		fmt.Println(err)
		return
	}
	revoked, err := got.Get(i)
	fmt.Println(info.Issuer, revoked, err)
	// Output: did:web:uni.edu true <nil>
}

// An issuer can publish a state of its own in several bits. The entry in each
// credential says what the values mean.
func ExampleReference_MarshalJSON() {
	entry, err := json.Marshal(statuslist.Reference{
		Kind:     statuslist.Bitstring,
		List:     "https://uni.edu/status/8",
		Purpose:  statuslist.Message,
		Index:    4711,
		Size:     2,
		Messages: []string{"pending", "accepted", "rejected", "undefined"},
	})
	fmt.Println(string(entry), err)
	// Output: {"type":"BitstringStatusListEntry","statusPurpose":"message","statusListIndex":"4711","statusListCredential":"https://uni.edu/status/8","statusSize":2,"statusMessage":[{"status":"0x0","message":"pending"},{"status":"0x1","message":"accepted"},{"status":"0x2","message":"rejected"},{"status":"0x3","message":"undefined"}]} <nil>
}

// A verifier reads the reference, takes the list from its cache or fetches and
// proves it, and looks the credential up, whatever kind of status it is.
func ExampleCache() {
	status, err := strictjson.Decode([]byte(`{"id":"https://uni.edu/revoked","type":"1EdTechRevocationList"}`), strictjson.Limits{})
	if err != nil {
		fmt.Println(err)
		return
	}
	r, err := statuslist.ParseReference(status.(map[string]any))
	if err != nil {
		fmt.Println(err) // what it says cannot be known
		return
	}
	var cache statuslist.Cache
	for _, id := range []string{"https://uni.edu/awards/1", "https://uni.edu/awards/2"} {
		list, err := cache.Get(context.Background(), r.Key("did:web:uni.edu"), statuslist.Source{
			Fetch: func(context.Context) ([]byte, error) {
				fmt.Println("GET", r.List)
				return []byte(`{"revokedCredential":[{"id":"https://uni.edu/awards/2","revocationReason":"a mistake"}]}`), nil
			},
			// Other kinds of lists are signed: their signature, issuer and dates are
			// checked here.
			Prove: func(_ context.Context, body []byte) (*statuslist.Published, error) {
				doc, err := strictjson.Decode(body, strictjson.Limits{})
				if err != nil {
					return nil, err
				}
				return statuslist.Read(r.Kind, r.List, doc.(map[string]any))
			},
		})
		if err != nil {
			fmt.Println(err)
			return
		}
		state, err := list.Lookup(r, id)
		fmt.Println(id, state.Meaning, state.Message, err)
	}
	// Output:
	// GET https://uni.edu/revoked
	// https://uni.edu/awards/1 ok  <nil>
	// https://uni.edu/awards/2 revoked a mistake <nil>
}

// An SD-JWT points to a Token Status List in its claim "status".
func ExampleReadToken() {
	claim, err := strictjson.Decode([]byte(`{"status_list":{"idx":3,"uri":"https://example.com/statuslists/1"}}`), strictjson.Limits{})
	if err != nil {
		fmt.Println(err)
		return
	}
	r, err := statuslist.ParseStatusClaim(claim.(map[string]any))
	if err != nil {
		fmt.Println(err)
		return
	}
	// The payload of the token, whose signature and type were checked.
	list, err := statuslist.ReadToken(r.List, []byte(`{"iat":1686920170,"sub":"https://example.com/statuslists/1","status_list":{"bits":1,"lst":"eNrbuRgAAhcBXQ"}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	state, err := list.Lookup(r, "")
	fmt.Println(state.Meaning, err)
	// Output: revoked <nil>
}
