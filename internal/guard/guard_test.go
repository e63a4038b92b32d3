package guard_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/guard"
)

func TestRates(t *testing.T) {
	now := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	r := &guard.Rates{Rate: guard.Rate{PerSecond: 2, Burst: 3}, Now: func() time.Time { return now }}
	for n := range 3 {
		if err := r.Take("a"); err != nil {
			t.Errorf("request %d of a burst of three: %v", n, err)
		}
	}
	err := r.Take("a")
	var limit *guard.LimitError
	if !errors.As(err, &limit) || limit.After != 500*time.Millisecond || fault.KindOf(err) != fault.Unavailable || !strings.Contains(fault.Message(err), "Try again in a second") {
		t.Errorf("the fourth: %v, %q", err, fault.Message(err))
	}
	if err := r.Take("b"); err != nil {
		t.Errorf("somebody else: %v", err)
	}
	now = now.Add(500 * time.Millisecond)
	if err := r.Take("a"); err != nil { // what was refused did not count
		t.Errorf("after half a second: %v", err)
	}
	if err := r.Take("a"); err == nil {
		t.Error("two after half a second")
	}
	if err := (&guard.Rates{}).Take("a"); err != nil {
		t.Errorf("no limit: %v", err)
	}
}

func TestRatesForgetWhoWasNotSeenForLongest(t *testing.T) {
	r := &guard.Rates{Rate: guard.Rate{PerSecond: 0.001, Burst: 1}, Now: time.Now}
	for n := range 100_000 {
		if err := r.Take(fmt.Sprint(n)); err != nil {
			t.Fatal(err)
		}
	}
	if r.Take("0") == nil {
		t.Error("forgotten while there is room")
	}
	if err := r.Take("another"); err != nil {
		t.Fatal(err)
	}
	if r.Take("0") == nil {
		t.Error("who was seen last is forgotten first")
	}
	if err := r.Take("1"); err != nil {
		t.Errorf("who was not seen for longest is still known: %v", err)
	}
}

func TestAddressesCountLookingAndActingApart(t *testing.T) {
	now := func() time.Time { return time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC) }
	a := &guard.Addresses{
		Looking: &guard.Rates{Rate: guard.Rate{PerSecond: 1, Burst: 2}, Now: now},
		Acting:  &guard.Rates{Rate: guard.Rate{PerSecond: 1, Burst: 1}, Now: now},
	}
	h := a.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNoContent) }),
		func(r *http.Request) string { return r.Header.Get("From") }, func(r *http.Request) bool { return r.URL.Path == "/healthz" })
	ask := func(method, path, from, token string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, path, nil)
		r.Header.Set("From", from)
		if token != "" {
			r.Header.Set("Authorization", token)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	for _, c := range []struct {
		method, path, from, token string
		want                      int
	}{
		{"GET", "/", "192.0.2.1", "", 204}, {"GET", "/", "192.0.2.1", "", 204}, {"HEAD", "/", "192.0.2.1", "", 429},
		{"POST", "/", "192.0.2.1", "", 204}, {"POST", "/", "192.0.2.1", "", 429}, {"DELETE", "/", "192.0.2.1", "", 429},
		{"GET", "/healthz", "192.0.2.1", "", 204}, {"POST", "/", "192.0.2.1", "Bearer x", 429},
		{"POST", "/", "192.0.2.2", "", 204},
		{"POST", "/", "2001:db8:0:1::1", "", 204}, {"POST", "/", "2001:db8:0:1:9::2", "", 429}, {"POST", "/", "2001:db8:0:2::1", "", 204},
		{"POST", "/", "::ffff:192.0.2.9", "", 204},
	} {
		w := ask(c.method, c.path, c.from, c.token)
		if w.Code != c.want {
			t.Errorf("%s %s from %s: %d, want %d", c.method, c.path, c.from, w.Code, c.want)
		}
		if w.Code == 429 && (w.Header().Get("Retry-After") != "1" || !strings.Contains(w.Body.String(), "Try again")) {
			t.Errorf("429 with %v and %s", w.Header(), w.Body)
		}
	}
}

// TestShed lets two work and one wait; the fourth is sent away at once, the
// third when it has lost its patience.
func TestShed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		s := guard.NewShed(2, 1, time.Second)
		h := s.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/" {
				<-release
			}
			w.WriteHeader(http.StatusNoContent)
		}), func(r *http.Request) bool { return r.URL.Path == "/healthz" })
		ask := func(path string) *httptest.ResponseRecorder {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
			return w
		}
		var work sync.WaitGroup
		codes := make(chan int, 4)
		start := time.Now()
		for range 3 {
			work.Go(func() { codes <- ask("/").Code })
			synctest.Wait()
		}
		if w := ask("/"); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" || time.Since(start) != 0 {
			t.Errorf("the fourth: %d %v after %v", w.Code, w.Header(), time.Since(start))
		}
		if code := <-codes; code != http.StatusServiceUnavailable || time.Since(start) != time.Second {
			t.Errorf("the third: %d after %v", code, time.Since(start))
		}
		if w := ask("/healthz"); w.Code != http.StatusNoContent {
			t.Errorf("health: %d", w.Code)
		}
		work.Go(func() { codes <- ask("/").Code }) // waits, and gets the turn of the first that ends
		synctest.Wait()
		close(release)
		work.Wait()
		for range 3 {
			if code := <-codes; code != http.StatusNoContent {
				t.Errorf("one that had its turn: %d", code)
			}
		}
	})
}

// TestNotAllComeBackAtOnce: those who are sent away are told different times.
func TestNotAllComeBackAtOnce(t *testing.T) {
	told := map[string]bool{}
	for range 200 {
		w := httptest.NewRecorder()
		guard.Busy(w)
		told[w.Header().Get("Retry-After")] = true
	}
	if len(told) != 4 || !told["1"] || !told["4"] {
		t.Errorf("told %v", told)
	}
}
