package storetest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tenantform/tenantform/tenants"
)

func advance(b *bench) {
	begun := b.begin(Opening("acme", "op-1"))
	op := begun.Operation
	op.Steps = []tenants.Step{{Name: "provision", Progress: tenants.ProgressRunning, StartedAt: began}}
	op.Services = []tenants.ServiceState{{Service: "billing", Progress: tenants.ProgressRunning, Attempt: 1}}
	none, err := b.l.Advance(b.ctx, tenants.Advance{Operation: op})
	must(b.T, err)
	same(b.T, none, tenants.Tenant{})
	stored, err := b.l.Operation(b.ctx, "op-1")
	must(b.T, err)
	same(b.T, stored, op)

	b.clock.add(time.Minute)
	t := begun.Tenant
	t.Status, t.Settings = tenants.StatusActive, tenants.Settings{UserPoolID: "pool"}
	op.Steps[0].Progress, op.Steps[0].EndedAt = tenants.ProgressSucceeded, b.clock.read()
	op.Progress, op.EndedAt = tenants.ProgressSucceeded, b.clock.read()
	entry := tenants.AuditEntry{Actor: "worker", Action: "operation.succeeded", Reason: "done"}
	t, err = b.l.Advance(b.ctx, tenants.Advance{Operation: op, Tenant: &t, Audit: &entry})
	must(b.T, err)
	if t.Version != begun.Tenant.Version+1 || !t.UpdatedAt.Equal(b.clock.read()) || !t.CreatedAt.Equal(began) || t.Settings.UserPoolID != "pool" {
		b.Errorf("the tenant is %+v", t)
	}
	read, err := b.l.Get(b.ctx, "acme")
	must(b.T, err)
	same(b.T, read, t)
	stored, err = b.l.Operation(b.ctx, "op-1")
	must(b.T, err)
	same(b.T, stored, op)
	last := b.entries()[1]
	if last.Action != "operation.succeeded" || last.TenantID != "acme" || last.OperationID != "op-1" || last.CorrelationID != "corr-op-1" || !last.At.Equal(b.clock.read()) {
		b.Errorf("the audit entry is %+v", last)
	}
	if left := b.orders(); len(left) != 0 {
		b.Errorf("an operation that has ended is still to be started: %+v", left)
	}
}

// advanceAgain says the same twice, as a caller does that did not hear the answer.
func advanceAgain(b *bench) {
	begun := b.begin(Opening("acme", "op-1"))
	op, t := begun.Operation, begun.Tenant
	op.Progress, op.EndedAt = tenants.ProgressSucceeded, began
	t.Status = tenants.StatusActive
	said := tenants.Advance{Operation: op, Tenant: &t, Audit: &tenants.AuditEntry{Actor: "worker", Action: "a"}}
	first, err := b.l.Advance(b.ctx, said)
	must(b.T, err)
	before := b.snapshot()
	second, err := b.Other.Advance(b.ctx, said)
	must(b.T, err)
	same(b.T, second, first)
	same(b.T, b.snapshot(), before)

	// Others have gone on since: still nothing happens, and it is no error.
	next := b.begin(changing(first, "op-2", tenants.OperationUpdate, tenants.StatusUpdating))
	before = b.snapshot()
	now, err := b.l.Advance(b.ctx, said)
	must(b.T, err)
	same(b.T, now, next.Tenant)
	same(b.T, b.snapshot(), before)
}

func advanceRefused(b *bench) {
	begun := b.begin(Opening("acme", "op-1"))
	stale := begun.Tenant
	stale.Version, stale.Status = 9, tenants.StatusActive
	ended := begun.Operation
	ended.Progress, ended.EndedAt = tenants.ProgressSucceeded, began
	refuse := func(want tenants.Code, a tenants.Advance) {
		b.Helper()
		b.unchanged(want, func() error { _, err := b.l.Advance(b.ctx, a); return err })
	}
	refuse(tenants.CodeConflict, tenants.Advance{Operation: ended, Tenant: &stale})
	other := Tenant("birch")
	refuse(tenants.CodeInvalid, tenants.Advance{Operation: ended, Tenant: &other})
	refuse(tenants.CodeInvalid, tenants.Advance{Operation: ended, Audit: &tenants.AuditEntry{}})
	refuse(tenants.CodeInvalid, tenants.Advance{})
	elsewhere := ended
	elsewhere.ID, elsewhere.TenantID = "op-2", "birch"
	refuse(tenants.CodeNotFound, tenants.Advance{Operation: elsewhere, Tenant: &other})
	refuse(tenants.CodeConflict, tenants.Advance{Operation: func() tenants.Operation { o := ended; o.Kind = tenants.OperationDelete; return o }()})
	must(b.T, b.l.Record(b.ctx, ended))
	failed := ended
	failed.Progress = tenants.ProgressFailed
	refuse(tenants.CodeConflict, tenants.Advance{Operation: failed})
}

