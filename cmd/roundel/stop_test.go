package main

import (
	"errors"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/roundel/roundel/internal/apptest"
	"github.com/roundel/roundel/internal/sqldb"
)

// TestStopDelay: a load balancer is told, and requests that it still sends are
// answered until --stop-delay has passed; a second signal does not wait for it.
func TestStopDelay(t *testing.T) {
	p := launch(t, nil, "serve", "--listen", "127.0.0.1:0", "--data", t.TempDir(), "--stop-delay", "1h")
	o, _ := p.open(t)
	if code, body := o.ask(t, "/readyz", nil); code != http.StatusOK {
		t.Fatalf("before: %d %s", code, body)
	}
	check(t, p.cmd.Process.Signal(syscall.SIGTERM))
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for code := 0; code != http.StatusServiceUnavailable; <-tick.C {
		code, _ = o.ask(t, "/readyz", nil) // it listens all the time: a refused connection fails the test
	}
	if code, body := o.ask(t, "/readyz", nil); !strings.Contains(body, "stopping") {
		t.Errorf("it says %d %s", code, body)
	}
	if code, _ := o.ask(t, "/healthz", nil); code != http.StatusOK {
		t.Errorf("while it waits, a request is answered %d", code)
	}
	late := time.AfterFunc(time.Minute, func() { _ = p.cmd.Process.Kill() })
	defer late.Stop()
	check(t, p.cmd.Process.Signal(os.Interrupt))
	<-p.read
	var exit *exec.ExitError
	if err := p.cmd.Wait(); !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGINT {
		t.Errorf("the second signal: %v: %s", err, p.output)
	}
}

// TestNotReadyWithAnotherKey: somebody has put a database into place whose keys
// this process cannot open.
func TestNotReadyWithAnotherKey(t *testing.T) {
	h := apptest.StartHouse(t, apptest.Options{TLS: true})
	ctx := sqldb.ForInstallation(t.Context())
	check(t, h.App.Ground.DB.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE setting SET value = '0000000000000000' WHERE key = 'kek.fingerprint'`)
		return err
	}))
	tick := time.NewTicker(50 * time.Millisecond) // what it saw last may be a second old
	defer tick.Stop()
	for range 200 {
		a := h.Client(t).Get("/readyz")
		if a.Status == http.StatusServiceUnavailable {
			if !strings.Contains(string(a.Body), "key-encryption key") {
				t.Errorf("it says %s", a.Body)
			}
			h.Client(t).Get("/healthz").Want(http.StatusOK)
			return
		}
		<-tick.C
	}
	t.Error("it stays ready")
}
