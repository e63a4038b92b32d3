package nodes

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/roundel/roundel/internal/config"
	"github.com/roundel/roundel/internal/dbtest"
	"github.com/roundel/roundel/internal/mail/mailtest"
)

// TestMoveToPostgreSQL fills an installation on SQLite, moves it with the real
// program, which is killed again and again, and serves it from two nodes:
// whatever could be seen before is there to the byte.
func TestMoveToPostgreSQL(t *testing.T) {
	if testing.Short() {
		t.Skip("starts several servers: not in short mode")
	}
	target := dbtest.EmptyPostgresURL(t)
	c := &cluster{mails: mailtest.NewServer(t), config: config.Config{
		BaseURL: baseURL, Name: "Roundel", LogLevel: "warn", Data: t.TempDir(), Blobs: storeOfPictures(t),
		KeyFile: filepath.Join(t.TempDir(), "key-encryption-key"), MailFrom: "badges@badges.example.org",
	}}
	c.config.SMTPAddr = c.mails.Addr
	c.key(t)
	c.furnish(t)
	old := &node{address: free(t), data: c.config.Data, client: browser(t)}
	old.start(t, c)
	old.ready(t)
	session, paths := c.live(t, old)
	before := look(t, c, old, session, paths)

	flags := []string{"--data", c.config.Data, "--base-url", baseURL, "--blobs", c.config.Blobs, "--key-file", c.config.KeyFile, "--smtp", c.config.SMTPAddr, "--mail-from", c.config.MailFrom}
	there := append([]string{"--database", target}, flags...)
	refuse(t, "another server is working on the data", append([]string{"migrate-database"}, there...)...)
	old.stop(t)
	refuse(t, "is empty, but "+c.config.Data+" holds an installation", append([]string{"serve", "--listen", "127.0.0.1:0"}, there...)...)
	refuse(t, "say where to", append([]string{"migrate-database"}, flags...)...)
	refuse(t, "There is no key-encryption key", append([]string{"migrate-database"}, append(there, "--key-file", filepath.Join(t.TempDir(), "none"))...)...)
	if _, err := os.Stat(filepath.Join(c.config.Data, "moved")); err == nil {
		t.Error("what was refused has left a mark")
	}

	for n, line := range []string{"copied ", "copied ", "copied ", "copied ", "copied ", "compared award:", "compared session", "Moved "} {
		killAt(t, line, append([]string{"migrate-database"}, there...)...)
		if n < 5 { // later it may have been quicker than the kill
			refuse(t, "has not ended. Run roundel migrate-database again", append([]string{"serve", "--listen", "127.0.0.1:0"}, there...)...)
			refuse(t, "is being moved to postgres://", append([]string{"serve", "--listen", "127.0.0.1:0"}, flags...)...)
		}
	}
	out := program(t, 0, append([]string{"migrate-database"}, there...)...)
	if !strings.Contains(out, "clean") || !strings.Contains(out, "now start roundel serve") {
		t.Errorf("the move ends with\n%s", out)
	}
	out = program(t, 0, append([]string{"migrate-database"}, there...)...)
	if !strings.Contains(out, "moved already") {
		t.Errorf("again, it says\n%s", out)
	}
	refuse(t, "was moved to postgres://", append([]string{"serve", "--listen", "127.0.0.1:0"}, flags...)...)
	refuse(t, "was moved to postgres://", append([]string{"backup", "--unencrypted", "--to", t.TempDir()}, flags...)...)
	if out := program(t, 0, append([]string{"audit", "verify"}, there...)...); !strings.Contains(out, "whole") {
		t.Errorf("the audit log: %s", out)
	}

	c.config.Database = target
	for n := range c.nodes {
		c.nodes[n] = &node{address: free(t), data: t.TempDir(), client: browser(t)}
		c.nodes[n].start(t, c)
	}
	for _, n := range c.nodes {
		n.ready(t)
		for path, was := range before {
			if now := look(t, c, n, session, []string{path})[path]; now != was {
				at := 0
				for at < min(len(was), len(now)) && was[at] == now[at] {
					at++
				}
				t.Errorf("node %s, %s: from byte %d it was\n%.300s\nand is\n%.300s", n.address, path, at, was[at:], now[at:])
			}
		}
	}
	for _, n := range c.nodes {
		read(t, want(t, n.api(t.Context(), c, http.MethodPost, "/awards", c.request("after@"+strings.ReplaceAll(n.address, ":", "-")+".example")), http.StatusCreated))
	}
	for _, n := range c.nodes {
		n.stop(t)
	}
	if out := program(t, 0, append([]string{"fsck"}, there...)...); !strings.Contains(out, "clean") {
		t.Errorf("after new awards: %s", out)
	}

	// The way back, as the refusal tells it.
	check(t, os.Remove(filepath.Join(c.config.Data, "moved")))
	if out := program(t, 0, append([]string{"fsck"}, flags...)...); !strings.Contains(out, "clean") {
		t.Errorf("the old data: %s", out)
	}
}

