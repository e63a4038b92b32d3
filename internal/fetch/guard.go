package fetch

import (
	"net/netip"
)

// closed4 are the IPv4 blocks that are never asked: each block of the IANA
// IPv4 Special-Purpose Address Registry that is not globally reachable, and
// what other registries set apart.
var closed4 = prefixes(
	"0.0.0.0/8",        // this network
	"10.0.0.0/8",       // private use
	"100.64.0.0/10",    // shared address space
	"127.0.0.0/8",      // loopback
	"169.254.0.0/16",   // link local, cloud metadata
	"172.16.0.0/12",    // private use
	"192.0.0.0/24",     // IETF protocol assignments; its anycast addresses lead to our own gateway
	"192.0.2.0/24",     // documentation
	"192.88.99.0/24",   // 6to4 relays, deprecated
	"192.168.0.0/16",   // private use
	"198.18.0.0/15",    // benchmarking
	"198.51.100.0/24",  // documentation
	"203.0.113.0/24",   // documentation
	"224.0.0.0/4",      // multicast (IPv4 Multicast Address Space Registry)
	"240.0.0.0/4",      // reserved, broadcast
	"168.63.129.16/32", // not in a registry: the host behind each Azure machine
)

// open6 is the only part of the IPv6 space that is handed out for the public
// internet (IANA IPv6 Address Space registry); closed6 is what the IANA IPv6
// Special-Purpose Address Registry takes out of it again. What lies outside
// open6 needs no entry: loopback, mapped and compatible IPv4, 64:ff9b:1::/48,
// unique local, link and site local, multicast.
var (
	open6   = netip.MustParsePrefix("2000::/3")
	closed6 = prefixes(
		"2001::/23",     // IETF protocol assignments, with Teredo, benchmarking, ORCHID, anycast to our own gateway
		"2001:db8::/32", // documentation
		"2002::/16",     // 6to4, which tunnels to any IPv4 address
		"3fff::/20",     // documentation
	)
	nat64 = netip.MustParsePrefix("64:ff9b::/96")
)

func prefixes(all ...string) []netip.Prefix {
	list := make([]netip.Prefix, len(all))
	for i, p := range all {
		list[i] = netip.MustParsePrefix(p)
	}
	return list
}

// public says whether ip is an address of the public internet. An IPv6 address
// that stands for an IPv4 address is public only if that one is too.
func public(ip netip.Addr) bool {
	if !ip.IsValid() || ip.Zone() != "" {
		return false
	}
	ip = ip.Unmap() // IPv4-mapped: the kernel connects to the IPv4 address
	if ip.Is4() {
		return !contains(closed4, ip)
	}
	b := ip.As16()
	last4 := netip.AddrFrom4([4]byte(b[12:]))
	if nat64.Contains(ip) {
		// In networks without IPv4 every older host has such an address.
		return public(last4)
	}
	if !open6.Contains(ip) || contains(closed6, ip) {
		return false
	}
	// ISATAP: interface identifiers 0000:5efe and 0200:5efe (RFC 5214, section
	// 6.1) end with the IPv4 address that the packet is tunnelled to.
	if b[8]&^0x02 == 0 && b[9] == 0 && b[10] == 0x5e && b[11] == 0xfe {
		return public(last4)
	}
	return true
}

func contains(list []netip.Prefix, ip netip.Addr) bool {
	for _, p := range list {
		if p.Contains(ip) {
			return true
		}
	}
	return false
}
