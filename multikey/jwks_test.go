package multikey

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"strings"
	"testing"

	"github.com/c2sp/wycheproof"

	"github.com/roundel/roundel/strictjson"
)

// rfcRSA is the key of RFC 7638, section 3.1.
const rfcN = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"

const rfcRSA = `{"kty":"RSA","n":"` + rfcN + `","e":"AQAB","alg":"RS256","kid":"2011-04-29"}`

func TestRSAFromJWK(t *testing.T) {
	key, err := PublicFromJWK([]byte(rfcRSA))
	if err != nil {
		t.Fatal(err)
	}
	if k := key.(*rsa.PublicKey); k.E != 65537 || k.N.BitLen() != 2048 {
		t.Errorf("e = %d, n of %d bits", k.E, k.N.BitLen())
	}
	back, err := PublicToJWK(key)
	if want := `{"e":"AQAB","kty":"RSA","n":"` + rfcN + `"}`; err != nil || string(back) != want {
		t.Errorf("written back: %s, %v", back, err)
	}
	if got, err := Thumbprint(key); err != nil || got != "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs" {
		t.Errorf("thumbprint %s, %v", got, err)
	}
	if _, err := EncodePublic(key); !errors.Is(err, ErrUnsupported) {
		t.Errorf("an RSA key has no Multikey here: %v", err)
	}
}

func TestRSAFromJWKRefuses(t *testing.T) {
	bits := func(n int) string {
		b := make([]byte, n/8)
		b[0], b[len(b)-1] = 0x80, 3
		return base64.RawURLEncoding.EncodeToString(b)
	}
	even := rfcN[:len(rfcN)-2] + "gg"
	for name, c := range map[string]struct {
		text string
		want error
	}{
		"1024 bits":          {`{"kty":"RSA","e":"AQAB","n":"` + bits(1024) + `"}`, ErrUnsupported},
		"2040 bits":          {`{"kty":"RSA","e":"AQAB","n":"` + bits(2040) + `"}`, ErrUnsupported},
		"8200 bits":          {`{"kty":"RSA","e":"AQAB","n":"` + bits(8200) + `"}`, ErrEncoding},
		"a megabyte":         {`{"kty":"RSA","e":"AQAB","n":"` + strings.Repeat("A", 50000) + `"}`, ErrEncoding},
		"no n":               {`{"kty":"RSA","e":"AQAB"}`, ErrKey},
		"no e":               {`{"kty":"RSA","n":"` + rfcN + `"}`, ErrKey},
		"even n":             {`{"kty":"RSA","e":"AQAB","n":"` + even + `"}`, ErrKey},
		"e of one":           {`{"kty":"RSA","e":"AQ","n":"` + rfcN + `"}`, ErrKey},
		"e of two":           {`{"kty":"RSA","e":"Ag","n":"` + rfcN + `"}`, ErrKey},
		"even e":             {`{"kty":"RSA","e":"AQAA","n":"` + rfcN + `"}`, ErrKey},
		"e above 2^31":       {`{"kty":"RSA","e":"gAAAAQ","n":"` + rfcN + `"}`, ErrKey},
		"long e":             {`{"kty":"RSA","e":"AQAAAAE","n":"` + rfcN + `"}`, ErrEncoding},
		"zero before e":      {`{"kty":"RSA","e":"AAEAAQ","n":"` + rfcN + `"}`, ErrKey},
		"zero before n":      {`{"kty":"RSA","e":"AQAB","n":"AA` + rfcN + `"}`, ErrKey},
		"private":            {`{"kty":"RSA","e":"AQAB","n":"` + rfcN + `","p":"AQ"}`, ErrKey},
		"for encryption":     {`{"kty":"RSA","e":"AQAB","n":"` + rfcN + `","use":"enc"}`, ErrKey},
		"alg PS256":          {`{"kty":"RSA","e":"AQAB","n":"` + rfcN + `","alg":"PS256"}`, ErrKey},
		"alg HS256":          {`{"kty":"RSA","e":"AQAB","n":"` + rfcN + `","alg":"HS256"}`, ErrKey},
		"with a curve":       {`{"kty":"RSA","crv":"P-256","e":"AQAB","n":"` + rfcN + `"}`, ErrUnsupported},
		"plus for minus":     {`{"kty":"RSA","e":"AQAB","n":"` + strings.Replace(rfcN, "-", "+", 1) + `"}`, ErrEncoding},
		"unused bits":        {`{"kty":"RSA","e":"AQ","n":"` + rfcN[:len(rfcN)-1] + `x"}`, ErrEncoding},
		"P-521 not on curve": {`{"kty":"EC","crv":"P-521","x":"AA","y":"AA"}`, ErrKey},
	} {
		key, err := PublicFromJWK([]byte(c.text))
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, %v, want %v", name, key, err, c.want)
		}
	}
	for _, key := range []*rsa.PublicKey{nil, {}, {N: big.NewInt(0), E: 3}, {N: big.NewInt(-5), E: 3}} {
		if err := CheckRSA(key); !errors.Is(err, ErrKey) {
			t.Errorf("CheckRSA(%v) = %v", key, err)
		}
	}
}

