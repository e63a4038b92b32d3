package apptest_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/roundel/roundel/internal/apptest"
	"github.com/roundel/roundel/internal/config"
)

// spare returns an address that nobody listens on.
func spare(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.NotFoundHandler())
	defer s.Close()
	return s.Listener.Addr().String()
}

func fetch(t *testing.T, address string) (int, string) {
	t.Helper()
	c := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	a, err := c.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	text, err := io.ReadAll(a.Body)
	if err != nil {
		t.Fatal(err)
	}
	return a.StatusCode, string(text) + a.Header.Get("Location")
}

// TestWhatAnOperatorSees: health, metrics and traces of a server that works,
// without anything of a person or a secret address in them.
func TestWhatAnOperatorSees(t *testing.T) {
	var mu sync.Mutex
	spans := map[string]int{}
	var traced strings.Builder
	traces := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var m collector.ExportTraceServiceRequest
		if err != nil || proto.Unmarshal(body, &m) != nil {
			t.Errorf("not a trace: %v", err)
		}
		mu.Lock()
		defer mu.Unlock()
		traced.WriteString(m.String())
		for _, rs := range m.ResourceSpans {
			for _, ss := range rs.ScopeSpans {
				for _, s := range ss.Spans {
					spans[s.Name]++
				}
			}
		}
	}))
	defer traces.Close()
	metrics := spare(t)
	var claim string
	t.Run("serving", func(t *testing.T) {
		h := apptest.StartHouse(t, apptest.Options{TLS: true, Settings: func(c *config.Config) { c.MetricsListen, c.OTLPEndpoint = metrics, traces.URL }})
		a := h.Award(t, "Amara Okafor", "amara@example.org")
		claim = h.ClaimPath(t, a)
		h.Client(t).Post(claim, url.Values{"answer": {"accept"}}).Want(http.StatusSeeOther)
		h.Owner.Post(h.Console+"/badges/"+h.Badge.PublicID.String()+"/award", url.Values{"name": {"Jonas Lindqvist"}, "email": {"jonas@example.org"}}).Want(http.StatusSeeOther)
		if err := h.App.Features.Jobs.Quiet(t.Context()); err != nil {
			t.Fatal(err)
		}
		for path, want := range map[string]string{"/healthz": "ok", "/readyz": "ok"} {
			if got := h.Client(t).Get(path).Want(http.StatusOK); strings.TrimSpace(string(got.Body)) != want {
				t.Errorf("%s: %s", path, got.Body)
			}
		}
		if h.Client(t).Get("/metrics").Status != http.StatusNotFound {
			t.Error("metrics are on the public address")
		}
		status, text := fetch(t, "http://"+metrics+"/metrics")
		for _, want := range []string{
			`roundel_http_requests_total{method="POST",route="POST /claim/{secret}",status="303"} 1`,
			`roundel_awards_issued_total 2`, `roundel_signature_duration_seconds_count{kind="credential",outcome="ok"} 2`,
			`roundel_jobs_waiting 0`, `roundel_jobs_parked 0`, `roundel_outbox_mails{state="waiting"} 2`, `roundel_db_group_commit_size_count`, `roundel_db_connections_open`,
			`roundel_shape_cache_misses_total`, `roundel_build_info`, `process_resident_memory_bytes`,
		} {
			if status != http.StatusOK || !strings.Contains(text, want) {
				t.Errorf("%d: metrics lack %s", status, want)
			}
		}
		tellsNothing(t, "metrics", text, claim)
	}) // stopped: what was left of the traces was sent
	mu.Lock()
	defer mu.Unlock()
	for _, want := range []string{"POST /claim/{secret}", "database write", "database read", "sign", "events for claim mails"} {
		if spans[want] == 0 && !(strings.HasPrefix(want, "events") && hasPrefix(spans, "events for ")) {
			t.Errorf("no span %q: %v", want, spans)
		}
	}
	tellsNothing(t, "traces", traced.String(), claim)
}

func hasPrefix(spans map[string]int, prefix string) bool {
	for name := range spans {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

func tellsNothing(t *testing.T, what, text, claim string) {
	t.Helper()
	for _, hidden := range []string{"Amara", "amara@", "jonas", apptest.OwnerName, apptest.OwnerEmail, strings.TrimPrefix(claim, "/claim/")} {
		if strings.Contains(text, hidden) {
			t.Errorf("%s hold %q", what, hidden)
		}
	}
}

// TestStoppingTellsFirst: while a request is under way, a server that stops
// says that it is not ready, lets the request end, and takes no more.
func TestStoppingTellsFirst(t *testing.T) {
	h := apptest.StartHouse(t, apptest.Options{})
	started, finish := make(chan struct{}), make(chan struct{})
	body, done := io.Pipe()
	answered := make(chan int, 1)
	go func() {
		r, err := http.NewRequest(http.MethodPost, h.BaseURL+"/sign-in", body)
		if err != nil {
			answered <- 0
			return
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Expect", "100-continue") // the body is sent when the server begins to read it
		c := &http.Client{Transport: &http.Transport{ExpectContinueTimeout: time.Minute}}
		a, err := c.Do(r)
		if err != nil {
			answered <- 0
			return
		}
		a.Body.Close()
		answered <- a.StatusCode
	}()
	go func() {
		_, _ = done.Write([]byte("email=a")) // returns once the server has begun to read
		close(started)
		<-finish
		done.Close()
	}()
	<-started
	closed := make(chan error, 1)
	ready := func() int {
		w := httptest.NewRecorder()
		h.App.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/readyz", nil))
		return w.Code
	}
	if code := ready(); code != http.StatusOK {
		t.Fatalf("before: %d", code)
	}
	go func() { closed <- h.App.Close() }()
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for ready() != http.StatusServiceUnavailable { // it is told within moments
		<-look.C
	}
	select {
	case err := <-closed:
		t.Fatalf("closed while a request was under way: %v", err)
	default:
	}
	close(finish)
	if code := <-answered; code != http.StatusUnprocessableEntity && code != http.StatusOK && code != http.StatusForbidden {
		t.Errorf("the request under way was answered %d", code)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if _, err := http.Get(h.BaseURL + "/healthz"); err == nil {
		t.Error("still listening")
	}
}

// TestRedirectListener sends looks at pages to https, and nothing else.
func TestRedirectListener(t *testing.T) {
	plain := spare(t)
	s := apptest.Start(t, apptest.Options{TLS: true, Settings: func(c *config.Config) { c.RedirectListen = plain }})
	if status, to := fetch(t, "http://"+plain+"/badges/x?y=z"); status != http.StatusMovedPermanently || !strings.HasSuffix(to, s.BaseURL+"/badges/x?y=z") {
		t.Errorf("%d, to %s", status, to)
	}
	a, err := http.Post("http://"+plain+"/api/v1/awards", "application/json", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	if a.Body.Close(); a.StatusCode != http.StatusBadRequest {
		t.Errorf("a POST in the clear: %d", a.StatusCode)
	}
}

// TestDocumentsOfOperating: every setting that operate.md names exists.
func TestDocumentsOfOperating(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "operate.md"))
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, line := range (&config.Config{}).Lines() {
		name, _, _ := strings.Cut(line, "=")
		known[name] = true
	}
	for _, m := range regexp.MustCompile(`ROUNDEL_[A-Z_]+[A-Z]`).FindAllString(string(text), -1) {
		if !known[m] && m != "ROUNDEL_NAME" {
			t.Errorf("docs/operate.md names %s, which is no setting", m)
		}
	}
}
