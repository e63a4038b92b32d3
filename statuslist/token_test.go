package statuslist

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
)

// tokenPayload is the example of Token Status List, section 5.1.
const tokenPayload = `{"exp":2291720170,"iat":1686920170,"iss":"https://example.com","status_list":{"bits":1,"lst":"eNrbuRgAAhcBXQ"},"sub":"https://example.com/statuslists/1","ttl":43200}`

const tokenURI = "https://example.com/statuslists/1"

func TestTokenVectors(t *testing.T) {
	for _, v := range tokenVectors {
		t.Run(v.name, func(t *testing.T) {
			claims := tree(t, tokenPayload)
			claims["status_list"] = map[string]any{"bits": json.Number(string(rune('0' + v.bits))), "lst": v.lst}
			p, err := Read(Token, tokenURI, claims)
			if err != nil {
				t.Fatal(err)
			}
			l := &List{bits: p.bits, size: p.size, leastFirst: true}
			if l.Len() != v.entries {
				t.Errorf("%d entries", l.Len())
			}
			for i := range v.entries {
				if got, err := l.Value(i); err != nil || got != v.values[i] {
					t.Fatalf("entry %d = %d, %v; want %d", i, got, err, v.values[i])
				}
			}
			if _, err := l.Value(v.entries); !errors.Is(err, ErrIndex) {
				t.Errorf("beyond the list: %v", err)
			}
		})
	}
}

func TestReadToken(t *testing.T) {
	p, err := ReadToken(tokenURI, []byte(tokenPayload))
	if err != nil {
		t.Fatal(err)
	}
	if p.Issuer != "https://example.com" || p.ID != tokenURI || p.TTL != 12*time.Hour ||
		!p.ValidFrom.Equal(time.Unix(1686920170, 0)) || !p.ValidUntil.Equal(time.Unix(2291720170, 0)) {
		t.Errorf("info %+v", p.Info)
	}
	for i, want := range []Meaning{Revoked, OK, OK, Revoked} {
		if s, err := p.Lookup(Reference{Kind: Token, List: tokenURI, Index: i}, ""); err != nil || s.Meaning != want {
			t.Errorf("entry %d: %+v, %v", i, s, err)
		}
	}
	if s, err := p.Lookup(Reference{Kind: Token, List: tokenURI, Index: 16}, ""); !errors.Is(err, ErrIndex) || s.Meaning != Unclear {
		t.Errorf("entry 16: %+v, %v", s, err)
	}
}

func TestTokenMeanings(t *testing.T) {
	p := &Published{Kind: Token, size: 8, leastFirst: true, bits: make([]byte, 256)}
	for i := range p.bits {
		p.bits[i] = byte(i)
	}
	for i := range p.bits {
		want := Unclear
		if i < 3 {
			want = [...]Meaning{OK, Revoked, Suspended}[i]
		}
		if s, err := p.Lookup(Reference{Kind: Token, Index: i}, ""); err != nil || s.Meaning != want || s.Value != uint(i) {
			t.Errorf("status %d: %+v, %v", i, s, err)
		}
	}
}

func deflated(t testing.TB, bits []byte) string {
	t.Helper()
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	if _, err := w.Write(bits); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(b.Bytes())
}

