package statuslist

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// shelf is an address that serves a list, and counts.
type shelf struct {
	now             time.Time
	list            Published
	body            string
	failing         error
	fetches, proofs int
}

func newShelf() *shelf {
	s := &shelf{now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), body: "first"}
	s.list = Published{Kind: Bitstring, bits: make([]byte, MinEntries/8),
		Info: Info{Issuer: "did:web:uni.edu", Purposes: []string{Revocation}, ValidFrom: s.now}}
	return s
}

func (s *shelf) source() Source {
	return Source{
		Fetch: func(context.Context) ([]byte, error) {
			s.fetches++
			return []byte(s.body), s.failing
		},
		Prove: func(_ context.Context, body []byte) (*Published, error) {
			s.proofs++
			if string(body) != s.body {
				return nil, ErrVerification
			}
			p := s.list
			return &p, nil
		},
	}
}

func (s *shelf) cache() *Cache { return &Cache{Now: func() time.Time { return s.now }} }

// get asks the cache and fails the test on another count of work than wanted.
func (s *shelf) get(t *testing.T, c *Cache, fetches, proofs int) Copy {
	t.Helper()
	got, err := c.Get(t.Context(), "k", s.source())
	if err != nil {
		t.Fatal(err)
	}
	if s.fetches != fetches || s.proofs != proofs {
		t.Fatalf("%d fetches and %d proofs, want %d and %d", s.fetches, s.proofs, fetches, proofs)
	}
	return got
}

func TestCacheFreshness(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*shelf, *Cache)
		fresh  time.Duration // for how long
	}{
		"nothing said":        {func(*shelf, *Cache) {}, time.Minute},
		"short time to live":  {func(s *shelf, _ *Cache) { s.list.TTL = 10 * time.Second }, 10 * time.Second},
		"long time to live":   {func(s *shelf, _ *Cache) { s.list.TTL = time.Hour }, time.Minute},
		"the caller's cap":    {func(_ *shelf, c *Cache) { c.MaxAge = 7 * time.Second }, 7 * time.Second},
		"it ends before that": {func(s *shelf, _ *Cache) { s.list.ValidUntil = s.now.Add(3 * time.Second) }, 3 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShelf()
			cache := s.cache()
			c.change(s, cache)
			first := s.get(t, cache, 1, 1)
			s.now = first.Fetched.Add(c.fresh - 1)
			s.get(t, cache, 1, 1)
			s.now = first.Fetched.Add(c.fresh)
			if name == "it ends before that" { // and must be proven anew, which tells that it ended
				s.get(t, cache, 2, 2)
				return
			}
			if again := s.get(t, cache, 2, 1); !again.Fetched.Equal(s.now) {
				t.Errorf("fetched at %s", again.Fetched)
			}
		})
	}
}

func TestCacheClockSetBack(t *testing.T) {
	s := newShelf()
	cache := s.cache()
	s.get(t, cache, 1, 1)
	s.now = s.now.Add(-time.Second)
	s.get(t, cache, 2, 2)
}

func TestCacheProves(t *testing.T) {
	s := newShelf()
	cache := s.cache()
	start := s.now
	s.get(t, cache, 1, 1)
	s.now = start.Add(DefaultProofAge - 1)
	s.get(t, cache, 2, 1) // the same bytes
	s.now = start.Add(DefaultProofAge + time.Minute)
	s.get(t, cache, 3, 2) // the same bytes, but a key may have been given up
	s.now, s.body = s.now.Add(time.Minute), "second"
	s.get(t, cache, 4, 3)
}

