package multikey

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"strings"
	"testing"
)

// FuzzDecodePublic: whatever decodes encodes back to the same text, so that a
// key has one spelling.
func FuzzDecodePublic(f *testing.F) {
	f.Add("z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2")
	f.Add("zDnaepBuvsQ8cpsWrVKw8fbpGpvPeNSjVPTWoq6cRqaYzBKVP")
	f.Add("z82LkuBieyGShVBhvtE2zoiD6Kma4tJGFtkAhxR5pfkp5QPw4LutoYWhvQCnGjdVn14kujQ")
	f.Add("z")
	f.Add("u7QEB")
	f.Fuzz(func(t *testing.T, text string) {
		key, err := DecodePublic(text)
		if err != nil {
			return
		}
		if again, err := EncodePublic(key); err != nil || again != text {
			t.Fatalf("%q encodes back to %q, %v", text, again, err)
		}
	})
}

// FuzzPublicFromJWK: whatever is read is written and read again as the same key.
func FuzzPublicFromJWK(f *testing.F) {
	f.Add([]byte(`{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`))
	f.Add([]byte(`{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}`))
	f.Add([]byte(`{"kty":"oct","k":"AA"}`))
	f.Add([]byte(`{"kty":"RSA","e":"AQAB","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		key, err := PublicFromJWK(data)
		if err != nil {
			return
		}
		first, err := PublicToJWK(key)
		if err != nil {
			t.Fatal(err)
		}
		again, err := PublicFromJWK(first)
		if err != nil {
			t.Fatal(err)
		}
		if second, err := PublicToJWK(again); err != nil || string(second) != string(first) {
			t.Fatalf("%s became %s, %v", first, second, err)
		}
	})
}

// FuzzPrivateFromJWK: what is read is a whole key that signs, and an error never
// repeats the private member.
func FuzzPrivateFromJWK(f *testing.F) {
	f.Add([]byte(`{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`))
	f.Add([]byte(`{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}`))
	f.Add([]byte(`{"kty":"OKP","crv":"Ed25519","d":"AA","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","key_ops":["sign"]}`))
	f.Add([]byte(`{"kty":"RSA","d":"AQAB"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		key, err := PrivateFromJWK(data)
		if err != nil {
			var members struct {
				D string `json:"d"`
			}
			if json.Unmarshal(data, &members) == nil && len(members.D) > 30 && bytes.Count(data, []byte(members.D)) == 1 && strings.Contains(err.Error(), members.D) {
				t.Fatalf("the error tells the secret: %v", err)
			}
			return
		}
		signs(t, key)
	})
}

// FuzzDecodePrivate: whatever decodes encodes back to the same text and signs.
func FuzzDecodePrivate(f *testing.F) {
	for _, curve := range []elliptic.Curve{elliptic.P256(), elliptic.P384()} {
		key, err := ecdsa.ParseRawPrivateKey(curve, bytes.Repeat([]byte{7}, (curve.Params().BitSize+7)/8))
		if err != nil {
			f.Fatal(err)
		}
		text, err := EncodePrivate(key)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	text, err := EncodePrivate(ed25519.NewKeyFromSeed(make([]byte, 32)))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add(text[:20])
	f.Add("z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2")
	f.Fuzz(func(t *testing.T, text string) {
		key, err := DecodePrivate(text)
		if err != nil {
			if len(text) > 30 && !strings.Contains(text, " ") && strings.Contains(err.Error(), text[len(text)-20:]) {
				t.Fatalf("the error tells the secret: %v", err)
			}
			return
		}
		if again, err := EncodePrivate(key); err != nil || again != text {
			t.Fatalf("%q encodes back to %q, %v", text, again, err)
		}
		signs(t, key)
	})
}

// signs insists that the two halves of key belong together.
func signs(t *testing.T, key crypto.Signer) {
	t.Helper()
	public, err := PublicOf(key)
	if err != nil {
		t.Fatal(err)
	}
	message := []byte("message")
	if k, ok := public.(*ecdsa.PublicKey); ok {
		digest := sha256.Sum256(message)
		sig, err := key.Sign(rand.Reader, digest[:], crypto.SHA256)
		if err != nil || !ecdsa.VerifyASN1(k, digest[:], sig) {
			t.Fatalf("an ECDSA key that does not sign: %v", err)
		}
		return
	}
	sig, err := key.Sign(rand.Reader, message, crypto.Hash(0))
	if err != nil || !ed25519.Verify(public.(ed25519.PublicKey), message, sig) {
		t.Fatalf("an Ed25519 key that does not sign: %v", err)
	}
}

// FuzzDecodeMultibase: limits hold, and base58 text has one spelling.
func FuzzDecodeMultibase(f *testing.F) {
	f.Add("z2NEpo7TZRRrLZSi2U")
	f.Add("z111")
	f.Add("uAQI")
	f.Fuzz(func(t *testing.T, text string) {
		b, err := DecodeMultibase(text, 100)
		if err != nil {
			return
		}
		if len(b) > 100 {
			t.Fatalf("%d bytes passed a limit of 100", len(b))
		}
		if text[0] == 'z' && EncodeMultibase(b) != text {
			t.Fatalf("%q encodes back to %q", text, EncodeMultibase(b))
		}
	})
}

// FuzzDER: what is read as a signature in DER has one spelling, and the numbers
// are those that were written.
func FuzzDER(f *testing.F) {
	f.Add([]byte("\x30\x06\x02\x01\x01\x02\x01\x01"))
	f.Add([]byte("\x30\x08\x02\x02\x00\x80\x02\x02\x00\xff"))
	for _, c := range wycheCases(f, "ecdsa_secp384r1_sha384_test.json") {
		f.Add(c.sig)
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		for _, size := range []int{32, 48} {
			sig, err := fromDER(der, size)
			if err != nil {
				continue
			}
			if len(sig) != 2*size || string(toDER(sig)) != string(der) {
				t.Fatalf("%x is read as %x and written as %x", der, sig, toDER(sig))
			}
		}
	})
}

// FuzzVerify: no key, message and signature make a verifier panic, and a batch
// gives the same answer.
func FuzzVerify(f *testing.F) {
	for i, c := range wycheCases(f, "ed25519_test.json") {
		if i%8 == 0 {
			f.Add(c.key, c.msg, c.sig)
		}
	}
	for i, c := range wycheCases(f, "ecdsa_secp256r1_sha256_p1363_test.json") {
		if i%16 == 0 {
			f.Add(c.key, c.msg, c.sig)
		}
	}
	f.Fuzz(func(t *testing.T, key, message, sig []byte) {
		keys := []crypto.PublicKey{ed25519.PublicKey(key)}
		for _, curve := range []elliptic.Curve{elliptic.P256(), elliptic.P384()} {
			if k, err := ecdsa.ParseUncompressedPublicKey(curve, key); err == nil {
				keys = append(keys, k)
			}
		}
		for _, k := range keys {
			want := Verify(k, message, sig)
			for _, b := range []Batch{&StdBatch{Workers: 1}, &voiBatch{}} {
				b.Add(k, message, sig)
				if all, each := b.Verify(); all != want || each[0] != want {
					t.Fatalf("%T says %v %v, Verify %v", b, all, each, want)
				}
			}
		}
	})
}
