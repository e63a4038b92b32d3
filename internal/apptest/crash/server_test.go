package crash

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"
)

// folder holds what all tests of the package share, until TestMain ends.
var folder = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "roundel-crash-binary-") })

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, err := folder(); err == nil {
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}

// build builds the real binary, once.
func build(t *testing.T) string {
	t.Helper()
	binary, err := binary()
	check(t, err)
	return binary
}

var binary = sync.OnceValues(func() (string, error) {
	dir, err := folder()
	if err != nil {
		return "", err
	}
	binary := filepath.Join(dir, "roundel")
	cmd := exec.Command("go", "build", "-o", binary, "github.com/roundel/roundel/cmd/roundel")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return binary, nil
})

// flags are the settings of the installation on a command line.
func (w *world) flags() []string {
	return []string{"--data", w.config.Data, "--base-url", w.config.BaseURL, "--log-level", w.config.LogLevel,
		"--smtp", w.config.SMTPAddr, "--mail-from", w.config.MailFrom, "--listen", "127.0.0.1:0"}
}

// server is a running `roundel serve`.
type server struct {
	cmd    *exec.Cmd
	drawn  chan struct{} // closed when its output has ended
	stdout bytes.Buffer  // read after drawn
	stderr bytes.Buffer
}

func (w *world) start(t *testing.T, binary string) *server {
	t.Helper()
	return launch(t, exec.Command(binary, append([]string{"serve"}, w.flags()...)...))
}

// launch starts cmd, which is a server.
func launch(t *testing.T, cmd *exec.Cmd) *server {
	t.Helper()
	s := &server{cmd: cmd, drawn: make(chan struct{})}
	s.cmd.Stderr = &s.stderr
	out, err := s.cmd.StdoutPipe()
	check(t, err)
	check(t, s.cmd.Start())
	go func() {
		defer close(s.drawn)
		_, _ = io.Copy(&s.stdout, out) // the pipe ends with the server
	}()
	t.Cleanup(func() {
		if s.cmd.ProcessState == nil { // the test failed in between
			_ = s.cmd.Process.Kill()
			_ = s.cmd.Wait()
		}
		if said := s.stderr.String(); t.Failed() && said != "" {
			t.Logf("a server said:\n%.4000s", said)
		}
	})
	return s
}

// kill ends the server as a power failure would, and waits until it is gone.
// A server that had ended by itself fails the test.
func (s *server) kill(t *testing.T) {
	t.Helper()
	err := s.cmd.Process.Kill()
	<-s.drawn
	var exit *exec.ExitError
	if ended := s.cmd.Wait(); err != nil || !errors.As(ended, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatalf("the server had ended by itself: %v, %v\n%s", err, ended, s.stderr.String())
	}
}

// stop ends the server as Ctrl-C does.
func (s *server) stop(t *testing.T) {
	t.Helper()
	check(t, s.cmd.Process.Signal(os.Interrupt))
	<-s.drawn
	if err := s.cmd.Wait(); err != nil {
		t.Fatalf("the server did not stop cleanly: %v\n%s", err, s.stderr.String())
	}
	if out, complaint := s.stdout.String(), s.stderr.String(); out != "Roundel is at "+baseURL+"\n" || complaint != "" {
		t.Errorf("the server printed %q and complained %q", out, complaint)
	}
}

// progress is how far the work has come, as the database file says.
type progress struct {
	reserved, open, letters, waiting int // awards, those of them not signed; mails, those of them not sent
	done                             bool
}

// watch looks at a server's database from outside.
type watch struct {
	db    *sql.DB
	every time.Duration // how often until looks
}

func (w *world) watch(t *testing.T, every time.Duration) *watch {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(w.config.Data, "roundel.db")+"?mode=ro&_pragma=busy_timeout(10000)")
	check(t, err)
	return &watch{db, every}
}

func (w *watch) look(ctx context.Context) (p progress, err error) {
	var state string
	err = w.db.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM award), (SELECT count(*) FROM award WHERE document IS NULL),
		(SELECT count(*) FROM outbox_mail), (SELECT count(*) FROM outbox_mail WHERE state = 'queued'), (SELECT state FROM award_batch)`).
		Scan(&p.reserved, &p.open, &p.letters, &p.waiting, &state)
	p.done = state == "done"
	return p, err
}

// until looks again and again until ok, and then as many times more as extra
// says. It fails the test when that does not come about, or when the server
// ends by itself.
func (w *watch) until(ctx context.Context, t *testing.T, s *server, extra int, ok func(progress) bool) (p progress) {
	t.Helper()
	tick := time.NewTicker(w.every)
	defer tick.Stop()
	for {
		// Without the server, and while it recovers the log, there may be nothing to see.
		if now, err := w.look(ctx); err == nil {
			if p = now; ok(p) {
				if extra--; extra < 0 {
					return p
				}
			}
		}
		select {
		case <-tick.C:
		case <-s.drawn:
			s.kill(t) // fails with what the server said
		case <-ctx.Done():
			t.Fatalf("no end in sight: %+v\n%s", p, s.stderr.String())
		}
	}
}
