// Package strictjson reads JSON that carries a signature.
//
// Two readers that disagree about a document let a forger show one thing and
// sign another, so whatever readers are known to disagree about is refused
// here: members that occur twice (also when written with escapes, or differing
// only in letter case), invalid UTF-8, escapes of lone surrogates, bytes after
// the value, excessive size and depth. Everything else is RFC 8259 to the
// letter: no byte order mark, no comments, no trailing commas.
package strictjson

import (
	"encoding/json"
	"fmt"
)

// Limits bound the documents that are read. A zero field stands for its default.
type Limits struct {
	MaxBytes int // length of the document in bytes; default 1 MiB
	MaxDepth int // nesting of arrays and objects; default 64
}

const (
	defaultMaxBytes = 1 << 20
	defaultMaxDepth = 64
)

// Error says what is wrong with a document and where.
type Error struct {
	Offset int    // byte offset of the fault, from 0
	Path   string // JSON Pointer (RFC 6901) of the value being read; "" is the whole document
	Msg    string // what is wrong, for a person who can read JSON
}

// Error implements the error interface.
func (e *Error) Error() string {
	where := e.Path
	if where == "" {
		where = "the document"
	}
	return fmt.Sprintf("json: %s at byte %d, in %s", e.Msg, e.Offset, where)
}

// Check reports whether data is one strict JSON value within l. The error, if
// any, is an *Error.
func Check(data []byte, l Limits) error {
	_, err := read(data, l, false)
	return err
}

// Decode checks data as Check does and returns its value as a tree of
// map[string]any, []any, string, json.Number, bool and nil. Numbers keep the
// characters they were written with.
func Decode(data []byte, l Limits) (any, error) {
	return read(data, l, true)
}

// Unmarshal checks data as Check does and then unmarshals it into v with
// encoding/json. Note that encoding/json matches field names without regard to
// letter case; Check has already made sure that at most one member matches.
func Unmarshal(data []byte, l Limits, v any) error {
	if err := Check(data, l); err != nil {
		return err
	}
	return json.Unmarshal(data, v)
}

func read(data []byte, l Limits, build bool) (any, error) {
	if l.MaxBytes == 0 {
		l.MaxBytes = defaultMaxBytes
	}
	if l.MaxDepth == 0 {
		l.MaxDepth = defaultMaxDepth
	}
	if len(data) > l.MaxBytes {
		return nil, &Error{Offset: l.MaxBytes, Msg: fmt.Sprintf("more than %d bytes", l.MaxBytes)}
	}
	// One copy of the whole: every string without escapes is a part of it.
	var path [16]segment
	p := &parser{data: string(data), maxDepth: l.MaxDepth, build: build, path: path[:0]}
	p.space()
	v, err := p.value(0)
	if err != nil {
		return nil, err
	}
	p.space()
	if p.pos < len(data) {
		return nil, p.fail("unexpected bytes after the value")
	}
	return v, nil
}
