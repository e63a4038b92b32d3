package strictjson

import "unicode/utf8"

// AppendString appends the value of a JSON string to dst: literal is the string
// as written, with its quotes and nothing around it. It accepts what Check
// accepts. The error is an *Error, and dst is returned as it was.
func AppendString(dst, literal []byte) ([]byte, error) {
	fail := func(at int, msg string) ([]byte, error) { return dst, &Error{Offset: at, Msg: msg} }
	if len(literal) == 0 || literal[0] != '"' {
		return fail(0, "expected a string in quotes")
	}
	out, plain := dst, 1
	for i := 1; i < len(literal); {
		switch c := literal[i]; {
		case ordinary[c]:
			i++
		case c == '"':
			if i+1 < len(literal) {
				return fail(i+1, "unexpected bytes after the value")
			}
			return append(out, literal[plain:i]...), nil
		case c == '\\':
			out = append(out, literal[plain:i]...)
			const longest = len(`\ud83d\ude00`)
			p := parser{data: string(literal[i:min(i+longest, len(literal))])}
			r, err := p.escape()
			if err != nil {
				return fail(i, "an invalid escape, or a lone surrogate")
			}
			out = utf8.AppendRune(out, r)
			i += p.pos
			plain = i
		case c < 0x20:
			return fail(i, "a control character in a string must be written as an escape")
		default:
			r, size := utf8.DecodeRune(literal[i:])
			if r == utf8.RuneError && size == 1 {
				return fail(i, "invalid UTF-8")
			}
			i += size
		}
	}
	return fail(len(literal), "a string that does not end")
}