func TestP521(t *testing.T) {
	private, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	text, err := PublicToJWK(private.Public())
	if err != nil {
		t.Fatal(err)
	}
	key, err := PublicFromJWK(text)
	if err != nil || !private.PublicKey.Equal(key) {
		t.Errorf("%s came back as %v, %v", text, key, err)
	}
	if _, err := EncodePublic(key); !errors.Is(err, ErrUnsupported) {
		t.Errorf("a P-521 key has no Multikey here: %v", err)
	}
}

func TestParseJWKS(t *testing.T) {
	const ed = `{"kty":"OKP","crv":"Ed25519","kid":"a","use":"sig","alg":"EdDSA","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`
	const other = `{"kty":"OKP","crv":"Ed25519","kid":"a","x":"A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg"}`
	keys, err := ParseJWKS([]byte(`{"keys":[` + ed + `,{"kty":"EC","crv":"secp256k1"},` + rfcRSA + `,{"kty":"RSA","use":"enc","n":"` + rfcN + `","e":"AQAB"}],"more":1}`))
	if err != nil || len(keys) != 2 {
		t.Fatalf("%v, %v", keys, err)
	}
	if k := keys[0]; k.KeyID != "a" || k.Use != "sig" || k.Alg != "EdDSA" || len(k.Public.(ed25519.PublicKey)) != 32 {
		t.Errorf("%+v", k)
	}
	if k := keys[1]; k.KeyID != "2011-04-29" || k.Use != "" || k.Alg != "RS256" {
		t.Errorf("%+v", k)
	}
	if keys, err := ParseJWKS([]byte(`{"keys":[]}`)); err != nil || len(keys) != 0 {
		t.Errorf("empty set: %v, %v", keys, err)
	}
	var strict *strictjson.Error
	if _, err := ParseJWKS([]byte(`{"keys":[],"keys":[` + ed + `]}`)); !errors.As(err, &strict) {
		t.Errorf("keys twice: %v", err)
	}
	for name, c := range map[string]struct {
		text string
		want error
	}{
		"one key instead of a set": {ed, ErrEncoding},
		"no object":                {`[` + ed + `]`, ErrEncoding},
		"keys is an object":        {`{"keys":{}}`, ErrEncoding},
		"a key is a text":          {`{"keys":["a"]}`, ErrEncoding},
		"private key":              {`{"keys":[` + strings.Replace(ed, "{", `{"d":"AA",`, 1) + `]}`, ErrKey},
		"symmetric key":            {`{"keys":[` + ed + `,{"kty":"oct","k":"AAAA"}]}`, ErrKey},
		"kid twice":                {`{"keys":[` + ed + `,` + other + `]}`, ErrKey},
		"too many":                 {`{"keys":[{}` + strings.Repeat(",{}", 100) + `]}`, ErrEncoding},
	} {
		if keys, err := ParseJWKS([]byte(c.text)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, %v, want %v", name, keys, err, c.want)
		}
	}
}

