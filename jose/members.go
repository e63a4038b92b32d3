package jose

import (
	"bytes"
	"slices"

	"github.com/roundel/roundel/strictjson"
)

// next returns the next member of an object in a text that strictjson has checked
// before: nothing is checked again here. i is the place after the object's brace
// or after the member before; more is false if there is no other.
func next(text []byte, i int) (m strictjson.Member, more bool) {
	if i = skipSpace(text, i); text[i] == ',' {
		i = skipSpace(text, i+1)
	}
	if text[i] == '}' {
		return m, false
	}
	m.Start = i
	i = skipString(text, i)
	m.Name = unquote(text[m.Start:i])
	i = skipSpace(text, i) + 1 // the colon
	m.Value = skipSpace(text, i)
	m.End = skipValue(text, m.Value)
	return m, true
}

func skipSpace(text []byte, i int) int {
	for text[i] == ' ' || text[i] == '\n' || text[i] == '\t' || text[i] == '\r' {
		i++
	}
	return i
}

// skipString returns where the string that starts at i has ended.
func skipString(text []byte, i int) int {
	end, _ := strictjson.StringEnd(text, i+1)
	return end + 1
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

// unquote returns the value of a string in a checked text.
func unquote(literal []byte) string {
	if bytes.IndexByte(literal, '\\') < 0 {
		return string(literal[1 : len(literal)-1])
	}
	value, _ := strictjson.AppendString(nil, literal)
	return string(value)
}

// cut returns an object without those members called names, of which it has
// count. The bytes of all others stay as they are, so that a document comes out
// of a token as it was put in.
func cut(text []byte, names []string, count int) []byte {
	if count == 0 {
		return text
	}
	out := make([]byte, 0, len(text))
	out = append(out, '{')
	end := skipSpace(text, 0) + 1 // of the member before
	kept := 0                     // where the text that is still to be copied starts; 0: nothing is
	for first := true; ; first = false {
		m, _ := next(text, end)
		switch {
		case !slices.Contains(names, m.Name):
			if kept > 0 {
				break
			}
			kept = m.Start
			if len(out) > 1 {
				out = append(out, ',')
			} else if !first {
				kept = skipSpace(text, end) + 1 // after the comma, with the space
			}
		case kept > 0:
			out = append(out, text[kept:end]...)
			kept = 0
			count--
		default:
			count--
		}
		if end = m.End; count == 0 {
			return append(out, rest(text, end, len(out) > 1)...)
		}
	}
}

// rest returns what stays of a text whose last cut has ended at end.
func rest(text []byte, end int, more bool) []byte {
	switch i := skipSpace(text, end); {
	case text[i] == '}':
		return text[i : i+1]
	case more:
		return append([]byte{','}, text[skipSpace(text, i+1):]...)
	default:
		return text[i+1:]
	}
}

// outline reads of a credential, a checked text with its members, only what its
// claims repeat: a small tree with the ids and dates.
func outline(text []byte, members []strictjson.Member) (tree map[string]any, err error) {
	tree = make(map[string]any, 8)
	for _, m := range members {
		switch value := text[m.Value:m.End]; m.Name {
		case "issuer", "credentialSubject":
			tree[m.Name], err = onlyID(value)
		case "id", "validFrom", "validUntil":
			tree[m.Name], err = decodeValue(value)
		}
		if err != nil {
			return nil, err
		}
	}
	return tree, nil
}

// onlyID reads of an object its id, and anything else whole.
func onlyID(text []byte) (any, error) {
	if text[0] != '{' {
		return decodeValue(text)
	}
	for m, more := next(text, 1); more; m, more = next(text, m.End) {
		if m.Name == "id" {
			id, err := decodeValue(text[m.Value:m.End])
			return map[string]any{"id": id}, err
		}
	}
	return map[string]any{}, nil
}

func decodeValue(value []byte) (any, error) {
	if value[0] == '"' {
		return unquote(value), nil
	}
	return strictjson.Decode(value, strictjson.Limits{MaxBytes: len(value)})
}
