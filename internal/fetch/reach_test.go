package fetch

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// errStopped is what the network says in these tests instead of connecting.
var errStopped = errors.New("stopped before the connection")

// A network is a client's world in which no connection is ever made: names
// resolve as the test says, and what the guard lets through is noted.
type network struct {
	names map[string][]netip.Addr // the answers for each name, without a final dot

	mu      sync.Mutex
	reached []string
	asked   []string
	turn    func(name string, n int) []netip.Addr // the answer to the n-th question, in place of names
}

func (n *network) client() *Client {
	return &Client{
		resolver: &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
			ours, theirs := net.Pipe()
			go n.answerDNS(theirs)
			return ours, nil
		}},
		passed: func(address string) error {
			n.mu.Lock()
			defer n.mu.Unlock()
			n.reached = append(n.reached, address)
			return errStopped
		},
	}
}

// take returns what the guard let through since the last call.
func (n *network) take() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	r := n.reached
	n.reached = nil
	return r
}

// answerDNS answers the questions on a connection, each with its length before
// it as over TCP (RFC 1035, section 4.2.2).
func (n *network) answerDNS(conn net.Conn) {
	defer conn.Close()
	for {
		var size uint16
		if binary.Read(conn, binary.BigEndian, &size) != nil {
			return
		}
		question := make([]byte, size)
		if _, err := io.ReadFull(conn, question); err != nil {
			return
		}
		var m dnsmessage.Message
		if m.Unpack(question) != nil || len(m.Questions) != 1 {
			return
		}
		m.Response, m.Additionals = true, nil
		m.Answers = n.answers(m.Questions[0])
		if len(m.Answers) == 0 {
			m.RCode = dnsmessage.RCodeNameError
		}
		packed, err := m.Pack()
		if err != nil {
			return
		}
		if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(packed))), packed...)); err != nil {
			return
		}
	}
}

func (n *network) answers(q dnsmessage.Question) []dnsmessage.Resource {
	n.mu.Lock()
	defer n.mu.Unlock()
	name := strings.TrimSuffix(q.Name.String(), ".")
	n.asked = append(n.asked, q.Name.String())
	ips := n.names[name]
	if n.turn != nil && q.Type == dnsmessage.TypeA {
		ips = n.turn(name, len(n.asked))
	}
	var list []dnsmessage.Resource
	for _, ip := range ips {
		r := dnsmessage.Resource{Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class}}
		switch {
		case ip.Is4() && q.Type == dnsmessage.TypeA:
			r.Body = &dnsmessage.AResource{A: ip.As4()}
		case ip.Is6() && q.Type == dnsmessage.TypeAAAA:
			r.Body = &dnsmessage.AAAAResource{AAAA: ip.As16()}
		default:
			continue
		}
		list = append(list, r)
	}
	return list
}

// forms returns the addresses that lead to ip, with the names they need.
func forms(ip netip.Addr, names map[string][]netip.Addr) []string {
	var hosts []string
	ips := []netip.Addr{ip}
	if ip.Is4() {
		b := ip.As4()
		n := binary.BigEndian.Uint32(b[:])
		hosts = append(hosts, ip.String(), ip.String()+".", strings.ReplaceAll(ip.String(), ".", "。"), strings.Map(fullWidth, ip.String()),
			fmt.Sprint(n), fmt.Sprintf("0x%x", n), fmt.Sprintf("0%o", n), fmt.Sprintf("0x%x.0x%x.0x%x.0x%x", b[0], b[1], b[2], b[3]),
			fmt.Sprintf("0%o.0%o.0%o.0%o", b[0], b[1], b[2], b[3]), fmt.Sprintf("%d.%d", b[0], n&0xffffff), fmt.Sprintf("%d.%d.%d", b[0], b[1], n&0xffff),
			fmt.Sprintf("[::ffff:%s]", ip), fmt.Sprintf("[64:ff9b::%s]", ip), fmt.Sprintf("[::%s]", ip))
		for _, standIn := range standIns(ip) {
			ips = append(ips, standIn)
		}
	}
	for i, ip := range ips {
		name := fmt.Sprintf("n%d-%x.example", i, ip.AsSlice())
		names[name] = []netip.Addr{ip}
		hosts = append(hosts, name)
		if ip.Is6() {
			hosts = append(hosts, "["+ip.String()+"]", "["+strings.ToUpper(ip.StringExpanded())+"]")
		}
	}
	list := make([]string, len(hosts))
	for i, h := range hosts {
		list[i] = "https://" + h + "/latest/meta-data/"
	}
	return list
}

