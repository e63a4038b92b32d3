//go:build linux || darwin || freebsd

package app

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// leastSpace is the free space below which nothing new should be sent here: the
// database's log alone may grow to a quarter of it.
const leastSpace = 512 << 20

// enoughSpace fails when the disk of the data folder is almost full.
func enoughSpace(dir string) error {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return err
	}
	if free := uint64(s.Bavail) * uint64(s.Bsize); free < leastSpace {
		return fmt.Errorf("%d MiB free", free>>20)
	}
	return nil
}

// writable fails when this process may not write in dir: a disk with errors is
// mounted read-only, for example.
func writable(dir string) error { return unix.Access(dir, unix.W_OK|unix.X_OK) }
