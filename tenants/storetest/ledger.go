package storetest

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tenantform/tenantform/tenants"
)

// Subject is a ledger with what the suite does behind its back.
type Subject struct {
	Ledger tenants.Ledger
	// Other is a second handle on the same data, as another process would have.
	Other tenants.Ledger
	// Parts are what a change is written to, "outbox" for example; Break lets
	// every later write to one fail, until mend is called.
	Parts []string
	Break func(t *testing.T, part string) (mend func())
	// Alter overwrites a column of an audit entry; Erase removes an entry. The
	// columns have the names of the JSON fields, with an underscore before what is
	// upper case there.
	Alter func(t *testing.T, seq int64, column string, value any)
	Erase func(t *testing.T, seq int64)
}

// clock is what a ledger takes for the time.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) read() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// began is when the suite's clock starts.
var began = time.Date(2026, 3, 4, 5, 6, 7, 8000, time.UTC)

// bench is what a test of the suite works with.
type bench struct {
	*testing.T
	Subject
	l     tenants.Ledger // Subject.Ledger
	ctx   context.Context
	clock *clock
}

// RunLedger checks a ledger; open gives an empty one for each test, which takes
// the time from now. RunStore and RunJournal are to be run beside it.
func RunLedger(t *testing.T, open func(t *testing.T, now func() time.Time) Subject) {
	tests := map[string]func(*bench){
		"begin creates":               beginCreates,
		"begin updates":               beginUpdates,
		"begin again after a delete":  beginAgain,
		"begin invalid":               beginInvalid,
		"one live operation":          oneLive,
		"lifecycle":                   lifecycle,
		"operation ids":               operationIDs,
		"all or nothing":              allOrNothing,
		"write":                       write,
		"advance":                     advance,
		"advance again":               advanceAgain,
		"advance refused":             advanceRefused,
		"cancel":                      requestCancel,
		"begin at once":               beginAtOnce,
		"create at once":              createAtOnce,
		"random life":                 randomLife,
		"hostile texts":               hostileTexts,
		"ended contexts":              endedContexts,
		"orders":                      orders,
		"orders rest":                 ordersRest,
		"backlog":                     backlog,
		"key repeated":                keyRepeated,
		"key for another request":     keyForAnother,
		"key after a failure":         keyAfterFailure,
		"key expires":                 keyExpires,
		"key at once":                 keyAtOnce,
		"key invalid":                 keyInvalid,
		"search filters":              searchFilters,
		"search text":                 searchText,
		"search pages":                searchPages,
		"search invalid":              searchInvalid,
		"search operations":           searchOperations,
		"origins":                     origins,
		"origins at once":             originsAtOnce,
		"audit":                       audit,
		"audit at once":               auditAtOnce,
		"audit tampered with":         auditTampered,
		"audit entries taken away":    auditErased,
		"audit entry invalid":         auditInvalid,
		"networks apart in a change":  networksInChange,
		"products and services found": termsFollow,
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := &clock{now: began}
			s := open(t, c.read)
			test(&bench{T: t, Subject: s, l: s.Ledger, ctx: t.Context(), clock: c})
		})
	}
}

// Opening gives the change that creates a tenant, with an operation of the id.
func Opening(id, operation string) tenants.Change {
	return tenants.Change{
		Tenant: Tenant(id), Create: true,
		Operation: tenants.Operation{ID: operation, Kind: tenants.OperationCreate, Initiator: "ann", Reason: "new customer", ToTier: "standard",
			CorrelationID: "corr-" + operation, Request: json.RawMessage(`{"name":"` + id + `"}`), Steps: []tenants.Step{}},
		Audit: tenants.AuditEntry{Actor: "ann", Role: "delivery", Action: "tenant.create", Reason: "new customer", Details: json.RawMessage(`{"tier":"standard"}`)},
	}
}

// changing gives the change of a tenant by an operation.
func changing(t tenants.Tenant, operation string, kind tenants.OperationKind, to tenants.Status) tenants.Change {
	t.Status = to
	op := tenants.Operation{ID: operation, Kind: kind, Initiator: "bob", CorrelationID: "corr-" + operation}
	if kind == tenants.OperationMove {
		op.FromTier, op.ToTier = t.Tier, "premium"
	}
	return tenants.Change{Tenant: t, Operation: op, Audit: tenants.AuditEntry{Actor: "bob", Role: "operator", Action: "tenant." + string(kind)}}
}

