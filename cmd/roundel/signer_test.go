package main

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/roundel/roundel/internal/dbtest"
	"github.com/roundel/roundel/multikey"
)

// process is the command roundel in a process of its own.
type process struct {
	cmd    *exec.Cmd
	line   string // the first that it printed
	output *bytes.Buffer
	read   chan struct{}
}

// launch starts this test's binary as roundel and waits for its first line.
func launch(t *testing.T, change func(*exec.Cmd), args ...string) *process {
	t.Helper()
	exe, err := os.Executable()
	check(t, err)
	p := &process{cmd: exec.Command(exe, args...), output: &bytes.Buffer{}, read: make(chan struct{})}
	p.cmd.Args[0], p.cmd.Env, p.cmd.Dir = "roundel", []string{"PATH=/nowhere", "HOME=/no-home"}, t.TempDir()
	if change != nil {
		change(p.cmd)
	}
	r, w, err := os.Pipe()
	check(t, err)
	p.cmd.Stdout, p.cmd.Stderr = w, w
	check(t, p.cmd.Start())
	check(t, w.Close())
	b := bufio.NewReader(r)
	for !strings.HasPrefix(p.line, "Roundel is at") && !strings.HasPrefix(p.line, "The signer listens") {
		line, err := b.ReadString('\n')
		p.output.WriteString(line)
		if p.line = strings.TrimSpace(line); err != nil {
			_ = p.cmd.Wait()
			t.Fatalf("%s ended: %s", args[0], p.output)
		}
	}
	go func() {
		defer close(p.read)
		_, _ = io.Copy(p.output, b) // ends with the process
	}()
	t.Cleanup(func() { p.end(t) })
	return p
}

// end stops the process as Ctrl-C does, and waits for it.
func (p *process) end(t *testing.T) {
	t.Helper()
	if p.cmd.ProcessState != nil {
		return
	}
	check(t, p.cmd.Process.Signal(os.Interrupt))
	<-p.read
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("%v: %s", err, p.output)
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// office is somebody at the console.
type office struct {
	http *http.Client
	base string
	seen *bytes.Buffer // every answer
}

func (o *office) ask(t *testing.T, path string, form url.Values) (int, string) {
	t.Helper()
	var a *http.Response
	var err error
	if form == nil {
		a, err = o.http.Get(o.base + path)
	} else {
		a, err = o.http.PostForm(o.base+path, form)
	}
	check(t, err)
	body, err := io.ReadAll(a.Body)
	check(t, err)
	check(t, a.Body.Close())
	fmt.Fprintf(o.seen, "%s %s\n%v\n%s\n", path, a.Status, a.Header, body)
	return a.StatusCode, a.Header.Get("Location") + string(body)
}

// open sets an installation up, with an organisation, and returns the address
// of the organisation's console.
func (p *process) open(t *testing.T) (*office, string) {
	t.Helper()
	m := regexp.MustCompile(`^Roundel is at (\S+), set it up at (\S+)$`).FindStringSubmatch(p.line)
	if m == nil {
		t.Fatalf("it printed %q", p.line)
	}
	jar, err := cookiejar.New(nil)
	check(t, err)
	o := &office{base: m[1], seen: &bytes.Buffer{}, http: &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	if code, body := o.ask(t, strings.TrimPrefix(m[2], o.base), url.Values{"name": {"Ada"}, "email": {"ada@example.org"}, "password": {"violets grow on the roof"}}); code != 303 {
		t.Fatalf("set up: %d %s", code, body)
	}
	code, at := o.ask(t, "/console/new", url.Values{"name": {"Northlight"}, "website": {"https://northlight.example"}, "email": {"badges@northlight.example"}})
	if code != 303 {
		t.Fatalf("organisation: %d %s", code, at)
	}
	return o, at
}

// TestASignerOfItsOwn: the web process never has the key-encryption key, and
// works; without the signer it does not start.
func TestASignerOfItsOwn(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("who asks is known on Linux only")
	}
	data, socket := t.TempDir(), "unix:"+filepath.Join(t.TempDir(), "signer.sock")
	kek := filepath.Join(t.TempDir(), "kek")
	exits := func(want string, args ...string) {
		t.Helper()
		var out bytes.Buffer
		if code := run(t.Context(), args, strings.NewReader(""), &out, &out); code == exitOK || !strings.Contains(out.String(), want) {
			t.Errorf("%q ended with %d: %s", args, code, out.String())
		}
	}
	exits("does not answer", "serve", "--data", data, "--listen", "127.0.0.1:0", "--signer", socket)
	exits("--key-file", "serve", "--data", data, "--listen", "127.0.0.1:0", "--signer", socket, "--key-file", kek)
	exits("unix:PATH", "signer", "--data", data, "--listen", "127.0.0.1:0")
	signer := launch(t, nil, "signer", "--data", data, "--listen", socket, "--key-file", kek)
	web := launch(t, nil, "serve", "--data", data, "--listen", "127.0.0.1:0", "--signer", socket)
	o, console := web.open(t)
	if code, page := o.ask(t, console+"/settings/keys", nil); code != 200 || !strings.Contains(page, "Signs") {
		t.Errorf("%d %s", code, page)
	}
	if code, page := o.ask(t, console+"/settings/keys/rotate/badge", url.Values{}); code != 303 {
		t.Errorf("%d %s", code, page)
	}
	if code, page := o.ask(t, console+"/settings/keys", nil); code != 200 || !strings.Contains(page, "Retired") {
		t.Errorf("%d %s", code, page)
	}
	if _, err := os.Stat(filepath.Join(data, "key-encryption-key")); err == nil {
		t.Error("the web process has made a key-encryption key")
	}
	files, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", web.cmd.Process.Pid))
	if err == nil { // root may look
		for _, f := range files {
			if target, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%s", web.cmd.Process.Pid, f.Name())); err == nil && target == kek {
				t.Error("the web process has the key file open")
			}
		}
	}
	signer.end(t)
	if code, page := o.ask(t, console+"/settings/keys", url.Values{"kind": {"p256"}, "purpose": {"token"}}); code != 503 || !strings.Contains(page, "signer does not answer") {
		t.Errorf("without the signer: %d %s", code, page)
	}
	launch(t, nil, "signer", "--data", data, "--listen", socket, "--key-file", kek)
	if code, page := o.ask(t, console+"/settings/keys", url.Values{"kind": {"p256"}, "purpose": {"token"}}); code != 303 {
		t.Errorf("with the signer again: %d %s", code, page)
	}
	exits("fingerprint", "signer", "--data", data, "--listen", socket+"2", "--key-file", kek+"-other")
}

