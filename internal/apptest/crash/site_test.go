package crash

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/roundel/roundel/internal/account"
	"github.com/roundel/roundel/internal/app"
	"github.com/roundel/roundel/internal/badge"
	"github.com/roundel/roundel/internal/config"
	"github.com/roundel/roundel/internal/dbtest"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/sqldb"
)

// site is an installation that is used over HTTP by several clients at once,
// while its server is killed and started again on the same data.
type site struct {
	config  config.Config
	binary  string
	wrap    []string // what the server is started under, strace for example
	address string   // of the server on this machine, http://127.0.0.1:PORT
	client  *http.Client

	org                         int64
	slug, badge, token, session string // what clients need

	mu         sync.Mutex
	generation int           // counts the servers that became ready
	changed    chan struct{} // closed and replaced with generation
}

// newSite makes an installation and closes it again. Without an address of
// PostgreSQL its data is the embedded database.
func newSite(t *testing.T, binary, database string) *site {
	t.Helper()
	probe, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	s := &site{binary: binary, address: "http://" + probe.Addr().String(), changed: make(chan struct{}), config: config.Config{
		Listen: probe.Addr().String(), Data: t.TempDir(), BaseURL: baseURL, Name: "Roundel", LogLevel: "warn", Database: database,
	}}
	check(t, probe.Close())
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	t.Cleanup(transport.CloseIdleConnections)
	s.client = &http.Client{Transport: transport, Timeout: time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	a := s.open(t)
	defer shut(t, a)
	s.furnish(t, a)
	return s
}

// furnish makes an account with a session, an organisation with an API token,
// and a published badge.
func (s *site) furnish(t *testing.T, a *app.App) {
	t.Helper()
	ctx, f := t.Context(), a.Features
	link, err := f.Accounts.SetUpLink(ctx)
	check(t, err)
	owner, err := f.Accounts.SetUp(ctx, link, account.NewPerson{Name: "Ada", Email: "ada@northlight.example", Password: "violets grow on the roof"})
	check(t, err)
	s.session, err = f.Accounts.StartSession(ctx, owner.ID, account.Proof{Method: account.ByPassword, UserAgent: "test"})
	check(t, err)
	o, err := f.Orgs.Create(ctx, owner.ID, org.Profile{Name: "Northlight University", Website: "https://northlight.example", Email: "badges@northlight.example"})
	check(t, err)
	b, err := f.Badges.Create(ctx, o.ID, badge.Content{
		Name: "Applied Data Analysis", Description: "Collects, cleans and explains data.", Criteria: "Six assignments and a project.",
		AchievementType: "MicroCredential", PictureAlt: "A blue square",
	}, badge.Picture{Upload: smallPicture(t)})
	check(t, err)
	check(t, f.Badges.Publish(ctx, o.ID, b.PublicID))
	s.token, _, err = f.Accounts.CreateToken(ctx, o.ID, owner.ID, "load", time.Time{})
	check(t, err)
	s.org, s.slug, s.badge = o.ID, o.Slug, b.PublicID.String()
}

// engines runs a test on a fresh site on each engine.
func engines(t *testing.T, test func(t *testing.T, s *site)) {
	t.Helper()
	if testing.Short() {
		t.Skip("starts and kills a server many times: not in short mode")
	}
	binary := build(t)
	t.Run("sqlite", func(t *testing.T) { test(t, newSite(t, binary, "")) })
	t.Run("postgres", func(t *testing.T) { test(t, newSite(t, binary, dbtest.PostgresURL(t))) })
}

// open opens the installation in process, without working or serving.
func (s *site) open(t *testing.T) *app.App {
	t.Helper()
	c := s.config
	c.Listen = "127.0.0.1:0"
	a, err := app.New(context.WithoutCancel(t.Context()), c, slog.New(slog.DiscardHandler))
	check(t, err)
	a.Ground.DB.DefaultScope = sqldb.Installation
	return a
}

// flags are the settings of the installation on a command line.
func (s *site) flags() []string {
	return []string{"--data", s.config.Data, "--base-url", s.config.BaseURL, "--log-level", s.config.LogLevel,
		"--listen", s.config.Listen, "--database", s.config.Database}
}

// start starts the server. Nobody knows yet whether it is ready.
func (s *site) start(t *testing.T) *server {
	t.Helper()
	command := append(append(append([]string{}, s.wrap...), s.binary, "serve"), s.flags()...)
	return launch(t, exec.Command(command[0], command[1:]...))
}

// ready waits until the server answers, and lets waiting clients go on. It
// reports false when the server ended first.
func (s *site) ready(t *testing.T, running *server) bool {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(patience); ; {
		answer, err := s.client.Get(s.address + "/healthz")
		if err == nil {
			_, _ = io.Copy(io.Discard, answer.Body)
			_ = answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				s.mu.Lock()
				s.generation++
				close(s.changed)
				s.changed = make(chan struct{})
				s.mu.Unlock()
				return true
			}
		}
		select {
		case <-tick.C:
		case <-running.drawn:
			return false
		case <-late:
			t.Fatalf("the server does not become ready: %v\n%s", err, running.stderr.String())
		}
	}
}