// begin begins what must be possible.
func (b *bench) begin(c tenants.Change) tenants.Begun {
	b.Helper()
	begun, err := b.l.Begin(b.ctx, c)
	must(b.T, err)
	return begun
}

// end ends an operation, and with it gives the tenant a status.
func (b *bench) end(op tenants.Operation, progress tenants.Progress, to tenants.Status) tenants.Tenant {
	b.Helper()
	t, err := b.l.Get(b.ctx, op.TenantID)
	must(b.T, err)
	t.Status = to
	op.Progress, op.EndedAt = progress, b.clock.read()
	t, err = b.l.Advance(b.ctx, tenants.Advance{Operation: op, Tenant: &t})
	must(b.T, err)
	return t
}

// active gives a tenant whose creation has succeeded.
func (b *bench) active(id string) tenants.Tenant {
	b.Helper()
	return b.end(b.begin(Opening(id, "create-"+id)).Operation, tenants.ProgressSucceeded, tenants.StatusActive)
}

func (b *bench) orders() []tenants.Order {
	b.Helper()
	all, err := b.l.Orders(b.ctx, 1000)
	must(b.T, err)
	return all
}

func (b *bench) entries() []tenants.AuditEntry {
	b.Helper()
	all, err := b.l.Audit(b.ctx, 0, "", 1000)
	must(b.T, err)
	return all
}

// snapshot is everything that can be seen of a ledger.
type snapshot struct {
	Tenants    []tenants.Tenant
	Operations []tenants.Operation
	Orders     []tenants.Order
	Audit      []tenants.AuditEntry
}

func (b *bench) snapshot() snapshot {
	b.Helper()
	all, err := b.l.Search(b.ctx, tenants.Query{Limit: tenants.MaxPageLimit})
	must(b.T, err)
	gone, err := b.l.Search(b.ctx, tenants.Query{Status: tenants.StatusDeleted, Limit: tenants.MaxPageLimit})
	must(b.T, err)
	ops, err := b.l.SearchOperations(b.ctx, tenants.OperationQuery{Limit: tenants.MaxPageLimit})
	must(b.T, err)
	return snapshot{Tenants: append(all.Tenants, gone.Tenants...), Operations: ops.Operations, Orders: b.orders(), Audit: b.entries()}
}

// unchanged runs what must fail with a code, and checks that it left nothing.
func (b *bench) unchanged(want tenants.Code, what func() error) {
	b.Helper()
	_ = b.refused(want, what)
}

// refused is unchanged, and gives the error.
func (b *bench) refused(want tenants.Code, what func() error) error {
	b.Helper()
	before := b.snapshot()
	err := what()
	code(b.T, err, want)
	same(b.T, b.snapshot(), before)
	return err
}

func beginCreates(b *bench) {
	c := Opening("acme", "op-1")
	c.Tenant.Version, c.Tenant.CreatedAt = 77, time.Unix(1, 0)
	begun := b.begin(c)
	want := Tenant("acme")
	want.Version, want.CreatedAt, want.UpdatedAt = 1, began, began
	same(b.T, begun.Tenant, want)
	op := c.Operation
	op.TenantID, op.Progress, op.StartedAt = "acme", tenants.ProgressRunning, began
	same(b.T, begun, tenants.Begun{Tenant: want, Operation: op})

	stored, err := b.Other.Get(b.ctx, "acme")
	must(b.T, err)
	same(b.T, stored, want)
	recorded, err := b.Other.Operation(b.ctx, "op-1")
	must(b.T, err)
	same(b.T, recorded, op)
	listed, err := b.Other.Operations(b.ctx, "acme")
	must(b.T, err)
	same(b.T, listed, []tenants.Operation{op})
	orders := b.orders()
	if len(orders) != 1 || orders[0].Seq < 1 {
		b.Fatalf("the orders are %+v", orders)
	}
	same(b.T, orders[0], tenants.Order{Seq: orders[0].Seq, OperationID: "op-1", TenantID: "acme", Kind: tenants.OperationCreate, CorrelationID: "corr-op-1", CreatedAt: began})
	entry := c.Audit
	entry.TenantID, entry.OperationID, entry.CorrelationID, entry.At = "acme", "op-1", "corr-op-1", began
	same(b.T, b.entries(), []tenants.AuditEntry{entry.Chained(tenants.AuditEntry{})})

	_, err = b.l.Operation(b.ctx, "op-2")
	code(b.T, err, tenants.CodeNotFound)
	err = b.refused(tenants.CodeConflict, func() error { _, err := b.l.Begin(b.ctx, Opening("acme", "op-2")); return err })
	mentions(b.T, err, "acme", "creating")
}

