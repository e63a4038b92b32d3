package nodes

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/roundel/roundel/internal/account"
	"github.com/roundel/roundel/internal/app"
	"github.com/roundel/roundel/internal/badge"
	"github.com/roundel/roundel/internal/config"
	"github.com/roundel/roundel/internal/dbtest"
	"github.com/roundel/roundel/internal/mail/mailtest"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/sqldb"
)

const (
	baseURL  = "https://badges.example.org"
	email    = "ada@northlight.example"
	password = "violets grow on the roof"
	// patience bounds every wait for progress; it is no measurement.
	patience = 5 * time.Minute
)

// cluster is an installation with several nodes.
type cluster struct {
	config config.Config // of all nodes; each has its own address and data folder
	mails  *mailtest.Server
	nodes  [2]*node

	org   *org.Organisation
	badge *badge.Badge
	token string
}

// node is one process at a time.
type node struct {
	address string
	data    string
	client  *http.Client
	process *exec.Cmd
	ended   chan struct{} // closed when the process has ended and said all
	output  *bytes.Buffer // read after ended
}

var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "roundel-nodes-binary-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "roundel")
	cmd := exec.Command("go", "build", "-o", path, "github.com/roundel/roundel/cmd/roundel")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := binary(); err == nil {
		_ = os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

// start starts both nodes at once on an empty database, and furnishes it from
// a third one that lives in the test.
func start(t *testing.T) *cluster {
	t.Helper()
	if testing.Short() {
		t.Skip("starts several servers: not in short mode")
	}
	c := &cluster{config: config.Config{
		BaseURL: baseURL, Name: "Roundel", LogLevel: "warn", Database: emptyDatabase(t), Blobs: storeOfPictures(t),
		KeyFile: filepath.Join(t.TempDir(), "key-encryption-key"), MailFrom: "badges@badges.example.org",
	}}
	c.mails = mailtest.NewServer(t)
	c.config.SMTPAddr = c.mails.Addr
	c.key(t)
	for n := range c.nodes {
		c.nodes[n] = &node{address: free(t), data: t.TempDir(), client: browser(t)}
		c.nodes[n].start(t, c)
	}
	for _, n := range c.nodes {
		n.ready(t)
	}
	c.furnish(t)
	return c
}

// emptyDatabase returns the address of a database in which nothing is, not even
// the schema.
func emptyDatabase(t *testing.T) string {
	t.Helper()
	address := dbtest.PostgresURL(t)
	db, err := sqldb.Open(t.Context(), address)
	check(t, err)
	defer db.Close()
	check(t, db.Define(t.Context(), "DROP SCHEMA public CASCADE", "CREATE SCHEMA public"))
	return address
}

func storeOfPictures(t *testing.T) string {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", "id")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	backend := s3mem.New()
	check(t, backend.CreateBucket("pictures"))
	s := httptest.NewServer(gofakes3.New(backend).Server())
	t.Cleanup(s.Close)
	return "s3://pictures/roundel?region=us-east-1&endpoint=" + s.URL
}

// key makes the key file that all nodes get from their operator.
func (c *cluster) key(t *testing.T) {
	t.Helper()
	one := c.config
	one.Database, one.Blobs, one.Listen, one.Data = "", "", "127.0.0.1:0", t.TempDir()
	a, err := app.New(context.WithoutCancel(t.Context()), one, slog.New(slog.DiscardHandler))
	check(t, err)
	check(t, a.Close())
}

func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	defer l.Close()
	return l.Addr().String()
}

func browser(t *testing.T) *http.Client {
	t.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

func (n *node) start(t *testing.T, c *cluster) {
	t.Helper()
	path, err := binary()
	check(t, err)
	cmd := exec.Command(path, "serve", "--listen", n.address, "--data", n.data, "--base-url", baseURL, "--log-level", "warn",
		"--database", c.config.Database, "--blobs", c.config.Blobs, "--key-file", c.config.KeyFile, "--smtp", c.config.SMTPAddr, "--mail-from", c.config.MailFrom)
	n.process, n.ended, n.output = cmd, make(chan struct{}), &bytes.Buffer{}
	cmd.Stdout, cmd.Stderr = n.output, n.output
	check(t, cmd.Start())
	ended := n.ended
	go func() { // ends with the process
		_ = cmd.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it has ended, unless the test failed in between
		<-ended
		if t.Failed() {
			t.Logf("node %s said:\n%.4000s", n.address, n.output.String())
		}
	})
}

// ready waits until the node says that requests should be sent to it.
func (n *node) ready(t *testing.T) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(patience); ; {
		if a := n.ask(t.Context(), http.MethodGet, "/readyz", "", nil); a.status == http.StatusOK {
			return
		}
		select {
		case <-tick.C:
		case <-n.ended:
			t.Fatalf("node %s ended: %s", n.address, n.output.String())
		case <-late:
			t.Fatalf("node %s does not become ready", n.address)
		}
	}
}

