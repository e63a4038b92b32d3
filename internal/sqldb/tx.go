package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/roundel/roundel/internal/fault"
)

// querier is what *sql.Tx has in common with what a Tx needs.
type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Tx is a transaction, valid until the function that received it returns, and
// for that goroutine only.
type Tx struct {
	q        querier
	sqlite   bool
	writable bool
	depth    int // of nested savepoints
	failed   error
	signals  []string
}

// Exec runs a statement and returns how many rows it changed.
func (tx *Tx) Exec(ctx context.Context, query string, args ...any) (rows int64, err error) {
	if err := tx.ready(ctx, query, args); err != nil {
		return 0, err
	}
	res, err := tx.q.ExecContext(tx.statementContext(ctx), query, args...)
	if err != nil {
		return 0, tx.fail(err)
	}
	return res.RowsAffected()
}

// Query runs a query; the caller closes the rows. Collect is shorter.
func (tx *Tx) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := tx.ready(ctx, query, args); err != nil {
		return nil, err
	}
	rows, err := tx.q.QueryContext(tx.statementContext(ctx), query, args...)
	if err != nil {
		return nil, tx.fail(err)
	}
	return rows, nil
}

// QueryRow runs a query that is expected to give one row. Errors come with
// Scan, ErrNoRows among them.
func (tx *Tx) QueryRow(ctx context.Context, query string, args ...any) *sql.Row {
	if err := tx.ready(ctx, query, args); err != nil {
		return tx.q.QueryRowContext(refused{ctx, err}, query, args...)
	}
	row := tx.q.QueryRowContext(tx.statementContext(ctx), query, args...)
	if err := row.Err(); err != nil {
		tx.fail(err)
	}
	return row
}

// Attempt runs fn so that, when it fails, only what fn did is undone and the
// transaction goes on. It returns fn's error.
func (tx *Tx) Attempt(ctx context.Context, fn func() error) error {
	tx.depth++
	defer func() { tx.depth-- }()
	name := fmt.Sprintf("attempt_%d", tx.depth)
	if _, err := tx.Exec(ctx, "SAVEPOINT "+name); err != nil {
		return err
	}
	err := fn()
	if err == nil {
		err = tx.failed // fn may not hide a statement that failed
	}
	if err == nil {
		_, err = tx.Exec(ctx, "RELEASE SAVEPOINT "+name)
		return err
	}
	if lost(tx.failed) {
		return err
	}
	tx.failed = nil
	// Undone even when ctx has ended meanwhile: the caller may still go on.
	ctx = context.WithoutCancel(ctx)
	if _, undo := tx.Exec(ctx, "ROLLBACK TO SAVEPOINT "+name); undo != nil {
		return errors.Join(err, undo)
	}
	if _, undo := tx.Exec(ctx, "RELEASE SAVEPOINT "+name); undo != nil {
		return errors.Join(err, undo)
	}
	return err
}

// Signal wakes the listeners of topic after this transaction has committed.
func (tx *Tx) Signal(topic string) {
	if !slices.Contains(tx.signals, topic) {
		tx.signals = append(tx.signals, topic)
	}
}

// AwaitInserts waits until no transaction that inserted into table is still
// open, so that every row with a smaller automatic key than the largest one
// then visible is visible too or will never be. It must be the first thing a
// Write does. On SQLite, which has one writer, that is always so.
//
// PostgreSQL hands out keys before commit: without this, a reader that
// remembers the largest key it saw would skip a row that commits later with a
// smaller one.
func (tx *Tx) AwaitInserts(ctx context.Context, table string) error {
	if tx.sqlite {
		return nil
	}
	// SHARE conflicts with the lock that every INSERT takes before it draws its
	// key. LOCK takes no snapshot, so the next statement sees all that it waited for.
	_, err := tx.Exec(ctx, "LOCK TABLE "+table+" IN SHARE MODE")
	return err
}

