//go:build unix

package backup

import (
	"errors"
	"os"
	"syscall"

	"github.com/roundel/roundel/internal/fault"
)

// lockFolder makes sure that one restore works on a data folder. Nothing is left
// in it: the system drops the lock with the process, however it ends.
func lockFolder(data string) (*os.File, error) {
	f, err := os.Open(data)
	if err != nil {
		return nil, err
	}
	// Some file systems cannot lock a folder; there, nothing keeps a second one away.
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, errors.Join(fault.Conflictf("Another restore is working on %s. Wait until it has ended. Nothing was changed.", data), f.Close())
	}
	return f, nil
}
