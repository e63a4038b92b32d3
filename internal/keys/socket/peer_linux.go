package socket

import (
	"errors"
	"net"
	"syscall"
)

// peer returns the user of the process at the other end, by the kernel.
func peer(c net.Conn) (uid int, err error) {
	u, ok := c.(*net.UnixConn)
	if !ok {
		return 0, errors.New("not a Unix socket")
	}
	raw, err := u.SyscallConn()
	if err != nil {
		return 0, err
	}
	var cred *syscall.Ucred
	var wrong error
	err = raw.Control(func(fd uintptr) {
		cred, wrong = syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	})
	if err := errors.Join(err, wrong); err != nil {
		return 0, err
	}
	return int(cred.Uid), nil
}

// private has files of this process made for its user only, until restore.
func private() (restore func()) {
	before := syscall.Umask(0o177)
	return func() { syscall.Umask(before) }
}
