package sqldb

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// openSQLite opens the file at path: one connection that writes, owned by the
// writer goroutine, and a pool that reads.
func (db *DB) openSQLite(ctx context.Context, path string) error {
	db.dialect = SQLite
	if path == "" || strings.Contains(path, ":memory:") {
		return errors.New("the database must be a file; an in-memory database cannot be shared by its connections")
	}
	if err := createPrivate(path); err != nil {
		return fmt.Errorf("create database file: %w", err)
	}
	var err error
	if db.write, err = openParsed(sqliteAddress(path, "cache_size(-65536)", "wal_autocheckpoint(0)")); err != nil {
		return err
	}
	db.write.SetMaxOpenConns(1)
	if err := db.write.PingContext(ctx); err != nil {
		return fmt.Errorf("open database %s: %w", path, err)
	}
	if err := db.settleLog(ctx, path); err != nil {
		return fmt.Errorf("open database %s: %w", path, err)
	}
	if db.read, err = openParsed(sqliteAddress(path, "cache_size(-16384)", "query_only(1)")); err != nil {
		return err
	}
	readers := max(4, runtime.GOMAXPROCS(0))
	db.read.SetMaxOpenConns(readers)
	db.read.SetMaxIdleConns(readers)
	db.writer = startWriter(db)
	return nil
}

// sqliteAddress returns the driver's name for path with our settings.
//
// synchronous=FULL makes every commit wait for the disk (NORMAL loses
// acknowledged commits at power loss); double-quoted strings are errors as on
// PostgreSQL; nothing temporary reaches the disk.
func sqliteAddress(path string, extra ...string) string {
	q := url.Values{"_txlock": {"immediate"}, "_dqs": {"0"}, "_defensive": {"1"}}
	q["_pragma"] = append([]string{
		"busy_timeout(60000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)",
		"secure_delete(1)", "temp_store(MEMORY)", "trusted_schema(0)",
	}, extra...)
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
}

// createPrivate creates the file, readable by its owner only, and makes its
// directory entry durable. A file that exists is left alone.
func createPrivate(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return syncFolder(path)
}

// settleLog has the write-ahead log created, and makes its directory entry
// durable: SQLite flushes the folder too, but later, and does not tell when that
// fails, so that a commit could be lost with the log's name.
func (db *DB) settleLog(ctx context.Context, path string) error {
	var tables int64
	if err := db.write.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&tables); err != nil {
		return err
	}
	return syncFolder(path)
}

// syncFolder flushes the folder that path lies in.
func syncFolder(path string) error {
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
