package jose_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	gojose "github.com/go-jose/go-jose/v4"
	"pgregory.net/rapid"

	"github.com/roundel/roundel/jose"
	"github.com/roundel/roundel/multikey"
	"github.com/roundel/roundel/strictjson"
)

// keys holds one key of each kind, made once: RSA keys take a while.
var keys = sync.OnceValue(func() map[string]crypto.Signer {
	all := map[string]crypto.Signer{"EdDSA": ed25519.NewKeyFromSeed(make([]byte, 32))}
	for alg, curve := range map[string]elliptic.Curve{"ES256": elliptic.P256(), "ES384": elliptic.P384(), "ES512": elliptic.P521()} {
		key, err := ecdsa.GenerateKey(curve, rand.Reader)
		if err != nil {
			panic(err)
		}
		all[alg] = key
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	all["RS256"] = key
	return all
})

// forge joins parts as they are.
func forge(header, payload string, sig []byte) []byte {
	return []byte(b64([]byte(header)) + "." + b64([]byte(payload)) + "." + b64(sig))
}

// signed makes a token with any header text, signed by the Ed25519 key.
func signed(header, payload string) []byte {
	token := forge(header, payload, nil)
	sig := ed25519.Sign(keys()["EdDSA"].(ed25519.PrivateKey), token[:len(token)-1])
	return []byte(string(token) + b64(sig))
}

func TestParseRefuses(t *testing.T) {
	good := string(signed(`{"alg":"EdDSA"}`, `{}`))
	parts := strings.Split(good, ".")
	jwk, err := multikey.PublicToJWK(keys()["EdDSA"].Public())
	if err != nil {
		t.Fatal(err)
	}
	header := func(text string) string { return string(signed(text, `{}`)) }
	for name, c := range map[string]struct {
		token string
		want  error
	}{
		"nothing":                    {"", jose.ErrMalformed},
		"one part":                   {parts[0], jose.ErrMalformed},
		"two parts":                  {parts[0] + "." + parts[1], jose.ErrMalformed},
		"four parts":                 {good + ".", jose.ErrMalformed},
		"five parts":                 {good + ".AA.AA", jose.ErrMalformed},
		"a million dots":             {strings.Repeat(".", 1e6), jose.ErrMalformed},
		"a million dots in payload":  {parts[0] + strings.Repeat(".", 1e6) + parts[2], jose.ErrMalformed},
		"a megabyte of signature":    {parts[0] + "." + parts[1] + "." + strings.Repeat("A", 1e6), jose.ErrMalformed},
		"a megabyte of header":       {strings.Repeat("A", 1e6) + "." + parts[1] + "." + parts[2], jose.ErrMalformed},
		"more than the limit":        {parts[0] + "." + strings.Repeat("A", jose.MaxBytes) + "." + parts[2], jose.ErrMalformed},
		"space before":               {" " + good, jose.ErrMalformed},
		"newline after":              {good + "\n", jose.ErrMalformed},
		"newline inside":             {parts[0][:4] + "\n" + parts[0][4:] + "." + parts[1] + "." + parts[2], jose.ErrMalformed},
		"carriage return in payload": {parts[0] + "." + parts[1] + "\r." + parts[2], jose.ErrMalformed},
		"padding":                    {parts[0] + "." + parts[1] + "=." + parts[2], jose.ErrMalformed},
		"base64 instead of url":      {parts[0] + ".+/+/." + parts[2], jose.ErrMalformed},
		"unused bits in signature":   {good[:len(good)-1] + string(nextChar(good[len(good)-1])), jose.ErrMalformed},
		"unused bits in payload":     {parts[0] + ".e31." + parts[2], jose.ErrMalformed},
		"JSON serialisation":         {`{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`, jose.ErrMalformed},
		"JSON with dots":             {`{"a":"."}.` + parts[1] + "." + parts[2], jose.ErrMalformed},
		"empty header":               {"." + parts[1] + "." + parts[2], jose.ErrMalformed},
		"header is a list":           {header(`["EdDSA"]`), jose.ErrMalformed},
		"header with alg twice":      {header(`{"alg":"none","alg":"EdDSA"}`), jose.ErrMalformed},
		"header with alg by escape":  {header(`{"alg":"EdDSA","\u0061lg":"none"}`), jose.ErrMalformed},
		"header with Alg too":        {header(`{"alg":"EdDSA","Alg":"none"}`), jose.ErrMalformed},
		"header with Alg only":       {header(`{"Alg":"EdDSA"}`), jose.ErrMalformed},
		"header and more":            {header(`{"alg":"EdDSA"}{}`), jose.ErrMalformed},
		"no alg":                     {header(`{}`), jose.ErrMalformed},
		"alg is a list":              {header(`{"alg":["EdDSA"]}`), jose.ErrMalformed},
		"kid is a number":            {header(`{"alg":"EdDSA","kid":1}`), jose.ErrMalformed},
		"typ is null":                {header(`{"alg":"EdDSA","typ":null}`), jose.ErrMalformed},
		"none":                       {header(`{"alg":"none"}`), jose.ErrAlgorithm},
		"None":                       {header(`{"alg":"NonE"}`), jose.ErrAlgorithm},
		"HS256":                      {header(`{"alg":"HS256"}`), jose.ErrAlgorithm},
		"HS512":                      {header(`{"alg":"HS512"}`), jose.ErrAlgorithm},
		"PBES2":                      {header(`{"alg":"PBES2-HS256+A128KW","p2c":2147483647}`), jose.ErrAlgorithm},
		"dir":                        {header(`{"alg":"dir"}`), jose.ErrAlgorithm},
		"A128KW":                     {header(`{"alg":"A128KW"}`), jose.ErrAlgorithm},
		"eddsa":                      {header(`{"alg":"eddsa"}`), jose.ErrUnsupported},
		"PS256":                      {header(`{"alg":"PS256"}`), jose.ErrUnsupported},
		"ES256K":                     {header(`{"alg":"ES256K"}`), jose.ErrUnsupported},
		"crit":                       {header(`{"alg":"EdDSA","crit":["exp"],"exp":1}`), jose.ErrUnsupported},
		"empty crit":                 {header(`{"alg":"EdDSA","crit":[]}`), jose.ErrUnsupported},
		"b64 false":                  {header(`{"alg":"EdDSA","b64":false,"crit":["b64"]}`), jose.ErrUnsupported},
		"b64 false without crit":     {header(`{"alg":"EdDSA","b64":false}`), jose.ErrUnsupported},
		"zip":                        {header(`{"alg":"EdDSA","zip":"DEF"}`), jose.ErrUnsupported},
		"enc":                        {header(`{"alg":"EdDSA","enc":"A128GCM"}`), jose.ErrUnsupported},
		"jwk is a text":              {header(`{"alg":"EdDSA","jwk":"a"}`), jose.ErrMalformed},
		"jwk is private":             {header(`{"alg":"EdDSA","jwk":{"d":"AA",` + string(jwk[1:]) + `}`), jose.ErrMalformed},
		"x5c is a text":              {header(`{"alg":"EdDSA","x5c":"AAAA"}`), jose.ErrMalformed},
		"x5c is empty":               {header(`{"alg":"EdDSA","x5c":[]}`), jose.ErrMalformed},
		"x5c is base64url":           {header(`{"alg":"EdDSA","x5c":["-_-_"]}`), jose.ErrMalformed},
		"x5c with a line break":      {header(`{"alg":"EdDSA","x5c":["AA\nAA"]}`), jose.ErrMalformed},
		"deep header":                {header(`{"alg":"EdDSA","a":` + strings.Repeat("[", 99) + strings.Repeat("]", 99) + `}`), jose.ErrMalformed},
	} {
		if j, err := jose.Parse([]byte(c.token)); !errors.Is(err, c.want) {
			t.Errorf("%s: %+v, %v, want %v", name, j, err, c.want)
		}
	}
	var strict *strictjson.Error
	if _, err := jose.Parse([]byte(header(`{"alg":"none","alg":"EdDSA"}`))); !errors.As(err, &strict) {
		t.Errorf("header that is not strict JSON: %v", err)
	}
	if _, err := jose.Parse([]byte(good)); err != nil {
		t.Errorf("the good one: %v", err)
	}
}

// nextChar is the character whose value is one more: bits that stand for
// nothing are then not zero.
func nextChar(c byte) byte {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return alphabet[strings.IndexByte(alphabet, c)+1]
}

// A token is checked with the algorithm of the key, whatever it says itself.
func TestAlgorithmConfusion(t *testing.T) {
	const payload = `{"iss":"https://uni.example"}`
	for alg, key := range keys() {
		for other := range keys() {
			if other == alg {
				continue
			}
			// Signed by the right key, but the header names another algorithm.
			token, err := jose.Sign([]byte(payload), key, jose.Header{})
			if err != nil {
				t.Fatal(err)
			}
			j, err := jose.Parse([]byte(b64([]byte(`{"alg":"`+other+`"}`)) + string(token[bytes.IndexByte(token, '.'):])))
			if err != nil {
				t.Fatal(err)
			}
			if err := j.Verify(key.Public()); !errors.Is(err, jose.ErrAlgorithm) {
				t.Errorf("%s key, header %s: %v", alg, other, err)
			}
			if _, err := jose.Sign([]byte(payload), key, jose.Header{Alg: other}); !errors.Is(err, jose.ErrAlgorithm) {
				t.Errorf("%s key signs %s: %v", alg, other, err)
			}
		}
	}
	// The public RSA key, in each of its spellings, as the secret of an HMAC.
	rsaKey := keys()["RS256"].Public()
	der, err := x509.MarshalPKIXPublicKey(rsaKey)
	if err != nil {
		t.Fatal(err)
	}
	jwk, err := multikey.PublicToJWK(rsaKey)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range [][]byte{der, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), jwk, {}} {
		for _, alg := range []string{"HS256", "RS256"} {
			token := forge(`{"alg":"`+alg+`"}`, payload, nil)
			mac := hmac.New(sha256.New, secret)
			mac.Write(token[:len(token)-1])
			j, err := jose.Parse([]byte(string(token) + b64(mac.Sum(nil))))
			if err == nil {
				err = j.Verify(rsaKey)
			}
			if want := map[string]error{"HS256": jose.ErrAlgorithm, "RS256": jose.ErrBadSignature}[alg]; !errors.Is(err, want) {
				t.Errorf("HMAC with the public key as %s: %v", alg, err)
			}
		}
	}
	for _, key := range []crypto.PublicKey{nil, []byte("secret"), "secret", keys()["EdDSA"], (*ecdsa.PublicKey)(nil), (*rsa.PublicKey)(nil), rsa.PublicKey{}} {
		j, err := jose.Parse(signed(`{"alg":"EdDSA"}`, payload))
		if err != nil {
			t.Fatal(err)
		}
		if err := j.Verify(key); !errors.Is(err, jose.ErrAlgorithm) {
			t.Errorf("verified with a %T: %v", key, err)
		}
	}
}

