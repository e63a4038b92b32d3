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
	moving       = "moving" // lies in staging from when its blobs are about to go to their place
)

// Staged has do make an installation in a folder inside data, and then moves
// the database and the blobs that it made to their places. Until do has
// succeeded, nothing in data changes. A data folder that holds an installation,
// or in which another one is being made, is a Conflict fault.
func Staged(data string, do func(folder string) error) (err error) {
	if err := os.MkdirAll(data, 0o700); err != nil {
		return err
	}
	lock, err := lockFolder(data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
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
	if err := place(data, folder); err != nil {
		return err
	}
	return os.RemoveAll(folder)
}

// place moves what was made in folder to where it belongs in data. The database
// comes last: without it data holds no installation, and an interrupted restore
// can be begun again.
func place(data, folder string) error {
	pictures := filepath.Join(folder, blobFolder)
	if _, err := os.Lstat(pictures); err == nil {
		if err := announce(folder); err != nil {
			return err
		}
		if err := errors.Join(os.Rename(pictures, filepath.Join(data, blobFolder)), syncFolder(data)); err != nil {
			return err
		}
	} else if !errors.Is(err, fs.ErrNotExist) { // else they lie elsewhere
		return err
	}
	if err := os.Rename(filepath.Join(folder, databaseFile), filepath.Join(data, databaseFile)); err != nil {
		return err
	}
	return syncFolder(data)
}

// announce says in folder, durably, that its blobs are about to be moved.
func announce(folder string) error {
	f, err := os.OpenFile(filepath.Join(folder, moving), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close(), syncFolder(folder))
}

// ours reports whether the blobs in data are from the interrupted restore in
// folder: it was about to move them, they are there no more, and the database
// did not follow them yet.
func ours(folder string) bool {
	there := func(name string) bool { _, err := os.Lstat(filepath.Join(folder, name)); return err == nil }
	return there(moving) && there(databaseFile) && !there(blobFolder)
}

// vacant clears away what an interrupted restore has left, and refuses a folder
// with an installation.
func vacant(data, folder string) error {
	if _, err := os.Lstat(filepath.Join(data, databaseFile)); err == nil {
		return fault.Conflictf("%s holds an installation already. Restore into an empty folder. Nothing was changed.", data)
	}
	if ours(folder) {
		if err := os.RemoveAll(filepath.Join(data, blobFolder)); err != nil {
			return err
		}
	}
	if left, err := os.ReadDir(filepath.Join(data, blobFolder)); err == nil && len(left) > 0 {
		return fault.Conflictf("%s holds pictures already. Restore into an empty folder. Nothing was changed.", filepath.Join(data, blobFolder))
	}
	if err := os.Remove(filepath.Join(data, blobFolder)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.RemoveAll(folder)
}
