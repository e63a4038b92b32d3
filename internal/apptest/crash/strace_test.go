package crash

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// traced are the system calls by which data reaches files, and answers clients.
const traced = "write,writev,pwrite64,pwritev,pwritev2,sendto,sendmsg,fsync,fdatasync,sync_file_range,msync,ftruncate,openat,rename,renameat,renameat2,unlink,unlinkat"

// strace returns the command line that traces a server into file. The server
// stays our own child, so that signals reach it and not the tracer.
func strace(file string, further ...string) []string {
	return append([]string{"strace", "-D", "-f", "-y", "-s", "8192", "-e", "trace=" + traced, "-e", "signal=none", "-o", file}, further...)
}

// needStrace skips the test, and says why, where a process cannot be traced.
func needStrace(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a server under strace many times: not in short mode")
	}
	if _, err := exec.LookPath("strace"); err != nil {
		t.Skip("strace is not installed here (Debian: strace)")
	}
	if out, err := exec.Command("strace", "-D", "-f", "-e", "trace=fsync", "-e", "inject=fsync:error=EIO", "true").CombinedOutput(); err != nil {
		t.Skipf("this machine does not let processes be traced: %v: %s", err, out)
	}
}

// call is a system call as strace saw it. Begun and ended are places in the
// trace: what had ended before something began was over by then.
type call struct {
	name, args   string
	path         string // behind the first argument's file descriptor
	begun, ended int    // ended is 0 for a call that never did
	failed       bool
	injected     bool
}

var (
	tracedLine  = regexp.MustCompile(`^(\d+) +(.*)$`)
	calledLine  = regexp.MustCompile(`^([a-z0-9_]+)\(`)
	resumedLine = regexp.MustCompile(`^<\.\.\. ([a-z0-9_]+) resumed>`)
	descriptor  = regexp.MustCompile(`^\d+<([^>]*)>`)
	returned    = regexp.MustCompile(`\) += (-?\d+|\?)`)
)

// readTrace reads what strace wrote.
func readTrace(t *testing.T, file string) []*call {
	t.Helper()
	f, err := os.Open(file)
	check(t, err)
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	var all []*call
	open := map[string]*call{} // by thread
	for n := 1; lines.Scan(); n++ {
		m := tracedLine.FindStringSubmatch(lines.Text())
		if m == nil {
			continue
		}
		thread, text := m[1], m[2]
		var c *call
		if called := calledLine.FindStringSubmatch(text); called != nil {
			c = &call{name: called[1], args: text[len(called[0]):], begun: n}
			if d := descriptor.FindStringSubmatch(c.args); d != nil {
				c.path = d[1]
			}
			all = append(all, c)
			if strings.HasSuffix(text, "<unfinished ...>") {
				open[thread] = c
				continue
			}
		} else if resumed := resumedLine.FindStringSubmatch(text); resumed != nil {
			if c = open[thread]; c == nil || c.name != resumed[1] {
				continue
			}
			c.args += text[len(resumed[0]):]
			delete(open, thread)
		} else {
			continue
		}
		c.ended = n
		c.injected = strings.HasSuffix(text, "(INJECTED)")
		if at := returned.FindAllStringSubmatch(text, -1); len(at) > 0 {
			c.failed = strings.HasPrefix(at[len(at)-1][1], "-") || at[len(at)-1][1] == "?"
		}
	}
	check(t, lines.Err())
	return all
}

// promise is an answer that promised that something is kept: the nth good
// answer with a word in it, before which words of which at least one was not
// written earlier must have reached the disk.
type promise struct {
	answer string // a word in the answer
	nth    int    // 0 is the first such answer
	kept   []string
}

// isSync reports whether the call makes a file durable.
func (c *call) isSync() bool { return c.name == "fsync" || c.name == "fdatasync" }

func (c *call) isFileWrite() bool { return strings.HasPrefix(c.name, "pwrite") }

// isAnswer reports whether the call sends the beginning of a good answer.
func (c *call) isAnswer() bool {
	return strings.HasPrefix(c.path, "socket:") && (strings.Contains(c.args, `"HTTP/1.1 2`) || strings.Contains(c.args, `"HTTP/1.1 303`))
}

// undurable names the promises that were made too early: between no page of the
// log that holds what was promised and the answer was the log flushed. It
// reports how many promises it could follow.
//
// The words of a promise must be new with the commit that makes it true. A
// later commit may write their page again before the answer leaves.
func undurable(calls []*call, log string, promises []promise) (early []string, followed int) {
	var writes, syncs, answers []*call
	for _, c := range calls {
		switch {
		case c.isFileWrite() && c.path == log && c.ended > 0 && !c.failed:
			writes = append(writes, c)
		case c.isSync() && c.path == log && c.ended > 0 && !c.failed:
			syncs = append(syncs, c)
		case c.isAnswer():
			answers = append(answers, c)
		}
	}
	for _, p := range promises {
		answer := nth(answers, p)
		if answer == nil {
			continue
		}
		written, kept := false, false
		for _, w := range writes {
			if w.begun > answer.begun || !slices.ContainsFunc(p.kept, func(word string) bool { return strings.Contains(w.args, word) }) {
				continue
			}
			written = true
			if kept = kept || slices.ContainsFunc(syncs, func(c *call) bool { return c.begun > w.ended && c.ended < answer.begun }); kept {
				break
			}
		}
		if written {
			followed++
		}
		if written && !kept {
			early = append(early, p.answer)
		}
	}
	return early, followed
}

// nth returns the answer that makes the promise, or nothing.
func nth(answers []*call, p promise) *call {
	for _, c := range answers {
		if strings.Contains(c.args, p.answer) {
			if p.nth == 0 {
				return c
			}
			p.nth--
		}
	}
	return nil
}

// buildChanged builds the binary with other source in one file: what the tests
// are to find is put in there, and the product knows nothing of it.
func buildChanged(t *testing.T, file, from, to string) string {
	t.Helper()
	root, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	check(t, err)
	path := filepath.Join(strings.TrimSpace(string(root)), file)
	source, err := os.ReadFile(path)
	check(t, err)
	if strings.Count(string(source), from) != 1 {
		t.Fatalf("%s does not hold %q once", file, from)
	}
	dir := t.TempDir()
	changed, overlay, binary := filepath.Join(dir, "changed.go"), filepath.Join(dir, "overlay.json"), filepath.Join(dir, "roundel")
	check(t, os.WriteFile(changed, []byte(strings.Replace(string(source), from, to, 1)), 0o600))
	text, err := json.Marshal(map[string]any{"Replace": map[string]string{path: changed}})
	check(t, err)
	check(t, os.WriteFile(overlay, text, 0o600))
	cmd := exec.CommandContext(t.Context(), "go", "build", "-overlay", overlay, "-o", binary, "github.com/roundel/roundel/cmd/roundel")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return binary
}
