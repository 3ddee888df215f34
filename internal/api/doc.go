// Package api is the HTTP API of the control plane: what there is to ask of it is
// in docs/api.md and in the OpenAPI document, which are made from this package.
//
// Handlers decode, authorise and write into the ledger; the work is done by
// others, who take it from there. Every write is one transaction of the ledger,
// with its entry in the audit journal, and may be repeated under its key.
package api

//go:generate go run ./internal/apidocs -document ../../docs/openapi.json -page ../../docs/api.md
