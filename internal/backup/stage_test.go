package backup_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/roundel/roundel/internal/backup"
	"github.com/roundel/roundel/internal/fault"
)

// put writes a file with its own name in it, and the folders above it.
func put(t *testing.T, path string) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(path), 0o700))
	must(t, os.WriteFile(path, []byte(filepath.Base(path)), 0o600))
}

// restored makes what a restore makes, with one picture.
func restored(t *testing.T, picture string) func(string) error {
	return func(folder string) error {
		put(t, filepath.Join(folder, "roundel.db"))
		put(t, filepath.Join(folder, "blobs", picture))
		return nil
	}
}

// there reports whether something is at a path.
func there(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// TestRestoreLeavesOthersPictures: whatever lies in the folder's own place for
// restores, pictures that no restore has put there stay.
func TestRestoreLeavesOthersPictures(t *testing.T) {
	for name, left := range map[string][]string{
		"a folder that somebody made":              {".restoring/x"},
		"a restore killed before it moved a thing": {".restoring/roundel.db", ".restoring/blobs/theirs"},
		"a restore whose pictures lie elsewhere":   {".restoring/roundel.db"},
		"killed in between, pictures not moved":    {".restoring/moving", ".restoring/roundel.db", ".restoring/blobs/theirs"},
		"killed when all was in its place":         {".restoring/moving"},
	} {
		t.Run(name, func(t *testing.T) {
			data := t.TempDir()
			picture := filepath.Join(data, "blobs", "picture")
			for _, path := range append(left, "blobs/picture") {
				put(t, filepath.Join(data, path))
			}
			if err := backup.Staged(data, restored(t, "new")); fault.KindOf(err) != fault.Conflict {
				t.Errorf("restored over pictures: %v", err)
			}
			if !there(picture) {
				t.Error("the pictures are gone")
			}
		})
	}
}

// TestRestoreBeginsAgain cuts a restore off when its pictures are in their
// place, but not its database: the next one clears them away.
func TestRestoreBeginsAgain(t *testing.T) {
	data := t.TempDir()
	inTheWay := filepath.Join(data, "roundel.db", "x")
	err := backup.Staged(data, func(folder string) error {
		put(t, inTheWay)
		return restored(t, "first")(folder)
	})
	if err == nil || !there(filepath.Join(data, "blobs", "first")) {
		t.Fatalf("nothing was cut off: %v", err)
	}
	must(t, os.RemoveAll(filepath.Dir(inTheWay)))
	must(t, backup.Staged(data, restored(t, "second")))
	if there(filepath.Join(data, "blobs", "first")) || !there(filepath.Join(data, "blobs", "second")) || there(filepath.Join(data, ".restoring")) {
		t.Error("the two restores are mixed up")
	}
}

// TestOneRestoreAtATime: the second is refused, and takes nothing from the first.
func TestOneRestoreAtATime(t *testing.T) {
	data := t.TempDir()
	must(t, backup.Staged(data, func(folder string) error {
		must(t, restored(t, "first")(folder))
		if err := backup.Staged(data, restored(t, "second")); fault.KindOf(err) != fault.Conflict {
			t.Errorf("two at once: %v", err)
		}
		return nil
	}))
	if !there(filepath.Join(data, "roundel.db")) || !there(filepath.Join(data, "blobs", "first")) || there(filepath.Join(data, "blobs", "second")) {
		t.Error("the first restore is not whole")
	}
	// One that failed does not stand in the way.
	data = t.TempDir()
	broken := errors.New("broken")
	if err := backup.Staged(data, func(string) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("a broken one: %v", err)
	}
	must(t, backup.Staged(data, restored(t, "third")))
}
