package statuslist_test

import (
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
