package multikey

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/roundel/roundel/internal/vectors"
)

// keys returns one fresh key of each kind.
func keys(t testing.TB) map[string]crypto.Signer {
	t.Helper()
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]crypto.Signer{"z6Mk": ed, "zDna": p256, "z82L": p384}
}

func TestRoundTrip(t *testing.T) {
	for range 20 {
		for prefix, signer := range keys(t) {
			type equaler interface{ Equal(crypto.PublicKey) bool }
			pub := signer.Public().(equaler)
			text, err := EncodePublic(signer.Public())
			if err != nil || !strings.HasPrefix(text, prefix) {
				t.Fatalf("EncodePublic = %q, %v; want prefix %s", text, err, prefix)
			}
			back, err := DecodePublic(text)
			if err != nil || !pub.Equal(back) {
				t.Fatalf("DecodePublic(%s) = %v, %v", text, back, err)
			}
			jwk, err := PublicToJWK(signer.Public())
			if err != nil {
				t.Fatal(err)
			}
			back, err = PublicFromJWK(jwk)
			if err != nil || !pub.Equal(back) {
				t.Fatalf("PublicFromJWK(%s) = %v, %v", jwk, back, err)
			}
			secret, err := EncodePrivate(signer)
			if err != nil {
				t.Fatal(err)
			}
			private, err := DecodePrivate(secret)
			if err != nil || !pub.Equal(private.Public()) {
				t.Fatalf("DecodePrivate: %v", err)
			}
			if _, err := DecodePublic(secret); !errors.Is(err, ErrKey) {
				t.Errorf("a secret key was taken for a public one: %v", err)
			}
			if _, err := DecodePrivate(text); !errors.Is(err, ErrKey) {
				t.Errorf("a public key was taken for a secret one: %v", err)
			}
		}
	}
}

func TestVectorKeyPairs(t *testing.T) {
	type pair struct{ PublicKeyMultibase, PrivateKeyMultibase string }
	var pairs map[string]pair
	data := vectors.File(t, "vc-di-eddsa", "TestVectors", "proof-set-chain", "multiKeyPairs.json")
	if err := json.Unmarshal(data, &pairs); err != nil {
		t.Fatal(err)
	}
	var one pair
	data = vectors.File(t, "vc-di-eddsa", "TestVectors", "keyPair.json")
	if err := json.Unmarshal(data, &one); err != nil {
		t.Fatal(err)
	}
	pairs["keyPair"] = one
	for name, p := range pairs {
		private, err := DecodePrivate(p.PrivateKeyMultibase)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got, err := EncodePublic(private.Public()); err != nil || got != p.PublicKeyMultibase {
			t.Errorf("%s: public key %q, %v; want %q", name, got, err, p.PublicKeyMultibase)
		}
		if got, err := EncodePrivate(private); err != nil || got != p.PrivateKeyMultibase {
			t.Errorf("%s: private key does not encode back: %v", name, err)
		}
	}
}

func TestVectorECDSAKeys(t *testing.T) {
	for _, file := range []string{"p256KeyPair.json", "p384KeyPair.json"} {
		var p struct{ PublicKeyMultibase, SecretKeyMultibase string }
		data := vectors.File(t, "vc-di-ecdsa", "TestVectors", file)
		if err := json.Unmarshal(data, &p); err != nil {
			t.Fatal(err)
		}
		private, err := DecodePrivate(p.SecretKeyMultibase)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if got, err := EncodePublic(private.Public()); err != nil || got != p.PublicKeyMultibase {
			t.Errorf("%s: public key %q, %v; want %q", file, got, err, p.PublicKeyMultibase)
		}
	}
}

