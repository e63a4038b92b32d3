package web

import (
	"encoding/base64"
	"html/template"
	"net/url"
	"strings"
	"unicode"
)

// longestLine is how many characters of a name that others wrote stand in a
// report.
const longestLine = 160

// line makes text of others harmless as a name: one line, without control and
// direction characters, not endless.
func line(s string) string {
	s = strings.Map(func(c rune) rune {
		switch {
		case unicode.IsSpace(c):
			return ' '
		case unicode.Is(unicode.C, c):
			return -1
		}
		return c
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if runes := []rune(s); len(runes) > longestLine {
		s = string(runes[:longestLine]) + "…"
	}
	return s
}

// outside returns address if it is one that a report may link to: a complete
// address on the web. Unlike safeURL it knows no addresses of our own, which no
// document of others can mean.
func outside(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" {
		return ""
	}
	return u.String()
}

// embeddedPicture returns the picture inside a data: address, cleaned, or "".
// Pictures at other addresses are not fetched: whoever put them there would learn
// that somebody checks the badge.
func embeddedPicture(address string) template.URL {
	head, data, ok := strings.Cut(strings.TrimPrefix(address, "data:"), ",")
	if !ok || !strings.HasPrefix(address, "data:image/") || !strings.HasSuffix(head, ";base64") {
		return ""
	}
	file, err := base64.StdEncoding.DecodeString(data)
	if err != nil {
		return ""
	}
	return shownPicture(file)
}

// humanised turns the name of a type or a claim into words: "familyName" and
// "family_name" into "Family name". What is no such name comes back as it is.
func humanised(name string) string {
	name = line(strings.TrimPrefix(name, "ext:"))
	if strings.ContainsAny(name, ":/ ") {
		return name
	}
	var b strings.Builder
	runes := []rune(name)
	for i, c := range runes {
		lowerNear := i > 0 && (unicode.IsLower(runes[i-1]) || i+1 < len(runes) && unicode.IsUpper(runes[i-1]) && unicode.IsLower(runes[i+1]))
		switch {
		case c == '_' || c == '-' || c == '.':
			b.WriteByte(' ')
			continue
		case unicode.IsUpper(c) && lowerNear:
			b.WriteByte(' ')
		}
		acronym := unicode.IsUpper(c) && (i+1 < len(runes) && unicode.IsUpper(runes[i+1]) || i > 0 && unicode.IsUpper(runes[i-1]) && (i+1 == len(runes) || !unicode.IsLower(runes[i+1])))
		switch {
		case b.Len() == 0:
			b.WriteRune(unicode.ToUpper(c))
		case acronym:
			b.WriteRune(c)
		default:
			b.WriteRune(unicode.ToLower(c))
		}
	}
	return strings.TrimSpace(b.String())
}

// term is the text of a word of a fixed list, and for words that are not on it
// (extensions, or a list newer than ours) the word itself, made readable.
func term(t printer, family, word string, known []string) string {
	for _, k := range known {
		if k == word {
			return t.T(family+word, nil)
		}
	}
	return humanised(word)
}
