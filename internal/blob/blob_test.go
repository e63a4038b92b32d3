package blob

import (
	"bytes"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/roundel/roundel/internal/fault"
)

func TestPutThenGetAfterReopening(t *testing.T) {
	root := t.TempDir()
	d, err := Open(root)
	if err != nil {
		t.Fatal(err)
	}
	data := []byte("a picture")
	key, err := d.Put(t.Context(), data)
	if err != nil || key != Key(data) {
		t.Fatalf("Put = %q, %v", key, err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	d, err = Open(root)
	if err != nil {
		t.Fatal(err)
	}
	got, err := d.Get(t.Context(), key)
	if err != nil || !bytes.Equal(got, data) {
		t.Fatalf("Get = %q, %v", got, err)
	}
}

func TestGetRefusesForeignAndAlteredKeys(t *testing.T) {
	root := t.TempDir()
	d, err := Open(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"", "../../etc/passwd", Key([]byte("absent")), "00/00"} {
		if _, err := d.Get(t.Context(), key); fault.KindOf(err) != fault.NotFound {
			t.Errorf("Get(%q) = %v, want not found", key, err)
		}
	}
	key, err := d.Put(t.Context(), []byte("original"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, key[:2], key), []byte("replaced"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Get(t.Context(), key); err == nil {
		t.Error("an altered blob was returned")
	}
	if _, err := d.Put(t.Context(), []byte("original")); err != nil {
		t.Fatal(err)
	}
	if got, err := d.Get(t.Context(), key); err != nil || string(got) != "original" {
		t.Errorf("keeping it again did not mend it: %q, %v", got, err)
	}
	if left, err := os.ReadDir(filepath.Join(root, key[:2])); err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestManyWritersOfTheSameData(t *testing.T) {
	d, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := d.Put(t.Context(), []byte("the same")); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if _, err := d.Get(t.Context(), Key([]byte("the same"))); err != nil {
		t.Error(err)
	}
}

// TestAFolderThatCannotBeOpened gives no store, which whoever failed would close.
func TestAFolderThatCannotBeOpened(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{file, filepath.Join(file, "blobs")} {
		if s, err := OpenStore(t.Context(), path); err == nil || s != nil {
			t.Errorf("%s: %v, %v", path, s, err)
		}
	}
}
