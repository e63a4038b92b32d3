package observe_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/roundel/roundel/internal/observe"
)

// house is a front with some routes behind it.
func house(log *slog.Logger, m *observe.Metrics) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /claim/{secret}", func(w http.ResponseWriter, r *http.Request) {
		log.InfoContext(r.Context(), "opened", "what", "a\nlevel=ERROR msg=forged")
		_, _ = io.WriteString(w, observe.RequestID(r.Context())+" "+observe.ClientAddress(r.Context()))
	})
	mux.HandleFunc("GET /panic", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "3")
		w.Header().Set("Cache-Control", "public, max-age=600")
		panic("ada@example.org")
	})
	mux.HandleFunc("GET /busy", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	mux.HandleFunc("GET /late", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(200); panic("late") })
	f := &observe.Front{Log: log, Access: true, Metrics: m, Now: time.Now,
		Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8::/32")}}
	return f.Handler(observe.Routed(mux))
}

func ask(h http.Handler, path, from string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", path, nil)
	r.RemoteAddr = from
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestWhoIsBelieved(t *testing.T) {
	h := house(slog.New(slog.DiscardHandler), nil)
	for name, c := range map[string]struct {
		from   string
		header []string
		id     string // "": one of ours
		client string
	}{
		"nobody in between":        {"192.0.2.7:1", nil, "", "192.0.2.7"},
		"a stranger's word":        {"192.0.2.7:1", []string{"X-Request-Id", "stranger-1", "X-Forwarded-For", "198.51.100.1"}, "", "192.0.2.7"},
		"a proxy's word":           {"10.1.1.1:1", []string{"X-Request-Id", "proxied-1", "X-Forwarded-For", "198.51.100.1"}, "proxied-1", "198.51.100.1"},
		"a proxy over IPv6":        {"[2001:db8::1]:1", []string{"X-Request-Id", "proxied-1", "X-Forwarded-For", "2001:DB9::0:1"}, "proxied-1", "2001:db9::1"},
		"two proxies":              {"10.1.1.1:1", []string{"X-Forwarded-For", "198.51.100.1, 10.2.2.2"}, "", "198.51.100.1"},
		"two header lines":         {"10.1.1.1:1", []string{"X-Forwarded-For", "198.51.100.1", "X-Forwarded-For", "10.2.2.2"}, "", "198.51.100.1"},
		"invented before the last": {"10.1.1.1:1", []string{"X-Forwarded-For", "10.0.0.9, 203.0.113.1, 198.51.100.1"}, "", "198.51.100.1"},
		"nonsense":                 {"10.1.1.1:1", []string{"X-Forwarded-For", "198.51.100.1, <script>"}, "", "10.1.1.1"},
		"with a port":              {"10.1.1.1:1", []string{"X-Forwarded-For", "198.51.100.1:443"}, "", "198.51.100.1"},
		"only proxies":             {"10.1.1.1:1", []string{"X-Forwarded-For", "10.2.2.2"}, "", "10.2.2.2"},
		"an id with a line break":  {"10.1.1.1:1", []string{"X-Request-Id", "aaaaaaaa\nb"}, "", "10.1.1.1"},
		"an id too long":           {"10.1.1.1:1", []string{"X-Request-Id", strings.Repeat("a", 65)}, "", "10.1.1.1"},
		"mapped":                   {"[::ffff:10.1.1.1]:1", []string{"X-Forwarded-For", "::ffff:198.51.100.1"}, "", "198.51.100.1"},
	} {
		w := ask(h, "/claim/x", c.from, c.header...)
		id, client, _ := strings.Cut(w.Body.String(), " ")
		if client != c.client {
			t.Errorf("%s: client %s, want %s", name, client, c.client)
		}
		if got := w.Header().Get("X-Request-Id"); got != id || (c.id != "" && id != c.id) || (c.id == "" && (len(id) < 20 || strings.Contains(strings.Join(c.header, " "), id))) {
			t.Errorf("%s: id %q, in the header %q, want %q", name, id, got, c.id)
		}
	}
	if a, b := ask(h, "/claim/x", "192.0.2.7:1").Body.String(), ask(h, "/claim/x", "192.0.2.7:1").Body.String(); a == b {
		t.Errorf("two requests are both %s", a)
	}
}

func TestLogHoldsRoutesAndNoSecrets(t *testing.T) {
	for _, format := range []string{"text", "json"} {
		var out bytes.Buffer
		h := house(observe.NewLogger(&out, "info", format), nil)
		id := ask(h, "/claim/secret-of-ada?email=ada@example.org", "192.0.2.7:1").Header().Get("X-Request-Id")
		ask(h, "/nothing/secret-of-ada", "192.0.2.7:1")
		log := out.String()
		for _, hidden := range []string{"secret-of-ada", "example.org", "192.0.2.7"} {
			if strings.Contains(log, hidden) {
				t.Errorf("%s: the log holds %s:\n%s", format, hidden, log)
			}
		}
		for _, want := range []string{"GET /claim/{secret}", "none", "200", "404"} {
			if !strings.Contains(log, want) {
				t.Errorf("%s: the log lacks %s:\n%s", format, want, log)
			}
		}
		lines := strings.Split(strings.TrimSpace(log), "\n")
		if len(lines) != 3 || strings.Count(log, id) != 2 {
			t.Errorf("%s: %d lines, %d of them with the number of the request:\n%s", format, len(lines), strings.Count(log, id), log)
		}
		for _, line := range lines {
			if format == "json" && !json.Valid([]byte(line)) {
				t.Errorf("not JSON: %s", line)
			}
			if strings.HasPrefix(line, "level=ERROR") {
				t.Errorf("a forged line: %s", line)
			}
		}
	}
}

func TestPanicsEndInAnAnswer(t *testing.T) {
	var out bytes.Buffer
	h := house(observe.NewLogger(&out, "info", "text"), nil)
	w := ask(h, "/panic", "192.0.2.7:1")
	if id := w.Header().Get("X-Request-Id"); w.Code != 500 || !strings.Contains(w.Body.String(), id) || !strings.Contains(out.String(), "request="+id) {
		t.Errorf("%d %s\n%s", w.Code, w.Body, &out)
	}
	if strings.Contains(w.Body.String(), "ada") || strings.Contains(w.Body.String(), "goroutine") {
		t.Errorf("the answer tells of the panic: %s", w.Body)
	}
	var problem struct{ Instance string }
	if err := json.Unmarshal(w.Body.Bytes(), &problem); err != nil || problem.Instance == "" || w.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("no problem document that names its request: %v %s", err, w.Body)
	}
	if w.Header().Get("Content-Length") != "" || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("headers of the answer that did not come about: %v", w.Header())
	}
	defer func() {
		if v := recover(); v != http.ErrAbortHandler {
			t.Errorf("an answer that was begun was not cut off: %v", v)
		}
	}()
	ask(h, "/late", "192.0.2.7:1")
}

