// Package fault holds the few kinds of error that a person may be told about.
//
// A feature returns a fault when the person who asked can do something about
// it. Every other error is internal: it is logged and never shown.
package fault

import (
	"errors"
	"fmt"
	"strings"
)

// Kind says what went wrong in terms of the person who asked.
type Kind int

// The kinds. The zero Kind, Internal, stands for every error that is not a
// fault.
const (
	Internal    Kind = iota
	Invalid          // what was sent cannot be used as it is
	NotFound         // there is no such thing, or not for this person
	Forbidden        // it exists, and this person may not do it
	Conflict         // it clashes with the present state
	Unavailable      // a dependency is not answering; trying again may help
)

// Field is one thing that is wrong with what was sent.
type Field struct {
	Path    string // where, for example "recipients[3].email" or a form field's name
	Message string // what is wrong and how to mend it, a whole sentence
}

// Error is a fault with the sentence that the person sees.
type Error struct {
	Kind    Kind
	Message string  // a whole sentence: what is wrong and how to mend it
	Fields  []Field // each field at fault, when several are known
	Err     error   // what caused it; logged, never shown
}

// Error returns the sentence, with the fields at fault behind it.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Message)
	for _, f := range e.Fields {
		fmt.Fprintf(&b, " [%s: %s]", f.Path, f.Message)
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Invalidf returns an Invalid fault with a formatted sentence.
func Invalidf(format string, args ...any) error { return newf(Invalid, format, args) }

// NotFoundf returns a NotFound fault with a formatted sentence.
func NotFoundf(format string, args ...any) error { return newf(NotFound, format, args) }

// Forbiddenf returns a Forbidden fault with a formatted sentence.
func Forbiddenf(format string, args ...any) error { return newf(Forbidden, format, args) }

// Conflictf returns a Conflict fault with a formatted sentence.
func Conflictf(format string, args ...any) error { return newf(Conflict, format, args) }

// Unavailablef returns an Unavailable fault with a formatted sentence.
func Unavailablef(format string, args ...any) error { return newf(Unavailable, format, args) }

// Fields returns an Invalid fault that names each field at fault, or nil when
// there is none.
func Fields(fields ...Field) error {
	switch len(fields) {
	case 0:
		return nil
	case 1:
		return &Error{Kind: Invalid, Message: fields[0].Message, Fields: fields}
	}
	return &Error{Kind: Invalid, Message: fmt.Sprintf("%d fields need your attention.", len(fields)), Fields: fields}
}

// Wrap returns err as a fault of the given kind with a sentence for the
// person; the cause stays for the log.
func Wrap(kind Kind, err error, message string) error {
	return &Error{Kind: kind, Message: message, Err: err}
}

// KindOf returns the kind of the first fault in err's chain, or Internal.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}

// Message returns the sentence for the person. Internal errors have one
// sentence for all.
func Message(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Message
	}
	return "Something went wrong on our side. It has been recorded; please try again."
}

// FieldsOf returns the fields at fault, if err is a fault that names them.
func FieldsOf(err error) []Field {
	var e *Error
	if errors.As(err, &e) {
		return e.Fields
	}
	return nil
}

// FieldMessage returns the sentence about the field at path, or "".
func FieldMessage(err error, path string) string {
	for _, f := range FieldsOf(err) {
		if f.Path == path {
			return f.Message
		}
	}
	return ""
}

func newf(kind Kind, format string, args []any) error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...)}
}