func requestCancel(b *bench) {
	begun := b.begin(Opening("acme", "op-1"))
	entry := tenants.AuditEntry{Actor: "ann", Action: "operation.cancel", Reason: "mistake"}
	op, err := b.l.RequestCancel(b.ctx, "op-1", entry)
	must(b.T, err)
	want := begun.Operation
	want.CancelRequested = true
	same(b.T, op, want)
	stored, err := b.l.Operation(b.ctx, "op-1")
	must(b.T, err)
	same(b.T, stored, want)
	last := b.entries()[1]
	if last.Action != "operation.cancel" || last.TenantID != "acme" || last.OperationID != "op-1" || last.Reason != "mistake" {
		b.Errorf("the audit entry is %+v", last)
	}
	before := b.snapshot() // asked twice, it is one wish
	_, err = b.l.RequestCancel(b.ctx, "op-1", entry)
	must(b.T, err)
	same(b.T, b.snapshot(), before)

	// Who records a step does not know of it, and does not undo it.
	must(b.T, b.l.Record(b.ctx, begun.Operation))
	stored, err = b.l.Operation(b.ctx, "op-1")
	must(b.T, err)
	same(b.T, stored, want)
	b.end(begun.Operation, tenants.ProgressFailed, tenants.StatusCreateFailed)
	b.unchanged(tenants.CodeFailedPrecondition, func() error { _, err := b.l.RequestCancel(b.ctx, "op-1", entry); return err })
	b.unchanged(tenants.CodeNotFound, func() error { _, err := b.l.RequestCancel(b.ctx, "nothing", entry); return err })
	b.unchanged(tenants.CodeInvalid, func() error { _, err := b.l.RequestCancel(b.ctx, "op-1", tenants.AuditEntry{}); return err })
}

// contest lets goroutines begin changes at once, by both handles, and gives the
// number of those that were carried out; the others must be conflicts.
func (b *bench) contest(workers int, change func(i int) tenants.Change) int {
	b.Helper()
	var wg sync.WaitGroup
	var won atomic.Int32
	start := make(chan struct{})
	for i := range workers {
		l := b.l
		if i%2 == 1 {
			l = b.Other
		}
		wg.Go(func() {
			<-start
			switch _, err := l.Begin(b.ctx, change(i)); {
			case err == nil:
				won.Add(1)
			case tenants.CodeOf(err) != tenants.CodeConflict:
				b.Errorf("%v (%v)", err, tenants.CodeOf(err))
			}
		})
	}
	close(start)
	wg.Wait()
	return int(won.Load())
}

func beginAtOnce(b *bench) {
	t := b.active("acme")
	for round := range 10 {
		won := b.contest(8, func(i int) tenants.Change {
			return changing(t, fmt.Sprintf("op-%d-%d", round, i), tenants.OperationUpdate, tenants.StatusUpdating)
		})
		if won != 1 {
			b.Fatalf("%d of 8 operations on one tenant were begun", won)
		}
		orders := b.orders()
		if len(orders) != 1 {
			b.Fatalf("there are %d orders for one operation", len(orders))
		}
		op, err := b.l.Operation(b.ctx, orders[0].OperationID)
		must(b.T, err)
		t = b.end(op, tenants.ProgressSucceeded, tenants.StatusActive)
	}
	if all, err := b.l.Operations(b.ctx, "acme"); err != nil || len(all) != 11 {
		b.Errorf("there are %d operations, want 11; %v", len(all), err)
	}
}

