package statuslist

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The entry with four states of Bitstring Status List 1.0, section 2.1.
const messageEntry = `{"id":"https://uni.edu/s/8#92847","type":"BitstringStatusListEntry","statusPurpose":"message","statusListIndex":"92847",` +
	`"statusListCredential":"https://uni.edu/s/8","statusSize":2,` + fourMessages + `,"statusReference":"https://uni.edu/dictionary/"}`

const entry2021 = `{"id":"https://uni.edu/s/1#94567","type":"StatusList2021Entry","statusPurpose":"revocation","statusListIndex":"94567","statusListCredential":"https://uni.edu/s/1"}`

func TestParseReference(t *testing.T) {
	for text, want := range map[string]Reference{
		entry: {Kind: Bitstring, ID: "https://uni.edu/s/1#94567", List: "https://uni.edu/s/1", Purpose: Revocation, Index: 94567, Size: 1},
		messageEntry: {Kind: Bitstring, ID: "https://uni.edu/s/8#92847", List: "https://uni.edu/s/8", Purpose: Message, Index: 92847, Size: 2,
			Messages: []string{"pending", "accepted", "rejected", "undefined"}, About: []string{"https://uni.edu/dictionary/"}},
		entry2021: {Kind: StatusList, ID: "https://uni.edu/s/1#94567", List: "https://uni.edu/s/1", Purpose: Revocation, Index: 94567, Size: 1},
		strings.Replace(entry2021, `"94567"`, `94567`, 1): {Kind: StatusList, ID: "https://uni.edu/s/1#94567", List: "https://uni.edu/s/1", Purpose: Revocation, Index: 94567, Size: 1},
	} {
		got, err := ParseReference(tree(t, text))
		if err != nil || !cmp.Equal(got, want) {
			t.Errorf("%s: %v\n%s", text, err, cmp.Diff(want, got))
		}
	}
}

func TestParseReferenceRefuses(t *testing.T) {
	two := func(messages string) string { return `"statusSize":1,"statusMessage":[` + messages + `]` }
	size := `"statusSize":2,` + fourMessages
	for change, want := range map[[2]string]error{
		{`"BitstringStatusListEntry"`, `"StatusList2020Entry"`}:                              ErrUnsupported,
		{`"BitstringStatusListEntry"`, `7`}:                                                  ErrUnsupported,
		{`"type":"BitstringStatusListEntry",`, ``}:                                           ErrUnsupported,
		{`"BitstringStatusListEntry"`, `["BitstringStatusListEntry","StatusList2021Entry"]`}: ErrMalformed,
		{`"https://uni.edu/s/8#92847"`, `"https://uni.edu/s/8"`}:                             ErrMalformed,
		{`"92847"`, `92847`}:                                                                         ErrMalformed,
		{`"92847"`, `"134217728"`}:                                                                   ErrIndex,
		{`"statusSize":2`, `"statusSize":0`}:                                                         ErrMalformed,
		{`"statusSize":2`, `"statusSize":-2`}:                                                        ErrMalformed,
		{`"statusSize":2`, `"statusSize":2.0`}:                                                       ErrMalformed,
		{`"statusSize":2`, `"statusSize":"2"`}:                                                       ErrMalformed,
		{`"statusSize":2`, `"statusSize":null`}:                                                      ErrMalformed,
		{`"statusSize":2`, `"statusSize":17`}:                                                        ErrUnsupported,
		{`"statusSize":2`, `"statusSize":3`}:                                                         ErrMalformed, // four messages for eight values
		{`"statusSize":2,`, ``}:                                                                      ErrMalformed, // and for two
		{fourMessages + `,`, ``}:                                                                     ErrMalformed,
		{fourMessages, `"statusMessage":{}`}:                                                         ErrMalformed,
		{size, two(``)}:                                                                              ErrMalformed,
		{size, two(`{"status":"0x0","message":"a"}`)}:                                                ErrMalformed,
		{size, two(`{"status":"0x1","message":"a"},{"status":"0x1","message":"b"}`)}:                 ErrMalformed,
		{size, two(`{"status":"0x0","message":"a"},{"status":"0x2","message":"b"}`)}:                 ErrMalformed,
		{size, two(`{"status":"0","message":"a"},{"status":"1","message":"b"}`)}:                     ErrMalformed,
		{size, two(`{"status":"0x0","message":"a"},{"status":"0x+1","message":"b"}`)}:                ErrMalformed,
		{size, two(`{"status":"0x0","message":"a"},{"status":"0x_1","message":"b"}`)}:                ErrMalformed,
		{size, two(`{"status":0,"message":"a"},{"status":1,"message":"b"}`)}:                         ErrMalformed,
		{size, two(`{"status":"0x0"},{"status":"0x1","message":"b"}`)}:                               ErrMalformed,
		{size, two(`"a","b"`)}:                                                                       ErrMalformed,
		{size, two(`{"status":"0x0","message":"a"},{"status":"0xfffffffffffffffff","message":"b"}`)}: ErrMalformed,
		{`"https://uni.edu/dictionary/"`, `"dictionary"`}:                                            ErrMalformed,
		{`"https://uni.edu/dictionary/"`, `[]`}:                                                      ErrMalformed,
		{`"https://uni.edu/dictionary/"`, `["https://uni.edu/", 7]`}:                                 ErrMalformed,
	} {
		changed := strings.Replace(messageEntry, change[0], change[1], 1)
		if changed == messageEntry {
			t.Fatalf("%q is not in the entry", change[0])
		}
		if r, err := ParseReference(tree(t, changed)); !errors.Is(err, want) || !cmp.Equal(r, Reference{}) {
			t.Errorf("%s: %+v, %v; want %v", change[1], r, err, want)
		}
	}
	for text, want := range map[string]error{
		strings.Replace(entry2021, `"94567"`, `-1`, 1):                             ErrIndex,
		strings.Replace(entry2021, `"94567"`, `1e3`, 1):                            ErrIndex,
		strings.Replace(entry2021, `"94567"`, `true`, 1):                           ErrMalformed,
		strings.Replace(entry2021, `{`, `{"statusSize":2,`, 1):                     ErrUnsupported,
		`{"type":"1EdTechRevocationList"}`:                                         ErrMalformed,
		`{"type":"1EdTechRevocationList","id":"revoked"}`:                          ErrMalformed,
		`{"type":["1EdTechRevocationList","BitstringStatusListEntry"],"id":"a:b"}`: ErrMalformed,
	} {
		if r, err := ParseReference(tree(t, text)); !errors.Is(err, want) {
			t.Errorf("%s: %+v, %v; want %v", text, r, err, want)
		}
	}
}

