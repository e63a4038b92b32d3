// Package observe lets the people who run an installation see what it does:
// logs, metrics, traces and health. What it writes holds ids, routes and
// counts, never names, mail addresses or the secrets in addresses.
package observe

import (
	"context"
	"io"
	"log/slog"

	"go.opentelemetry.io/otel/trace"
)

// NewLogger returns a log that writes to w as "text" or as "json" (one object a
// line). What is logged with a request's context carries the request's id, and
// the id of its trace. Neither form lets a value begin a line of its own.
func NewLogger(w io.Writer, level, format string) *slog.Logger {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		l = slog.LevelInfo
	}
	options := &slog.HandlerOptions{Level: l}
	if format == "json" {
		return slog.New(logHandler{slog.NewJSONHandler(w, options)})
	}
	return slog.New(logHandler{slog.NewTextHandler(w, options)})
}

// logHandler adds to a record which request it belongs to.
type logHandler struct{ slog.Handler }

// Handle adds the ids and passes the record on.
func (h logHandler) Handle(ctx context.Context, r slog.Record) error {
	if id := RequestID(ctx); id != "" {
		r.AddAttrs(slog.String("request", id))
	}
	if span := trace.SpanContextFromContext(ctx); span.IsSampled() {
		r.AddAttrs(slog.String("trace", span.TraceID().String()))
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs keeps the ids on loggers made from this one.
func (h logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return logHandler{h.Handler.WithAttrs(attrs)}
}

// WithGroup keeps the ids on loggers made from this one.
func (h logHandler) WithGroup(name string) slog.Handler { return logHandler{h.Handler.WithGroup(name)} }
