package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

// Limits of one group: enough members to share a commit among, not so many
// that the first one waits long for the last.
const (
	groupMembers = 256
	groupTime    = 20 * time.Millisecond
)

// Sizes of the write-ahead log, in pages, at which it is folded into the file:
// beside readers, and waiting for them.
const (
	checkpointPages = 1_000
	truncatePages   = 32_768
)

// truncatePause is how long a reader that keeps the log from being emptied is
// left alone.
const truncatePause = 5 * time.Second

// errAbandoned stands for a member whose function panicked or ended its goroutine.
var errAbandoned = errors.New("the transaction's function did not return")

// writer is the one goroutine that writes to SQLite. Members come one at a
// time; those that wait while others run join the same group and share its
// commit, so that a disk's flush is paid once for all of them.
//
// Each member's function runs in its caller's goroutine, while the writer
// waits: a panic keeps its stack, and nothing can end the writer itself.
type writer struct {
	db      *DB
	queue   chan *member
	closing chan struct{}
	once    sync.Once
	stopped chan struct{}
	blocked time.Time           // when a reader last kept the log from being emptied
	broken  error               // set by the writer when the disk failed; nothing is written after
	commit  func(*sql.Tx) error // replaced by tests
}

// member is one Write on its way through the writer.
type member struct {
	turn    chan *Tx   // writer to caller: run now, in this transaction
	done    chan error // caller to writer: what the function returned
	answer  chan error // writer to caller: committed or not
	signals []string
}

func startWriter(db *DB) *writer {
	w := &writer{
		db: db, queue: make(chan *member), closing: make(chan struct{}), stopped: make(chan struct{}),
		commit: (*sql.Tx).Commit,
	}
	go w.loop()
	return w
}

// close ends the writer after the group that is under way. Closing it twice is fine.
func (w *writer) close() {
	w.once.Do(func() { close(w.closing) })
	<-w.stopped
}

// do takes fn through the writer. It returns after the commit that holds fn's
// work, with the topics to signal. When ctx ends before fn's turn, fn is not
// run; after that the outcome is always waited for.
func (w *writer) do(ctx context.Context, fn func(*Tx) error) ([]string, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m := &member{turn: make(chan *Tx), done: make(chan error), answer: make(chan error, 1)}
	select {
	case w.queue <- m:
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-w.closing:
		return nil, ErrClosed
	}
	select {
	case tx := <-m.turn:
		m.run(ctx, tx, fn)
	case err := <-m.answer:
		return nil, err
	}
	return m.signals, <-m.answer
}

// run calls fn and reports to the writer, also when fn panics or calls
// runtime.Goexit, as t.Fatal does.
func (m *member) run(ctx context.Context, tx *Tx, fn func(*Tx) error) {
	err := errAbandoned
	defer func() {
		m.signals = tx.signals
		m.done <- err
	}()
	if ctx.Err() != nil { // it ended between the queue and the turn
		err = ctx.Err()
		return
	}
	err = fn(tx)
}

// loop owns the write connection until close.
func (w *writer) loop() {
	defer close(w.stopped)
	for {
		select {
		case m := <-w.queue:
			w.group(m)
		case <-w.closing:
			return
		}
	}
}

