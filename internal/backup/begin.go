package backup

import (
	"context"
	"errors"
	"time"

	"github.com/roundel/roundel/internal/audit"
	"github.com/roundel/roundel/internal/backup/journal"
	"github.com/roundel/roundel/internal/event"
	"github.com/roundel/roundel/internal/sqldb"
)

// journalSchema is the version of the schema from which on there is a journal.
const journalSchema = 11

// Begin notes that a backup begins and waits until a journal in the folder
// knows it, written by a running server or, when none does that, by this
// process. It reports whether there is a journal: an older schema has none.
func Begin(ctx context.Context, db *sqldb.DB, id, folder string, patience time.Duration) (journalled bool, err error) {
	has, _, err := db.SchemaVersion(ctx)
	if err != nil || has < journalSchema {
		return false, err
	}
	ctx = audit.With(sqldb.ForInstallation(ctx), audit.Origin{Service: "cli"})
	err = db.Write(ctx, func(tx *sqldb.Tx) error {
		if _, err := journal.EnsureIn(ctx, tx, time.Now()); err != nil {
			return err
		}
		if err := audit.Record(ctx, tx, audit.Entry{Action: "backup.begun", Data: map[string]string{"backup": id}}); err != nil {
			return err
		}
		return event.Record(ctx, tx, event.Event{Kind: journal.EventBackup, Data: map[string]string{"backup": id}})
	})
	if err != nil {
		return false, err
	}
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(patience); time.Now().Before(end); {
		if files, err := journal.Files(folder); err == nil && journal.Knows(files, id) {
			return true, nil
		}
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-tick.C:
		}
	}
	j := &journal.Journal{DB: db, Dir: folder, Now: time.Now}
	defer j.Stop()
	return true, j.Flush(ctx)
}

// KEKFingerprint returns the fingerprint of the key-encryption key that the
// installation's signing keys are sealed with, "" when it has none yet.
func KEKFingerprint(ctx context.Context, db *sqldb.DB) (text string, err error) {
	err = db.Read(sqldb.ForInstallation(ctx), func(tx *sqldb.Tx) error {
		return tx.QueryRow(ctx, `SELECT value FROM setting WHERE key = 'kek.fingerprint'`).Scan(&text)
	})
	if errors.Is(err, sqldb.ErrNoRows) {
		err = nil
	}
	return text, err
}
