package statuslist

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// signable is the credential of l with the given purposes, as a tree.
func signable(t testing.TB, l *List, purposes ...string) map[string]any {
	t.Helper()
	from := time.Date(2026, 3, 4, 4, 6, 7, 0, time.UTC)
	raw, err := Info{ID: "https://uni.edu/s/8", Issuer: "did:web:uni.edu", Purposes: purposes, ValidFrom: from, ValidUntil: from.Add(time.Hour)}.Credential(l)
	if err != nil {
		t.Fatal(err)
	}
	return tree(t, string(raw))
}

// TestSizedBitOrder: entries follow each other from the left, and the first bit
// of an entry is its most significant one.
func TestSizedBitOrder(t *testing.T) {
	for _, c := range []struct {
		size   int
		values []uint
		bits   []byte
	}{
		{2, []uint{0, 1, 2, 3, 3}, []byte{0b00_01_10_11, 0b11_000000}},
		{3, []uint{1, 2, 4, 7}, []byte{0b001_010_10, 0b0_111_0000}},
		{4, []uint{1, 8}, []byte{0x18}},
		{8, []uint{1, 0x80}, []byte{0x01, 0x80}},
		{12, []uint{0x123, 0xabc}, []byte{0x12, 0x3a, 0xbc}},
		{16, []uint{0x1234, 0xffff}, []byte{0x12, 0x34, 0xff, 0xff}},
	} {
		l, err := NewSized(0, c.size)
		if err != nil || l.Len() < MinEntries || l.Size() != c.size {
			t.Fatalf("%d bits: %d entries, %v", c.size, l.Len(), err)
		}
		for i, v := range c.values {
			if err := l.SetValue(i, v); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.HasPrefix(l.bits, c.bits) || bytes.ContainsFunc(l.bits[len(c.bits):], func(r rune) bool { return r != 0 }) {
			t.Errorf("%d bits: % x", c.size, l.bits[:8])
		}
		if err := l.SetValue(0, 1<<c.size); !errors.Is(err, ErrValue) {
			t.Errorf("a value of %d bits: %v", c.size+1, err)
		}
	}
}

func TestSizes(t *testing.T) {
	for _, size := range []int{-1, 0, 17} {
		if l, err := NewSized(0, size); !errors.Is(err, ErrSize) {
			t.Errorf("%d bits: %v, %v", size, l, err)
		}
		if l, err := DecodeSized("u", size, 0); !errors.Is(err, ErrSize) {
			t.Errorf("%d bits: %v, %v", size, l, err)
		}
	}
	if l, err := NewSized(MaxBytes*8/3+1, 3); !errors.Is(err, ErrTooLarge) {
		t.Errorf("%v, %v", l, err)
	}
	if l, err := NewSized(MaxBytes*4, 2); err != nil || len(l.bits) != MaxBytes {
		t.Errorf("the largest list: %v", err)
	}
	l, err := NewSized(0, 2)
	if err != nil {
		t.Fatal(err)
	}
	// A list of several bits is never read as one of single bits.
	if v, err := l.Get(0); !errors.Is(err, ErrSize) {
		t.Errorf("Get: %v, %v", v, err)
	}
	if err := l.Set(0, true); !errors.Is(err, ErrSize) {
		t.Errorf("Set: %v", err)
	}
	if err := l.Merge(nil); !errors.Is(err, ErrSize) {
		t.Errorf("Merge: %v", err)
	}
	for _, i := range []int{-1, MinEntries, 1 << 40} {
		if _, err := l.Value(i); !errors.Is(err, ErrIndex) {
			t.Errorf("Value(%d): %v", i, err)
		}
		if err := l.SetValue(i, 1); !errors.Is(err, ErrIndex) {
			t.Errorf("SetValue(%d): %v", i, err)
		}
	}
	text, err := l.Encode()
	if err != nil {
		t.Fatal(err)
	}
	// 131,072 entries of two bits are 65,536 of four.
	if l, err := DecodeSized(text, 4, 0); !errors.Is(err, ErrTooShort) {
		t.Errorf("%v, %v", l, err)
	}
}

func TestMerge(t *testing.T) {
	l := New(0)
	if err := l.Set(7, true); err != nil {
		t.Fatal(err)
	}
	if err := l.Merge([]byte{0x80, 0x01}); err != nil || l.bits[0] != 0x81 || l.bits[1] != 1 || l.bits[2] != 0 {
		t.Errorf("% x, %v", l.bits[:3], err)
	}
	if err := l.Merge(make([]byte, MinEntries/8+1)); !errors.Is(err, ErrIndex) {
		t.Errorf("a longer bitmap: %v", err)
	}
}

// TestSizedRoundTrip: lists of every size, in both orders, hold what was put in,
// and survive publishing.
func TestSizedRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(1, MaxSize).Draw(t, "size")
		l, err := NewSized(rapid.IntRange(0, MinEntries+99).Draw(t, "entries"), size)
		if err != nil {
			t.Fatal(err)
		}
		if size&(size-1) == 0 && size <= 8 {
			l.leastFirst = rapid.Bool().Draw(t, "leastFirst")
		}
		want := map[int]uint{}
		for range rapid.IntRange(0, 200).Draw(t, "n") {
			i := rapid.IntRange(0, l.Len()-1).Draw(t, "i")
			v := uint(rapid.IntRange(0, 1<<size-1).Draw(t, "v"))
			if err := l.SetValue(i, v); err != nil {
				t.Fatal(err)
			}
			want[i] = v
		}
		if !l.leastFirst {
			text, err := l.Encode()
			if err != nil {
				t.Fatal(err)
			}
			if l, err = DecodeSized(text, size, 0); err != nil {
				t.Fatal(err)
			}
		}
		for i := range want {
			for _, at := range []int{i, (i + 1) % l.Len(), (i + l.Len() - 1) % l.Len()} {
				if v, err := l.Value(at); err != nil || v != want[at] {
					t.Fatalf("entry %d = %d, %v; want %d", at, v, err, want[at])
				}
			}
		}
	})
}