// Alone waits until no other transaction that called it for this table is
// open, so that those who all change the same row stand in a queue instead of
// clashing. It must be the first thing a Write does. On SQLite, which has one
// writer, that is always so.
func (tx *Tx) Alone(ctx context.Context, table string) error {
	if tx.sqlite {
		return nil
	}
	_, err := tx.Exec(ctx, "LOCK TABLE "+table+" IN EXCLUSIVE MODE")
	return err
}

// ready checks that a statement may run: the transaction has not failed, ctx
// has not ended, and there is one argument for each placeholder.
func (tx *Tx) ready(ctx context.Context, query string, args []any) error {
	if tx.q == nil {
		return errors.New("sqldb: transaction used after its function returned")
	}
	if tx.failed != nil {
		return fmt.Errorf("an earlier statement of this transaction failed: %w", tx.failed)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if n := placeholders(query); n != len(args) {
		return fmt.Errorf("sqldb: %d placeholders, %d arguments: %s", n, len(args), query)
	}
	for _, a := range args {
		// PostgreSQL takes no such text. Nor does SQLite then, so that what one has
		// can always be moved to the other.
		if s, is := a.(string); is && (strings.IndexByte(s, 0) >= 0 || !utf8.ValidString(s)) {
			return tx.fail(errText)
		}
	}
	return nil
}

var errText = fault.Invalidf("Something that was sent holds characters that are no text. Type it anew.")

// fail remembers that a statement failed and returns its error.
func (tx *Tx) fail(err error) error {
	tx.failed = err
	return err
}

// statementContext keeps a member of a group commit from being interrupted in
// the middle of a statement: SQLite would roll back the whole group.
func (tx *Tx) statementContext(ctx context.Context) context.Context {
	if tx.sqlite && tx.writable {
		return context.WithoutCancel(ctx)
	}
	return ctx
}

// refused is a context that has ended with a given error, the one way to make
// a *sql.Row that carries it.
type refused struct {
	context.Context
	err error
}

func (r refused) Err() error            { return r.err }
func (r refused) Done() <-chan struct{} { return ended }

var ended = func() chan struct{} { c := make(chan struct{}); close(c); return c }()

// placeholders returns the largest N among the placeholders $N of query.
func placeholders(query string) int {
	most := 0
	for i := 0; i < len(query); i++ {
		switch query[i] {
		case '\'', '"':
			for q := query[i]; i+1 < len(query) && query[i+1] != q; {
				i++
			}
			i++
		case '-':
			if i+1 < len(query) && query[i+1] == '-' {
				for i < len(query) && query[i] != '\n' {
					i++
				}
			}
		case '$':
			n := 0
			for i+1 < len(query) && query[i+1] >= '0' && query[i+1] <= '9' {
				i++
				n = n*10 + int(query[i]-'0')
			}
			most = max(most, n)
		}
	}
	return most
}

// Collect runs a query and returns what scan makes of each row; nil when there
// is none.
func Collect[T any](ctx context.Context, tx *Tx, scan func(*sql.Rows) (T, error), query string, args ...any) ([]T, error) {
	rows, err := tx.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	if err := rows.Err(); err != nil {
		return nil, tx.fail(err)
	}
	return all, nil
}

// List returns the text of a list for IN (…), whose placeholders begin with
// $first, and its arguments. It is filled up to a power of two with the last
// value, so that a few texts serve lists of every length: see [Tx.Insert]. The
// list must not be empty.
func List[T any](first int, values []T) (text string, args []any) {
	n := 1
	for n < len(values) {
		n *= 2
	}
	b := make([]byte, 0, 6*n)
	args = make([]any, n)
	for i := range n {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = strconv.AppendInt(append(b, '$'), int64(first+i), 10)
		args[i] = values[min(i, len(values)-1)]
	}
	return string(b), args
}

// Values is List for VALUES …, of which each value is a row.
func Values[T any](first int, values []T) (text string, args []any) {
	text, args = List(first, values)
	return "(" + strings.ReplaceAll(text, ", ", "), (") + ")", args
}

// Millis returns t as stored: milliseconds since 1970, 0 for the zero Time.
func Millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// Time returns a stored time in UTC; 0 is the zero Time.
func Time(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
