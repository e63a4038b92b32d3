// Command withpostgres runs a command while a throw-away PostgreSQL server is
// up, with the server's address in TEST_POSTGRES:
//
//	go run ./internal/dbtest/withpostgres -- go test ./...
//
// It ends with the command's exit status.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/roundel/roundel/internal/dbtest"
)

func main() {
	args := os.Args[1:]
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		fmt.Fprintln(os.Stderr, "withpostgres: usage: withpostgres -- command [argument]...")
		os.Exit(2)
	}
	status, err := run(args)
	if err != nil {
		fmt.Fprintln(os.Stderr, "withpostgres:", err)
	}
	os.Exit(status)
}

// run starts the server, runs args and stops the server.
func run(args []string) (status int, err error) {
	dir, err := os.MkdirTemp("", "roundel-postgres-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o711); err != nil { // the server's user passes through
		return 1, err
	}
	address, stop, err := dbtest.StartPostgres(filepath.Join(dir, "server"))
	if err != nil {
		return 1, err
	}
	defer stop()

	// Ctrl-C goes to the command, which shares our terminal; we wait for its end.
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	defer signal.Stop(signals)

	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), dbtest.Variable+"="+address)
	if err := cmd.Start(); err != nil {
		return 1, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }() // ends with the command
	for {
		select {
		case s := <-signals:
			cmd.Process.Signal(s)
		case err := <-ended:
			var exit *exec.ExitError
			if errors.As(err, &exit) {
				return max(1, exit.ExitCode()), nil // -1 when a signal ended it
			}
			if err != nil {
				return 1, err
			}
			return 0, nil
		}
	}
}
