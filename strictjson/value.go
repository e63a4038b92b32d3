package strictjson

import "unicode/utf8"

// AppendString appends the value of a JSON string to dst: literal is the string
// as written, with its quotes and nothing around it. It accepts what Check
// accepts. The error is an *Error, and dst is returned as it was.
func AppendString(dst, literal []byte) ([]byte, error) {
	p := parser{data: literal}
	if p.peek() != '"' {
		return dst, p.fail("expected a string in quotes")
	}
	p.pos++
	out, plain := dst, p.pos
	for p.pos < len(literal) {
		switch c := literal[p.pos]; {
		case c == '"':
			out = append(out, literal[plain:p.pos]...)
			if p.pos++; p.pos < len(literal) {
				return dst, p.fail("unexpected bytes after the value")
			}
			return out, nil
		case c == '\\':
			out = append(out, literal[plain:p.pos]...)
			r, err := p.escape()
			if err != nil {
				return dst, err
			}
			out = utf8.AppendRune(out, r)
			plain = p.pos
		case c < 0x20:
			return dst, p.fail("a control character in a string must be written as an escape")
		case c < utf8.RuneSelf:
			p.pos++
		default:
			r, size := utf8.DecodeRune(literal[p.pos:])
			if r == utf8.RuneError && size == 1 {
				return dst, p.fail("invalid UTF-8")
			}
			p.pos += size
		}
	}
	return dst, p.fail("a string that does not end")
}