func TestReadTokenRefuses(t *testing.T) {
	bomb := deflated(t, make([]byte, MaxBytes+1))
	for change, want := range map[[2]string]error{
		{`"iss":"https://example.com",`, ``}:                        nil,
		{`"exp":2291720170,`, ``}:                                   nil,
		{`,"ttl":43200`, ``}:                                        nil,
		{`43200`, `0.5`}:                                            nil,
		{`43200`, `1e300`}:                                          nil,
		{`1686920170`, `1686920170.25`}:                             nil,
		{`eNrbuRgAAhcBXQ`, deflated(t, make([]byte, 1))}:            nil,
		{`"sub":"https://example.com/statuslists/1",`, ``}:          ErrMalformed,
		{`statuslists/1`, `statuslists/2`}:                          ErrID,
		{`"iss":"https://example.com"`, `"iss":1`}:                  ErrMalformed,
		{`"iat":1686920170,`, ``}:                                   ErrMalformed,
		{`1686920170`, `"1686920170"`}:                              ErrMalformed,
		{`1686920170`, `-1`}:                                        ErrMalformed,
		{`2291720170`, `253402300800`}:                              ErrMalformed,
		{`2291720170`, `null`}:                                      ErrMalformed,
		{`43200`, `0`}:                                              ErrMalformed,
		{`43200`, `-1`}:                                             ErrMalformed,
		{`43200`, `"43200"`}:                                        ErrMalformed,
		{`"status_list"`, `"list"`}:                                 ErrMalformed,
		{`"bits":1`, `"bits":3`}:                                    ErrMalformed,
		{`"bits":1`, `"bits":16`}:                                   ErrMalformed,
		{`"bits":1`, `"bits":"1"`}:                                  ErrMalformed,
		{`"bits":1,`, ``}:                                           ErrMalformed,
		{`"lst":"eNrbuRgAAhcBXQ"`, `"lst":7`}:                       ErrMalformed,
		{`eNrbuRgAAhcBXQ`, `eNrbuRgAAhcBXQ==`}:                      ErrMalformed,
		{`eNrbuRgAAhcBXQ`, `eNrbuRgAAhcBX`}:                         ErrMalformed,
		{`eNrbuRgAAhcBXQ`, `eNrbuRgAAhcBXR`}:                        ErrMalformed, // a stray bit at the end
		{`eNrbuRgAAhcBXQ`, `eNrbuRgAAhcBXQAA`}:                      ErrMalformed, // trailing bytes
		{`eNrbuRgAAhcBXQ`, pack(t, make([]byte, MinEntries/8))[1:]}: ErrMalformed, // gzip
		{`eNrbuRgAAhcBXQ`, bomb}:                                    ErrTooLarge,
		{tokenPayload, `[]`}:                                        ErrMalformed,
		{`{"exp"`, `{"exp":1,"exp"`}:                                ErrMalformed,
	} {
		changed := strings.Replace(tokenPayload, change[0], change[1], 1)
		if changed == tokenPayload {
			t.Fatalf("%q is not in the payload", change[0])
		}
		p, err := ReadToken(tokenURI, []byte(changed))
		if !errors.Is(err, want) || (err == nil) != (want == nil) || (p == nil) != (want != nil) {
			t.Errorf("%.60s: %v, %v; want %v", change[1], p, err, want)
		}
	}
}

func TestParseStatusClaim(t *testing.T) {
	const claim = `{"status_list":{"idx":4711,"uri":"https://example.com/statuslists/1"}}`
	want := Reference{Kind: Token, List: tokenURI, Index: 4711}
	if r, err := ParseStatusClaim(tree(t, claim)); err != nil || r.Kind != want.Kind || r.List != want.List || r.Index != want.Index || r.Size != 0 {
		t.Errorf("%+v, %v", r, err)
	}
	for _, n := range []any{uint64(4711), int64(4711)} { // as in a CWT
		if r, err := ParseStatusClaim(map[string]any{"status_list": map[string]any{"idx": n, "uri": tokenURI}}); err != nil || r.Index != 4711 {
			t.Errorf("%T: %+v, %v", n, r, err)
		}
	}
	for change, want := range map[[2]string]error{
		{`"status_list"`, `"identifier_list"`}:                          ErrUnsupported,
		{`{"idx":4711,"uri":"https://example.com/statuslists/1"}`, `1`}: ErrMalformed,
		{`"idx":4711,`, ``}:              ErrMalformed,
		{`4711`, `"4711"`}:               ErrMalformed,
		{`4711`, `-1`}:                   ErrIndex,
		{`4711`, `47.11`}:                ErrIndex,
		{`4711`, `1e3`}:                  ErrIndex,
		{`4711`, `134217728`}:            ErrIndex,
		{`4711`, `99999999999999999999`}: ErrIndex,
		{`"https://example.com/statuslists/1"`, `"statuslists/1"`}: ErrMalformed,
		{`"https://example.com/statuslists/1"`, `1`}:               ErrMalformed,
	} {
		changed := strings.Replace(claim, change[0], change[1], 1)
		if changed == claim {
			t.Fatalf("%q is not in the claim", change[0])
		}
		if r, err := ParseStatusClaim(tree(t, changed)); !errors.Is(err, want) {
			t.Errorf("%s: %+v, %v; want %v", change[1], r, err, want)
		}
	}
}