// TestPooledWriters: a compressor that was used before gives the same bytes as
// a new one.
func TestPooledWriters(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := New(0)
		for _, i := range rapid.SliceOfN(rapid.IntRange(0, l.Len()-1), 0, 2000).Draw(t, "set") {
			if err := l.Set(i, true); err != nil {
				t.Fatal(err)
			}
		}
		first, err := l.Encode()
		if err != nil {
			t.Fatal(err)
		}
		other := New(MinEntries * rapid.IntRange(1, 20).Draw(t, "times"))
		other.bits[rapid.IntRange(0, len(other.bits)-1).Draw(t, "at")] = 0xaa
		if _, err := other.Encode(); err != nil {
			t.Fatal(err)
		}
		if second, err := l.Encode(); err != nil || second != first {
			t.Fatalf("another text after other work, %v", err)
		}
	})
}

func TestLookup(t *testing.T) {
	l, err := NewSized(0, 2)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 4 {
		if err := l.SetValue(100+i, uint(i)); err != nil {
			t.Fatal(err)
		}
	}
	purposes := []string{Revocation, Suspension, Message, Refresh, "https://uni.edu/ns#dusty"}
	p, err := Read(Bitstring, "https://uni.edu/s/8", signable(t, l, purposes...))
	if err != nil {
		t.Fatal(err)
	}
	states := []string{"zero", "one", "two", "three"}
	for purpose, meanings := range map[string][4]Meaning{
		Revocation:  {OK, Revoked, Revoked, Revoked},
		Suspension:  {OK, Suspended, Suspended, Suspended},
		Refresh:     {OK, Outdated, Outdated, Outdated},
		Message:     {Messaged, Messaged, Messaged, Messaged},
		purposes[4]: {Unclear, Unclear, Unclear, Unclear},
	} {
		for v, want := range meanings {
			r := Reference{Kind: Bitstring, Purpose: purpose, Index: 100 + v, Size: 2, Messages: states}
			s, err := p.Lookup(r, "")
			if err != nil || s != (State{purpose, uint(v), want, states[v]}) {
				t.Errorf("%s, %d: %+v, %v", purpose, v, s, err)
			}
		}
	}
	for i, want := range []string{"unset", "set"} { // section 2.1: without messages
		one := &Published{Kind: Bitstring, Info: Info{Purposes: []string{Message}}, bits: append([]byte{0x40}, make([]byte, MinEntries/8)...)}
		if s, err := one.Lookup(Reference{Kind: Bitstring, Purpose: Message, Index: i, Size: 1}, ""); err != nil || s.Message != want {
			t.Errorf("%+v, %v", s, err)
		}
	}
}

