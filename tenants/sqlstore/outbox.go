package sqlstore

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"github.com/tenantform/tenantform/tenants"
)

// maxCause is how many bytes of a cause an order keeps.
const maxCause = 2048

// order puts an operation that is to be started into the outbox.
func (s *Store) order(q querier, op tenants.Operation) error {
	now := s.time().UnixMicro()
	_, err := q.exec(`INSERT INTO outbox (operation_id, tenant_id, kind, correlation_id, created_at, due_at) VALUES ($1, $2, $3, $4, $5, $5)`,
		op.ID, op.TenantID, string(op.Kind), op.CorrelationID, now)
	return err
}

// Orders gives the orders that are due.
func (s *Store) Orders(ctx context.Context, limit int) ([]tenants.Order, error) {
	if err := alive(ctx); err != nil {
		return nil, err
	}
	if err := positive(limit); err != nil {
		return nil, err
	}
	orders := []tenants.Order{}
	err := s.reading(ctx).each(func(rows *sql.Rows) error {
		var o tenants.Order
		var created int64
		err := rows.Scan(&o.Seq, &o.OperationID, &o.TenantID, &o.Kind, &o.CorrelationID, &created, &o.Attempts, &o.Cause)
		o.CreatedAt = fromMicros(created)
		orders = append(orders, o)
		return err
	}, `SELECT seq, operation_id, tenant_id, kind, correlation_id, created_at, attempts, cause FROM outbox WHERE due_at <= $1 ORDER BY seq LIMIT $2`,
		s.time().UnixMicro(), limit)
	if err != nil {
		return nil, s.classified(ctx, err)
	}
	return orders, nil
}

// Backlog gives the size of the outbox and the time of its oldest order.
func (s *Store) Backlog(ctx context.Context) (orders int, since time.Time, err error) {
	if err := alive(ctx); err != nil {
		return 0, time.Time{}, err
	}
	var oldest sql.NullInt64
	if _, err := s.reading(ctx).row([]any{&orders, &oldest}, "SELECT count(*), min(created_at) FROM outbox"); err != nil {
		return 0, time.Time{}, s.classified(ctx, err)
	}
	if oldest.Valid {
		since = fromMicros(oldest.Int64)
	}
	return orders, since, nil
}

// Started takes an order out of the outbox.
func (s *Store) Started(ctx context.Context, seq int64) error {
	if err := alive(ctx); err != nil {
		return err
	}
	return s.change(ctx, func(q querier) error {
		_, err := q.exec("DELETE FROM outbox WHERE seq = $1", seq)
		return err
	})
}

// Postponed lets an order rest.
func (s *Store) Postponed(ctx context.Context, seq int64, cause error) error {
	if err := alive(ctx); err != nil {
		return err
	}
	text := ""
	if cause != nil {
		text = strings.ReplaceAll(strings.ToValidUTF8(cause.Error(), "?"), "\x00", "?")
		text = strings.ToValidUTF8(text[:min(len(text), maxCause)], "")
	}
	return s.change(ctx, func(q querier) error {
		var attempts int
		found, err := q.row([]any{&attempts}, "SELECT attempts FROM outbox WHERE seq = $1"+s.dialect.forUpdate, seq)
		if err != nil || !found {
			return err
		}
		_, err = q.exec("UPDATE outbox SET attempts = $1, due_at = $2, cause = $3 WHERE seq = $4",
			attempts+1, s.time().Add(tenants.OrderDelay(attempts+1)).UnixMicro(), text, seq)
		return err
	})
}

func positive(limit int) error {
	if limit > 0 {
		return nil
	}
	return tenants.Invalid(tenants.FieldError{Field: "limit", Value: "0 or less", Allowed: "a whole number above 0"})
}
