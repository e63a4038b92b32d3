package shape

import "unicode/utf8"

// appendEscaped writes a literal in the canonical form of N-Quads (RDFC-1.0,
// appendix A), as package rdfc does.
func appendEscaped(b, s []byte) []byte {
	const digits = "0123456789ABCDEF"
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\b':
			b = append(b, `\b`...)
		case c == '\t':
			b = append(b, `\t`...)
		case c == '\n':
			b = append(b, `\n`...)
		case c == '\f':
			b = append(b, `\f`...)
		case c == '\r':
			b = append(b, `\r`...)
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < ' ' || c == 0x7F:
			b = append(b, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		case c == 0xEF:
			r, size := utf8.DecodeRune(s[i:])
			switch r {
			case 0xFFFE:
				b = append(b, `\uFFFE`...)
			case 0xFFFF:
				b = append(b, `\uFFFF`...)
			default:
				b = append(b, s[i:i+size]...)
			}
			i += size - 1
		default:
			b = append(b, c)
		}
	}
	return b
}