// stop ends the node as its service manager does, and waits for its end.
func (n *node) stop(t *testing.T) {
	t.Helper()
	check(t, n.process.Process.Signal(os.Interrupt))
	select {
	case <-n.ended:
	case <-time.After(patience):
		t.Fatalf("node %s does not end", n.address)
	}
	if code := n.process.ProcessState.ExitCode(); code != 0 {
		t.Errorf("node %s ended with %d: %s", n.address, code, n.output.String())
	}
}

// third opens the installation in the test's process, without serving.
func (c *cluster) third(t *testing.T) *app.App {
	t.Helper()
	own := c.config
	own.Listen = "127.0.0.1:0"
	if own.Database != "" { // otherwise the folder is what is shared
		own.Data = t.TempDir()
	}
	a, err := app.New(context.WithoutCancel(t.Context()), own, slog.New(slog.DiscardHandler))
	check(t, err)
	t.Cleanup(func() { check(t, a.Close()) })
	a.Ground.DB.DefaultScope = sqldb.Installation
	return a
}

func (c *cluster) furnish(t *testing.T) {
	t.Helper()
	a := c.third(t)
	ctx, f := t.Context(), a.Features
	link, err := f.Accounts.SetUpLink(ctx)
	check(t, err)
	owner, err := f.Accounts.SetUp(ctx, link, account.NewPerson{Name: "Ada", Email: email, Password: password})
	check(t, err)
	c.org, err = f.Orgs.Create(ctx, owner.ID, org.Profile{Name: "Northlight University", Website: "https://northlight.example", Email: "badges@northlight.example"})
	check(t, err)
	c.badge, err = f.Badges.Create(ctx, c.org.ID, badge.Content{
		Name: "Applied Data Analysis", Description: "Collects, cleans and explains data.", Criteria: "Six assignments and a project.",
		AchievementType: "MicroCredential", PictureAlt: "A blue square",
	}, badge.Picture{Upload: smallPicture(t)})
	check(t, err)
	check(t, f.Badges.Publish(ctx, c.org.ID, c.badge.PublicID))
	c.badge, err = f.Badges.Get(ctx, c.org.ID, c.badge.PublicID)
	check(t, err)
	c.token, _, err = f.Accounts.CreateToken(ctx, c.org.ID, owner.ID, "nodes", time.Time{})
	check(t, err)
}

func smallPicture(t *testing.T) []byte {
	t.Helper()
	m := image.NewNRGBA(image.Rect(0, 0, 32, 32))
	for i := range 32 * 32 {
		m.SetNRGBA(i%32, i/32, color.NRGBA{R: 40, G: 80, B: 200, A: 255})
	}
	var b bytes.Buffer
	check(t, png.Encode(&b, m))
	return b.Bytes()
}

// answer is what came back; the zero answer stands for none.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// ask sends a request with headers, pairs of name and value. Whatever keeps
// the whole answer from arriving gives the zero answer.
func (n *node) ask(ctx context.Context, method, path, media string, body []byte, headers ...string) answer {
	r, err := http.NewRequestWithContext(ctx, method, "http://"+n.address+path, bytes.NewReader(body))
	if err != nil {
		return answer{}
	}
	r.GetBody = nil // the transport is not to try again by itself
	if media != "" {
		r.Header.Set("Content-Type", media)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	in, err := n.client.Do(r)
	if err != nil {
		return answer{}
	}
	defer in.Body.Close()
	data, err := io.ReadAll(in.Body)
	if err != nil {
		return answer{}
	}
	return answer{in.StatusCode, in.Header, data}
}

// api sends a request of a program.
func (n *node) api(ctx context.Context, c *cluster, method, path, body string, headers ...string) answer {
	return n.ask(ctx, method, "/api/v1"+path, "application/json", []byte(body), append(headers, "Authorization", "Bearer "+c.token)...)
}

// form posts a form with the cookie of a session.
func (n *node) form(ctx context.Context, path string, fields url.Values, cookie string) answer {
	return n.ask(ctx, http.MethodPost, path, "application/x-www-form-urlencoded", []byte(fields.Encode()), "Cookie", cookie)
}

// request is the body that asks for an award.
func (c *cluster) request(email string) string {
	return fmt.Sprintf(`{"badge":%q,"recipient":{"name":"Amara Okafor","email":%q}}`, c.badge.PublicID.String(), email)
}

func want(t *testing.T, a answer, status int) answer {
	t.Helper()
	if a.status != status {
		t.Fatalf("status %d, want %d: %.600s", a.status, status, a.body)
	}
	return a
}

// cookie returns the session that an answer gives.
func cookie(t *testing.T, a answer) string {
	t.Helper()
	for _, line := range a.header.Values("Set-Cookie") {
		if name, _, _ := strings.Cut(line, "="); strings.HasSuffix(name, "roundel") {
			value, _, _ := strings.Cut(line, ";")
			return value
		}
	}
	t.Fatalf("no session in %v: %.600s", a.header, a.body)
	return ""
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
