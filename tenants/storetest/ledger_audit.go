package storetest

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/tenantform/tenantform/tenants"
)

func audit(b *bench) {
	if n, err := b.l.VerifyAudit(b.ctx); n != 0 || err != nil {
		b.Errorf("an empty journal has %d entries, %v", n, err)
	}
	full := tenants.AuditEntry{Actor: "ann", Role: "operator", Action: "login.refused", TenantID: "acme", OperationID: "op-1", CorrelationID: "c-1",
		Reason: "expired \u00fc", Details: json.RawMessage(`{"b": 1, "a":[2.50, "x"]}`), Seq: 99, Hash: "mine", PrevHash: "mine", At: time.Unix(1, 0)}
	var last tenants.AuditEntry
	var all []tenants.AuditEntry
	for i := range 7 {
		e := full
		if i%2 == 1 {
			e = tenants.AuditEntry{Actor: "bob", Action: "look", TenantID: "birch"}
		}
		stored, err := b.l.AddAudit(b.ctx, e)
		must(b.T, err)
		e.At = b.clock.read()
		last = e.Chained(last)
		same(b.T, stored, last)
		all = append(all, last)
		b.clock.add(time.Second)
	}
	same(b.T, b.entries(), all)
	acme, err := b.Other.Audit(b.ctx, 0, "acme", 2)
	must(b.T, err)
	same(b.T, acme, []tenants.AuditEntry{all[0], all[2]})
	acme, err = b.l.Audit(b.ctx, 3, "acme", 100)
	must(b.T, err)
	same(b.T, acme, []tenants.AuditEntry{all[4], all[6]})
	some, err := b.l.Audit(b.ctx, 2, "", 3)
	must(b.T, err)
	same(b.T, some, all[2:5])
	if n, err := b.l.VerifyAudit(b.ctx); n != 7 || err != nil {
		b.Errorf("%d of 7 entries are sound, %v", n, err)
	}
	_, err = b.l.Audit(b.ctx, 0, "", 0)
	code(b.T, err, tenants.CodeInvalid)
	_, err = b.l.Audit(b.ctx, 0, "../acme", 1)
	code(b.T, err, tenants.CodeInvalid)
}

func auditInvalid(b *bench) {
	for _, e := range []tenants.AuditEntry{{}, {Actor: "ann"}, {Action: "a"}, {Actor: "ann", Action: "a\x00"}, {Actor: "\xff", Action: "a"},
		{Actor: "ann", Action: "a", Details: json.RawMessage("{")}, {Actor: "ann", Action: "a", Reason: strings.Repeat("x", 5000)}} {
		b.unchanged(tenants.CodeInvalid, func() error { _, err := b.l.AddAudit(b.ctx, e); return err })
	}
}

// auditAtOnce lets both handles add entries: they are one chain.
func auditAtOnce(b *bench) {
	const workers, each = 8, 15
	var wg sync.WaitGroup
	for i := range workers {
		l := b.l
		if i%2 == 1 {
			l = b.Other
		}
		wg.Go(func() {
			for j := range each {
				if _, err := l.AddAudit(b.ctx, tenants.AuditEntry{Actor: fmt.Sprintf("actor-%d", i), Action: fmt.Sprintf("act-%d", j)}); err != nil {
					b.Errorf("%v", err)
				}
				// Who reads meanwhile sees a chain that is sound.
				if _, err := l.VerifyAudit(b.ctx); err != nil {
					b.Errorf("%v", err)
				}
			}
		})
	}
	wg.Wait()
	if n, err := b.l.VerifyAudit(b.ctx); n != workers*each || err != nil {
		b.Errorf("%d of %d entries are sound, %v", n, workers*each, err)
	}
}

// auditTampered changes each column of an entry in the middle, at the beginning
// and at the end.
func auditTampered(b *bench) {
	const entries = 5
	for range entries {
		_, err := b.l.AddAudit(b.ctx, tenants.AuditEntry{Actor: "ann", Role: "operator", Action: "a", TenantID: "acme", OperationID: "op", CorrelationID: "c",
			Reason: "because", Details: json.RawMessage(`{"n":1}`)})
		must(b.T, err)
	}
	all := b.entries()
	for _, seq := range []int64{1, 3, entries} {
		e := all[seq-1]
		for column, values := range map[string][2]any{
			"at": {e.At.Add(time.Microsecond).UnixMicro(), e.At.UnixMicro()}, "actor": {"eve", e.Actor}, "role": {"", e.Role}, "action": {"b", e.Action},
			"tenant_id": {"birch", e.TenantID}, "operation_id": {"op2", e.OperationID}, "correlation_id": {"d", e.CorrelationID}, "reason": {"becaus", e.Reason},
			"details": {`{"n":2}`, string(e.Details)}, "prev_hash": {strings.Repeat("0", 64), e.PrevHash}, "hash": {strings.Repeat("0", 64), e.Hash},
		} {
			b.Alter(b.T, seq, column, values[0])
			n, err := b.l.VerifyAudit(b.ctx)
			code(b.T, err, tenants.CodeFailedPrecondition)
			mentions(b.T, err, fmt.Sprintf("entry %d", seq))
			if n != seq-1 {
				b.Errorf("%s of entry %d was changed, and %d entries are called sound", column, seq, n)
			}
			b.Alter(b.T, seq, column, values[1])
		}
		// Text that moves from one field to the next is seen too.
		b.Alter(b.T, seq, "actor", e.Actor+e.Role)
		b.Alter(b.T, seq, "role", "")
		_, err := b.l.VerifyAudit(b.ctx)
		mentions(b.T, err, fmt.Sprintf("entry %d", seq))
		b.Alter(b.T, seq, "actor", e.Actor)
		b.Alter(b.T, seq, "role", e.Role)
	}
	if n, err := b.l.VerifyAudit(b.ctx); n != entries || err != nil {
		b.Errorf("after all was put back, %d entries are sound, %v", n, err)
	}
}

// auditErased takes entries away: from the end, from the middle, from the beginning.
func auditErased(b *bench) {
	for range 6 {
		_, err := b.l.AddAudit(b.ctx, tenants.AuditEntry{Actor: "ann", Action: "a"})
		must(b.T, err)
	}
	for _, seq := range []int64{6, 3, 1} {
		b.Erase(b.T, seq)
		_, err := b.l.VerifyAudit(b.ctx)
		code(b.T, err, tenants.CodeFailedPrecondition)
		mentions(b.T, err, fmt.Sprintf("entry %d", seq))
	}
	_, err := b.l.AddAudit(b.ctx, tenants.AuditEntry{Actor: "ann", Action: "a"}) // what goes on does not hide it
	must(b.T, err)
	_, err = b.l.VerifyAudit(b.ctx)
	code(b.T, err, tenants.CodeFailedPrecondition)
}
