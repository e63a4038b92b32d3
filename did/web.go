package did

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// WebURL returns the https address of a did:web's document (CCG did:web,
// section 3.2): did:web:uni.edu:badges is at https://uni.edu/badges/did.json,
// did:web:uni.edu at https://uni.edu/.well-known/did.json.
//
// The host is a domain name in lower-case ASCII, perhaps with a port behind
// "%3A"; IP addresses are refused, as are path segments that a server could
// take for more than a name. Errors wrap ErrInvalid, or ErrUnsupportedMethod
// for another DID method.
func WebURL(did string) (string, error) {
	host, segments, err := splitWeb(did)
	if err != nil {
		return "", err
	}
	if len(segments) == 0 {
		return "https://" + host + "/.well-known/did.json", nil
	}
	return "https://" + host + "/" + strings.Join(segments, "/") + "/did.json", nil
}

// WebHost returns the domain, with a port if one is named, that a did:web
// stands on, and whether the DID has a path: then it belongs to one account of
// the host, which is not the same as the host. International names stay in
// their ASCII form, in which no two look alike.
func WebHost(did string) (host string, shared bool, err error) {
	host, segments, err := splitWeb(did)
	return host, len(segments) > 0, err
}

// WebDID returns the did:web whose document lies under baseURL, an https
// address without query or fragment, at path, a list of segments.
// Errors wrap ErrInvalid.
func WebDID(baseURL string, path ...string) (string, error) {
	u, err := url.Parse(baseURL)
	if err != nil {
		return "", fmt.Errorf("%w: base address: %v", ErrInvalid, err)
	}
	if u.Scheme != "https" || u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || u.RawPath != "" {
		return "", fmt.Errorf("%w: did:web wants a plain https address, not %q", ErrInvalid, u.Redacted())
	}
	host, err := idna.Lookup.ToASCII(u.Hostname())
	if err != nil {
		return "", fmt.Errorf("%w: host: %v", ErrInvalid, err)
	}
	did := "did:web:" + host
	if port := u.Port(); port != "" && port != "443" {
		did += "%3A" + port
	}
	if base := strings.Trim(u.Path, "/"); base != "" {
		path = append(strings.Split(base, "/"), path...)
	}
	for _, segment := range path {
		did += ":" + escapeSegment(segment)
	}
	if _, _, err := splitWeb(did); err != nil {
		return "", err
	}
	return did, nil
}

// splitWeb checks a did:web and returns host[:port] and the path's segments,
// percent-encoded as in the DID.
func splitWeb(did string) (host string, segments []string, err error) {
	method, id, err := splitDID(did)
	if err != nil {
		return "", nil, err
	}
	if method != "web" {
		return "", nil, fmt.Errorf("%w: did:%s", ErrUnsupportedMethod, method)
	}
	parts := strings.Split(id, ":")
	host, err = webAuthority(parts[0])
	if err != nil {
		return "", nil, err
	}
	for _, segment := range parts[1:] {
		if err := checkSegment(segment); err != nil {
			return "", nil, err
		}
	}
	return host, parts[1:], nil
}

// webAuthority checks the first part of a did:web: a name, or name%3Aport.
func webAuthority(part string) (string, error) {
	name, port, hasPort := strings.Cut(part, "%3A")
	if err := checkHost(name); err != nil {
		return "", err
	}
	if !hasPort {
		return name, nil
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 || strconv.FormatUint(n, 10) != port {
		return "", fmt.Errorf("%w: %q is not a port", ErrInvalid, port)
	}
	return name + ":" + port, nil
}

// checkHost accepts exactly the names that a resolver would look up unchanged.
// The last label must not be a number, because then URL parsers read the whole
// name as an IPv4 address, in decimal, octal or hexadecimal.
func checkHost(name string) error {
	ascii, err := idna.Lookup.ToASCII(name)
	if err != nil || ascii != name || name == "" || len(name) > 253 || strings.HasSuffix(name, ".") || strings.HasPrefix(name, ".") || strings.Contains(name, "..") {
		return fmt.Errorf("%w: %.100q is not a domain name in its ASCII form", ErrInvalid, name)
	}
	last := name[strings.LastIndexByte(name, '.')+1:]
	if '0' <= last[0] && last[0] <= '9' {
		return fmt.Errorf("%w: did:web takes domain names, not addresses: %.100q", ErrInvalid, name)
	}
	return nil
}

// checkSegment refuses what a server or proxy could resolve to another path
// than the one written: dots, separators, and anything encoded twice.
func checkSegment(segment string) error {
	name, err := url.PathUnescape(segment)
	if err != nil || name == "" || name == "." || name == ".." || !utf8.ValidString(name) ||
		strings.ContainsAny(name, `/\?#%;:`) || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || 0x7f <= r && r <= 0x9f }) {
		return fmt.Errorf("%w: path segment %.100q", ErrInvalid, segment)
	}
	return nil
}

// escapeSegment percent-encodes what a DID may not hold.
func escapeSegment(segment string) string {
	var b strings.Builder
	for i := range len(segment) {
		if c := segment[i]; isIDChar(c) {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
