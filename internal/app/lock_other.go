//go:build !unix

package app

import (
	"errors"
	"os"
	"path/filepath"
)

// lockData leaves the address that people reach the server at in the data
// folder. Where the system has no advisory locks, nothing keeps a second server
// away.
func lockData(dir, baseURL string) (*os.File, error) {
	f, err := os.Create(filepath.Join(dir, addressFile))
	if err != nil {
		return nil, err
	}
	return f, errors.Join(writeAddress(f, baseURL))
}
