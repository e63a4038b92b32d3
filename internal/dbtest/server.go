package dbtest

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// startTime bounds how long a server may take to answer first.
const startTime = 60 * time.Second

// StartPostgres creates a PostgreSQL cluster in dir, which must be empty or
// missing, and starts a server on it that listens on a Unix socket only. It
// keeps nothing safe (no fsync) and is for tests.
//
// It returns the server's address for TEST_POSTGRES, and a function that stops
// the server and waits for it. PostgreSQL refuses to run as root; then an
// unprivileged user of this machine is used, and dir must be reachable for it.
func StartPostgres(dir string) (address string, stop func(), err error) {
	bin, err := postgresBinaries()
	if err != nil {
		return "", nil, err
	}
	cred, err := unprivileged()
	if err != nil {
		return "", nil, err
	}
	// A socket's path may have about 100 letters, so it does not lie in dir.
	sock, err := os.MkdirTemp("/tmp", "pg-")
	if err != nil {
		return "", nil, err
	}
	undo := func() { os.RemoveAll(sock) }
	if err := own(cred, sock, dir); err != nil {
		undo()
		return "", nil, err
	}
	data := filepath.Join(dir, "data")
	initdb := command(cred, dir, filepath.Join(bin, "initdb"), "-D", data, "-U", "postgres",
		"--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions")
	if out, err := initdb.CombinedOutput(); err != nil {
		undo()
		return "", nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	server := command(cred, dir, filepath.Join(bin, "postgres"), "-D", data, "-k", sock,
		"-c", "listen_addresses=", "-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off",
		"-c", "max_connections=400", "-c", "shared_buffers=64MB", "-c", "log_min_messages=fatal")
	var log bytes.Buffer
	server.Stdout, server.Stderr = &log, &log
	if err := server.Start(); err != nil {
		undo()
		return "", nil, err
	}
	ended := make(chan struct{})
	go func() { // ends with the server, which stop ends
		server.Wait()
		close(ended)
	}()
	stop = func() {
		server.Process.Signal(syscall.SIGINT) // fast shutdown: sessions are ended
		<-ended
		undo()
	}
	address = "postgres://postgres@/postgres?" + url.Values{"host": {sock}}.Encode()
	if err := answers(address, ended); err != nil {
		stop()
		return "", nil, fmt.Errorf("%w\n%s", err, log.Bytes())
	}
	return address, stop, nil
}

// answers waits for the server's first good answer.
func answers(address string, ended <-chan struct{}) error {
	ctx, cancel := context.WithTimeout(context.Background(), startTime)
	defer cancel()
	db, err := sql.Open("pgx", address)
	if err != nil {
		return err
	}
	defer db.Close()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := db.PingContext(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-ended:
			return errors.New("postgres ended while starting")
		case <-ctx.Done():
			return fmt.Errorf("postgres does not answer: %w", err)
		}
	}
}

// postgresBinaries returns the folder that holds initdb and postgres: the
// newest version that the system packages installed, or the one in PATH.
func postgresBinaries() (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	sort.Slice(found, func(i, j int) bool { return version(found[i]) > version(found[j]) })
	if p, err := exec.LookPath("postgres"); err == nil {
		found = append(found, filepath.Dir(p))
	}
	for _, dir := range found {
		_, err1 := os.Stat(filepath.Join(dir, "initdb"))
		_, err2 := os.Stat(filepath.Join(dir, "postgres"))
		if err1 == nil && err2 == nil {
			return dir, nil
		}
	}
	return "", errors.New("no PostgreSQL server is installed (looked for initdb and postgres in /usr/lib/postgresql and PATH)")
}

func version(bin string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(bin)))
	return n
}

// unprivileged returns whom to run as, or nil to stay who we are.
func unprivileged() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err1 == nil && err2 == nil {
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
		}
	}
	return nil, errors.New("postgres does not run as root, and this machine has no user postgres or nobody")
}

// own creates the folders and gives them to cred.
func own(cred *syscall.Credential, dirs ...string) error {
	for _, d := range dirs {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return err
		}
		if cred == nil {
			continue
		}
		if err := os.Chown(d, int(cred.Uid), int(cred.Gid)); err != nil {
			return err
		}
	}
	return nil
}

// command prepares a program that runs as cred in dir, without the settings
// that PG* variables would make.
func command(cred *syscall.Credential, dir, name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "PG") {
			cmd.Env = append(cmd.Env, kv)
		}
	}
	cmd.Env = append(cmd.Env, "LC_ALL=C", "HOME="+dir)
	// Of its own process group, so that Ctrl-C reaches it only through stop.
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: cred, Setpgid: true}
	return cmd
}
