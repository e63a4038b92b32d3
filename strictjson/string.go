package strictjson

import (
	"unicode/utf16"
	"unicode/utf8"
)

func (p *parser) stringValue() (any, error) {
	s, err := p.str(p.build)
	if err != nil {
		return nil, err
	}
	return s, nil
}

// ordinary are the bytes that stand for themselves in a string.
var ordinary = func() (t [256]bool) {
	for c := byte(0x20); c < utf8.RuneSelf; c++ {
		t[c] = c != '"' && c != '\\'
	}
	return t
}()

// str reads a string; without keep it only checks it and returns "".
func (p *parser) str(keep bool) (string, error) {
	p.pos++ // the opening quote
	var out []byte
	plain := p.pos // start of the run that is not yet in out
	escaped := false
	for {
		for p.pos < len(p.data) && ordinary[p.data[p.pos]] {
			p.pos++
		}
		if p.pos >= len(p.data) {
			return "", p.fail("a string that does not end")
		}
		switch c := p.data[p.pos]; {
		case c == '"':
			run := p.data[plain:p.pos]
			p.pos++
			switch {
			case !keep:
				return "", nil
			case !escaped:
				return run, nil
			default:
				return string(append(out, run...)), nil
			}
		case c == '\\':
			if keep {
				out = append(out, p.data[plain:p.pos]...)
			}
			escaped = true
			r, err := p.escape()
			if err != nil {
				return "", err
			}
			if keep {
				out = utf8.AppendRune(out, r)
			}
			plain = p.pos
		case c < 0x20:
			return "", p.fail("a control character in a string must be written as an escape")
		default:
			r, size := utf8.DecodeRuneInString(p.data[p.pos:])
			if r == utf8.RuneError && size == 1 {
				return "", p.fail("invalid UTF-8")
			}
			p.pos += size
		}
	}
}

// escape reads one escape sequence, or two that make up a surrogate pair.
func (p *parser) escape() (rune, error) {
	start := p.pos
	p.pos++
	c := p.peek()
	p.pos++
	switch c {
	case '"', '\\', '/':
		return rune(c), nil
	case 'b':
		return '\b', nil
	case 'f':
		return '\f', nil
	case 'n':
		return '\n', nil
	case 'r':
		return '\r', nil
	case 't':
		return '\t', nil
	case 'u':
		r, ok := p.hex4()
		if !ok {
			break
		}
		if !utf16.IsSurrogate(r) {
			return r, nil
		}
		if p.peek() == '\\' && p.pos+1 < len(p.data) && p.data[p.pos+1] == 'u' {
			p.pos += 2
			if low, ok := p.hex4(); ok {
				if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
					return pair, nil
				}
			}
		}
		p.pos = start
		return 0, p.fail("a lone surrogate escape")
	}
	p.pos = start
	return 0, p.fail("an invalid escape")
}

func (p *parser) hex4() (rune, bool) {
	if len(p.data)-p.pos < 4 {
		return 0, false
	}
	var r rune
	for _, c := range []byte(p.data[p.pos : p.pos+4]) {
		switch {
		case isDigit(c):
			r = r<<4 | rune(c-'0')
		case 'a' <= c && c <= 'f':
			r = r<<4 | rune(c-'a'+10)
		case 'A' <= c && c <= 'F':
			r = r<<4 | rune(c-'A'+10)
		default:
			return 0, false
		}
	}
	p.pos += 4
	return r, true
}
