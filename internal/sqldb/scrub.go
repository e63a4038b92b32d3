package sqldb

import (
	"context"
	"errors"
	"fmt"
)

// ErrInUse is returned by Scrub while somebody reads an older state.
var ErrInUse = errors.New("the database's log holds deleted rows while somebody reads an older state; it is emptied when that has ended")

// Scrub removes what was deleted or overwritten from where it lingers. On SQLite
// that is the write-ahead log, which it empties: freed pages are overwritten
// with zeros anyway. On PostgreSQL it vacuums the tables, for which it needs the
// role that owns them.
func (db *DB) Scrub(ctx context.Context, tables ...string) error {
	if db.dialect == Postgres {
		return db.vacuum(ctx, tables)
	}
	conn, err := db.write.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	// Who issues meanwhile waits for this connection: it must not wait long itself.
	if _, err := conn.ExecContext(ctx, "PRAGMA busy_timeout(500)"); err != nil {
		return err
	}
	defer func() { _, _ = conn.ExecContext(context.WithoutCancel(ctx), "PRAGMA busy_timeout(60000)") }() // as it was opened
	var busy, log, done int64
	if err := conn.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &log, &done); err != nil {
		return err
	}
	if busy != 0 {
		return ErrInUse
	}
	return nil
}

func (db *DB) vacuum(ctx context.Context, tables []string) error {
	if db.owner == nil {
		return nil // PostgreSQL's autovacuum does it later
	}
	pool := db.owner.connect()
	defer pool.Close()
	for _, t := range tables {
		if _, err := pool.ExecContext(ctx, "VACUUM "+quoted(t)); err != nil {
			return fmt.Errorf("vacuum %s: %w", t, err)
		}
	}
	return nil
}

// Analyze has PostgreSQL look at what its tables hold, so that it plans well as
// soon as they were filled. It needs the role that owns them.
func (db *DB) Analyze(ctx context.Context) error {
	if db.owner == nil {
		return nil // PostgreSQL's autovacuum does it later
	}
	pool := db.owner.connect()
	defer pool.Close()
	if _, err := pool.ExecContext(ctx, "ANALYZE"); err != nil {
		return fmt.Errorf("analyze: %w", err)
	}
	return nil
}
