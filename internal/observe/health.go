package observe

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Check is one thing that must hold for this process to answer well.
type Check struct {
	Name string
	Do   func(ctx context.Context) error
}

// Health answers load balancers and service managers.
type Health struct {
	Now    func() time.Time
	Checks []Check

	draining atomic.Bool
	mu       sync.Mutex
	at       time.Time
	last     error
}

// healthKept is how long a look at the checks is good for: nobody can make the
// checks a burden by asking often.
const healthKept = time.Second

// Drain makes Ready answer no from now on.
func (h *Health) Drain() { h.draining.Store(true) }

// Live answers that the process lives. It asks nothing and nobody: a database
// that is away is no reason to kill the process.
func (h *Health) Live(w http.ResponseWriter, _ *http.Request) {
	say(w, http.StatusOK, "ok")
}

// Ready answers whether requests should be sent here. What is wrong is named
// by the check, not by the error's text: anybody may ask.
func (h *Health) Ready(w http.ResponseWriter, r *http.Request) {
	if err := h.Err(r.Context()); err != nil {
		say(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	say(w, http.StatusOK, "ok")
}

func say(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text + "\n")) // the asker has gone: nothing to do
}

// Err returns what keeps the process from answering well.
func (h *Health) Err(ctx context.Context) error {
	if h.draining.Load() {
		return errors.New("stopping")
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if now := h.Now(); h.at.IsZero() || now.Sub(h.at) >= healthKept || now.Before(h.at) {
		h.at, h.last = now, h.look(context.WithoutCancel(ctx))
	}
	return h.last
}

// look makes every check, each for at most two seconds.
func (h *Health) look(ctx context.Context) error {
	var failed []string
	for _, c := range h.Checks {
		bounded, cancel := context.WithTimeout(ctx, 2*time.Second)
		if err := c.Do(bounded); err != nil {
			failed = append(failed, c.Name)
		}
		cancel()
	}
	if len(failed) == 0 {
		return nil
	}
	return fmt.Errorf("not ready: %s", strings.Join(failed, ", "))
}
