// Package blob keeps pictures and other files by the hash of their content.
//
// What Put has returned a key for is on the disk and survives a crash: file and
// folder are flushed before it answers.
package blob

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"

	"github.com/roundel/roundel/internal/fault"
)

// Dir keeps blobs in a folder.
type Dir struct {
	// Fatal is called when the disk did not flush: nobody can know what is on it
	// after that, and a second flush may succeed without having written what the
	// first one lost. Open sets it to end the process.
	Fatal func(error)

	root *os.Root
}

// Open returns the blobs in the folder at path, which is made when needed.
func Open(path string) (*Dir, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, err
	}
	return &Dir{exit, root}, nil
}

func exit(err error) {
	slog.Error("the disk failed under the pictures; stopping, because nobody can tell what is durable", "err", err)
	os.Exit(70)
}

// flush makes f durable, and closes it.
func (d *Dir) flush(f *os.File) error {
	err := f.Sync()
	if err != nil {
		d.Fatal(err)
	}
	return errors.Join(err, f.Close())
}

// Close releases the folder.
func (d *Dir) Close() error { return d.root.Close() }

var keyForm = regexp.MustCompile(`^[0-9a-f]{64}$`)

// Key returns the key of data, whether it is kept or not.
func Key(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// Put keeps data and returns its key. Keeping the same data again is cheap.
func (d *Dir) Put(_ context.Context, data []byte) (string, error) {
	key := Key(data)
	name := place(key)
	folder := filepath.Dir(name)
	if kept, err := d.root.ReadFile(name); err == nil && Key(kept) == key {
		// Another writer may have put it there a moment ago and not flushed the
		// folders yet; what we answer for must be durable too.
		return key, d.syncFolders(folder)
	}
	if err := d.root.Mkdir(folder, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("keep blob: %w", err)
	}
	// A name of its own for each writer: two that keep the same data do not meet.
	f, temporary, err := d.create(name)
	if err != nil {
		return "", fmt.Errorf("keep blob: %w", err)
	}
	if _, err = f.Write(data); err != nil {
		err = errors.Join(err, f.Close())
	} else if err = d.flush(f); err == nil {
		err = d.root.Rename(temporary, name)
	}
	if err != nil {
		return "", errors.Join(fmt.Errorf("keep blob: %w", err), d.root.Remove(temporary))
	}
	return key, d.syncFolders(folder)
}

// Get returns the data with this key. It is a NotFound fault when there is none.
func (d *Dir) Get(_ context.Context, key string) ([]byte, error) {
	if !keyForm.MatchString(key) {
		return nil, errNoBlob
	}
	data, err := d.root.ReadFile(place(key))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errNoBlob
	}
	if err == nil && Key(data) != key {
		return nil, fmt.Errorf("blob %s was changed on the disk", key)
	}
	return data, err
}

var errNoBlob = fault.NotFoundf("There is no such file.")

func (d *Dir) create(name string) (*os.File, string, error) {
	for n := 0; ; n++ {
		temporary := fmt.Sprintf("%s.%d.%d", name, os.Getpid(), n)
		f, err := d.root.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if !errors.Is(err, fs.ErrExist) {
			return f, temporary, err
		}
	}
}

// syncFolders makes the entries on the way to a blob durable.
func (d *Dir) syncFolders(folder string) error {
	if err := errors.Join(d.syncFolder(folder), d.syncFolder(".")); err != nil {
		return fmt.Errorf("keep blob: %w", err)
	}
	return nil
}

func (d *Dir) syncFolder(name string) error {
	f, err := d.root.Open(name)
	if err != nil {
		return err
	}
	return d.flush(f)
}

// place spreads the blobs over 256 folders.
func place(key string) string { return key[:2] + "/" + key }
