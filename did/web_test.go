package did

import (
	"errors"
	"testing"

	"pgregory.net/rapid"
)

func TestWebURL(t *testing.T) {
	// The first three are the examples of CCG did:web, section 3.2.
	for did, want := range map[string]struct {
		url, host string
		shared    bool
	}{
		"did:web:w3c-ccg.github.io":                {"https://w3c-ccg.github.io/.well-known/did.json", "w3c-ccg.github.io", false},
		"did:web:w3c-ccg.github.io:user:alice":     {"https://w3c-ccg.github.io/user/alice/did.json", "w3c-ccg.github.io", true},
		"did:web:example.com%3A3000:user:alice":    {"https://example.com:3000/user/alice/did.json", "example.com:3000", true},
		"did:web:example.com%3A3000":               {"https://example.com:3000/.well-known/did.json", "example.com:3000", false},
		"did:web:localhost%3A8443":                 {"https://localhost:8443/.well-known/did.json", "localhost:8443", false},
		"did:web:xn--bcher-kva.example":            {"https://xn--bcher-kva.example/.well-known/did.json", "xn--bcher-kva.example", false},
		"did:web:uni.edu:%7Eeva:B_1.x-2":           {"https://uni.edu/%7Eeva/B_1.x-2/did.json", "uni.edu", true},
		"did:web:uni.edu:schule:stra%C3%9Fe":       {"https://uni.edu/schule/stra%C3%9Fe/did.json", "uni.edu", true},
		"did:web:1password.example":                {"https://1password.example/.well-known/did.json", "1password.example", false},
		"did:web:example.com:..hidden:dotted...ok": {"https://example.com/..hidden/dotted...ok/did.json", "example.com", true},
	} {
		url, err := WebURL(did)
		if err != nil || url != want.url {
			t.Errorf("WebURL(%s) = %q, %v; want %q", did, url, err, want.url)
		}
		host, shared, err := WebHost(did)
		if err != nil || host != want.host || shared != want.shared {
			t.Errorf("WebHost(%s) = %q, %v, %v", did, host, shared, err)
		}
	}
}

func TestWebURLRefuses(t *testing.T) {
	for _, did := range []string{
		"", "did:web", "did:web:", "web:example.com", "DID:web:example.com", "did:WEB:example.com",
		"did:web:Example.com",         // another spelling of the same host
		"did:web:example.com%3a3000",  // another spelling of %3A
		"did:web:example.com:",        // empty segment
		"did:web:example.com::a",      // empty segment
		"did:web:example.com:a:",      // empty segment
		"did:web::a",                  // no host
		"did:web:%3A443",              // no host
		"did:web:example.com%3A",      // no port
		"did:web:example.com%3A0",     // no port
		"did:web:example.com%3A080",   // leading zero
		"did:web:example.com%3A65536", // too large
		"did:web:example.com%3A+80",
		"did:web:example.com%3A80%3A81",
		"did:web:example.com%3A80%2Fx",
		"did:web:example.com.", // another spelling of the same host
		"did:web:.example.com", "did:web:a..b", "did:web:-a.example", "did:web:a_b.example",
		"did:web:example.com/path", "did:web:example.com?q", "did:web:example.com#f",
		"did:web:example.com:a/b", "did:web:example.com:a?b", "did:web:example.com:a#b",
		"did:web:user@example.com", "did:web:user%40example.com", "did:web:user%3Apass%40example.com",
		"did:web:example.com%2Fpath", "did:web:example.com%23", "did:web:example.com%00",
		"did:web:bücher.example", "did:web:b%C3%BCcher.example", "did:web:xn--zzz-.example",
		"did:web:xn--a.example", // not what any name encodes to
		"did:web:127.0.0.1", "did:web:2130706433", "did:web:0x7f000001", "did:web:0177.1", "did:web:127.1",
		"did:web:127.0.0.0x1", "did:web:%5B%3A%3A1%5D", "did:web:[::1]", "did:web:10.0.0.1%3A443",
		"did:web:example.com:..", "did:web:example.com:.", "did:web:example.com:%2E%2E", "did:web:example.com:.%2E:x",
		"did:web:example.com:%2Fetc", "did:web:example.com:a%5Cb", "did:web:example.com:%252e%252e",
		"did:web:example.com:a%00b", "did:web:example.com:a%0D%0Ab", "did:web:example.com:a%3Fb", "did:web:example.com:a%23b",
		"did:web:example.com:..%3Bx", "did:web:example.com:%FF", "did:web:example.com:%C2%85",
		"did:web:example.com:a%2", "did:web:example.com:a%", "did:web:example.com:a%GG", "did:web:exa mple.com", "did:web:example.com\n",
	} {
		if url, err := WebURL(did); !errors.Is(err, ErrInvalid) {
			t.Errorf("WebURL(%q) = %q, %v; want ErrInvalid", did, url, err)
		}
	}
	if _, err := WebURL("did:key:z6Mk"); !errors.Is(err, ErrUnsupportedMethod) {
		t.Errorf("WebURL of a did:key: %v", err)
	}
}

func TestWebDID(t *testing.T) {
	for _, c := range []struct {
		base string
		path []string
		want string
	}{
		{"https://uni.edu", nil, "did:web:uni.edu"},
		{"https://uni.edu/", nil, "did:web:uni.edu"},
		{"https://uni.edu:443", nil, "did:web:uni.edu"},
		{"https://Uni.EDU:8443/badges/", []string{"i", "x y"}, "did:web:uni.edu%3A8443:badges:i:x%20y"},
		{"https://bücher.example", []string{"ß~"}, "did:web:xn--bcher-kva.example:%C3%9F%7E"},
	} {
		if got, err := WebDID(c.base, c.path...); err != nil || got != c.want {
			t.Errorf("WebDID(%s, %q) = %q, %v; want %q", c.base, c.path, got, err, c.want)
		}
	}
	for _, base := range []string{
		"", "uni.edu", "http://uni.edu", "https://u:p@uni.edu", "https://uni.edu?x", "https://uni.edu/?", "https://uni.edu#x",
		"https://127.0.0.1", "https://[::1]:8443", "https://uni.edu/a//b", "https://uni.edu/a%2Fb", "https://uni.edu/../b", "https://",
	} {
		if got, err := WebDID(base); !errors.Is(err, ErrInvalid) {
			t.Errorf("WebDID(%q) = %q, %v; want ErrInvalid", base, got, err)
		}
	}
	for _, segment := range []string{"", ".", "..", "a/b", `a\b`, "a?b", "a#b", "a%2Fb", "a:b", "\x00", "\xff"} {
		if got, err := WebDID("https://uni.edu", segment); !errors.Is(err, ErrInvalid) {
			t.Errorf("WebDID(…, %q) = %q, %v; want ErrInvalid", segment, got, err)
		}
	}
}

// TestWebDIDAgrees: the address that a did:web of ours resolves to lies under
// the base address it was made from.
func TestWebDIDAgrees(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		segments := rapid.SliceOfN(rapid.StringMatching(`[a-zA-Z0-9_][a-zA-Z0-9._-]{0,8}`), 1, 4).Draw(t, "path")
		did, err := WebDID("https://uni.edu:8443", segments...)
		if err != nil {
			t.Fatal(err)
		}
		want := "https://uni.edu:8443"
		for _, s := range segments {
			want += "/" + s
		}
		if got, err := WebURL(did); err != nil || got != want+"/did.json" {
			t.Fatalf("WebURL(%s) = %q, %v", did, got, err)
		}
	})
}