func TestVerifyNarrowed(t *testing.T) {
	token, err := jose.Sign([]byte(`{}`), keys()["ES256"], jose.Header{})
	if err != nil {
		t.Fatal(err)
	}
	j, err := jose.Parse(token)
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Verify(keys()["ES256"].Public(), jose.EdDSA, jose.RS256); !errors.Is(err, jose.ErrAlgorithm) {
		t.Errorf("not among the allowed: %v", err)
	}
	if err := j.Verify(keys()["ES256"].Public(), jose.EdDSA, jose.ES256); err != nil {
		t.Error(err)
	}
	// The name of RFC 9864 is the same algorithm.
	if j, err = jose.Parse(signed(`{"alg":"Ed25519"}`, `{}`)); err != nil {
		t.Fatal(err)
	}
	if err := j.Verify(keys()["EdDSA"].Public(), jose.EdDSA); err != nil {
		t.Error(err)
	}
}

// Signatures that have verified for everything in one library or another.
func TestPsychicSignatures(t *testing.T) {
	order := map[string]int{"ES256": 32, "ES384": 48, "ES512": 66, "EdDSA": 32, "RS256": 128}
	for alg, key := range keys() {
		half := order[alg]
		one := append(make([]byte, half-1), 1)
		zero := make([]byte, half)
		full := bytes.Repeat([]byte{0xff}, half)
		tried := [][]byte{nil, {0}, zero, append(zero, zero...), append(one, one...), append(one, zero...), append(zero, one...), append(full, full...), append(full, zero...)}
		if k, ok := key.Public().(*ecdsa.PublicKey); ok {
			n := k.Curve.Params().N.Bytes()
			tried = append(tried, append(n, n...), append(n, one...), append(one, n...))
		}
		for _, sig := range tried {
			j, err := jose.Parse(forge(`{"alg":"`+alg+`"}`, `{}`, sig))
			if err != nil {
				t.Fatal(err)
			}
			if err := j.Verify(key.Public()); !errors.Is(err, jose.ErrBadSignature) {
				t.Errorf("%s: signature %x: %v", alg, sig, err)
			}
		}
	}
}

