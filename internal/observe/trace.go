package observe

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

const tracerName = "github.com/roundel/roundel"

// NewTraces returns a provider that sends spans to the OpenTelemetry collector
// at endpoint, in the background. Shutdown sends the rest.
func NewTraces(ctx context.Context, endpoint, version string) (*sdktrace.TracerProvider, error) {
	u, err := url.Parse(endpoint)
	if err != nil {
		return nil, fmt.Errorf("traces: %w", err)
	}
	if strings.Trim(u.Path, "/") == "" {
		u.Path = "/v1/traces"
	}
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(u.String()))
	if err != nil {
		return nil, fmt.Errorf("traces: %w", err)
	}
	return sdktrace.NewTracerProvider(
		sdktrace.WithBatcher(exporter),
		sdktrace.WithResource(resource.NewSchemaless(attribute.String("service.name", "roundel"), attribute.String("service.version", version))),
	), nil
}

// Start begins a span below the one in ctx; without one, or when nothing is
// traced, it costs a look into ctx. End it with the error that the work ended
// with. Of errors only that there was one is sent: their texts may quote.
func Start(ctx context.Context, name string) (context.Context, func(error)) {
	parent := trace.SpanFromContext(ctx)
	if !parent.IsRecording() {
		return ctx, ended
	}
	return begin(ctx, parent.TracerProvider(), name)
}

// StartRoot begins the span of work that no request asked for, a job.
func StartRoot(ctx context.Context, provider trace.TracerProvider, name string) (context.Context, func(error)) {
	if provider == nil {
		return ctx, ended
	}
	return begin(ctx, provider, name)
}

func begin(ctx context.Context, provider trace.TracerProvider, name string) (context.Context, func(error)) {
	ctx, span := provider.Tracer(tracerName).Start(ctx, name)
	return ctx, func(err error) {
		if err != nil {
			span.SetStatus(codes.Error, "failed")
		}
		span.End()
	}
}

func ended(error) {}