// TestProcessesKeepTheirMemory: no core dump, and no other process of the same
// user reads what they hold. As the kernel has it: what belongs to a process
// that may not be dumped belongs to root.
func TestProcessesKeepTheirMemory(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs /proc")
	}
	data, change := t.TempDir(), func(*exec.Cmd) {}
	if os.Getuid() == 0 { // then only another user shows the difference
		data, change = asNobody(t)
	}
	socket := "unix:" + filepath.Join(data, "s")
	for name, p := range map[string]*process{
		"signer": launch(t, change, "signer", "--data", data, "--listen", socket),
		"serve":  launch(t, change, "serve", "--data", data, "--listen", "127.0.0.1:0"),
	} {
		pid := p.cmd.Process.Pid
		limits, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", pid))
		check(t, err)
		if !regexp.MustCompile(`(?m)^Max core file size\s+0\s+0\s`).Match(limits) {
			t.Errorf("%s may leave a core dump:\n%s", name, limits)
		}
		for _, file := range []string{"mem", "environ"} {
			info, err := os.Stat(fmt.Sprintf("/proc/%d/%s", pid, file))
			check(t, err)
			if uid := info.Sys().(*syscall.Stat_t).Uid; uid != 0 {
				t.Errorf("%s: %s belongs to user %d, who can read it", name, file, uid)
			}
		}
	}
}

// asNobody returns a folder for a user without rights, and runs commands as
// that user.
func asNobody(t *testing.T) (string, func(*exec.Cmd)) {
	t.Helper()
	const nobody = 65534
	dir, err := os.MkdirTemp("/tmp", "roundel-nobody-")
	check(t, err)
	t.Cleanup(func() { check(t, os.RemoveAll(dir)) })
	exe, err := os.Executable()
	check(t, err)
	binary, err := os.ReadFile(exe)
	check(t, err)
	check(t, os.WriteFile(filepath.Join(dir, "roundel"), binary, 0o755))
	data := filepath.Join(dir, "data")
	check(t, os.Mkdir(data, 0o700))
	check(t, os.Chown(data, nobody, nobody))
	check(t, os.Chmod(dir, 0o755))
	return data, func(c *exec.Cmd) {
		c.Path, c.Dir = filepath.Join(dir, "roundel"), dir
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
}

// TestKnownKeysAreNowhere (S7) gives a running installation keys that are known,
// has it work with them, and looks for them in everything that it writes.
func TestKnownKeysAreNowhere(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { knownKeysAreNowhere(t, nil, "") })
	t.Run("postgres", func(t *testing.T) {
		if os.Getenv(dbtest.Variable) == "" {
			t.Skipf("%s is not set; run the tests with `go run ./internal/dbtest/withpostgres -- go test ./...`", dbtest.Variable)
		}
		// A server of its own: all of its files are read, those of its log too.
		dir, err := os.MkdirTemp("", "roundel-keys-")
		check(t, err)
		t.Cleanup(func() { _ = os.RemoveAll(dir) })
		check(t, os.Chmod(dir, 0o711)) // the server's user passes through
		server, err := dbtest.NewPostgres(filepath.Join(dir, "server"), true)
		check(t, err)
		t.Cleanup(server.Close)
		knownKeysAreNowhere(t, server, filepath.Join(dir, "server"))
	})
}

