package multikey

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"io"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

// device is a key that we do not see, and that answers what it likes.
type device struct {
	crypto.Signer
	answer func(der []byte) ([]byte, error)
}

func (d device) Sign(r io.Reader, hash []byte, o crypto.SignerOpts) ([]byte, error) {
	der, err := d.Signer.Sign(r, hash, o)
	if err != nil {
		return nil, err
	}
	return d.answer(der)
}

func ecdsaKey(t testing.TB, curve elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestSignECDSA(t *testing.T) {
	for curve, size := range map[elliptic.Curve]int{elliptic.P256(): 32, elliptic.P384(): 48} {
		key := ecdsaKey(t, curve)
		rapid.Check(t, func(t *rapid.T) {
			hash := rapid.SliceOfN(rapid.Byte(), size, size).Draw(t, "hash")
			sig, err := SignECDSA(device{key, func(der []byte) ([]byte, error) { return der, nil }}, rand.Reader, hash)
			if err != nil || len(sig) != 2*size || !VerifyECDSA(&key.PublicKey, hash, sig) {
				t.Fatalf("signature %x, %v", sig, err)
			}
			bit := rapid.IntRange(0, 8*len(sig)-1).Draw(t, "bit")
			sig[bit/8] ^= 1 << (bit % 8)
			if VerifyECDSA(&key.PublicKey, hash, sig) {
				t.Fatalf("a changed signature verifies")
			}
		})
	}
}

func TestSignECDSARefuses(t *testing.T) {
	key := ecdsaKey(t, elliptic.P256())
	hash := make([]byte, 32)
	unplugged := errors.New("unplugged")
	der := func(answer string) device {
		return device{key, func([]byte) ([]byte, error) { return []byte(answer), nil }}
	}
	for name, c := range map[string]struct {
		key  crypto.Signer
		hash []byte
		want error
	}{
		"broken":         {device{key, func([]byte) ([]byte, error) { return nil, unplugged }}, hash, unplugged},
		"empty":          {der(""), hash, ErrEncoding},
		"raw":            {der(string(make([]byte, 64))), hash, ErrEncoding},
		"zeros":          {der("\x30\x06\x02\x01\x00\x02\x01\x00"), hash, ErrEncoding},
		"negative":       {der("\x30\x06\x02\x01\xff\x02\x01\x01"), hash, ErrEncoding},
		"long length":    {der("\x30\x81\x06\x02\x01\x01\x02\x01\x01"), hash, ErrEncoding},
		"padded":         {der("\x30\x07\x02\x02\x00\x01\x02\x01\x01"), hash, ErrEncoding},
		"trailing":       {der("\x30\x06\x02\x01\x01\x02\x01\x01\x00"), hash, ErrEncoding},
		"trailing inner": {der("\x30\x09\x02\x01\x01\x02\x01\x01\x02\x01\x01"), hash, ErrEncoding},
		"too large":      {der("\x30\x26\x02\x21\x01" + string(make([]byte, 32)) + "\x02\x01\x01"), hash, ErrEncoding},
		"short hash":     {key, hash[:20], ErrKey},
		"P-224":          {ecdsaKey(t, elliptic.P224()), hash, ErrUnsupported},
		"Ed25519":        {ed25519.NewKeyFromSeed(hash), hash, ErrUnsupported},
	} {
		if sig, err := SignECDSA(c.key, rand.Reader, c.hash); !errors.Is(err, c.want) {
			t.Errorf("%s: %x, %v", name, sig, err)
		}
	}
}

// TestVerifyECDSARefuses: numbers out of range, other lengths and other keys.
func TestVerifyECDSARefuses(t *testing.T) {
	key, wide := ecdsaKey(t, elliptic.P256()), ecdsaKey(t, elliptic.P384())
	hash := bytes.Repeat([]byte{7}, 32)
	good, err := SignECDSA(key, rand.Reader, hash)
	if err != nil {
		t.Fatal(err)
	}
	if !VerifyECDSA(&key.PublicKey, hash, good) {
		t.Fatal("a good signature is refused")
	}
	r, s := new(big.Int).SetBytes(good[:32]), new(big.Int).SetBytes(good[32:])
	n := elliptic.P256().Params().N
	pair := func(r, s *big.Int) []byte {
		sig := make([]byte, 64)
		r.FillBytes(sig[:32])
		s.FillBytes(sig[32:])
		return sig
	}
	zero := new(big.Int)
	for name, sig := range map[string][]byte{
		"empty": nil, "r and s zero": make([]byte, 64), "r zero": pair(zero, s), "s zero": pair(r, zero),
		"r = n": pair(n, s), "s = n": pair(r, n), "all ones": bytes.Repeat([]byte{0xff}, 64),
		"swapped": pair(s, r), "short": good[:63], "long": append(bytes.Clone(good), 0), "half": good[:32],
		"of P-384's size": append(make([]byte, 32), good...),
		"in DER":          toDER(good),
	} {
		if VerifyECDSA(&key.PublicKey, hash, sig) {
			t.Errorf("signature %s is accepted", name)
		}
	}
	for name, k := range map[string]*ecdsa.PublicKey{
		"nil": nil, "empty": {}, "off the curve": {Curve: elliptic.P256(), X: big.NewInt(1), Y: big.NewInt(1)},
		"infinity": {Curve: elliptic.P256(), X: new(big.Int), Y: new(big.Int)}, "P-384": &wide.PublicKey,
		"another": &ecdsaKey(t, elliptic.P256()).PublicKey,
	} {
		if VerifyECDSA(k, hash, good) || Verify(k, []byte("x"), good) {
			t.Errorf("key %s is accepted", name)
		}
	}
	if VerifyECDSA(&key.PublicKey, hash[:31], good) || VerifyECDSA(&key.PublicKey, nil, good) {
		t.Error("a short hash is accepted")
	}
	// s and n-s are both right: RFC 6979 and P1363 do not choose one, and the
	// cryptosuites do not either.
	if !VerifyECDSA(&key.PublicKey, hash, pair(r, new(big.Int).Sub(n, s))) {
		t.Error("the other s is refused")
	}
}

// TestDER: what we write reads back as the same numbers.
func TestDER(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.SampledFrom([]int{32, 48}).Draw(t, "size")
		sig := rapid.SliceOfN(rapid.Byte(), 2*size, 2*size).Draw(t, "signature")
		clear(sig[:rapid.IntRange(0, size-1).Draw(t, "zeros of r")])
		clear(sig[size : size+rapid.IntRange(0, size-1).Draw(t, "zeros of s")])
		sig[size-1] |= 1
		sig[2*size-1] |= 1
		back, err := fromDER(toDER(sig), size)
		if err != nil || !bytes.Equal(back, sig) {
			t.Fatalf("%x is read as %x, %v", toDER(sig), back, err)
		}
	})
}
