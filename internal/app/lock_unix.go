//go:build unix

package app

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// lockData makes sure that one server works on a data folder, and leaves there
// the address that people reach it at. The system drops the lock with the
// process, however it ends.
func lockData(dir, baseURL string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, addressFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("another server is working on the data in %s; stop it, or choose another folder with --data", dir), f.Close())
	}
	if err := errors.Join(f.Truncate(0), writeAddress(f, baseURL)); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}
