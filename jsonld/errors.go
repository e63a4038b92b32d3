package jsonld

import "fmt"

// ContextError says that a document uses a vocabulary that is not carried: it
// may be quite right, but nobody here can tell what it means.
type ContextError struct {
	URL    string // the unknown address; "" if Inline
	Inline bool   // the context is written into the document instead of named
	Path   string // JSON Pointer of the @context member
}

// Error implements the error interface.
func (e *ContextError) Error() string {
	if e.Inline {
		return "json-ld: the document brings vocabulary of its own (" + e.Path + ")"
	}
	return fmt.Sprintf("json-ld: the document uses vocabulary we do not carry: %.200q", e.URL)
}

// UnknownTermError says that no context of the document defines a term where
// it stands. A signature would not cover it.
type UnknownTermError struct {
	Term string // "" if it could not be told which
	Path string // JSON Pointer of the member
}

// Error implements the error interface.
func (e *UnknownTermError) Error() string {
	if e.Term == "" {
		return "json-ld: the document uses a term that its contexts do not define there"
	}
	return fmt.Sprintf("json-ld: the contexts do not define the term %.100q at %.300s", e.Term, e.Path)
}

// RelativeIRIError says that an identifier or a type is not an absolute IRI, so
// that no statement can be made with it. Types that no context defines end
// here.
type RelativeIRIError struct {
	Value string // as expansion left it
	Use   string // "identifier", "type", "property", "datatype" or "graph name"
}

// Error implements the error interface.
func (e *RelativeIRIError) Error() string {
	return fmt.Sprintf("json-ld: the %s %.200q is not an absolute IRI", e.Use, e.Value)
}

// LossError says that a part of the document would not become RDF, and so would
// not be signed.
type LossError struct {
	Path string // JSON Pointer; "" if unknown
	Msg  string
}

// Error implements the error interface.
func (e *LossError) Error() string {
	if e.Path == "" {
		return "json-ld: a part of the document would not be signed: " + e.Msg
	}
	return fmt.Sprintf("json-ld: %.300s would not be signed: %s", e.Path, e.Msg)
}

// InvalidError says that a document is not JSON-LD 1.1.
type InvalidError struct {
	Err error
}

// Error implements the error interface.
func (e *InvalidError) Error() string { return "json-ld: the document is invalid: " + e.Err.Error() }

// Unwrap returns the cause.
func (e *InvalidError) Unwrap() error { return e.Err }
