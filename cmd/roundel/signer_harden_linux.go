package main

import (
	"fmt"
	"syscall"
)

// harden keeps what this process has in memory from everybody else: it leaves no
// core dump, and no other process of the same user may read its memory or its
// environment. Both are checked again by the kernel, not by us.
func harden() error {
	if err := syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{}); err != nil {
		return fmt.Errorf("switch core dumps off: %w", err)
	}
	const prSetDumpable = 4 // linux/prctl.h
	if _, _, errno := syscall.RawSyscall(syscall.SYS_PRCTL, prSetDumpable, 0, 0); errno != 0 {
		return fmt.Errorf("keep the memory of this process to itself: %w", errno)
	}
	return nil
}
