package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"math/rand/v2"
	"runtime"
	"time"

	"github.com/jackc/pgx/v5/stdlib"
)

// How often a transaction is run that PostgreSQL keeps giving up, and how often
// again after its connection was lost.
const (
	clashTries = 25
	lostTries  = 3
)

// poolSize is how many connections a node opens at most.
func poolSize() int { return max(16, 4*runtime.GOMAXPROCS(0)) }

// The ways in which transactions begin. Serialisable, so that what was written
// for SQLite's one writer holds here too.
const (
	beginWrite = "BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE"
	beginRead  = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
)

// commitTime bounds how long an answer to COMMIT is waited for.
const commitTime = time.Minute

// undoTime bounds how long a transaction is undone; after it the connection is
// closed, which undoes it too.
const undoTime = 5 * time.Second

// readPostgres runs fn on a snapshot, once: only what writes has to bear being
// run again.
func (db *DB) readPostgres(ctx context.Context, scope Scope, fn func(*Tx) error) error {
	conn, err := db.begin(ctx, beginRead, scope)
	if err != nil {
		return unavailable(err)
	}
	defer undo(conn) // reading leaves nothing to commit
	tx := &Tx{q: conn}
	err = fn(tx)
	tx.q = nil
	return unavailable(err)
}

// writePostgres runs fn, and again when two transactions clashed or the
// connection was lost before the commit.
func (db *DB) writePostgres(ctx context.Context, scope Scope, fn func(*Tx) error) (signals []string, err error) {
	err = db.again(ctx, func() error {
		signals, err = db.tryPostgres(ctx, scope, fn)
		return err
	})
	return signals, err
}

// again calls try until it succeeds or fails for good. Those of this node that
// clashed go on one at a time: many who want the same row would otherwise only
// get in each other's way.
func (db *DB) again(ctx context.Context, try func() error) error {
	lost, inLane := 0, false
	defer func() {
		if inLane {
			<-db.lane
		}
	}()
	for n := 1; ; n++ {
		err := try()
		switch {
		case err == nil || n >= clashTries:
			return unavailable(err)
		case disconnected(err):
			if lost++; lost > lostTries {
				return unavailable(err)
			}
		case !clashed(err):
			return unavailable(err)
		}
		// Nor should they meet those of other nodes again: a random while, longer each time.
		wait := time.NewTimer(rand.N(time.Duration(min(n, 10)) * 5 * time.Millisecond))
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
			return ctx.Err()
		}
		if inLane || !clashed(err) {
			continue
		}
		select {
		case db.lane <- struct{}{}:
			inLane = true
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// tryPostgres runs fn once.
func (db *DB) tryPostgres(ctx context.Context, scope Scope, fn func(*Tx) error) ([]string, error) {
	conn, err := db.begin(ctx, beginWrite, scope)
	if err != nil {
		return nil, err
	}
	defer undo(conn) // does nothing after Close
	tx := &Tx{q: conn, writable: true}
	err = fn(tx)
	tx.q = nil
	if tx.failed != nil && (err == nil || clashed(tx.failed) || disconnected(tx.failed)) {
		return nil, tx.failed
	}
	if err != nil {
		return nil, err
	}
	if err := commit(ctx, conn); err != nil {
		return nil, err
	}
	return tx.signals, conn.Close()
}

// begin takes a connection and begins a transaction on it, in one round trip.
// The scope is set with SET, which takes no snapshot: see Tx.AwaitInserts.
func (db *DB) begin(ctx context.Context, how string, scope Scope) (*sql.Conn, error) {
	for n := 0; ; n++ {
		conn, err := db.write.Conn(ctx)
		if err != nil {
			return nil, fmt.Errorf("begin: %w", err)
		}
		err = simple(ctx, conn, how+"; SET LOCAL roundel.scope = '"+scope.setting()+"'")
		if err == nil {
			return conn, nil
		}
		undo(conn)
		// A connection that rested in the pool may have been closed by the server
		// long ago. Nothing was begun, so the next one is tried; a fresh connection
		// that cannot be made ends this.
		if !disconnected(err) || n > poolSize() || ctx.Err() != nil {
			return nil, fmt.Errorf("begin: %w", err)
		}
	}
}

// commit makes the transaction durable. When the connection is lost meanwhile
// nobody can know whether it was; that is never tried again.
func commit(ctx context.Context, conn *sql.Conn) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	// Not interrupted: whoever waits for the answer should know the outcome.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTime)
	defer cancel()
	err := simple(ctx, conn, "COMMIT")
	switch {
	case err == nil:
		return nil
	case sqlState(err) != "" && !disconnected(err): // the server says that it did not
		return fmt.Errorf("commit: %w", err)
	}
	return fmt.Errorf("commit: %w", outcomeUnknown{err})
}

// undo rolls back what was begun on conn and gives it back to the pool, which
// closes it when it is still in a transaction.
func undo(conn *sql.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), undoTime)
	defer cancel()
	simple(ctx, conn, "ROLLBACK")
	conn.Close()
}

// simple sends statements without parameters, in one round trip.
func simple(ctx context.Context, conn *sql.Conn, statements string) error {
	return conn.Raw(func(dc any) error {
		c := dc.(*stdlib.Conn).Conn()
		if c.IsClosed() {
			return driver.ErrBadConn
		}
		_, err := c.PgConn().Exec(ctx, statements).ReadAll()
		return err
	})
}
