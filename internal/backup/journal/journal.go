package journal

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/roundel/roundel/internal/event"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/sqldb"
)

// EventBackup is the event of a backup that begins.
const EventBackup = "backup.begun"

// EventErased is the event of an erasure; its subject is a row of that table.
const EventErased = "recipient.erased"

// Journal follows the database's events and writes what matters into a file of
// this process in Dir. Several nodes write a file each; every file is complete.
type Journal struct {
	DB  *sqldb.DB
	Dir string
	Now func() time.Time
	Log *slog.Logger
	// Fatal is called when the disk did not flush; see sqldb.DB. It may be nil.
	Fatal func(error)

	stop    func()       // set by Start
	started atomic.Int64 // flushes that have begun
	mu      sync.Mutex
	good    int64 // the last flush that ended well
	broken  error // the disk failed under a flush: nothing is written after
	file    *os.File
	last    string // hash of the last line
	size    int64
	cursor  int64 // the last event that the file, or this process, has seen
	wrote   time.Time
	written int64 // the last event that the file says it has seen
	known   map[string]bool
}

// Flush returns once everything that was committed before the call stands in
// the journal, durably. Many who wait share one flush.
func (j *Journal) Flush(ctx context.Context) error {
	seen := j.started.Load()
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.broken != nil {
		return unavailable(j.broken)
	}
	if j.good > seen { // one began after the call and has ended well
		return nil
	}
	this := j.started.Add(1)
	ctx = sqldb.ForInstallation(context.WithoutCancel(ctx))
	if err := j.flush(ctx); err != nil {
		if j.broken == nil { // read it again, and drop the half line that a full disk may have left
			j.close()
		}
		return unavailable(err)
	}
	j.good = this
	return nil
}

func unavailable(err error) error {
	return fault.Wrap(fault.Unavailable, err, "This was done, but could not be written into the journal beside the backups. Tell the operator.")
}

func (j *Journal) flush(ctx context.Context) error {
	if j.file == nil {
		if err := j.open(ctx); err != nil {
			return err
		}
	}
	for {
		events, err := event.Next(ctx, j.DB, j.cursor, 500)
		if err != nil {
			return err
		}
		if len(events) == 0 {
			return j.beat()
		}
		entries, err := j.tell(ctx, events)
		if err != nil {
			return err
		}
		to := events[len(events)-1].ID
		if len(entries) > 0 || to-j.written > 10_000 {
			if err := j.append(append(entries, Entry{Kind: through, At: j.Now().UnixMilli(), Event: to})); err != nil {
				return err
			}
			j.written = to
		}
		j.cursor = to
	}
}

// pulse is how often a journal says that it is being written, so that whoever
// restores sees how far it reaches.
const pulse = 10 * time.Minute

// beat writes a line when there was none for a while.
func (j *Journal) beat() error {
	now := j.Now()
	if now.Sub(j.wrote) < pulse {
		return nil
	}
	err := j.append([]Entry{{Kind: through, At: now.UnixMilli(), Event: j.cursor}})
	if err == nil {
		j.written = j.cursor
	}
	return err
}

// append writes entries and waits for the disk. When the disk does not flush,
// nothing more is written: what the file holds is known only to a process that
// reads it again.
func (j *Journal) append(entries []Entry) error {
	var text []byte
	last := j.last
	for _, e := range entries {
		e.Prev = last
		line, hash, err := e.line()
		if err != nil {
			return err
		}
		text, last = append(text, line...), hash
	}
	if _, err := j.file.WriteAt(text, j.size); err != nil {
		return err
	}
	if err := j.file.Sync(); err != nil {
		j.broken = fmt.Errorf("journal %s: %w", j.file.Name(), err)
		if j.Fatal != nil {
			j.Fatal(j.broken)
		}
		return j.broken
	}
	j.last, j.size, j.wrote = last, j.size+int64(len(text)), j.Now()
	for _, e := range entries {
		if e.Kind == list {
			j.known[e.List] = true
		}
	}
	return nil
}

// open takes the first file in Dir that nobody else writes and that goes on
// from this database, or begins one with all that has happened so far.
func (j *Journal) open(ctx context.Context) error {
	g, err := Ensure(ctx, j.DB, j.Now())
	if err != nil {
		return err
	}
	if err := os.MkdirAll(j.Dir, 0o700); err != nil {
		return err
	}
	for n := 1; n < 10_000; n++ {
		path := filepath.Join(j.Dir, fmt.Sprintf("roundel-%d%s", n, Ending))
		ok, err := j.take(path, g)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if !ok {
			continue
		}
		if j.size == 0 {
			return j.snapshot(ctx, g)
		}
		return nil
	}
	return errors.New("the folder of the journal holds too many files")
}

