package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"iter"

	"github.com/tenantform/tenantform/tenants"
)

// auditColumns are the columns of an entry, in the order in which scanEntry reads them.
const auditColumns = "seq, at, actor, role, action, tenant_id, operation_id, correlation_id, reason, details, prev_hash, hash"

// verifyPage is how many entries are read at once when the chain is checked.
const verifyPage = 1000

// AddAudit adds an entry.
func (s *Store) AddAudit(ctx context.Context, entry tenants.AuditEntry) (tenants.AuditEntry, error) {
	if err := tenants.Invalid(entry.Validate()...); err != nil {
		return tenants.AuditEntry{}, err
	}
	if err := alive(ctx); err != nil {
		return tenants.AuditEntry{}, err
	}
	var stored tenants.AuditEntry
	err := s.change(ctx, func(q querier) error {
		var err error
		stored, err = s.append(q, entry)
		return err
	})
	return stored, err
}

// append adds an entry to the chain. It holds the chain's head until the
// transaction ends, so it is the last that a transaction does.
func (s *Store) append(q querier, entry tenants.AuditEntry) (tenants.AuditEntry, error) {
	var head tenants.AuditEntry
	found, err := q.row([]any{&head.Seq, &head.Hash}, "SELECT seq, hash FROM audit_head WHERE one = 1"+s.dialect.forUpdate)
	if err != nil {
		return entry, err
	}
	if !found {
		return entry, noHead()
	}
	entry.At = s.time()
	entry = entry.Chained(head)
	var details any
	if entry.Details != nil {
		details = string(entry.Details)
	}
	if _, err := q.exec("INSERT INTO audit ("+auditColumns+") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
		entry.Seq, entry.At.UnixMicro(), entry.Actor, entry.Role, entry.Action, entry.TenantID, entry.OperationID, entry.CorrelationID,
		entry.Reason, details, entry.PrevHash, entry.Hash); err != nil {
		return entry, err
	}
	_, err = q.exec("UPDATE audit_head SET seq = $1, hash = $2 WHERE one = 1", entry.Seq, entry.Hash)
	return entry, err
}

// Audit gives entries of the journal.
func (s *Store) Audit(ctx context.Context, after int64, tenantID string, limit int) ([]tenants.AuditEntry, error) {
	if err := alive(ctx); err != nil {
		return nil, err
	}
	if err := positive(limit); err != nil {
		return nil, err
	}
	if tenantID != "" {
		if err := tenants.Invalid(tenants.ValidateID("tenantId", tenantID)...); err != nil {
			return nil, err
		}
	}
	entries, err := auditPage(s.reading(ctx), after, tenantID, limit)
	if err != nil {
		return nil, s.classified(ctx, err)
	}
	return entries, nil
}

func auditPage(q querier, after int64, tenantID string, limit int) ([]tenants.AuditEntry, error) {
	entries := []tenants.AuditEntry{}
	collect := func(rows *sql.Rows) error {
		e, err := scanEntry(rows)
		entries = append(entries, e)
		return err
	}
	if tenantID == "" {
		return entries, q.each(collect, "SELECT "+auditColumns+" FROM audit WHERE seq > $1 ORDER BY seq LIMIT $2", after, limit)
	}
	err := q.each(collect, "SELECT "+auditColumns+" FROM audit WHERE tenant_id = $1 AND seq > $2 ORDER BY seq LIMIT $3", tenantID, after, limit)
	return entries, err
}

func scanEntry(rows *sql.Rows) (tenants.AuditEntry, error) {
	var e tenants.AuditEntry
	var at int64
	var details sql.NullString
	err := rows.Scan(&e.Seq, &at, &e.Actor, &e.Role, &e.Action, &e.TenantID, &e.OperationID, &e.CorrelationID, &e.Reason, &details, &e.PrevHash, &e.Hash)
	e.At = fromMicros(at)
	if details.Valid {
		e.Details = json.RawMessage(details.String)
	}
	return e, err
}

// VerifyAudit checks the chain.
func (s *Store) VerifyAudit(ctx context.Context) (int64, error) {
	if err := alive(ctx); err != nil {
		return 0, err
	}
	// The head is read first: what is added meanwhile lies behind it.
	q := s.reading(ctx)
	var head tenants.AuditEntry
	found, err := q.row([]any{&head.Seq, &head.Hash}, "SELECT seq, hash FROM audit_head WHERE one = 1")
	if err != nil {
		return 0, s.classified(ctx, err)
	}
	if !found {
		return 0, noHead()
	}
	sound := false // the entry that the head names was met
	last, err := tenants.VerifyAudit(func(yield func(tenants.AuditEntry, error) bool) {
		for e, err := range entries(q) {
			if !yield(e, err) {
				return
			}
			sound = sound || e.Seq == head.Seq && e.Hash == head.Hash
		}
	})
	if err != nil {
		return last.Seq, s.classified(ctx, err)
	}
	if !sound && head.Seq > 0 {
		return last.Seq, tenants.Errorf(tenants.CodeFailedPrecondition,
			"the audit journal is broken at entry %d: entry %d is the newest that was written, and it is not there; it was changed outside Tenantform: compare it with a backup",
			min(last.Seq+1, head.Seq), head.Seq)
	}
	return last.Seq, nil
}

// entries gives the journal from its first entry to its last, a page at a time.
func entries(q querier) iter.Seq2[tenants.AuditEntry, error] {
	return func(yield func(tenants.AuditEntry, error) bool) {
		after := int64(0)
		for {
			page, err := auditPage(q, after, "", verifyPage)
			if err != nil {
				yield(tenants.AuditEntry{}, err)
				return
			}
			for _, e := range page {
				if !yield(e, nil) {
					return
				}
				after = e.Seq
			}
			if len(page) < verifyPage {
				return
			}
		}
	}
}

func noHead() error {
	return tenants.Errorf(tenants.CodeFailedPrecondition, "the audit journal has lost its head; it was changed outside Tenantform: restore the database from a backup")
}