// An ECDSA signature in DER is another spelling, and longer or shorter ones are
// none.
func TestSignatureSpelling(t *testing.T) {
	for alg, key := range keys() {
		token, err := jose.Sign([]byte(`{}`), key, jose.Header{})
		if err != nil {
			t.Fatal(err)
		}
		j, err := jose.Parse(token)
		if err != nil {
			t.Fatal(err)
		}
		sig := j.Signature()
		tried := [][]byte{append([]byte{0}, sig...), append(bytes.Clone(sig), 0), sig[1:], sig[:len(sig)-1]}
		if k, ok := key.(*ecdsa.PrivateKey); ok && alg == "ES256" {
			hash := sha256.Sum256(j.SigningInput())
			der, err := ecdsa.SignASN1(rand.Reader, k, hash[:])
			if err != nil {
				t.Fatal(err)
			}
			tried = append(tried, der)
		}
		for _, other := range tried {
			j, err := jose.Parse([]byte(string(j.SigningInput()) + "." + b64(other)))
			if err != nil {
				t.Fatal(err)
			}
			if err := j.Verify(key.Public()); !errors.Is(err, jose.ErrBadSignature) {
				t.Errorf("%s: %x instead of %x: %v", alg, other, sig, err)
			}
		}
	}
}

// A key in the header, or an address of one, changes nothing about which key
// is asked for.
func TestHeaderKeysAreHints(t *testing.T) {
	attacker := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32))
	jwk, err := multikey.PublicToJWK(attacker.Public())
	if err != nil {
		t.Fatal(err)
	}
	h := jose.Header{
		JWK: jwk, KeyID: "../../etc/passwd' OR 1=1 --", JWKSetURL: "https://evil.example/jwks.json",
		X5U: "https://evil.example/cert", X5C: []string{"AAAA"}, Raw: map[string]any{"alg": "none", "iss": "https://uni.example"},
	}
	token, err := jose.Sign([]byte(`{"iss":"https://uni.example"}`), attacker, h)
	if err != nil {
		t.Fatal(err)
	}
	j, err := jose.Parse(token)
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Verify(keys()["EdDSA"].Public()); !errors.Is(err, jose.ErrBadSignature) {
		t.Errorf("verified with the key in the header: %v", err)
	}
	got := j.Header
	if string(got.JWK) != string(jwk) || got.KeyID != h.KeyID || got.JWKSetURL != h.JWKSetURL || got.X5U != h.X5U || len(got.X5C) != 1 ||
		got.Alg != "EdDSA" || got.Raw["iss"] != "https://uni.example" {
		t.Errorf("hints are not reported as they are: %+v", got)
	}
}

