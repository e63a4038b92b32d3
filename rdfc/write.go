package rdfc

import "unicode/utf8"

// appendTerm writes t in the canonical form of N-Quads (RDFC-1.0, appendix A).
// Blank nodes are the caller's business.
func appendTerm(b []byte, t *Term) []byte {
	if t.Kind == IRI {
		b = append(b, '<')
		b = append(b, t.Value...)
		return append(b, '>')
	}
	b = append(b, '"')
	b = appendEscaped(b, t.Value)
	b = append(b, '"')
	switch {
	case t.Language != "":
		b = append(b, '@')
		b = append(b, t.Language...)
	case t.Datatype != "" && t.Datatype != xsdString:
		b = append(b, "^^<"...)
		b = append(b, t.Datatype...)
		b = append(b, '>')
	}
	return b
}

// appendEscaped writes a literal: seven characters by name, the other controls,
// DEL and the two code points that XML 1.1 does not know by number, everything
// else as it is.
func appendEscaped(b []byte, s string) []byte {
	plain := 0 // start of the run that needs no escape
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c != 0x7F && c != 0xEF {
			continue
		}
		size := 1
		var escape string
		switch c {
		case '\b':
			escape = `\b`
		case '\t':
			escape = `\t`
		case '\n':
			escape = `\n`
		case '\f':
			escape = `\f`
		case '\r':
			escape = `\r`
		case '"':
			escape = `\"`
		case '\\':
			escape = `\\`
		case 0xEF: // perhaps U+FFFE or U+FFFF
			var r rune
			if r, size = utf8.DecodeRuneInString(s[i:]); r < 0xFFFE {
				i += size - 1
				continue
			}
			escape = `\uFFFE`
			if r == 0xFFFF {
				escape = `\uFFFF`
			}
		}
		b = append(b, s[plain:i]...)
		if escape == "" {
			const hex = "0123456789ABCDEF"
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
		b = append(b, escape...)
		i += size - 1
		plain = i + 1
	}
	return append(b, s[plain:]...)
}
