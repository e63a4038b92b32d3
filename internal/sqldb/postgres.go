package sqldb

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"runtime"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// clashTries is how often a transaction is run that PostgreSQL keeps giving up.
const clashTries = 25

// openPostgres opens a pool of connections and checks that the database sorts
// text by its bytes, as SQLite does.
func (db *DB) openPostgres(ctx context.Context, url string) error {
	db.dialect = Postgres
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		return fmt.Errorf("database address: %w", err)
	}
	if _, named := cfg.RuntimeParams["application_name"]; !named {
		cfg.RuntimeParams["application_name"] = "roundel"
	}
	pool := sql.OpenDB(stdlib.GetConnector(*cfg))
	db.write, db.read = pool, pool
	size := max(16, 4*runtime.GOMAXPROCS(0))
	pool.SetMaxOpenConns(size)
	pool.SetMaxIdleConns(size)
	pool.SetConnMaxIdleTime(5 * time.Minute)

	var name, collate, encoding string
	err = pool.QueryRowContext(ctx, `SELECT datname, datcollate, pg_encoding_to_char(encoding)
		FROM pg_database WHERE datname = current_database()`).Scan(&name, &collate, &encoding)
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	switch collate {
	case "C", "POSIX", "C.UTF-8", "C.utf8":
	default:
		return fmt.Errorf("database %q sorts text by the locale %q; create it with "+
			"CREATE DATABASE … TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'", name, collate)
	}
	if encoding != "UTF8" {
		return fmt.Errorf("database %q has the encoding %s; create it with ENCODING 'UTF8'", name, encoding)
	}
	return nil
}

// writePostgres runs fn serialisably, so that what was written for SQLite's
// one writer holds here too, and again when two transactions clashed.
func (db *DB) writePostgres(ctx context.Context, fn func(*Tx) error) ([]string, error) {
	for try := 1; ; try++ {
		signals, err := db.tryPostgres(ctx, fn)
		if err == nil || try == clashTries || !clashed(err) {
			return signals, err
		}
		// Those who clashed should not meet again: wait a random while, longer each time.
		wait := time.NewTimer(rand.N(time.Duration(min(try, 10)) * 5 * time.Millisecond))
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
			return nil, ctx.Err()
		}
	}
}

// tryPostgres runs fn once.
func (db *DB) tryPostgres(ctx context.Context, fn func(*Tx) error) ([]string, error) {
	stx, err := db.write.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelSerializable})
	if err != nil {
		return nil, fmt.Errorf("begin: %w", err)
	}
	defer stx.Rollback() // does nothing after Commit
	tx := &Tx{q: stx, writable: true}
	err = fn(tx)
	tx.q = nil
	if clashed(tx.failed) || (err == nil && tx.failed != nil) {
		return nil, tx.failed
	}
	if err != nil {
		return nil, err
	}
	if err := stx.Commit(); err != nil {
		return nil, fmt.Errorf("commit: %w", err)
	}
	return tx.signals, nil
}