func TestSignRefuses(t *testing.T) {
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	p224, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		key  crypto.Signer
		h    jose.Header
		want error
	}{
		"no key":      {nil, jose.Header{}, jose.ErrAlgorithm},
		"1024 bits":   {small, jose.Header{}, jose.ErrAlgorithm},
		"P-224":       {p224, jose.Header{}, jose.ErrAlgorithm},
		"none":        {keys()["EdDSA"], jose.Header{Alg: "none"}, jose.ErrAlgorithm},
		"crit":        {keys()["EdDSA"], jose.Header{Raw: map[string]any{"crit": []any{"b64"}}}, jose.ErrUnsupported},
		"private jwk": {keys()["EdDSA"], jose.Header{JWK: json.RawMessage(`{"d":"AA"}`)}, jose.ErrMalformed},
		"bad jwk":     {keys()["EdDSA"], jose.Header{JWK: json.RawMessage(`{`)}, jose.ErrMalformed},
		"bad member":  {keys()["EdDSA"], jose.Header{Raw: map[string]any{"a": struct{}{}}}, jose.ErrMalformed},
	} {
		if token, err := jose.Sign([]byte(`{}`), c.key, c.h); !errors.Is(err, c.want) {
			t.Errorf("%s: %s, %v", name, token, err)
		}
	}
}