func createAtOnce(b *bench) {
	for round := range 5 {
		id := fmt.Sprintf("tenant-%d", round)
		if won := b.contest(8, func(i int) tenants.Change { return Opening(id, fmt.Sprintf("op-%d-%d", round, i)) }); won != 1 {
			b.Fatalf("%d of 8 tenants with one id were created", won)
		}
	}
	// Different tenants are no obstacle to each other.
	if won := b.contest(16, func(i int) tenants.Change { return Opening(fmt.Sprintf("other-%d", i), fmt.Sprintf("op-other-%d", i)) }); won != 16 {
		b.Errorf("%d of 16 different tenants were created", won)
	}
	if orders := b.orders(); len(orders) != 21 {
		b.Errorf("there are %d orders, want 21", len(orders))
	}
}

// randomLife does random things to a few tenants and checks after each that what
// belongs together is together. The seed is printed, so that a failure can be
// looked into.
func randomLife(b *bench) {
	seed := rand.Uint64()
	b.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	statuses, kinds := append(tenants.Statuses(), ""), tenants.OperationKinds()
	last := map[string]tenants.Status{}
	for i := range 150 {
		id := []string{"acme", "birch", "cedar"}[random.IntN(3)]
		t, err := b.l.Get(b.ctx, id)
		if err != nil {
			t = Tenant(id)
		}
		t.Version -= int64(random.IntN(12) / 11)
		to := statuses[random.IntN(len(statuses))]
		if next := t.Status.Next(); random.IntN(3) > 0 && len(next) > 0 {
			to = next[random.IntN(len(next))]
		}
		c := changing(t, fmt.Sprintf("op-%d", i), kinds[random.IntN(len(kinds))], to)
		c.Create = random.IntN(3) == 0
		ops, err := b.l.Operations(b.ctx, id)
		must(b.T, err)
		switch n := random.IntN(5); {
		case n == 0:
			_, err = b.l.Write(b.ctx, c)
		case n < 3 && len(ops) > 0:
			op := ops[random.IntN(len(ops))]
			op.Progress, op.EndedAt = tenants.ProgressSucceeded, began
			_, err = b.l.Advance(b.ctx, tenants.Advance{Operation: op, Tenant: &c.Tenant})
		default:
			_, err = b.l.Begin(b.ctx, c)
		}
		switch tenants.CodeOf(err) {
		case "", tenants.CodeConflict, tenants.CodeFailedPrecondition, tenants.CodeNotFound:
		default:
			b.Fatalf("step %d: %v (%v)", i, err, tenants.CodeOf(err))
		}
		b.coherent(last)
	}
}

// coherent checks what must hold of a ledger at every moment; last is the status
// that each tenant had the last time.
func (b *bench) coherent(last map[string]tenants.Status) {
	b.Helper()
	s := b.snapshot()
	live := map[string]string{}
	for _, op := range s.Operations {
		if !op.Progress.Ended() {
			if live[op.TenantID] != "" {
				b.Fatalf("tenant %s has two live operations: %s and %s", op.TenantID, live[op.TenantID], op.ID)
			}
			live[op.TenantID] = op.ID
		}
	}
	for _, o := range s.Orders {
		if live[o.TenantID] != o.OperationID {
			b.Fatalf("order %+v is not for the live operation %q", o, live[o.TenantID])
		}
	}
	if len(s.Orders) != len(live) {
		b.Fatalf("%d orders for %d live operations, of which none was started", len(s.Orders), len(live))
	}
	for _, t := range s.Tenants {
		before := last[t.ID]
		if before == tenants.StatusDeleted && t.Status == tenants.StatusCreating {
			before = "" // its id was used again
		}
		if before != t.Status && tenants.Transition(before, t.Status) != nil {
			b.Fatalf("tenant %s went from %q to %q", t.ID, before, t.Status)
		}
		last[t.ID] = t.Status
	}
	if n, err := b.l.VerifyAudit(b.ctx); err != nil || int(n) != len(s.Audit) {
		b.Fatalf("%d audit entries, %d verified: %v", len(s.Audit), n, err)
	}
}

