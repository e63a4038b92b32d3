package vcapi_test

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/roundel/roundel/internal/apptest"
)

// TestManual runs the examples of docs/integrate.md one after the other, as
// somebody would paste them, and compares what they print with what the manual
// says. Only the address is another; … stands for anything.
func TestManual(t *testing.T) {
	for _, tool := range []string{"bash", "curl", "jq"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("the manual's examples need %s: %v", tool, err)
		}
	}
	h := apptest.StartHouse(t, apptest.Options{})
	p := newProgram(t, h, h.Org)
	script, want := manual(t)
	cmd := exec.CommandContext(t.Context(), "bash", "-c", "set -eu -o pipefail\n"+strings.ReplaceAll(script, "https://badges.example.org", h.BaseURL))
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "TOKEN="+p.token)
	var complaints strings.Builder
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s%s", err, out, complaints.String())
	}
	got := strings.Split(string(out), "\x00")
	if len(got) != len(want)+1 {
		t.Fatalf("%d examples gave %d answers: %q", len(want), len(got)-1, got)
	}
	for i, w := range want {
		pattern := "^" + strings.ReplaceAll(regexp.QuoteMeta(strings.TrimSpace(w.output)), "…", ".*") + "$"
		if !regexp.MustCompile(pattern).MatchString(strings.TrimSpace(got[i])) {
			t.Errorf("%s\nprints %s\nthe manual says %s", w.command, got[i], w.output)
		}
	}
	// The examples leave a credential that is withdrawn.
	data, err := os.ReadFile(filepath.Join(cmd.Dir, "issued.json"))
	if err != nil {
		t.Fatal(err)
	}
	problem(t, p.post("/vc/credentials/verify", string(data)), http.StatusBadRequest)
}

// example is a command of the manual and what it prints.
type example struct{ command, output string }

// manual returns the examples as a script that prints NUL after each, and what
// each prints.
func manual(t *testing.T) (script string, all []example) {
	t.Helper()
	data, err := os.ReadFile("../../../docs/integrate.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(data), "\n## VC API")
	section, _, _ = strings.Cut(section, "\n## ")
	for _, block := range strings.Split(section, "```console\n")[1:] {
		block, _, _ = strings.Cut(block, "```")
		for _, part := range strings.Split("\n"+block, "\n$ ")[1:] {
			command, output := part, ""
			for end := range part { // a command goes on while a quotation mark is open
				if part[end] == '\n' && strings.Count(part[:end], "'")%2 == 0 {
					command, output = part[:end], part[end+1:]
					break
				}
			}
			all = append(all, example{command, output})
			script += command + "\nprintf '\\0'\n"
		}
	}
	if len(all) < 15 {
		t.Fatalf("only %d examples were found", len(all))
	}
	return script, all
}
