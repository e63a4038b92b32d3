// Package jcs writes JSON in the one canonical form of the JSON Canonicalization
// Scheme (RFC 8785): members sorted by UTF-16 code units, no white space,
// strings with the fewest escapes, numbers as ECMAScript prints them.
//
// Signatures of eddsa-jcs-2022 and ecdsa-jcs-2019 are made over this form.
//
// RFC 8785 takes every number for an IEEE 754 double. Two texts that round to
// the same double, such as 1 and 1.0, therefore have the same canonical form:
// who reads a signed document should read its numbers as doubles too.
package jcs

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/roundel/roundel/strictjson"
)

var (
	// ErrNumber is what errors wrap about a number that no IEEE 754 double holds:
	// too large, or not a JSON number at all (RFC 8785, section 3.2.2.3).
	ErrNumber = errors.New("number has no canonical form")
	// ErrValue is what errors wrap about a value that is not of JSON: a Go type
	// that strictjson.Decode does not make, or a string that is not valid UTF-8.
	ErrValue = errors.New("value has no canonical form")
)

// Transform reads one JSON value strictly (see strictjson, with its default
// limits) and returns it in canonical form.
//
// The error is a *strictjson.Error or wraps ErrNumber.
func Transform(data []byte) ([]byte, error) {
	tree, err := strictjson.Decode(data, strictjson.Limits{})
	if err != nil {
		return nil, err
	}
	return Append(make([]byte, 0, len(data)), tree)
}

// Canonicalize returns the canonical form of a tree as strictjson.Decode makes
// it: map[string]any, []any, string, json.Number, bool and nil. float64 is
// taken too, for trees that a program builds.
//
// Errors wrap ErrNumber or ErrValue.
func Canonicalize(v any) ([]byte, error) {
	return Append(nil, v)
}

// Append appends the canonical form of v to dst and returns the longer slice;
// else it is as Canonicalize. After an error the returned slice is nil.
func Append(dst []byte, v any) ([]byte, error) {
	w := writer{out: dst}
	if err := w.value(v); err != nil {
		return nil, err
	}
	return w.out, nil
}

// writer holds the text so far and, as a stack, the sorted names of the
// objects that are being written.
type writer struct {
	out   []byte
	names []string
}

func (w *writer) value(v any) error {
	switch v := v.(type) {
	case nil:
		w.out = append(w.out, "null"...)
	case bool:
		if v {
			w.out = append(w.out, "true"...)
		} else {
			w.out = append(w.out, "false"...)
		}
	case string:
		return w.text(v)
	case json.Number:
		f, err := parseNumber(string(v))
		if err != nil {
			return err
		}
		w.out = appendNumber(w.out, f)
	case float64:
		if v-v != 0 { // infinite or not a number
			return fmt.Errorf("%w: %v", ErrNumber, v)
		}
		w.out = appendNumber(w.out, v)
	case []any:
		return w.array(v)
	case map[string]any:
		return w.object(v)
	default:
		return fmt.Errorf("%w: Go type %T", ErrValue, v)
	}
	return nil
}

func (w *writer) array(list []any) error {
	w.out = append(w.out, '[')
	for i, v := range list {
		if i > 0 {
			w.out = append(w.out, ',')
		}
		if err := w.value(v); err != nil {
			return err
		}
	}
	w.out = append(w.out, ']')
	return nil
}

func (w *writer) object(members map[string]any) error {
	base := len(w.names)
	for name := range members {
		w.names = append(w.names, name)
	}
	// An inner object may move the stack elsewhere; ours stays what it is.
	own := w.names[base:]
	slices.SortFunc(own, compareUTF16)
	w.out = append(w.out, '{')
	for i, name := range own {
		if i > 0 {
			w.out = append(w.out, ',')
		}
		if err := w.text(name); err != nil {
			return err
		}
		w.out = append(w.out, ':')
		if err := w.value(members[name]); err != nil {
			return err
		}
	}
	w.out = append(w.out, '}')
	w.names = w.names[:base]
	return nil
}

// compareUTF16 orders two texts by their UTF-16 code units (RFC 8785, section
// 3.2.3). UTF-8 sorts the same way, but for one thing: characters beyond the
// Basic Multilingual Plane (first byte F0 and up) are surrogates D800 to DFFF in
// UTF-16, and stand before E000 to FFFF (first byte EE or EF).
func compareUTF16(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		x, y := a[i], b[i]
		if x == y {
			continue
		}
		if x >= 0xee && y >= 0xee && (x >= 0xf0) != (y >= 0xf0) {
			x, y = y, x
		}
		return int(x) - int(y)
	}
	return len(a) - len(b)
}

const hexDigits = "0123456789abcdef"

// text writes a string with the escapes of RFC 8785, section 3.2.2.2, and no
// others.
func (w *writer) text(s string) error {
	if !utf8.ValidString(s) {
		return fmt.Errorf("%w: a string that is not valid UTF-8", ErrValue)
	}
	w.out = append(w.out, '"')
	done := 0
	for i := range len(s) {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		w.out = append(w.out, s[done:i]...)
		done = i + 1
		switch c {
		case '"', '\\':
			w.out = append(w.out, '\\', c)
		case '\b':
			w.out = append(w.out, '\\', 'b')
		case '\t':
			w.out = append(w.out, '\\', 't')
		case '\n':
			w.out = append(w.out, '\\', 'n')
		case '\f':
			w.out = append(w.out, '\\', 'f')
		case '\r':
			w.out = append(w.out, '\\', 'r')
		default:
			w.out = append(w.out, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	w.out = append(append(w.out, s[done:]...), '"')
	return nil
}