func beginUpdates(b *bench) {
	t := b.active("acme")
	c := changing(t, "op-2", tenants.OperationUpdate, tenants.StatusUpdating)
	c.Tenant.Name = "Other"
	stale := c
	stale.Tenant.Version--
	err := b.refused(tenants.CodeConflict, func() error { _, err := b.l.Begin(b.ctx, stale); return err })
	mentions(b.T, err, "changed meanwhile")
	c.Operation.FromStatus = tenants.StatusInactive // what the caller says of it does not count
	begun := b.begin(c)
	if begun.Operation.FromStatus != tenants.StatusActive {
		b.Errorf("the operation began with status %q, want active", begun.Operation.FromStatus)
	}
	recorded, err := b.Other.Operation(b.ctx, "op-2")
	must(b.T, err)
	same(b.T, recorded, begun.Operation)
	if begun.Tenant.Version != t.Version+1 || begun.Tenant.Name != "Other" || begun.Tenant.Status != tenants.StatusUpdating {
		b.Errorf("the tenant is %+v", begun.Tenant)
	}
	stored, err := b.l.Get(b.ctx, "acme")
	must(b.T, err)
	same(b.T, stored, begun.Tenant)

	nobody := changing(Tenant("nobody"), "op-3", tenants.OperationUpdate, tenants.StatusUpdating)
	b.unchanged(tenants.CodeNotFound, func() error { _, err := b.l.Begin(b.ctx, nobody); return err })
}

func beginAgain(b *bench) {
	t := b.active("acme")
	op := b.begin(changing(t, "op-2", tenants.OperationDelete, tenants.StatusDeleting)).Operation
	gone := b.end(op, tenants.ProgressSucceeded, tenants.StatusDeleted)
	begun := b.begin(Opening("acme", "op-3"))
	again := begun.Tenant
	if begun.Operation.FromStatus != "" {
		b.Errorf("a new tenant had the status %q", begun.Operation.FromStatus)
	}
	if again.Version <= gone.Version || again.Status != tenants.StatusCreating {
		b.Errorf("version %d after %d, status %s", again.Version, gone.Version, again.Status)
	}
}

func beginInvalid(b *bench) {
	for name, change := range map[string]func(*tenants.Change){
		"id":            func(c *tenants.Change) { c.Tenant.ID = "../acme" },
		"network":       func(c *tenants.Change) { c.Tenant.NetworkCIDR = "10.0.0.1/8" },
		"origin":        func(c *tenants.Change) { c.Tenant.Origins = []string{"https://acme.example/path"} },
		"product":       func(c *tenants.Change) { c.Tenant.Products[0].Name = "A B" },
		"operation id":  func(c *tenants.Change) { c.Operation.ID = "" },
		"kind":          func(c *tenants.Change) { c.Operation.Kind = "paint" },
		"initiator":     func(c *tenants.Change) { c.Operation.Initiator = "" },
		"ended":         func(c *tenants.Change) { c.Operation.EndedAt = began },
		"cancelled":     func(c *tenants.Change) { c.Operation.CancelRequested = true },
		"request":       func(c *tenants.Change) { c.Operation.Request = json.RawMessage(`{`) },
		"actor":         func(c *tenants.Change) { c.Audit.Actor = "" },
		"action":        func(c *tenants.Change) { c.Audit.Action = "" },
		"correlation":   func(c *tenants.Change) { c.Operation.CorrelationID = "a b" },
		"retry of self": func(c *tenants.Change) { c.Operation.RetryOf = c.Operation.ID },
	} {
		c := Opening("acme", "op-1")
		change(&c)
		if err := b.refused(tenants.CodeInvalid, func() error { _, err := b.l.Begin(b.ctx, c); return err }); err == nil {
			b.Errorf("%s: it was taken", name)
		}
	}
}

