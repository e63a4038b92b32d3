package certificate_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/letsencrypt/challtestsrv"
	"github.com/letsencrypt/pebble/v2/ca"
	pebbledb "github.com/letsencrypt/pebble/v2/db"
	"github.com/letsencrypt/pebble/v2/va"
	"github.com/letsencrypt/pebble/v2/wfe"
	"golang.org/x/crypto/acme/autocert"

	"github.com/roundel/roundel/internal/certificate"
	"github.com/roundel/roundel/internal/dbtest"
	"github.com/roundel/roundel/internal/sqldb"
)

const host = "badges.example.org"

// authority is Pebble, Let's Encrypt's certificate authority for tests, with a
// DNS server that finds every host on this machine.
type authority struct {
	directory string
	pem       string // file to trust when talking to it
	roots     *x509.CertPool
	https     int // port at which it looks for hosts
	http      int
}

func startAuthority(t *testing.T) *authority {
	t.Helper()
	t.Setenv("PEBBLE_VA_NOSLEEP", "1")
	t.Setenv("PEBBLE_WFE_NONCEREJECT", "0")
	a := &authority{https: freePort(t), http: freePort(t)}
	dns := freeUDP(t)
	names, err := challtestsrv.New(challtestsrv.Config{DNSAddrs: []string{dns}, Log: log.New(io.Discard, "", 0)})
	if err != nil {
		t.Fatal(err)
	}
	names.SetDefaultDNSIPv4("127.0.0.1")
	names.SetDefaultDNSIPv6("")
	go names.Run()
	t.Cleanup(names.Shutdown)

	quiet := log.New(io.Discard, "", 0)
	store := pebbledb.NewMemoryStore()
	signer := ca.New(quiet, store, "", "ecdsa", 0, 1, map[string]ca.Profile{"default": {ValidityPeriod: 7776000}})
	validator := va.New(quiet, a.http, a.https, false, dns, store)
	front := wfe.New(quiet, store, validator, signer, []string{"pebble.letsencrypt.org"}, false, false, 1, 1)
	server := httptest.NewTLSServer(front.Handler())
	t.Cleanup(server.Close)
	a.directory = server.URL + wfe.DirectoryPath
	a.pem = filepath.Join(t.TempDir(), "authority.pem")
	trusted := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(a.pem, trusted, 0o600); err != nil {
		t.Fatal(err)
	}
	a.roots = x509.NewCertPool()
	a.roots.AddCert(signer.GetRootCert(0).Cert)
	return a
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func freeUDP(t *testing.T) string {
	t.Helper()
	l, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.LocalAddr().String()
}

func store(db *sqldb.DB) *certificate.Store {
	turn := func(b []byte) []byte { // stands for sealing: what is stored is not what was given
		out := make([]byte, len(b))
		for i, c := range b {
			out[i] = c ^ 0xff
		}
		return out
	}
	return &certificate.Store{DB: db, Now: time.Now,
		Seal: func(_ string, plain []byte) []byte { return turn(plain) },
		Open: func(_ string, sealed []byte) ([]byte, error) { return turn(sealed), nil }}
}

// serve answers https as the platform does, at the port where the authority
// looks for hosts, and http when plain is true.
func (a *authority) serve(t *testing.T, db *sqldb.DB, plain bool) (fetch func() (*x509.Certificate, error)) {
	t.Helper()
	acme, err := certificate.NewACME(certificate.Authority{Hosts: []string{host}, Email: "it@example.org", Directory: a.directory, CA: a.pem, Store: store(db)})
	if err != nil {
		t.Fatal(err)
	}
	hello := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })
	open := func(port int, s *http.Server, tlsConfig *tls.Config) string {
		if port != 0 {
			s.Addr = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		} else {
			s.Addr = "127.0.0.1:0"
		}
		l, err := net.Listen("tcp", s.Addr)
		if err != nil {
			t.Fatal(err)
		}
		address := l.Addr().String()
		s.ErrorLog = log.New(io.Discard, "", 0)
		go func() {
			if tlsConfig != nil {
				l = tls.NewListener(l, tlsConfig)
			}
			_ = s.Serve(l)
		}()
		t.Cleanup(func() { s.Close() })
		return address
	}
	config := &tls.Config{GetCertificate: acme.Get, NextProtos: append([]string{"http/1.1"}, acme.Protocols()...), MinVersion: tls.VersionTLS12}
	port := a.https
	if plain {
		open(a.http, &http.Server{Handler: acme.Challenges(hello)}, nil)
		port = 0 // not where the authority looks: only HTTP-01 can prove the host
	}
	address := open(port, &http.Server{Handler: hello}, config)
	return func() (*x509.Certificate, error) {
		d := tls.Dialer{Config: &tls.Config{ServerName: host, RootCAs: a.roots}}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		c, err := d.DialContext(ctx, "tcp", address)
		if err != nil {
			return nil, err
		}
		defer c.Close()
		return c.(*tls.Conn).ConnectionState().PeerCertificates[0], nil
	}
}

