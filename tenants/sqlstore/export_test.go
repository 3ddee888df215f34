package sqlstore

import (
	"context"

	"github.com/tenantform/tenantform/tenants"
)

// Fill carries out changes that begin operations, all in one transaction.
func Fill(ctx context.Context, s *Store, changes []tenants.Change) error {
	return s.change(ctx, func(q querier) error {
		for _, c := range changes {
			op := c.Operation
			op.TenantID, op.Progress, op.StartedAt = c.Tenant.ID, tenants.ProgressRunning, s.time()
			var begun tenants.Begun
			if _, _, err := s.claim(q, *c.Key); err != nil {
				return err
			}
			if err := s.begin(q, c, &op, &begun); err != nil {
				return err
			}
			if _, err := s.append(q, about(c.Audit, op)); err != nil {
				return err
			}
		}
		return nil
	})
}

// SearchStatement is what a query for tenants is made into.
func SearchStatement(q tenants.Query, after string, limit int) (string, []any) {
	return searchStatement(q, after, limit)
}

// OperationsStatement is what a query for operations is made into.
func (s *Store) OperationsStatement(q tenants.OperationQuery, after string, limit int) (string, []any, error) {
	return s.operationsStatement(q, after, limit)
}
