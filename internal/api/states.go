package api

import (
	"context"
	"net/http"

	"github.com/tenantform/tenantform/internal/api/wire"
	"github.com/tenantform/tenantform/internal/auth"
	"github.com/tenantform/tenantform/tenants"
)

type reasonInput struct {
	OnTenant
	Body *wire.Reason
}

type deleteInput struct {
	OnTenant
	Reason string `query:"reason" doc:"Why; it goes into the audit journal"`
}

// states registers what changes a tenant's state without changing what is
// recorded of it.
func (a *assembly) states() {
	s := a.s
	for _, rt := range []struct {
		kind        tenants.OperationKind
		permission  auth.Permission
		summary     string
		description string
	}{
		{tenants.OperationDeactivate, auth.TenantsDeactivate, "Put a tenant to rest", "Its infrastructure stays; its business services are told. Only an active tenant can be put to rest."},
		{tenants.OperationActivate, auth.TenantsActivate, "Wake a tenant", "Of one that was put to rest."},
		{tenants.OperationReconcile, auth.TenantsReconcile, "Bring back what has drifted", "Makes the infrastructure what the record says. A tenant whose update failed is active again after it."},
	} {
		action := "tenant." + string(rt.kind)
		add(a, route{
			id: string(rt.kind) + "-tenant", method: http.MethodPost, path: "/v1/tenants/{id}/" + string(rt.kind), tag: "tenants",
			permission: rt.permission, about: aboutTenant, write: true, action: action, status: http.StatusAccepted, also: []int{http.StatusOK},
			summary: rt.summary, description: rt.description,
		}, func(ctx context.Context, in *reasonInput) (*changed, error) {
			reason := ""
			if in.Body != nil {
				reason = in.Body.Reason
			}
			return s.state(ctx, in.OnTenant, rt.kind, action, reason)
		})
	}
	add(a, route{
		id: "delete-tenant", method: http.MethodDelete, path: "/v1/tenants/{id}", tag: "tenants", permission: auth.TenantsDelete, about: aboutTenant,
		write: true, action: "tenant.delete", status: http.StatusAccepted, also: []int{http.StatusOK},
		summary: "Delete a tenant", description: "Takes away everything that it has; its record stays, with status deleted. One whose creation failed is deleted in the same way. Cancelled before its first step, or refused by each business service, the deletion leaves the tenant with the status that it had.",
	}, func(ctx context.Context, in *deleteInput) (*changed, error) {
		return s.state(ctx, in.OnTenant, tenants.OperationDelete, "tenant.delete", in.Reason)
	})
}

// state begins an operation that needs nothing but its kind.
func (s *server) state(ctx context.Context, in OnTenant, kind tenants.OperationKind, action, reason string) (*changed, error) {
	if err := checkReason(reason); err != nil {
		return nil, err
	}
	return s.change(ctx, asking{
		Writing: in.Writing, tenantID: in.ID, ifMatch: in.IfMatch, action: action, reason: reason,
		propose: func(_ context.Context, t tenants.Tenant) (proposal, error) {
			status, err := statusFor(kind, t.Status)
			t.Status = status
			return proposal{tenant: t, operation: &tenants.Operation{Kind: kind}}, err
		},
	})
}

// statusFor gives the status that a tenant has while an operation of a kind is
// under way; CodeFailedPrecondition where it cannot be begun.
func statusFor(kind tenants.OperationKind, now tenants.Status) (tenants.Status, error) {
	only := func(allowed ...tenants.Status) (tenants.Status, error) {
		for _, s := range allowed {
			if now == s {
				return now, nil
			}
		}
		return now, tenants.Errorf(tenants.CodeFailedPrecondition, "%s is not possible with status %s; it is with %s", kind, now, list(allowed))
	}
	switch kind {
	case tenants.OperationCreate:
		return tenants.StatusCreating, nil
	case tenants.OperationUpdate:
		return tenants.StatusUpdating, nil
	case tenants.OperationMove:
		return tenants.StatusMoving, nil
	case tenants.OperationDelete:
		return tenants.StatusDeleting, nil
	case tenants.OperationDeactivate:
		return only(tenants.StatusActive)
	case tenants.OperationActivate:
		return only(tenants.StatusInactive)
	case tenants.OperationReconcile:
		if now == tenants.StatusUpdateFailed { // it is then what was recorded
			return tenants.StatusUpdating, nil
		}
		return only(tenants.StatusActive, tenants.StatusInactive)
	}
	return now, tenants.Errorf(tenants.CodeInternal, "there is no operation of the kind %q", kind)
}

func list(statuses []tenants.Status) string {
	out := ""
	for i, s := range statuses {
		if i > 0 {
			out += " or "
		}
		out += string(s)
	}
	return out
}
