package multikey

import (
	"bytes"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

// TestBase58Numbers compares with base 58 as big numbers define it.
func TestBase58Numbers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "bytes")
		if rapid.Bool().Draw(t, "zeros inside") && len(b) > 9 {
			clear(b[len(b)/3 : len(b)/3+6])
		}
		if rapid.Bool().Draw(t, "zeros before") {
			b = append(make([]byte, rapid.IntRange(0, 9).Draw(t, "zeros")), b...)
		}
		var want []byte
		for n, base, d := new(big.Int).SetBytes(b), big.NewInt(58), new(big.Int); n.Sign() > 0; {
			n.DivMod(n, base, d)
			want = append([]byte{base58Alphabet[d.Int64()]}, want...)
		}
		want = append(bytes.Repeat([]byte("1"), len(b)-len(bytes.TrimLeft(b, "\x00"))), want...)
		got := Base58Encode(b)
		if got != string(want) {
			t.Fatalf("%x is %s, want %s", b, got, want)
		}
		back, err := Base58Decode(got, len(b))
		if err != nil || !bytes.Equal(back, b) {
			t.Fatalf("%s is %x, %v, want %x", got, back, err, b)
		}
	})
}

func BenchmarkBase58(b *testing.B) {
	sig := bytes.Repeat([]byte{0xa7}, 64)
	text := Base58Encode(sig)
	b.Run("encode", func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			Base58Encode(sig)
		}
	})
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			if _, err := Base58Decode(text, 64); err != nil {
				b.Fatal(err)
			}
		}
	})
}