func oneLive(b *bench) {
	t := b.active("acme")
	first := b.begin(changing(t, "op-2", tenants.OperationDeactivate, tenants.StatusActive))
	t = first.Tenant
	second := changing(t, "op-3", tenants.OperationUpdate, tenants.StatusUpdating)
	err := b.refused(tenants.CodeConflict, func() error { _, err := b.l.Begin(b.ctx, second); return err })
	mentions(b.T, err, "op-2", "deactivate")
	err = b.refused(tenants.CodeConflict, func() error { _, err := b.l.Write(b.ctx, second); return err })
	mentions(b.T, err, "op-2")
	b.begin(Opening("birch", "op-4")) // another tenant's is no obstacle

	// Recorded as running it stays live; ended, by whichever way, it does not.
	op := first.Operation
	op.Steps = []tenants.Step{{Name: "provision", Progress: tenants.ProgressRunning, StartedAt: began}}
	must(b.T, b.l.Record(b.ctx, op))
	b.unchanged(tenants.CodeConflict, func() error { _, err := b.l.Begin(b.ctx, second); return err })
	op.Progress, op.EndedAt, op.Error = tenants.ProgressFailed, began, "it broke"
	must(b.T, b.l.Record(b.ctx, op))
	op = b.begin(second).Operation
	t = b.end(op, tenants.ProgressSucceeded, tenants.StatusActive)
	b.begin(changing(t, "op-5", tenants.OperationReconcile, tenants.StatusUpdating))
}

// lifecycle tries every pair of statuses: what the table forbids is refused by
// each way to change a tenant.
func lifecycle(b *bench) {
	t, err := b.l.Create(b.ctx, Tenant("acme"))
	must(b.T, err)
	for i, from := range tenants.Statuses() {
		for j, to := range tenants.Statuses() {
			t.Status = from
			t, err = b.l.Update(b.ctx, t) // a plain store keeps what it is given
			must(b.T, err)
			allowed := from == to || tenants.Transition(from, to) == nil
			c := changing(t, fmt.Sprintf("op-%d-%d", i, j), tenants.OperationUpdate, to)
			if !allowed {
				b.transitionRefused(c)
				continue
			}
			begun, err := b.l.Begin(b.ctx, c)
			if err != nil {
				b.Errorf("from %s to %s: %v", from, to, err)
				continue
			}
			t = b.end(begun.Operation, tenants.ProgressSucceeded, to)
		}
	}
	for _, status := range append(tenants.Statuses(), "") {
		c := Opening("birch", "op-birch")
		c.Tenant.Status = status
		if status != tenants.StatusCreating {
			b.unchanged(tenants.CodeFailedPrecondition, func() error { _, err := b.l.Begin(b.ctx, c); return err })
		}
	}
}

func (b *bench) transitionRefused(c tenants.Change) {
	b.Helper()
	_, err := b.l.Begin(b.ctx, c)
	code(b.T, err, tenants.CodeFailedPrecondition)
	_, err = b.l.Write(b.ctx, c)
	code(b.T, err, tenants.CodeFailedPrecondition)
	op := c.Operation
	op.TenantID, op.Progress, op.StartedAt = c.Tenant.ID, tenants.ProgressRunning, began
	_, err = b.l.Advance(b.ctx, tenants.Advance{Operation: op, Tenant: &c.Tenant})
	code(b.T, err, tenants.CodeFailedPrecondition)
	_, err = b.l.Operation(b.ctx, op.ID)
	code(b.T, err, tenants.CodeNotFound)
}

func operationIDs(b *bench) {
	b.begin(Opening("acme", "op-1"))
	b.unchanged(tenants.CodeConflict, func() error { _, err := b.l.Begin(b.ctx, Opening("birch", "op-1")); return err })
	b.unchanged(tenants.CodeConflict, func() error { return b.l.Record(b.ctx, Operation("op-1", "birch", began)) })
	for _, id := range []string{"", "../x", "a\x00b", strings.Repeat("x", 3000), "\xff"} {
		_, err := b.l.Operation(b.ctx, id)
		code(b.T, err, tenants.CodeNotFound)
	}
}

