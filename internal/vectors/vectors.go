// Package vectors finds the published test vectors that tests compare against.
//
// They are data of others and not part of this repository: tests read them from
// the folder that ROUNDEL_VECTORS names, or from ../shared/vectors beside the
// module, and skip with a printed reason where neither exists.
package vectors

import (
	"os"
	"path/filepath"
	"testing"
)

// Dir returns the folder of the vector set called name, for example
// "rdf-canon". It skips the test, saying so, when the set is absent.
func Dir(t testing.TB, name string) string {
	t.Helper()
	root := os.Getenv("ROUNDEL_VECTORS")
	if root == "" {
		root = filepath.Join(moduleRoot(t), "..", "shared", "vectors")
	}
	dir := filepath.Join(root, name)
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("published vectors %q are not on this machine; set ROUNDEL_VECTORS to the folder that holds them", name)
	}
	return dir
}

// File returns the content of a file of a vector set.
func File(t testing.TB, name string, elem ...string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(append([]string{Dir(t, name)}, elem...)...))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Fixture returns the content of a file in the fixtures folder that lies
// beside the vectors, and skips the test where it is absent.
func Fixture(t testing.TB, name string) []byte {
	t.Helper()
	dir := Dir(t, ".")
	data, err := os.ReadFile(filepath.Join(dir, "..", "fixtures", name))
	if err != nil {
		t.Skipf("fixture %q is not beside the published vectors: %v", name, err)
	}
	return data
}

// moduleRoot walks up from the test's folder to the one that holds go.mod.
func moduleRoot(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no go.mod above the test's folder")
		}
		dir = parent
	}
}
