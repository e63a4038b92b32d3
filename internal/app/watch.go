package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/roundel/roundel/internal/audit"
	"github.com/roundel/roundel/internal/jobs"
	"github.com/roundel/roundel/internal/observe"
	"github.com/roundel/roundel/internal/sqldb"
)

// watch is what lets people see what the installation does.
type watch struct {
	metrics *observe.Metrics // nil without --metrics
	traces  *sdktrace.TracerProvider
	health  *observe.Health
	front   *observe.Front

	sealer *audit.Sealer
	stop   context.CancelFunc
	sealed sync.WaitGroup
}

// newWatch builds the watch, above the ground and below the features.
func newWatch(ctx context.Context, a *App) (*watch, error) {
	g, c := a.Ground, a.Config
	proxies, err := c.Proxies()
	if err != nil {
		return nil, err
	}
	w := &watch{}
	w.front = &observe.Front{Log: a.Log, Access: c.AccessLog, Proxies: proxies, Now: g.Now}
	if c.MetricsListen != "" {
		w.metrics = observe.NewMetrics()
		w.front.Metrics = w.metrics
		measureDatabase(w.metrics, a)
	}
	if c.OTLPEndpoint != "" {
		version, _ := observe.Version()
		if w.traces, err = observe.NewTraces(ctx, c.OTLPEndpoint, version); err != nil {
			return nil, err
		}
		w.front.Traces = w.traces
	}
	w.watchSigning(g.Keys, g.Now)
	w.health = &observe.Health{Now: g.Now, Checks: []observe.Check{
		{Name: "the database does not answer", Do: func(ctx context.Context) error { return migrated(ctx, g.DB) }},
		{Name: "the key-encryption key does not fit the data", Do: func(ctx context.Context) error { return g.Keys.Check(sqldb.ForInstallation(ctx)) }},
	}}
	w.health.Checks = append(w.health.Checks, diskChecks(c.Data)...)
	w.sealer = &audit.Sealer{DB: g.DB, Now: g.Now, Secret: g.Keys.Secrets.Secret(auditPurpose), Log: a.Log, Keep: time.Duration(c.AuditAddresses) * 24 * time.Hour}
	return w, nil
}

// diskChecks are those of the data folder, which holds the journal, and on
// SQLite the database. Each look is a fresh one: they mend by themselves.
func diskChecks(dir string) []observe.Check {
	return []observe.Check{
		{Name: "the disk is almost full", Do: func(context.Context) error { return enoughSpace(dir) }},
		{Name: "the data folder cannot be written", Do: func(context.Context) error { return writable(dir) }},
	}
}

// auditPurpose names what the secret of the audit log's seals is derived for.
const auditPurpose = "audit log"

// tracer returns the provider of spans; none, as an interface, without --otlp-endpoint.
func (w *watch) tracer() trace.TracerProvider {
	if w.traces == nil {
		return nil
	}
	return w.traces
}

// migrated fails when the database does not answer, or when its schema is older
// than this program: somebody has put an old copy in its place.
func migrated(ctx context.Context, db *sqldb.DB) error {
	has, newest, err := db.SchemaVersion(sqldb.ForInstallation(ctx))
	if err == nil && has < newest {
		err = fmt.Errorf("the schema has version %d of %d", has, newest)
	}
	return err
}

// measureDatabase adds what the database says of itself.
func measureDatabase(m *observe.Metrics, a *App) {
	g := a.Ground
	g.DB.Committed = m.Committed
	m.Gauge("roundel_db_connections_open", "Connections to the database.", func() float64 { return float64(g.DB.Stats().OpenConnections) })
	m.Gauge("roundel_db_connections_in_use", "Connections to the database in use.", func() float64 { return float64(g.DB.Stats().InUse) })
	m.Counter("roundel_db_waits_total", "Times that work waited for a connection.", func() float64 { return float64(g.DB.Stats().WaitCount) })
	m.Counter("roundel_db_wait_seconds_total", "Time that work waited for a connection.", func() float64 { return g.DB.Stats().WaitDuration.Seconds() })
	shapes := g.Keys.Shapes
	m.Counter("roundel_shape_cache_hits_total", "Documents that were canonicalised by a known shape.", func() float64 { return float64(shapes.Stats().Fast) })
	m.Counter("roundel_shape_cache_misses_total", "Documents that the full processor canonicalised.", func() float64 { return float64(shapes.Stats().Full) })
	m.Sampled(g.Now, 10*time.Second, func() ([]observe.Sample, error) { return sample(a, g.Now()) })
}

// sample reads what waits: jobs and mails.
func sample(a *App, now time.Time) ([]observe.Sample, error) {
	ctx, cancel := context.WithTimeout(sqldb.ForInstallation(context.Background()), 5*time.Second)
	defer cancel()
	waiting, parked, oldest, err := jobs.Backlog(ctx, a.Ground.DB, now)
	if err != nil {
		return nil, err
	}
	samples := []observe.Sample{
		{Name: "roundel_jobs_waiting", Help: "Jobs that are due or under way.", Number: float64(waiting)},
		{Name: "roundel_jobs_parked", Help: "Jobs that were given up: somebody must look.", Number: float64(parked)},
		{Name: "roundel_jobs_oldest_seconds", Help: "How long the oldest job has been due.", Number: oldest.Seconds()},
	}
	states, err := a.Features.Outbox.States(ctx)
	if err != nil {
		return nil, err
	}
	for state, n := range states {
		samples = append(samples, observe.Sample{Name: "roundel_outbox_mails", Help: "Mails by state.", Label: "state", Value: state, Number: float64(n)})
	}
	return samples, nil
}

// metricsHandler answers on the listener for metrics.
func (w *watch) metricsHandler() http.Handler {
	mux := http.NewServeMux()
	if w.metrics != nil {
		mux.Handle("GET /metrics", w.metrics.Handler())
	}
	return mux
}

// behind puts the front before next, and tells the audit log where a request
// comes from.
func (w *watch) behind(next http.Handler) http.Handler {
	return w.front.Handler(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		next.ServeHTTP(rw, r.WithContext(audit.With(ctx, audit.Origin{Address: observe.ClientAddress(ctx), RequestID: observe.RequestID(ctx)})))
	}))
}

// start begins to seal the audit log.
func (w *watch) start(ctx context.Context) {
	ctx, w.stop = context.WithCancel(context.WithoutCancel(ctx))
	w.sealed.Go(func() { w.sealer.Run(ctx) })
}

// close seals what is left and sends the rest of the traces.
func (w *watch) close(ctx context.Context) error {
	if w.stop != nil {
		w.stop()
		w.sealed.Wait() // bounded: Run gives itself seconds
	}
	if w.traces == nil {
		return nil
	}
	if err := w.traces.Shutdown(ctx); err != nil {
		return errors.Join(errors.New("the last traces were not sent"), err)
	}
	return nil
}
