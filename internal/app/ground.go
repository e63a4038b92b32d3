package app

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/roundel/roundel/internal/backup"
	"github.com/roundel/roundel/internal/blob"
	"github.com/roundel/roundel/internal/config"
	"github.com/roundel/roundel/internal/fetch"
	"github.com/roundel/roundel/internal/keys"
	"github.com/roundel/roundel/internal/locale"
	"github.com/roundel/roundel/internal/mail"
	"github.com/roundel/roundel/internal/move"
	"github.com/roundel/roundel/internal/sqldb"
)

// Ground is what every feature stands on.
type Ground struct {
	DB         *sqldb.DB
	Blobs      blob.Store
	Keys       *keys.Ring
	Fetch      *fetch.Client
	Mail       mail.Sender // nil: mails wait in the outbox
	Catalogues *locale.Catalogues
	Now        func() time.Time
}

func newGround(ctx context.Context, c config.Config, log *slog.Logger) (*Ground, error) {
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	g := &Ground{Now: time.Now}
	err := g.open(ctx, c)
	if err != nil {
		return nil, errors.Join(err, g.Close())
	}
	return g, nil
}

// OpenDatabase opens the database as it is, without migrating it. One that was
// moved to PostgreSQL is a Conflict fault.
func OpenDatabase(ctx context.Context, c config.Config) (*sqldb.DB, error) {
	if c.Database == "" {
		if err := move.Gone(c.Data); err != nil {
			return nil, err
		}
	}
	db, err := sqldb.OpenWith(ctx, c.DatabaseURL(), databaseOptions(c))
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	return db, nil
}

func databaseOptions(c config.Config) sqldb.Options {
	return sqldb.Options{Owner: c.DatabaseOwner, WithoutWalls: c.DatabaseWithoutWalls}
}

// openData opens the database and brings it up to date.
func (g *Ground) openData(ctx context.Context, c config.Config) (err error) {
	if g.DB, err = OpenDatabase(ctx, c); err != nil {
		return err
	}
	if c.Database != "" {
		if err = move.LeftBehind(ctx, c.Data, g.DB); err != nil {
			return err
		}
	}
	if err = g.DB.Migrate(ctx); err != nil {
		return fmt.Errorf("migrate the database: %w", err)
	}
	return errors.Join(backup.Ready(ctx, g.DB), move.Ready(ctx, g.DB))
}

func (g *Ground) open(ctx context.Context, c config.Config) (err error) {
	if err = g.openData(ctx, c); err != nil {
		return err
	}
	if g.Blobs, err = blob.OpenStore(ctx, c.BlobsAddress()); err != nil {
		return fmt.Errorf("open the pictures: %w", err)
	}
	if g.Keys, err = openKeys(ctx, g.DB, c); err != nil {
		return err
	}
	if g.Fetch, err = newFetch(c); err != nil {
		return err
	}
	g.Keys.Fetch = g.Fetch
	if g.Mail, err = newMail(c); err != nil {
		return err
	}
	g.Catalogues, err = locale.Load()
	return err
}

// Close closes what was opened.
func (g *Ground) Close() error {
	var errs []error
	if g.DB != nil {
		errs = append(errs, g.DB.Close())
	}
	if g.Blobs != nil {
		errs = append(errs, g.Blobs.Close())
	}
	return errors.Join(errs...)
}

// loadKEK reads the key-encryption key from the key file, or derives it from
// the passphrase file.
func loadKEK(ctx context.Context, db *sqldb.DB, c config.Config) (*keys.KEK, error) {
	if c.PassphraseFile == "" {
		return keys.LoadKeyFile(c.KeyPath())
	}
	salt, err := keys.Salt(ctx, db)
	if err != nil {
		return nil, err
	}
	return keys.LoadPassphraseFile(c.PassphraseFile, salt)
}

func newFetch(c config.Config) (*fetch.Client, error) {
	client := &fetch.Client{AllowLoopback: c.Development, UserAgent: "Roundel"}
	if c.ExtraCA == "" {
		return client, nil
	}
	pem, err := os.ReadFile(c.ExtraCA)
	if err != nil {
		return nil, fmt.Errorf("extra certificates: %w", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificates in PEM", c.ExtraCA)
	}
	client.RootCAs = pool
	return client, nil
}
