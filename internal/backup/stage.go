package backup

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/roundel/roundel/internal/fault"
)

// What a data folder holds, and where a restored one is made.
const (
	databaseFile = "roundel.db"
	blobFolder   = "blobs"
	staging      = ".restoring"
)

// Staged has do make an installation in a folder inside data, and then moves
// the database and the blobs that it made to their places. Until do has
// succeeded, nothing in data changes. A data folder that holds an installation
// is a Conflict fault.
func Staged(data string, do func(folder string) error) error {
	if err := os.MkdirAll(data, 0o700); err != nil {
		return err
	}
	folder := filepath.Join(data, staging)
	if err := vacant(data, folder); err != nil {
		return err
	}
	if err := os.Mkdir(folder, 0o700); err != nil {
		return err
	}
	if err := do(folder); err != nil {
		return errors.Join(err, os.RemoveAll(folder))
	}
	// The database comes last: without it the folder holds no installation, and
	// an interrupted restore can be begun again.
	for _, name := range []string{blobFolder, databaseFile} {
		err := os.Rename(filepath.Join(folder, name), filepath.Join(data, name))
		if errors.Is(err, fs.ErrNotExist) && name == blobFolder { // they lie elsewhere
			continue
		}
		if err == nil {
			err = syncFolder(data)
		}
		if err != nil {
			return err
		}
	}
	return os.RemoveAll(folder)
}

// vacant clears away what an interrupted restore has left, and refuses a folder
// with an installation.
func vacant(data, folder string) error {
	if _, err := os.Lstat(filepath.Join(data, databaseFile)); err == nil {
		return fault.Conflictf("%s holds an installation already. Restore into an empty folder. Nothing was changed.", data)
	}
	if _, err := os.Lstat(folder); err == nil {
		return errors.Join(os.RemoveAll(folder), os.RemoveAll(filepath.Join(data, blobFolder)))
	}
	if left, err := os.ReadDir(filepath.Join(data, blobFolder)); err == nil && len(left) > 0 {
		return fault.Conflictf("%s holds pictures already. Restore into an empty folder. Nothing was changed.", filepath.Join(data, blobFolder))
	}
	if err := os.Remove(filepath.Join(data, blobFolder)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
