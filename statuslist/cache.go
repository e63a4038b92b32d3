package statuslist

import (
	"container/list"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"time"
)

// What a Cache does where its fields are zero.
const (
	DefaultMaxAge   = time.Minute
	DefaultProofAge = 5 * time.Minute
	DefaultMaxBytes = 64 << 20
	DefaultMaxLists = 1024
)

// newestKept is how long the newest copy of a list answers for an address that
// has gone back to an older one.
const newestKept = time.Hour

// A Cache keeps lists that were proven, so that a thousand badges of one list
// cost one fetch and one proof. Its zero value is ready; it may be used by
// several goroutines, and its fields may not be changed then.
//
// It never answers with a list that is past its end, nor with one that was
// fetched longer ago than MaxAge or the list's own time to live, whichever is
// shorter. Errors are not kept.
type Cache struct {
	// MaxAge is how long a list may be used without asking for it again; zero
	// stands for DefaultMaxAge. It is how late a withdrawal may be noticed.
	MaxAge time.Duration
	// ProofAge is how long a proof counts for the very same bytes, fetched again;
	// zero stands for DefaultProofAge. It is how late it may be noticed that the
	// issuer gave up a key without signing a new list.
	ProofAge time.Duration
	// MaxBytes and MaxLists bound what is kept; zero stands for DefaultMaxBytes
	// and DefaultMaxLists. What was not used for longest goes first.
	MaxBytes int64
	MaxLists int
	// Now tells the time; nil stands for time.Now.
	Now func() time.Time

	mu      sync.Mutex
	kept    map[string]*list.Element // of *keptList
	order   list.List                // the one used last in front
	bytes   int64
	flights map[string]*flight
}

// A Source is where a Cache gets a list from that it does not have. Both
// functions run in the goroutine that called Get.
type Source struct {
	// Fetch returns the list as it is published.
	Fetch func(context.Context) ([]byte, error)
	// Prove checks that these bytes are the list asked for, signed by whom it must
	// be and in date, and reads them. It is not called again for bytes that it
	// has proven lately.
	Prove func(ctx context.Context, body []byte) (*Published, error)
}

// A Copy is a list as a Cache gives it out.
type Copy struct {
	*Published
	Fetched time.Time // when the list was asked for
	// RolledBack says that the address now answers with an older list than this
	// one, which is from an earlier fetch: a withdrawal may be meant to be hidden.
	RolledBack bool
}

type keptList struct {
	key    string
	copy   Copy
	sum    [sha256.Size]byte // of the bytes as fetched
	proven time.Time
	until  time.Time // when the address must be asked again
	cost   int64
}

// flight is a fetch that goes on. Its fields are set before done is closed.
type flight struct {
	done chan struct{}
	copy Copy
	err  error
	own  bool // the outcome is of no use to those who waited
}

// Get returns the list under key: from memory where that is fresh, else from
// source. Of several calls for one key at a time one works, and the others wait
// for it; they share its error too, unless its ctx ended or the error wraps
// ErrNotShared.
//
// The key must hold all that the proof depends on; see Reference.Key. Errors
// are those of source and of ctx. An error that wraps ErrRollback says that the
// address has served older lists than before for too long.
func (c *Cache) Get(ctx context.Context, key string, source Source) (Copy, error) {
	for {
		if err := ctx.Err(); err != nil {
			return Copy{}, err
		}
		c.mu.Lock()
		if k := c.find(key); k != nil && c.fresh(k) {
			c.mu.Unlock()
			return k.copy, nil
		}
		f, running := c.flights[key]
		if !running {
			f = &flight{done: make(chan struct{}), own: true}
			if c.flights == nil {
				c.flights = map[string]*flight{}
			}
			c.flights[key] = f
		}
		c.mu.Unlock()
		if !running {
			return c.fly(ctx, key, source, f)
		}
		select {
		case <-f.done:
			if !f.own {
				return f.copy, f.err
			}
		case <-ctx.Done():
			return Copy{}, ctx.Err()
		}
	}
}

