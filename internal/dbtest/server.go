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

// Postgres is a PostgreSQL server of a test. It listens on a Unix socket only.
type Postgres struct {
	Address string // for TEST_POSTGRES, or for onServer

	bin, data, sock string
	dir             string
	cred            *syscall.Credential
	durable         bool
	process         *exec.Cmd
	ended           chan struct{}
	log             bytes.Buffer
}

// StartPostgres creates a cluster in dir, which must be empty or missing, and
// starts a server on it that keeps nothing safe (no fsync).
//
// It returns the server's address for TEST_POSTGRES, and a function that stops
// the server and waits for it. PostgreSQL refuses to run as root; then an
// unprivileged user of this machine is used, and dir must be reachable for it.
func StartPostgres(dir string) (address string, stop func(), err error) {
	p, err := NewPostgres(dir, false)
	if err != nil {
		return "", nil, err
	}
	return p.Address, p.Close, nil
}

// NewPostgres creates a cluster in dir and starts a server on it, as
// StartPostgres does. A durable one flushes what it commits, as one in earnest.
func NewPostgres(dir string, durable bool) (*Postgres, error) {
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
	p := &Postgres{
		Address: "postgres://postgres@/postgres?" + url.Values{"host": {sock}}.Encode(),
		bin:     bin, dir: dir, data: filepath.Join(dir, "data"), sock: sock, cred: cred, durable: durable,
	}
	if err := own(cred, sock, dir); err != nil {
		p.Close()
		return nil, err
	}
	initdb := command(cred, dir, filepath.Join(bin, "initdb"), "-D", p.data, "-U", "postgres",
		"--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions")
	if out, err := initdb.CombinedOutput(); err != nil {
		p.Close()
		return nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	if err := p.Start(); err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

// Start starts the server, which must not be running, and waits until it answers.
func (p *Postgres) Start() error {
	settings := []string{"listen_addresses=", "max_connections=400", "shared_buffers=64MB", "log_min_messages=fatal"}
	if !p.durable {
		settings = append(settings, "fsync=off", "synchronous_commit=off", "full_page_writes=off")
	}
	args := []string{"-D", p.data, "-k", p.sock}
	for _, s := range settings {
		args = append(args, "-c", s)
	}
	server := command(p.cred, p.dir, filepath.Join(p.bin, "postgres"), args...)
	p.log.Reset()
	server.Stdout, server.Stderr = &p.log, &p.log
	if err := server.Start(); err != nil {
		return err
	}
	ended := make(chan struct{})
	go func() { // ends with the server, which stop ends
		server.Wait()
		close(ended)
	}()
	p.process, p.ended = server, ended
	if err := answers(p.Address, ended); err != nil {
		p.end(syscall.SIGINT)
		return fmt.Errorf("%w\n%s", err, p.log.Bytes())
	}
	return nil
}

// Stop ends the server and every session on it, and waits for its end.
func (p *Postgres) Stop() { p.end(syscall.SIGINT) }

// Crash ends the server as a crash does: without a checkpoint.
func (p *Postgres) Crash() { p.end(syscall.SIGQUIT) }

func (p *Postgres) end(signal syscall.Signal) {
	if p.process == nil {
		return
	}
	p.process.Process.Signal(signal)
	<-p.ended
	p.process = nil
}

// Close stops the server and removes its socket; dir is the caller's.
func (p *Postgres) Close() {
	p.Stop()
	os.RemoveAll(p.sock)
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
