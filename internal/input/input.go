// Package input holds the rules for what people enter, wherever they enter it:
// what passes here can be stored on both engines and signed.
package input

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/roundel/roundel/credential"
)

// MaxAddress bounds a web address, in bytes.
const MaxAddress = 2000

// WebAddress reports whether s is a complete http or https address that can
// stand in a signed document: with a host, without user name or password, and
// without the characters that addresses cannot hold.
func WebAddress(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != "" && u.User == nil &&
		len(s) <= MaxAddress && credential.IsURI(s) && Text(s)
}

// Line returns s on one line: trimmed, with single spaces. It reports false
// when s is empty, longer than max characters, or holds characters that are
// not for reading.
func Line(s string, max int) (string, bool) {
	s = strings.Join(strings.Fields(s), " ")
	n := utf8.RuneCountInString(s)
	return s, n > 0 && n <= max && Text(s) && !strings.ContainsAny(s, "\u2028\u2029")
}

// Text reports whether s can be kept and shown as it is: valid UTF-8 without
// control characters other than tab and line ends, without characters that
// turn the direction of what follows, and without characters that stand for
// none.
func Text(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		switch {
		case r == '\t', r == '\n', r == '\r':
		case unicode.IsControl(r), r == utf8.RuneError, r&0xfffe == 0xfffe, r >= 0xfdd0 && r <= 0xfdef:
			return false
		case r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
			return false
		}
	}
	return true
}