// TestLookupRefuses: lists of another kind, purpose or size tell nothing.
func TestLookupRefuses(t *testing.T) {
	l, err := NewSized(0, 2)
	if err != nil {
		t.Fatal(err)
	}
	doc := signable(t, l, Revocation)
	silent, err := Read(Bitstring, "https://uni.edu/s/8", doc)
	if err != nil {
		t.Fatal(err)
	}
	doc["credentialSubject"].(map[string]any)["statusSize"] = json.Number("2")
	explicit, err := Read(Bitstring, "https://uni.edu/s/8", doc)
	if err != nil {
		t.Fatal(err)
	}
	good := Reference{Kind: Bitstring, Purpose: Revocation, Index: 1, Size: 2}
	for name, c := range map[string]struct {
		list   *Published
		change func(*Reference)
		want   error
	}{
		"all right":           {explicit, func(*Reference) {}, nil},
		"also all right":      {silent, func(*Reference) {}, nil},
		"single bits":         {explicit, func(r *Reference) { r.Size = 1 }, ErrSize},
		"more bits":           {explicit, func(r *Reference) { r.Size = 4 }, ErrSize},
		"no size":             {silent, func(r *Reference) { r.Size = 0 }, ErrSize},
		"more bits, unsaid":   {silent, func(r *Reference) { r.Size = 4 }, ErrTooShort},
		"another purpose":     {silent, func(r *Reference) { r.Purpose = Suspension }, ErrPurpose},
		"no purpose":          {silent, func(r *Reference) { r.Purpose = "" }, ErrPurpose},
		"the predecessor":     {silent, func(r *Reference) { r.Kind = StatusList }, ErrUnsupported},
		"a token":             {silent, func(r *Reference) { r.Kind = Token }, ErrUnsupported},
		"a revocation list":   {silent, func(r *Reference) { r.Kind = OneEdTech }, ErrUnsupported},
		"beyond the list":     {silent, func(r *Reference) { r.Index = MinEntries }, ErrIndex},
		"before the list":     {silent, func(r *Reference) { r.Index = -1 }, ErrIndex},
		"last as single bits": {silent, func(r *Reference) { r.Index = 2*MinEntries - 1 }, ErrIndex},
	} {
		r := good
		c.change(&r)
		s, err := c.list.Lookup(r, "https://uni.edu/awards/1")
		if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) || err != nil && s.Meaning != Unclear {
			t.Errorf("%s: %+v, %v; want %v", name, s, err, c.want)
		}
	}
	if l, _, err := ParseCredential(doc, "https://uni.edu/s/8", Revocation); !errors.Is(err, ErrUnsupported) {
		t.Errorf("several bits as a list of single ones: %v, %v", l, err)
	}
	for _, kind := range []Kind{StatusList, Token, OneEdTech, "", "StatusList2020Entry"} {
		if p, err := Read(kind, "https://uni.edu/s/8", doc); err == nil {
			t.Errorf("read as %q: %v", kind, p)
		}
	}
}

// list2021 is a credential in version 1.1 of the data model.
func list2021(encoded string) string {
	return `{"@context":["https://www.w3.org/2018/credentials/v1","https://w3id.org/vc/status-list/2021/v1"],"id":"https://uni.edu/s/1",` +
		`"type":["VerifiableCredential","StatusList2021Credential"],"issuer":"did:web:uni.edu","issuanceDate":"2026-03-04T04:06:07Z",` +
		`"expirationDate":"2026-03-05T04:06:07Z","credentialSubject":{"id":"https://uni.edu/s/1#list","type":"StatusList2021","statusPurpose":"revocation","encodedList":"` + encoded + `"}}`
}

