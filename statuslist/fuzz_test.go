package statuslist

import (
	"testing"

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
	})
}

// FuzzParse: any JSON object is an entry or a list with a place in range, or an
// error.
func FuzzParse(f *testing.F) {
	f.Add([]byte(entry))
	f.Add([]byte(made(f)))
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := strictjson.Decode(data, strictjson.Limits{})
		if err != nil {
			return
		}
		doc, ok := v.(map[string]any)
		if !ok {
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
