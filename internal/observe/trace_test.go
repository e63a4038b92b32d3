package observe_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/roundel/roundel/internal/observe"
)

// collect is an OpenTelemetry collector that keeps the spans it gets.
func collect(t *testing.T) (endpoint string, spans func() map[string]*otlp.Span) {
	t.Helper()
	var mu sync.Mutex
	all := map[string]*otlp.Span{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var m collector.ExportTraceServiceRequest
		if err != nil || r.URL.Path != "/v1/traces" || proto.Unmarshal(body, &m) != nil {
			t.Errorf("%s: %v", r.URL.Path, err)
		}
		mu.Lock()
		defer mu.Unlock()
		for _, rs := range m.ResourceSpans {
			for _, ss := range rs.ScopeSpans {
				for _, s := range ss.Spans {
					all[s.Name] = s
				}
			}
		}
	}))
	t.Cleanup(s.Close)
	return s.URL, func() map[string]*otlp.Span { mu.Lock(); defer mu.Unlock(); return all }
}

func TestSpansReachTheCollector(t *testing.T) {
	endpoint, spans := collect(t)
	traces, err := observe.NewTraces(t.Context(), endpoint, "1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /awards/{id}", func(_ http.ResponseWriter, r *http.Request) {
		_, end := observe.Start(r.Context(), "database write")
		end(errors.New("ada@example.org is taken"))
	})
	f := &observe.Front{Log: slog.New(slog.DiscardHandler), Traces: traces, Now: time.Now, Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}
	h := f.Handler(observe.Routed(mux))
	const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	ask(h, "/awards/secret-of-ada", "10.0.0.1:1", "traceparent", parent)
	_, end := observe.StartRoot(t.Context(), traces, "job batch")
	end(nil)
	if err := traces.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := spans()
	request, write, job := got["GET /awards/{id}"], got["database write"], got["job batch"]
	if request == nil || write == nil || job == nil {
		t.Fatalf("%d spans: %v", len(got), got)
	}
	if string(write.ParentSpanId) != string(request.SpanId) || string(write.TraceId) != string(request.TraceId) || string(job.TraceId) == string(request.TraceId) {
		t.Error("the spans are not linked as the work was")
	}
	if strings.ToLower(strings.Split(parent, "-")[1]) != hexOf(request.TraceId) {
		t.Errorf("the proxy's trace was not taken up: %x", request.TraceId)
	}
	if write.Status.GetCode() != otlp.Status_STATUS_CODE_ERROR {
		t.Error("the failure does not show")
	}
	for _, s := range got {
		if text := s.String(); strings.Contains(text, "ada") {
			t.Errorf("a span tells too much: %s", text)
		}
	}
}

func TestNothingIsTracedWithoutACollector(t *testing.T) {
	ctx := context.Background()
	for _, start := range []func() (context.Context, func(error)){
		func() (context.Context, func(error)) { return observe.Start(ctx, "x") },
		func() (context.Context, func(error)) { return observe.StartRoot(ctx, nil, "x") },
	} {
		got, end := start()
		if end(nil); got != ctx {
			t.Error("a span where nobody collects")
		}
	}
}

func hexOf(b []byte) string {
	const digits = "0123456789abcdef"
	var s strings.Builder
	for _, c := range b {
		s.WriteByte(digits[c>>4])
		s.WriteByte(digits[c&15])
	}
	return s.String()
}
