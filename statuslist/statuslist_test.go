package statuslist

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/roundel/roundel/strictjson"
)

// pack is the encoding written a second time, with the standard library.
func pack(t testing.TB, bits []byte) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(bits); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return "u" + base64.RawURLEncoding.EncodeToString(b.Bytes())
}

func TestBitOrder(t *testing.T) {
	l := New(0)
	if l.Len() != MinEntries {
		t.Fatalf("Len = %d", l.Len())
	}
	for _, i := range []int{0, 9, MinEntries - 1} {
		if err := l.Set(i, true); err != nil {
			t.Fatal(err)
		}
	}
	if l.bits[0] != 0x80 || l.bits[1] != 0x40 || l.bits[len(l.bits)-1] != 0x01 {
		t.Errorf("bits %x %x … %x", l.bits[0], l.bits[1], l.bits[len(l.bits)-1])
	}
	if err := l.Set(0, false); err != nil || l.bits[0] != 0 {
		t.Errorf("unset: %x, %v", l.bits[0], err)
	}
	for _, i := range []int{-1, MinEntries, 1 << 40} {
		if _, err := l.Get(i); !errors.Is(err, ErrIndex) {
			t.Errorf("Get(%d): %v", i, err)
		}
		if err := l.Set(i, true); !errors.Is(err, ErrIndex) {
			t.Errorf("Set(%d): %v", i, err)
		}
	}
}

// TestSpecExample decodes the list of the example in Bitstring Status List 1.0,
// section 2.2: 16 KiB of zeros.
func TestSpecExample(t *testing.T) {
	l, err := Decode("uH4sIAAAAAAAAA-3BMQEAAADCoPVPbQwfoAAAAAAAAAAAAAAAAAAAAIC3AYbSVKsAQAAA", 0)
	if err != nil {
		t.Fatal(err)
	}
	if l.Len() != MinEntries || bytes.ContainsFunc(l.bits, func(r rune) bool { return r != 0 }) {
		t.Errorf("%d entries, or some set", l.Len())
	}
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := New(MinEntries + rapid.IntRange(0, 5000).Draw(t, "more"))
		set := map[int]bool{}
		for _, i := range rapid.SliceOfN(rapid.IntRange(0, l.Len()-1), 0, 300).Draw(t, "indexes") {
			set[i] = true
			if err := l.Set(i, true); err != nil {
				t.Fatal(err)
			}
		}
		text, err := l.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if again, err := l.Encode(); err != nil || again != text {
			t.Fatalf("a second encoding differs: %v", err)
		}
		back, err := Decode(text, int64(l.Len()/8))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(back.bits, l.bits) {
			t.Fatal("the bits differ")
		}
		for i := range set {
			for _, at := range []int{i, (i + 1) % back.Len()} {
				if v, err := back.Get(at); err != nil || v != set[at] {
					t.Fatalf("entry %d = %v, %v", at, v, err)
				}
			}
		}
	})
}

func TestDecodeRefuses(t *testing.T) {
	good := pack(t, make([]byte, MinEntries/8))
	raw, err := base64.RawURLEncoding.DecodeString(good[1:])
	if err != nil {
		t.Fatal(err)
	}
	text := func(b []byte) string { return "u" + base64.RawURLEncoding.EncodeToString(b) }
	damaged := bytes.Clone(raw)
	damaged[len(damaged)-5] ^= 1 // in the checksum
	for name, c := range map[string]struct {
		text string
		want error
	}{
		"empty":           {"", ErrMalformed},
		"only the header": {"u", ErrMalformed},
		"no header":       {good[1:], ErrMalformed},
		"base58":          {"z" + good[1:], ErrMalformed},
		"plain base64":    {"m" + good[1:], ErrMalformed},
		"padding":         {good + "=", ErrMalformed},
		"line break":      {good[:9] + "\n" + good[9:], ErrMalformed},
		"not gzip":        {text(make([]byte, 20)), ErrMalformed},
		"truncated":       {text(raw[:len(raw)-9]), ErrMalformed},
		"checksum":        {text(damaged), ErrMalformed},
		"trailing byte":   {text(append(bytes.Clone(raw), 0)), ErrMalformed},
		"two members":     {text(append(bytes.Clone(raw), raw...)), ErrMalformed},
		"nothing in it":   {pack(t, nil), ErrTooShort},
		"a byte short":    {pack(t, make([]byte, MinEntries/8-1)), ErrTooShort},
		"a byte too many": {pack(t, make([]byte, MaxBytes+1)), ErrTooLarge},
		"a bomb":          {pack(t, make([]byte, 2*MaxBytes)), ErrTooLarge},
		"a long text":     {"u" + strings.Repeat("A", 23<<20), ErrTooLarge},
	} {
		if l, err := Decode(c.text, 0); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, %v; want %v", name, l, err, c.want)
		}
	}
	if _, err := Decode(good, MinEntries/8-1); !errors.Is(err, ErrTooLarge) {
		t.Errorf("beyond the caller's limit: %v", err)
	}
	if _, err := Decode(pack(t, make([]byte, MaxBytes)), 1<<40); err != nil {
		t.Errorf("the largest list: %v", err)
	}
}

