package api

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/tenantform/tenantform/internal/api/wire"
	"github.com/tenantform/tenantform/internal/auth"
	"github.com/tenantform/tenantform/tenants"
)

type patchInput struct {
	OnTenant
	Body wire.PatchTenant `contentType:"application/merge-patch+json"`
}

func (s *server) patch(ctx context.Context, in *patchInput) (*changed, error) {
	patch, err := mergePatch(callOf(ctx).body, in.Body)
	if err != nil {
		return nil, err
	}
	reason := patch.Reason
	patch.Reason = ""
	return s.change(ctx, asking{
		Writing: in.Writing, tenantID: in.ID, ifMatch: in.IfMatch, action: "tenant.update", reason: reason, request: patch,
		propose: func(_ context.Context, t tenants.Tenant) (proposal, error) {
			before := t
			if patch.Name != nil {
				t.Name = *patch.Name
			}
			if patch.AdminEmail != nil {
				t.AdminEmail = *patch.AdminEmail
			}
			if patch.CostCenter != nil {
				t.CostCenter = *patch.CostCenter
				if t.CostCenter == "" {
					t.CostCenter = t.ID
				}
			}
			if patch.Origins != nil {
				t.Origins = *patch.Origins
			}
			return s.update(before, t)
		},
	})
}

// mergePatch gives a patch with what null says in it: a value that may be missing
// is taken away, any other cannot be.
func mergePatch(body []byte, patch wire.PatchTenant) (wire.PatchTenant, error) {
	var given map[string]json.RawMessage
	if err := json.Unmarshal(body, &given); err != nil {
		return patch, tenants.Invalid(tenants.FieldError{Field: "body", Allowed: "a JSON object"})
	}
	null := func(field string) bool { return string(given[field]) == "null" }
	if null("costCenter") {
		patch.CostCenter = new(string)
	}
	if null("origins") {
		patch.Origins = &[]string{}
	}
	var fields []tenants.FieldError
	for _, field := range []string{"name", "adminEmail"} {
		if null(field) {
			fields = append(fields, tenants.FieldError{Field: field, Value: "null", Allowed: "a value: every tenant has one"})
		}
	}
	if err := tenants.Invalid(fields...); err != nil {
		return patch, err
	}
	return patch, checkReason(patch.Reason)
}

// checkReason checks what is to go into the audit journal.
func checkReason(reason string) error {
	return tenants.Invalid(tenants.AuditEntry{Actor: "-", Action: "-", Reason: reason}.Validate()...)
}

// update proposes a tenant that is changed, and the operation where work follows:
// the tag cost-center is on its resources, and business services may take part.
// What is changed of a tenant whose creation failed is work of the next try.
func (s *server) update(before, after tenants.Tenant) (proposal, error) {
	if err := tenants.Invalid(after.Validate(s.Catalogue)...); err != nil {
		return proposal{}, err
	}
	asked := s.opts.Services.For(tenants.OperationUpdate, after)
	tagged := before.CostCenter != after.CostCenter
	if before.Status == tenants.StatusCreateFailed || !tagged && (len(asked) == 0 || same(before, after)) {
		return proposal{tenant: after}, nil
	}
	after.Status = tenants.StatusUpdating
	return proposal{tenant: after, operation: &tenants.Operation{Kind: tenants.OperationUpdate}}, nil
}

// same says whether nothing is different that a business service is told.
func same(a, b tenants.Tenant) bool {
	return a.Name == b.Name && a.AdminEmail == b.AdminEmail && slices.Equal(a.Origins, b.Origins) &&
		slices.EqualFunc(a.Products, b.Products, func(x, y tenants.Product) bool { return x.Name == y.Name && x.Licences == y.Licences })
}

type moveInput struct {
	OnTenant
	Body wire.MoveTenant
}

func (s *server) move(ctx context.Context, in *moveInput) (*changed, error) {
	if err := checkReason(in.Body.Reason); err != nil {
		return nil, err
	}
	if _, err := s.Catalogue.Tier(in.Body.Tier); err != nil {
		return nil, err
	}
	if in.Body.DataMoved && callOf(ctx).role == auth.RoleTenantAdmin {
		return nil, tenants.Errorf(tenants.CodeForbidden, "dataMoved is not for the role %s to say: whether users and data have gone over, the delivery team knows", auth.RoleTenantAdmin)
	}
	request := in.Body
	request.Reason = ""
	return s.change(ctx, asking{
		Writing: in.Writing, tenantID: in.ID, ifMatch: in.IfMatch, action: "tenant.move", reason: in.Body.Reason, request: request,
		propose: func(ctx context.Context, t tenants.Tenant) (proposal, error) {
			if t.Tier == in.Body.Tier && t.Status != tenants.StatusMoveFailed {
				return proposal{}, tenants.Invalid(tenants.FieldError{Field: "tier", Value: in.Body.Tier, Allowed: "a tier other than the one that the tenant has; " + strings.Join(s.Catalogue.Names(), ", ")})
			}
			op := tenants.Operation{Kind: tenants.OperationMove, FromTier: t.Tier, ToTier: in.Body.Tier}
			last, found, err := s.lastOperation(ctx, t.ID)
			if err != nil {
				return proposal{}, err
			}
			if found && last.Kind == op.Kind && last.Progress == tenants.ProgressFailed && last.ToTier == op.ToTier {
				op.RetryOf = last.ID // what it has done is done
			}
			t.Status = tenants.StatusMoving
			return proposal{tenant: t, operation: &op}, nil
		},
	})
}
