package statuslist

import (
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestPublishedSuite holds what we write against each statement that the W3C's
// test suite for Bitstring Status List 1.0 looks at in an issuer's documents, by
// other means than those of this package.
func TestPublishedSuite(t *testing.T) {
	ref := Reference{Kind: Bitstring, ID: "https://uni.edu/s/1#94567", List: "https://uni.edu/s/1", Purpose: Revocation, Index: 94567, Size: 1}
	text, err := json.Marshal(ref)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	raw, err := Info{ID: ref.List, Issuer: "did:web:uni.edu", Purposes: []string{ref.Purpose}, ValidFrom: now, ValidUntil: now.Add(time.Hour), TTL: time.Minute}.Credential(New(0))
	if err != nil {
		t.Fatal(err)
	}
	var e struct {
		ID, Type, StatusPurpose, StatusListIndex, StatusListCredential string
		StatusSize, StatusMessage, StatusReference                     any
	}
	var list struct {
		Context           []string `json:"@context"`
		Type              []string
		Issuer            string
		CredentialSubject struct{ Type, StatusPurpose, EncodedList string }
	}
	for into, data := range map[any][]byte{&e: text, &list: raw} {
		if err := json.Unmarshal(data, into); err != nil { // which checks the types of JSON
			t.Fatal(err)
		}
	}
	n, err := strconv.ParseUint(e.StatusListIndex, 10, 64)
	s := list.CredentialSubject
	for statement, holds := range map[string]bool{
		"the id of the entry is not the URL of the list":                  e.ID != e.StatusListCredential,
		"the type of the entry is BitstringStatusListEntry":               e.Type == "BitstringStatusListEntry",
		"the purpose of the entry is a string":                            e.StatusPurpose != "",
		"statusListIndex is a whole number in base 10":                    err == nil && strconv.FormatUint(n, 10) == e.StatusListIndex,
		"statusListCredential is a URL":                                   strings.HasPrefix(e.StatusListCredential, "https://"),
		"one bit needs neither size nor messages":                         e.StatusSize == nil && e.StatusMessage == nil && e.StatusReference == nil,
		"the list is a credential of version 2.0":                         len(list.Context) == 1 && list.Context[0] == "https://www.w3.org/ns/credentials/v2",
		"its types are VerifiableCredential and that of the list":         strings.Join(list.Type, " ") == "VerifiableCredential BitstringStatusListCredential",
		"its issuer is an address":                                        strings.HasPrefix(list.Issuer, "did:"),
		"the type of its subject is BitstringStatusList, not in an array": s.Type == "BitstringStatusList",
		"the purpose of the list is that of the entries":                  s.StatusPurpose == e.StatusPurpose,
		"encodedList is multibase base64url without padding":              strings.HasPrefix(s.EncodedList, "u") && !strings.ContainsAny(s.EncodedList, "+/="),
		"uncompressed, it has 16 KB at least":                             len(ungzip(t, s.EncodedList)) >= 16<<10,
	} {
		if !holds {
			t.Errorf("does not hold: %s", statement)
		}
	}
}

// ungzip expands a list with the standard library.
func ungzip(t *testing.T, encoded string) []byte {
	t.Helper()
	r, err := gzip.NewReader(base64.NewDecoder(base64.RawURLEncoding, strings.NewReader(encoded[1:])))
	if err != nil {
		t.Fatal(err)
	}
	bits, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return bits
}
