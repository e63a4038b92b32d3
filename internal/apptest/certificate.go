package apptest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// certificate is a certificate for localhost, and the authority that issued it.
type certificate struct {
	chain, key, authority string // files
	roots                 *x509.CertPool
	pin                   string
}

// newCertificate makes an authority that nobody else knows, and a certificate
// of it for this machine.
func newCertificate(t testing.TB) certificate {
	t.Helper()
	now := time.Now()
	caKey, leafKey := newKey(t), newKey(t)
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Roundel test authority"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "localhost"},
		NotBefore: ca.NotBefore, NotAfter: ca.NotAfter,
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	caDER := sign(t, ca, ca, caKey, caKey)
	leafDER := sign(t, leaf, ca, leafKey, caKey)
	keyDER, err := x509.MarshalPKCS8PrivateKey(leafKey)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(leafKey.Public())
	if err != nil {
		t.Fatal(err)
	}
	dir, pin := t.TempDir(), sha256.Sum256(public)
	c := certificate{
		chain: filepath.Join(dir, "chain.pem"), key: filepath.Join(dir, "key.pem"), authority: filepath.Join(dir, "authority.pem"),
		roots: x509.NewCertPool(), pin: base64.StdEncoding.EncodeToString(pin[:]),
	}
	writePEM(t, c.chain, "CERTIFICATE", leafDER)
	writePEM(t, c.key, "PRIVATE KEY", keyDER)
	writePEM(t, c.authority, "CERTIFICATE", caDER)
	root, err := x509.ParseCertificate(caDER)
	if err != nil {
		t.Fatal(err)
	}
	c.roots.AddCert(root)
	return c
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func sign(t testing.TB, c, issuer *x509.Certificate, of, by *ecdsa.PrivateKey) []byte {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, c, issuer, of.Public(), by)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func writePEM(t testing.TB, path, kind string, der []byte) {
	t.Helper()
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}
