package jsonld

import "strings"

// iri is "IRI Expansion", section 5.2 of the JSON-LD 1.1 API, without a base:
// it returns what text stands for. vocab says that text may be a term. What
// looks like a keyword and is none has no meaning; then ok is false, as for
// terms that are defined as null.
func (a *active) iri(text string, vocab bool) (iri string, ok bool) {
	if ignoredKeyword(text) {
		return text, isKeyword(text)
	}
	prefix, suffix, compact := compact(text)
	if compact && !vocab && strings.HasPrefix(suffix, "//") {
		return text, true // no such name can stand for a keyword
	}
	if t := a.terms[text]; t != nil && (vocab || strings.HasPrefix(t.iri, "@")) {
		return t.iri, t.iri != ""
	}
	if compact {
		if prefix == "_" || strings.HasPrefix(suffix, "//") {
			return text, true
		}
		if t := a.terms[prefix]; t != nil && t.prefix && t.iri != "" {
			return t.iri + suffix, true
		}
		if absolute(text) {
			return text, true
		}
	}
	if vocab && a.vocab != "" {
		return a.vocab + text, true
	}
	return text, true
}

// compact splits text at its first colon. ok is false if there is none after
// the first character.
func compact(text string) (prefix, suffix string, ok bool) {
	colon := strings.IndexByte(text, ':')
	if colon < 0 || colon == 0 && strings.IndexByte(text[1:], ':') < 0 {
		return "", "", false
	}
	return text[:colon], text[colon+1:], true
}

// absolute tells whether s begins with a scheme and has no white space.
func absolute(s string) bool {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case 'a' <= c|0x20 && c|0x20 <= 'z':
		case i > 0 && ('0' <= c && c <= '9' || c == '+' || c == '-' || c == '.'):
		default:
			return i > 0 && c == ':' && !strings.ContainsAny(s[i:], " \t\n\r\f\v")
		}
	}
	return false
}

// ignoredKeyword tells whether s looks like a keyword, an at sign and letters.
// JSON-LD 1.1 reserves all of those and has processors drop the unknown ones.
func ignoredKeyword(s string) bool {
	if len(s) < 2 || s[0] != '@' {
		return false
	}
	for i := 1; i < len(s); i++ {
		if c := s[i] | 0x20; c < 'a' || c > 'z' {
			return false
		}
	}
	return true
}

func isKeyword(s string) bool {
	switch s {
	case "@base", "@container", "@context", "@default", "@direction", "@embed", "@explicit", "@graph", "@id",
		"@import", "@included", "@index", "@json", "@language", "@list", "@nest", "@none", "@omitDefault",
		"@prefix", "@preserve", "@propagate", "@protected", "@requireAll", "@reverse", "@set", "@type",
		"@value", "@version", "@vocab":
		return true
	}
	return false
}