// fly gets the list for all who wait for f. Should source panic, they are woken
// too and try for themselves.
func (c *Cache) fly(ctx context.Context, key string, source Source, f *flight) (Copy, error) {
	defer func() {
		c.mu.Lock()
		delete(c.flights, key)
		c.mu.Unlock()
		close(f.done)
	}()
	f.copy, f.err = c.renew(ctx, key, source)
	f.own = f.err != nil && (ctx.Err() != nil || errors.Is(f.err, ErrNotShared))
	return f.copy, f.err
}

// renew fetches the list, proves it unless these bytes are proven, and keeps
// it. Only one goroutine at a time renews a key.
func (c *Cache) renew(ctx context.Context, key string, source Source) (Copy, error) {
	asked := c.now() // not when the answer came: it may have been on its way for long
	body, err := source.Fetch(ctx)
	if err != nil {
		return Copy{}, err
	}
	next := &keptList{key: key, sum: sha256.Sum256(body), proven: asked}
	c.mu.Lock()
	old := c.find(key)
	c.mu.Unlock()
	if old != nil && old.sum == next.sum && c.within(old.proven, orElse(c.ProofAge, DefaultProofAge)) && c.inDate(old.copy.Published) {
		next.proven, next.copy.Published = old.proven, old.copy.Published
	} else if next.copy.Published, err = source.Prove(ctx, body); err != nil {
		return Copy{}, err
	}
	next.copy.Fetched = asked
	if old != nil && next.copy.ValidFrom.Before(old.copy.ValidFrom) {
		if !c.within(old.copy.Fetched, newestKept) || !c.inDate(old.copy.Published) {
			return Copy{}, fmt.Errorf("%w: of %s, not %s", ErrRollback, next.copy.ValidFrom.UTC(), old.copy.ValidFrom.UTC())
		}
		again := *old
		next = &again
		next.copy.RolledBack = true
	}
	next.until = asked.Add(c.maxAge(next.copy.Published))
	next.cost = next.copy.cost() + int64(len(key))
	c.keep(next)
	return next.copy, nil
}

// keep puts k in the place of what stood under its key, and makes room. A list
// beyond MaxBytes is not kept.
func (c *Cache) keep(k *keptList) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.kept[k.key]; ok {
		c.drop(e)
	}
	most := orElse(c.MaxBytes, DefaultMaxBytes)
	if k.cost > most { // it would push out all the others, and itself
		return
	}
	if c.kept == nil {
		c.kept = map[string]*list.Element{}
	}
	c.kept[k.key] = c.order.PushFront(k)
	c.bytes += k.cost
	for c.bytes > most || len(c.kept) > orElse(c.MaxLists, DefaultMaxLists) {
		c.drop(c.order.Back())
	}
}

func (c *Cache) drop(e *list.Element) {
	k := c.order.Remove(e).(*keptList)
	delete(c.kept, k.key)
	c.bytes -= k.cost
}

// find returns what is kept under key, fresh or not, and marks it as used; nil
// if there is nothing. The caller holds mu; what is kept never changes.
func (c *Cache) find(key string) *keptList {
	e, ok := c.kept[key]
	if !ok {
		return nil
	}
	c.order.MoveToFront(e)
	return e.Value.(*keptList)
}

func (c *Cache) fresh(k *keptList) bool {
	now := c.now()
	return !now.Before(k.copy.Fetched) && now.Before(k.until) && c.inDate(k.copy.Published)
}

func (c *Cache) inDate(p *Published) bool {
	return p.ValidUntil.IsZero() || c.now().Before(p.ValidUntil)
}

// within reports whether less than d has passed since t, by a clock that may
// have been set back.
func (c *Cache) within(t time.Time, d time.Duration) bool {
	since := c.now().Sub(t)
	return since >= 0 && since < d
}

func (c *Cache) maxAge(p *Published) time.Duration {
	age := orElse(c.MaxAge, DefaultMaxAge)
	if p.TTL > 0 {
		age = min(age, p.TTL)
	}
	return age
}

func (c *Cache) now() time.Time {
	if c.Now == nil {
		return time.Now()
	}
	return c.Now()
}

// orElse returns v, or what stands for zero.
func orElse[T int | int64 | time.Duration](v, zero T) T {
	if v == 0 {
		return zero
	}
	return v
}
