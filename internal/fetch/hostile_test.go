package fetch

import "net/netip"

// malformedAddresses are refused before anything is asked, whoever asks.
var malformedAddresses = []string{
	// Not http.
	"", "/", "example.org", "//example.org/", "file:///etc/passwd", "file://localhost/etc/passwd", "FILE:/etc/passwd",
	"ftp://example.org/", "gopher://example.org:443/_GET", "dict://example.org/", "ldap://example.org/", "unix:///run/docker.sock",
	"data:application/json,{}", "javascript:alert(1)", "jar:https://example.org/a!/b", "ws://example.org/", "wss://example.org/",
	"about:blank", "blob:https://example.org/x", "netdoc:///etc/passwd", "s3://bucket/key", "view-source:https://example.org/",
	// No host, or not clearly one.
	"https:", "https:/", "https://", "https:///path", "https:example.org", "https:/example.org", "https://:443/", "https://?x", "https://#x",
	"https://./", "https://../", "https://.example.org/", "https://example..org/", "https://example.org../",
	"https://exa mple.org/", "https://example.org\t/", "https://example.org\r\nHost:x/", "https://example.org\x00.example/",
	"https://example.org\\@127.0.0.1/", "https:\\\\127.0.0.1\\", "https://example.org%2f@127.0.0.1/", "https://%31%32%37.0.0.1/",
	"https://127.0.0.1%00.example.org/", "https://exam!ple.org/", "https://exam$ple.org/", "https://*.example.org/", "https://a,b.example/",
	"https://[::1/", "https://::1/", "https://[::1]x/", "https://[]/", "https://[127.0.0.1]/", "https://[v1.x]/", "https://[example.org]/",
	"https://[fe80::1%25eth0]/", "https://[2606:4700::1%25lo]/", "https://[::1%25]/", "https://[1:2:3:4:5:6:7:8:9]/",
	"https://intranet/", "https://metadata/", "https://router/", "https://kubernetes/", "https://db:443/",
	// With a user name.
	"https://user@example.org/", "https://user:password@example.org/", "https://@example.org/", "https://:@example.org/",
	"https://example.org@127.0.0.1/", "https://127.0.0.1@example.org/", "https://example.org:443@127.0.0.1:443/",
	// Ports that are none.
	"https://example.org:0/", "https://example.org:65536/", "https://example.org:99999999999999999999/", "https://example.org:-1/",
	"https://example.org:443:443/", "https://example.org:4 43/", "https://example.org:https/", "https://example.org:0x1bb/",
	// Numbers that are an IP address to some resolvers.
	"https://2130706433/", "https://017700000001/", "https://0x7f000001/", "https://0X7F000001/", "https://4294967295/", "https://0/", "https://00/",
	"https://127.1/", "https://127.0.1/", "https://0177.0.0.1/", "https://0x7f.0.0.1/", "https://0x7f.1/", "https://127.0.0.01/", "https://127.0.0.0x1/",
	"https://127.0.0.1.1/", "https://127.0.0.256/", "https://256.256.256.256/", "https://1.2.3.4.5/", "https://example.1/", "https://example.0x7f/",
	"https://２１３０７０６４３３/", "https://127。1/", "https://⑫⑦.1/",
}

