package sqldb

import "sync"

// listeners are functions to call after a commit, by topic.
type listeners struct {
	mu      sync.Mutex
	next    int
	byTopic map[string]map[int]func()
}

// Listen calls fn, in the goroutine that wrote, after each commit of a
// transaction that called Tx.Signal(topic) on this DB. fn must return at once.
// Other nodes are not told: they poll. The function that Listen returns ends it.
func (db *DB) Listen(topic string, fn func()) (stop func()) {
	l := &db.listeners
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.byTopic == nil {
		l.byTopic = map[string]map[int]func(){}
	}
	if l.byTopic[topic] == nil {
		l.byTopic[topic] = map[int]func(){}
	}
	id := l.next
	l.next++
	l.byTopic[topic][id] = fn
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.byTopic[topic], id)
	}
}

// tell calls the listeners of each topic.
func (l *listeners) tell(topics []string) {
	if len(topics) == 0 {
		return
	}
	var call []func()
	l.mu.Lock()
	for _, t := range topics {
		for _, fn := range l.byTopic[t] {
			call = append(call, fn)
		}
	}
	l.mu.Unlock()
	for _, fn := range call {
		fn()
	}
}
