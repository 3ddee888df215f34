package sqlstore

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/tenantform/tenantform/tenants"
)

// Record adds an operation, or replaces it.
func (s *Store) Record(ctx context.Context, op tenants.Operation) error {
	if err := tenants.Invalid(op.Validate()...); err != nil {
		return err
	}
	if err := alive(ctx); err != nil {
		return err
	}
	return s.change(ctx, func(q querier) error {
		_, err := s.record(q, op, nil)
		return err
	})
}

// record writes an operation as it goes on; same: it is there already, to the
// last field, and was recorded with a tenant of that version where one is given.
// An operation that ends is live no more, and needs no order.
func (s *Store) record(q querier, op tenants.Operation, tenant *tenants.Tenant) (same bool, err error) {
	var stored []byte
	var basedOn int64
	exists, err := q.row([]any{&stored, &basedOn}, "SELECT document, based_on FROM operations WHERE id = $1"+s.dialect.forUpdate, op.ID)
	if err != nil {
		return false, err
	}
	if !exists {
		return false, add(q, op, false, tenant)
	}
	old, err := decode[tenants.Operation](stored)
	if err != nil {
		return false, err
	}
	if old.TenantID != op.TenantID || old.Kind != op.Kind || !old.StartedAt.Equal(op.StartedAt) {
		return false, tenants.Errorf(tenants.CodeConflict, "operation %s is another one: a %s of tenant %s that began at %s; give the new one an id of its own",
			op.ID, old.Kind, old.TenantID, old.StartedAt.Format(time.RFC3339))
	}
	op.CancelRequested = op.CancelRequested || old.CancelRequested
	before, err := encode(old)
	if err != nil {
		return false, err
	}
	data, err := encode(op)
	if err != nil {
		return false, err
	}
	unchanged := bytes.Equal(before, data)
	same = unchanged && (tenant == nil || tenant.Version == basedOn)
	switch {
	case same:
		return true, nil
	case old.Progress.Ended() && !unchanged:
		return false, tenants.Errorf(tenants.CodeConflict, "operation %s of tenant %s has ended (%s); its record cannot be changed", op.ID, op.TenantID, old.Progress)
	}
	if tenant != nil {
		basedOn = tenant.Version
	}
	if _, err := q.exec("UPDATE operations SET progress = $1, document = $2, based_on = $3 WHERE id = $4", string(op.Progress), string(data), basedOn, op.ID); err != nil {
		return false, err
	}
	return false, settle(q, op)
}

// settle ends what there is of an operation beside its record, once it has ended.
func settle(q querier, op tenants.Operation) error {
	if !op.Progress.Ended() {
		return nil
	}
	if _, err := q.exec("UPDATE operations SET live = 0 WHERE id = $1 AND live = 1", op.ID); err != nil {
		return err
	}
	_, err := q.exec("DELETE FROM outbox WHERE operation_id = $1", op.ID)
	return err
}

// add writes an operation that is not there yet.
func add(q querier, op tenants.Operation, live bool, tenant *tenants.Tenant) error {
	data, err := encode(op)
	if err != nil {
		return err
	}
	basedOn, alive := int64(-1), 0
	if tenant != nil {
		basedOn = tenant.Version
	}
	if live {
		alive = 1
	}
	_, err = q.exec(`INSERT INTO operations (id, tenant_id, kind, progress, started_at, live, based_on, document) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		op.ID, op.TenantID, string(op.Kind), string(op.Progress), op.StartedAt.UnixMicro(), alive, basedOn, string(data))
	return err
}

// Operations gives a tenant's operations, oldest first; none is no error.
func (s *Store) Operations(ctx context.Context, tenantID string) ([]tenants.Operation, error) {
	if err := alive(ctx); err != nil {
		return nil, err
	}
	if err := tenants.Invalid(tenants.ValidateID("tenantId", tenantID)...); err != nil {
		return nil, err
	}
	all, err := documents[tenants.Operation](s.reading(ctx), "SELECT document FROM operations WHERE tenant_id = $1 ORDER BY started_at, id", tenantID)
	if err != nil {
		return nil, s.classified(ctx, err)
	}
	slices.SortStableFunc(all, func(a, b tenants.Operation) int {
		return cmp.Or(a.StartedAt.Compare(b.StartedAt), cmp.Compare(a.ID, b.ID))
	})
	return all, nil
}

// Operation gives an operation.
func (s *Store) Operation(ctx context.Context, id string) (tenants.Operation, error) {
	if err := alive(ctx); err != nil {
		return tenants.Operation{}, err
	}
	if !indexable(id) {
		return tenants.Operation{}, noOperation(id)
	}
	op, found, err := document[tenants.Operation](s.reading(ctx), "SELECT document FROM operations WHERE id = $1", id)
	if err != nil {
		return tenants.Operation{}, s.classified(ctx, err)
	}
	if !found {
		return tenants.Operation{}, noOperation(id)
	}
	return op, nil
}

// RequestCancel asks an operation to end.
func (s *Store) RequestCancel(ctx context.Context, operationID string, entry tenants.AuditEntry) (tenants.Operation, error) {
	if err := alive(ctx); err != nil {
		return tenants.Operation{}, err
	}
	if !indexable(operationID) {
		return tenants.Operation{}, noOperation(operationID)
	}
	if err := tenants.Invalid(entry.Validate()...); err != nil {
		return tenants.Operation{}, err
	}
	var op tenants.Operation
	err := s.change(ctx, func(q querier) error {
		var found bool
		var err error
		op, found, err = document[tenants.Operation](q, "SELECT document FROM operations WHERE id = $1"+s.dialect.forUpdate, operationID)
		switch {
		case err != nil:
			return err
		case !found:
			return noOperation(operationID)
		case op.Progress.Ended():
			return tenants.Errorf(tenants.CodeFailedPrecondition, "operation %s of tenant %s has ended (%s); there is nothing to cancel", op.ID, op.TenantID, op.Progress)
		case op.CancelRequested:
			return nil
		}
		op.CancelRequested = true
		data, err := encode(op)
		if err != nil {
			return err
		}
		if _, err := q.exec("UPDATE operations SET document = $1 WHERE id = $2", string(data), op.ID); err != nil {
			return err
		}
		_, err = s.append(q, about(entry, op))
		return err
	})
	if err != nil {
		return tenants.Operation{}, err
	}
	return op, nil
}

// about fills in what an entry does not say of the operation that it is about.
func about(entry tenants.AuditEntry, op tenants.Operation) tenants.AuditEntry {
	entry.TenantID = cmp.Or(entry.TenantID, op.TenantID)
	entry.OperationID = cmp.Or(entry.OperationID, op.ID)
	entry.CorrelationID = cmp.Or(entry.CorrelationID, op.CorrelationID)
	return entry
}

func noOperation(id string) error {
	return tenants.Errorf(tenants.CodeNotFound, "there is no operation %q", id)
}
