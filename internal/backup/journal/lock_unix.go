//go:build unix

package journal

import (
	"errors"
	"os"
	"syscall"
)

// lockFile takes the file for this process and reports whether it was free.
func lockFile(f *os.File) (bool, error) {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}
