package sqlstore

import (
	"cmp"
	"context"
	"time"

	"github.com/tenantform/tenantform/tenants"
)

// Begin starts an operation.
func (s *Store) Begin(ctx context.Context, c tenants.Change) (tenants.Begun, error) {
	op := c.Operation
	op.TenantID, op.Progress = c.Tenant.ID, tenants.ProgressRunning
	if op.StartedAt.IsZero() {
		op.StartedAt = s.time()
	}
	fields := op.Validate()
	if op.CancelRequested {
		fields = append(fields, tenants.FieldError{Field: "cancelRequested", Value: "true", Allowed: "false at the beginning"})
	}
	if err := tenants.Invalid(fields...); err != nil {
		return tenants.Begun{}, err
	}
	return s.apply(ctx, c, &op)
}

// Write changes a tenant without an operation.
func (s *Store) Write(ctx context.Context, c tenants.Change) (tenants.Begun, error) {
	return s.apply(ctx, c, nil)
}

// apply carries out a change, with an operation where one is given.
func (s *Store) apply(ctx context.Context, c tenants.Change, op *tenants.Operation) (tenants.Begun, error) {
	if err := validateChange(c); err != nil {
		return tenants.Begun{}, err
	}
	if err := alive(ctx); err != nil {
		return tenants.Begun{}, err
	}
	var begun tenants.Begun
	err := s.change(ctx, func(q querier) error {
		begun = tenants.Begun{}
		if c.Key != nil {
			answer, replayed, err := s.claim(q, *c.Key)
			if err != nil || replayed {
				begun = answer
				return err
			}
		}
		if err := s.begin(q, c, op, &begun); err != nil {
			return err
		}
		if c.Key != nil {
			if err := answered(q, *c.Key, begun); err != nil {
				return err
			}
		}
		entry := c.Audit
		entry.TenantID = cmp.Or(entry.TenantID, c.Tenant.ID)
		if op != nil {
			entry = about(entry, *op)
		}
		_, err := s.append(q, entry)
		return err
	})
	if err != nil {
		return tenants.Begun{}, err
	}
	return begun, nil
}

func validateChange(c tenants.Change) error {
	if !c.Create && tenants.ValidateID("id", c.Tenant.ID) != nil {
		return noTenant(c.Tenant.ID)
	}
	if err := validate(c.Tenant); err != nil {
		return err
	}
	fields := c.Audit.Validate()
	if c.Key != nil {
		fields = append(fields, c.Key.Validate()...)
	}
	return tenants.Invalid(fields...)
}

// begin writes the tenant, the operation and its order.
func (s *Store) begin(q querier, c tenants.Change, op *tenants.Operation, begun *tenants.Begun) error {
	old, exists, err := s.locked(q, c.Tenant.ID)
	switch {
	case err != nil:
		return err
	case !c.Create && !exists:
		return noTenant(c.Tenant.ID)
	}
	if err := free(q, c.Tenant.ID); err != nil && !(c.Create && exists && old.Status != tenants.StatusDeleted) {
		return err
	}
	if begun.Tenant, err = s.put(q, old, exists, c); err != nil {
		return err
	}
	if op == nil {
		return nil
	}
	if op.FromStatus = ""; !c.Create {
		op.FromStatus = old.Status
	}
	if taken, err := q.row([]any{new(int)}, "SELECT 1 FROM operations WHERE id = $1", op.ID); err != nil {
		return err
	} else if taken {
		return tenants.Errorf(tenants.CodeConflict, "there is an operation %s already; give the new one an id of its own", op.ID)
	}
	if err := add(q, *op, true, &c.Tenant); err != nil {
		return err
	}
	data, err := encode(*op)
	if err != nil {
		return err
	}
	if begun.Operation, err = decode[tenants.Operation](data); err != nil {
		return err
	}
	return s.order(q, *op)
}

// put creates or updates the tenant of a change, as the lifecycle lets it.
func (s *Store) put(q querier, old tenants.Tenant, exists bool, c tenants.Change) (tenants.Tenant, error) {
	if c.Create {
		if err := tenants.Transition("", c.Tenant.Status); err != nil {
			return tenants.Tenant{}, err
		}
		return s.create(q, old, exists, c.Tenant)
	}
	return s.move(q, old, c.Tenant)
}

// move updates a tenant whose status may change only as the lifecycle says. That
// is looked at after the version: a change that is based on an old version is
// answered with that.
func (s *Store) move(q querier, old, t tenants.Tenant) (tenants.Tenant, error) {
	if old.Version == t.Version && old.Status != t.Status {
		if err := tenants.Transition(old.Status, t.Status); err != nil {
			return tenants.Tenant{}, err
		}
	}
	return s.update(q, old, t)
}

// free refuses a change of a tenant with a live operation.
func free(q querier, tenantID string) error {
	op, found, err := document[tenants.Operation](q, "SELECT document FROM operations WHERE tenant_id = $1 AND live = 1", tenantID)
	if err != nil || !found {
		return err
	}
	return tenants.Errorf(tenants.CodeConflict, "tenant %s is being changed by operation %s (%s, since %s); wait until it has ended, or cancel it",
		tenantID, op.ID, op.Kind, op.StartedAt.UTC().Format(time.RFC3339))
}

// Advance records how an operation goes on.
func (s *Store) Advance(ctx context.Context, a tenants.Advance) (tenants.Tenant, error) {
	fields := a.Operation.Validate()
	if a.Audit != nil {
		fields = append(fields, a.Audit.Validate()...)
	}
	if a.Tenant != nil && a.Tenant.ID != a.Operation.TenantID {
		fields = append(fields, tenants.FieldError{Field: "tenantId", Value: a.Operation.TenantID, Allowed: "the id of the tenant that is given with the operation, " + a.Tenant.ID})
	}
	if err := tenants.Invalid(fields...); err != nil {
		return tenants.Tenant{}, err
	}
	if a.Tenant != nil {
		if err := validate(*a.Tenant); err != nil {
			return tenants.Tenant{}, err
		}
	}
	if err := alive(ctx); err != nil {
		return tenants.Tenant{}, err
	}
	var stored tenants.Tenant
	err := s.change(ctx, func(q querier) error {
		var err error
		stored, err = s.advance(q, a)
		return err
	})
	if err != nil {
		return tenants.Tenant{}, err
	}
	return stored, nil
}

func (s *Store) advance(q querier, a tenants.Advance) (tenants.Tenant, error) {
	var old tenants.Tenant
	if a.Tenant != nil {
		// The tenant's row comes before the operation's, as in Begin.
		var exists bool
		var err error
		if old, exists, err = s.locked(q, a.Tenant.ID); err != nil {
			return old, err
		} else if !exists {
			return old, noTenant(a.Tenant.ID)
		}
	}
	same, err := s.record(q, a.Operation, a.Tenant)
	if err != nil || same {
		return old, err
	}
	stored := old
	if a.Tenant != nil {
		if stored, err = s.move(q, old, *a.Tenant); err != nil {
			return stored, err
		}
	}
	if a.Audit != nil {
		_, err = s.append(q, about(*a.Audit, a.Operation))
	}
	return stored, err
}
