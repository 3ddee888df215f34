// Package telemetry is how the processes of the control plane are watched: log
// lines, metrics and traces, tied together by the correlation id of a request.
//
// Nothing in it takes a request's body, a token or a secret. Values of labels are
// from small sets: a metric is never as wide as there are tenants.
package telemetry

import (
	_ "github.com/prometheus/client_golang/prometheus/promhttp"
	_ "go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	_ "go.opentelemetry.io/otel/sdk/trace"
)
