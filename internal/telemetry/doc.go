// Package telemetry is how the processes of the control plane are watched: log
// lines, metrics, traces and readiness, tied together by the correlation id of a
// request.
//
// Nothing in it takes a request's body, a token or a secret. Labels have values
// from small sets: a metric does not grow with the number of tenants.
package telemetry

//go:generate go run ./internal/metricsdocs -page ../../docs/metrics.md
