package fetch

import (
	"bytes"
	"encoding/csv"
	"net/netip"
	"regexp"
	"testing"

	"github.com/roundel/roundel/internal/vectors"
	"pgregory.net/rapid"
)

// TestRegistries asks for the first and the last address of each row of the
// IANA special-purpose registries, and for one in the middle.
func TestRegistries(t *testing.T) {
	// Globally reachable by the registry, but not asked: see closed4 and closed6.
	stricter := map[string]bool{
		"192.0.0.9/32": true, "192.0.0.10/32": true,
		"2001:1::1/128": true, "2001:1::2/128": true, "2001:1::3/128": true,
		"2001:3::/32": true, "2001:4:112::/48": true, "2001:20::/28": true, "2001:30::/28": true,
	}
	// Judged by the IPv4 address inside, here 0.0.0.0 and 255.255.255.255; see TestStandIns.
	inner := map[string]bool{"64:ff9b::/96": true, "::ffff:0.0.0.0/96": true}
	for _, file := range []string{"iana-ipv4-special-registry-1.csv", "iana-ipv6-special-registry-1.csv"} {
		refused, allowed := 0, 0
		for _, row := range registry(t, file) {
			for _, p := range row.blocks {
				want := row.reachable && !stricter[p.String()] && !inner[p.String()]
				ips := []netip.Addr{p.Addr(), last(p)}
				if !inner[p.String()] {
					ips = append(ips, middle(p))
				}
				for _, ip := range ips {
					if public(ip) != want {
						t.Errorf("public(%s) = %t in %s, %s", ip, !want, p, row.name)
					}
				}
				if want {
					allowed++
				} else {
					refused++
				}
			}
		}
		if refused < 20 || allowed < 1 {
			t.Errorf("%s: %d blocks refused and %d allowed: was the registry read?", file, refused, allowed)
		}
	}
}

type registryRow struct {
	blocks    []netip.Prefix
	name      string
	reachable bool
}

var prefixForm = regexp.MustCompile(`[0-9a-f.:]+/[0-9]+`) // cells carry footnotes and may list two

