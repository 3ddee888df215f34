package telemetry

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics are the metrics of one process. Make them with NewMetrics. They may be
// used by several goroutines.
type Metrics struct {
	registry   *prometheus.Registry
	own        []prometheus.Collector // but the outbox
	requests   *prometheus.CounterVec
	latency    *prometheus.HistogramVec
	operations *prometheus.CounterVec
	lasted     *prometheus.HistogramVec
	steps      *prometheus.HistogramVec
	runs       *prometheus.HistogramVec
	answers    *prometheus.CounterVec
	dropped    *prometheus.CounterVec
	events     *prometheus.CounterVec
	mails      *prometheus.CounterVec
	expired    prometheus.Counter
	slots      prometheus.Gauge
	inUse      prometheus.Gauge
}

// Buckets, in seconds: of requests, which take milliseconds, and of what takes up
// to hours.
func requestBuckets() []float64 {
	return []float64{.001, .0025, .005, .01, .02, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}
}

func workBuckets() []float64 {
	return []float64{.5, 1, 2.5, 5, 10, 20, 40, 60, 120, 300, 600, 1800, 3600, 7200}
}

// NewMetrics makes the metrics of a process of a version. Those of the Go runtime
// and of the process are among them.
func NewMetrics(process, version string) *Metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	histogram := func(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, labels)
	}
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	}
	m := &Metrics{
		registry:   prometheus.NewRegistry(),
		requests:   counter("tenantform_http_requests_total", "Requests that the API answered.", "method", "route", "status"),
		latency:    histogram("tenantform_http_request_duration_seconds", "Time to the end of an answer; a stream of events is not among them.", requestBuckets(), "method", "route"),
		operations: counter("tenantform_operations_total", "Operations that ended here.", "kind", "outcome"),
		lasted:     histogram("tenantform_operation_duration_seconds", "Time from an operation's beginning to its end.", workBuckets(), "kind", "outcome"),
		steps:      histogram("tenantform_step_duration_seconds", "Time that one try of an infrastructure step took.", workBuckets(), "kind", "step", "outcome"),
		runs:       histogram("tenantform_stack_run_duration_seconds", "Time that one run of a stack took.", workBuckets(), "call", "outcome"),
		answers:    counter("tenantform_answers_total", "Answers of business services, by what became of the message.", "result"),
		dropped:    counter("tenantform_answers_dropped_total", "Answers that an operation did not wait for.", "reason"),
		events:     counter("tenantform_events_published_total", "Events that were published, or could not be.", "type", "outcome"),
		mails:      counter("tenantform_mails_total", "Mails that were handed to the driver, or could not be.", "kind", "outcome"),
		expired:    prometheus.NewCounter(prometheus.CounterOpts{Name: "tenantform_idempotency_keys_expired_total", Help: "Idempotency keys that were forgotten."}),
		slots:      gauge("tenantform_slots", "Places for infrastructure steps in this process."),
		inUse:      gauge("tenantform_slots_in_use", "Places for infrastructure steps that are taken."),
	}
	info := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "tenantform_info", Help: "Constant 1, with what runs here."}, []string{"process", "version"})
	info.WithLabelValues(process, version).Set(1)
	m.own = []prometheus.Collector{m.requests, m.latency, m.operations, m.lasted, m.steps, m.runs, m.answers, m.dropped, m.events, m.mails, m.expired, m.slots, m.inUse, info}
	m.registry.MustRegister(append(m.own, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))...)
	return m
}

// Metric describes a metric.
type Metric struct {
	Name   string
	Help   string
	Labels []string
}

// description is how Prometheus' client writes one down.
var description = regexp.MustCompile(`^Desc\{fqName: ("(?:[^"\\]|\\.)*"), help: ("(?:[^"\\]|\\.)*"), unit: "[^"]*", constLabels: \{\}, variableLabels: \{(.*)\}\}$`)

// Table gives the metrics that are not those of the Go runtime and the process.
func Table() []Metric {
	m := NewMetrics("", "")
	c := make(chan *prometheus.Desc)
	go func() {
		defer close(c)
		for _, each := range append(m.own, newOutbox(nil)) {
			each.Describe(c)
		}
	}()
	var out []Metric
	for d := range c {
		parts := description.FindStringSubmatch(d.String())
		if parts == nil {
			continue // a test wants each of them
		}
		name, err := strconv.Unquote(parts[1])
		help, err2 := strconv.Unquote(parts[2])
		if errors.Join(err, err2) != nil {
			continue
		}
		out = append(out, Metric{Name: name, Help: help, Labels: strings.FieldsFunc(parts[3], func(r rune) bool { return r == ',' })})
	}
	return out
}