func TestStatusList2021(t *testing.T) {
	bits := make([]byte, MinEntries/8)
	bits[94567/8] = 0x80 >> (94567 % 8)
	for i := range 3000 { // enough disorder to meet every character of the alphabet
		bits[i] = byte(i * i >> 3)
	}
	url := pack(t, bits)[1:]
	packed, err := base64.RawURLEncoding.DecodeString(url)
	if err != nil {
		t.Fatal(err)
	}
	std := base64.StdEncoding.EncodeToString(packed)
	if !strings.ContainsAny(url, "-_") || !strings.HasSuffix(std, "=") {
		t.Fatal("the list does not show the difference between the alphabets")
	}
	r, err := ParseReference(tree(t, entry2021))
	if err != nil {
		t.Fatal(err)
	}
	mixed := strings.Replace(std, "+", "-", 1)
	if mixed == std {
		t.Fatal("no + in the list")
	}
	for name, c := range map[string]struct {
		text string
		want error
	}{
		"base64url":                {list2021(url), nil},
		"base64url, padded":        {list2021(base64.URLEncoding.EncodeToString(packed)), nil},
		"base64, padded":           {list2021(std), nil},
		"base64":                   {list2021(strings.TrimRight(std, "=")), nil},
		"version 2 of the data":    {strings.NewReplacer("issuanceDate", "validFrom", "expirationDate", "validUntil").Replace(list2021(url)), nil},
		"mixed alphabets":          {list2021(mixed), ErrMalformed},
		"padding of another text":  {list2021(std + "="), ErrMalformed},
		"much padding":             {list2021(std + "===="), ErrMalformed},
		"only padding":             {list2021("===="), ErrMalformed},
		"multibase":                {list2021("u" + url), ErrMalformed},
		"nothing":                  {list2021(""), ErrMalformed},
		"too short":                {list2021(pack(t, make([]byte, 12500))[1:]), ErrTooShort},
		"a bomb":                   {list2021(pack(t, make([]byte, MaxBytes+1))[1:]), ErrTooLarge},
		"a list of the successor":  {strings.Replace(list2021(url), "StatusList2021Credential", CredentialType, 1), ErrMalformed},
		"subject of the successor": {strings.Replace(list2021(url), `"StatusList2021"`, `"BitstringStatusList"`, 1), ErrMalformed},
		"another address":          {strings.Replace(list2021(url), `"id":"https://uni.edu/s/1"`, `"id":"https://uni.edu/s/2"`, 1), ErrID},
		"a day":                    {strings.Replace(list2021(url), `2026-03-05T04:06:07Z`, `2026-03-05`, 1), ErrMalformed},
	} {
		p, err := Read(StatusList, r.List, tree(t, c.text))
		if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%s: %v; want %v", name, err, c.want)
		}
		if err != nil {
			continue
		}
		if !bytes.Equal(p.bits, bits) || p.ValidFrom.Day() != 4 || p.ValidUntil.Day() != 5 || p.Issuer != "did:web:uni.edu" {
			t.Errorf("%s: %+v", name, p.Info)
		}
		if s, err := p.Lookup(r, ""); err != nil || s.Meaning != Revoked {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
	}
}

// TestCredentialFitsTheContext: the credential has only members that the context
// of Verifiable Credentials 2.0 defines, or no signature would cover it.
func TestCredentialFitsTheContext(t *testing.T) {
	l, err := NewSized(0, 2)
	if err != nil {
		t.Fatal(err)
	}
	doc := signable(t, l, Message, Refresh)
	for name, members := range map[string]map[string]any{
		"@context id type issuer validFrom validUntil credentialSubject": doc,
		"id type statusPurpose encodedList ttl":                          doc["credentialSubject"].(map[string]any),
	} {
		for member := range members {
			if !strings.Contains(" "+name+" ", " "+member+" ") {
				t.Errorf("the list has a member %q", member)
			}
		}
	}
	if got := fmt.Sprint(doc["credentialSubject"].(map[string]any)["statusPurpose"]); got != "[message refresh]" {
		t.Errorf("purposes %s", got)
	}
	if got := signable(t, l, Message)["credentialSubject"].(map[string]any)["statusPurpose"]; got != Message {
		t.Errorf("one purpose as %v", got)
	}
}

func TestProblemType(t *testing.T) {
	const status, model = "https://www.w3.org/ns/credentials/status-list#", "https://www.w3.org/TR/vc-data-model#"
	ofEntry := func(change ...string) error {
		_, err := ParseReference(tree(t, strings.NewReplacer(change...).Replace(entry)))
		return err
	}
	_, short := Decode(pack(t, nil), 0)
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"not fetched":       {fmt.Errorf("%w: no route", ErrRetrieval), status + "STATUS_RETRIEVAL_ERROR"},
		"not proven":        {ErrVerification, status + "STATUS_VERIFICATION_ERROR"},
		"another purpose":   {ErrPurpose, status + "STATUS_VERIFICATION_ERROR"},
		"too short":         {short, status + "STATUS_LIST_LENGTH_ERROR"},
		"beyond every list": {ofEntry(`"94567"`, `"134217728"`), model + "RANGE_ERROR"},
		"index of no form":  {ofEntry(`"94567"`, `"-1"`), model + "MALFORMED_VALUE_ERROR"},
		"no purpose":        {ofEntry(`"revocation"`, `7`), model + "MALFORMED_VALUE_ERROR"},
		"something else":    {ofEntry(`BitstringStatusListEntry`, `Other`), ""},
		"nothing":           {nil, ""},
	} {
		if got, ok := ProblemType(c.err); got != c.want || ok != (c.want != "") {
			t.Errorf("%s: %q, %v", name, got, ok)
		}
	}
}
