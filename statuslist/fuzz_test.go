package statuslist

import (
	"bytes"
	"encoding/json"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/roundel/roundel/strictjson"
)

// FuzzDecode: limits hold, and a list that decodes survives another round.
func FuzzDecode(f *testing.F) {
	f.Add("uH4sIAAAAAAAAA-3BMQEAAADCoPVPbQwfoAAAAAAAAAAAAAAAAAAAAIC3AYbSVKsAQAAA")
	f.Add("u")
	f.Fuzz(func(t *testing.T, text string) {
		const limit = 64 << 10
		l, err := Decode(text, limit)
		if err != nil {
			return
		}
		if l.Len() < MinEntries || l.Len() > limit*8 {
			t.Fatalf("%d entries", l.Len())
		}
		again, err := l.Encode()
		if err != nil {
			t.Fatal(err)
		}
		back, err := Decode(again, limit)
		if err != nil || string(back.bits) != string(l.bits) {
			t.Fatalf("another round: %v", err)
		}
		if bits, err := decode2021(text[1:]); err != nil || string(bits) != string(l.bits) {
			t.Fatalf("as the list of 2021: %v", err)
		}
	})
}

// FuzzParse: any JSON object is an entry or a list with a place in range, or an
// error.
func FuzzParse(f *testing.F) {
	f.Add([]byte(entry))
	f.Add([]byte(made(f)))
	f.Fuzz(func(t *testing.T, data []byte) {
		doc := object(data)
		if doc == nil {
			return
		}
		if e, err := ParseEntry(doc); err == nil {
			if i, err := e.Position(); err != nil || i < 0 || i >= MaxBytes*8 || e.ListCredential == "" {
				t.Fatalf("entry %+v at %d, %v", e, i, err)
			}
		}
		if l, info, err := ParseCredential(doc, "https://uni.edu/s/1", Revocation); err == nil && (l.Len() < MinEntries || info.Issuer == "") {
			t.Fatalf("list of %d, %+v", l.Len(), info)
		}
	})
}

// object returns the JSON object in data, or nil.
func object(data []byte) map[string]any {
	v, err := strictjson.Decode(data, strictjson.Limits{})
	if err != nil {
		return nil
	}
	doc, _ := v.(map[string]any)
	return doc
}

// FuzzReference: what is read as a reference has a place in range and can be
// written; what is written is read as the same.
func FuzzReference(f *testing.F) {
	for _, seed := range []string{entry, entry2021, messageEntry, `{"id":"https://uni.edu/revoked","type":"1EdTechRevocationList"}`,
		`{"status_list":{"idx":4711,"uri":"https://uni.edu/s/1"}}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		doc := object(data)
		r, err := ParseReference(doc)
		if err != nil {
			if r, err = ParseStatusClaim(doc); err != nil {
				return
			}
		}
		if r.Index < 0 || r.Index >= MaxBytes*8 || r.List == "" || r.Size < 0 || r.Size > MaxSize || r.Messages != nil && len(r.Messages) != 1<<r.Size {
			t.Fatalf("%+v", r)
		}
		if r.Kind == StatusList || r.Kind == Token {
			return
		}
		text, err := r.MarshalJSON()
		if err != nil {
			t.Fatalf("%+v is not written: %v", r, err)
		}
		if back, err := ParseReference(object(text)); err != nil || !cmp.Equal(back, r) {
			t.Fatalf("%s: %v\n%s", text, err, cmp.Diff(r, back))
		}
	})
}

// FuzzRead: any JSON object is a list of some kind that can be looked up within
// its bounds, or an error.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{made(f), list2021(pack(f, make([]byte, MinEntries/8))[1:]), tokenPayload, revocations} {
		f.Add([]byte(seed), 94567)
	}
	f.Fuzz(func(t *testing.T, data []byte, index int) {
		doc := object(data)
		for kind, address := range map[Kind]string{Bitstring: "https://uni.edu/s/1", StatusList: "https://uni.edu/s/1", OneEdTech: "https://uni.edu/revoked", Token: tokenURI} {
			p, err := Read(kind, address, doc)
			if err != nil {
				continue
			}
			r := Reference{Kind: kind, Index: index, Size: max(p.size, 1)}
			if len(p.Purposes) > 0 {
				r.Purpose = p.Purposes[0]
			}
			s, err := p.Lookup(r, "https://uni.edu/awards/1")
			inside := kind == OneEdTech || index >= 0 && index < len(p.bits)*8/r.Size
			if (err == nil) != inside || err != nil && s.Meaning != Unclear || kind != OneEdTech && s.Value>>r.Size != 0 {
				t.Fatalf("%s, entry %d: %+v, %v", kind, index, s, err)
			}
		}
	})
}

// FuzzTokenList: limits hold, and the statuses of a list that decodes survive
// another round.
func FuzzTokenList(f *testing.F) {
	for _, v := range tokenVectors {
		f.Add(v.lst, v.bits)
	}
	f.Fuzz(func(t *testing.T, lst string, bits int) {
		claims := func(lst string) map[string]any {
			return map[string]any{"sub": tokenURI, "iat": json.Number("0"),
				"status_list": map[string]any{"bits": json.Number(strconv.Itoa(bits)), "lst": lst}}
		}
		p, err := Read(Token, tokenURI, claims(lst))
		if err != nil {
			return
		}
		if len(p.bits) > MaxBytes || p.size != bits || 8%bits != 0 {
			t.Fatalf("%d bytes, entries of %d bits", len(p.bits), p.size)
		}
		back, err := Read(Token, tokenURI, claims(deflated(t, p.bits)))
		if err != nil || !bytes.Equal(back.bits, p.bits) {
			t.Fatalf("another round: %v", err)
		}
		for i := range min(len(p.bits)*8/bits, 64) { // against reading the byte as a number
			per := 8 / bits
			want := uint(p.bits[i/per]) >> (bits * (i % per)) % (1 << bits)
			if s, err := p.Lookup(Reference{Kind: Token, Index: i}, ""); err != nil || s.Value != want {
				t.Fatalf("entry %d: %+v, %v; want %d", i, s, err, want)
			}
		}
	})
}
