package multikey

import (
	"errors"
	"fmt"
	"math/bits"
)

// base58Alphabet is the Bitcoin alphabet, as in draft-msporny-base58-03,
// section 2.
const base58Alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

// ErrEncoding is what every error about a text that is not properly base58,
// base64url or multibase wraps.
var ErrEncoding = errors.New("malformed encoding")

// base58Values maps a byte to its digit, or to 0xff where it is none.
var base58Values = func() (v [256]byte) {
	for i := range v {
		v[i] = 0xff
	}
	for i := range len(base58Alphabet) {
		v[base58Alphabet[i]] = byte(i)
	}
	return v
}()

// Base58Encode returns b in base58btc, without a multibase prefix. Each leading
// zero byte becomes a leading "1".
func Base58Encode(b []byte) string {
	zeros := 0
	for zeros < len(b) && b[zeros] == 0 {
		zeros++
	}
	rest := b[zeros:]
	// Five digits at a time are less work than one, and fit into 32 bits.
	var space [24]uint32
	limbs := space[:0] // least significant first
	for i := 0; i < len(rest); {
		n := 4
		if i == 0 && len(rest)%4 != 0 {
			n = len(rest) % 4
		}
		var carry uint64
		for _, c := range rest[i : i+n] {
			carry = carry<<8 | uint64(c)
		}
		i += n
		for j, limb := range limbs {
			carry += uint64(limb) << (8 * n)
			limbs[j] = uint32(carry % base58Limb)
			carry /= base58Limb
		}
		for ; carry > 0; carry /= base58Limb {
			limbs = append(limbs, uint32(carry%base58Limb))
		}
	}
	var digits [128]byte
	out := digits[:0]
	for range zeros {
		out = append(out, base58Alphabet[0])
	}
	start := len(out)
	for i := len(limbs) - 1; i >= 0; i-- {
		for unit, v := uint32(base58Limb/58), limbs[i]; unit > 0; unit /= 58 {
			if d := v / unit; d > 0 || len(out) > start {
				out = append(out, base58Alphabet[d])
			}
			v %= unit
		}
	}
	return string(out)
}

// base58Limb is 58⁵.
const base58Limb = 58 * 58 * 58 * 58 * 58

// Base58Decode returns the bytes that s, in base58btc without a multibase
// prefix, stands for. max is the greatest number of bytes wanted: the work
// grows with the square of the length, so longer texts are refused unread.
//
// Every byte string has exactly one base58 form, so there is nothing
// non-canonical to refuse beyond foreign characters. Errors wrap ErrEncoding.
func Base58Decode(s string, max int) ([]byte, error) {
	if len(s) > max*138/100+1 {
		return nil, fmt.Errorf("%w: base58 text of %d characters is longer than %d bytes need", ErrEncoding, len(s), max)
	}
	ones := 0
	for ones < len(s) && s[ones] == base58Alphabet[0] {
		ones++
	}
	var space [32]uint32
	limbs := space[:0] // least significant first
	for i := ones; i < len(s); {
		n := 5
		if i == ones && (len(s)-ones)%5 != 0 {
			n = (len(s) - ones) % 5
		}
		carry, factor := uint64(0), uint64(1)
		for end := i + n; i < end; i++ {
			digit := base58Values[s[i]]
			if digit == 0xff {
				return nil, fmt.Errorf("%w: %q at position %d is not a base58 digit", ErrEncoding, s[i], i)
			}
			carry = carry*58 + uint64(digit)
			factor *= 58
		}
		for j, limb := range limbs {
			carry += uint64(limb) * factor
			limbs[j] = uint32(carry)
			carry >>= 32
		}
		if carry > 0 {
			limbs = append(limbs, uint32(carry))
		}
	}
	size := 4 * len(limbs)
	if size > 0 {
		size -= bits.LeadingZeros32(limbs[len(limbs)-1]) / 8
	}
	if ones+size > max {
		return nil, fmt.Errorf("%w: %d bytes where at most %d are allowed", ErrEncoding, ones+size, max)
	}
	out := make([]byte, ones+size)
	for i := range size {
		out[len(out)-1-i] = byte(limbs[i/4] >> (i % 4 * 8))
	}
	return out, nil
}