func tree(t testing.TB, text string) map[string]any {
	t.Helper()
	v, err := strictjson.Decode([]byte(text), strictjson.Limits{})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v.(map[string]any)
}

const entry = `{"id":"https://uni.edu/s/1#94567","type":"BitstringStatusListEntry","statusPurpose":"revocation","statusListIndex":"94567","statusListCredential":"https://uni.edu/s/1"}`

const fourMessages = `"statusMessage":[{"status":"0x0","message":"pending"},{"status":"0x1","message":"accepted"},{"status":"0x3","message":"undefined"},{"status":"0x2","message":"rejected","extra":1}]`

func TestParseEntry(t *testing.T) {
	e, err := ParseEntry(tree(t, entry))
	want := Entry{"https://uni.edu/s/1#94567", EntryType, Revocation, "94567", "https://uni.edu/s/1"}
	if err != nil || e != want {
		t.Errorf("entry %+v, %v", e, err)
	}
	if i, err := e.Position(); err != nil || i != 94567 {
		t.Errorf("Position = %d, %v", i, err)
	}
	for change, want := range map[[2]string]error{
		{`"id":"https://uni.edu/s/1#94567",`, ``}:                      nil,
		{`"statusListIndex"`, `"statusSize":1,"statusListIndex"`}:      nil,
		{`"BitstringStatusListEntry"`, `["BitstringStatusListEntry"]`}: nil,
		{`"94567",`, `"0",`}: nil,
		{`BitstringStatusListEntry`, `StatusList2021Entry`}:                       ErrUnsupported,
		{`"type":"BitstringStatusListEntry",`, ``}:                                ErrUnsupported,
		{`"statusListIndex"`, `"statusSize":2,"statusListIndex"`}:                 ErrMalformed, // without messages
		{`"statusListIndex"`, `"statusSize":"1","statusListIndex"`}:               ErrMalformed,
		{`"https://uni.edu/s/1#94567"`, `"https://uni.edu/s/1"`}:                  ErrMalformed,
		{`"statusListIndex"`, fourMessages + `,"statusSize":2,"statusListIndex"`}: ErrUnsupported,
		{`"id":"https://uni.edu/s/1#94567"`, `"id":7`}:                            ErrMalformed,
		{`"94567",`, `94567,`}:                                                    ErrMalformed,
		{`"revocation"`, `""`}:                                                    ErrMalformed,
		{`"revocation"`, `["revocation"]`}:                                        ErrMalformed,
		{`"https://uni.edu/s/1"`, `"/s/1"`}:                                       ErrMalformed,
		{`"https://uni.edu/s/1"`, `null`}:                                         ErrMalformed,
		{`"94567",`, `"-1",`}:                                                     ErrIndex,
		{`"94567",`, `"+1",`}:                                                     ErrIndex,
		{`"94567",`, `"01",`}:                                                     ErrIndex,
		{`"94567",`, `" 1",`}:                                                     ErrIndex,
		{`"94567",`, `"1e3",`}:                                                    ErrIndex,
		{`"94567",`, `"0x10",`}:                                                   ErrIndex,
		{`"94567",`, `"1.0",`}:                                                    ErrIndex,
		{`"94567",`, `"1_000",`}:                                                  ErrIndex,
		{`"94567",`, `"١",`}:                                                      ErrIndex,
		{`"94567",`, `"134217728",`}:                                              ErrIndex,
		{`"94567",`, `"18446744073709551616",`}:                                   ErrIndex,
	} {
		text := strings.Replace(entry, change[0], change[1], 1)
		if text == entry {
			t.Fatalf("%q is not in the entry", change[0])
		}
		if e, err := ParseEntry(tree(t, text)); !errors.Is(err, want) || (err == nil) != (want == nil) {
			t.Errorf("%s: %+v, %v; want %v", text, e, err, want)
		}
	}
}

