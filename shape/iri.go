package shape

import (
	"strings"

	"github.com/roundel/roundel/jsonld"
)

// identifiers decides which values of IRI slots stand for themselves.
type identifiers struct {
	contexts *jsonld.Contexts
	usual    []string        // schemes of everyday, with the colon, that no context defines
	long     map[string]bool // names with a colon that contexts define
}

func newIdentifiers(c *jsonld.Contexts) identifiers {
	d := identifiers{contexts: c, long: map[string]bool{}}
	for _, scheme := range []string{"https", "http", "did", "urn", "mailto"} {
		if !c.Reserved(scheme) {
			d.usual = append(d.usual, scheme+":")
		}
	}
	for _, name := range c.Names() {
		if strings.Contains(name, ":") {
			d.long[name] = true
		}
	}
	return d
}

// plain reports whether expansion leaves v alone wherever an IRI stands, and
// N-Quads takes it as it is: it is absolute, cannot be short for something else
// in any context (JSON-LD 1.1 API, section 5.2), and consists of characters
// that no processor sees anything special in. Everything else is for the full
// processor to judge; IRIs beyond ASCII are rare enough to be among it.
func (d *identifiers) plain(v []byte) bool {
	colon := 0
	for colon < len(v) && v[colon] != ':' {
		colon++
	}
	if colon == 0 || colon+1 >= len(v) || !letter(v[0]) {
		return false
	}
	for _, c := range v[1:colon] {
		if !letter(c) && (c < '0' || c > '9') && c != '+' && c != '-' && c != '.' {
			return false
		}
	}
	for i := colon + 1; i < len(v); i++ {
		if harmless[v[i]] {
			continue
		}
		if v[i] != '%' || i+2 >= len(v) || !hexDigit(v[i+1]) || !hexDigit(v[i+2]) {
			return false
		}
	}
	if len(d.long) > 0 && d.long[string(v)] {
		return false
	}
	for _, scheme := range d.usual {
		if len(scheme) == colon+1 && string(v[:colon+1]) == scheme {
			return true
		}
	}
	return !d.contexts.Reserved(string(v[:colon]))
}

func letter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

func hexDigit(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f'
}

// harmless are the characters of RFC 3986 but for the percent sign, which needs
// a look, and square brackets.
var harmless = func() (t [256]bool) {
	for _, c := range []byte("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-._~:/?#@!$&'()*+,;=") {
		t[c] = true
	}
	return t
}()