// Ending is how the names of journals end.
const Ending = ".journal"

// take opens a file and reports whether it is ours to write.
func (j *Journal) take(path string, g Generation) (ours bool, err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return false, err
	}
	defer func() {
		if !ours {
			err = errors.Join(err, f.Close())
		}
	}()
	if free, err := lockFile(f); err != nil || !free {
		return false, err
	}
	var cursor int64
	same, finished, known := true, false, map[string]bool{}
	last, size, err := read(f, func(e Entry) error {
		switch e.Kind {
		case begin:
			same = e.Generation == g.ID
		case through:
			cursor, finished = e.Event, true
		case list:
			known[e.List] = true
		}
		return nil
	})
	if err != nil || !same {
		return false, err
	}
	if !finished { // its beginning was cut off by a crash
		last, size, known = "", 0, map[string]bool{}
	}
	if err := errors.Join(f.Truncate(size), f.Sync(), syncFolder(filepath.Dir(path))); err != nil {
		return false, err
	}
	j.file, j.last, j.size, j.cursor, j.written, j.known = f, last, size, cursor, cursor, known
	return true, nil
}

// Start brings the journal up to date and then writes what other nodes and
// jobs have changed, every second, until Stop. Without a journal that can be
// written nothing may be withdrawn, so it is an error when that fails.
func (j *Journal) Start(ctx context.Context) error {
	if err := j.Flush(ctx); err != nil {
		return fmt.Errorf("journal in %s: %w", j.Dir, errors.Unwrap(err))
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	j.stop = func() { cancel(); <-ended }
	go func() {
		defer close(ended)
		j.keep(ctx)
	}()
	return nil
}

func (j *Journal) keep(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := j.Flush(ctx); err != nil {
				j.Log.ErrorContext(ctx, "the journal is behind", "error", err)
			}
		}
	}
}

// Stop ends what Start began, notes how far the journal is, and lets another
// process write the file.
func (j *Journal) Stop() {
	if j.stop != nil {
		j.stop()
		j.stop = nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.file != nil && j.broken == nil && j.cursor > j.written {
		_ = j.append([]Entry{{Kind: through, At: j.Now().UnixMilli(), Event: j.cursor}}) // without it the next start reads on from before
	}
	j.close()
}

func (j *Journal) close() {
	if j.file != nil {
		_ = j.file.Close() // all that counts was synced
		j.file = nil
	}
}

// Generation names the data that a journal goes on from.
type Generation struct {
	ID   string
	Salt []byte
}

// Ensure returns the generation of the database, which is drawn the first time.
func Ensure(ctx context.Context, db *sqldb.DB, now time.Time) (g Generation, err error) {
	err = db.Write(ctx, func(tx *sqldb.Tx) error { g, err = EnsureIn(ctx, tx, now); return err })
	return g, err
}

// EnsureIn is Ensure in the caller's transaction.
func EnsureIn(ctx context.Context, tx *sqldb.Tx, now time.Time) (g Generation, err error) {
	err = tx.QueryRow(ctx, `SELECT generation, salt FROM journal WHERE id = 1`).Scan(&g.ID, &g.Salt)
	if !errors.Is(err, sqldb.ErrNoRows) {
		return g, err
	}
	g.ID, g.Salt = strings.ToLower(rand.Text()), make([]byte, 32)
	rand.Read(g.Salt) // never fails: crypto/rand ends the process instead
	_, err = tx.Exec(ctx, `INSERT INTO journal (id, generation, salt, created_at) VALUES (1, $1, $2, $3)`, g.ID, g.Salt, sqldb.Millis(now))
	return g, err
}

// Renew gives a restored database a generation of its own, in the caller's
// transaction. The salt stays, unless the database had none yet: then it is
// that of the journal, if there is one.
func Renew(ctx context.Context, tx *sqldb.Tx, salt []byte, now time.Time) error {
	g, err := EnsureIn(ctx, tx, now)
	if err != nil {
		return err
	}
	if len(salt) > 0 {
		g.Salt = salt
	}
	_, err = tx.Exec(ctx, `UPDATE journal SET generation = $1, salt = $2, created_at = $3 WHERE id = 1`, strings.ToLower(rand.Text()), g.Salt, sqldb.Millis(now))
	return err
}

func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
