package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"strconv"

	"github.com/tenantform/tenantform/internal/api/wire"
	"github.com/tenantform/tenantform/tenants"
)

// CreateTenant asks for a new tenant. Its operation is begun when this returns.
func (c *Client) CreateTenant(ctx context.Context, t wire.CreateTenant, w *Write) (wire.Change, error) {
	return c.change(ctx, call{method: http.MethodPost, path: []string{"v1", "tenants"}, body: t, write: w})
}

// change makes a call that changes something.
func (c *Client) change(ctx context.Context, k call) (wire.Change, error) {
	var out wire.Change
	_, err := c.do(ctx, k, &out)
	return out, err
}

// get makes a call that changes nothing.
func get[T any](ctx context.Context, c *Client, query url.Values, path ...string) (T, error) {
	var out T
	_, err := c.do(ctx, call{method: http.MethodGet, path: path, query: query}, &out)
	return out, err
}

// values makes a query of names and values, without those that are empty.
func values(pairs ...string) url.Values {
	out := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			out.Set(pairs[i], pairs[i+1])
		}
	}
	return out
}

// number gives a number for a query, and nothing for 0.
func number[N int | int64](n N) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(int64(n), 10)
}

// Tenant gives a tenant, also a deleted one.
func (c *Client) Tenant(ctx context.Context, id string) (wire.Tenant, error) {
	return get[wire.Tenant](ctx, c, nil, "v1", "tenants", id)
}

// SearchTenants gives a page of the tenants that a query finds, by id.
func (c *Client) SearchTenants(ctx context.Context, q tenants.Query) (wire.Tenants, error) {
	return get[wire.Tenants](ctx, c, values("tier", q.Tier, "status", string(q.Status), "region", q.Region, "service", q.Service,
		"product", q.Product, "model", string(q.Model), "q", q.Text, "after", q.After, "limit", number(q.Limit)), "v1", "tenants")
}

// Tenants gives all tenants that a query finds, page after page; q.Limit is how
// many a page has. It ends with the first error.
func (c *Client) Tenants(ctx context.Context, q tenants.Query) iter.Seq2[wire.Tenant, error] {
	return pages(func(after string) ([]wire.Tenant, string, error) {
		q.After = after
		page, err := c.SearchTenants(ctx, q)
		return page.Tenants, page.Next, err
	})
}

// pages goes from page to page, each of which names the next.
func pages[T any](page func(after string) ([]T, string, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for after := ""; ; {
			items, next, err := page(after)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, item := range items {
				if !yield(item, nil) {
					return
				}
			}
			if next == "" || next == after {
				return
			}
			after = next
		}
	}
}

// PatchTenant changes what the patch names. A version other than 0 is the one
// that the change is based on: CodeConflict when the tenant has another. The
// change has no operation where there is nothing more to do.
func (c *Client) PatchTenant(ctx context.Context, id string, version int64, p wire.PatchTenant, w *Write) (wire.Change, error) {
	header := map[string]string{"Content-Type": wire.ContentMergePatch}
	if version != 0 {
		header["If-Match"] = `"` + number(version) + `"`
	}
	return c.change(ctx, call{method: http.MethodPatch, path: []string{"v1", "tenants", id}, header: header, body: p, write: w})
}

// MoveTenant asks for a move to another tier.
func (c *Client) MoveTenant(ctx context.Context, id string, m wire.MoveTenant, w *Write) (wire.Change, error) {
	return c.change(ctx, call{method: http.MethodPost, path: []string{"v1", "tenants", id, "move"}, body: m, write: w})
}

// ActivateTenant asks for a tenant to be woken.
func (c *Client) ActivateTenant(ctx context.Context, id, reason string, w *Write) (wire.Change, error) {
	return c.change(ctx, call{method: http.MethodPost, path: []string{"v1", "tenants", id, "activate"}, body: wire.Reason{Reason: reason}, write: w})
}

// DeactivateTenant asks for a tenant to be put to rest.
func (c *Client) DeactivateTenant(ctx context.Context, id, reason string, w *Write) (wire.Change, error) {
	return c.change(ctx, call{method: http.MethodPost, path: []string{"v1", "tenants", id, "deactivate"}, body: wire.Reason{Reason: reason}, write: w})
}

// ReconcileTenant asks for a tenant's infrastructure to be made what its record
// says.
func (c *Client) ReconcileTenant(ctx context.Context, id, reason string, w *Write) (wire.Change, error) {
	return c.change(ctx, call{method: http.MethodPost, path: []string{"v1", "tenants", id, "reconcile"}, body: wire.Reason{Reason: reason}, write: w})
}

// DeleteTenant asks for a tenant's deletion, with everything that it has.
func (c *Client) DeleteTenant(ctx context.Context, id, reason string, w *Write) (wire.Change, error) {
	return c.change(ctx, call{method: http.MethodDelete, path: []string{"v1", "tenants", id}, query: values("reason", reason), write: w})
}

// Products gives what a tenant has licences for.
func (c *Client) Products(ctx context.Context, id string) ([]wire.Product, error) {
	out, err := get[wire.Products](ctx, c, nil, "v1", "tenants", id, "products")
	return out.Products, err
}

// PutProduct gives a tenant a product, or changes its licences.
func (c *Client) PutProduct(ctx context.Context, id, product string, p wire.PutProduct, w *Write) (wire.Change, error) {
	return c.change(ctx, call{method: http.MethodPut, path: []string{"v1", "tenants", id, "products", product}, body: p, write: w})
}

// DeleteProduct takes a product from a tenant.
func (c *Client) DeleteProduct(ctx context.Context, id, product, reason string, w *Write) (wire.Change, error) {
	return c.change(ctx, call{method: http.MethodDelete, path: []string{"v1", "tenants", id, "products", product}, query: values("reason", reason), write: w})
}

// ConfigQuery names the tenant whose configuration is asked for, by one of its
// fields.
type ConfigQuery struct {
	TenantID string
	Origin   string // a web origin of the tenant's application
	Name     string // the tenant's name, as people see it
	// ETag is that of the configuration which the caller has; empty for none.
	ETag string
}

// Config is what a tenant's application needs to know of its tenant.
type Config struct {
	wire.Config
	ETag      string
	Unchanged bool // it is what ConfigQuery.ETag stands for, and not given again
}

// Config gives what a tenant's application needs to know of its tenant.
func (c *Client) Config(ctx context.Context, q ConfigQuery) (Config, error) {
	k := call{method: http.MethodGet, path: []string{"v1", "config"}, query: values("origin", q.Origin, "name", q.Name)}
	if q.TenantID != "" {
		k.path = []string{"v1", "tenants", q.TenantID, "config"}
	}
	if q.ETag != "" {
		k.header = map[string]string{"If-None-Match": q.ETag}
	}
	var out Config
	a, err := c.do(ctx, k, &out.Config)
	if err != nil {
		return out, err
	}
	out.Unchanged = a.status == http.StatusNotModified
	out.ETag = or(a.header.Get("ETag"), q.ETag)
	return out, nil
}