// What we sign, an independent library verifies, and the other way round.
func TestAgainstGoJose(t *testing.T) {
	for alg, key := range keys() {
		payload := []byte(`{"iss":"did:example:123","text":"é😀"}`)
		token, err := jose.Sign(payload, key, jose.Header{KeyID: "did:example:123#a", Type: "JWT"})
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := gojose.ParseSignedCompact(string(token), []gojose.SignatureAlgorithm{gojose.SignatureAlgorithm(alg)})
		if err != nil {
			t.Fatalf("%s: %v", alg, err)
		}
		got, err := theirs.Verify(key.Public())
		if err != nil || !bytes.Equal(got, payload) {
			t.Errorf("%s: go-jose finds %s, %v", alg, got, err)
		}
		signer, err := gojose.NewSigner(gojose.SigningKey{Algorithm: gojose.SignatureAlgorithm(alg), Key: gojose.JSONWebKey{Key: key, KeyID: "b"}}, (&gojose.SignerOptions{EmbedJWK: false}).WithType("JWT"))
		if err != nil {
			t.Fatal(err)
		}
		object, err := signer.Sign(payload)
		if err != nil {
			t.Fatal(err)
		}
		text, err := object.CompactSerialize()
		if err != nil {
			t.Fatal(err)
		}
		j, err := jose.Parse([]byte(text))
		if err != nil {
			t.Fatalf("%s: %v", alg, err)
		}
		if err := j.Verify(key.Public(), alg); err != nil || !bytes.Equal(j.Payload, payload) || j.Header.KeyID != "b" || !j.Header.IsType("jwt") {
			t.Errorf("%s: we find %s, %+v, %v", alg, j.Payload, j.Header, err)
		}
	}
}

// TestEveryChangeIsSeen: any payload comes back, and no changed character is
// accepted.
func TestEveryChangeIsSeen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		alg := rapid.SampledFrom([]string{"EdDSA", "ES256"}).Draw(t, "alg")
		key := keys()[alg]
		payload := rapid.SliceOfN(rapid.Byte(), 0, 60).Draw(t, "payload")
		token, err := jose.Sign(payload, key, jose.Header{KeyID: rapid.String().Draw(t, "kid")})
		if err != nil {
			t.Fatal(err)
		}
		j, err := jose.Parse(token)
		if err != nil || j.Verify(key.Public()) != nil || !bytes.Equal(j.Payload, payload) {
			t.Fatalf("%s: %v", token, err)
		}
		at := rapid.IntRange(0, len(token)-1).Draw(t, "at")
		with := rapid.SampledFrom([]byte("ABab09-_.=+ \n")).Draw(t, "with")
		if token[at] == with {
			return
		}
		changed := bytes.Clone(token)
		changed[at] = with
		if j, err := jose.Parse(changed); err == nil && j.Verify(key.Public()) == nil {
			t.Fatalf("%s verifies although %s was signed", changed, token)
		}
	})
}

// FuzzParse: a token that is read has no other spelling.
func FuzzParse(f *testing.F) {
	f.Add([]byte("eyJhbGciOiJFZERTQSJ9.e30.AAAA"))
	f.Add([]byte("eyJhbGciOiJFUzI1NiIsImtpZCI6ImtpZC1lYy1zaWduIn0.Zm9v.5cA0OHyMP7ezamUd5c9kV-FrGxdx4hbGXOdplQkutrqWrte5P-pAvsE3Ve6xSyU3YDQwUHjVVOtvcrEbbnZ8yA"))
	f.Add(forge(`{"alg":"RS256","typ":"JWT","jwk":{"kty":"RSA"},"x5c":["AAAA"]}`, `{"iss":"a"}`, []byte{1}))
	f.Add([]byte("..."))
	f.Fuzz(func(t *testing.T, token []byte) {
		j, err := jose.Parse(token)
		if err != nil {
			return
		}
		header, _, _ := bytes.Cut(token, []byte("."))
		again := string(header) + "." + b64(j.Payload) + "." + b64(j.Signature())
		if again != string(token) || string(j.SigningInput())+"."+b64(j.Signature()) != again {
			t.Fatalf("%s becomes %s", token, again)
		}
		if err := j.Verify(keys()["EdDSA"].Public()); err == nil {
			t.Fatalf("%s verifies", token)
		}
	})
}

func ExampleSign() {
	key := ed25519.NewKeyFromSeed(make([]byte, 32)) // a real one comes from a key store
	token, err := jose.Sign([]byte(`{"hello":"world"}`), key, jose.Header{KeyID: "did:web:uni.example#key-1"})
	if err != nil {
		fmt.Println(err)
		return
	}
	j, err := jose.Parse(token)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(j.Header.Alg, j.Header.KeyID, string(j.Payload))
	fmt.Println(j.Verify(key.Public()))
	// Output:
	// EdDSA did:web:uni.example#key-1 {"hello":"world"}
	// <nil>
}