// hostileAddresses are not on the public internet. The blocks of the registries
// are in TestRegistries; these are what attackers ask for in fact.
var hostileAddresses = func() []netip.Addr {
	var list []netip.Addr
	for _, s := range []string{
		// This machine.
		"0.0.0.0", "0.0.0.1", "0.1.2.3", "0.255.255.255", "127.0.0.1", "127.0.0.2", "127.0.0.11", "127.0.0.53", "127.0.1.1", "127.1.1.1", "127.127.127.127",
		"127.255.255.254", "127.255.255.255", "::", "::1", "::2",
		// Private networks, routers, containers.
		"10.0.0.0", "10.0.0.1", "10.0.0.138", "10.0.0.254", "10.0.2.2", "10.1.1.1", "10.10.10.10", "10.42.0.1", "10.43.0.1", "10.96.0.1", "10.96.0.10", "10.152.183.1",
		"10.244.0.1", "10.255.255.255", "172.16.0.0", "172.16.0.1", "172.17.0.1", "172.17.0.2", "172.18.0.1", "172.20.0.1", "172.20.10.1", "172.30.0.1",
		"172.31.0.2", "172.31.255.255", "192.168.0.0", "192.168.0.1", "192.168.1.1", "192.168.1.254", "192.168.2.1", "192.168.3.1", "192.168.88.1", "192.168.8.1", "192.168.10.1",
		"192.168.49.2", "192.168.56.1", "192.168.65.2", "192.168.99.100", "192.168.100.1", "192.168.122.1", "192.168.178.1", "192.168.255.255",
		"fc00::", "fc00::1", "fd00::1", "fd00:ec2::254", "fd12:3456:789a:1::1", "fd7a:115c:a1e0::1", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		// Shared space, with one cloud's metadata and some overlay networks.
		"100.64.0.0", "100.64.0.1", "100.100.100.100", "100.100.100.200", "100.127.255.255",
		// Link local, with the other clouds' metadata.
		"169.254.0.0", "169.254.0.1", "169.254.0.23", "169.254.1.1", "169.254.10.10", "169.254.42.42", "169.254.169.123", "169.254.169.249",
		"169.254.169.250", "169.254.169.251", "169.254.169.253", "169.254.169.254", "169.254.170.2", "169.254.170.23", "169.254.255.255",
		"168.63.129.16", "fe80::", "fe80::1", "fe80::a9fe:a9fe", "fe80::5efe:7f00:1", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fec0::1",
		"fec0:0:0:ffff::1", "feff::1",
		// Set apart for protocols, tests and documents.
		"192.0.0.0", "192.0.0.1", "192.0.0.2", "192.0.0.6", "192.0.0.8", "192.0.0.9", "192.0.0.10", "192.0.0.170", "192.0.0.171", "192.0.0.192",
		"192.0.0.255", "192.0.2.0", "192.0.2.1", "192.0.2.255", "192.88.99.0", "192.88.99.1", "192.88.99.2", "192.88.99.255", "198.18.0.0", "198.18.0.1",
		"198.19.255.255", "198.51.100.0", "198.51.100.1", "198.51.100.255", "203.0.113.0", "203.0.113.1", "203.0.113.255",
		"100::", "100::1", "100:0:0:1::", "100:0:0:1::1", "2001::", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:1::1", "2001:1::2", "2001:1::3",
		"2001:2::", "2001:2::1", "2001:3::1", "2001:4:112::1", "2001:10::1", "2001:1f:ffff::1", "2001:20::1", "2001:2f:ffff::1", "2001:30::1",
		"2001:db8::", "2001:db8::1", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "3fff::", "3fff::1", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff",
		"5f00::", "5f00::1", "3ffe:0:0:1:0:5efe:a00:1", "2002::1", "2002:7f00:1::1", "2002:a00:1::", "2002:a9fe:a9fe::1", "2002:c0a8:101::1", "2002:808:808::1",
		// Multicast, broadcast, reserved, never handed out.
		"224.0.0.0", "224.0.0.1", "224.0.0.251", "224.0.0.252", "232.0.0.1", "233.252.0.1", "239.255.255.250", "239.255.255.255", "240.0.0.0", "240.0.0.1",
		"247.1.2.3", "255.0.0.0", "255.255.255.254", "255.255.255.255", "ff00::", "ff01::1", "ff02::1", "ff02::2", "ff02::fb", "ff05::1:3", "ff0e::1",
		"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "200::1", "400::1", "1000::1", "4000::1", "6000::1", "8000::1", "a000::1", "c000::1", "e000::1", "f000::1", "fe00::1",
		// NAT64 prefixes of one's own network.
		"64:ff9b:1::", "64:ff9b:1::808:808", "64:ff9b:1:ffff::a00:1", "64:ff9b:1:7f00:0:100::", "64:ff9b::1:7f00:1", "64:ff9a::7f00:1",
	} {
		list = append(list, netip.MustParseAddr(s))
	}
	return list
}()

// publicAddresses are the control: the guard lets them through.
var publicAddresses = []string{
	"1.1.1.1", "8.8.8.8", "93.184.215.14", "151.101.1.140", "185.199.108.153", "192.0.1.1", "192.31.196.1", "223.255.255.1",
	"2001:4860:4860::8888", "2606:4700:4700::1111", "2a00:1450:4001:80b::200e", "2620:4f:8000::1", "2400:cb00:2048:1::1",
	"64:ff9b::808:808", "2606:4700::5efe:101:101",
}
