// Package sqldb opens, migrates and transacts the database. It is the only
// place that knows which engine is underneath.
//
// One hand-written SQL text runs on SQLite (embedded, the default) and on
// PostgreSQL (many nodes): placeholders are $1, $2 …, keys are BIGINT, times are
// BIGINT milliseconds, documents are bytes. Do not use casts with ::, now(),
// ILIKE or ANY($1).
//
// Work happens in functions that receive a [Tx]. Such a function may run more
// than once (PostgreSQL asks for it when two transactions clash), so it must
// do nothing but database work and set plain variables.
package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"

	"github.com/roundel/roundel/internal/observe"
)

// The engines that Dialect names.
const (
	SQLite   = "sqlite"
	Postgres = "postgres"
)

// ErrNoRows is what QueryRow's Scan returns when nothing matched.
var ErrNoRows = sql.ErrNoRows

// ErrClosed is returned for work that arrives after Close.
var ErrClosed = errors.New("the database is closed")

// ErrNested is returned by a Write that was called inside another Write of the
// same goroutine: the inner one could only wait for the outer one for ever.
var ErrNested = errors.New("sqldb: Write called inside Write; pass the *Tx on instead")

// DB is a database that is open. Its methods may be called from any goroutine.
type DB struct {
	// Fatal is called when the disk failed under a commit: nobody can know what
	// is durable after that, and only a restart, which reads the log back, can
	// tell. The default logs the error and ends the process; tests replace it.
	// It must be set before the first Write.
	Fatal func(error)

	// Committed is told how many transactions shared a commit (SQLite). Nil: nobody is.
	Committed func(members int)

	// DefaultScope is the scope of transactions whose context names none. It is
	// NoScope but in tests: dbtest's databases assume the installation.
	DefaultScope Scope

	options    Options
	migrations fs.FS // other than ours, for tests
	dialect    string
	owner      *owner        // PostgreSQL: who may change the schema; nil when nobody whom we know may
	lane       chan struct{} // PostgreSQL: holds the one transaction that clashed and is run again
	write      *sql.DB       // SQLite: one connection; PostgreSQL: the pool
	read       *sql.DB       // SQLite: the read pool; PostgreSQL: the same pool as write
	writer     *writer       // SQLite only
	busy       writing
	listeners  listeners
}

// Options say more about a PostgreSQL database. SQLite needs none.
type Options struct {
	// Owner is the address under which the role signs in that owns the tables; it
	// is used for migrating only. Without it, the role of the serving address
	// migrates, if it can, and a restricted role that it makes serves.
	Owner string
	// WithoutWalls serves even where row-level security does not hold.
	WithoutWalls bool
}

// Open opens the database at url: "sqlite:/path/file.db" or a bare path for
// SQLite, "postgres://…" for PostgreSQL. The file is created when it is
// missing, its folder is not. Call Migrate before anything else.
func Open(ctx context.Context, url string) (*DB, error) { return OpenWith(ctx, url, Options{}) }

// OpenWith opens the database at url with options: see Open.
func OpenWith(ctx context.Context, url string, o Options) (*DB, error) {
	db := &DB{Fatal: exit, options: o, lane: make(chan struct{}, 1)}
	var err error
	switch {
	case strings.HasPrefix(url, "postgres://"), strings.HasPrefix(url, "postgresql://"):
		err = db.openPostgres(ctx, url)
	case strings.HasPrefix(url, "sqlite:"):
		err = db.openSQLite(ctx, strings.TrimPrefix(url, "sqlite:"))
	case url != "" && !strings.Contains(url, "://"):
		err = db.openSQLite(ctx, url)
	default:
		return nil, errors.New(`the database address must be a file path, "sqlite:PATH" or "postgres://…"`)
	}
	if err != nil {
		db.Close()
		return nil, err
	}
	return db, nil
}

// Dialect returns SQLite or Postgres. Features do not need it; the few places
// that load in bulk or search full text do.
func (db *DB) Dialect() string { return db.dialect }

// Write runs fn in a transaction and returns once its work is durable. The
// transaction has the scope of ctx.
//
// When fn returns an error or panics, nothing of it stays. On SQLite, writes
// that wait at the same time share one commit, each in a savepoint of its own.
// A statement that failed makes the whole transaction fail, as PostgreSQL
// does; wrap what may fail in Tx.Attempt. Write inside Write returns ErrNested.
func (db *DB) Write(ctx context.Context, fn func(tx *Tx) error) (err error) {
	ctx, end := observe.Start(ctx, "database write")
	defer func() { end(err) }()
	scope, err := db.scope(ctx)
	if err != nil {
		return err
	}
	leave, err := db.busy.enter()
	if err != nil {
		return err
	}
	defer leave()
	var signals []string
	if db.dialect == SQLite {
		signals, err = db.writer.do(ctx, fn)
	} else {
		signals, err = db.writePostgres(ctx, scope, fn)
	}
	if err != nil {
		return err
	}
	db.listeners.tell(signals)
	return nil
}

// Read runs fn on one consistent snapshot of the database, in the scope of ctx.
// Writing in it fails.
func (db *DB) Read(ctx context.Context, fn func(tx *Tx) error) (err error) {
	ctx, end := observe.Start(ctx, "database read")
	defer func() { end(err) }()
	scope, err := db.scope(ctx)
	if err != nil {
		return err
	}
	if db.dialect == Postgres {
		return db.readPostgres(ctx, scope, fn)
	}
	stx, err := db.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return fmt.Errorf("begin reading: %w", err)
	}
	defer stx.Rollback() // reading leaves nothing to commit
	return fn(&Tx{q: stx, sqlite: true})
}

// Close ends the writer and closes every connection. Work under way is
// finished first; work that comes later gets ErrClosed.
func (db *DB) Close() error {
	var errs []error
	if db.writer != nil {
		db.writer.close()
	}
	if db.read != nil && db.read != db.write {
		errs = append(errs, db.read.Close())
	}
	if db.write != nil {
		errs = append(errs, db.write.Close()) // last, so that SQLite folds its log into the file
	}
	return errors.Join(errs...)
}

// exit is the default of DB.Fatal.
func exit(err error) {
	slog.Error("the disk failed under the database; stopping, because nobody can tell what is durable until a restart reads the log", "err", err)
	os.Exit(70)
}
