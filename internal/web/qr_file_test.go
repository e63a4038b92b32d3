package web

import (
	"encoding/xml"
	"strings"
	"testing"

	"rsc.io/qr"
)

// TestDrawQRKeepsEveryModule reads the drawing back, module by module.
func TestDrawQRKeepsEveryModule(t *testing.T) {
	code, err := qr.Encode("https://badges.example.org/awards/6twi2fgommhxfuqdzqd6dmxhsy", qr.M)
	if err != nil {
		t.Fatal(err)
	}
	var drawing struct {
		Paths []struct {
			D string `xml:"d,attr"`
		} `xml:"path"`
	}
	if err := xml.Unmarshal(drawQR(code), &drawing); err != nil || len(drawing.Paths) != 2 {
		t.Fatal(err)
	}
	drawn := map[[2]int]bool{}
	for step := range strings.SplitSeq(strings.TrimPrefix(drawing.Paths[1].D, "M"), "M") {
		x, y, width := readStep(t, step)
		for i := range width {
			drawn[[2]int{x - 4 + i, y - 4}] = true
		}
	}
	for y := range code.Size {
		for x := range code.Size {
			if drawn[[2]int{x, y}] != code.Black(x, y) {
				t.Fatalf("module %d,%d is wrong", x, y)
			}
		}
	}
}

// readStep reads "x yhWv1h-Wz".
func readStep(t *testing.T, step string) (x, y, width int) {
	t.Helper()
	at, rest, ok := strings.Cut(step, "h")
	size, _, ok2 := strings.Cut(rest, "v1h-")
	column, row, ok3 := strings.Cut(at, " ")
	if !ok || !ok2 || !ok3 {
		t.Fatalf("step %q", step)
	}
	return number(t, column), number(t, row), number(t, size)
}

func number(t *testing.T, text string) (n int) {
	t.Helper()
	for _, r := range text {
		if r < '0' || r > '9' {
			t.Fatalf("%q is no number", text)
		}
		n = n*10 + int(r-'0')
	}
	return n
}