// TestReferenceRoundTrip: what is written is read as the same, and as the
// specification has it.
func TestReferenceRoundTrip(t *testing.T) {
	revocationEntry := `{"type":"BitstringStatusListEntry","statusPurpose":"revocation","statusListIndex":"0","statusListCredential":"https://uni.edu/s/1"}`
	for want, r := range map[string]Reference{
		revocationEntry: {Kind: Bitstring, List: "https://uni.edu/s/1", Purpose: Revocation, Size: 1},
		`{"id":"https://uni.edu/revoked","type":"1EdTechRevocationList"}`: {Kind: OneEdTech, ID: "https://uni.edu/revoked", List: "https://uni.edu/revoked", Purpose: Revocation},
	} {
		got, err := json.Marshal(r)
		if err != nil || string(got) != want {
			t.Errorf("%s, %v", got, err)
		}
	}
	for _, size := range []int{1, 2, 3, 4, 8} {
		r := Reference{Kind: Bitstring, ID: "urn:x:1", List: "https://uni.edu/s/1?a&b", Purpose: Message, Index: 4711, Size: size, About: []string{"https://uni.edu/d"}}
		for v := range 1 << size {
			r.Messages = append(r.Messages, fmt.Sprint("state <", v, ">"))
		}
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		back, err := ParseReference(tree(t, string(text)))
		if err != nil || !cmp.Equal(back, r) {
			t.Errorf("%s: %v\n%s", text, err, cmp.Diff(r, back))
		}
	}
	good := Reference{Kind: Bitstring, List: "https://uni.edu/s/1", Purpose: Revocation, Size: 1}
	for name, change := range map[string]func(*Reference){
		"no address":         func(r *Reference) { r.List = "" },
		"the id of the list": func(r *Reference) { r.ID = r.List },
		"no purpose":         func(r *Reference) { r.Purpose = "" },
		"negative":           func(r *Reference) { r.Index = -1 },
		"too large":          func(r *Reference) { r.Index = MaxBytes * 8 },
		"no size":            func(r *Reference) { r.Size = 0 },
		"large size":         func(r *Reference) { r.Size = 17 },
		"no messages":        func(r *Reference) { r.Size = 2 },
		"too many messages":  func(r *Reference) { r.Messages = make([]string, 3) },
		"StatusList2021":     func(r *Reference) { r.Kind = StatusList },
		"a claim":            func(r *Reference) { r.Kind = Token },
		"another's id":       func(r *Reference) { r.Kind, r.ID = OneEdTech, "https://uni.edu/other" },
		"no kind":            func(r *Reference) { r.Kind = "" },
	} {
		r := good
		change(&r)
		if text, err := json.Marshal(r); err == nil {
			t.Errorf("%s: written as %s", name, text)
		}
	}
}

func TestKey(t *testing.T) {
	seen := map[string]bool{}
	for _, kind := range []Kind{Bitstring, StatusList, OneEdTech, Token} {
		for _, issuer := range []string{"did:web:a", "did:web:b"} {
			seen[Reference{Kind: kind, List: "https://a/1"}.Key(issuer)] = true
		}
		if kind.Accept() == "" {
			t.Errorf("%s: nothing to accept", kind)
		}
	}
	if len(seen) != 8 {
		t.Errorf("%d keys for 8 proofs", len(seen))
	}
}
