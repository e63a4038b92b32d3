package strictjson

import (
	"bytes"
	"slices"
	"unicode/utf16"
	"unicode/utf8"
)

// AppendString appends the value of a JSON string to dst: literal is the string
// as written, with its quotes and nothing around it. It accepts what Check
// accepts. The error is an *Error, and dst is returned as it was.
func AppendString(dst, literal []byte) ([]byte, error) {
	if len(literal) > 1 && literal[0] == '"' {
		if end, content := StringEnd(literal, 1); end == len(literal)-1 {
			if out, ok := appendText(dst, literal[1:end], content); ok {
				return out, nil
			}
		}
	}
	at, msg := fault(literal)
	return dst, &Error{Offset: at, Msg: msg}
}

// appendText appends the value of a string whose end and content StringEnd has
// found. It reports whether the string is valid; dst is as it was if it is not.
func appendText(dst, text []byte, content Content) ([]byte, bool) {
	if content&NonASCII != 0 && !utf8.Valid(text) {
		return dst, false
	}
	if content&Escapes == 0 {
		return append(dst, text...), true
	}
	out := slices.Grow(dst, len(text)) // no value is longer than it is written
	for {
		i := bytes.IndexByte(text, '\\')
		if i < 0 {
			return append(out, text...), true
		}
		r, length := escape(text[i:])
		if length == 0 {
			return dst, false
		}
		out = utf8.AppendRune(append(out, text[:i]...), r)
		text = text[i+length:]
	}
}

// fault says what is wrong with a string that is not valid, and where. The string
// may go on to the end of the document.
func fault(literal []byte) (at int, msg string) {
	if len(literal) == 0 || literal[0] != '"' {
		return 0, "expected a string in quotes"
	}
	for i := 1; i < len(literal); {
		r, size := utf8.DecodeRune(literal[i:])
		switch {
		case r == '"':
			return i + 1, "unexpected bytes after the value"
		case r == '\\':
			if r, size = escape(literal[i:]); r == loneSurrogate {
				return i, "a lone surrogate escape"
			} else if size == 0 {
				return i, "an invalid escape"
			}
		case r < 0x20:
			return i, "a control character in a string must be written as an escape"
		case r == utf8.RuneError && size == 1:
			return i, "invalid UTF-8"
		}
		i += size
	}
	return len(literal), "a string that does not end"
}

const loneSurrogate = -1

// escape reads the escape sequence that text begins with, or two that make up a
// surrogate pair, and returns their length. A length of 0 means that they are
// invalid; the character then tells whether for a lone surrogate.
func escape(text []byte) (r rune, length int) {
	if len(text) < 2 {
		return 0, 0
	}
	switch text[1] {
	case '"', '\\', '/':
		return rune(text[1]), 2
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	}
	r, ok := unit(text)
	switch {
	case !ok:
		return 0, 0
	case !utf16.IsSurrogate(r):
		return r, 6
	}
	if low, ok := unit(text[6:]); ok {
		if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
			return pair, 12
		}
	}
	return loneSurrogate, 0
}

// unit reads \u and four digits at the start of text.
func unit(text []byte) (r rune, ok bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	for _, c := range text[2:6] {
		switch {
		case isDigit(c):
			r = r<<4 | rune(c-'0')
		case 'a' <= c && c <= 'f':
			r = r<<4 | rune(c-'a'+10)
		case 'A' <= c && c <= 'F':
			r = r<<4 | rune(c-'A'+10)
		default:
			return 0, false
		}
	}
	return r, true
}
