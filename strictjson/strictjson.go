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
	_, err := read(&parser{data: data}, l)
	return err
}

// Decode checks data as Check does and returns its value as a tree of
// map[string]any, []any, string, json.Number, bool and nil. Numbers keep the
// characters they were written with.
func Decode(data []byte, l Limits) (any, error) {
	return read(&parser{data: data, build: true}, l)
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

// A Member is one member of an object, by where it stands in the text.
type Member struct {
	Name  string
	Start int // of the name, at its quotation mark
	Value int // where the value begins
	End   int // after the value
}

// Members checks data, which must be an object, as Check does and returns the
// members of that object in their order, for those who need a few of them and
// no tree.
func Members(data []byte, l Limits) ([]Member, error) {
	members := make([]Member, 0, fewNames)
	if _, err := read(&parser{data: data, outer: &members}, l); err != nil {
		return nil, err
	}
	if i := space(data, 0); data[i] != '{' {
		return nil, &Error{Offset: i, Msg: "expected an object"}
	}
	return members, nil
}

func read(p *parser, l Limits) (any, error) {
	if l.MaxBytes == 0 {
		l.MaxBytes = defaultMaxBytes
	}
	if l.MaxDepth == 0 {
		l.MaxDepth = defaultMaxDepth
	}
	if len(p.data) > l.MaxBytes {
		return nil, &Error{Offset: l.MaxBytes, Msg: fmt.Sprintf("more than %d bytes", l.MaxBytes)}
	}
	p.maxDepth = l.MaxDepth
	if p.build {
		p.text = string(p.data)
	}
	// Room for most documents, without an allocation.
	var names [2 * fewNames]name
	var values [2 * fewNames]any
	v, i := p.value(space(p.data, 0), 0, room{names[:0], values[:0]})
	if i >= 0 {
		if i = space(p.data, i); i < len(p.data) {
			i = p.fail(i, "unexpected bytes after the value")
		}
	}
	if i < 0 {
		p.err.Path = p.pointer()
		return nil, p.err
	}
	return v, nil
}
