package fetch

import (
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
)

// parse reads an absolute http or https address and brings it into one form:
// scheme and host in lower case, host in ASCII without a final dot, no default
// port, no fragment. Addresses with a user name are refused, and so are hosts
// that other software might read as another IP address than we do.
func parse(address string) (*url.URL, error) {
	if len(address) > maxURLLength {
		return nil, refused("longer than %d bytes", maxURLLength)
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil, refused("not a web address") // the error would repeat the address
	}
	return normalise(u)
}

// follow returns where a redirect from u to location leads. It refuses to leave
// https for http, and to go from elsewhere to this machine: in development a
// stranger's page must not reach what listens there either.
func follow(u *url.URL, location string) (*url.URL, error) {
	if len(location) > maxURLLength {
		return nil, refused("longer than %d bytes", maxURLLength)
	}
	next, err := u.Parse(location)
	if err != nil {
		return nil, refused("not a web address")
	}
	if next, err = normalise(next); err != nil {
		return nil, err
	}
	if u.Scheme == "https" && next.Scheme == "http" {
		return nil, refused("from https to http")
	}
	if isLoopback(next.Hostname()) && !isLoopback(u.Hostname()) {
		return nil, refused("from elsewhere to this machine")
	}
	return next, nil
}

// sameOrigin compares scheme, host and port of addresses in their normal form.
func sameOrigin(a, b *url.URL) bool { return a.Scheme == b.Scheme && a.Host == b.Host }

func normalise(u *url.URL) (*url.URL, error) {
	if u.Scheme != "https" && u.Scheme != "http" {
		return nil, refused("only https is fetched")
	}
	if u.User != nil {
		return nil, refused("has a user name")
	}
	if u.Opaque != "" || u.Host == "" {
		return nil, refused("has no host")
	}
	host, err := normaliseHost(u.Hostname())
	if err != nil {
		return nil, err
	}
	port, err := normalisePort(u.Scheme, u.Port())
	if err != nil {
		return nil, err
	}
	n := &url.URL{Scheme: u.Scheme, Host: host, Path: u.Path, RawPath: u.RawPath, RawQuery: u.RawQuery, ForceQuery: u.ForceQuery}
	if strings.Contains(host, ":") {
		n.Host = "[" + host + "]"
	}
	if port != "" {
		n.Host = net.JoinHostPort(host, port)
	}
	return n, nil
}

// normalisePort returns port without leading zeros, and nothing for the
// scheme's default.
func normalisePort(scheme, port string) (string, error) {
	if port == "" {
		return "", nil
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 {
		return "", refused("port out of range")
	}
	if scheme == "https" && n == 443 || scheme == "http" && n == 80 {
		return "", nil
	}
	return strconv.FormatUint(n, 10), nil
}

// normaliseHost returns the one form of a host name or a literal IP address.
func normaliseHost(host string) (string, error) {
	for i := range len(host) {
		if host[i] < 0x80 {
			continue
		}
		// Maps full-width digits, ideographic full stops and the like, so what
		// follows sees what the resolver would see.
		ascii, err := idna.Lookup.ToASCII(host)
		if err != nil {
			return "", refused("not a host name")
		}
		host = ascii
		break
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if strings.Contains(host, ":") {
		ip, err := netip.ParseAddr(host)
		if err != nil || ip.Zone() != "" {
			return "", refused("not an IP address")
		}
		return ip.String(), nil
	}
	return host, checkName(host)
}

// checkName accepts DNS names of letters, digits, hyphens and underscores, and
// IPv4 addresses in the one form of four decimal numbers.
func checkName(name string) error {
	if len(name) == 0 || len(name) > 253 {
		return refused("not a host name")
	}
	labels := strings.Split(name, ".")
	for _, label := range labels {
		if len(label) == 0 || len(label) > 63 || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return refused("not a host name")
		}
	}
	// 2130706433, 0x7f.1 and 0177.0.0.1 are 127.0.0.1 to some resolvers and a
	// name to others. No top-level domain is a number (RFC 3696, section 2).
	last := labels[len(labels)-1]
	if isDigit(last[0]) {
		if _, err := netip.ParseAddr(name); err != nil {
			return refused("not an IP address in its usual form")
		}
		return nil
	}
	if len(labels) == 1 && !isLoopback(name) {
		return refused("not a full host name")
	}
	return nil
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// isLoopback says whether a normal host names this machine by itself, without
// asking any resolver (RFC 6761, section 6.3).
func isLoopback(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.Unmap().IsLoopback()
	}
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// permit refuses what this client does not ask over the network, as far as the
// address itself tells. The guard on the connection decides the rest.
func (c *Client) permit(u *url.URL) error {
	if isLoopback(u.Hostname()) {
		if !c.AllowLoopback {
			return refused("this machine")
		}
		return nil
	}
	if u.Scheme != "https" {
		return refused("only https is fetched")
	}
	if u.Port() != "" {
		return refused("only port 443 is asked")
	}
	return nil
}
