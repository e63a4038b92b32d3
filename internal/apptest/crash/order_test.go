package crash

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"sync"
	"testing"
)

// TestNoAnswerBeforeItsFlush traces a server on the embedded database while
// clients award, withdraw, pause and reinstate, and looks at each good answer:
// before it left, the write-ahead log was flushed with what it promises. A
// binary built with synchronous=OFF must be caught.
func TestNoAnswerBeforeItsFlush(t *testing.T) {
	needStrace(t)
	const setting = `"synchronous(FULL)"`
	for name, c := range map[string]struct {
		binary string
		good   bool
	}{
		"as it is":        {build(t), true},
		"synchronous=OFF": {buildChanged(t, "internal/sqldb/sqlite.go", setting, `"synchronous(OFF)"`), false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, c.binary, "")
			trace := filepath.Join(t.TempDir(), "trace")
			s.wrap = strace(trace)
			running := s.start(t)
			if !s.ready(t, running) {
				running.kill(t)
			}
			promises := s.promises(t, 4, 25)
			running.stop(t)
			early, followed := undurable(readTrace(t, trace), filepath.Join(s.config.Data, "roundel.db-wal"), promises)
			t.Logf("%d answers, %d followed to the disk, %d too early", len(promises), followed, len(early))
			if followed < len(promises)*95/100 {
				t.Errorf("only %d of %d answers were found in the trace", followed, len(promises))
			}
			if c.good && len(early) > 0 {
				t.Errorf("answered before the flush: %v", early)
			}
			if !c.good && len(early) < followed/2 {
				t.Errorf("without flushes only %d of %d answers are called too early", len(early), followed)
			}
		})
	}
}

// promises has some clients, at once, each award and change a number of awards,
// and returns what they were promised.
func (s *site) promises(t *testing.T, clients, awards int) []promise {
	t.Helper()
	var mu sync.Mutex
	var all []promise
	var wg sync.WaitGroup
	for c := range clients {
		wg.Go(func() {
			for n := range awards {
				key := fmt.Sprintf("order-%d-%d", c, n)
				var got awarded
				if a := s.ask(t.Context(), s.create(key, key+"@example.org", "90 %")); a.status != http.StatusCreated || json.Unmarshal(a.body, &got) != nil {
					t.Errorf("award %s: %d %s", key, a.status, a.body)
					return
				}
				mine := []promise{{answer: "/awards/" + got.ID, kept: []string{"/awards/" + got.ID}}}
				state := s.console("/awards/" + got.ID + "/state")
				for i, r := range []request{
					s.form(state, url.Values{"do": {"suspend"}, "suspend_reason": {"not_stated"}, "suspend_note": {"paused " + key}}),
					{method: http.MethodPost, path: "/api/v1/awards/" + got.ID + "/revocation", media: "application/json", body: `{"reason":"issued_in_error","note":"withdrawn ` + key + `"}`, program: true},
				} {
					if n%2 == i {
						continue
					}
					a := s.ask(t.Context(), r)
					if a.status != http.StatusOK && a.status != http.StatusSeeOther {
						t.Errorf("change %s: %d %s", key, a.status, a.body)
						return
					}
					mine = append(mine, promise{answer: got.ID, nth: len(mine), kept: []string{"paused " + key, "withdrawn " + key}})
				}
				mu.Lock()
				all = append(all, mine...)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return all
}
