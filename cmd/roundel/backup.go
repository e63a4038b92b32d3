package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/roundel/roundel/internal/app"
	"github.com/roundel/roundel/internal/backup"
	"github.com/roundel/roundel/internal/blob"
	"github.com/roundel/roundel/internal/config"
	"github.com/roundel/roundel/internal/sqldb"
)

type backupCommand struct {
	config.Config         `embed:""`
	To                    string   `required:"" placeholder:"FILE|DIR" help:"Where to put the backup. In a folder it gets a name with the time; DIR/ is made if it is missing."`
	Recipient             []string `placeholder:"age1…" help:"Encrypt to this age key (age-keygen makes one); may be given several times. Keep the secret half elsewhere."`
	ArchivePassphraseFile string   `type:"path" placeholder:"FILE" help:"Encrypt with the passphrase in this file instead."`
	Unencrypted           bool     `help:"Do not encrypt. Whoever has the file has every name and address in it."`
}

// Run makes a backup. The server may run and issue meanwhile.
func (b *backupCommand) Run(c *console) error {
	if err := needInstallation(&b.Config); err != nil {
		return err
	}
	to, err := backup.Recipients(b.Recipient, b.ArchivePassphraseFile)
	if err != nil {
		return err
	}
	if (len(to) == 0) != b.Unencrypted {
		return usageError{errors.New("a backup holds names and addresses: encrypt it with --recipient age1… or --archive-passphrase-file FILE, or say --unencrypted")}
	}
	ctx := sqldb.ForInstallation(c.ctx)
	db, blobs, err := openStores(ctx, &b.Config)
	if err != nil {
		return err
	}
	err = b.run(ctx, c, db, blobs, func(w string, do func(io.Writer) error) error { return backup.WriteFile(w, to, do) })
	return errors.Join(err, db.Close(), blobs.Close())
}

func (b *backupCommand) run(ctx context.Context, c *console, db *sqldb.DB, blobs blob.Store, write func(string, func(io.Writer) error) error) error {
	if err := backup.Ready(ctx, db); err != nil {
		return err
	}
	kek, err := backup.KEKFingerprint(ctx, db)
	if err != nil {
		return err
	}
	path := kong.ExpandPath(b.To)
	if strings.HasSuffix(b.To, "/") || strings.HasSuffix(b.To, string(filepath.Separator)) { // means a folder
		if err := os.MkdirAll(path, 0o700); err != nil {
			return err
		}
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, backup.FileName(time.Now(), !b.Unencrypted))
	}
	id := backup.NewID()
	// Where a server runs, it writes the journal within a second.
	journalled, err := backup.Begin(ctx, db, id, b.Config.JournalPath(), 5*time.Second)
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	var m *backup.Manifest
	version, _ := softwareVersion()
	s := &backup.Source{DB: db, Blobs: blobs, Now: time.Now, Software: version, BaseURL: app.LastAddress(b.Config), KEK: kek}
	if err := write(path, func(w io.Writer) (err error) { m, err = s.Write(ctx, w, id); return err }); err != nil {
		return err
	}
	c.note("the key-encryption key is NOT in the backup; without it no signing key can be opened. Keep it elsewhere. Its fingerprint: %s", kek)
	if journalled {
		c.note("to restore you need the journal too; keep copies of %s on another disk", b.Config.JournalPath())
	} else {
		c.note("this installation's schema is from before the journal: erasures and withdrawals after this backup would be forgotten")
	}
	if b.Unencrypted {
		c.note("the backup is not encrypted")
	}
	fmt.Fprintf(c.out, "%s: %s, %s, %s\n", path, count(m.Tables["award"].Rows, "award"), count(m.Rows(), "row"), count(m.Blobs, "picture"))
	return nil
}

// openStores opens an installation's database as it is, without migrating it,
// and its pictures.
func openStores(ctx context.Context, c *config.Config) (*sqldb.DB, blob.Store, error) {
	if err := c.Check(); err != nil {
		return nil, nil, err
	}
	db, err := app.OpenDatabase(ctx, *c)
	if err != nil {
		return nil, nil, err
	}
	blobs, err := blob.OpenStore(ctx, c.BlobsAddress())
	if err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	return db, blobs, nil
}