func TestDecodePublicRefuses(t *testing.T) {
	all := keys(t)
	ed := []byte(all["z6Mk"].Public().(ed25519.PublicKey))
	_, p256, err := compress(all["zDna"].Public().(*ecdsa.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	with := func(header [2]byte, body ...byte) string {
		return EncodeMultibase(append(header[:], body...))
	}
	unhex := func(s string) []byte {
		b, err := hex.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	offCurve := append([]byte{2}, make([]byte, 31)...)
	offCurve = append(offCurve, 7) // x = 7 is on no point of P-256
	tooLarge := append([]byte{2}, []byte(strings.Repeat("\xff", 32))...)
	tests := map[string]string{
		"empty":                    "",
		"only the prefix":          "z",
		"base64url instead of z":   "u7QF" + with(headerEd25519Public, ed...)[4:],
		"foreign character":        "z0" + with(headerEd25519Public, ed...)[1:],
		"leading one":              "z1" + with(headerEd25519Public, ed...)[1:],
		"white space":              with(headerEd25519Public, ed...) + " ",
		"one byte short":           with(headerEd25519Public, ed[:31]...),
		"one byte long":            with(headerEd25519Public, append(ed[:32:32], 0)...),
		"P-256 key as Ed25519":     with(headerEd25519Public, p256...),
		"Ed25519 key as P-256":     with(headerP256Public, ed...),
		"P-256 key as P-384":       with(headerP384Public, p256...),
		"unknown header":           with([2]byte{0xec, 0x01}, ed...),
		"non-minimal varint":       EncodeMultibase(append([]byte{0xed, 0x81, 0x00}, ed...)),
		"uncompressed point":       with(headerP256Public, append([]byte{4}, p256[1:]...)...),
		"P-256 off the curve":      with(headerP256Public, offCurve...),
		"P-256 x not reduced":      with(headerP256Public, tooLarge...),
		"Ed25519 identity":         with(headerEd25519Public, unhex("01"+strings.Repeat("00", 31))...),
		"Ed25519 zero":             with(headerEd25519Public, make([]byte, 32)...),
		"Ed25519 order two":        with(headerEd25519Public, unhex("ec"+strings.Repeat("ff", 30)+"7f")...),
		"Ed25519 order eight":      with(headerEd25519Public, unhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")...),
		"Ed25519 other order":      with(headerEd25519Public, unhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa")...),
		"Ed25519 y not reduced":    with(headerEd25519Public, unhex("f0"+strings.Repeat("ff", 30)+"7f")...),
		"Ed25519 off the curve":    with(headerEd25519Public, unhex("02"+strings.Repeat("00", 31))...),
		"a megabyte of characters": "z" + strings.Repeat("2", 1<<20),
	}
	for name, text := range tests {
		key, err := DecodePublic(text)
		if !known(err) {
			t.Errorf("%s: DecodePublic = %v, %v; want a typed error", name, key, err)
		}
		unsupported := name == "unknown header" || name == "leading one" || name == "non-minimal varint" || name == "a megabyte of characters"
		if errors.Is(err, ErrUnsupported) != unsupported {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func known(err error) bool {
	return errors.Is(err, ErrKey) || errors.Is(err, ErrEncoding) || errors.Is(err, ErrUnsupported)
}

func TestDecodePrivateRefuses(t *testing.T) {
	tests := map[string]string{
		"empty":             "",
		"short seed":        EncodeMultibase(append(headerEd25519Private[:], make([]byte, 31)...)),
		"seed with key":     EncodeMultibase(append(headerEd25519Private[:], make([]byte, 60)...)),
		"scalar zero":       EncodeMultibase(append(headerP256Private[:], make([]byte, 32)...)),
		"scalar too large":  EncodeMultibase(append(headerP256Private[:], []byte(strings.Repeat("\xff", 32))...)),
		"scalar with zeros": EncodeMultibase(append(headerP256Private[:], append(make([]byte, 1), []byte(strings.Repeat("\x01", 32))...)...)),
		"unknown":           EncodeMultibase(append([]byte{0, 1}, make([]byte, 32)...)),
	}
	for name, text := range tests {
		if _, err := DecodePrivate(text); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
	// The text of a secret must not come back in an error.
	if _, err := DecodePrivate("zSECRET0"); err == nil || strings.Contains(err.Error(), "0") {
		t.Errorf("error %v", err)
	}
}

func TestEncodeRefuses(t *testing.T) {
	p224, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]crypto.PublicKey{
		"nil": nil, "nil pointer": (*ecdsa.PublicKey)(nil), "P-224": p224.Public(),
		"short": ed25519.PublicKey{1},
	} {
		if text, err := EncodePublic(key); !known(err) {
			t.Errorf("%s: EncodePublic = %q, %v", name, text, err)
		}
		if text, err := PublicToJWK(key); !known(err) {
			t.Errorf("%s: PublicToJWK = %q, %v", name, text, err)
		}
	}
	for name, key := range map[string]crypto.Signer{"nil pointer": (*ecdsa.PrivateKey)(nil), "P-224": p224, "short": ed25519.PrivateKey{1}} {
		if text, err := EncodePrivate(key); !known(err) {
			t.Errorf("%s: EncodePrivate = %q, %v", name, text, err)
		}
	}
}

func TestBase58(t *testing.T) {
	// draft-msporny-base58-03, section 5.
	for plain, text := range map[string]string{
		"Hello World!": "2NEpo7TZRRrLZSi2U",
		"The quick brown fox jumps over the lazy dog.": "USm3fpXnKG5EUBx2ndxBDMPVciP5hGey2Jh4NDv6gmeo1LkMeiKrLJUUBk6Z",
		"\x00\x00\x28\x7f\xb4\xcd":                     "11233QC4",
		"":                                             "",
		"\x00":                                         "1",
	} {
		if got := Base58Encode([]byte(plain)); got != text {
			t.Errorf("Base58Encode(%q) = %q, want %q", plain, got, text)
		}
		if got, err := Base58Decode(text, 64); err != nil || string(got) != plain {
			t.Errorf("Base58Decode(%q) = %q, %v", text, got, err)
		}
	}
	for _, bad := range []string{"0", "O", "I", "l", "2 2", "é", "22\n"} {
		if _, err := Base58Decode(bad, 64); !errors.Is(err, ErrEncoding) {
			t.Errorf("Base58Decode(%q): %v", bad, err)
		}
	}
	if _, err := Base58Decode(Base58Encode(make([]byte, 65)), 64); err == nil {
		t.Error("65 bytes passed a limit of 64")
	}
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SliceOfN(rapid.Byte(), 0, 80).Draw(t, "bytes")
		got, err := Base58Decode(Base58Encode(b), len(b))
		if err != nil || string(got) != string(b) {
			t.Fatalf("round trip: %x, %v", got, err)
		}
	})
}

func TestMultibaseRefuses(t *testing.T) {
	if got, err := DecodeMultibase("uAQI", 2); err != nil || string(got) != "\x01\x02" {
		t.Errorf("base64url: %x, %v", got, err)
	}
	for _, bad := range []string{"", "mAQI=", "fff", "uAQI=", "uAQJ", "uA\nQI", "uAQ\r\nI", "uA+/A", "uAQIDBA", "u A"} {
		if got, err := DecodeMultibase(bad, 3); !errors.Is(err, ErrEncoding) {
			t.Errorf("DecodeMultibase(%q) = %x, %v", bad, got, err)
		}
	}
}

// TestVerifyEd25519 runs the 914 edge cases of C2SP/CCTV: whatever has a key or
// an R that is of small order or not canonical, or that only the equation with
// cofactor accepts, is refused; all others verify.
func TestVerifyEd25519(t *testing.T) {
	var cases []struct {
		Number        int
		Key, Sig, Msg string
		Flags         []string
	}
	if err := json.Unmarshal(vectors.File(t, "cctv-ed25519", "ed25519vectors.json"), &cases); err != nil {
		t.Fatal(err)
	}
	refused := map[string]bool{
		"low_order_A": true, "low_order_R": true,
		"non_canonical_A": true, "non_canonical_R": true,
		"low_order_residue": true,
	}
	accepted := 0
	for _, c := range cases {
		want := true
		for _, f := range c.Flags {
			want = want && !refused[f]
		}
		key, err := hex.DecodeString(c.Key)
		if err != nil {
			t.Fatal(err)
		}
		sig, err := hex.DecodeString(c.Sig)
		if err != nil {
			t.Fatal(err)
		}
		if got := VerifyEd25519(key, []byte(c.Msg), sig); got != want {
			t.Errorf("case %d %v: verified = %v, want %v", c.Number, c.Flags, got, want)
		}
		if want {
			accepted++
		}
	}
	t.Logf("%d cases, %d accepted", len(cases), accepted)
	if len(cases) != 914 || accepted == 0 {
		t.Errorf("%d cases, %d accepted", len(cases), accepted)
	}
}