// live uses the installation: awards in several runs' worth, one withdrawn,
// credentials for programs. It returns a session and addresses to look at.
func (c *cluster) live(t *testing.T, n *node) (session string, paths []string) {
	t.Helper()
	ctx := t.Context()
	session = cookie(t, n.form(ctx, "/sign-in", url.Values{"email": {email}, "password": {password}}, ""))
	var first issued
	var mu sync.Mutex
	var wg sync.WaitGroup
	for g := range 16 {
		wg.Go(func() {
			for i := range 36 {
				a := n.api(ctx, c, http.MethodPost, "/awards", c.request(fmt.Sprintf("p%d@g%d.example", i, g)), "Idempotency-Key", fmt.Sprintf("%d-%d", g, i))
				if a.status != http.StatusCreated {
					t.Errorf("award: %d %.300s", a.status, a.body)
					return
				}
				if i == 0 {
					mu.Lock()
					first = read(t, a)
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	second := read(t, want(t, n.api(ctx, c, http.MethodPost, "/awards", c.request("second@example.org")), http.StatusCreated))
	want(t, n.api(ctx, c, http.MethodPost, "/awards/"+second.ID+"/revocation", `{"reason":"issued_in_error"}`), http.StatusOK)
	if !bit(t, n, second) {
		t.Fatal("the status list does not show the withdrawal")
	}
	paths = []string{"/issuers/" + c.org.Slug, "/console/" + c.org.Slug + "/awards", "/console/" + c.org.Slug + "/badges", "/pictures/" + c.badge.Published.PicturePNG + ".png",
		strings.TrimPrefix(second.Credential.CredentialStatus[0].StatusListCredential, baseURL)}
	for _, a := range []issued{first, second} {
		paths = append(paths, "/api/v1/awards/"+a.ID, "/api/v1/awards/"+a.ID+"/credential")
	}
	return session, paths
}

// look returns what a node shows at addresses.
func look(t *testing.T, c *cluster, n *node, session string, paths []string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, p := range paths {
		var a answer
		switch path, inside := strings.CutPrefix(p, "/api/v1"); {
		case inside:
			a = n.api(t.Context(), c, http.MethodGet, path, "")
		case strings.HasPrefix(p, "/console"):
			a = n.ask(t.Context(), http.MethodGet, p, "", nil, "Cookie", session)
		default:
			a = n.ask(t.Context(), http.MethodGet, p, "", nil)
		}
		all[p] = string(want(t, a, http.StatusOK).body)
	}
	return all
}

// program runs the real program to its end and returns all that it printed.
func program(t *testing.T, code int, args ...string) string {
	t.Helper()
	path, err := binary()
	check(t, err)
	var out bytes.Buffer
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Stdout, cmd.Stderr = &out, &out
	_ = cmd.Run() // the code says it
	if got := cmd.ProcessState.ExitCode(); got != code {
		t.Fatalf("roundel %s ended with %d, not %d:\n%s", args[0], got, code, out.String())
	}
	return out.String()
}

// refuse runs the program, which must end with an error that says something.
func refuse(t *testing.T, says string, args ...string) {
	t.Helper()
	path, err := binary()
	check(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // a server that starts does not end by itself
	defer cancel()
	out, err := exec.CommandContext(ctx, path, args...).CombinedOutput()
	if err == nil || !strings.Contains(string(out), says) {
		t.Fatalf("roundel %s: %v, want %q:\n%s", args[0], err, says, out)
	}
}

// killAt runs the program and kills it when it prints a line with text, or lets
// it end by itself when an earlier run has printed that.
func killAt(t *testing.T, text string, args ...string) {
	t.Helper()
	path, err := binary()
	check(t, err)
	cmd := exec.CommandContext(t.Context(), path, args...)
	out, err := cmd.StdoutPipe()
	check(t, err)
	cmd.Stderr = cmd.Stdout
	check(t, cmd.Start())
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if strings.Contains(lines.Text(), text) {
			check(t, cmd.Process.Kill())
		}
	}
	_ = cmd.Wait() // it was killed, or had ended
}
