package gate

import (
	"context"
	"sync"
)

// lookups lets those who ask for the same thing at the same time share one
// answer. Who comes while a look is under way waits for the next one, so that
// nobody gets an answer that is older than the question. The zero value is
// ready.
type lookups[V any] struct {
	mu    sync.Mutex
	under map[string]*look[V]
}

// look is under way; next is the one that follows it, if anybody waits for it.
type look[V any] struct{ next *shared[V] }

type shared[V any] struct {
	begin, done chan struct{}
	value       V
	err         error
}

// do returns what ask says of key. ask runs with the context of one of those
// who share the answer, but does not end with it.
func (l *lookups[V]) do(ctx context.Context, key string, ask func(context.Context) (V, error)) (V, error) {
	l.mu.Lock()
	current := l.under[key]
	if current == nil {
		if l.under == nil {
			l.under = map[string]*look[V]{}
		}
		l.under[key] = &look[V]{}
		l.mu.Unlock()
		defer l.ended(key)
		return ask(ctx)
	}
	s, leads := current.next, current.next == nil
	if leads {
		s = &shared[V]{begin: make(chan struct{}), done: make(chan struct{})}
		current.next = s
	}
	l.mu.Unlock()
	if !leads {
		select {
		case <-s.done:
			return s.value, s.err
		case <-ctx.Done():
			var none V
			return none, ctx.Err()
		}
	}
	<-s.begin
	defer l.ended(key)
	defer close(s.done)
	s.err = context.Canceled // what the others get should ask panic
	s.value, s.err = ask(context.WithoutCancel(ctx))
	return s.value, s.err
}

// ended lets those who wait for key look next.
func (l *lookups[V]) ended(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	current := l.under[key]
	if current.next == nil {
		delete(l.under, key)
		return
	}
	close(current.next.begin)
	current.next = nil
}
