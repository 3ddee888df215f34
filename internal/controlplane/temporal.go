package controlplane

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"os"
	"time"

	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"

	"github.com/tenantform/tenantform/internal/settings"
	"github.com/tenantform/tenantform/internal/telemetry"
	"github.com/tenantform/tenantform/tenants"
)

// dialTemporal makes a client that connects when it is first used, and again
// whenever the server is back.
func dialTemporal(s settings.Temporal, log *slog.Logger, metrics *telemetry.Metrics, known *known) (client.Client, error) {
	o := client.Options{
		HostPort: s.Address, Namespace: s.Namespace, MetricsHandler: workflowMetrics{metrics: metrics},
		Logger: sdklog.NewStructuredLogger(slog.New(&warnings{Handler: log.Handler(), known: known})),
	}
	if !s.APIKey.Empty() {
		o.Credentials = client.NewAPIKeyStaticCredentials(s.APIKey.Reveal())
	}
	if s.TLS {
		config, err := temporalTLS(s)
		if err != nil {
			return nil, err
		}
		o.ConnectionOptions.TLS = config
	}
	c, err := client.NewLazyClient(o)
	if err != nil {
		return nil, tenants.Errorf(tenants.CodeInvalid, "a client for Temporal at %s cannot be made: %w", s.Address, err)
	}
	return c, nil
}

func temporalTLS(s settings.Temporal) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if s.CA != "" {
		data, err := os.ReadFile(s.CA)
		if err != nil {
			return nil, tenants.Errorf(tenants.CodeInvalid, "temporal.ca: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(data) {
			return nil, tenants.Invalid(tenants.FieldError{Field: "temporal.ca", Value: s.CA, Allowed: "a file with certificates, PEM"})
		}
	}
	if s.Certificate != "" {
		if _, err := tls.LoadX509KeyPair(s.Certificate, s.Key); err != nil {
			return nil, tenants.Errorf(tenants.CodeInvalid, "temporal.certificate and temporal.key: %w", err)
		}
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			pair, err := tls.LoadX509KeyPair(s.Certificate, s.Key)
			return &pair, err
		}
	}
	return config, nil
}

// temporalAnswers is a check of readiness.
func temporalAnswers(c client.Client) func(context.Context) error {
	return func(ctx context.Context) error {
		if _, err := c.CheckHealth(ctx, &client.CheckHealthRequest{}); err != nil {
			return tenants.Errorf(tenants.CodeUnavailable, "Temporal does not answer: %w", err)
		}
		return nil
	}
}

// workflowKey is how Temporal's SDK names a workflow in its lines.
const workflowKey = "WorkflowID"

// warnings passes on what is worth a look at night, with the correlation id of the
// operation that it is about. The rest of what Temporal's SDK tells, lines of our
// own say.
type warnings struct {
	slog.Handler
	known *known
	of    string // the workflow, from With
}

// Enabled leaves out what is below a warning.
func (w *warnings) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && w.Handler.Enabled(ctx, l)
}

// Handle adds the correlation id.
func (w *warnings) Handle(ctx context.Context, r slog.Record) error {
	of := w.of
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == workflowKey {
			of = a.Value.String()
		}
		return true
	})
	if id := w.known.get(of); id != "" {
		r = r.Clone()
		r.AddAttrs(slog.String(telemetry.CorrelationKey, id))
	}
	return w.Handler.Handle(ctx, r)
}

// WithAttrs is With.
func (w *warnings) WithAttrs(attrs []slog.Attr) slog.Handler {
	of := w.of
	for _, a := range attrs {
		if a.Key == workflowKey {
			of = a.Value.String()
		}
	}
	return &warnings{Handler: w.Handler.WithAttrs(attrs), known: w.known, of: of}
}

// WithGroup is WithGroup.
func (w *warnings) WithGroup(name string) slog.Handler {
	return &warnings{Handler: w.Handler.WithGroup(name), known: w.known, of: w.of}
}

// workflowMetrics takes those metrics that workflows count themselves.
type workflowMetrics struct {
	metrics *telemetry.Metrics
	reason  string
}

var _ client.MetricsHandler = workflowMetrics{}

// WithTags keeps the reason why an answer was dropped.
func (m workflowMetrics) WithTags(tags map[string]string) client.MetricsHandler {
	if reason := tags["reason"]; reason != "" {
		m.reason = reason
	}
	return m
}

// Counter gives the counter of dropped answers; others count for nobody.
func (m workflowMetrics) Counter(name string) client.MetricsCounter {
	if name == "tenantform_answers_dropped" {
		return dropped{m}
	}
	return nothing{}
}

// Gauge gives one for nobody.
func (workflowMetrics) Gauge(string) client.MetricsGauge { return nothing{} }

// Timer gives one for nobody.
func (workflowMetrics) Timer(string) client.MetricsTimer { return nothing{} }

type dropped struct{ m workflowMetrics }

// Inc counts.
func (d dropped) Inc(n int64) { d.m.metrics.AnswerDropped(d.m.reason, n) }

type nothing struct{}

func (nothing) Inc(int64)            {}
func (nothing) Update(float64)       {}
func (nothing) Record(time.Duration) {}