func TestCacheKeepsNoErrors(t *testing.T) {
	s := newShelf()
	cache := s.cache()
	s.failing = errors.New("no route")
	for range 2 {
		if _, err := cache.Get(t.Context(), "k", s.source()); !errors.Is(err, s.failing) {
			t.Fatalf("err = %v", err)
		}
	}
	s.failing = nil
	s.get(t, cache, 3, 1)
	// A list that was good is not an answer when the address fails later.
	s.now, s.failing = s.now.Add(time.Hour), errors.New("no route")
	if got, err := cache.Get(t.Context(), "k", s.source()); !errors.Is(err, s.failing) {
		t.Errorf("a stale answer %+v, %v", got, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := cache.Get(ctx, "k", s.source()); !errors.Is(err, context.Canceled) {
		t.Errorf("after cancel: %v", err)
	}
}

// TestCacheRollback: an address that serves an older list than it did does not
// get away with it.
func TestCacheRollback(t *testing.T) {
	s := newShelf()
	cache := s.cache()
	start := s.now
	newest := s.get(t, cache, 1, 1)
	s.now, s.body, s.list.ValidFrom = start.Add(time.Minute), "older", start.Add(-time.Hour)
	kept := s.get(t, cache, 2, 2)
	if !kept.RolledBack || !kept.ValidFrom.Equal(start) || !kept.Fetched.Equal(newest.Fetched) {
		t.Errorf("got %+v", kept)
	}
	s.now = s.now.Add(time.Second) // not asked again at once
	if again := s.get(t, cache, 2, 2); !again.RolledBack {
		t.Error("the note is lost")
	}
	s.now = start.Add(newestKept)
	if got, err := cache.Get(t.Context(), "k", s.source()); !errors.Is(err, ErrRollback) {
		t.Errorf("after an hour: %+v, %v", got, err)
	}
	s.body, s.list.ValidFrom = "newer", start.Add(30*time.Minute)
	if got := s.get(t, cache, 4, 4); got.RolledBack || !got.ValidFrom.Equal(s.list.ValidFrom) {
		t.Errorf("a newer list: %+v", got)
	}
	s.now, s.body, s.list.ValidFrom = s.now.Add(time.Minute), "no date", time.Time{}
	if got := s.get(t, cache, 5, 5); !got.RolledBack {
		t.Errorf("a list that stopped to say from when it is: %+v", got)
	}
}

func TestCacheRollbackOfAnEndedList(t *testing.T) {
	s := newShelf()
	cache := s.cache()
	s.list.ValidUntil = s.now.Add(time.Minute)
	s.get(t, cache, 1, 1)
	s.now, s.body, s.list.ValidFrom, s.list.ValidUntil = s.now.Add(time.Minute), "older", s.now.Add(-time.Hour), time.Time{}
	if got, err := cache.Get(t.Context(), "k", s.source()); !errors.Is(err, ErrRollback) {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestCacheBounds(t *testing.T) {
	s := newShelf()
	one := s.list.cost() + 2 // with its key
	for name, cache := range map[string]*Cache{
		"bytes": {MaxBytes: 3*one + 1},
		"lists": {MaxLists: 3},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShelf()
			cache.Now = func() time.Time { return s.now }
			get := func(i int) int {
				before := s.fetches
				if _, err := cache.Get(t.Context(), fmt.Sprintf("k%d", i), s.source()); err != nil {
					t.Fatal(err)
				}
				return s.fetches - before
			}
			for i := range 3 {
				get(i)
			}
			if get(0) != 0 { // and is now the one used last
				t.Error("0 is gone too early")
			}
			get(3)
			if get(0) != 0 || get(2) != 0 || get(3) != 0 || get(1) != 1 {
				t.Error("another list than the one used longest ago went")
			}
			if len(cache.kept) != 3 || cache.order.Len() != 3 || cache.bytes != 3*one {
				t.Errorf("%d and %d lists, %d bytes", len(cache.kept), cache.order.Len(), cache.bytes)
			}
		})
	}
	cache := s.cache()
	cache.MaxBytes = one
	s.get(t, cache, 1, 1)
	s.list.bits = make([]byte, MinEntries)
	s.now, s.body = s.now.Add(time.Hour), "large"
	s.get(t, cache, 2, 2)
	s.get(t, cache, 3, 3)
	if cache.bytes != 0 {
		t.Errorf("%d bytes kept of a list that is too large", cache.bytes)
	}
}

// TestCacheSharesOneFetch: a thousand badges of one list cost one fetch and one
// proof, whoever came first.
func TestCacheSharesOneFetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, arrived := newShelf(), make(chan struct{})
		src := s.source()
		fetch := src.Fetch
		src.Fetch = func(ctx context.Context) ([]byte, error) {
			<-arrived
			return fetch(ctx)
		}
		cache := &Cache{}
		var wg sync.WaitGroup
		for range 1000 {
			wg.Go(func() {
				if got, err := cache.Get(t.Context(), "k", src); err != nil || got.Issuer != "did:web:uni.edu" {
					t.Errorf("%+v, %v", got, err)
				}
			})
		}
		synctest.Wait()
		close(arrived)
		wg.Wait()
		if s.fetches != 1 || s.proofs != 1 {
			t.Errorf("%d fetches, %d proofs", s.fetches, s.proofs)
		}
	})
}

// TestCacheSharedFailure: those who wait share an error, but not that of a
// caller who gave up, ran out of budget or panicked.
func TestCacheSharedFailure(t *testing.T) {
	broken := errors.New("no route")
	for name, c := range map[string]struct {
		err     error
		fetches int
	}{
		"an error of the address": {broken, 1},
		"an error of one caller":  {fmt.Errorf("budget: %w", ErrNotShared), 2},
		"a panic":                 {nil, 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, release := newShelf(), make(chan struct{})
				cache := &Cache{}
				var wg sync.WaitGroup
				wg.Go(func() {
					defer func() { _ = recover() }()
					_, err := cache.Get(t.Context(), "k", Source{Fetch: func(context.Context) ([]byte, error) {
						s.fetches++
						<-release
						if c.err == nil {
							panic("mistake")
						}
						return nil, c.err
					}})
					if !errors.Is(err, c.err) {
						t.Errorf("the first caller gets %v", err)
					}
				})
				synctest.Wait()
				wg.Go(func() {
					_, err := cache.Get(t.Context(), "k", s.source())
					if (c.fetches == 1) != errors.Is(err, broken) || c.fetches == 2 && err != nil {
						t.Errorf("the second caller gets %v", err)
					}
				})
				synctest.Wait()
				close(release)
				wg.Wait()
				if s.fetches != c.fetches {
					t.Errorf("%d fetches", s.fetches)
				}
			})
		})
	}
}

func TestCacheCallerGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShelf()
		cache := &Cache{}
		first, giveUp := context.WithCancel(t.Context())
		second, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := cache.Get(first, "k", Source{Fetch: func(ctx context.Context) ([]byte, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			}})
			if !errors.Is(err, context.Canceled) {
				t.Errorf("the first caller gets %v", err)
			}
		})
		synctest.Wait()
		wg.Go(func() {
			if _, err := cache.Get(second, "k", s.source()); !errors.Is(err, context.Canceled) {
				t.Errorf("who stops waiting gets %v", err)
			}
		})
		wg.Go(func() {
			if _, err := cache.Get(t.Context(), "k", s.source()); err != nil {
				t.Errorf("who waits gets %v", err)
			}
		})
		synctest.Wait()
		cancel()
		synctest.Wait()
		giveUp()
		wg.Wait()
		if s.fetches != 1 {
			t.Errorf("%d fetches", s.fetches)
		}
	})
}
