package input

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/roundel/roundel/credential"
)

func TestWebAddress(t *testing.T) {
	for _, good := range []string{"https://www.example.org", "http://example.org:8080/a?b=c#d", "https://example.org/a%20b", "https://bücher.example/ü"} {
		if !WebAddress(good) {
			t.Errorf("%q refused", good)
		}
	}
	for _, bad := range []string{"", "example.org", "https://", "https://example.org/a b", "https://example.org/<b>", `https://example.org/"`, "https://example.org/`", "javascript:alert(1)",
		"https://user:pass@example.org/", "ftp://example.org", "https://example.org/\u202e", "https://example.org/\x00", "https://example.org/\xff", "https://example.org/" + strings.Repeat("a", MaxAddress)} {
		if WebAddress(bad) {
			t.Errorf("%q accepted", bad)
		}
	}
}

// TestWebAddressCanBeSigned: whatever passes here, the credential's rules accept.
func TestWebAddressCanBeSigned(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := "https://example.org/" + rapid.String().Draw(t, "path")
		if WebAddress(s) && !credential.IsURI(s) {
			t.Fatalf("%q passes and cannot be signed", s)
		}
	})
}

func TestLineAndText(t *testing.T) {
	if got, ok := Line("  Amara \t Okafor\n", 20); !ok || got != "Amara Okafor" {
		t.Errorf("Line = %q, %v", got, ok)
	}
	for _, good := range []string{"عبد الرحمن", "学习", "Zoë 👩\u200d🔬", "O’Brien"} {
		if _, ok := Line(good, 50); !ok {
			t.Errorf("%q refused", good)
		}
	}
	for _, bad := range []string{"", "  ", "a\x00b", "a\xffb", "a\u0007b", "a\u202eb", "a\u2066b", "a\uffffb", "a\ufffdb", "abcdef"} {
		if _, ok := Line(bad, 5); ok {
			t.Errorf("%q accepted", bad)
		}
	}
	if !Text("two\nlines\tand a tab") || Text("a\x1bb") {
		t.Error("Text")
	}
}