// knownKeysAreNowhere looks at an installation on SQLite, or on a PostgreSQL
// server, whose files are in a folder.
func knownKeysAreNowhere(t *testing.T, server *dbtest.Postgres, files string) {
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	check(t, err)
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	scalar, err := ec.Bytes()
	check(t, err)
	edText, err := multikey.EncodePrivate(ed)
	check(t, err)
	ecText, err := multikey.EncodePrivate(ec)
	check(t, err)
	data, kek := t.TempDir(), filepath.Join(t.TempDir(), "kek")
	probe, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	metrics := probe.Addr().String()
	check(t, probe.Close())
	where := []string{"--data", data, "--key-file", kek}
	if server != nil {
		where = append(where, "--database", server.Address)
	}
	p := launch(t, nil, append([]string{"serve", "--listen", "127.0.0.1:0", "--log-level", "debug", "--metrics", metrics}, where...)...)
	o, console := p.open(t)
	for _, key := range []string{edText, ecText} {
		code, page := o.ask(t, console+"/settings/keys/import", url.Values{"purpose": {"badge"}, "key": {key}})
		if code != 303 {
			t.Fatalf("%d %s", code, page)
		}
	}
	b64 := base64.RawURLEncoding.EncodeToString
	// Mistakes around a secret: none may come back.
	for _, wrong := range []string{edText, edText + "x", " " + edText[:40], `{"kty":"OKP","crv":"Ed25519","x":"AAAA","d":"` + b64(ed.Seed()) + `"}`, "-----BEGIN PRIVATE KEY-----\n" + base64.StdEncoding.EncodeToString(ed.Seed()) + "\n-----END PRIVATE KEY-----\n"} {
		if code, _ := o.ask(t, console+"/settings/keys/import", url.Values{"purpose": {"badge"}, "key": {wrong}}); code != 422 {
			t.Errorf("%d for a key that is wrong", code)
		}
	}
	_, list := o.ask(t, console+"/settings/keys", nil)
	for _, use := range regexp.MustCompile(`/console/[^"]*/use`).FindAllString(list, -1) {
		if code, page := o.ask(t, use, url.Values{}); code != 303 {
			t.Errorf("%s: %d %s", use, code, page)
		}
	}
	for _, path := range []string{"", "/settings/identity", "/settings/keys", "/settings/keys/public.json", "/settings/keys/domain", "/settings/keys/key/nothing/retire", "/settings/nothing"} {
		o.ask(t, console+path, nil)
	}
	o.ask(t, "/readyz", nil)
	if code, text := (&office{http: o.http, base: "http://" + metrics, seen: o.seen}).ask(t, "/metrics", nil); code != 200 || len(text) < 1000 {
		t.Errorf("metrics: %d, %d bytes", code, len(text))
	}
	var said bytes.Buffer
	for _, args := range [][]string{{"key", "list", strings.TrimPrefix(console, "/console/")}, {"fsck"}, {"config"}} {
		run(t.Context(), append(args, where...), strings.NewReader(""), &said, &said)
	}
	if !strings.Contains(said.String(), "in_force") || !strings.Contains(said.String(), "clean") {
		t.Errorf("the command line said: %s", said.String())
	}
	// A backup, and what is in it.
	archive, unpacked := filepath.Join(t.TempDir(), "backup"), t.TempDir()
	for _, args := range [][]string{append([]string{"backup", "--to", archive, "--unencrypted"}, where...), {"restore", "--from", archive, "--data", unpacked, "--key-file", kek}} {
		if code := run(t.Context(), append(args, "--journal", filepath.Join(data, "journal")), strings.NewReader(""), &said, &said); code != exitOK {
			t.Errorf("%s ended with %d: %s", args[0], code, said.String())
		}
	}
	env, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", p.cmd.Process.Pid))
	if err != nil && runtime.GOOS == "linux" && os.Getuid() == 0 {
		t.Error(err)
	}
	places := map[string][]byte{"the answers": o.seen.Bytes(), "the command line": said.Bytes(), "the environment": env}
	collect(t, data, places) // while it runs, with its write-ahead log
	if server == nil && (len(places["roundel.db-wal"]) == 0 || len(places["roundel.db"]) == 0) {
		t.Errorf("there is no database to look into: %v", len(places))
	}
	restored := map[string][]byte{}
	collect(t, unpacked, restored)
	for name, content := range restored {
		places[name+" restored"] = content
	}
	if len(restored["roundel.db"]) == 0 {
		t.Errorf("nothing was restored: %v", slices.Sorted(maps.Keys(restored)))
	}
	places["the backup"], err = os.ReadFile(archive)
	check(t, err)
	p.end(t)
	places["the log"] = bytes.Clone(p.output.Bytes())
	stopped := map[string][]byte{}
	collect(t, data, stopped)
	for name, content := range stopped {
		places[name+" after the end"] = content
	}
	kept := "roundel.db after the end"
	if server != nil {
		kept = "the server's files"
		server.Crash() // so that its write-ahead log has everything
		all, logged := map[string][]byte{}, 0
		collect(t, files, all)
		for name, content := range all {
			places[kept] = append(places[kept], content...)
			if strings.Contains(name, "pg_wal/") {
				logged += bytes.Count(content, []byte("Northlight"))
			}
		}
		if logged == 0 {
			t.Error("there is no write-ahead log to look into")
		}
	}
	opener, err := os.ReadFile(kek)
	check(t, err)
	kekText := strings.TrimSpace(string(opener[bytes.IndexByte(opener, '\n')+1:]))
	kekRaw, err := base64.StdEncoding.DecodeString(kekText)
	check(t, err)
	for what, secret := range map[string][]byte{"the Ed25519 seed": ed.Seed(), "the P-256 scalar": scalar, "the key-encryption key": kekRaw} {
		for form, text := range forms(secret) {
			for place, content := range places {
				if bytes.Contains(content, text) {
					t.Errorf("%s lies in %s as %s", what, place, form)
				}
			}
		}
	}
	for _, text := range []string{edText, ecText} {
		for place, content := range places {
			if bytes.Contains(content, []byte(text)) {
				t.Errorf("a secret Multikey lies in %s", place)
			}
		}
	}
	// The search itself finds what is there.
	if !bytes.Contains(places["the answers"], []byte(console)) || !bytes.Contains(places[kept], []byte("Northlight")) {
		t.Error("the search looks in the wrong places")
	}
}

