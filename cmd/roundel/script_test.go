package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// exits CODE COMMAND… runs a command that must end with this exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND [ARG…]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("%s ended with %d, not %d\n%s%s", strings.Join(args[1:], " "), got, want, ts.ReadFile("stdout"), ts.ReadFile("stderr"))
	}
}

// mode FILE MODE compares a file's permissions, in octal.
func mode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: mode FILE OCTAL")
	}
	info, err := os.Stat(ts.MkAbs(args[0]))
	ts.Check(err)
	if got := strconv.FormatUint(uint64(info.Mode().Perm()), 8); got != args[1] {
		ts.Fatalf("%s has mode %s, not %s", args[0], got, args[1])
	}
}

// known NAME FILE sets a variable to a file's one line.
func known(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: known NAME FILE")
	}
	ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile(args[1])))
}

// secret NAME LINK sets a variable to the last part of a link.
func secret(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: secret NAME LINK")
	}
	ts.Setenv(args[0], args[1][strings.LastIndexByte(args[1], '/')+1:])
}

// empty [TEXT] fails when there is text.
func empty(ts *testscript.TestScript, neg bool, args []string) {
	if neg || strings.Join(args, "") != "" {
		ts.Fatalf("not empty: %q", args)
	}
}

// change FILE FROM TO writes TO for the first FROM.
func change(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: change FILE FROM TO")
	}
	old := ts.ReadFile(args[0])
	fresh := strings.Replace(old, args[1], args[2], 1)
	if fresh == old {
		ts.Fatalf("%s holds no %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(fresh), 0o600))
}

// report VERDICT [CHECK=OUTCOME…] reads the last command's output as verify
// --json promises it: each check with a reason, and at least the six checks that
// everybody may rely on.
func report(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: report VERDICT [CHECK=OUTCOME…]")
	}
	var r struct {
		Verdict, Headline, Text string
		Checks                  []struct{ ID, Outcome, Reason string }
		Credential              map[string]any
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &r))
	if r.Verdict != args[0] || r.Headline == "" || r.Text == "" {
		ts.Fatalf("the report says %q: %q, %q", r.Verdict, r.Headline, r.Text)
	}
	outcomes := map[string]string{}
	for _, c := range r.Checks {
		switch c.Outcome {
		case "passed", "failed", "unknown", "not_applicable":
		default:
			ts.Fatalf("check %s has the outcome %q", c.ID, c.Outcome)
		}
		if outcomes[c.ID] != "" || c.Reason == "" {
			ts.Fatalf("check %s comes twice or without a reason", c.ID)
		}
		outcomes[c.ID] = c.Outcome
	}
	for _, id := range []string{"structure", "proof", "issuer_key", "issuer_identity", "status", "validity_period"} {
		if outcomes[id] == "" {
			ts.Fatalf("there is no check %s: %v", id, outcomes)
		}
	}
	if outcomes["structure"] == "passed" && r.Credential["credentialSubject"] == nil {
		ts.Fatalf("the credential is not in the report")
	}
	for _, arg := range args[1:] {
		if id, want, _ := strings.Cut(arg, "="); outcomes[id] != want {
			ts.Fatalf("check %s is %q, not %q: %v", id, outcomes[id], want, r.Checks)
		}
	}
}

// servers holds the server that a script has started.
type servers struct {
	cmd    *exec.Cmd
	stdout bytes.Buffer
	stderr bytes.Buffer
	read   chan struct{} // closed when stdout has ended
}

type serverKey struct{}

// start FLAG… starts `roundel serve` with these flags and waits for the one
// line that it prints. $BASE is then where it is, $HOST the same without
// "http://", and $SETUP the set-up link, "" when there is none.
func start(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("usage: start FLAG…")
	}
	s := ts.Value(serverKey{}).(*servers)
	binary, err := lookPath(ts, "roundel")
	ts.Check(err)
	*s = servers{cmd: exec.Command(binary, append([]string{"serve"}, args...)...), read: make(chan struct{})}
	s.cmd.Dir, s.cmd.Env, s.cmd.Stderr = ts.Getenv("WORK"), []string{"PATH=" + ts.Getenv("PATH"), "HOME=/no-home"}, &s.stderr
	out, err := s.cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(s.cmd.Start())
	ts.Defer(func() {
		if s.cmd.ProcessState == nil { // the script failed in between
			_ = s.cmd.Process.Kill()
			_ = s.cmd.Wait()
		}
	})
	r := bufio.NewReader(out)
	line, err := r.ReadString('\n')
	go func() {
		defer close(s.read)
		_, _ = io.Copy(&s.stdout, r) // ends with the server
	}()
	if err != nil {
		ts.Fatalf("serve printed %q, %v; it ended with %v\n%s", line, err, s.cmd.Wait(), s.stderr.String())
	}
	line = strings.TrimSuffix(line, "\n")
	address, link, _ := strings.Cut(strings.TrimPrefix(line, "Roundel is at "), ", set it up at ")
	if !strings.HasPrefix(line, "Roundel is at http") || strings.ContainsAny(address, " ,") {
		ts.Fatalf("serve printed %q", line)
	}
	ts.Setenv("BASE", address)
	ts.Setenv("HOST", strings.TrimPrefix(address, "http://"))
	ts.Setenv("SETUP", link)
	ts.Logf("%s", line)
}

// stop ends the server as Ctrl-C does. It must end with 0, having printed
// nothing more and complained of nothing.
func stop(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: stop")
	}
	s := ts.Value(serverKey{}).(*servers)
	ts.Check(s.cmd.Process.Signal(os.Interrupt))
	<-s.read
	if err := s.cmd.Wait(); err != nil || s.stdout.Len() > 0 || s.stderr.Len() > 0 {
		ts.Fatalf("serve ended with %v, printed %q and complained %q", err, s.stdout.String(), s.stderr.String())
	}
}

// post URL STATUS [NAME=VALUE…] sends a form; without a value it gets the page.
func post(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: post URL STATUS [NAME=VALUE…]")
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	form := url.Values{}
	for _, arg := range args[2:] {
		name, value, _ := strings.Cut(arg, "=")
		form.Add(name, value)
	}
	do := func() (*http.Response, error) { return client.PostForm(args[0], form) }
	if len(form) == 0 {
		do = func() (*http.Response, error) { return client.Get(args[0]) }
	}
	r, err := do()
	ts.Check(err)
	body, err := io.ReadAll(r.Body)
	ts.Check(errors.Join(err, r.Body.Close()))
	if strconv.Itoa(r.StatusCode) != args[1] {
		ts.Fatalf("%s answers %s\n%s", args[0], r.Status, body)
	}
}

// lookPath finds a command as the script would.
func lookPath(ts *testscript.TestScript, name string) (string, error) {
	for _, dir := range strings.Split(ts.Getenv("PATH"), string(os.PathListSeparator)) {
		if file := dir + "/" + name; exec.Command(file).Err == nil {
			if info, err := os.Stat(file); err == nil && !info.IsDir() {
				return file, nil
			}
		}
	}
	return "", exec.ErrNotFound
}
