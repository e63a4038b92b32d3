// Package guard keeps one caller, or too many at once, from taking the server
// away from all others: it bounds how often somebody may ask, and how many
// requests are worked on at a time. What is too much is answered at once, with
// 429 or 503 and the time after which trying again makes sense.
//
// Its counts are of one node. Sign-in attempts are counted in the database, by
// package account.
package guard

import (
	"container/list"
	"fmt"
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/roundel/roundel/internal/fault"
)

// Rate is how often somebody may ask: so many times a second in the long run,
// and so many at once. The zero Rate is no limit.
type Rate struct {
	PerSecond float64
	Burst     int
}

// maxKeys bounds the callers that are remembered. Who was not seen for longest
// is forgotten first, and begins anew.
const maxKeys = 100_000

// Rates counts what each caller of one kind asks. It is safe for concurrent use.
type Rates struct {
	Rate Rate
	Now  func() time.Time

	lock   sync.Mutex
	known  map[string]*list.Element
	latest list.List // of *caller, who was seen last first
}

type caller struct {
	key     string
	limiter *rate.Limiter
}

// A LimitError says that somebody has asked too often. It is a fault with a
// sentence for them.
type LimitError struct {
	After time.Duration // to wait before trying again makes sense
}

// Error returns the sentence.
func (e *LimitError) Error() string {
	return fmt.Sprintf("That was too much at once. Try again in %s.", seconds(e.After))
}

// Unwrap returns the fault: nothing is wrong that waiting does not mend.
func (e *LimitError) Unwrap() error { return &fault.Error{Kind: fault.Unavailable, Message: e.Error()} }

// seconds names a time to wait, in whole seconds.
func seconds(d time.Duration) string {
	if n := wait(d); n != 1 {
		return fmt.Sprintf("%d seconds", n)
	}
	return "a second"
}

// wait is d in whole seconds, rounded up.
func wait(d time.Duration) int { return max(1, int(math.Ceil(d.Seconds()))) }

// Take counts one request of the caller with this key. It returns a *LimitError
// once there were too many.
func (r *Rates) Take(key string) error {
	if r == nil || r.Rate.PerSecond <= 0 {
		return nil
	}
	now := r.Now()
	reservation := r.limiter(key).ReserveN(now, 1)
	if !reservation.OK() {
		return &LimitError{time.Minute} // a burst of zero
	}
	if after := reservation.DelayFrom(now); after > 0 {
		reservation.CancelAt(now)
		return &LimitError{after}
	}
	return nil
}

func (r *Rates) limiter(key string) *rate.Limiter {
	r.lock.Lock()
	defer r.lock.Unlock()
	if e, found := r.known[key]; found {
		r.latest.MoveToFront(e)
		return e.Value.(*caller).limiter
	}
	if r.known == nil {
		r.known = map[string]*list.Element{}
	}
	if len(r.known) >= maxKeys {
		oldest := r.latest.Back()
		delete(r.known, r.latest.Remove(oldest).(*caller).key)
	}
	c := &caller{key, rate.NewLimiter(rate.Limit(r.Rate.PerSecond), r.Rate.Burst)}
	r.known[key] = r.latest.PushFront(c)
	return c.limiter
}
