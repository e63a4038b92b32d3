package sheet

import (
	"errors"
	"net/mail"
	"strings"

	"golang.org/x/net/idna"

	"github.com/roundel/roundel/internal/fault"
)

// ParseEmail reads one e-mail address as people write it, also as "Ada
// <ada@example.org>" or with "mailto:", and returns it with its domain in
// lower case and ASCII (IDNA). Faults say what is wrong and how to mend it.
func ParseEmail(s string) (string, error) {
	text := clean(s)
	if text == "" {
		return "", fault.Invalidf("There is no e-mail address.")
	}
	if len(text) > 400 {
		return "", fault.Invalidf("“%s” is too long for an e-mail address.", clipped(text))
	}
	if len(text) > 7 && strings.EqualFold(text[:7], "mailto:") {
		text = clean(text[7:])
	}
	if strings.HasSuffix(text, ">") {
		a, err := mail.ParseAddress(text)
		if err != nil {
			return "", fault.Invalidf("“%s” is not an e-mail address. Write only the address, like ada@example.org.", clipped(s))
		}
		text = a.Address
	}
	if strings.Count(text, "@") > 1 && strings.ContainsAny(text, ",; /") {
		return "", fault.Invalidf("“%s” has more than one e-mail address in it. Keep one, or make a row for each.", clipped(s))
	}
	local, domain, ok := strings.Cut(text, "@")
	switch {
	case !ok:
		return "", fault.Invalidf("“%s” is not an e-mail address: it has no @.", clipped(s))
	case strings.Contains(domain, "@"):
		return "", fault.Invalidf("“%s” is not an e-mail address: it has more than one @.", clipped(s))
	case local == "" || domain == "":
		return "", fault.Invalidf("“%s” is not an e-mail address: something is missing beside the @.", clipped(s))
	case strings.ContainsAny(text, " \t\r\n\u00a0"):
		return "", fault.Invalidf("“%s” is not an e-mail address: it has a space in it.", clipped(s))
	}
	if !plainLocal(local) {
		return "", fault.Invalidf("“%s” is not an e-mail address we can write to: the part before the @ may have plain letters, digits and a few signs.", clipped(s))
	}
	domain, err := plainDomain(domain, s)
	if err != nil {
		return "", err
	}
	if len(local)+1+len(domain) > 254 {
		return "", fault.Invalidf("“%s” is too long for an e-mail address.", clipped(s))
	}
	return local + "@" + domain, nil
}

// plainLocal reports whether a local part is a dot-atom: RFC 5322, section
// 3.2.3.
func plainLocal(s string) bool {
	if len(s) > 64 || s[0] == '.' || s[len(s)-1] == '.' || strings.Contains(s, "..") {
		return false
	}
	for _, c := range s {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune(".!#$%&'*+/=?^_`{|}~-", c)) {
			return false
		}
	}
	return true
}

// errUnstable is for domains whose ASCII form is itself no domain.
var errUnstable = errors.New("sheet: the domain's ASCII form is not valid")

// plainDomain returns a domain in lower-case ASCII.
func plainDomain(domain, s string) (string, error) {
	if strings.Contains(domain, ",") {
		return "", fault.Invalidf("“%s” is not an e-mail address: it has a comma where a dot belongs.", clipped(s))
	}
	ascii, err := idna.Lookup.ToASCII(strings.TrimSuffix(domain, "."))
	if again, err2 := idna.Lookup.ToASCII(ascii); err == nil && (err2 != nil || again != ascii) {
		err = errUnstable
	}
	if err != nil || strings.Contains(ascii, "..") || strings.HasPrefix(ascii, ".") {
		return "", fault.Invalidf("“%s” is not an e-mail address: “%s” is not a domain.", clipped(s), clipped(domain))
	}
	dot := strings.LastIndexByte(ascii, '.')
	if dot < 0 || len(ascii)-dot < 3 || !strings.ContainsAny(ascii[dot:], "abcdefghijklmnopqrstuvwxyz") {
		return "", fault.Invalidf("“%s” is not an e-mail address: its domain needs an ending like .org.", clipped(s))
	}
	return strings.ToLower(ascii), nil
}
