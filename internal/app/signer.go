package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/roundel/roundel/internal/config"
	"github.com/roundel/roundel/internal/keys"
	"github.com/roundel/roundel/internal/keys/socket"
	"github.com/roundel/roundel/internal/sqldb"
	"github.com/roundel/roundel/shape"
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