func TestMetricsAreByRoute(t *testing.T) {
	m := observe.NewMetrics()
	h := house(slog.New(slog.DiscardHandler), m)
	for range 3 {
		ask(h, "/claim/secret-of-ada", "192.0.2.7:1")
	}
	ask(h, "/nothing/secret-of-ada", "192.0.2.7:1")
	r := httptest.NewRequest("BREW", "/claim/x", nil)
	h.ServeHTTP(httptest.NewRecorder(), r)
	m.Signed("credential", time.Millisecond, nil)
	m.Issued(4)
	m.Committed(7)
	reads := 0
	m.Sampled(time.Now, time.Hour, func() ([]observe.Sample, error) {
		reads++
		return []observe.Sample{{Name: "roundel_outbox_mails", Label: "state", Value: "queued", Number: 2}}, nil
	})
	var text string
	for range 2 {
		w := httptest.NewRecorder()
		m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
		text = w.Body.String()
	}
	for _, want := range []string{
		`roundel_http_requests_total{method="GET",route="GET /claim/{secret}",status="200"} 3`,
		`roundel_http_requests_total{method="GET",route="none",status="404"} 1`,
		`roundel_http_requests_total{method="other",route="none",status="405"} 1`,
		`roundel_http_request_duration_seconds_count{route="GET /claim/{secret}"} 3`,
		`roundel_http_requests_in_flight 0`,
		`roundel_signature_duration_seconds_count{kind="credential",outcome="ok"} 1`,
		`roundel_awards_issued_total 4`,
		`roundel_db_group_commit_size_sum 7`,
		`roundel_outbox_mails{state="queued"} 2`,
		`roundel_build_info{`,
		`go_goroutines`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("metrics lack %s", want)
		}
	}
	if strings.Contains(text, "secret-of-ada") {
		t.Error("metrics hold a path")
	}
	if reads != 1 {
		t.Errorf("read %d times within the hour", reads)
	}
}

func TestHealth(t *testing.T) {
	now := time.Unix(0, 0)
	var broken error
	looks := 0
	h := &observe.Health{Now: func() time.Time { return now }, Checks: []observe.Check{
		{Name: "always well", Do: func(context.Context) error { return nil }},
		{Name: "the database does not answer", Do: func(context.Context) error { looks++; return broken }},
	}}
	ready := func() (int, string) {
		w := httptest.NewRecorder()
		h.Ready(w, httptest.NewRequest("GET", "/readyz", nil))
		return w.Code, strings.TrimSpace(w.Body.String())
	}
	if code, text := ready(); code != 200 || text != "ok" {
		t.Errorf("%d %s", code, text)
	}
	broken = io.ErrUnexpectedEOF
	if code, _ := ready(); code != 200 || looks != 1 {
		t.Errorf("asked at once again: %d, %d looks", code, looks)
	}
	now = now.Add(time.Second)
	if code, text := ready(); code != 503 || text != "not ready: the database does not answer" {
		t.Errorf("%d %s", code, text)
	}
	broken = nil
	now = now.Add(time.Second)
	if code, _ := ready(); code != 200 {
		t.Errorf("after it was mended: %d", code)
	}
	h.Drain()
	if code, text := ready(); code != 503 || text != "stopping" {
		t.Errorf("%d %s", code, text)
	}
	w := httptest.NewRecorder()
	h.Live(w, httptest.NewRequest("GET", "/healthz", nil))
	if w.Code != 200 {
		t.Errorf("a process that stops is still alive: %d", w.Code)
	}
}

// TestRetryAfterOfWhoSaysNone: a 503 without a time gets one, not always the same.
func TestRetryAfterOfWhoSaysNone(t *testing.T) {
	h, told := house(slog.New(slog.DiscardHandler), nil), map[string]bool{}
	for range 200 {
		told[ask(h, "/busy", "192.0.2.7:1").Header().Get("Retry-After")] = true
	}
	if len(told) != 5 || !told["3"] || !told["7"] {
		t.Errorf("told %v", told)
	}
}
