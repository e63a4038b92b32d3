// Package certificate gives the server its TLS certificates: from files, which
// are read again when they change, or from a certificate authority by ACME.
package certificate

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// filesChecked is how long the files are taken to be unchanged after a look.
const filesChecked = 5 * time.Second

// Files is a certificate chain and its key, in PEM. When one of the files
// changes, connections from then on get the new certificate; when what is there
// cannot be used, the one before stays.
type Files struct {
	cert, key string
	now       func() time.Time
	log       *slog.Logger

	mu     sync.Mutex
	pair   *tls.Certificate
	seen   [2]stamp // of the files that pair came from, or that were found bad
	looked time.Time
}

// stamp tells versions of a file apart.
type stamp struct {
	changed time.Time
	size    int64
}

// Open reads both files.
func Open(cert, key string, now func() time.Time, log *slog.Logger) (*Files, error) {
	f := &Files{cert: cert, key: key, now: now, log: log}
	var err error
	if f.seen, err = f.stamps(); err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	f.pair, f.looked = &pair, now()
	return f, nil
}

// Get returns the certificate in force; it is tls.Config.GetCertificate.
func (f *Files) Get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if now := f.now(); now.Sub(f.looked) >= filesChecked || now.Before(f.looked) {
		f.looked = now
		f.reload()
	}
	return f.pair, nil
}

// reload takes over changed files. Both are replaced one after the other, so
// for a moment they may not fit: then the next look tries again.
func (f *Files) reload() {
	seen, err := f.stamps()
	if err != nil || seen == f.seen {
		return // a file that is being replaced is there again soon
	}
	pair, err := tls.LoadX509KeyPair(f.cert, f.key)
	if err != nil {
		f.log.Warn("the changed certificate cannot be used; the one before stays in force", "file", f.cert, "err", err)
		return
	}
	f.pair, f.seen = &pair, seen
	f.log.Info("a new certificate is in force", "file", f.cert, "until", pair.Leaf.NotAfter)
}

func (f *Files) stamps() (both [2]stamp, err error) {
	for i, name := range []string{f.cert, f.key} {
		info, err := os.Stat(name)
		if err != nil {
			return both, err
		}
		both[i] = stamp{info.ModTime(), info.Size()}
	}
	return both, nil
}