func TestPrivateFromJWK(t *testing.T) {
	// RFC 8037, appendix A.1.
	const ed = `{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","key_ops":["sign"]}`
	key, err := PrivateFromJWK([]byte(ed))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Thumbprint(key.Public()); err != nil || got != "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k" { // RFC 8037, appendix A.3
		t.Errorf("thumbprint %s, %v", got, err)
	}
	for _, curve := range []elliptic.Curve{elliptic.P256(), elliptic.P384(), elliptic.P521()} {
		private, err := ecdsa.GenerateKey(curve, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		d, err := private.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		text := privateJWK(t, private.Public(), d)
		if got, err := PrivateFromJWK([]byte(text)); err != nil || !private.Equal(got) {
			t.Errorf("%s: %v", curve.Params().Name, err)
		}
		d[len(d)-1] ^= 1
		if _, err := PrivateFromJWK([]byte(privateJWK(t, private.Public(), d))); !errors.Is(err, ErrKey) {
			t.Errorf("%s: another scalar: %v", curve.Params().Name, err)
		}
	}
	for name, text := range map[string]string{
		"public":        strings.Replace(ed, `"d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",`, "", 1),
		"another seed":  strings.Replace(ed, `"d":"n`, `"d":"o`, 1),
		"short seed":    strings.Replace(ed, `"d":"nWGx`, `"d":"`, 1),
		"RSA":           strings.Replace(rfcRSA, "{", `{"d":"AQAB",`, 1),
		"symmetric":     `{"kty":"oct","k":"AA"}`,
		"no object":     `1`,
		"no JSON":       `{`,
		"other secrets": strings.Replace(ed, "{", `{"p":"AA",`, 1),
	} {
		if key, err := PrivateFromJWK([]byte(text)); err == nil {
			t.Errorf("%s: accepted as %T", name, key)
		} else if strings.Contains(err.Error(), "WGxne") {
			t.Errorf("%s: the error repeats the secret: %v", name, err)
		}
	}
}

func privateJWK(t *testing.T, public crypto.PublicKey, d []byte) string {
	t.Helper()
	text, err := PublicToJWK(public)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf(`{"d":"%s",%s`, base64.RawURLEncoding.EncodeToString(d), text[1:])
}

// TestWycheproofKeys: json_web_key_test.json tries keys that must not be used.
// A signature over one that PublicFromJWK refuses cannot verify.
func TestWycheproofKeys(t *testing.T) {
	data, err := fs.ReadFile(wycheproof.TestVectors, "json_web_key_test.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		TestGroups []struct {
			Comment string
			Private struct{ Keys []map[string]any }
			Tests   []struct {
				ID      int `json:"tcId"`
				Comment string
				Result  string
			}
		}
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, g := range file.TestGroups {
		for _, test := range g.Tests {
			seen++
			usable := 0
			for _, members := range g.Private.Keys {
				delete(members, "d")
				for _, name := range []string{"p", "q", "dp", "dq", "qi"} {
					delete(members, name)
				}
				text, err := json.Marshal(members)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := PublicFromJWK(text); err == nil {
					usable++
				}
			}
			// The only other valid ones are for HMAC, which we never use. Group
			// jws_mixedSymmetryKeyset holds a good EC key beside the HMAC one.
			want := 0
			if test.Comment == "acceptsValid" && g.Comment == "rs256" || g.Comment == "jws_mixedSymmetryKeyset" {
				want = 1
			}
			if usable != want {
				t.Errorf("%d %s, %s: %d usable keys, want %d", test.ID, g.Comment, test.Comment, usable, want)
			}
		}
	}
	if seen < 26 {
		t.Errorf("only %d tests", seen)
	}
}

// FuzzParseJWKS: every key that is read can be written and read again.
func FuzzParseJWKS(f *testing.F) {
	f.Add([]byte(`{"keys":[` + rfcRSA + `]}`))
	f.Add([]byte(`{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},{}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		keys, err := ParseJWKS(data)
		if err != nil {
			return
		}
		for _, k := range keys {
			text, err := PublicToJWK(k.Public)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := PublicFromJWK(text); err != nil {
				t.Fatalf("%s: %v", text, err)
			}
		}
	})
}

func ExampleThumbprint() {
	key, err := PublicFromJWK([]byte(`{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(Thumbprint(key))
	// Output: kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k <nil>
}