// Handler answers with the metrics in Prometheus' form.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry, MaxRequestsInFlight: 4})
}

// Request counts a request; the route is that of the API's description, empty
// where none was found.
func (m *Metrics) Request(method, route string, status int, took time.Duration) {
	if route == "" {
		route = "none"
	}
	m.requests.WithLabelValues(method, route, strconv.Itoa(status)).Inc()
	if route != streamRoute {
		m.latency.WithLabelValues(method, route).Observe(took.Seconds())
	}
}

// streamRoute is the one that lasts as long as its client likes.
const streamRoute = "/v1/operations/{id}/events"

// OperationEnded counts an operation that has ended.
func (m *Metrics) OperationEnded(kind, outcome string, took time.Duration) {
	m.operations.WithLabelValues(kind, outcome).Inc()
	m.lasted.WithLabelValues(kind, outcome).Observe(took.Seconds())
}

// StepTried counts one try of an infrastructure step.
func (m *Metrics) StepTried(kind, step string, err error, took time.Duration) {
	m.steps.WithLabelValues(kind, step, outcome(err)).Observe(took.Seconds())
}

// StackRan counts one run of a stack; call is "up" for example.
func (m *Metrics) StackRan(call string, err error, took time.Duration) {
	m.runs.WithLabelValues(call, outcome(err)).Observe(took.Seconds())
}

// Answer counts what became of a message with an answer.
func (m *Metrics) Answer(result string) { m.answers.WithLabelValues(result).Inc() }

// AnswerDropped counts an answer that an operation did not wait for.
func (m *Metrics) AnswerDropped(reason string, n int64) {
	m.dropped.WithLabelValues(reason).Add(float64(n))
}

// Published counts an event.
func (m *Metrics) Published(typ string, err error) {
	m.events.WithLabelValues(typ, outcome(err)).Inc()
}

// Mailed counts a mail.
func (m *Metrics) Mailed(kind string, err error) { m.mails.WithLabelValues(kind, outcome(err)).Inc() }

// Expired counts idempotency keys that were forgotten.
func (m *Metrics) Expired(n int64) { m.expired.Add(float64(n)) }

// Slots says how many places there are.
func (m *Metrics) Slots(n int) { m.slots.Set(float64(n)) }

// SlotTaken counts a place as taken until the function that it gives is called.
func (m *Metrics) SlotTaken() (free func()) {
	m.inUse.Inc()
	return m.inUse.Dec
}

func outcome(err error) string {
	if err != nil {
		return "failed"
	}
	return "succeeded"
}

// outboxTime bounds a look at the outbox for the metrics.
const outboxTime = 5 * time.Second

// Outbox lets look give the number of orders that are not started and the age of
// the oldest, when the metrics are asked for. A look that fails leaves both out.
func (m *Metrics) Outbox(look func(ctx context.Context) (depth int, lag time.Duration, err error)) {
	m.registry.MustRegister(newOutbox(look))
}

func newOutbox(look func(context.Context) (int, time.Duration, error)) *outbox {
	return &outbox{look: look,
		depth: prometheus.NewDesc("tenantform_outbox_depth", "Orders that are not started, those too that rest after a try.", nil, nil),
		lag:   prometheus.NewDesc("tenantform_outbox_lag_seconds", "Age of the oldest order that is not started; 0 when there is none.", nil, nil)}
}

type outbox struct {
	look       func(context.Context) (int, time.Duration, error)
	depth, lag *prometheus.Desc
}

// Describe gives the descriptions.
func (o *outbox) Describe(c chan<- *prometheus.Desc) { c <- o.depth; c <- o.lag }

// Collect looks.
func (o *outbox) Collect(c chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), outboxTime)
	defer cancel()
	depth, lag, err := o.look(ctx)
	if err != nil {
		return
	}
	c <- prometheus.MustNewConstMetric(o.depth, prometheus.GaugeValue, float64(depth))
	c <- prometheus.MustNewConstMetric(o.lag, prometheus.GaugeValue, max(lag.Seconds(), 0))
}