func registry(t *testing.T, file string) []registryRow {
	t.Helper()
	records, err := csv.NewReader(bytes.NewReader(vectors.File(t, "iana", file))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if records[0][0] != "Address Block" || records[0][8] != "Globally Reachable" {
		t.Fatalf("%s has the columns %q", file, records[0])
	}
	var rows []registryRow
	for _, r := range records[1:] {
		row := registryRow{name: r[1], reachable: r[8] == "True"}
		for _, p := range prefixForm.FindAllString(r[0], -1) {
			row.blocks = append(row.blocks, netip.MustParsePrefix(p))
		}
		if len(row.blocks) == 0 {
			t.Fatalf("%s: no address block in %q", file, r[0])
		}
		rows = append(rows, row)
	}
	return rows
}

func last(p netip.Prefix) netip.Addr { return fill(p, 0xff) }

func middle(p netip.Prefix) netip.Addr { return fill(p, 0xa5) }

// fill returns the address in p whose other bits are those of b repeated.
func fill(p netip.Prefix, b byte) netip.Addr {
	raw := p.Masked().Addr().AsSlice()
	for bit := p.Bits(); bit < len(raw)*8; bit++ {
		if b>>(7-bit%8)&1 == 1 {
			raw[bit/8] |= 0x80 >> (bit % 8)
		}
	}
	ip, _ := netip.AddrFromSlice(raw)
	return ip
}

// TestEdges looks at both sides of the border of each block.
func TestEdges(t *testing.T) {
	for in, want := range map[string]bool{
		"0.255.255.255": false, "1.0.0.0": true,
		"9.255.255.255": true, "10.0.0.0": false, "10.255.255.255": false, "11.0.0.0": true,
		"100.63.255.255": true, "100.64.0.0": false, "100.127.255.255": false, "100.128.0.0": true,
		"126.255.255.255": true, "127.0.0.0": false, "127.255.255.255": false, "128.0.0.0": true,
		"169.253.255.255": true, "169.254.0.0": false, "169.254.255.255": false, "169.255.0.0": true,
		"172.15.255.255": true, "172.16.0.0": false, "172.31.255.255": false, "172.32.0.0": true,
		"191.255.255.255": true, "192.0.0.0": false, "192.0.0.255": false, "192.0.1.0": true,
		"192.0.2.0": false, "192.0.3.0": true, "192.88.98.255": true, "192.88.99.1": false, "192.88.100.0": true,
		"192.167.255.255": true, "192.168.0.0": false, "192.169.0.0": true,
		"198.17.255.255": true, "198.18.0.0": false, "198.19.255.255": false, "198.20.0.0": true,
		"198.51.99.255": true, "198.51.100.0": false, "198.51.101.0": true,
		"203.0.112.255": true, "203.0.113.0": false, "203.0.114.0": true,
		"223.255.255.255": true, "224.0.0.0": false, "239.255.255.255": false, "240.0.0.0": false, "255.255.255.255": false,
		"168.63.129.15": true, "168.63.129.16": false, "168.63.129.17": true,
		"1fff:ffff::": false, "2000::": true, "2001:1ff:ffff::": false, "2001:200::": true,
		"2001:db7:ffff::": true, "2001:db8::": false, "2001:db9::": true,
		"2001:ffff:ffff::": true, "2002::": false, "2002:ffff:ffff::": false, "2003::": true,
		"3ffe:ffff::": true, "3fff::": false, "3fff:fff:ffff::": false, "3fff:1000::": true, "4000::": false,
		"fec0::1": false, "ff02::1": false, "::127.0.0.1": false, "::8.8.8.8": false, "::ffff:0:8.8.8.8": false,
	} {
		if got := public(netip.MustParseAddr(in)); got != want {
			t.Errorf("public(%s) = %t", in, got)
		}
	}
	for _, ip := range []netip.Addr{{}, netip.MustParseAddr("2606:4700::1%eth0"), netip.MustParseAddr("fe80::1%1")} {
		if public(ip) {
			t.Errorf("public(%v) = true", ip)
		}
	}
}

// TestGuard: what a host calls itself and where it leads must agree.
func TestGuard(t *testing.T) {
	dev, live := &Client{AllowLoopback: true}, &Client{}
	for _, x := range []struct {
		c                *Client
		network, address string
		loopback, want   bool
	}{
		{live, "tcp4", "93.184.215.14:443", false, true},
		{live, "tcp6", "[2606:4700::1111]:443", false, true},
		{live, "tcp4", "93.184.215.14:80", false, false},
		{live, "udp4", "93.184.215.14:443", false, false},
		{live, "unix", "/run/docker.sock", false, false},
		{live, "tcp6", "[2606:4700::1111%eth0]:443", false, false},
		{live, "tcp4", "127.0.0.1:443", false, false},
		{live, "tcp4", "127.0.0.1:443", true, false},
		{dev, "tcp4", "127.0.0.1:8080", true, true},
		{dev, "tcp6", "[::1]:8080", true, true},
		{dev, "tcp6", "[::ffff:127.0.0.1]:8080", true, true},
		{dev, "tcp4", "127.0.0.1:443", false, false},
		{dev, "tcp4", "10.0.0.1:443", true, false},
		{dev, "tcp4", "10.0.0.1:443", false, false},
		{dev, "tcp4", "0.0.0.0:443", true, false},
		{dev, "tcp6", "[::]:443", true, false},
		{dev, "tcp4", "93.184.215.14:443", true, false},
	} {
		if err := x.c.guard(x.network, x.address, x.loopback); (err == nil) != x.want {
			t.Errorf("%s %s, development %t, loopback host %t: %v", x.network, x.address, x.c.AllowLoopback, x.loopback, err)
		}
	}
}

// TestStandIns checks every way to write an IPv4 address as an IPv6 one.
func TestStandIns(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v4 := rapid.OneOf(
			rapid.Custom(func(t *rapid.T) netip.Addr {
				b := rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "address")
				return netip.AddrFrom4([4]byte(b))
			}),
			rapid.Custom(func(t *rapid.T) netip.Addr { // else few would be closed
				p := rapid.SampledFrom(closed4).Draw(t, "block")
				return fill(p, rapid.Byte().Draw(t, "bits"))
			}),
		).Draw(t, "IPv4 address")
		want := public(v4)
		for form, ip := range standIns(v4) {
			switch form {
			case "mapped", "NAT64", "ISATAP", "ISATAP universal":
				if public(ip) != want {
					t.Errorf("public(%s) = %t, unlike the %s address %s in it", ip, !want, form, v4)
				}
			default:
				if public(ip) {
					t.Errorf("public(%s) = true, the %s form of %s", ip, form, v4)
				}
			}
		}
	})
}

// standIns returns the IPv6 addresses that stand for v4, by the name of the form.
func standIns(v4 netip.Addr) map[string]netip.Addr {
	a := v4.As4()
	in := func(prefix string, at int, flip byte) netip.Addr {
		b := netip.MustParseAddr(prefix).As16()
		for i := range a {
			b[at+i] = a[i] ^ flip
		}
		return netip.AddrFrom16(b)
	}
	return map[string]netip.Addr{
		"mapped":           in("::ffff:0:0", 12, 0),
		"compatible":       in("::", 12, 0),
		"translated":       in("::ffff:0:0:0", 12, 0), // RFC 2765
		"NAT64":            in("64:ff9b::", 12, 0),
		"local NAT64":      in("64:ff9b:1::", 12, 0), // RFC 8215
		"6to4":             in("2002::1", 2, 0),
		"Teredo client":    in("2001:0:4136:e378:8000:63bf::", 12, 0xff), // RFC 4380
		"Teredo server":    in("2001::8000:63bf:f7f7:f7f7", 4, 0),
		"ISATAP":           in("2600:1234:5678:9abc:0:5efe::", 12, 0), // RFC 5214
		"ISATAP universal": in("2600:1234:5678:9abc:200:5efe::", 12, 0),
		"ISATAP link":      in("fe80::5efe:0:0", 12, 0),
	}
}
