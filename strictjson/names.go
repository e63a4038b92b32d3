package strictjson

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// names holds the member names of one object. Most objects are small, and a
// short list is cheaper than a map.
type names struct {
	few  [fewNames]string // as written
	n    int
	many map[string]string // folded to written, once few is full
}

const fewNames = 16

// add records a name. If an equal one (after folding) is there, add returns it
// as it was written, and true.
func (n *names) add(written string) (string, bool) {
	if n.many != nil {
		folded := fold(written)
		before, dup := n.many[folded]
		if !dup {
			n.many[folded] = written
		}
		return before, dup
	}
	for _, before := range n.few[:n.n] {
		if equal(before, written) {
			return before, true
		}
	}
	n.few[n.n] = written
	if n.n++; n.n == fewNames {
		n.many = make(map[string]string, 2*fewNames)
		for _, one := range n.few {
			n.many[fold(one)] = one
		}
	}
	return "", false
}

// equal reports whether fold makes the same of a and b.
func equal(a, b string) bool {
	if len(a) > 0 && len(b) > 0 && a[0] < utf8.RuneSelf && b[0] < utf8.RuneSelf {
		// Letters differ from their other case in one bit; so do some other
		// characters, which are then told apart below. The Kelvin sign and the long
		// s are not ASCII.
		if (a[0]^b[0])&^0x20 != 0 {
			return false
		}
	}
	return strings.EqualFold(a, b)
}

// fold maps names that encoding/json takes for the same field (simple Unicode
// case folding) to one string: each character to the smallest of those it
// folds to. The Kelvin sign therefore equals K, and the long s equals S.
func fold(s string) string {
	same := true
	for i := 0; i < len(s) && same; i++ {
		same = s[i] < utf8.RuneSelf && (s[i] < 'a' || s[i] > 'z')
	}
	if same {
		return s
	}
	out := make([]byte, 0, len(s))
	for _, r := range s {
		out = utf8.AppendRune(out, foldRune(r))
	}
	return string(out)
}

func foldRune(r rune) rune {
	if 'a' <= r && r <= 'z' {
		return r - 'a' + 'A'
	}
	for {
		next := unicode.SimpleFold(r)
		if next <= r { // the cycle starts again at its smallest member
			return next
		}
		r = next
	}
}
