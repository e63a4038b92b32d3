package blob

import (
	"container/list"
	"sync"
)

// cache keeps the blobs that were asked for last, up to a number of bytes. A
// blob never changes, so nothing in it grows old.
type cache struct {
	most int // bytes

	mu    sync.Mutex
	bytes int
	order *list.List // of *kept, the last used first
	byKey map[string]*list.Element
}

type kept struct {
	key  string
	data []byte
}

func newCache(most int) *cache {
	return &cache{most: most, order: list.New(), byKey: map[string]*list.Element{}}
}

// get returns a blob that is kept. Callers must not change it.
func (c *cache) get(key string) ([]byte, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.byKey[key]
	if !ok {
		return nil, false
	}
	c.order.MoveToFront(e)
	return e.Value.(*kept).data, true
}

// add keeps a blob, unless it would take more than an eighth of the room.
func (c *cache) add(key string, data []byte) {
	if len(data) > c.most/8 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.byKey[key]; ok {
		return
	}
	c.byKey[key] = c.order.PushFront(&kept{key, data})
	c.bytes += len(data)
	for c.bytes > c.most {
		last := c.order.Back()
		old := c.order.Remove(last).(*kept)
		delete(c.byKey, old.key)
		c.bytes -= len(old.data)
	}
}
