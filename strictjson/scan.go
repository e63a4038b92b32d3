package strictjson

import (
	"encoding/binary"
	"math/bits"
)

// Content says what is in a string besides plain ASCII. It is a set of bits.
type Content uint8

// What StringEnd tells of.
const (
	Escapes  Content = 1 << iota // a backslash: the value is not what is written
	NonASCII                     // bytes from 0x80 on, which may be no UTF-8
	Delete                       // the character U+007F, which other formats escape
)

const (
	ones = 0x0101010101010101 // times a byte: that byte eight times
	high = ones * 0x80
)

// StringEnd finds the end of a string whose first byte after the quotation mark
// is data[i]. It returns the place of the closing quotation mark and what the
// string contains; the place is -1 if there is none, or a control character
// before it.
//
// It goes through eight bytes at a time. What it returns is enough to know that
// a string without Escapes and NonASCII is valid and stands for its own bytes;
// other strings have yet to be checked.
func StringEnd(data []byte, i int) (int, Content) {
	var content Content
	above := uint64(0) // all bytes gone through, one over the other
	for {
		for i+8 <= len(data) {
			w := binary.LittleEndian.Uint64(data[i:])
			quote, slash, del := w^(ones*'"'), w^(ones*'\\'), w^(ones*0x7F)
			// The lowest byte that is marked is right; those above it may be not.
			hit := ((w-ones*0x20)&^w | (quote-ones)&^quote | (slash-ones)&^slash | (del-ones)&^del) & high
			if hit != 0 {
				k := bits.TrailingZeros64(hit) &^ 7
				above |= w & (1<<k - 1)
				i += k >> 3
				break
			}
			above |= w
			i += 8
		}
		if i >= len(data) {
			return -1, 0
		}
		switch c := data[i]; {
		case c == '"':
			if above&high != 0 {
				content |= NonASCII
			}
			return i, content
		case c == '\\':
			content |= Escapes
			i += 2
		case c < ' ':
			return -1, 0
		default:
			if c == 0x7F {
				content |= Delete
			}
			above |= uint64(c)
			i++
		}
	}
}

// space returns the place of the first byte from i on that is not white space.
func space(data []byte, i int) int {
	if i >= len(data) || data[i] > ' ' {
		return i
	}
	return spaces(data, i)
}

func spaces(data []byte, i int) int {
	for i < len(data) {
		switch data[i] {
		case ' ', '\n', '\t', '\r':
			i++
		default:
			return i
		}
		// Most white space is the indentation of a line.
		for i+8 <= len(data) {
			other := binary.LittleEndian.Uint64(data[i:]) ^ ones*' '
			if other != 0 {
				i += bits.TrailingZeros64(other) >> 3
				break
			}
			i += 8
		}
	}
	return i
}
