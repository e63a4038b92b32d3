package mail

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// How a connection is protected.
const (
	TLSAuto     = ""         // implicit TLS on port 465, nothing on loopback, STARTTLS everywhere else
	TLSImplicit = "tls"      // TLS from the first byte
	TLSStart    = "starttls" // STARTTLS, and no mail without it
	TLSNone     = "none"     // only to a server on this machine
)

// sendTime bounds one message, from the connection to the last answer.
const sendTime = 2 * time.Minute

// SMTP sends through a mail server, with a connection for each message.
type SMTP struct {
	Addr         string         // "host:port"; without a port, 587
	User         string         // empty: without signing in
	PasswordFile string         // read for each message, so that it can be changed
	From         string         // the sender, "badges@example.org" or "Roundel <badges@example.org>"
	TLS          string         // one of the TLS constants
	RootCAs      *x509.CertPool // nil: the system's
}

// Check returns what is wrong with the settings, without connecting.
func (s *SMTP) Check() error {
	_, err := s.client()
	if err != nil {
		return err
	}
	_, err = s.from()
	return err
}

// Send implements Sender.
func (s *SMTP) Send(ctx context.Context, m Message) error {
	m, err := m.check()
	if err != nil {
		return err
	}
	from, err := s.from()
	if err != nil {
		return &Error{Reason: "The platform's own sender address is not set up.", Err: err}
	}
	client, err := s.client()
	if err != nil {
		return &Error{Reason: "The platform's mail server is not set up.", Err: err}
	}
	msg, err := compose(m, from)
	if err != nil {
		return &Error{Permanent: true, Reason: "The message could not be written.", Err: err}
	}
	ctx, cancel := context.WithTimeout(ctx, sendTime)
	defer cancel()
	err = client.DialAndSendWithContext(ctx, msg)
	if err == nil || msg.IsDelivered() { // an error after the server took it over changes nothing
		return nil
	}
	return classify(err)
}

// compose makes the MIME message.
func compose(m Message, from mail.Address) (*gomail.Msg, error) {
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if m.FromName != "" {
		from.Name = m.FromName
	}
	msg.FromMailAddress(&from)
	msg.ToMailAddress(&mail.Address{Address: m.To})
	if m.ReplyTo != "" {
		msg.ReplyToMailAddress(&mail.Address{Address: m.ReplyTo})
	}
	msg.Subject(m.Subject)
	msg.SetDate()
	_, host, _ := cutLast(from.Address, "@")
	msg.SetMessageIDWithValue(messageID() + "@" + host)
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no holiday answers, please
	for k, v := range m.Headers {
		msg.SetGenHeader(gomail.Header(k), v)
	}
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	if m.HTML != "" {
		msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	}
	for _, p := range m.Inline {
		err := msg.EmbedReader(p.Name, bytes.NewReader(p.Data),
			gomail.WithFileContentID(p.ID), gomail.WithFileContentType(gomail.ContentType(p.Media)))
		if err != nil {
			return nil, err
		}
	}
	return msg, nil
}

// from parses the sender.
func (s *SMTP) from() (mail.Address, error) {
	a, err := mail.ParseAddress(s.From)
	if err != nil {
		return mail.Address{}, fmt.Errorf("sender %q: %w", s.From, err)
	}
	if a.Address, err = CheckAddress(a.Address); err != nil {
		return mail.Address{}, fmt.Errorf("sender %q: %w", s.From, err)
	}
	return *a, nil
}

// client prepares a connection with the protection that the settings ask for.
func (s *SMTP) client() (*gomail.Client, error) {
	host, port, err := s.hostPort()
	if err != nil {
		return nil, err
	}
	opts := []gomail.Option{
		gomail.WithPort(port), gomail.WithTimeout(30 * time.Second), gomail.WithoutNoop(),
		gomail.WithTLSConfig(&tls.Config{ServerName: host, MinVersion: tls.VersionTLS12, RootCAs: s.RootCAs}),
	}
	mode := s.TLS
	if mode == TLSAuto {
		switch {
		case port == 465:
			mode = TLSImplicit
		case isLoopback(host):
			mode = TLSNone
		default:
			mode = TLSStart
		}
	}
	switch mode {
	case TLSImplicit:
		opts = append(opts, gomail.WithSSL())
	case TLSStart:
		opts = append(opts, gomail.WithTLSPolicy(gomail.TLSMandatory))
	case TLSNone:
		if !isLoopback(host) {
			return nil, fmt.Errorf("mail server %s: sending without TLS is possible to this machine only", s.Addr)
		}
		opts = append(opts, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		return nil, fmt.Errorf("mail server %s: unknown protection %q; choose tls, starttls or none", s.Addr, s.TLS)
	}
	if s.User != "" {
		password, err := os.ReadFile(s.PasswordFile)
		if err != nil {
			return nil, fmt.Errorf("mail server's password: %w", err)
		}
		auth := gomail.SMTPAuthAutoDiscover
		if mode == TLSNone { // loopback: the only kind that most local servers offer
			auth = gomail.SMTPAuthPlainNoEnc
		}
		opts = append(opts, gomail.WithSMTPAuth(auth), gomail.WithUsername(s.User),
			gomail.WithPassword(strings.TrimRight(string(password), "\r\n")))
	}
	return gomail.NewClient(host, opts...)
}

// hostPort splits Addr.
func (s *SMTP) hostPort() (string, int, error) {
	host, port, err := net.SplitHostPort(s.Addr)
	if err != nil {
		host, port = s.Addr, "587"
	}
	n, err := strconv.Atoi(port)
	if err != nil || n < 1 || n > 65535 || host == "" || strings.ContainsAny(host, " /") {
		return "", 0, fmt.Errorf("mail server %q must be HOST:PORT", s.Addr)
	}
	return host, n, nil
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && ip.IsLoopback())
}

// classify says what err means for the message. Only what the server says
// about this recipient or this content is for good; what it says about us
// (signing in, our sender address) the operator can mend.
func classify(err error) error {
	var e *gomail.SendError
	if !errors.As(err, &e) {
		return &Error{Reason: "The mail server does not answer as it should.", Err: err}
	}
	out := &Error{Code: e.ErrorCode(), Err: err}
	refused := out.Code >= 500 && out.Code < 600
	switch e.Reason {
	case gomail.ErrSMTPRcptTo:
		out.Permanent, out.Reason = refused, "The recipient's address was refused by the mail server"
	case gomail.ErrSMTPData, gomail.ErrSMTPDataClose:
		out.Permanent, out.Reason = refused, "The message was refused by the mail server"
	case gomail.ErrSMTPMailFrom:
		out.Reason = "The mail server does not let the platform send from its address"
	default:
		out.Reason = "The connection to the mail server broke"
	}
	if out.Code > 0 {
		out.Reason += fmt.Sprintf(" (%d)", out.Code)
	}
	out.Reason += "."
	return out
}
