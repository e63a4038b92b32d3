package observe

import (
	"net/http"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics counts. A nil *Metrics counts nothing, so that nobody need ask.
type Metrics struct {
	registry *prometheus.Registry

	requests   *prometheus.CounterVec
	durations  *prometheus.HistogramVec
	inFlight   prometheus.Gauge
	signatures *prometheus.HistogramVec
	issued     prometheus.Counter
	commits    prometheus.Histogram
}

// NewMetrics returns metrics of a process that has counted nothing yet.
func NewMetrics() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "roundel_http_requests_total", Help: "Requests answered."}, []string{"route", "method", "status"}),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "roundel_http_request_duration_seconds", Help: "From a request's arrival to the end of its answer.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10}}, []string{"route"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{Name: "roundel_http_requests_in_flight", Help: "Requests being answered."}),
		signatures: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "roundel_signature_duration_seconds", Help: "Signatures made, by kind of document and outcome.",
			Buckets: []float64{.0001, .00025, .001, .0025, .01, .05, .25, 1, 5}}, []string{"kind", "outcome"}),
		issued:  prometheus.NewCounter(prometheus.CounterOpts{Name: "roundel_awards_issued_total", Help: "Awards signed and stored by this process."}),
		commits: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "roundel_db_group_commit_size", Help: "Transactions that shared one commit (SQLite).", Buckets: prometheus.ExponentialBuckets(1, 2, 9)}),
	}
	m.registry.MustRegister(m.requests, m.durations, m.inFlight, m.signatures, m.issued, m.commits,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), buildInfo())
	return m
}

// Version returns the version that was built, and the commit it was built from.
func Version() (version, revision string) {
	version = "development"
	if info, ok := debug.ReadBuildInfo(); ok {
		if v := info.Main.Version; v != "" && v != "(devel)" {
			version = v
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				revision = s.Value
			}
		}
	}
	return version, revision
}

func buildInfo() prometheus.Collector {
	version, revision := Version()
	g := prometheus.NewGauge(prometheus.GaugeOpts{Name: "roundel_build_info", Help: "Always 1: which build this is.",
		ConstLabels: prometheus.Labels{"version": version, "revision": revision}})
	g.Set(1)
	return g
}

// Handler answers Prometheus.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: 2})
}

func (m *Metrics) begin() {
	if m != nil {
		m.inFlight.Inc()
	}
}

func (m *Metrics) request(route, method string, status int, took time.Duration) {
	if m == nil {
		return
	}
	m.inFlight.Dec()
	m.requests.WithLabelValues(route, method, strconv.Itoa(status)).Inc()
	m.durations.WithLabelValues(route).Observe(took.Seconds())
}

// Signed counts a signature on a kind of document.
func (m *Metrics) Signed(kind string, took time.Duration, err error) {
	if m == nil {
		return
	}
	outcome := "ok"
	if err != nil {
		outcome = "failed"
	}
	m.signatures.WithLabelValues(kind, outcome).Observe(took.Seconds())
}

// Issued counts awards that were signed and stored.
func (m *Metrics) Issued(n int) {
	if m != nil {
		m.issued.Add(float64(n))
	}
}

// Committed counts a commit that this many transactions shared.
func (m *Metrics) Committed(members int) {
	if m != nil {
		m.commits.Observe(float64(members))
	}
}

// Gauge adds a number that read tells whenever Prometheus asks.
func (m *Metrics) Gauge(name, help string, read func() float64) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, read))
}

// Counter adds a count that read tells whenever Prometheus asks.
func (m *Metrics) Counter(name, help string, read func() float64) {
	m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, read))
}

// Sample is one number of several that are read together.
type Sample struct {
	Name, Help   string
	Label, Value string // "" for a number without a label
	Number       float64
}

// Sampled adds numbers that cost a query: read is called at most once in keep,
// however often Prometheus asks. When it fails the numbers are left out.
func (m *Metrics) Sampled(now func() time.Time, keep time.Duration, read func() ([]Sample, error)) {
	m.registry.MustRegister(&sampled{now: now, keep: keep, read: read})
}

// sampled is unchecked: its numbers are known only once they were read.
type sampled struct {
	now  func() time.Time
	keep time.Duration
	read func() ([]Sample, error)

	mu   sync.Mutex
	at   time.Time
	last []Sample
}

// Describe describes nothing.
func (s *sampled) Describe(chan<- *prometheus.Desc) {}

// Collect sends the numbers.
func (s *sampled) Collect(to chan<- prometheus.Metric) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := s.now(); s.at.IsZero() || now.Sub(s.at) >= s.keep {
		samples, err := s.read()
		if err != nil {
			samples = nil
		}
		s.at, s.last = now, samples
	}
	for _, x := range s.last {
		var labels, values []string
		if x.Label != "" {
			labels, values = []string{x.Label}, []string{x.Value}
		}
		to <- prometheus.MustNewConstMetric(prometheus.NewDesc(x.Name, x.Help, labels, nil), prometheus.GaugeValue, x.Number, values...)
	}
}
