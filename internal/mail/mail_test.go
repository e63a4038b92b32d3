package mail_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/roundel/roundel/internal/mail"
	"github.com/roundel/roundel/internal/mail/mailtest"
)

const sender = "Roundel <badges@platform.example>"

func letter() mail.Message {
	return mail.Message{
		FromName: "Universität Exämple via Roundel", To: "ada@example.org", ReplyTo: "office@uni.example",
		Subject: "Dein Abzeichen «Löten»", Text: "Hallo Ada\n\nhttps://badges.example/claim/abc\n",
		HTML:   `<p>Hallo Ada</p><img src="cid:badge" alt="">`,
		Inline: []mail.Picture{{ID: "badge", Name: "badge.png", Media: "image/png", Data: []byte("\x89PNG\r\n\x1a\n not really")}},
	}
}

func TestMessageArrivesWhole(t *testing.T) {
	server := mailtest.NewServer(t)
	m := letter()
	if err := (&mail.SMTP{Addr: server.Addr, From: sender}).Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	all, err := server.Wait(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	got := all[0]
	if got.From != "badges@platform.example" || len(got.To) != 1 || got.To[0] != m.To {
		t.Errorf("envelope from %q to %q", got.From, got.To)
	}
	if got.Sender != `"Universität Exämple via Roundel" <badges@platform.example>` && got.Sender != "Universität Exämple via Roundel <badges@platform.example>" {
		t.Errorf("From: %s", got.Sender)
	}
	if got.Subject != m.Subject || got.Text != m.Text || got.HTML != m.HTML {
		t.Errorf("got %q %q %q", got.Subject, got.Text, got.HTML)
	}
	if !bytes.Equal(got.Inline["badge"].Data, m.Inline[0].Data) || got.Inline["badge"].Media != "image/png" {
		t.Errorf("picture %+v", got.Inline)
	}
	for header, want := range map[string]string{"Reply-To": "<office@uni.example>", "Auto-Submitted": "auto-generated", "To": "<ada@example.org>"} {
		if v := got.Header.Get(header); v != want {
			t.Errorf("%s: %q, want %q", header, v, want)
		}
	}
	if id := got.Header.Get("Message-Id"); !strings.HasSuffix(id, "@platform.example>") {
		t.Errorf("Message-ID: %q", id)
	}
	if bytes.Contains(got.Raw, []byte("go-mail")) {
		t.Error("the message names the library")
	}
}

func TestSenderHasANameOfItsOwn(t *testing.T) {
	server := mailtest.NewServer(t)
	m := mail.Message{To: "ada@example.org", Text: "x"}
	if err := (&mail.SMTP{Addr: server.Addr, From: sender}).Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if got := server.Messages()[0].Sender; got != `"Roundel" <badges@platform.example>` {
		t.Errorf("From: %s", got)
	}
}

// Whatever people put into the texts of a header, the message has the headers
// that we wrote and no others.
func TestHeadersCannotBeInjected(t *testing.T) {
	server := mailtest.NewServer(t)
	smtp := &mail.SMTP{Addr: server.Addr, From: sender}
	attacks := []string{
		"x\r\nBcc: victim@example.org", "x\nBcc: victim@example.org", "x\rBcc: victim@example.org",
		"x\u2028Bcc: victim@example.org", "x\u0085Bcc: v@example.org", "x\r\n\r\n<script>", "=?utf-8?q?x=0D=0ABcc:_v@example.org?=",
		"x\x00y", "\xff\xfe", strings.Repeat("long ", 400), strings.Repeat("ü", 400), `"quoted" <other@example.org>`, "a\tb",
	}
	for _, s := range attacks {
		before := len(server.Messages())
		m := letter()
		m.Subject, m.FromName, m.Headers = s, s, map[string]string{"X-Note": s}
		if err := smtp.Send(t.Context(), m); err != nil {
			t.Errorf("%q: %v", s, err)
			continue
		}
		got := server.Messages()[before]
		if len(got.Header["Bcc"]) > 0 || len(got.To) != 1 || len(got.Header["From"]) != 1 || got.Text != m.Text {
			t.Errorf("%q: injected: %v", s, got.Header)
		}
		if !strings.HasSuffix(got.Header.Get("From"), "<badges@platform.example>") {
			t.Errorf("%q: From: %q", s, got.Header.Get("From"))
		}
		for k := range got.Header {
			switch k {
			case "From", "To", "Reply-To", "Subject", "Date", "Message-Id", "Mime-Version", "Content-Type", "Auto-Submitted", "X-Note":
			default:
				t.Errorf("%q: header %q", s, k)
			}
		}
	}
	for _, bad := range []mail.Message{
		{To: "ada@example.org\r\nBcc: v@example.org", Text: "x"},
		{To: "ada@example.org, eve@example.org", Text: "x"},
		{To: "Ada <ada@example.org>", Text: "x"},
		{To: "ada@example.org", ReplyTo: "x\n@example.org", Text: "x"},
		{To: "ada@example.org", Text: "x", Headers: map[string]string{"X: y\r\nBcc": "v@example.org"}},
		{To: "ada@example.org", Text: "x", Inline: []mail.Picture{{ID: "a>\r\nX: y"}}},
		{To: "ada@example.org"},
	} {
		if err := smtp.Send(t.Context(), bad); !mail.Permanent(err) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}

func TestCheckAddress(t *testing.T) {
	for in, want := range map[string]string{
		"ada@example.org": "ada@example.org", "a.b+c@sub.example.org": "a.b+c@sub.example.org",
		"jörg@münchen.example": "jörg@xn--mnchen-3ya.example", "x@[127.0.0.1]": "", "": "", "ada": "", "@example.org": "",
		"a@b@example.org": "", "ada@example.org ": "", "a b@example.org": "", "<ada@example.org>": "", "ada@example..org": "",
		"ada@-example.org": "", strings.Repeat("a", 65) + "@example.org": "", "a@" + strings.Repeat("a.", 130) + "org": "",
	} {
		got, err := mail.CheckAddress(in)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("CheckAddress(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) { // accepted addresses are safe in a header and stay as they are
		s := rapid.String().Draw(t, "s")
		got, err := mail.CheckAddress(s + "@example.org")
		if err != nil {
			return
		}
		if strings.ContainsAny(got, "\r\n\t <>,;\x00") {
			t.Fatalf("CheckAddress let %q through", got)
		}
		if again, err := mail.CheckAddress(got); err != nil || again != got {
			t.Fatalf("CheckAddress(%q) = %q, %v", got, again, err)
		}
	})
}

func TestPermanentAndTemporaryFailures(t *testing.T) {
	server := mailtest.NewServer(t)
	smtp := &mail.SMTP{Addr: server.Addr, From: sender}
	for address, c := range map[string]struct {
		code      int
		permanent bool
	}{
		"gone@example.org": {550, true}, "full@example.org": {452, false}, "grey@example.org": {451, false},
	} {
		server.Refuse(address, c.code)
		m := letter()
		m.To = address
		err := smtp.Send(t.Context(), m)
		var e *mail.Error
		if !errors.As(err, &e) || e.Code != c.code || mail.Permanent(err) != c.permanent {
			t.Errorf("%d: %+v, permanent %v", c.code, e, mail.Permanent(err))
		}
	}
	// Refused senders are the operator's trouble, not the recipient's.
	server.Refuse("badges@platform.example", 550)
	if err := smtp.Send(t.Context(), letter()); err == nil || mail.Permanent(err) {
		t.Errorf("refused sender: %v", err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
	if err := (&mail.SMTP{Addr: ln.Addr().String(), From: sender}).Send(t.Context(), letter()); err == nil || mail.Permanent(err) {
		t.Errorf("nobody listens: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := smtp.Send(ctx, letter()); err == nil || mail.Permanent(err) {
		t.Errorf("cancelled: %v", err)
	}
	if len(server.Messages()) != 0 {
		t.Error("something arrived")
	}
}

func TestSignsInOverTLS(t *testing.T) {
	config, roots := certificate(t)
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte("pass word\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for mode, implicit := range map[string]bool{mail.TLSStart: false, mail.TLSImplicit: true} {
		server := mailtest.Start(t, mailtest.Options{TLS: config, Implicit: implicit, User: "roundel", Password: "pass word"})
		good := mail.SMTP{Addr: server.Addr, User: "roundel", PasswordFile: password, From: sender, TLS: mode, RootCAs: roots}
		if err := good.Send(t.Context(), letter()); err != nil {
			t.Errorf("%s: %v", mode, err)
		}
		stranger := good
		stranger.RootCAs = x509.NewCertPool()
		if err := stranger.Send(t.Context(), letter()); err == nil || mail.Permanent(err) {
			t.Errorf("%s, unknown certificate: %v", mode, err)
		}
		wrong := good
		wrong.User = "someone"
		if err := wrong.Send(t.Context(), letter()); err == nil || mail.Permanent(err) {
			t.Errorf("%s, wrong user: %v", mode, err)
		}
		if n := len(server.Messages()); n != 1 {
			t.Errorf("%s: %d messages arrived", mode, n)
		}
	}
	plain := mailtest.NewServer(t)
	stripped := &mail.SMTP{Addr: plain.Addr, From: sender, TLS: mail.TLSStart}
	if err := stripped.Send(t.Context(), letter()); err == nil || len(plain.Messages()) > 0 {
		t.Errorf("sent without TLS although it was asked for: %v", err)
	}
}

func TestSettingsAreChecked(t *testing.T) {
	for name, s := range map[string]mail.SMTP{
		"plain to elsewhere": {Addr: "mail.example.org:25", From: sender, TLS: mail.TLSNone},
		"unknown mode":       {Addr: "127.0.0.1:25", From: sender, TLS: "maybe"},
		"no host":            {Addr: ":25", From: sender},
		"bad port":           {Addr: "mail.example.org:0", From: sender},
		"no sender":          {Addr: "mail.example.org:25"},
		"two senders":        {Addr: "mail.example.org:25", From: "a@example.org, b@example.org"},
		"no password file":   {Addr: "mail.example.org:25", From: sender, User: "u", PasswordFile: "/does/not/exist"},
	} {
		if err := s.Check(); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	for _, addr := range []string{"mail.example.org", "mail.example.org:465", "127.0.0.1:1025", "[::1]:25", "localhost:25"} {
		if err := (&mail.SMTP{Addr: addr, From: sender}).Check(); err != nil {
			t.Errorf("%s: %v", addr, err)
		}
	}
}

func TestLetter(t *testing.T) {
	l := mail.Letter{
		Lang: "ar", Dir: "rtl", Accent: "#ffee00", Heading: `You earned "<Soldering>"`, HasPicture: true, PictureAlt: `A "badge"`,
		Paragraphs: []string{"Hello <b>Ada</b> & all"}, Button: "See your badge", ButtonURL: "https://badges.example/claim/a_b-c?x=1&y=2",
		Footnotes: []string{"Not you?"},
	}
	html, err := l.HTML()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`lang="ar" dir="rtl"`, `src="cid:badge"`, `alt="A &#34;badge&#34;"`, "&lt;b&gt;Ada&lt;/b&gt; &amp; all",
		`href="https://badges.example/claim/a_b-c?x=1&amp;y=2"`, "background:#ffee00;color:#10131a",
	} {
		if !strings.Contains(html, want) {
			t.Errorf("HTML lacks %s\n%s", want, html)
		}
	}
	if strings.Contains(html, "ZgotmplZ") || strings.Contains(html, "http://") {
		t.Errorf("HTML: %s", html)
	}
	text := l.Text()
	for _, want := range []string{"You earned \"<Soldering>\"\n\n", "\n" + l.ButtonURL + "\n", "Hello <b>Ada</b> & all", "Not you?"} {
		if !strings.Contains(text, want) {
			t.Errorf("text lacks %q\n%s", want, text)
		}
	}
	l = mail.Letter{Heading: "x", Accent: "red;position:fixed", ButtonURL: "javascript:alert(1)", Button: "x"}
	if html, err = l.HTML(); err != nil || strings.Contains(html, "fixed") || strings.Contains(html, "javascript:") || !strings.Contains(html, "#2a4fd0;color:#ffffff") {
		t.Errorf("%v\n%s", err, html)
	}
}

// certificate makes a certificate for 127.0.0.1 and the pool that trusts it.
func certificate(t *testing.T) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, pool
}
