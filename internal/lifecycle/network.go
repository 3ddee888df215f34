package lifecycle

import (
	"context"
	"slices"

	"github.com/tenantform/tenantform/tenants"
)

// claims is how often a range is asked for anew because another operation was
// faster; each time, that one got a range.
const claims = 100

// place records a change of where the tenant lives. Where that brings a silo,
// the tenant gets its range of addresses in the same write: whenever the process
// is killed, a silo that is recorded has its range. The store refuses a range
// that another operation took meanwhile, and the next is tried.
func (w *work) place(ctx context.Context, f func(*tenants.Tenant)) error {
	var err error
	for range claims {
		t := w.tenant
		f(&t)
		if t, err = w.addressed(ctx, w.tenant, t); err != nil {
			return err
		}
		claimed := t.NetworkCIDR != w.tenant.NetworkCIDR
		if err = w.change(ctx, func(now *tenants.Tenant) { *now = t }); err == nil || !claimed || tenants.CodeOf(err) != tenants.CodeConflict {
			return err
		}
		if now, gerr := w.Store.Get(ctx, t.ID); gerr != nil || now.Version != w.tenant.Version {
			return err // it is not the range: somebody else changed the tenant
		}
	}
	return err
}

// addressed gives a tenant as it will be, with a range of addresses where it
// will have a silo and, before, had none. A silo without a range is older than
// ranges, and keeps the network that it has.
func (l *Lifecycle) addressed(ctx context.Context, before, after tenants.Tenant) (tenants.Tenant, error) {
	if after.NetworkCIDR != "" || !hasSilo(after) || hasSilo(before) {
		return after, nil
	}
	all, err := l.Store.List(ctx)
	if err != nil {
		return after, err
	}
	var taken []string
	for _, t := range all {
		if t.NetworkCIDR != "" {
			taken = append(taken, t.NetworkCIDR)
		}
	}
	after.NetworkCIDR, err = l.Networks.Next(taken)
	return after, err
}

// vacated gives the range of a tenant back when it has no silo. The caller
// knows that the silo's network is gone.
func vacated(t *tenants.Tenant) {
	if !hasSilo(*t) {
		t.NetworkCIDR = ""
	}
}

func hasSilo(t tenants.Tenant) bool {
	return slices.ContainsFunc(t.Placements, func(p tenants.Placement) bool { return p.Model == tenants.ModelSilo })
}
