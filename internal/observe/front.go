package observe

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// RequestHeader carries the number of a request, in answers and from proxies.
const RequestHeader = "X-Request-Id"

// Front is what every request passes first: it gets a number, is counted,
// timed and logged by its route, and a handler that panics ends in an answer.
type Front struct {
	Log     *slog.Logger
	Access  bool                 // log every request
	Metrics *Metrics             // nil: nothing is counted
	Traces  trace.TracerProvider // nil: nothing is traced
	Proxies []netip.Prefix       // whose word about a client is believed
	Now     func() time.Time
}

// Handler returns next behind the front. The route is known when next, or what
// it calls, was wrapped by Routed.
func (f *Front) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := f.Now()
		q := newRequest(r, f.Proxies)
		ctx := context.WithValue(r.Context(), requestKey{}, q)
		var span trace.Span
		if f.Traces != nil {
			ctx, span = f.begin(ctx, r, q)
		}
		w.Header().Set(RequestHeader, q.id)
		a := &answer{ResponseWriter: w}
		f.Metrics.begin()
		defer func() {
			v := recover()
			if v != nil && v != http.ErrAbortHandler {
				f.Log.ErrorContext(ctx, "panic", "route", q.route, "value", v, "stack", string(debug.Stack()))
				if a.status == 0 {
					for _, name := range []string{"Content-Length", "Content-Encoding", "Etag", "Last-Modified"} {
						a.Header().Del(name) // of the answer that did not come about
					}
					a.Header().Set("Cache-Control", "no-store")
					Problem(a, http.StatusInternalServerError, "Something went wrong here. When you ask for help, say this number: "+q.id, nil)
					v = nil
				}
			}
			f.end(ctx, r, q, a, span, f.Now().Sub(start))
			if v != nil { // the answer has begun: only cutting it off tells the reader
				panic(http.ErrAbortHandler)
			}
		}()
		next.ServeHTTP(a, r.WithContext(ctx))
	})
}

// begin starts the span of a request, below the caller's when a proxy that is
// believed passes one on.
func (f *Front) begin(ctx context.Context, r *http.Request, q *request) (context.Context, trace.Span) {
	if peer, err := netip.ParseAddrPort(r.RemoteAddr); err == nil && believed(peer.Addr().Unmap(), f.Proxies) {
		ctx = propagation.TraceContext{}.Extract(ctx, propagation.HeaderCarrier(r.Header))
	}
	return f.Traces.Tracer(tracerName).Start(ctx, "request", trace.WithSpanKind(trace.SpanKindServer),
		trace.WithAttributes(attribute.String("http.request.method", method(r)), attribute.String("roundel.request", q.id)))
}

func (f *Front) end(ctx context.Context, r *http.Request, q *request, a *answer, span trace.Span, took time.Duration) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	if q.route == "" {
		q.route = "none"
	}
	f.Metrics.request(q.route, method(r), a.status, took)
	if span != nil {
		span.SetName(q.route)
		span.SetAttributes(attribute.String("http.route", q.route), attribute.Int("http.response.status_code", a.status))
		if a.status >= 500 {
			span.SetStatus(codes.Error, strconv.Itoa(a.status))
		}
		span.End()
	}
	if f.Access {
		f.Log.InfoContext(ctx, "request", "method", method(r), "route", q.route, "status", a.status, "bytes", a.bytes, "took", took.Round(time.Microsecond).String())
	}
}

// method returns the request's method, if it is one of those that exist: it
// becomes a label and a line of the log.
func method(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return r.Method
	}
	return "other"
}

// Routed wraps the mux of the edges, so that the front learns which route a
// request took. Paths hold secrets and ids; patterns hold neither.
func Routed(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := fromContext(r.Context())
		defer func() { q.route = r.Pattern }()
		if _, pattern := mux.Handler(r); pattern != "" {
			q.route = pattern
		}
		mux.ServeHTTP(w, r)
	})
}

// answer notes what was answered.
type answer struct {
	http.ResponseWriter
	status int
	bytes  int64
}

// WriteHeader notes the status. Who is told to come again is told when: in a few
// seconds, unless the answer says otherwise, and not everybody at the same time.
func (a *answer) WriteHeader(status int) {
	if a.status == 0 && status >= 200 {
		a.status = status
	}
	if h := a.Header(); (status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable) && h.Get("Retry-After") == "" {
		h.Set("Retry-After", strconv.Itoa(3+rand.IntN(5)))
	}
	a.ResponseWriter.WriteHeader(status)
}

// Write notes how much was written.
func (a *answer) Write(b []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	n, err := a.ResponseWriter.Write(b)
	a.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach what is beneath.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
