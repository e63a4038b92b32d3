package interop

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// installed says why the npm packages are not there; nil when they are.
var installed = sync.OnceValue(install)

// needNode skips the test where Node or the packages cannot be had.
func needNode(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("interop tests start Node many times: not in short mode")
	}
	if err := installed(); err != nil {
		t.Skipf("no counterparts to test with: %v", err)
	}
}

// install runs npm ci unless node_modules already holds what package-lock.json
// asks for.
func install() error {
	if _, err := exec.LookPath("node"); err != nil {
		return err
	}
	lock, err := os.ReadFile("package-lock.json")
	if err != nil {
		return err
	}
	sum := sha256.Sum256(lock)
	want := hex.EncodeToString(sum[:])
	stamp := filepath.Join("node_modules", ".installed-lock")
	if have, err := os.ReadFile(stamp); err == nil && string(have) == want {
		return nil
	}
	if _, err := exec.LookPath("npm"); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund").CombinedOutput()
	if err != nil {
		return fmt.Errorf("npm ci: %w: %s", err, tail(out))
	}
	return os.WriteFile(stamp, []byte(want), 0o600)
}

// tail is the end of a program's output, enough to see what went wrong.
func tail(out []byte) string {
	return strings.TrimSpace(string(out[max(0, len(out)-600):]))
}

// run starts a script and returns what it printed. Any exit status but want
// fails the test; want below zero stands for verified or refused.
func run(t *testing.T, want int, script string, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "node", append([]string{script}, args...)...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	code := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	if code != want && (want >= 0 || code != 0 && code != 1) {
		t.Fatalf("%s ended with %d: %s", script, code, tail(stderr.Bytes()))
	}
	return stdout.Bytes()
}

// An answer is what a verifying script prints.
type answer struct {
	Verified bool
	Reasons  []string
	Steps    json.RawMessage
	Schema   json.RawMessage
}

// mentions tells whether a reason for refusing has the word in it.
func (a answer) mentions(word string) bool {
	return strings.Contains(strings.ToLower(strings.Join(a.Reasons, " ")), word)
}

// verify runs a verifying script on a credential.
func verify(t *testing.T, script string, credential []byte, args ...string) answer {
	t.Helper()
	file := filepath.Join(t.TempDir(), "credential.json")
	write(t, file, credential)
	out := run(t, -1, script, append(args, file)...)
	var a answer
	if err := json.Unmarshal(out, &a); err != nil {
		t.Fatalf("%s printed %q: %v", script, tail(out), err)
	}
	return a
}
