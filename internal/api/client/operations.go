package client

import (
	"context"
	"iter"
	"net/http"

	"github.com/tenantform/tenantform/internal/api/wire"
	"github.com/tenantform/tenantform/tenants"
)

// Operation gives an operation.
func (c *Client) Operation(ctx context.Context, id string) (wire.Operation, error) {
	return get[wire.Operation](ctx, c, nil, "v1", "operations", id)
}

// SearchOperations gives a page of the operations that a query finds, newest
// first. With a tenant it asks that tenant's route, which those may use too who
// see nothing else.
func (c *Client) SearchOperations(ctx context.Context, q tenants.OperationQuery) (wire.Operations, error) {
	if q.TenantID != "" && q.Kind == "" && q.Progress == "" {
		return get[wire.Operations](ctx, c, values("after", q.After, "limit", number(q.Limit)), "v1", "tenants", q.TenantID, "operations")
	}
	return get[wire.Operations](ctx, c, values("tenant", q.TenantID, "kind", string(q.Kind), "progress", string(q.Progress),
		"after", q.After, "limit", number(q.Limit)), "v1", "operations")
}

// Operations gives all operations that a query finds, newest first, page after
// page; q.Limit is how many a page has. It ends with the first error.
func (c *Client) Operations(ctx context.Context, q tenants.OperationQuery) iter.Seq2[wire.Operation, error] {
	return pages(func(after string) ([]wire.Operation, string, error) {
		q.After = after
		page, err := c.SearchOperations(ctx, q)
		return page.Operations, page.Next, err
	})
}

// CancelOperation asks an operation to end before its next step at which it can.
func (c *Client) CancelOperation(ctx context.Context, id string, w *Write) (wire.Change, error) {
	return c.change(ctx, call{method: http.MethodPost, path: []string{"v1", "operations", id, "cancel"}, write: w})
}

// RetryOperation takes a failed operation up again, with a new one.
func (c *Client) RetryOperation(ctx context.Context, id, reason string, w *Write) (wire.Change, error) {
	return c.change(ctx, call{method: http.MethodPost, path: []string{"v1", "operations", id, "retry"}, body: wire.Reason{Reason: reason}, write: w})
}

// Services gives the catalogue of business services.
func (c *Client) Services(ctx context.Context) ([]wire.Service, error) {
	out, err := get[wire.Services](ctx, c, nil, "v1", "services")
	return out.Services, err
}

// Tiers gives the catalogue of tiers.
func (c *Client) Tiers(ctx context.Context) ([]wire.Tier, error) {
	out, err := get[wire.Tiers](ctx, c, nil, "v1", "tiers")
	return out.Tiers, err
}

// Audit gives a page of the audit journal: the entries after a Seq, of one
// tenant or of all where tenantID is empty. A limit of 0 leaves it to the control
// plane.
func (c *Client) Audit(ctx context.Context, tenantID string, after int64, limit int) (wire.Audit, error) {
	return get[wire.Audit](ctx, c, values("tenant", tenantID, "after", number(after), "limit", number(limit)), "v1", "audit")
}

// VerifyAudit has the control plane check the whole audit journal.
func (c *Client) VerifyAudit(ctx context.Context) (wire.AuditCheck, error) {
	return get[wire.AuditCheck](ctx, c, nil, "v1", "audit", "verify")
}
