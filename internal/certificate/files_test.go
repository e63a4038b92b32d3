package certificate_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/roundel/roundel/internal/certificate"
)

// pair returns a self-signed certificate with its key, in PEM.
func pair(t *testing.T, serial int64, hosts ...string) (cert, key []byte) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "test"}, DNSNames: hosts,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})
}

func TestChangedFilesAreReadAgain(t *testing.T) {
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	write := func(file string, data []byte, at time.Time) {
		t.Helper()
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(file, at, at); err != nil {
			t.Fatal(err)
		}
	}
	now := time.Unix(1_000_000, 0)
	cert, key := pair(t, 1)
	write(certFile, cert, now)
	write(keyFile, key, now)
	var log bytes.Buffer
	f, err := certificate.Open(certFile, keyFile, func() time.Time { return now }, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	serial := func() int64 {
		t.Helper()
		c, err := f.Get(nil)
		if err != nil {
			t.Fatal(err)
		}
		return c.Leaf.SerialNumber.Int64()
	}
	if n := serial(); n != 1 {
		t.Fatal(n)
	}
	cert, newKey := pair(t, 2)
	write(certFile, cert, now.Add(time.Minute))
	if n := serial(); n != 1 {
		t.Errorf("looked again at once: %d", n)
	}
	now = now.Add(time.Minute)
	if n := serial(); n != 1 || !strings.Contains(log.String(), "stays in force") {
		t.Errorf("with a key that does not fit: %d\n%s", n, &log)
	}
	write(keyFile, newKey, now)
	now = now.Add(time.Minute)
	if n := serial(); n != 2 {
		t.Errorf("after both changed: %d", n)
	}
	if err := os.Remove(certFile); err != nil {
		t.Fatal(err)
	}
	now = now.Add(time.Minute)
	if n := serial(); n != 2 {
		t.Errorf("while a file is away: %d", n)
	}
}

func TestFilesThatCannotBeUsed(t *testing.T) {
	dir := t.TempDir()
	cert, _ := pair(t, 1)
	_, key := pair(t, 2)
	certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for file, data := range map[string][]byte{certFile: cert, keyFile: key} {
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range [][2]string{{certFile, keyFile}, {certFile, filepath.Join(dir, "none")}, {keyFile, certFile}} {
		if _, err := certificate.Open(c[0], c[1], time.Now, slog.New(slog.DiscardHandler)); err == nil {
			t.Errorf("%v was taken", c)
		}
	}
}