func TestCertificateFromAnAuthority(t *testing.T) {
	for name, plain := range map[string]bool{"TLS-ALPN-01": false, "HTTP-01": true} {
		t.Run(name, func(t *testing.T) {
			a := startAuthority(t)
			db := dbtest.Open(t)
			fetch := a.serve(t, db, plain)
			c, err := fetch()
			if err != nil {
				t.Fatal(err)
			}
			if err := c.VerifyHostname(host); err != nil || !strings.Contains(c.Issuer.CommonName, "Pebble") {
				t.Errorf("%v, from %s", err, c.Issuer.CommonName)
			}
			// Nothing readable is stored, and another node needs no new certificate.
			err = db.Read(t.Context(), func(tx *sqldb.Tx) error {
				var all []byte
				return tx.QueryRow(t.Context(), `SELECT content FROM certificate WHERE name = $1 AND content NOT LIKE '%PRIVATE KEY%'`, host).Scan(&all)
			})
			if err != nil {
				t.Errorf("the stored certificate: %v", err)
			}
			again, err := (&authority{directory: "https://127.0.0.1:1/nowhere", pem: a.pem, roots: a.roots, https: 0}).serve(t, db, false)()
			if err != nil || !bytes.Equal(again.Raw, c.Raw) {
				t.Errorf("another node: %v", err)
			}
		})
	}
}

func TestOtherHostsGetNoCertificate(t *testing.T) {
	db := dbtest.Open(t)
	acme, err := certificate.NewACME(certificate.Authority{Hosts: []string{" Badges.Example.org"}, Directory: "https://127.0.0.1:1/nowhere", Store: store(db)})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"other.example.org", "", "evil.badges.example.org", "127.0.0.1"} {
		if _, err := acme.Get(&tls.ClientHelloInfo{ServerName: name}); err == nil || strings.Contains(err.Error(), "connection refused") {
			t.Errorf("%q: %v: the authority was asked", name, err)
		}
	}
	for _, bad := range []string{"", "https://badges.example.org", "*.example.org", "badges.example.org:443"} {
		if _, err := certificate.NewACME(certificate.Authority{Hosts: []string{bad}}); err == nil {
			t.Errorf("%q was taken as a host", bad)
		}
	}
}

func TestStore(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		s, ctx := store(db), t.Context()
		if _, err := s.Get(ctx, "a"); !errors.Is(err, autocert.ErrCacheMiss) {
			t.Errorf("%v", err)
		}
		for _, text := range []string{"one", "two"} {
			if err := s.Put(ctx, "a", []byte(text)); err != nil {
				t.Fatal(err)
			}
			if got, err := s.Get(ctx, "a"); err != nil || string(got) != text {
				t.Errorf("%q, %v", got, err)
			}
		}
		if err := errors.Join(s.Delete(ctx, "a"), s.Delete(ctx, "a")); err != nil {
			t.Error(err)
		}
		if _, err := s.Get(ctx, "a"); !errors.Is(err, autocert.ErrCacheMiss) {
			t.Errorf("%v", err)
		}
	})
}
