// Package mailtest is a mail server for tests: real SMTP on loopback that
// keeps what it receives.
package mailtest

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Options change how a server behaves. The zero value is a plain server.
type Options struct {
	TLS            *tls.Config // offer STARTTLS with this certificate
	Implicit       bool        // TLS from the first byte
	User, Password string      // require signing in
}

// Server is a running mail server.
type Server struct {
	Addr string // host:port

	mu      sync.Mutex
	all     []Message
	refuse  map[string]*smtp.SMTPError
	arrived chan struct{} // closed and replaced with each message
	options Options
}

// NewServer starts a plain server that ends with the test.
func NewServer(t testing.TB) *Server { return Start(t, Options{}) }

// Start starts a server that ends with the test.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	s := &Server{refuse: map[string]*smtp.SMTPError{}, arrived: make(chan struct{}), options: o}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.Addr = ln.Addr().String()
	server := smtp.NewServer(s)
	server.Domain = "mail.test"
	server.TLSConfig = o.TLS
	server.EnableSMTPUTF8 = true
	server.ErrorLog = quiet{}
	if o.Implicit {
		ln = tls.NewListener(ln, o.TLS)
	}
	if o.TLS == nil {
		server.AllowInsecureAuth = true
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ln) }() // ends with server.Close
	t.Cleanup(func() {
		server.Close()
		if err := <-ended; err != nil && !errors.Is(err, smtp.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			t.Errorf("mail server: %v", err)
		}
	})
	return s
}

// Refuse makes the server answer mail to this address with code, for example
// 550 for ever or 451 for now. Code 0 accepts it again.
func (s *Server) Refuse(address string, code int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if code == 0 {
		delete(s.refuse, address)
		return
	}
	s.refuse[address] = &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 1, 1}, Message: "refused by the test"}
}

// Messages returns what was received so far, oldest first.
func (s *Server) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Message(nil), s.all...)
}

// To returns what was received for address, oldest first.
func (s *Server) To(address string) []Message {
	var found []Message
	for _, m := range s.Messages() {
		for _, to := range m.To {
			if strings.EqualFold(to, address) {
				found = append(found, m)
			}
		}
	}
	return found
}

// Wait returns the messages as soon as there are n or more, or ctx's error.
func (s *Server) Wait(ctx context.Context, n int) ([]Message, error) {
	for {
		s.mu.Lock()
		count, arrived := len(s.all), s.arrived
		s.mu.Unlock()
		if count >= n {
			return s.Messages(), nil
		}
		select {
		case <-arrived:
		case <-ctx.Done():
			return s.Messages(), ctx.Err()
		}
	}
}

// NewSession implements smtp.Backend.
func (s *Server) NewSession(*smtp.Conn) (smtp.Session, error) {
	return &session{server: s, signedIn: s.options.User == ""}, nil
}

// session is one connection.
type session struct {
	server   *Server
	signedIn bool
	from     string
	to       []string
}

func (s *session) AuthMechanisms() []string {
	if s.server.options.User == "" {
		return nil
	}
	return []string{sasl.Plain}
}

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != s.server.options.User || password != s.server.options.Password {
			return smtp.ErrAuthFailed
		}
		s.signedIn = true
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if !s.signedIn {
		return smtp.ErrAuthRequired
	}
	s.from, s.to = from, nil
	return s.server.refusal(from)
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if err := s.server.refusal(to); err != nil {
		return err
	}
	s.to = append(s.to, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	m, err := Parse(bytes.Clone(raw))
	if err != nil {
		return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: err.Error()}
	}
	m.From, m.To = s.from, s.to
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.server.all = append(s.server.all, m)
	close(s.server.arrived)
	s.server.arrived = make(chan struct{})
	return nil
}

func (s *session) Reset()        { s.from, s.to = "", nil }
func (s *session) Logout() error { return nil }

func (s *Server) refusal(address string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.refuse[address]; err != nil {
		return err
	}
	return nil
}

// quiet drops the server's log: broken connections are part of tests.
type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}
