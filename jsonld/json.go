package jsonld

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
)

// canonicalJSON writes a tree in the canonical form of RFC 8785, which is the
// lexical form of JSON literals (JSON-LD 1.1 API, section 8.2.2, step 6).
func canonicalJSON(v any) (string, error) {
	b, err := appendJSON(nil, v)
	return string(b), err
}

func appendJSON(b []byte, v any) ([]byte, error) {
	var err error
	switch v := v.(type) {
	case nil:
		return append(b, "null"...), nil
	case bool:
		return strconv.AppendBool(b, v), nil
	case string:
		return appendJSONString(b, v), nil
	case json.Number:
		f, err := strconv.ParseFloat(string(v), 64)
		if err != nil {
			return nil, &LossError{Msg: fmt.Sprintf("the number %.100s is out of range", v)}
		}
		if f == math.Trunc(f) && math.Abs(f) < 1e21 {
			if _, err := wholeNumber(string(v), f); err != nil {
				return nil, err
			}
		}
		return appendJSON(b, f)
	case int:
		return appendJSON(b, float64(v))
	case float64:
		return appendJSONNumber(b, v)
	case []any:
		b = append(b, '[')
		for i, item := range v {
			if i > 0 {
				b = append(b, ',')
			}
			if b, err = appendJSON(b, item); err != nil {
				return nil, err
			}
		}
		return append(b, ']'), nil
	case map[string]any:
		b = append(b, '{')
		for i, key := range slices.SortedFunc(maps.Keys(v), compareUTF16) {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(appendJSONString(b, key), ':')
			if b, err = appendJSON(b, v[key]); err != nil {
				return nil, err
			}
		}
		return append(b, '}'), nil
	default:
		return nil, &InvalidError{Err: fmt.Errorf("a JSON literal with the odd type %T", v)}
	}
}

// compareUTF16 orders strings by their UTF-16 code units, which differs from
// the order of bytes above U+FFFF.
func compareUTF16(a, b string) int {
	return slices.Compare(utf16.Encode([]rune(a)), utf16.Encode([]rune(b)))
}

// appendJSONNumber writes a number as JavaScript does.
func appendJSONNumber(b []byte, f float64) ([]byte, error) {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return nil, &LossError{Msg: "a number is out of range"}
	}
	if f == 0 {
		return append(b, '0'), nil
	}
	if size := math.Abs(f); size >= 1e-6 && size < 1e21 {
		return strconv.AppendFloat(b, f, 'f', -1, 64), nil
	}
	text := strconv.FormatFloat(f, 'e', -1, 64)
	// Go pads the exponent to two digits.
	text = strings.Replace(text, "e-0", "e-", 1)
	return append(b, strings.Replace(text, "e+0", "e+", 1)...), nil
}

func appendJSONString(b []byte, s string) []byte {
	b = append(b, '"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c >= 0x20:
			b = append(b, c)
		default:
			if at := strings.IndexByte("\b\t\n\f\r", c); at >= 0 {
				b = append(b, '\\', "btnfr"[at])
				continue
			}
			const hex = "0123456789abcdef"
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
	}
	return append(b, '"')
}
