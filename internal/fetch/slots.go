package fetch

import (
	"context"
	"fmt"
	"sync"
)

// slots bounds the requests that are under way to each host.
type slots struct {
	mu    sync.Mutex
	hosts map[string]*slot // only hosts that somebody holds or waits for
}

type slot struct {
	taken chan struct{} // one element for each request under way
	users int           // holders and waiters; guarded by slots.mu
}

// take waits until fewer than limit requests to host are under way, or until
// ctx ends. The caller calls release once, after the request.
func (s *slots) take(ctx context.Context, host string, limit int) (release func(), err error) {
	s.mu.Lock()
	if s.hosts == nil {
		s.hosts = map[string]*slot{}
	}
	one := s.hosts[host]
	if one == nil {
		one = &slot{taken: make(chan struct{}, limit)}
		s.hosts[host] = one
	}
	one.users++
	s.mu.Unlock()

	select {
	case one.taken <- struct{}{}:
		return func() {
			<-one.taken
			s.leave(host, one)
		}, nil
	case <-ctx.Done():
		s.leave(host, one)
		return nil, fmt.Errorf("too many requests to this host are under way: %w", ctx.Err())
	}
}

// leave forgets a host that nobody uses any more.
func (s *slots) leave(host string, one *slot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if one.users--; one.users == 0 {
		delete(s.hosts, host)
	}
}
