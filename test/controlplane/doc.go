// Package controlplane tests the control plane as it runs in production: the API's
// server, the worker, Temporal, the business services and PostgreSQL as processes
// of their own, which are killed as processes are. Only the cloud is the local one.
package controlplane