// current returns how many servers have become ready so far.
func (s *site) current() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.generation
}

// next waits until a server after the given one is ready, or a moment: the
// answer may have been lost in another way.
func (s *site) next(ctx context.Context, after int) {
	s.mu.Lock()
	changed, there := s.changed, s.generation > after
	s.mu.Unlock()
	if there {
		return
	}
	moment := time.NewTimer(200 * time.Millisecond)
	defer moment.Stop()
	select {
	case <-changed:
	case <-moment.C:
	case <-ctx.Done():
	}
}

// answer is what came back. The zero answer stands for none.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// request is something to ask of the server.
type request struct {
	method, path, media, body string
	key                       string // Idempotency-Key
	program                   bool   // with the API token; otherwise with the session
}

// ask sends r. Whatever keeps the whole answer from arriving gives the zero
// answer: nobody knows then what was done.
func (s *site) ask(ctx context.Context, r request) answer {
	out, err := http.NewRequestWithContext(ctx, r.method, s.address+r.path, strings.NewReader(r.body))
	if err != nil {
		return answer{}
	}
	if r.media != "" {
		out.Header.Set("Content-Type", r.media)
	}
	if r.key != "" {
		out.Header.Set("Idempotency-Key", r.key)
		out.GetBody = nil // the transport is not to try again by itself: the ledger decides
	}
	if r.program {
		out.Header.Set("Authorization", "Bearer "+s.token)
	} else {
		out.Header.Set("Cookie", "__Host-roundel="+s.session)
	}
	in, err := s.client.Do(out)
	if err != nil {
		return answer{}
	}
	defer in.Body.Close()
	body, err := io.ReadAll(in.Body)
	if err != nil {
		return answer{}
	}
	return answer{in.StatusCode, in.Header, body}
}

func get(path string) request { return request{method: http.MethodGet, path: path, program: true} }

// as returns r by another method.
func (r request) as(method string) request {
	r.method = method
	return r
}

// create asks for an award.
func (s *site) create(key, email, result string) request {
	return request{method: http.MethodPost, path: "/api/v1/awards", media: "application/json", key: key, program: true,
		body: fmt.Sprintf(`{"badge":%q,"recipient":{"name":"Amara Okafor","email":%q},"result":%q}`, s.badge, email, result)}
}

// form posts a form of the console.
func (s *site) form(path string, fields url.Values) request {
	return request{method: http.MethodPost, path: path, media: "application/x-www-form-urlencoded", body: fields.Encode()}
}

func (s *site) console(path string) string { return "/console/" + s.slug + path }

// fsck runs `roundel fsck` on the installation.
func (s *site) fsck(t *testing.T) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), s.binary, append([]string{"fsck"}, s.flags()...)...).CombinedOutput()
	if err != nil || !strings.HasSuffix(string(out), ": clean\n") {
		t.Errorf("roundel fsck: %v\n%s", err, out)
	}
	t.Logf("roundel fsck: %s", out)
}
