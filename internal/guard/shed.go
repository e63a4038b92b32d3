package guard

import (
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"github.com/roundel/roundel/internal/observe"
)

// Shed bounds the requests that are worked on at the same time. The rest waits
// in a line; when the line is long or the wait too, they are answered 503: an
// answer that comes too late is work for nobody, and keeps the others waiting.
type Shed struct {
	// Patience is how long a request may wait for its turn.
	Patience time.Duration

	turns chan struct{} // a place for each that is worked on
	line  chan struct{} // a place for each that waits
}

// NewShed returns a Shed that works on so many requests at a time and lets as
// many wait. A size of zero or less is no limit.
func NewShed(atOnce, waiting int, patience time.Duration) *Shed {
	s := &Shed{Patience: patience}
	if atOnce > 0 {
		s.turns, s.line = make(chan struct{}, atOnce), make(chan struct{}, max(0, waiting))
	}
	return s
}

// Handler returns next behind the bound. What free reports true for is answered
// whatever the load: health, for example.
func (s *Shed) Handler(next http.Handler, free func(*http.Request) bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.turns == nil || free(r) {
			next.ServeHTTP(w, r)
			return
		}
		if !s.enter(r) {
			Busy(w)
			return
		}
		defer func() { <-s.turns }()
		next.ServeHTTP(w, r)
	})
}

// enter waits for a turn.
func (s *Shed) enter(r *http.Request) bool {
	select {
	case s.turns <- struct{}{}:
		return true
	default:
	}
	select {
	case s.line <- struct{}{}:
		defer func() { <-s.line }()
	default:
		return false
	}
	patience := time.NewTimer(s.Patience)
	defer patience.Stop()
	select {
	case s.turns <- struct{}{}:
		return true
	case <-patience.C:
	case <-r.Context().Done():
	}
	return false
}

// Busy answers a request for which there is no time: 503, as a problem document
// (RFC 9457) that people can read too. Not everybody is to come again at the same
// time.
func Busy(w http.ResponseWriter) {
	refuse(w, http.StatusServiceUnavailable, time.Duration(1+rand.IntN(4))*time.Second, "There is more to do than this server can manage right now. Try again in a few seconds; nothing was changed.")
}

// TooMany answers somebody who has asked too often: 429.
func TooMany(w http.ResponseWriter, e *LimitError) {
	refuse(w, http.StatusTooManyRequests, e.After, e.Error())
}

func refuse(w http.ResponseWriter, status int, after time.Duration, sentence string) {
	h := w.Header()
	h.Set("Retry-After", strconv.Itoa(wait(after)))
	h.Set("Cache-Control", "no-store")
	observe.Problem(w, status, sentence, nil)
}
