package interop

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/roundel/roundel/internal/apptest"
	"github.com/roundel/roundel/internal/issuing"
)

// binary builds the real command.
func binary(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "roundel")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", file, "github.com/roundel/roundel/cmd/roundel").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return file
}

// roundel runs the command and returns its exit code and what it printed.
func roundel(t *testing.T, file string, env []string, args ...string) (int, []byte) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), file, args...)
	cmd.Env = append(os.Environ(), env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if stderr.Len() > 0 {
		t.Logf("roundel %s: %s", args[0], stderr.String())
	}
	return cmd.ProcessState.ExitCode(), out
}

// ourVerdict runs roundel verify and returns the exit code and the verdict.
func ourVerdict(t *testing.T, file string, env []string, args ...string) (int, string) {
	t.Helper()
	code, out := roundel(t, file, env, append([]string{"verify", "--json"}, args...)...)
	var report struct{ Verdict string }
	if err := json.Unmarshal(out, &report); err != nil {
		t.Fatalf("roundel verify printed %q: %v", out, err)
	}
	return code, report.Verdict
}

// changed is doc with another letter in the badge's name.
func changed(t *testing.T, doc []byte, from, to string) []byte {
	t.Helper()
	other := bytes.Replace(doc, []byte(from), []byte(to), 1)
	if bytes.Equal(other, doc) {
		t.Fatalf("the document holds no %q", from)
	}
	return other
}

// TestTheyAcceptALiveAward: what the real server awards is accepted by
// strangers' software that asks that server for everything over TLS, and its
// withdrawal is seen at once.
func TestTheyAcceptALiveAward(t *testing.T) {
	needNode(t)
	h := apptest.StartHouse(t, apptest.Options{TLS: true})
	award, page := h.Published(t, "Amara Okafor", "amara@example.org")
	stranger := h.Client(t)
	badge := stranger.Get(page + ".json").Want(http.StatusOK).Body
	if !bytes.Equal(badge, award.Document) {
		t.Error("the public file is not what was signed, byte for byte")
	}
	docs := shelf(t, map[string][]byte{schemaURL: schema(t)})
	online := []string{"--docs", docs, "--connect", strings.TrimPrefix(h.BaseURL, "https://"), "--ca", h.App.Config.ExtraCA}
	for _, script := range verifiers {
		if a := verify(t, script, badge, online...); !a.Verified {
			t.Errorf("%s refuses a live award: %v %s", script, a.Reasons, a.Steps)
		}
		if a := verify(t, script, badge, "--docs", docs); a.Verified {
			t.Errorf("%s accepts it without asking anybody", script)
		}
		if a := verify(t, script, changed(t, badge, "Applied Data", "Applied Date"), online...); a.Verified || !a.mentions("signature") {
			t.Errorf("%s on one changed character: %v %v", script, a.Verified, a.Reasons)
		}
	}
	command, trust := binary(t), []string{"SSL_CERT_FILE=" + h.App.Config.ExtraCA}
	if code, verdict := ourVerdict(t, command, trust, h.BaseURL+page); code != 0 || verdict != "valid" {
		t.Errorf("roundel verify on the page: %d, %s", code, verdict)
	}

	issue := h.App.Features.Issuing
	if _, err := issue.Suspend(t.Context(), h.Org.ID, h.OwnerID, award.PublicID, "not_stated", ""); err != nil {
		t.Fatal(err)
	}
	if a := verify(t, "verify.mjs", badge, online...); a.Verified || !a.mentions("status: suspension") {
		t.Errorf("verify.mjs on a suspended award: %v %v", a.Verified, a.Reasons)
	}
	if code, verdict := ourVerdict(t, command, trust, h.BaseURL+page); code != 1 || verdict != "suspended" {
		t.Errorf("roundel verify on a suspended award: %d, %s", code, verdict)
	}
	if _, err := issue.Reinstate(t.Context(), h.Org.ID, h.OwnerID, award.PublicID); err != nil {
		t.Fatal(err)
	}
	for _, script := range verifiers {
		if a := verify(t, script, badge, online...); !a.Verified {
			t.Errorf("%s on a reinstated award: %v %s", script, a.Reasons, a.Steps)
		}
	}
	if _, err := issue.Revoke(t.Context(), h.Org.ID, h.OwnerID, award.PublicID, issuing.Reasons[0], ""); err != nil {
		t.Fatal(err)
	}
	for _, script := range verifiers {
		a := verify(t, script, badge, online...)
		if a.Verified || script == "verify.mjs" && !a.mentions("status: revocation") {
			t.Errorf("%s on a revoked award: %v %v %s", script, a.Verified, a.Reasons, a.Steps)
		}
		if script == "verify-core.mjs" && !strings.Contains(string(a.Steps), `"valid_signature":true`) {
			t.Errorf("%s refuses a revoked award for something else: %s", script, a.Steps)
		}
	}
	if code, verdict := ourVerdict(t, command, trust, h.BaseURL+page); code != 1 || verdict != "revoked" {
		t.Errorf("roundel verify on a revoked award: %d, %s", code, verdict)
	}
}