// group runs first and those who wait behind it in one transaction, commits,
// and answers them.
func (w *writer) group(first *member) {
	var waiting []*member // ran well, and wait for the commit
	answer := func(err error) {
		for _, m := range waiting {
			m.answer <- err
		}
		waiting = nil
	}
	defer func() {
		if r := recover(); r != nil { // a defect in the engine: its state is unknown
			err := fmt.Errorf("sqlite panicked: %v\n%s", r, debug.Stack())
			w.fail(err)
			answer(err)
		}
	}()
	if w.broken != nil {
		first.answer <- w.broken
		return
	}
	stx, err := w.db.write.BeginTx(context.Background(), nil)
	if err != nil {
		first.answer <- w.check(fmt.Errorf("begin: %w", err))
		return
	}
	start := time.Now()
	for m, n := first, 1; m != nil; n++ {
		err, gone := w.turn(stx, m)
		if err == nil {
			waiting = append(waiting, m)
		} else {
			m.answer <- err
		}
		if gone {
			stx.Rollback()
			answer(w.check(fmt.Errorf("a transaction in the same commit lost it: %w", err)))
			return
		}
		m = nil
		if n < groupMembers && time.Since(start) < groupTime {
			select {
			case m = <-w.queue:
			default:
			}
		}
	}
	if len(waiting) == 0 {
		stx.Rollback()
		return
	}
	if err := w.commit(stx); err != nil {
		stx.Rollback()
		answer(w.check(fmt.Errorf("commit: %w", err)))
		return
	}
	if w.db.Committed != nil {
		w.db.Committed(len(waiting))
	}
	answer(nil)
	w.checkpoint()
}

// turn lets m run inside a savepoint of stx. It returns m's error, and whether
// the whole transaction is gone with it.
func (w *writer) turn(stx *sql.Tx, m *member) (err error, gone bool) {
	ctx := context.Background()
	if _, err := stx.ExecContext(ctx, "SAVEPOINT member"); err != nil {
		return err, true
	}
	tx := &Tx{q: stx, sqlite: true, writable: true}
	m.turn <- tx
	err = <-m.done
	tx.q = nil
	if err == nil {
		err = tx.failed // as on PostgreSQL, a statement that failed cannot be overlooked
	}
	if lost(tx.failed) {
		return w.check(err), true
	}
	if err != nil {
		if _, undo := stx.ExecContext(ctx, "ROLLBACK TO member"); undo != nil {
			return errors.Join(err, w.check(undo)), true
		}
	}
	if _, rel := stx.ExecContext(ctx, "RELEASE member"); rel != nil {
		return errors.Join(err, w.check(rel)), true
	}
	return err, false
}

// checkpoint folds a long write-ahead log into the database file. SQLite's own
// automatic checkpoint would hide a failing disk.
func (w *writer) checkpoint() {
	pages, err := w.pragmaCheckpoint("NOOP")
	if err == nil && pages > truncatePages && time.Since(w.blocked) > truncatePause {
		err = w.truncate()
	} else if err == nil && pages > checkpointPages {
		_, err = w.pragmaCheckpoint("PASSIVE")
	}
	if err != nil {
		w.check(fmt.Errorf("checkpoint: %w", err))
	}
}

// truncate folds the whole log into the file and empties it. While somebody
// reads an older state, as a backup does for minutes, that cannot be done, and
// whoever writes must not wait for it: it is tried again later.
func (w *writer) truncate() error {
	ctx := context.Background()
	if _, err := w.db.write.ExecContext(ctx, "PRAGMA busy_timeout(50)"); err != nil {
		return err
	}
	var busy, log, done int64
	err := w.db.write.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &log, &done)
	if busy != 0 {
		w.blocked = time.Now()
	}
	_, reset := w.db.write.ExecContext(ctx, "PRAGMA busy_timeout(60000)") // as it was opened
	return errors.Join(err, reset)
}

// pragmaCheckpoint returns how many pages of the log are not in the file yet.
func (w *writer) pragmaCheckpoint(mode string) (int64, error) {
	var busy, log, done int64
	err := w.db.write.QueryRowContext(context.Background(), "PRAGMA wal_checkpoint("+mode+")").Scan(&busy, &log, &done)
	return log - done, err
}

// check calls fail when err says that the disk failed, and returns err.
func (w *writer) check(err error) error {
	if diskFailed(err) {
		w.fail(err)
	}
	return err
}

// fail refuses all further writes and calls DB.Fatal. It is never retried: a
// second flush may succeed without having written what the first one lost.
func (w *writer) fail(err error) {
	if w.broken == nil {
		w.broken = fmt.Errorf("the disk failed earlier: %w", err)
		w.db.Fatal(err)
	}
}