// forms are the ways in which a secret may be written.
func forms(secret []byte) map[string][]byte {
	return map[string][]byte{
		"bytes": secret, "hexadecimal": []byte(hex.EncodeToString(secret)), "HEXADECIMAL": []byte(strings.ToUpper(hex.EncodeToString(secret))),
		"base64": []byte(base64.RawStdEncoding.EncodeToString(secret)), "base64url, as in a JWK": []byte(base64.RawURLEncoding.EncodeToString(secret)),
		"base58": []byte(multikey.Base58Encode(secret)), "a list of numbers": []byte(strings.Trim(fmt.Sprint(secret[:8]), "[]")), "Go": []byte(strings.Trim(fmt.Sprintf("%#v", secret[:8]), "}")),
	}
}

func collect(t *testing.T, dir string, into map[string][]byte) {
	t.Helper()
	check(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err == nil {
			into[name], err = os.ReadFile(path)
		}
		return err
	}))
}

// TestAWrongPassphraseDoesNotStart, and says so before anything is written.
func TestAWrongPassphraseDoesNotStart(t *testing.T) {
	data, secret := t.TempDir(), filepath.Join(t.TempDir(), "passphrase")
	check(t, os.WriteFile(secret, []byte("correct horse battery staple"), 0o600))
	launch(t, nil, "serve", "--data", data, "--listen", "127.0.0.1:0", "--passphrase-file", secret).end(t)
	check(t, os.WriteFile(secret, []byte("correct horse battery stable"), 0o600))
	for _, args := range [][]string{{"serve", "--listen", "127.0.0.1:0"}, {"signer", "--listen", "unix:" + filepath.Join(data, "s")}, {"fsck"}} {
		var out bytes.Buffer
		if code := run(t.Context(), append(args, "--data", data, "--passphrase-file", secret), strings.NewReader(""), &out, &out); code == exitOK || !strings.Contains(out.String(), "fingerprint") {
			t.Errorf("%s ended with %d: %s", args[0], code, out.String())
		}
		if strings.Contains(out.String(), "horse") {
			t.Errorf("%s repeats the passphrase", args[0])
		}
	}
}
