package sqldb

import (
	"context"
	"path/filepath"
	"testing"
)

// TestAReaderDoesNotHoldWritersUp: a backup reads one state for minutes.
// Emptying the log has to give way, not to wait for it.
func TestAReaderDoesNotHoldWritersUp(t *testing.T) {
	ctx := ForInstallation(context.Background())
	db, err := Open(ctx, filepath.Join(t.TempDir(), "x.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Write(ctx, func(tx *Tx) error { _, err := tx.Exec(ctx, "CREATE TABLE item (name TEXT PRIMARY KEY)"); return err }); err != nil {
		t.Fatal(err)
	}
	err = db.Read(ctx, func(tx *Tx) error {
		var n int
		if err := tx.QueryRow(ctx, "SELECT count(*) FROM item").Scan(&n); err != nil {
			return err
		}
		wrote := make(chan error)
		go func() { wrote <- db.Write(ctx, func(tx *Tx) error { return insert(ctx, tx, "a") }) }()
		if err := <-wrote; err != nil {
			return err
		}
		if err := db.writer.truncate(); err != nil || db.writer.blocked.IsZero() {
			t.Errorf("the log was emptied under a reader: %v", err)
		}
		if err := db.Scrub(ctx); err != ErrInUse {
			t.Errorf("scrub says %v", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Scrub(ctx); err != nil {
		t.Errorf("after the reader: %v", err)
	}
}
