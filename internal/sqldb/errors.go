package sqldb

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/roundel/roundel/internal/fault"
)

// IsUnique reports whether err says that a row with the same unique or primary
// key exists already.
func IsUnique(err error) bool {
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		switch lite.Code() {
		case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_ROWID:
			return true
		}
	}
	return sqlState(err) == "23505"
}

// clashed reports whether PostgreSQL gave up a transaction that will succeed
// when it is run again: serialization failure or deadlock.
func clashed(err error) bool {
	state := sqlState(err)
	return state == "40001" || state == "40P01"
}

func sqlState(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code
	}
	return ""
}

// disconnected reports whether err says that the connection to PostgreSQL was
// lost, or the server is going down or coming up, before anything was committed.
func disconnected(err error) bool {
	var unknown outcomeUnknown
	if err == nil || errors.As(err, &unknown) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	switch state := sqlState(err); {
	case state == "57P01", state == "57P02", state == "57P03", strings.HasPrefix(state, "08"):
		return true
	case state != "":
		return false
	}
	var network net.Error
	var connect *pgconn.ConnectError
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.As(err, &network) || errors.As(err, &connect) ||
		strings.Contains(err.Error(), "conn closed")
}

// outcomeUnknown marks an error of a COMMIT: nobody knows whether it happened.
type outcomeUnknown struct{ error }

func (o outcomeUnknown) Unwrap() error { return o.error }

// unavailable makes a fault of an error that says that the database does not
// answer, or has no connection left for us. Other errors are returned as they are.
func unavailable(err error) error {
	var unknown outcomeUnknown
	switch {
	case errors.As(err, &unknown):
		return &fault.Error{Kind: fault.Unavailable, Message: "The database did not say whether this was done. Look, and try again in a moment.", Err: err}
	case disconnected(err), sqlState(err) == "53300": // too many connections
		return &fault.Error{Kind: fault.Unavailable, Message: "The database does not answer. Try again in a moment.", Err: err}
	case clashed(err): // again and again, or it would not be here
		return &fault.Error{Kind: fault.Unavailable, Message: "Too many changes at once. Nothing was done; try again in a moment.", Err: err}
	}
	return err
}

// lost reports whether SQLite may have rolled back the whole transaction, not
// just the statement, because of err.
func lost(err error) bool {
	switch primaryCode(err) {
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_BUSY,
		sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return true
	}
	return false
}

// diskFailed reports whether err says that the disk did not do as told. A full
// disk is not meant: SQLite undoes that cleanly.
func diskFailed(err error) bool {
	switch primaryCode(err) {
	case sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return true
	}
	return false
}

// primaryCode returns SQLite's code without its extension, or 0.
func primaryCode(err error) int {
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		return lite.Code() & 0xff
	}
	return 0
}
