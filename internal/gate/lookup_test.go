package gate

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
)

// TestNobodyGetsAnAnswerOlderThanTheQuestion: whoever asks after something has
// changed learns of it, however many ask at once.
func TestNobodyGetsAnAnswerOlderThanTheQuestion(t *testing.T) {
	var l lookups[int64]
	var truth, looks atomic.Int64
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 500 {
				known := truth.Add(1)
				got, err := l.do(t.Context(), "key", func(context.Context) (int64, error) {
					looks.Add(1)
					return truth.Load(), nil
				})
				if err != nil || got < known {
					t.Errorf("got %d, %v after %d was true", got, err, known)
				}
			}
		})
	}
	wg.Wait()
	if n := looks.Load(); n > 16*500 {
		t.Errorf("%d looks", n)
	}
	if len(l.under) != 0 {
		t.Errorf("%d looks are under way for ever", len(l.under))
	}
}

// TestLooksAreShared: three who come during a look share the next one, one who
// gives up does not disturb it, and other keys do not wait.
func TestLooksAreShared(t *testing.T) {
	var l lookups[string]
	inside, release := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		l.do(t.Context(), "key", func(context.Context) (string, error) {
			close(inside)
			<-release
			return "first", nil
		})
	})
	<-inside
	if v, err := l.do(t.Context(), "other", func(context.Context) (string, error) { return "other", nil }); v != "other" || err != nil {
		t.Errorf("another key: %q, %v", v, err)
	}
	failure := errors.New("second")
	var looks atomic.Int64
	second := func(context.Context) (string, error) { looks.Add(1); return "", failure }
	leads := make(chan struct{})
	wg.Go(func() {
		close(leads)
		if _, err := l.do(t.Context(), "key", second); !errors.Is(err, failure) {
			t.Error(err)
		}
	})
	<-leads
	for waits := false; !waits; {
		l.mu.Lock()
		waits = l.under["key"].next != nil
		l.mu.Unlock()
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if _, err := l.do(ended, "key", second); !errors.Is(err, context.Canceled) {
		t.Errorf("one who gave up: %v", err)
	}
	for range 2 {
		wg.Go(func() {
			if _, err := l.do(t.Context(), "key", second); !errors.Is(err, failure) {
				t.Error(err)
			}
		})
	}
	close(release)
	wg.Wait()
	if n := looks.Load(); n < 1 || n > 3 {
		t.Errorf("%d looks", n)
	}
}