func fullWidth(r rune) rune {
	if r == '.' {
		return '．'
	}
	return r - '0' + '０'
}

// TestNeverReached asks for each hostile address in each of its forms, straight
// and through a redirect, in production and in development.
func TestNeverReached(t *testing.T) {
	if n := len(hostileAddresses); n < 190 {
		t.Fatalf("only %d hostile addresses", n)
	}
	asked := 0
	for _, ip := range hostileAddresses {
		n := &network{names: map[string][]netip.Addr{}}
		for _, address := range forms(ip, n.names) {
			for _, development := range []bool{false, true} {
				for _, redirected := range []bool{false, true} {
					if u, err := parse(address); development && !redirected && err == nil && isLoopback(u.Hostname()) {
						continue // may be asked then: TestLoopback
					}
					if !development && redirected {
						continue // three of the four cases hold everything that differs
					}
					c := n.client()
					c.AllowLoopback = development
					first := address
					if redirected {
						first = "https://badges.example/"
						c.Own = redirectFrom("badges.example", address)
					}
					_, _, err := c.GetMax(t.Context(), first, "", 0)
					if !errors.Is(err, ErrRefused) {
						t.Errorf("%s (development %t, redirected %t): %v, want ErrRefused", address, development, redirected, err)
					}
					if r := n.take(); len(r) > 0 {
						t.Errorf("%s (development %t, redirected %t) reached %s", address, development, redirected, r)
					}
					asked++
				}
			}
		}
	}
	t.Logf("%d hostile addresses, asked for %d times", len(hostileAddresses), asked)
}

func redirectFrom(host, location string) func(*url.URL) http.Handler {
	return func(u *url.URL) http.Handler {
		if u.Host != host {
			return nil
		}
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", location)
			w.WriteHeader(http.StatusFound)
		})
	}
}

// TestPublicReached is the control of TestNeverReached: the guard would not
// earn its keep by refusing everything.
func TestPublicReached(t *testing.T) {
	for _, s := range publicAddresses {
		ip := netip.MustParseAddr(s)
		n := &network{names: map[string][]netip.Addr{"issuer.example": {ip}}}
		literal := "https://" + s + "/"
		if ip.Is6() {
			literal = "https://[" + s + "]/"
		}
		for _, address := range []string{literal, "https://issuer.example/", "https://ISSUER.example.:443/did.json"} {
			_, _, err := n.client().Get(t.Context(), address, "")
			if r := n.take(); len(r) != 1 || r[0] != netip.AddrPortFrom(ip, 443).String() || !errors.Is(err, errStopped) {
				t.Errorf("%s reached %q: %v", address, r, err)
			}
		}
	}
}

// TestPorts: other services than a web server are not asked, whatever the port.
func TestPorts(t *testing.T) {
	n := &network{names: map[string][]netip.Addr{"issuer.example": {netip.MustParseAddr("93.184.215.14")}}}
	for _, development := range []bool{false, true} {
		for _, address := range []string{
			"https://issuer.example:22/", "https://issuer.example:80/", "https://issuer.example:8443/", "https://issuer.example:25/",
			"http://issuer.example/", "http://issuer.example:443/", "http://93.184.215.14/", "https://93.184.215.14:6443/",
		} {
			c := n.client()
			c.AllowLoopback = development
			if _, _, err := c.Get(t.Context(), address, ""); !errors.Is(err, ErrRefused) {
				t.Errorf("%s: %v, want ErrRefused", address, err)
			}
		}
	}
	if r := n.take(); len(r) > 0 || len(n.asked) > 0 {
		t.Errorf("reached %s, resolved %s", r, n.asked)
	}
}

