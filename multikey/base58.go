package multikey

import (
	"errors"
	"fmt"
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
	// 138/100 is a little more than log(256)/log(58).
	digits := make([]byte, 0, (len(b)-zeros)*138/100+1) // least significant first
	for _, c := range b[zeros:] {
		carry := int(c)
		for i, d := range digits {
			carry += int(d) << 8
			digits[i] = byte(carry % 58)
			carry /= 58
		}
		for ; carry > 0; carry /= 58 {
			digits = append(digits, byte(carry%58))
		}
	}
	out := make([]byte, zeros+len(digits))
	for i := range zeros {
		out[i] = base58Alphabet[0]
	}
	for i, d := range digits {
		out[len(out)-1-i] = base58Alphabet[d]
	}
	return string(out)
}

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
	value := make([]byte, 0, len(s)-ones) // least significant first
	for i := ones; i < len(s); i++ {
		carry := int(base58Values[s[i]])
		if carry == 0xff {
			return nil, fmt.Errorf("%w: %q at position %d is not a base58 digit", ErrEncoding, s[i], i)
		}
		for j, b := range value {
			carry += int(b) * 58
			value[j] = byte(carry)
			carry >>= 8
		}
		for ; carry > 0; carry >>= 8 {
			value = append(value, byte(carry))
		}
	}
	if ones+len(value) > max {
		return nil, fmt.Errorf("%w: %d bytes where at most %d are allowed", ErrEncoding, ones+len(value), max)
	}
	out := make([]byte, ones+len(value))
	for i, b := range value {
		out[len(out)-1-i] = b
	}
	return out, nil
}
