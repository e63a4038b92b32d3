package strictjson

import (
	"unicode"
	"unicode/utf8"
)

// names holds the member names of one object under their folded form. Most
// objects are small, and a short list is cheaper than a map.
type names struct {
	few  []name
	many map[string]string // folded to written, once few is full
}

type name struct{ folded, written string }

const fewNames = 16

// add records a name. If an equal one (after folding) is there, add returns it
// as it was written, and true.
func (n *names) add(written string) (string, bool) {
	folded := fold(written)
	if n.many != nil {
		before, dup := n.many[folded]
		if !dup {
			n.many[folded] = written
		}
		return before, dup
	}
	for _, f := range n.few {
		if f.folded == folded {
			return f.written, true
		}
	}
	n.few = append(n.few, name{folded, written})
	if len(n.few) == fewNames {
		n.many = make(map[string]string, 2*fewNames)
		for _, f := range n.few {
			n.many[f.folded] = f.written
		}
	}
	return "", false
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
