package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"github.com/roundel/roundel/internal/apptest"
	"github.com/roundel/roundel/internal/sqldb"
)

// command runs the program and returns its exit code and all that it printed.
func command(t *testing.T, args ...string) (int, string) {
	t.Helper()
	var out bytes.Buffer
	code := run(t.Context(), args, strings.NewReader(""), &out, &out)
	return code, out.String()
}

// wants runs the program and compares how it ends.
func wants(t *testing.T, code int, says string, args ...string) string {
	t.Helper()
	got, out := command(t, args...)
	if got != code || !strings.Contains(out, says) {
		t.Errorf("roundel %s: exit code %d, want %d with %q:\n%s", strings.Join(args, " "), got, code, says, out)
	}
	return out
}

// TestBackUpAndRestore goes through what an operator types, with the server
// running, as far as the check of the restored copy.
func TestBackUpAndRestore(t *testing.T) {
	h := apptest.StartHouse(t, apptest.Options{TLS: true})
	a := h.Award(t, "Maja", "maja@example.org")
	dir := t.TempDir()
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	identity, wrong := filepath.Join(dir, "identity"), filepath.Join(dir, "wrong")
	other, _ := age.GenerateX25519Identity()
	for path, k := range map[string]*age.X25519Identity{identity: key, wrong: other} {
		if err := os.WriteFile(path, []byte(k.String()+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	file, live := filepath.Join(dir, "x.backup"), []string{"--data", h.Data, "--base-url", h.BaseURL}
	with := func(args ...string) []string { return append(args, live...) }
	wants(t, exitUsage, "encrypt it", with("backup", "--to", file)...)
	wants(t, exitError, "one of --recipient and --archive-passphrase-file", with("backup", "--to", file, "--recipient", key.Recipient().String(), "--archive-passphrase-file", identity)...)
	out := wants(t, exitOK, "1 award", with("backup", "--to", file, "--recipient", key.Recipient().String())...)
	if !strings.Contains(out, "NOT in the backup") || !strings.Contains(out, "fingerprint: "+h.App.Ground.Keys.KEK.Fingerprint()) {
		t.Errorf("nothing is said of the key-encryption key:\n%s", out)
	}
	if _, err := h.App.Features.Issuing.Revoke(sqldb.ForInstallation(t.Context()), h.Org.ID, h.OwnerID, a.PublicID, "issued_in_error", ""); err != nil {
		t.Fatal(err)
	}
	// A slash at the end means a folder, also when it is relative.
	t.Chdir(dir)
	for _, to := range []string{"daily/", filepath.Join(dir, "other", "weekly") + "/"} {
		wants(t, exitOK, "1 award", with("backup", "--to", to, "--unencrypted")...)
		if made, err := os.ReadDir(to); err != nil || len(made) != 1 || !strings.HasPrefix(made[0].Name(), "roundel-") {
			t.Errorf("--to %s: %v, %v", to, made, err)
		}
	}
	wants(t, exitError, "exists already", with("backup", "--to", file, "--unencrypted")...)
	wants(t, exitOK, "is sound", "restore", "--from", file, "--identity", identity, "--check-only")

	data := filepath.Join(dir, "restored")
	refused := func(says string, args ...string) {
		t.Helper()
		wants(t, exitError, says, append([]string{"restore", "--data", data, "--from"}, args...)...)
		if left, _ := os.ReadDir(data); len(left) > 0 {
			t.Errorf("%v is left behind", left)
		}
	}
	damaged := filepath.Join(dir, "damaged")
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(damaged, whole[:len(whole)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	journal := filepath.Join(h.Data, "journal")
	refused("or the passphrase with --archive-passphrase-file FILE", file, "--journal", journal)
	refused("does not open", file, "--identity", wrong, "--journal", journal)
	refused("damaged", damaged, "--identity", identity, "--journal", journal)
	refused("would come back", file, "--identity", identity)
	refused("would be valid again", file, "--identity", identity, "--no-erasures-since-backup")

	wants(t, exitOK, "Restored", "restore", "--data", data, "--from", file, "--identity", identity, "--journal", journal)
	wants(t, exitError, "holds an installation already", "restore", "--data", data, "--from", file, "--identity", identity, "--journal", journal)
	kek, err := os.ReadFile(filepath.Join(h.Data, "key-encryption-key"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(data, "key-encryption-key"), kek, 0o600); err != nil {
		t.Fatal(err)
	}
	wants(t, exitOK, "clean", "fsck", "--data", data, "--base-url", h.BaseURL)
}

// TestMoveAndErase exports, looks at what an import would do, and erases.
func TestMoveAndErase(t *testing.T) {
	h := apptest.StartHouse(t, apptest.Options{TLS: true})
	h.Award(t, "Maja", "maja@example.org")
	dir, live := t.TempDir(), []string{"--data", h.Data, "--base-url", h.BaseURL}
	with := func(args ...string) []string { return append(args, live...) }
	file := filepath.Join(dir, "x.zip")
	wants(t, exitUsage, "what to export", with("export", "--to", file)...)
	wants(t, exitUsage, "only encrypted", with("export", "--organisation", h.Org.Slug, "--with-keys", "--to", file)...)
	wants(t, exitOK, "1 award", with("export", "--organisation", h.Org.Slug, "--to", file)...)
	wants(t, exitError, "conflict: the organisation", with("import", "--organisation", file)...)
	wants(t, exitOK, "1 award", with("export", "--recipient", "maja@example.org", "--to", filepath.Join(dir, "maja.json"))...)
	wants(t, exitOK, "Nothing was changed", with("erase", "--recipient", "maja@example.org")...)
	wants(t, exitOK, "Erased: 1 award", with("erase", "--recipient", "maja@example.org", "--yes")...)
	wants(t, exitError, "Nothing is stored", with("erase", "--recipient", "maja@example.org", "--yes")...)
	wants(t, exitError, "Nothing is stored", with("export", "--recipient", "maja@example.org", "--to", filepath.Join(dir, "again.json"))...)
}
