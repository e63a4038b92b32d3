package jcs

import (
	"fmt"
	"strconv"

	"github.com/roundel/roundel/strictjson"
)

// parseNumber reads the text of a JSON number as the nearest double.
func parseNumber(s string) (float64, error) {
	// Most numbers are short integers. Everything else has its grammar checked,
	// since ParseFloat takes hexadecimal, underscores and infinities as well.
	if n, ok := smallInteger(s); ok {
		return n, nil
	}
	if s == "" || s[0] != '-' && (s[0] < '0' || s[0] > '9') || s[len(s)-1] < '0' || s[len(s)-1] > '9' || strictjson.Check([]byte(s), strictjson.Limits{}) != nil {
		return 0, fmt.Errorf("%w: %.40q is not a JSON number", ErrNumber, s)
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil { // the grammar is right, so it can only be too large
		return 0, fmt.Errorf("%w: %.40s is beyond the range of a double", ErrNumber, s)
	}
	return f, nil
}

// smallInteger reads up to 15 digits, which a double holds exactly.
func smallInteger(s string) (float64, bool) {
	if s == "" || len(s) > 15 || len(s) > 1 && s[0] == '0' {
		return 0, false
	}
	var n int64
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int64(s[i]-'0')
	}
	return float64(n), true
}

// appendNumber appends a finite f as ECMAScript's Number::toString prints it
// (ECMA-262, 10th edition, section 7.1.12.1; RFC 8785, section 3.2.2.3).
func appendNumber(dst []byte, f float64) []byte {
	if f == 0 {
		return append(dst, '0') // minus zero too
	}
	if f < 0 {
		dst = append(dst, '-')
		f = -f
	}
	// strconv finds the shortest digits that read back as f, and among those the
	// nearest to f, as the standard asks: "d.ddde±xx".
	var buf [32]byte
	text := strconv.AppendFloat(buf[:0], f, 'e', -1, 64)
	e := len(text) - 1
	for text[e] != 'e' {
		e--
	}
	exponent, _ := strconv.Atoi(string(text[e+1:]))
	digits := text[:1]
	if e > 2 {
		digits = append(digits, text[2:e]...) // closes the gap of the point
	}
	// The value is 0.DIGITS times ten to the power of point.
	k, point := len(digits), exponent+1
	switch {
	case k <= point && point <= 21:
		dst = append(dst, digits...)
		return appendZeros(dst, point-k)
	case 0 < point && point <= 21:
		dst = append(dst, digits[:point]...)
		dst = append(dst, '.')
		return append(dst, digits[point:]...)
	case -6 < point && point <= 0:
		dst = append(dst, "0."...)
		dst = appendZeros(dst, -point)
		return append(dst, digits...)
	}
	dst = append(dst, digits[0])
	if k > 1 {
		dst = append(dst, '.')
		dst = append(dst, digits[1:]...)
	}
	dst = append(dst, 'e')
	if exponent > 0 {
		dst = append(dst, '+')
	}
	return strconv.AppendInt(dst, int64(exponent), 10)
}

func appendZeros(dst []byte, n int) []byte {
	for range n {
		dst = append(dst, '0')
	}
	return dst
}
