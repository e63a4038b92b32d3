package publicid

import (
	"strings"
	"testing"
)

func TestParseAcceptsOneSpellingOnly(t *testing.T) {
	id := New()
	got, err := Parse(id.String())
	if err != nil || got != id {
		t.Fatalf("Parse(%q) = %v, %v", id, got, err)
	}
	s := ID{}.String()
	for _, bad := range []string{"", "a", strings.ToUpper(id.String()) + "x", s[:25] + "b", strings.Repeat("1", 26), s + "a"} {
		if _, err := Parse(bad); err == nil {
			t.Errorf("Parse(%q) accepted", bad)
		}
	}
}

func TestDeriveSeparatesItsParts(t *testing.T) {
	key := []byte("secret")
	if Derive(key, "ab", "c") == Derive(key, "a", "bc") {
		t.Error("parts run into each other")
	}
	if again := Derive([]byte("secret"), "ab", "c"); again != Derive(key, "ab", "c") {
		t.Error("not deterministic")
	}
	if Derive(key, "a") == Derive([]byte("other"), "a") {
		t.Error("secret does not matter")
	}
}

func TestUUID(t *testing.T) {
	id := ID{0: 0x01, 5: 0xab, 6: 0xff, 8: 0xff, 15: 0x10}
	if got := id.UUID(); got != "01000000-00ab-4f00-bf00-000000000010" {
		t.Errorf("got %s", got)
	}
	if (ID{}).UUID() != "00000000-0000-4000-8000-000000000000" || id[6] != 0xff {
		t.Error("the bits of version and variant are wrong, or the id was changed")
	}
}

func TestScanRoundTrip(t *testing.T) {
	id := New()
	v, _ := id.Value()
	var back ID
	if err := back.Scan(v); err != nil || back != id {
		t.Fatalf("Scan = %v, %v", back, err)
	}
	if err := back.Scan("text"); err == nil {
		t.Error("text scanned as an id")
	}
	if err := back.Scan(nil); err != nil || !back.IsZero() {
		t.Error("NULL is the zero id")
	}
}
