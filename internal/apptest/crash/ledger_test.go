package crash

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"testing"
)

// ledger is what clients were told, kept where no kill of a server reaches it.
type ledger struct {
	mu       sync.Mutex
	acks     int            // answers that promised something
	replays  int            // of those, repetitions of what was promised before
	lost     int            // requests without an answer, which were sent again
	faults   int            // answers that something went wrong
	kinds    map[string]int // acks by what was asked
	awards   []*entry
	batches  []*sheetEntry
	badges   []string // paths of badges with pictures
	others   []string // addresses that were awarded before
	wrong    []string // promises that were seen broken while the load ran
	reached  int      // tell when there are so many acks
	arrived  chan struct{}
	failures bool // answers of 5xx are no surprise: the database is taken away too
}

func newLedger() *ledger { return &ledger{kinds: map[string]int{}, reached: -1} }

// entry is an award that was acknowledged, and all that was acknowledged of it.
type entry struct {
	key, email, result string
	id                 string
	document           [sha256.Size]byte
	state              string // current, suspended or revoked
	link               string // secret of a claim link
	claim              string // waiting, accepted or declined
}

// sheetEntry is a spreadsheet whose awarding was acknowledged.
type sheetEntry struct {
	path string
	rows []string // addresses
}

// ack notes that a promise was made.
func (l *ledger) ack(kind string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.acks++
	l.kinds[kind]++
	if l.reached >= 0 && l.acks >= l.reached {
		close(l.arrived)
		l.reached = -1
	}
}

func (l *ledger) count(n *int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	*n++
}

// broken notes a promise that was not kept.
func (l *ledger) broken(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.wrong) < 50 {
		l.wrong = append(l.wrong, fmt.Sprintf(format, args...))
	}
}

// more returns a channel that is closed after n more acks.
func (l *ledger) more(n int) <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reached, l.arrived = l.acks+n, make(chan struct{})
	return l.arrived
}

// report fails the test for every promise that was not kept.
func (l *ledger) report(t *testing.T) {
	t.Helper()
	for _, w := range l.wrong {
		t.Error(w)
	}
	t.Logf("%d acknowledgements %v, %d of them again; %d requests had no answer and were sent again, %d were answered by a fault", l.acks, l.kinds, l.replays, l.lost, l.faults)
}

// awarded is the answer to a request for an award, as far as it is promised.
type awarded struct {
	ID         string          `json:"id"`
	State      string          `json:"state"`
	Claim      string          `json:"claim"`
	Credential json.RawMessage `json:"credential"`
}

// insist sends r until there is an answer that decides it. A client that got
// none, or a fault of the server's, cannot know what was done. It reports
// false when ctx ended, and whether r had to be sent again.
func (s *site) insist(ctx context.Context, l *ledger, r request) (a answer, again, ok bool) {
	for ; ctx.Err() == nil; again = true {
		generation := s.current()
		a = s.ask(ctx, r)
		switch {
		case a.status == 0:
			l.count(&l.lost)
		case a.status >= http.StatusInternalServerError || a.status == http.StatusTooManyRequests:
			l.count(&l.faults)
			if !l.failures {
				l.broken("%s %s: status %d: %.300s", r.method, r.path, a.status, a.body)
			}
		default:
			return a, again, true
		}
		s.next(ctx, generation)
	}
	return answer{}, again, false
}