// TestMixedAnswer: of a name's addresses only the public ones are tried.
func TestMixedAnswer(t *testing.T) {
	var ips []netip.Addr
	for _, s := range []string{"127.0.0.1", "10.0.0.1", "93.184.215.14", "169.254.169.254", "::1", "fd00:ec2::254", "64:ff9b::a00:1", "::ffff:10.0.0.1"} {
		ips = append(ips, netip.MustParseAddr(s))
	}
	n := &network{names: map[string][]netip.Addr{"mixed.example": ips}}
	n.client().Get(t.Context(), "https://mixed.example/", "")
	if r := n.take(); len(r) != 1 || r[0] != "93.184.215.14:443" {
		t.Errorf("reached %s", r)
	}
}

// TestRebinding: a name that is public when first asked and private after is
// refused after, and nothing is resolved twice for one request.
func TestRebinding(t *testing.T) {
	n := &network{turn: func(_ string, asked int) []netip.Addr {
		if asked <= 2 { // A and AAAA of the first request
			return []netip.Addr{netip.MustParseAddr("93.184.215.14")}
		}
		return []netip.Addr{netip.MustParseAddr("169.254.169.254")}
	}}
	c := n.client()
	c.Own = redirectFrom("badges.example", "https://rebind.example/")
	for i := range 3 {
		for _, address := range []string{"https://rebind.example/", "https://badges.example/"} {
			_, _, err := c.GetMax(t.Context(), address, "", 0)
			r := n.take()
			if first := i == 0 && address == "https://rebind.example/"; first {
				if len(r) != 1 || r[0] != "93.184.215.14:443" || len(n.asked) != 2 {
					t.Fatalf("first request reached %s after the questions %s: %v", r, n.asked, err)
				}
			} else if len(r) > 0 || !errors.Is(err, ErrRefused) {
				t.Errorf("after rebinding: reached %s, %v", r, err)
			}
		}
	}
}

// TestAbsoluteNames: the resolver's search list would turn a stranger's name
// into one of our own network.
func TestAbsoluteNames(t *testing.T) {
	n := &network{}
	_, _, err := n.client().Get(t.Context(), "https://no.such.example/", "")
	var dns *net.DNSError
	if !errors.As(err, &dns) || !dns.IsNotFound || dns.Name != "no.such.example." {
		t.Errorf("error is %#v", err)
	}
	for _, name := range n.asked {
		if name != "no.such.example." {
			t.Errorf("asked for %s", name)
		}
	}
}

// TestProxyIgnored: a proxy would make the connection in our place, unguarded.
func TestProxyIgnored(t *testing.T) {
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"} {
		t.Setenv(name, "http://93.184.215.99:443")
	}
	t.Setenv("NO_PROXY", "")
	n := &network{names: map[string][]netip.Addr{"issuer.example": {netip.MustParseAddr("93.184.215.14")}}}
	n.client().Get(t.Context(), "https://issuer.example/", "")
	if r := n.take(); len(r) != 1 || r[0] != "93.184.215.14:443" {
		t.Errorf("reached %s", r)
	}
	if (&Client{}).transport(t.Context()).Proxy != nil {
		t.Error("the transport has a proxy")
	}
}

// TestErrorText: an error may be shown to the stranger who chose the address.
func TestErrorText(t *testing.T) {
	n := &network{names: map[string][]netip.Addr{"inside.example": {netip.MustParseAddr("10.11.12.13")}}}
	for _, address := range []string{"https://inside.example/secret", "https://none.example/secret"} {
		_, _, err := n.client().Get(t.Context(), address, "")
		for _, word := range []string{"10.11.12.13", "secret", "127.0.0.", ":53"} {
			if err == nil || strings.Contains(err.Error(), word) {
				t.Errorf("%s: error %q tells %q", address, err, word)
			}
		}
	}
}
