package main

import "testing"

// What stands in a stranger's picture sends a terminal no commands.
func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"{\n\t\"name\": \"Zoë\"}": "{\n\t\"name\": \"Zoë\"}",
		"\x1b]0;owned\x07\x1b[2J": "\uFFFD]0;owned\uFFFD\uFFFD[2J",
		"a\rb\x7f\u009bc":         "a\uFFFDb\uFFFD\uFFFDc",
	} {
		if got := string(printable([]byte(in))); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}