// TestTheyAcceptATrial: without a public https address there is nobody to ask,
// and nothing has to be asked.
func TestTheyAcceptATrial(t *testing.T) {
	needNode(t)
	h := apptest.StartHouse(t, apptest.Options{})
	badge := h.Award(t, "Amara Okafor", "amara@example.org").Document
	docs := shelf(t, map[string][]byte{schemaURL: schema(t)})
	for _, script := range verifiers {
		if a := verify(t, script, badge, "--docs", docs); !a.Verified {
			t.Errorf("%s refuses a trial: %v %s", script, a.Reasons, a.Steps)
		}
		if a := verify(t, script, changed(t, badge, "Applied Data", "Applied Date"), "--docs", docs); a.Verified {
			t.Errorf("%s accepts a trial with one character changed", script)
		}
	}
}

// TestTheyAcceptOurFiles: what `roundel issue` writes without a server.
func TestTheyAcceptOurFiles(t *testing.T) {
	needNode(t)
	command, dir := binary(t), t.TempDir()
	key, out := filepath.Join(dir, "issuer.key"), filepath.Join(dir, "out")
	_, id := roundel(t, command, nil, "key", "new", "--out", key)
	examples := filepath.Join("..", "examples")
	if code, text := roundel(t, command, nil, "issue", "--key", key, "--badge", filepath.Join(examples, "badge.json"),
		"--recipients", filepath.Join(examples, "people.csv"), "--out", out); code != 0 {
		t.Fatalf("roundel issue ended with %d: %s", code, text)
	}
	docs := shelf(t, map[string][]byte{schemaURL: schema(t)})
	for _, name := range []string{"000001", "000002", "000003"} {
		badge, err := os.ReadFile(filepath.Join(out, name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		for _, script := range verifiers {
			if a := verify(t, script, badge, "--docs", docs); !a.Verified {
				t.Errorf("%s refuses %s.json: %v %s", script, name, a.Reasons, a.Steps)
			}
		}
		if code, verdict := ourVerdict(t, command, nil, "--issuer", strings.TrimSpace(string(id)), filepath.Join(out, name+".png")); code != 0 || verdict != "valid" {
			t.Errorf("roundel verify on %s.png: %d, %s", name, code, verdict)
		}
	}
}

// TestOurCommandAcceptsTheirs: what their library issues is confirmed as far as
// a did:key can be, and wholly when the caller knows the issuer.
func TestOurCommandAcceptsTheirs(t *testing.T) {
	needNode(t)
	command := binary(t)
	file := filepath.Join(t.TempDir(), "theirs.json")
	signed := run(t, 0, "issue.mjs", strings.Repeat("0badca7e", 8))
	write(t, file, signed)
	var doc struct{ Issuer struct{ ID string } }
	if err := json.Unmarshal(signed, &doc); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args    []string
		code    int
		verdict string
	}{
		{nil, 3, "issuer_unconfirmed"},
		{[]string{"--offline"}, 3, "issuer_unconfirmed"},
		{[]string{"--issuer", doc.Issuer.ID}, 0, "valid"},
		{[]string{"--issuer", keyIssuer(t, "stranger").did}, 3, "issuer_unconfirmed"},
	} {
		if code, verdict := ourVerdict(t, command, nil, append(c.args, file)...); code != c.code || verdict != c.verdict {
			t.Errorf("roundel verify %v: %d, %s; not %d, %s", c.args, code, verdict, c.code, c.verdict)
		}
	}
	write(t, file, changed(t, signed, "Study habits", "Study habitz"))
	if code, verdict := ourVerdict(t, command, nil, "--issuer", doc.Issuer.ID, file); code != 1 || verdict != "tampered" {
		t.Errorf("roundel verify on one changed character: %d, %s", code, verdict)
	}
}
