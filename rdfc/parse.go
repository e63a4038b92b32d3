package rdfc

import (
	"fmt"
	"unicode/utf8"
)

// SyntaxError says where N-Quads cannot be read.
type SyntaxError struct {
	Line int // from 1
	Msg  string
}

// Error implements the error interface.
func (e *SyntaxError) Error() string { return fmt.Sprintf("n-quads: line %d: %s", e.Line, e.Msg) }

// ParseNQuads reads RDF 1.1 N-Quads. Comments and empty lines are allowed. The
// error is a *SyntaxError.
func ParseNQuads(data []byte) (Dataset, error) {
	if !utf8.Valid(data) {
		return nil, &SyntaxError{Line: 1, Msg: "the text is not UTF-8"}
	}
	p := &lineParser{}
	var d Dataset
	for number := 1; len(data) > 0; number++ {
		end := 0
		for end < len(data) && data[end] != '\n' && data[end] != '\r' {
			end++
		}
		p.s, p.pos = string(data[:end]), 0
		data = data[min(end+1, len(data)):]
		q, some, err := p.line()
		if err == nil && some {
			err = q.check()
		}
		if err != nil {
			return nil, &SyntaxError{Line: number, Msg: err.Error()}
		}
		if some {
			d = append(d, q)
		}
	}
	return d, nil
}

type lineParser struct {
	s   string
	pos int
}

func (p *lineParser) peek() byte {
	if p.pos < len(p.s) {
		return p.s[p.pos]
	}
	return 0
}

func (p *lineParser) space() {
	for p.peek() == ' ' || p.peek() == '\t' {
		p.pos++
	}
}

// line reads a statement; some is false if the line has none.
func (p *lineParser) line() (q Quad, some bool, err error) {
	p.space()
	if p.pos == len(p.s) || p.peek() == '#' {
		return q, false, nil
	}
	for _, t := range []*Term{&q.Subject, &q.Predicate, &q.Object} {
		if *t, err = p.term(); err != nil {
			return q, false, err
		}
		p.space()
	}
	if p.peek() != '.' {
		if q.Graph, err = p.term(); err != nil {
			return q, false, err
		}
		p.space()
	}
	if p.peek() != '.' {
		return q, false, fmt.Errorf("expected a full stop at column %d", p.pos+1)
	}
	p.pos++
	p.space()
	if p.pos < len(p.s) && p.peek() != '#' {
		return q, false, fmt.Errorf("unexpected text after the full stop at column %d", p.pos+1)
	}
	return q, true, nil
}

func (p *lineParser) term() (Term, error) {
	switch p.peek() {
	case '<':
		v, err := p.iri()
		return Term{Kind: IRI, Value: v}, err
	case '_':
		v, err := p.blank()
		return Term{Kind: Blank, Value: v}, err
	case '"':
		return p.literal()
	default:
		return Term{}, fmt.Errorf("expected a term at column %d", p.pos+1)
	}
}

func (p *lineParser) iri() (string, error) { return p.quoted('>', false) }

func (p *lineParser) literal() (Term, error) {
	v, err := p.quoted('"', true)
	t := Term{Kind: Literal, Value: v}
	switch {
	case err != nil:
	case p.peek() == '@':
		start := p.pos + 1
		for p.pos++; isAlnum(p.peek()) || p.peek() == '-'; {
			p.pos++
		}
		if t.Language = p.s[start:p.pos]; t.Language == "" {
			err = fmt.Errorf("expected a language tag at column %d", p.pos+1)
		}
	case p.peek() == '^':
		if p.pos+2 >= len(p.s) || p.s[p.pos:p.pos+3] != "^^<" {
			return t, fmt.Errorf("expected a datatype at column %d", p.pos+1)
		}
		p.pos += 2
		t.Datatype, err = p.iri()
	}
	return t, err
}

// quoted reads up to the closing character, undoing \u and \U and, with echar,
// the escapes by name. What an IRI may not hold is checked on the result, so an
// escape cannot smuggle it in.
func (p *lineParser) quoted(closing byte, echar bool) (string, error) {
	p.pos++
	var out []byte
	start := p.pos
	for p.pos < len(p.s) {
		switch c := p.s[p.pos]; c {
		case closing:
			if out == nil {
				p.pos++
				return p.s[start : p.pos-1], nil
			}
			p.pos++
			return string(append(out, p.s[start:p.pos-1]...)), nil
		case '\\':
			out = append(out, p.s[start:p.pos]...)
			r, err := p.escape(echar)
			if err != nil {
				return "", err
			}
			out = utf8.AppendRune(out, r)
			start = p.pos
		default:
			p.pos++
		}
	}
	return "", fmt.Errorf("no closing %q", closing)
}

func (p *lineParser) escape(echar bool) (rune, error) {
	at := p.pos
	p.pos++
	c := p.peek()
	p.pos++
	digits := 0
	switch c {
	case 'u':
		digits = 4
	case 'U':
		digits = 8
	default:
		const names, values = `tbnrf"'\`, "\t\b\n\r\f\"'\\"
		for i := range len(names) {
			if echar && names[i] == c {
				return rune(values[i]), nil
			}
		}
		return 0, fmt.Errorf("an unknown escape at column %d", at+1)
	}
	var r rune
	for range digits {
		c := p.peek()
		p.pos++
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, fmt.Errorf("an escape without %d hexadecimal digits at column %d", digits, at+1)
		}
		if r > utf8.MaxRune>>4 {
			return 0, fmt.Errorf("an escape of no character at column %d", at+1)
		}
		r = r<<4 | rune(c)
	}
	if !utf8.ValidRune(r) {
		return 0, fmt.Errorf("an escape of no character at column %d", at+1)
	}
	return r, nil
}

// blank reads BLANK_NODE_LABEL: a full stop may stand inside a label but not at
// its end.
func (p *lineParser) blank() (string, error) {
	if p.pos+1 >= len(p.s) || p.s[p.pos+1] != ':' {
		return "", fmt.Errorf("expected a blank node at column %d", p.pos+1)
	}
	p.pos += 2
	start, end := p.pos, p.pos
	for i := start; i < len(p.s); {
		r, size := utf8.DecodeRuneInString(p.s[i:])
		if !labelRune(r, i == start) && (r != '.' || i == start) {
			break
		}
		i += size
		if r != '.' {
			end = i
		}
	}
	if end == start {
		return "", fmt.Errorf("expected a blank node label at column %d", p.pos+1)
	}
	p.pos = end
	return p.s[start:end], nil
}

func isAlnum(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// labelRune tells whether r may stand in a blank node label (PN_CHARS), or at
// its start (PN_CHARS_U and digits).
func labelRune(r rune, first bool) bool {
	if r < utf8.RuneSelf {
		return isAlnum(byte(r)) || r == '_' || r == ':' || r == '-' && !first
	}
	for _, base := range [...][2]rune{
		{0xC0, 0xD6}, {0xD8, 0xF6}, {0xF8, 0x2FF}, {0x370, 0x37D}, {0x37F, 0x1FFF}, {0x200C, 0x200D},
		{0x2070, 0x218F}, {0x2C00, 0x2FEF}, {0x3001, 0xD7FF}, {0xF900, 0xFDCF}, {0xFDF0, 0xFFFD}, {0x10000, 0xEFFFF},
	} {
		if base[0] <= r && r <= base[1] {
			return true
		}
	}
	return !first && (r == 0xB7 || 0x300 <= r && r <= 0x36F || r == 0x203F || r == 0x2040)
}
