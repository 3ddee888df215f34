package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tenantform/tenantform/tenants"
)

// endedContexts calls everything with a context that has ended.
func endedContexts(b *bench) {
	t := b.active("acme")
	live := b.begin(changing(t, "op-live", tenants.OperationUpdate, tenants.StatusUpdating))
	seq := b.orders()[0].Seq
	ctx, cancel := context.WithCancel(b.ctx)
	cancel()
	l, entry := b.l, tenants.AuditEntry{Actor: "ann", Action: "a"}
	calls := map[string]func() error{
		"Create":     func() error { _, err := l.Create(ctx, Tenant("birch")); return err },
		"Get":        func() error { _, err := l.Get(ctx, "acme"); return err },
		"List":       func() error { _, err := l.List(ctx); return err },
		"Update":     func() error { _, err := l.Update(ctx, live.Tenant); return err },
		"Record":     func() error { return l.Record(ctx, Operation("x", "acme", began)) },
		"Operations": func() error { _, err := l.Operations(ctx, "acme"); return err },
		"Begin":      func() error { _, err := l.Begin(ctx, Opening("birch", "op-2")); return err },
		"Write":      func() error { _, err := l.Write(ctx, Opening("birch", "op-2")); return err },
		"Answer": func() error {
			_, _, err := l.Answer(ctx, tenants.IdempotencyKey{Key: "k", Actor: "ann", RequestHash: "h"})
			return err
		},
		"Advance": func() error {
			_, err := l.Advance(ctx, tenants.Advance{Operation: Operation("x", "acme", began)})
			return err
		},
		"RequestCancel":    func() error { _, err := l.RequestCancel(ctx, "op-live", entry); return err },
		"Search":           func() error { _, err := l.Search(ctx, tenants.Query{}); return err },
		"ByOrigin":         func() error { _, err := l.ByOrigin(ctx, t.Origins[0]); return err },
		"Operation":        func() error { _, err := l.Operation(ctx, "op-live"); return err },
		"SearchOperations": func() error { _, err := l.SearchOperations(ctx, tenants.OperationQuery{}); return err },
		"Orders":           func() error { _, err := l.Orders(ctx, 1); return err },
		"Backlog":          func() error { _, _, err := l.Backlog(ctx); return err },
		"Started":          func() error { return l.Started(ctx, seq) },
		"Postponed":        func() error { return l.Postponed(ctx, seq, errors.New("no")) },
		"AddAudit":         func() error { _, err := l.AddAudit(ctx, entry); return err },
		"Audit":            func() error { _, err := l.Audit(ctx, 0, "", 1); return err },
		"VerifyAudit":      func() error { _, err := l.VerifyAudit(ctx); return err },
		"Expire":           func() error { _, err := l.Expire(ctx); return err },
	}
	for name, call := range calls {
		err := b.refused(tenants.CodeUnavailable, call)
		if !errors.Is(err, context.Canceled) {
			b.Errorf("%s: %v does not say that the context was cancelled", name, err)
		}
	}
	b.endedMeanwhile()
}

// endedMeanwhile cancels changes at random moments: each is carried out as a
// whole or not at all.
func (b *bench) endedMeanwhile() {
	for i := range 40 {
		ctx, cancel := context.WithTimeout(b.ctx, time.Duration(i)*100*time.Microsecond)
		id := fmt.Sprintf("cut-%d", i)
		_, err := b.l.Begin(ctx, Opening(id, "op-"+id))
		cancel()
		if err != nil && tenants.CodeOf(err) != tenants.CodeUnavailable {
			b.Errorf("%v", err)
		}
	}
	s := b.snapshot()
	var begun, ordered, noted []string
	for _, t := range s.Tenants {
		if strings.HasPrefix(t.ID, "cut-") {
			begun = append(begun, t.ID)
		}
	}
	for _, o := range s.Orders {
		if strings.HasPrefix(o.TenantID, "cut-") {
			ordered = append(ordered, o.TenantID)
		}
	}
	for _, e := range s.Audit {
		if strings.HasPrefix(e.TenantID, "cut-") {
			noted = append(noted, e.TenantID)
		}
	}
	slices.Sort(ordered)
	slices.Sort(noted)
	same(b.T, ordered, begun)
	same(b.T, noted, begun)
	if _, err := b.l.VerifyAudit(b.ctx); err != nil {
		b.Error(err)
	}
}