// allOrNothing lets the write to each part of a change fail in turn.
func allOrNothing(b *bench) {
	running := b.active("birch")
	op := b.begin(changing(running, "op-birch", tenants.OperationUpdate, tenants.StatusUpdating))
	entry := tenants.AuditEntry{Actor: "ann", Action: "a"}
	ended := op.Operation
	ended.Progress, ended.EndedAt = tenants.ProgressSucceeded, began
	updated := op.Tenant
	updated.Status, updated.Origins, updated.Name = tenants.StatusActive, []string{"https://new.example"}, "New"
	key := &tenants.IdempotencyKey{Key: "k", Actor: "ann", RequestHash: "h"}
	change := Opening("acme", "op-1")
	change.Key = key
	patch := changing(b.active("cedar"), "", tenants.OperationUpdate, tenants.StatusActive)
	patch.Key, patch.Tenant.Name = &tenants.IdempotencyKey{Key: "p", Actor: "ann", RequestHash: "h"}, "Other"
	calls := map[string]func() error{
		"begin": func() error { _, err := b.l.Begin(b.ctx, change); return err },
		"write": func() error { _, err := b.l.Write(b.ctx, patch); return err },
		"advance": func() error {
			_, err := b.l.Advance(b.ctx, tenants.Advance{Operation: ended, Tenant: &updated, Audit: &entry})
			return err
		},
		"cancel": func() error { _, err := b.l.RequestCancel(b.ctx, "op-birch", entry); return err },
	}
	failed := map[string]int{}
	for _, part := range b.Parts {
		for name, call := range calls {
			mend := b.Break(b.T, part)
			before := b.snapshot()
			if touches(name, part) {
				if err := call(); err == nil {
					b.Errorf("%s succeeded though %s cannot be written", name, part)
				}
				same(b.T, b.snapshot(), before)
				failed[name]++
			}
			mend()
		}
	}
	for _, name := range []string{"begin", "write", "cancel", "advance"} {
		if failed[name] == 0 {
			b.Errorf("%s was never tried", name)
		}
		if err := calls[name](); err != nil {
			b.Errorf("%s after all was mended: %v", name, err)
		}
	}
}

// touches tells whether a call writes to a part in allOrNothing.
func touches(call, part string) bool {
	switch part {
	case "audit":
		return true
	case "tenants", "terms":
		return call != "cancel"
	case "origins":
		return call == "begin" || call == "advance"
	case "operations":
		return call != "write"
	case "outbox":
		return call == "begin" || call == "advance"
	case "keys":
		return call == "begin" || call == "write"
	}
	return false
}

func write(b *bench) {
	t := b.active("acme")
	orders, entries := b.orders(), b.entries()
	c := changing(t, "", tenants.OperationUpdate, tenants.StatusActive)
	c.Tenant.Products = append(c.Tenant.Products, tenants.Product{Name: "erp", Licences: 3, AddedAt: began})
	c.Audit.Action = "product.add"
	begun, err := b.l.Write(b.ctx, c)
	must(b.T, err)
	stored, err := b.l.Get(b.ctx, "acme")
	must(b.T, err)
	same(b.T, begun, tenants.Begun{Tenant: stored})
	if stored.Version != t.Version+1 || len(stored.Products) != 2 {
		b.Errorf("the tenant is %+v", stored)
	}
	same(b.T, b.orders(), orders)
	after := b.entries()
	if len(after) != len(entries)+1 || after[len(entries)].Action != "product.add" || after[len(entries)].TenantID != "acme" || after[len(entries)].OperationID != "" {
		b.Errorf("the audit journal has %+v", after[len(entries):])
	}
	b.unchanged(tenants.CodeConflict, func() error { _, err := b.l.Write(b.ctx, c); return err })
	b.unchanged(tenants.CodeNotFound, func() error {
		_, err := b.l.Write(b.ctx, changing(Tenant("nobody"), "", tenants.OperationUpdate, tenants.StatusActive))
		return err
	})
}

func mentions(t *testing.T, err error, words ...string) {
	t.Helper()
	for _, w := range words {
		if err == nil || !strings.Contains(err.Error(), w) {
			t.Errorf("the error %v does not mention %s", err, w)
		}
	}
}
