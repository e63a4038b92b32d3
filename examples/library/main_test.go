package main

import (
	"os"
	"strings"
	"testing"
)

func Example() {
	main()
	// Output: valid - Real and in date
}

// TestReadmeShowsThisProgram: what newcomers copy is what runs here.
func TestReadmeShowsThisProgram(t *testing.T) {
	program, err := os.ReadFile("main.go")
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, body, _ := strings.Cut(string(program), "func main() {\n")
	if !strings.Contains(string(readme), "func main() {\n"+body) {
		t.Error("README.md does not show func main of examples/library/main.go")
	}
	if n := strings.Count("func main() {\n"+body, "\n"); n > 30 {
		t.Errorf("the program has %d lines, which is no longer short", n)
	}
}
