// Package rdfc reads, writes and canonicalises RDF datasets.
//
// Canonicalize implements RDFC-1.0 (W3C Recommendation "RDF Dataset
// Canonicalization"): it gives every blank node a label that depends only on
// the data, so that two descriptions of the same graph become the same bytes.
// The problem is as hard as graph isomorphism, so somebody can always write a
// small dataset that would take years; a counted budget of work stops that.
package rdfc

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// TermKind tells what a Term is. The zero kind is no term at all and stands for
// the default graph.
type TermKind uint8

// The kinds of term.
const (
	IRI     TermKind = iota + 1 // Value is an absolute IRI
	Blank                       // Value is a label, without "_:"
	Literal                     // Value is the lexical form
)

// Datatypes that N-Quads gives a syntax of its own.
const (
	xsdString  = "http://www.w3.org/2001/XMLSchema#string"
	langString = "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"
)

// Term is one component of a Quad. Datatype and Language belong to literals
// only: Datatype "" stands for xsd:string, or for rdf:langString where there is
// a Language.
type Term struct {
	Kind     TermKind
	Value    string
	Datatype string
	Language string
}

// Quad is one statement. A zero Graph stands for the default graph.
type Quad struct {
	Subject, Predicate, Object, Graph Term
}

// Dataset is a set of quads; order and repetitions mean nothing.
type Dataset []Quad

// ErrInvalidTerm says that a dataset holds what RDF 1.1 does not allow, for
// example a relative IRI, or an IRI with a character that would let its author
// write statements of their own into the N-Quads.
var ErrInvalidTerm = errors.New("rdfc: invalid term")

func (q *Quad) check() error {
	if k := q.Subject.Kind; k != IRI && k != Blank {
		return fmt.Errorf("%w: a subject must be an IRI or a blank node", ErrInvalidTerm)
	}
	if q.Predicate.Kind != IRI {
		return fmt.Errorf("%w: a predicate must be an IRI", ErrInvalidTerm)
	}
	if k := q.Object.Kind; k != IRI && k != Blank && k != Literal {
		return fmt.Errorf("%w: a statement without object", ErrInvalidTerm)
	}
	if q.Graph.Kind == Literal {
		return fmt.Errorf("%w: a graph name must be an IRI or a blank node", ErrInvalidTerm)
	}
	for _, t := range []*Term{&q.Subject, &q.Predicate, &q.Object, &q.Graph} {
		if err := t.check(); err != nil {
			return err
		}
	}
	return nil
}

func (t *Term) check() error {
	switch t.Kind {
	case IRI:
		return checkIRI(t.Value)
	case Literal:
		if !utf8.ValidString(t.Value) {
			return fmt.Errorf("%w: a literal that is not UTF-8", ErrInvalidTerm)
		}
		if t.Language != "" {
			if !validLanguage(t.Language) {
				return fmt.Errorf("%w: %.100q is no language tag", ErrInvalidTerm, t.Language)
			}
			if t.Datatype != "" && t.Datatype != langString {
				return fmt.Errorf("%w: a literal with a language and the datatype %.100q", ErrInvalidTerm, t.Datatype)
			}
			return nil
		}
		if t.Datatype == langString {
			return fmt.Errorf("%w: rdf:langString without a language", ErrInvalidTerm)
		}
		if t.Datatype != "" {
			return checkIRI(t.Datatype)
		}
	}
	return nil
}

// checkIRI wants a scheme and none of the characters that the IRIREF production
// of N-Quads forbids. Whether the rest follows RFC 3987 changes no statement.
func checkIRI(s string) error {
	ascii := true
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= utf8.RuneSelf {
			ascii = false
		} else if forbidden[c] {
			return fmt.Errorf("%w: the IRI %.200q has the forbidden character %q", ErrInvalidTerm, s, c)
		}
	}
	if !ascii && !utf8.ValidString(s) {
		return fmt.Errorf("%w: an IRI that is not UTF-8", ErrInvalidTerm)
	}
	if !hasScheme(s) {
		return fmt.Errorf("%w: the IRI %.200q is not absolute", ErrInvalidTerm, s)
	}
	return nil
}

// forbidden are the characters that no IRI of N-Quads has.
var forbidden = func() (table [utf8.RuneSelf]bool) {
	for c := range byte(' ' + 1) {
		table[c] = true
	}
	for _, c := range []byte("<>\"{}|^`\\") {
		table[c] = true
	}
	return table
}()

func hasScheme(s string) bool {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z':
		case i > 0 && ('0' <= c && c <= '9' || c == '+' || c == '-' || c == '.'):
		default:
			return i > 0 && c == ':'
		}
	}
	return false
}

// validLanguage checks the LANGTAG production: letters, then groups of letters
// and digits after hyphens.
func validLanguage(s string) bool {
	for i, part := range strings.Split(s, "-") {
		if part == "" {
			return false
		}
		for _, c := range []byte(part) {
			letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
			if !letter && (i == 0 || c < '0' || c > '9') {
				return false
			}
		}
	}
	return true
}
