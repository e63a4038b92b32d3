package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/roundel/roundel/internal/app"
	"github.com/roundel/roundel/internal/backup"
	"github.com/roundel/roundel/internal/backup/journal"
	"github.com/roundel/roundel/internal/blob"
	"github.com/roundel/roundel/internal/config"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/fetch"
	"github.com/roundel/roundel/internal/keys"
	"github.com/roundel/roundel/internal/sqldb"
)

type restoreCommand struct {
	config.Config         `embed:""`
	From                  string   `required:"" type:"path" placeholder:"FILE" help:"The backup."`
	Identity              string   `type:"path" placeholder:"FILE" help:"File with the secret age key that opens it."`
	ArchivePassphraseFile string   `type:"path" placeholder:"FILE" help:"File with the passphrase that opens it."`
	Journals              []string `name:"erasures" type:"path" placeholder:"FILE|DIR" help:"Journals, or folders of them, in place of those in --journal; may be given several times, one for each node."`
	StatusLists           string   `placeholder:"DIR|URL" help:"Status lists as they were published: a folder of files PUBLIC-ID.json, or the address at which the old installation still answers. What they show as set stays set."`
	CheckOnly             bool     `help:"Only read the whole backup and say whether it is sound."`

	NoErasuresSinceBackup      bool `help:"The journal is lost, and nobody was erased since. Recorded in the audit log."`
	NoStatusChangesSinceBackup bool `help:"The journal is lost, and nothing was withdrawn or paused since. Recorded in the audit log."`
}

// Run restores. Everything is checked before anything is changed.
func (r *restoreCommand) Run(c *console) error {
	if err := r.Config.Check(); err != nil {
		return err
	}
	ids, err := backup.Identities(r.Identity, r.ArchivePassphraseFile)
	if err != nil {
		return err
	}
	ctx := sqldb.ForInstallation(c.ctx)
	archive := backup.OpenFile(r.From, ids)
	h, m, err := archive.Check(ctx)
	if err != nil {
		return err
	}
	c.note("backup %s of %s, made at %s by %s: %s, %s", h.ID, h.BaseURL, h.MadeAt.Format(time.RFC3339), h.Software, count(m.Rows(), "row"), count(m.Blobs, "picture"))
	if r.CheckOnly {
		fmt.Fprintln(c.out, "The backup is sound.")
		return nil
	}
	since, err := r.since(ctx, c, h, archive)
	if err != nil {
		return err
	}
	if err := r.checkKey(h); err != nil {
		return err
	}
	var out backup.Outcome
	if r.Config.Database != "" {
		out, err = r.intoPostgres(ctx, archive, h, since)
	} else {
		out, err = r.intoFolder(ctx, archive, h, since)
	}
	if err != nil {
		return err
	}
	c.note("%s repeated, %s of status lists brought up to date, %s opened after the backup taken over; later awards go to new status lists",
		count(int64(out.Erased), "erasure"), count(int64(out.Statuses), "place"), count(int64(out.Lists), "list"))
	if out.Missing > 0 {
		c.note("%s came after the backup and cannot be taken over: their organisation is not in it", count(int64(out.Missing), "status list"))
	}
	c.note("the key-encryption key with the fingerprint %s belongs to it: %s", h.KEK, r.Config.KeyPath())
	c.note("API tokens, members, keys and stop switches are as they were at the time of the backup: look through them before you start the server")
	fmt.Fprintln(c.out, "Restored. Check it with: roundel fsck")
	return nil
}

// since gathers what is known of the time after the backup.
func (r *restoreCommand) since(ctx context.Context, c *console, h *backup.Header, a *backup.Archive) (s backup.Since, err error) {
	s.NoErasures, s.NoStatusChanges = r.NoErasuresSinceBackup, r.NoStatusChangesSinceBackup
	paths := r.Journals
	if len(paths) == 0 {
		paths = []string{r.Config.JournalPath()}
	}
	var files []string
	for _, p := range paths {
		list, err := journal.Files(p)
		switch {
		case errors.Is(err, os.ErrNotExist) && len(r.Journals) == 0, fault.KindOf(err) == fault.Invalid && len(r.Journals) == 0:
		case err != nil:
			return s, err
		default:
			files = append(files, list...)
		}
	}
	if len(files) > 0 {
		if s.Record, err = journal.Read(files, h.ID); err != nil && !s.NoErasures {
			return s, err
		}
		if s.Record != nil {
			c.note("the journal reaches to %s; what was withdrawn or erased after that is not known", s.Record.Until.Format(time.RFC3339))
		}
	}
	if r.StatusLists != "" {
		if s.Published, err = r.published(ctx, a); err != nil {
			return s, err
		}
	}
	return s, s.Check()
}

// published reads the status lists from a folder, or fetches those that the
// backup names from the old address.
func (r *restoreCommand) published(ctx context.Context, a *backup.Archive) ([]backup.PublishedList, error) {
	if !strings.Contains(r.StatusLists, "://") {
		return backup.ListsOf(r.StatusLists)
	}
	client := &fetch.Client{AllowLoopback: r.Config.Development, UserAgent: "Roundel"}
	return a.FetchLists(ctx, func(path string) ([]byte, error) {
		doc, _, err := client.GetMax(ctx, strings.TrimSuffix(r.StatusLists, "/")+path, "application/vc+ld+json", 16<<20)
		return doc, err
	})
}

// checkKey compares a key-encryption key that is there already with the one
// that the backup needs.
func (r *restoreCommand) checkKey(h *backup.Header) error {
	if r.Config.PassphraseFile != "" || h.KEK == "" {
		return nil // its salt is in the backup; the server checks it when it starts
	}
	if _, err := os.Stat(r.Config.KeyPath()); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	kek, err := keys.LoadKeyFile(r.Config.KeyPath())
	if err != nil {
		return err
	}
	if kek.Fingerprint() != h.KEK {
		return fault.Conflictf("The key in %s has the fingerprint %s, but this backup needs the one with %s. Nothing was changed.", r.Config.KeyPath(), kek.Fingerprint(), h.KEK)
	}
	return nil
}

func (r *restoreCommand) intoPostgres(ctx context.Context, a *backup.Archive, h *backup.Header, since backup.Since) (out backup.Outcome, err error) {
	db, err := app.OpenDatabase(ctx, r.Config)
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := backup.Empty(ctx, db); err != nil {
		return out, err
	}
	blobs, err := blob.OpenStore(ctx, r.Config.BlobsAddress())
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, blobs.Close()) }()
	if err := a.Load(ctx, db, blobs, h.Schema); err != nil {
		return out, err
	}
	return backup.Finish(ctx, db, h, since, time.Now())
}

func (r *restoreCommand) intoFolder(ctx context.Context, a *backup.Archive, h *backup.Header, since backup.Since) (out backup.Outcome, err error) {
	err = backup.Staged(r.Config.Data, func(folder string) (err error) {
		db, err := sqldb.Open(ctx, filepath.Join(folder, "roundel.db"))
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, db.Close()) }()
		address := r.Config.Blobs
		if address == "" {
			address = filepath.Join(folder, "blobs")
		}
		blobs, err := blob.OpenStore(ctx, address)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, blobs.Close()) }()
		if err := a.Load(ctx, db, blobs, h.Schema); err != nil {
			return err
		}
		out, err = backup.Finish(ctx, db, h, since, time.Now())
		return err
	})
	return out, err
}
