package signedlist

import (
	"errors"
	"sync"
	"testing"
	"time"
)

// store is a list in memory.
type store struct {
	mu    sync.Mutex
	state State
	now   time.Time
	reads int
	signs int
}

func (s *store) read() (State, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads++
	return s.state, nil
}

func (s *store) sign() ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.signs++
	s.state.Signed, s.state.SignedAt, s.state.Document = s.state.Version, s.now, []byte{byte(s.state.Version)}
	return s.state.Document, nil
}

func (s *store) clock() time.Time { return s.now }

func TestCurrent(t *testing.T) {
	s := &store{now: time.Date(2026, 5, 30, 12, 0, 0, 0, time.UTC)}
	var k Keeper
	want := func(version byte, signs int) {
		t.Helper()
		doc, err := k.Current(s.clock, s.read, s.sign)
		if err != nil || len(doc) != 1 || doc[0] != version || s.signs != signs {
			t.Errorf("got %v, %v after %d signatures, want version %d after %d", doc, err, s.signs, version, signs)
		}
	}
	want(0, 1) // never signed
	want(0, 1)
	s.state.Version++
	want(1, 2) // an entry changed
	want(1, 2)
	s.now = s.now.Add(Renewal - 1)
	want(1, 2)
	s.now = s.now.Add(1)
	want(1, 3) // old
}

// TestCurrentSignsOnce: of many who ask for a list at once one has it signed.
func TestCurrentSignsOnce(t *testing.T) {
	s := &store{now: time.Now()}
	var k Keeper
	const many = 20
	var wait sync.WaitGroup
	var all sync.WaitGroup // have read before anybody signs
	all.Add(many)
	for range many {
		wait.Go(func() {
			first := true
			doc, err := k.Current(s.clock, func() (State, error) {
				state, err := s.read()
				if first {
					first = false
					all.Done()
					all.Wait()
				}
				return state, err
			}, s.sign)
			if err != nil || doc == nil {
				t.Errorf("got %v, %v", doc, err)
			}
		})
	}
	wait.Wait()
	if s.signs != 1 || s.reads != 2*many {
		t.Errorf("%d signatures and %d reads", s.signs, s.reads)
	}
}

// TestCurrentFails: errors come out, and the next who asks is served.
func TestCurrentFails(t *testing.T) {
	s := &store{now: time.Now()}
	var k Keeper
	broken := errors.New("broken")
	if _, err := k.Current(s.clock, func() (State, error) { return State{}, broken }, s.sign); !errors.Is(err, broken) || s.signs != 0 {
		t.Errorf("read: %v after %d signatures", err, s.signs)
	}
	if _, err := k.Current(s.clock, s.read, func() ([]byte, error) { return nil, broken }); !errors.Is(err, broken) {
		t.Errorf("sign: %v", err)
	}
	if doc, err := k.Current(s.clock, s.read, s.sign); err != nil || doc == nil {
		t.Errorf("afterwards: %v, %v", doc, err)
	}
}
