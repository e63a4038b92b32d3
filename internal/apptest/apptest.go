// Package apptest starts the whole platform for a test: the real server on a
// free port of this machine, with its own data, certificate and mail server,
// in the test's process.
package apptest

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/roundel/roundel/internal/app"
	"github.com/roundel/roundel/internal/config"
	"github.com/roundel/roundel/internal/dbtest"
	"github.com/roundel/roundel/internal/mail/mailtest"
	"github.com/roundel/roundel/internal/sqldb"
)

// Options say how the server is set up. The zero value serves http on the
// embedded database, without mail: awards are trials.
type Options struct {
	// TLS serves https with a certificate made for the test. Awards are live.
	TLS bool
	// SMTP gives the platform a mail server; its mails are in Server.Mail.
	SMTP bool
	// Postgres keeps the data in a fresh PostgreSQL database. The test is
	// skipped, and says so, where there is no server for tests.
	Postgres bool
	// Development adds /styleguide and lets the platform fetch from loopback.
	Development bool
	// Settings changes the settings before the platform is built; nil does not.
	Settings func(*config.Config)
}

// Server is a platform that runs until the test ends.
type Server struct {
	App     *app.App
	BaseURL string           // public address, without a trailing slash
	Mail    *mailtest.Server // nil without Options.SMTP
	Roots   *x509.CertPool   // what a client has to trust; nil without Options.TLS
	PIN     string           // SHA-256 of the certificate's public key, in base64, for browsers
	Data    string           // the data folder

	errors errorLog
}

// Start starts a server and stops it when the test ends. An error that the
// platform logs meanwhile fails the test, unless it is taken with TakeErrors.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	s := &Server{Data: t.TempDir()}
	c := config.Config{Data: s.Data, Name: "Roundel", Development: o.Development}
	if o.TLS {
		cert := newCertificate(t)
		c.TLSCert, c.TLSKey, c.ExtraCA = cert.chain, cert.key, cert.authority
		s.Roots, s.PIN = cert.roots, cert.pin
	}
	if o.SMTP {
		s.Mail = mailtest.NewServer(t)
		c.SMTPAddr, c.MailFrom = s.Mail.Addr, "badges@roundel.test"
	}
	if o.Postgres {
		c.Database = dbtest.PostgresURL(t)
	}
	if o.Settings != nil {
		o.Settings(&c)
	}
	log := slog.New(&handler{Handler: slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}), errors: &s.errors})
	var err error
	if s.App, err = newApp(t.Context(), c, log); err != nil {
		t.Fatal(err)
	}
	s.BaseURL = s.App.BaseURL
	// Tests call features themselves, as nobody; what the server does by itself
	// names its scope, which the tests with the built binary insist on.
	s.App.Ground.DB.DefaultScope = sqldb.Installation
	t.Cleanup(func() {
		if err := s.App.Close(); err != nil {
			t.Errorf("stop the server: %v", err)
		}
		for _, line := range s.TakeErrors() {
			t.Errorf("the platform logged an error: %s", line)
		}
	})
	if err := s.App.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// newApp builds the platform on a free port. The documents carry the port, so
// it is chosen before the platform listens; when somebody else has taken it in
// between, another is tried.
//
// The host is a name: a did:web cannot be an IP address.
func newApp(ctx context.Context, c config.Config, log *slog.Logger) (*app.App, error) {
	for try := 0; ; try++ {
		probe, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		c.Listen = probe.Addr().String()
		_, port, _ := net.SplitHostPort(c.Listen)
		scheme := "http"
		if c.TLSCert != "" {
			scheme = "https"
		}
		c.BaseURL = scheme + "://localhost:" + port
		if err := probe.Close(); err != nil {
			return nil, err
		}
		a, err := app.New(ctx, c, log)
		if try < 5 && errors.Is(err, syscall.EADDRINUSE) {
			continue
		}
		return a, err
	}
}

// SetUpURL returns a fresh one-time link for the first account.
func (s *Server) SetUpURL(t testing.TB) string {
	t.Helper()
	link, err := s.App.SetUpURL(t.Context())
	if err != nil || link == "" {
		t.Fatalf("set-up link: %q, %v", link, err)
	}
	return link
}

// TakeErrors returns the errors that the platform has logged, and forgets them.
func (s *Server) TakeErrors() []string {
	s.errors.mu.Lock()
	defer s.errors.mu.Unlock()
	lines := s.errors.lines
	s.errors.lines = nil
	return lines
}

type errorLog struct {
	mu    sync.Mutex
	lines []string
}

// handler passes records on and keeps the errors among them.
type handler struct {
	slog.Handler
	errors *errorLog
}

// Handle implements slog.Handler.
func (h *handler) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= slog.LevelError {
		var b strings.Builder
		b.WriteString(r.Message)
		r.Attrs(func(a slog.Attr) bool { fmt.Fprintf(&b, " %s=%v", a.Key, a.Value); return true })
		h.errors.mu.Lock()
		h.errors.lines = append(h.errors.lines, b.String())
		h.errors.mu.Unlock()
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &handler{Handler: h.Handler.WithAttrs(attrs), errors: h.errors}
}

// WithGroup implements slog.Handler.
func (h *handler) WithGroup(name string) slog.Handler {
	return &handler{Handler: h.Handler.WithGroup(name), errors: h.errors}
}