var from = time.Date(2026, 3, 4, 5, 6, 7, 8, time.FixedZone("", 3600))

func made(t testing.TB) string {
	t.Helper()
	l := New(MinEntries)
	if err := l.Set(94567, true); err != nil {
		t.Fatal(err)
	}
	raw, err := Credential("https://uni.edu/s/1", "did:web:uni.edu", Revocation, l, from, from.Add(24*time.Hour), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestCredential(t *testing.T) {
	text := made(t)
	const head = `{"@context":["https://www.w3.org/ns/credentials/v2"],"id":"https://uni.edu/s/1","type":["VerifiableCredential","BitstringStatusListCredential"],` +
		`"issuer":"did:web:uni.edu","validFrom":"2026-03-04T04:06:07Z","validUntil":"2026-03-05T04:06:07Z",` +
		`"credentialSubject":{"id":"https://uni.edu/s/1#list","type":"BitstringStatusList","statusPurpose":"revocation","encodedList":"uH4sI`
	if !strings.HasPrefix(text, head) || !strings.HasSuffix(text, `","ttl":60000}}`) {
		t.Errorf("credential %s", text)
	}
	l, info, err := ParseCredential(tree(t, text), "https://uni.edu/s/1", Revocation)
	if err != nil {
		t.Fatal(err)
	}
	if v, err := l.Get(94567); err != nil || !v {
		t.Errorf("the entry is %v, %v", v, err)
	}
	if v, err := l.Get(94568); err != nil || v {
		t.Errorf("the next entry is %v, %v", v, err)
	}
	if info.Issuer != "did:web:uni.edu" || info.ID != "https://uni.edu/s/1" || info.TTL != time.Minute ||
		!info.ValidFrom.Equal(from.Truncate(time.Second)) || !info.ValidUntil.Equal(from.Add(24*time.Hour).Truncate(time.Second)) {
		t.Errorf("info %+v", info)
	}
	for name, f := range map[string]func() ([]byte, error){
		"no id":     func() ([]byte, error) { return Credential("", "did:web:a.b", Revocation, New(0), from, from.Add(1), 0) },
		"no issuer": func() ([]byte, error) { return Credential("https://a.b", "", Revocation, New(0), from, from.Add(1), 0) },
		"no purpose": func() ([]byte, error) {
			return Credential("https://a.b", "did:web:a.b", "", New(0), from, from.Add(1), 0)
		},
		"no list": func() ([]byte, error) {
			return Credential("https://a.b", "did:web:a.b", "x", nil, from, from.Add(1), 0)
		},
		"no list made": func() ([]byte, error) {
			return Credential("https://a.b", "did:web:a.b", "x", &List{}, from, from.Add(1), 0)
		},
		"end first": func() ([]byte, error) {
			return Credential("https://a.b", "did:web:a.b", "x", New(0), from, from.Add(-1), 0)
		},
		"no start": func() ([]byte, error) {
			return Credential("https://a.b", "did:web:a.b", "x", New(0), time.Time{}, from, 0)
		},
	} {
		if raw, err := f(); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %s, %v", name, raw, err)
		}
	}
}

// A list needs no end (Bitstring Status List 1.0, section 2.2).
func TestCredentialWithoutEnd(t *testing.T) {
	raw, err := Credential("https://a.b", "did:web:a.b", Revocation, New(0), time.Unix(1, 0), time.Time{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	doc := tree(t, string(raw))
	_, info, err := ParseCredential(doc, "https://a.b", Revocation)
	if _, written := doc["validUntil"]; written || err != nil || !info.ValidUntil.IsZero() {
		t.Errorf("%s: %+v, %v", raw, info, err)
	}
}

// No list has no entries, and does not panic.
func TestNoList(t *testing.T) {
	for name, l := range map[string]*List{"nil": nil, "zero": {}} {
		_, encode := l.Encode()
		_, get := l.Get(0)
		_, value := l.Value(0)
		for what, c := range map[string]struct{ got, want error }{
			"Encode": {encode, ErrMalformed}, "Get": {get, ErrSize}, "Value": {value, ErrIndex}, "Set": {l.Set(0, true), ErrSize},
			"SetValue": {l.SetValue(0, 1), ErrIndex}, "Merge": {l.Merge(nil), ErrSize},
		} {
			if !errors.Is(c.got, c.want) {
				t.Errorf("%s: %s: %v", name, what, c.got)
			}
		}
		if l.Len() != 0 || l.Size() != 0 {
			t.Errorf("%s has %d entries of %d bits", name, l.Len(), l.Size())
		}
	}
}

func TestParseCredential(t *testing.T) {
	text := made(t)
	encoded := tree(t, text)["credentialSubject"].(map[string]any)["encodedList"].(string)
	short, err := json.Marshal(pack(t, make([]byte, 100)))
	if err != nil {
		t.Fatal(err)
	}
	for change, want := range map[[2]string]error{
		{`"statusPurpose":"revocation"`, `"statusPurpose":["suspension","revocation"]`}: nil,
		{`"issuer":"did:web:uni.edu"`, `"issuer":{"id":"did:web:uni.edu"}`}:             nil,
		{`"id":"https://uni.edu/s/1",`, ``}:                                             nil,
		{`,"ttl":60000`, ``}:                                                            nil,
		{`,"ttl":60000`, `,"ttl":9000000000000000000`}:                                  nil,
		{`"validUntil":"2026-03-05T04:06:07Z",`, ``}:                                    nil,
		{`"id":"https://uni.edu/s/1",`, `"id":"https://uni.edu/s/2",`}:                  ErrID,
		{`"id":"https://uni.edu/s/1",`, `"id":7,`}:                                      ErrMalformed,
		{`"statusPurpose":"revocation"`, `"statusPurpose":"suspension"`}:                ErrPurpose,
		{`"statusPurpose":"revocation"`, `"statusPurpose":["suspension"]`}:              ErrPurpose,
		{`"statusPurpose":"revocation"`, `"statusPurpose":[]`}:                          ErrMalformed,
		{`"statusPurpose":"revocation"`, `"statusPurpose":["revocation",1]`}:            ErrMalformed,
		{`"BitstringStatusListCredential"`, `"StatusList2021Credential"`}:               ErrMalformed,
		{`"BitstringStatusList",`, `"StatusList2021",`}:                                 ErrMalformed,
		{`"issuer":"did:web:uni.edu",`, ``}:                                             ErrMalformed,
		{`"issuer":"did:web:uni.edu"`, `"issuer":{}`}:                                   ErrMalformed,
		{`2026-03-05T04:06:07Z`, `2026-03-05`}:                                          ErrMalformed,
		{`"2026-03-04T04:06:07Z"`, `null`}:                                              ErrMalformed,
		{`"ttl":60000`, `"ttl":-1`}:                                                     ErrMalformed,
		{`"ttl":60000`, `"ttl":"60000"`}:                                                ErrMalformed,
		{`"ttl":60000`, `"ttl":1.5`}:                                                    ErrMalformed,
		{`"ttl":60000`, `"statusSize":2`}:                                               ErrTooShort,
		{`"encodedList"`, `"list"`}:                                                     ErrMalformed,
		{`"credentialSubject"`, `"subject"`}:                                            ErrMalformed,
		{`"` + encoded + `"`, string(short)}:                                            ErrTooShort,
	} {
		changed := strings.Replace(text, change[0], change[1], 1)
		if changed == text {
			t.Fatalf("%q is not in the credential", change[0])
		}
		l, info, err := ParseCredential(tree(t, changed), "https://uni.edu/s/1", Revocation)
		if !errors.Is(err, want) || (err == nil) != (want == nil) || err == nil && (l == nil || info == nil || info.Issuer != "did:web:uni.edu") {
			t.Errorf("%s: %+v, %v; want %v", change[1], info, err, want)
		}
	}
}
