package proof

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
)

// blankName is the label of a blank node that stands in signed statements.
func blankName(sum []byte) string { return "u" + base64.RawURLEncoding.EncodeToString(sum) }

// relabel gives the blank nodes of canonical N-Quads other names and returns the
// lines, sorted ("labelReplacementCanonicalizeNQuads", vc-di-ecdsa 1.0, section
// 3.4.1). names must have one for each blank node, and none besides. What looks
// like a label inside a literal is none.
func relabel(nquads []byte, names map[string]string) ([]string, error) {
	lines := strings.SplitAfter(string(nquads), "\n")
	lines = lines[:len(lines)-1]
	used := make(map[string]bool, len(names))
	for i, line := range lines {
		if !strings.Contains(line, "_:") {
			continue
		}
		var b strings.Builder
		for rest := line; rest != ""; {
			end := termEnd(rest)
			term := rest[:end]
			if label, ok := strings.CutPrefix(term, "_:"); ok {
				name := names[label]
				if name == "" {
					return nil, fmt.Errorf("the blank node %.40s has no name", label)
				}
				used[label] = true
				term = "_:" + name
			}
			b.WriteString(term)
			space := min(end+1, len(rest)) // a space between terms, the line feed after the full stop
			b.WriteString(rest[end:space])
			rest = rest[space:]
		}
		lines[i] = b.String()
	}
	if len(used) != len(names) {
		return nil, fmt.Errorf("%d blank nodes have %d names", len(used), len(names))
	}
	slices.Sort(lines)
	return lines, nil
}

// termEnd is where the first term of a line of canonical N-Quads ends. Spaces
// are in literals only, and quotation marks inside those have a backslash.
func termEnd(s string) int {
	i := 0
	if s[0] == '"' {
		for i = 1; i < len(s) && s[i] != '"'; i++ {
			if s[i] == '\\' {
				i++
			}
		}
	}
	for i < len(s) && s[i] != ' ' && s[i] != '\n' {
		i++
	}
	return min(i, len(s))
}
