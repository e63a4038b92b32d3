package jsonld

import "sync"

// step is the application of a local context to an active one.
type step struct {
	active *active
	local  *local
	mode   mode
}

// cache remembers steps. Documents choose which there are, so it is bounded: the
// terms in its active contexts are counted. When the young half is full, it
// becomes the old half, and what was not asked for since then is forgotten.
//
// It is safe for concurrent use.
type cache struct {
	mu         sync.RWMutex
	young, old map[step]*active
	size       int // of the young half
	limit      int // of size; 0 is maxCached
}

// maxCached is the number of terms in half of a cache; an entry of a map of them
// takes some 30 bytes.
const maxCached = 200_000

func (c *cache) get(s step) *active {
	c.mu.RLock()
	a, young := c.young[s]
	if !young {
		a = c.old[s]
	}
	c.mu.RUnlock()
	if a != nil && !young {
		c.put(s, a)
	}
	return a
}

// put remembers the result of s. Another caller may have been faster: what it
// made is returned then, so that equal contexts are one.
func (c *cache) put(s step, a *active) *active {
	c.mu.Lock()
	defer c.mu.Unlock()
	if first := c.young[s]; first != nil {
		return first
	}
	weight := 8
	if a != s.active {
		weight += len(a.terms)
	}
	limit := c.limit
	if limit == 0 {
		limit = maxCached
	}
	if c.young == nil || c.size+weight > limit {
		c.old, c.young, c.size = c.young, map[step]*active{}, 0
	}
	c.young[s] = a
	c.size += weight
	return a
}

// session applies contexts for one document. What only that document can ask
// for again is kept out of the shared cache.
type session struct {
	contexts *Contexts
	own      map[step]*active
}

// apply is process with memory.
func (s *session) apply(a *active, l *local, m mode) (*active, error) {
	at := step{a, l, m}
	own := a.ofOneReader || l.inline
	var result *active
	if own {
		result = s.own[at]
	} else {
		result = s.contexts.cache.get(at)
	}
	if result != nil {
		return result, nil
	}
	result, err := s.process(a, l, m)
	if err != nil {
		return nil, err
	}
	if !own {
		return s.contexts.cache.put(at, result), nil
	}
	if s.own == nil {
		s.own = map[step]*active{}
	}
	s.own[at] = result
	return result, nil
}
