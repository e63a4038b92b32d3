package baking

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// maxCredential is the size in bytes of the largest credential that is baked:
// that of a learner record.
const maxCredential = 10 << 20

// kinds of content.
const (
	contentJSON = iota
	contentJWS
	contentAddress
)

// checkContent refuses to bake what could not be read again. Its job is to find
// what was passed by mistake, so JSON is looked at only as far as it takes to
// know where it ends.
func checkContent(credential []byte, version string) (kind int, err error) {
	refuse := func(why string) (int, error) { return 0, fmt.Errorf("%w: %s", ErrCredential, why) }
	before3 := version == Version1 || version == Version2
	switch {
	case !before3 && version != Version3 && version != VersionCLR:
		return refuse("unknown version " + version)
	case len(credential) > maxCredential:
		return refuse("too large")
	case isJWT(credential):
		return contentJWS, nil
	case before3 && isAddress(credential):
		return contentAddress, nil
	case !utf8.Valid(credential):
		return refuse("not in UTF-8")
	case !isObject(credential):
		return refuse("neither a JSON object nor a compact JWS")
	}
	return contentJSON, nil
}

// isJWT reports whether b has the form of a compact JWS with a payload (RFC
// 7515, section 7.1).
func isJWT(b []byte) bool {
	dots, last := 0, -1
	for i, c := range b {
		switch {
		case c == '.':
			if dots++; i == last+1 || dots > 2 {
				return false
			}
			last = i
		case !base64URL[c]:
			return false
		}
	}
	return dots == 2 && last < len(b)-1
}

// base64URL are the characters of base64url.
var base64URL = func() (set [256]bool) {
	for c := range 256 {
		set[c] = 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_'
	}
	return set
}()

// isAddress reports whether b is a web address without anything around it.
func isAddress(b []byte) bool {
	if !bytes.HasPrefix(b, []byte("https://")) && !bytes.HasPrefix(b, []byte("http://")) {
		return false
	}
	for _, c := range b {
		if c <= ' ' || c >= 0x7f || c == '"' || c == '<' || c == '>' {
			return false
		}
	}
	return len(b) > len("https://") && len(b) <= 4096
}

// isObject reports whether b is one object in braces, with white space around
// it at most: every string and bracket is closed.
func isObject(b []byte) bool {
	b = bytes.Trim(b, " \t\r\n")
	if len(b) < 2 || b[0] != '{' {
		return false
	}
	depth := 0
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '"':
			if i = stringEnd(b, i+1); i < 0 {
				return false
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i == len(b)-1 && b[i] == '}'
			}
		}
	}
	return false
}

// stringEnd returns the position of the quotation mark that ends the string
// whose content starts at from, or -1.
func stringEnd(b []byte, from int) int {
	for {
		n := bytes.IndexByte(b[from:], '"')
		if n < 0 {
			return -1
		}
		end, slashes := from+n, 0
		for end-slashes > 0 && b[end-slashes-1] == '\\' {
			slashes++
		}
		if slashes%2 == 0 {
			return end
		}
		from = end + 1
	}
}
