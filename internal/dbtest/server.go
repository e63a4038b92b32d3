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
	c, err := NewCluster(dir)
	if err != nil {
		return "", nil, err
	}
	if err := c.Start("fsync=off", "synchronous_commit=off", "full_page_writes=off"); err != nil {
		c.Stop()
		return "", nil, err
	}
	return c.Address, c.Stop, nil
}

// Cluster is a PostgreSQL server of its own, for tests that stop it.
type Cluster struct {
	Address string // of the server, as TEST_POSTGRES has it

	bin, dir, sock string
	cred           *syscall.Credential
	server         *exec.Cmd
	log            *bytes.Buffer
	ended          chan struct{} // closed when the server has ended
}

// NewCluster creates a cluster in dir, which must be empty or missing. Nothing
// runs yet. What StartPostgres says of root holds here too.
func NewCluster(dir string) (*Cluster, error) {
	bin, err := postgresBinaries()
	if err != nil {
		return nil, err
	}
	cred, err := unprivileged()
	if err != nil {
		return nil, err
	}
	// A socket's path may have about 100 letters, so it does not lie in dir.
	sock, err := os.MkdirTemp("/tmp", "pg-")
	if err != nil {
		return nil, err
	}
	c := &Cluster{
		Address: "postgres://postgres@/postgres?" + url.Values{"host": {sock}}.Encode(),
		bin:     bin, dir: dir, sock: sock, cred: cred,
	}
	if err := own(cred, sock, dir); err != nil {
		c.Stop()
		return nil, err
	}
	initdb := command(cred, dir, filepath.Join(bin, "initdb"), "-D", c.data(), "-U", "postgres",
		"--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions")
	if out, err := initdb.CombinedOutput(); err != nil {
		c.Stop()
		return nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return c, nil
}

func (c *Cluster) data() string { return filepath.Join(c.dir, "data") }

// Start starts the server, with further settings, and waits for its first good
// answer. Without settings commits are as durable as PostgreSQL makes them.
func (c *Cluster) Start(settings ...string) error {
	args := []string{"-D", c.data(), "-k", c.sock,
		"-c", "listen_addresses=", "-c", "max_connections=400", "-c", "shared_buffers=64MB", "-c", "log_min_messages=fatal"}
	for _, s := range settings {
		args = append(args, "-c", s)
	}
	server := command(c.cred, c.dir, filepath.Join(c.bin, "postgres"), args...)
	c.log = &bytes.Buffer{}
	server.Stdout, server.Stderr = c.log, c.log
	if err := server.Start(); err != nil {
		return err
	}
	ended := make(chan struct{})
	c.server, c.ended = server, ended
	go func() { // ends with the server, which Halt ends
		server.Wait()
		close(ended)
	}()
	if err := answers(c.Address, ended); err != nil {
		c.Halt(syscall.SIGINT)
		return fmt.Errorf("%w\n%s", err, c.log.Bytes())
	}
	return nil
}

// Halt ends the server by a signal and waits for it: SIGINT ends its sessions
// and writes everything out; SIGQUIT leaves at once, as in a crash, and the next
// start recovers.
func (c *Cluster) Halt(how syscall.Signal) {
	if c.server == nil {
		return
	}
	c.server.Process.Signal(how)
	<-c.ended
	c.server = nil
}

// Stop ends the server, and what belongs to it outside dir.
func (c *Cluster) Stop() {
	c.Halt(syscall.SIGINT)
	os.RemoveAll(c.sock)
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
