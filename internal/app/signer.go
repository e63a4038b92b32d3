package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/roundel/roundel/internal/config"
	"github.com/roundel/roundel/internal/keys"
	"github.com/roundel/roundel/internal/keys/socket"
	"github.com/roundel/roundel/internal/sqldb"
	"github.com/roundel/roundel/shape"
	"github.com/roundel/roundel/verify"
)

// openKeys returns the ring: with the key-encryption key in this process, or
// with a signer in another.
func openKeys(ctx context.Context, db *sqldb.DB, c config.Config) (*keys.Ring, error) {
	ring := &keys.Ring{DB: db, Now: time.Now, Shapes: shape.New(shape.Options{}), BaseURL: c.BaseURL}
	if c.Signer == "" {
		var err error
		if ring.KEK, err = loadKEK(ctx, db, c); err != nil {
			return nil, err
		}
		return ring, ring.Load(ctx)
	}
	path, err := socket.Path(c.Signer)
	if err != nil {
		return nil, fmt.Errorf("--signer: %w", err)
	}
	client := &socket.Client{Path: path}
	ring.Signer = client
	if ring.Secrets, err = client.Secrets(ctx); err != nil {
		return nil, fmt.Errorf("--signer %s: %w (start roundel signer --listen %s first)", c.Signer, err, c.Signer)
	}
	return ring, nil
}

// Signer is the process that has the signing keys when the platform has not.
type Signer struct {
	db     *sqldb.DB
	server *socket.Server
	ring   *keys.Ring
}

// NewSigner opens the database and the key-encryption key. It answers no web
// request and fetches nothing.
func NewSigner(ctx context.Context, c config.Config, log *slog.Logger) (*Signer, error) {
	if c.Signer != "" {
		return nil, errors.New("a signer has no signer of its own: --signer is for roundel serve")
	}
	if err := c.Check(); err != nil {
		return nil, err
	}
	ctx = sqldb.ForInstallation(ctx)
	g := &Ground{}
	if err := g.openData(ctx, c); err != nil {
		return nil, errors.Join(err, g.Close())
	}
	ring, err := openKeys(ctx, g.DB, c)
	if err != nil {
		return nil, errors.Join(err, g.Close())
	}
	return &Signer{db: g.DB, ring: ring, server: &socket.Server{Signer: ring.Local(), Secrets: ring.Secrets, Log: log, Peer: -1}}, nil
}

// Serve answers at the socket until ctx ends. peer is a user, beside the
// process's own, that may ask; -1 stands for nobody.
func (s *Signer) Serve(ctx context.Context, path string, peer int, ready func()) error {
	s.server.Peer = peer
	l, err := socket.Listen(ctx, path, peer >= 0)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", path, err)
	}
	ready()
	return s.server.Serve(ctx, l)
}

// Fingerprint returns that of the key-encryption key.
func (s *Signer) Fingerprint() string { return s.ring.KEK.Fingerprint() }

// Close closes the database.
func (s *Signer) Close() error { return s.db.Close() }

// NewKey says where the next key-encryption key comes from.
type NewKey struct {
	KeyFile, PassphraseFile string
}

// Rewrap seals every key of the installation under another key-encryption key,
// and returns that one's fingerprint. On SQLite it refuses while a server works
// on the data; where several share a database, whoever calls it has stopped them.
func Rewrap(ctx context.Context, c config.Config, next NewKey, report func(done, all int)) (fingerprint string, err error) {
	if c.Signer != "" {
		return "", errors.New("run this where the key-encryption key is, without --signer")
	}
	c.Listen = "127.0.0.1:0"
	if err := c.Check(); err != nil {
		return "", err
	}
	if c.Database == "" {
		lock, err := lockData(c.Data, LastAddress(c))
		if err != nil {
			return "", err
		}
		defer func() { err = errors.Join(err, lock.Close()) }()
	}
	ctx = sqldb.ForInstallation(ctx)
	g := &Ground{}
	if err := g.openData(ctx, c); err != nil {
		return "", errors.Join(err, g.Close())
	}
	defer func() { err = errors.Join(err, g.Close()) }()
	before, err := loadKEK(ctx, g.DB, c)
	if err != nil {
		return "", err
	}
	after, err := loadKEK(ctx, g.DB, config.Config{KeyFile: next.KeyFile, PassphraseFile: next.PassphraseFile})
	if err != nil {
		return "", err
	}
	ring := &keys.Ring{DB: g.DB, KEK: before, Now: time.Now}
	if have, err := ring.Fingerprint(ctx); err != nil || have == after.Fingerprint() { // it was done already
		return after.Fingerprint(), err
	}
	return after.Fingerprint(), ring.Rewrap(ctx, after, report)
}

// proven tells the verifier which domain of its own an organisation here has
// proven. Whoever asks, the answer is the same.
func (a *App) proven(ctx context.Context, issuer string) string {
	domain, err := a.Features.Orgs.ProvenDomain(sqldb.ForInstallation(ctx), issuer)
	if err != nil { // then it is called an account, which is true too
		a.Log.ErrorContext(ctx, "the domain of an issuer cannot be read", "error", err)
	}
	return domain
}

// recorded says when an organisation of ours signed something, by the journal.
// Whether the issuer is one of ours is known by the key that signed.
func (a *App) recorded(ctx context.Context, s verify.Signature) (at time.Time, ours bool) {
	_, fragment, _ := strings.Cut(s.Method, "#")
	ours, err := a.Ground.Keys.Has(ctx, fragment)
	if err != nil || !ours {
		return time.Time{}, false
	}
	at, err = a.Features.Issuing.SignedAt(ctx, s.Credential, s.Value)
	if err != nil { // then it cannot be said, and stays in doubt
		a.Log.ErrorContext(ctx, "the journal of signatures cannot be read", "error", err)
		return time.Time{}, false
	}
	return at, true
}