// hostileTexts puts texts that databases stumble over into every field: each is
// kept as it is, or refused as invalid.
func hostileTexts(b *bench) {
	for i, text := range []string{"a\x00b", "\xff\xfe", "'; DROP TABLE tenants; --", `"\u0000`, strings.Repeat("w", 5000), "\u2028<script>&", "%_*?", "$1", "\U0001F600 \u0130"} {
		c := Opening(fmt.Sprintf("tenant-%d", i), fmt.Sprintf("op-%d", i))
		c.Tenant.Name, c.Tenant.AdminEmail, c.Tenant.CostCenter = text, text, text
		c.Operation.Initiator, c.Operation.Reason, c.Operation.Error = "x"+text, text, text
		begun, err := b.l.Begin(b.ctx, c)
		must(b.T, err)
		read, err := b.l.Get(b.ctx, c.Tenant.ID)
		must(b.T, err)
		same(b.T, read, begun.Tenant)
		if want := strings.ToValidUTF8(text, "\uFFFD"); read.Name != want && !strings.Contains(text, "\xff") {
			b.Errorf("%q became %q", want, read.Name)
		}
		for field, change := range map[string]func(*tenants.Change){
			"tier":        func(c *tenants.Change) { c.Tenant.Tier = text },
			"region":      func(c *tenants.Change) { c.Tenant.Region = text },
			"actor":       func(c *tenants.Change) { c.Audit.Actor = "x" + text },
			"reason":      func(c *tenants.Change) { c.Audit.Reason = text },
			"origin":      func(c *tenants.Change) { c.Tenant.Origins = []string{text} },
			"product":     func(c *tenants.Change) { c.Tenant.Products = []tenants.Product{{Name: text}} },
			"service":     func(c *tenants.Change) { c.Tenant.Services = []tenants.ServiceState{{Service: text}} },
			"key":         func(c *tenants.Change) { c.Key = &tenants.IdempotencyKey{Key: text, Actor: text, RequestHash: text} },
			"correlation": func(c *tenants.Change) { c.Operation.CorrelationID = text },
		} {
			c := Opening(fmt.Sprintf("more-%d-%s", i, field), fmt.Sprintf("more-%d-%s", i, field))
			change(&c)
			if _, err := b.l.Begin(b.ctx, c); err != nil && tenants.CodeOf(err) != tenants.CodeInvalid {
				b.Errorf("%s %q: %v (%v)", field, text, err, tenants.CodeOf(err))
			}
		}
		for _, q := range []tenants.Query{{Tier: text}, {Region: text}, {Product: text}, {Service: text}, {Text: text}, {After: text}, {Status: tenants.Status(text)}} {
			if _, err := b.l.Search(b.ctx, q); err != nil && tenants.CodeOf(err) != tenants.CodeInvalid {
				b.Errorf("%+v: %v", q, err)
			}
		}
		_, err = b.l.ByOrigin(b.ctx, text)
		code(b.T, err, tenants.CodeNotFound)
		_, err = b.l.Get(b.ctx, text)
		code(b.T, err, tenants.CodeNotFound)
	}
}

func networksInChange(b *bench) {
	c := Opening("acme", "op-1")
	c.Tenant.NetworkCIDR = "10.64.16.0/20"
	b.begin(c)
	for _, cidr := range []string{"10.64.16.0/20", "10.64.31.0/24", "10.64.0.0/16", "0.0.0.0/0"} {
		d := Opening("birch", "op-2")
		d.Tenant.NetworkCIDR = cidr
		err := b.refused(tenants.CodeConflict, func() error { _, err := b.l.Begin(b.ctx, d); return err })
		mentions(b.T, err, "acme", cidr)
	}
	for i, cidr := range []string{"10.64.0.0/20", "10.64.32.0/20", "10.64.48.0/24"} {
		d := Opening(fmt.Sprintf("tenant-%d", i), fmt.Sprintf("op-free-%d", i))
		d.Tenant.NetworkCIDR = cidr
		b.begin(d)
	}
	won := b.contest(8, func(i int) tenants.Change {
		d := Opening(fmt.Sprintf("other-%d", i), fmt.Sprintf("op-other-%d", i))
		d.Tenant.NetworkCIDR = fmt.Sprintf("172.16.0.0/%d", 16+i%5)
		return d
	})
	if won != 1 {
		b.Errorf("%d tenants have ranges that overlap", won)
	}
}
