package certificate

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"

	"github.com/roundel/roundel/internal/sqldb"
)

// Authority says where certificates come from and for which hosts.
type Authority struct {
	Hosts     []string
	Email     string // where the authority may write to; may be ""
	Directory string // "" for Let's Encrypt
	CA        string // PEM file of certificates to trust beside the system's when talking to it; may be ""
	Store     *Store
}

// ACME gets certificates from an authority and renews them a month before they
// end. The authority asks for proof either on the https port (TLS-ALPN-01, by
// Get) or on port 80 (HTTP-01, by Challenges).
type ACME struct{ manager *autocert.Manager }

// NewACME returns ACME for the hosts of a. Nothing is asked for before the
// first connection.
func NewACME(a Authority) (*ACME, error) {
	for i, h := range a.Hosts {
		if a.Hosts[i] = strings.ToLower(strings.TrimSpace(h)); a.Hosts[i] == "" || strings.ContainsAny(a.Hosts[i], "/:* ") {
			return nil, fmt.Errorf("--acme-domain: %q is not the name of a host", h)
		}
	}
	client := &acme.Client{DirectoryURL: a.Directory, UserAgent: "Roundel"}
	if a.CA != "" {
		pem, err := os.ReadFile(a.CA)
		if err != nil {
			return nil, fmt.Errorf("--acme-ca: %w", err)
		}
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool()
		}
		if !pool.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("--acme-ca: %s holds no certificates in PEM", a.CA)
		}
		client.HTTPClient = &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}}
	}
	return &ACME{&autocert.Manager{
		Prompt: autocert.AcceptTOS, Cache: a.Store, Email: a.Email, Client: client,
		HostPolicy: autocert.HostWhitelist(slices.Clone(a.Hosts)...), RenewBefore: 30 * 24 * time.Hour,
	}}, nil
}

// Get returns the certificate for a connection; it is tls.Config.GetCertificate.
func (a *ACME) Get(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	return a.manager.GetCertificate(hello)
}

// Protocols are the protocols of tls.Config.NextProtos that Get answers for,
// beside those of the server.
func (a *ACME) Protocols() []string { return []string{acme.ALPNProto} }

// Challenges answers the authority's questions on port 80 and passes everything
// else to next.
func (a *ACME) Challenges(next http.Handler) http.Handler {
	answers := a.manager.HTTPHandler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Authorities inside a network may ask at another port; the name counts.
		if host, _, err := net.SplitHostPort(r.Host); err == nil && strings.HasPrefix(r.URL.Path, "/.well-known/acme-challenge/") {
			r = r.Clone(r.Context())
			r.Host = host
		}
		answers.ServeHTTP(w, r)
	})
}

// Store keeps certificates, their keys and the account at the authority in the
// database, for all nodes, encrypted under the key-encryption key.
type Store struct {
	DB   *sqldb.DB
	Seal func(name string, plain []byte) []byte
	Open func(name string, sealed []byte) ([]byte, error)
	Now  func() time.Time
}

// Get returns what Put stored under name.
func (s *Store) Get(ctx context.Context, name string) ([]byte, error) {
	var sealed []byte
	ctx = sqldb.ForInstallation(ctx)
	err := s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		return tx.QueryRow(ctx, `SELECT content FROM certificate WHERE name = $1`, name).Scan(&sealed)
	})
	if errors.Is(err, sqldb.ErrNoRows) {
		return nil, autocert.ErrCacheMiss
	}
	if err != nil {
		return nil, err
	}
	return s.Open(name, sealed)
}

// Put stores content under name, over what was there.
func (s *Store) Put(ctx context.Context, name string, content []byte) error {
	ctx = sqldb.ForInstallation(ctx)
	sealed := s.Seal(name, content)
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO certificate (name, content, changed_at) VALUES ($1, $2, $3)
			ON CONFLICT (name) DO UPDATE SET content = excluded.content, changed_at = excluded.changed_at`, name, sealed, sqldb.Millis(s.Now()))
		return err
	})
}

// Delete removes what is stored under name, if anything is.
func (s *Store) Delete(ctx context.Context, name string) error {
	ctx = sqldb.ForInstallation(ctx)
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM certificate WHERE name = $1`, name)
		return err
	})
}
