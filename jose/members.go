package jose

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/roundel/roundel/strictjson"
)

// member is one member of a JSON object, by where it stands in the text.
type member struct {
	name  string
	start int // of the name, at its quotation mark
	value int // of the value
	end   int // after the value
}

// members finds the members of an object in a text that strictjson has checked
// before and that is an object: nothing is checked again here.
func members(text []byte) []member {
	var out []member
	i := skipSpace(text, 0) + 1 // after the brace
	for {
		i = skipSpace(text, i)
		if text[i] == '}' {
			return out
		}
		if text[i] == ',' {
			i++
			continue
		}
		m := member{start: i}
		i = skipString(text, i)
		m.name = unquote(text[m.start:i])
		i = skipSpace(text, i) + 1 // the colon
		m.value = skipSpace(text, i)
		i = skipValue(text, m.value)
		m.end = i
		out = append(out, m)
	}
}

func skipSpace(text []byte, i int) int {
	for text[i] == ' ' || text[i] == '\n' || text[i] == '\t' || text[i] == '\r' {
		i++
	}
	return i
}

// skipString returns where the string that starts at i has ended.
func skipString(text []byte, i int) int {
	for i++; text[i] != '"'; i++ {
		if text[i] == '\\' {
			i++
		}
	}
	return i + 1
}

func skipValue(text []byte, i int) int {
	depth := 0
	for ; i < len(text); i++ {
		switch text[i] {
		case '"':
			if i = skipString(text, i); depth == 0 {
				return i
			}
			i--
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return i // a number or a word ended here
			}
			if depth--; depth == 0 {
				return i + 1
			}
		case ',', ' ', '\n', '\t', '\r':
			if depth == 0 {
				return i
			}
		}
	}
	return i
}

func unquote(literal []byte) string {
	if bytes.IndexByte(literal, '\\') < 0 {
		return string(literal[1 : len(literal)-1])
	}
	var s string
	// The literal is checked, and json reads what strictjson reads.
	_ = json.Unmarshal(literal, &s)
	return s
}

// cut returns an object without the members called names. The bytes of all
// others stay as they are, so that a document comes out of a token as it was put
// in.
func cut(text []byte, names []string) []byte {
	all := members(text)
	if !slices.ContainsFunc(all, func(m member) bool { return slices.Contains(names, m.name) }) {
		return text
	}
	out := make([]byte, 0, len(text))
	out = append(out, '{')
	kept := 0 // where the text that is still to be copied starts; 0: nothing is
	for n, m := range all {
		if !slices.Contains(names, m.name) {
			if kept == 0 {
				if len(out) > 1 {
					out = append(out, ',')
				}
				kept = m.start
				if n > 0 && len(out) == 1 {
					kept = all[n-1].end + 1 + bytes.IndexByte(text[all[n-1].end:m.start], ',') // with the space before it
				}
			}
			continue
		}
		if kept > 0 {
			out = append(out, text[kept:all[n-1].end]...)
			kept = 0
		}
	}
	if kept == 0 {
		return append(out, '}')
	}
	return append(out, text[kept:]...)
}

// outline reads of a credential, a checked text, only what its claims repeat: a
// small tree with those members, and with an empty value for every other one.
func outline(text []byte) (map[string]any, error) {
	tree := map[string]any{}
	for _, m := range members(text) {
		value := text[m.value:m.end]
		var err error
		switch m.name {
		case "id", "issuer", "validFrom", "validUntil":
			tree[m.name], err = strictjson.Decode(value, strictjson.Limits{MaxBytes: len(value)})
		case "credentialSubject":
			if tree[m.name] = map[string]any{}; value[0] == '{' {
				for _, inner := range members(value) {
					if inner.name == "id" {
						id := value[inner.value:inner.end]
						tree[m.name].(map[string]any)["id"], err = strictjson.Decode(id, strictjson.Limits{MaxBytes: len(id)})
					}
				}
			} else {
				tree[m.name], err = strictjson.Decode(value, strictjson.Limits{MaxBytes: len(value)})
			}
		default:
			tree[m.name] = nil
		}
		if err != nil {
			return nil, err
		}
	}
	return tree, nil
}
