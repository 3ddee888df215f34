package workflows

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.temporal.io/sdk/testsuite"
	"pgregory.net/rapid"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/internal/lifecycle"
	"github.com/tenantform/tenantform/policies"
	"github.com/tenantform/tenantform/stacks"
	"github.com/tenantform/tenantform/tenants"
	"github.com/tenantform/tenantform/tenants/sqlstore"
	"github.com/tenantform/tenantform/tenants/tenantfile"
)

// neighbours are the business services of random lives.
var neighbours = tenants.ServiceCatalogue{Services: []tenants.Service{
	{Name: "billing", TimeoutSec: 60}, {Name: "search", TimeoutSec: 90, Operations: []tenants.OperationKind{tenants.OperationCreate, tenants.OperationDelete, tenants.OperationReconcile}},
	{Name: "chat", TimeoutSec: 30, Optional: true},
}}

// chore is an operation that is asked for, with what befalls it.
type chore struct {
	Kind  tenants.OperationKind
	Tier  string // of a creation and a move
	Retry int    // 1: takes up the last operation of the kind, 2: the one before; 0: none
	// Engine says what becomes of the engine's runs, one after the other.
	Engine []fate
	// Writes are the writes to the ledger, counted from 1, whose caller is told
	// that they failed: those that are 0 modulo 2 were carried out all the same.
	Writes []int
	// Dies is the write with which the process dies, and Temporal forgets; 0: it
	// lives. Kept says that this write was carried out.
	Dies int
	Kept bool
	// Replies are the answers that come in after each asking, beside those of the
	// services that do their part, if Served.
	Replies []reply
	Served  bool
	Cancel  int // the moment at which somebody cancels it; 0: nobody does
	Signal  bool
	Record  bool
	Rival   int  // the moment at which somebody else wants something of the tenant
	Ended   bool // its workflow is ended from outside before it began
}

// fate is what becomes of a run of the engine.
type fate struct {
	Code tenants.Code // of its error; empty: it succeeds
	Half bool         // it has begun when it fails
}

// reply is an answer to an asking.
type reply struct {
	Service string
	Attempt int // beside that of the asking
	Failed  bool
	After   time.Duration
}

var (
	someKind = rapid.SampledFrom([]tenants.OperationKind{
		tenants.OperationCreate, tenants.OperationCreate, tenants.OperationMove, tenants.OperationMove, tenants.OperationDelete, tenants.OperationUpdate,
		tenants.OperationDeactivate, tenants.OperationActivate, tenants.OperationReconcile,
	})
	someFate = rapid.Custom(func(t *rapid.T) fate {
		codes := []tenants.Code{"", "", "", tenants.CodeUnavailable, tenants.CodeConflict, tenants.CodeInternal, tenants.CodeForbidden, tenants.CodeFailedPrecondition, tenants.CodeInvalid}
		return fate{Code: rapid.SampledFrom(codes).Draw(t, "code"), Half: rapid.Bool().Draw(t, "half")}
	})
	someReply = rapid.Custom(func(t *rapid.T) reply {
		return reply{
			Service: rapid.SampledFrom([]string{"billing", "search", "chat", "stranger"}).Draw(t, "service"),
			Attempt: rapid.SampledFrom([]int{0, 0, -1, 1}).Draw(t, "attempt"),
			Failed:  rapid.Bool().Draw(t, "failed"), After: time.Duration(rapid.IntRange(0, 120_000).Draw(t, "after")) * time.Millisecond,
		}
	})
	someChore = rapid.Custom(func(t *rapid.T) chore {
		rarely := func(n int, label string) bool { return rapid.IntRange(0, n).Draw(t, label) == n }
		c := chore{
			Kind: someKind.Draw(t, "kind"), Tier: rapid.SampledFrom([]string{"free", "standard", "premium"}).Draw(t, "tier"),
			Retry: rapid.SampledFrom([]int{0, 1, 1, 1, 2}).Draw(t, "retry"), Served: !rarely(3, "served"),
		}
		if rarely(1, "engine") {
			c.Engine = rapid.SliceOfN(someFate, 0, 5).Draw(t, "engine")
		}
		if rarely(2, "writes") {
			c.Writes = rapid.SliceOfNDistinct(rapid.IntRange(1, 25), 1, 6, rapid.ID[int]).Draw(t, "writes")
		}
		if rarely(3, "dies") {
			c.Dies, c.Kept = rapid.IntRange(1, 16).Draw(t, "dies"), rapid.Bool().Draw(t, "kept")
		}
		if rarely(1, "replies") {
			c.Replies = rapid.SliceOfN(someReply, 0, 5).Draw(t, "replies")
		}
		if rarely(4, "cancel") {
			c.Cancel, c.Signal, c.Record = rapid.IntRange(1, 5).Draw(t, "cancel"), rapid.Bool().Draw(t, "signal"), rapid.Bool().Draw(t, "record")
		}
		if rarely(2, "rival") {
			c.Rival = rapid.IntRange(1, 5).Draw(t, "rival")
		}
		c.Ended = rarely(15, "ended")
		return c
	})
)

// TestAnyLife takes tenants through random lives, most of which go wrong in
// random ways, with the workflows, the activities, the lifecycle's steps and the
// ledger as they are; the engine is on paper, and hours pass in no time. What has
// to be so at every moment, the witness sees; see there.
func TestAnyLife(t *testing.T) {
	t.Parallel()
	country := newCountry(t)
	parts := []string{"one", "two", "three"} // so many times as many cases
	if testing.Short() {
		parts = parts[:1]
	}
	for _, part := range parts {
		t.Run(part, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				first := someChore.Draw(rt, "first")
				first.Kind = tenants.OperationCreate
				w := country.world(rt)
				for _, c := range append([]chore{first}, rapid.SliceOfN(someChore, 0, 8).Draw(rt, "chores")...) {
					w.do(c)
				}
			})
		})
	}
	if n, err := country.ledger.VerifyAudit(t.Context()); err != nil || n == 0 {
		t.Errorf("the audit has %d entries: %v", n, err)
	}
	sum := country.tally
	t.Logf("%+v", sum)
	if !testing.Short() && (sum.Succeeded < 100 || sum.Failed < 100 || sum.Died < 50 || sum.Cancelled < 5 || sum.Rivals < 20) {
		t.Errorf("too little happened for the test to say much: %+v", sum)
	}
}

// TestLivesThatWentWrong takes tenants through lives in which something was wrong
// once. What is to come of each the witness knows, beside the last status.
func TestLivesThatWentWrong(t *testing.T) {
	t.Parallel()
	country := newCountry(t)
	create := func(tier string) chore { return chore{Kind: tenants.OperationCreate, Tier: tier, Served: true} }
	no := fate{Code: tenants.CodeFailedPrecondition, Half: true}
	for _, c := range []struct {
		name   string
		chores []chore
		want   tenants.Status
	}{
		{"a tenant that cannot be activated", []chore{
			{Kind: tenants.OperationCreate, Tier: "free", Engine: []fate{no}}, {Kind: tenants.OperationActivate, Served: true},
		}, tenants.StatusCreateFailed},
		{"a tenant that cannot be put to rest", []chore{
			{Kind: tenants.OperationCreate, Tier: "free", Engine: []fate{no}}, {Kind: tenants.OperationDeactivate, Served: true},
		}, tenants.StatusCreateFailed},
		{"cancelled when Temporal had lost half a move", []chore{
			create("free"), {Kind: tenants.OperationMove, Tier: "premium", Dies: 4, Cancel: 1, Record: true, Served: true},
		}, tenants.StatusMoveFailed},
		{"a move taken up, whose plan was not heard of, refused", []chore{
			create("free"), {Kind: tenants.OperationMove, Tier: "premium", Engine: []fate{no}},
			{Kind: tenants.OperationMove, Tier: "premium", Retry: 1, Writes: []int{1, 2}, Engine: []fate{{Code: tenants.CodeForbidden}}},
		}, tenants.StatusMoveFailed},
		{"a move, after another of a tenant of the same id that is no more", []chore{
			create("standard"), {Kind: tenants.OperationMove, Tier: "free"}, {Kind: tenants.OperationDelete, Served: true},
			create("standard"), {Kind: tenants.OperationMove, Tier: "free", Served: true},
		}, tenants.StatusActive},
		{"killed when it had recorded that a workflow was ended from outside", []chore{
			{Kind: tenants.OperationCreate, Tier: "free", Ended: true, Dies: 1, Kept: true},
		}, tenants.StatusCreateFailed},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := country.world(t)
			for _, c := range c.chores {
				w.do(c)
			}
			if got := w.witness.status; got != c.want {
				t.Errorf("the tenant is %s, want %s", got, c.want)
			}
		})
	}
}

// country is what all tenants' lives have in common.
type country struct {
	ledger    *sqlstore.Store
	clock     *worldClock
	catalogue tenants.Catalogue
	tally     tally
	tenants   int
}

func newCountry(t *testing.T) *country {
	t.Helper()
	c := &country{clock: &worldClock{}}
	c.clock.set(time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC))
	var err error
	if c.ledger, err = sqlstore.OpenSQLite(t.Context(), t.TempDir()+"/ledger.db", &sqlstore.Options{Now: c.clock.now}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.ledger.Close(); err != nil {
			t.Error(err)
		}
	})
	if c.catalogue, err = tenantfile.DefaultCatalogue(); err != nil {
		t.Fatal(err)
	}
	return c
}

// world makes the surroundings of one tenant's life.
func (c *country) world(t rapid.TB) *world {
	c.tenants++
	return &world{
		country: c, t: t, stacks: map[string]bool{},
		witness: &witness{ledger: c.ledger, catalogue: c.catalogue, tenant: "tenant-" + strconv.Itoa(c.tenants)},
	}
}

// tally counts what came of all lives.
type tally struct{ Refused, Succeeded, Failed, Died, Cancelled, Rivals int }

// worldClock is the time of the ledger and of all workflows.
type worldClock struct{ at atomic.Int64 }

func (c *worldClock) now() time.Time  { return time.UnixMicro(c.at.Load()).UTC() }
func (c *worldClock) set(t time.Time) { c.at.Store(t.UnixMicro()) }

// world is all that one tenant's life depends on.
type world struct {
	*country
	t       rapid.TB
	witness *witness
	stacks  map[string]bool // that there are
	past    []tenants.Operation
	next    int // number of the next operation
}

// wanted is the status that a kind of operation gives a tenant at its beginning;
// empty: none.
var wanted = map[tenants.OperationKind]tenants.Status{
	tenants.OperationCreate: tenants.StatusCreating, tenants.OperationUpdate: tenants.StatusUpdating,
	tenants.OperationMove: tenants.StatusMoving, tenants.OperationDelete: tenants.StatusDeleting,
}

// do asks for a chore and sees it through.
func (w *world) do(c chore) {
	w.t.Helper()
	op, begun := w.begin(c)
	if !begun {
		w.tally.Refused++
		w.witness.check(w.t)
		return
	}
	if c.Ended {
		first, second := w.process(op, c), w.process(op, chore{})
		_ = first.activities().Abandon(context.Background(), op, "ended by a test") // may be in trouble
		if err := second.activities().Abandon(context.Background(), op, "ended by a test"); err != nil {
			w.witness.blame("abandoning %s: %v", op.ID, err)
		}
		c.Dies = 0
	}
	if c.Dies > 0 {
		r := w.process(op, c)
		if r.run(); r.dead {
			w.tally.Died++
			w.witness.forgot()
		}
		c.Dies, c.Writes = 0, nil
	}
	w.process(op, c).run()
	w.witness.check(w.t)
	op, err := w.ledger.Operation(context.Background(), op.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	w.past = append(w.past, op)
	w.t.Logf("%s %s from %s to %s retry of %s: %s %s (%s), tenant %s", op.ID, op.Kind, op.FromTier, op.ToTier, op.RetryOf, op.Progress, progress(op), op.Error, w.witness.status)
	w.witness.rests(w.t, op, w.stacks)
	if op.Progress == tenants.ProgressSucceeded {
		w.tally.Succeeded++
	} else {
		w.tally.Failed++
	}
	if strings.Contains(op.Error, "was cancelled before") {
		w.tally.Cancelled++
	}
}

// begin asks the ledger for an operation, and sees that it is refused when it
// must be.
func (w *world) begin(c chore) (tenants.Operation, bool) {
	w.t.Helper()
	id := w.witness.tenant
	t, err := w.ledger.Get(context.Background(), id)
	exists := err == nil
	if err != nil && tenants.CodeOf(err) != tenants.CodeNotFound {
		w.t.Fatal(err)
	}
	w.next++
	op := tenants.Operation{ID: id + "-" + strconv.Itoa(w.next), Kind: c.Kind, Initiator: "tester", CorrelationID: "c-" + id, StartedAt: w.clock.now()}
	if earlier := w.earlier(c); earlier != nil && t.Status != tenants.StatusDeleted {
		op.RetryOf, op.FromTier, op.ToTier = earlier.ID, earlier.FromTier, earlier.ToTier
	}
	change := tenants.Change{Tenant: t, Operation: op, Audit: tenants.AuditEntry{Actor: "tester", Action: "tenant." + string(c.Kind)}}
	from, to := t.Status, wanted[c.Kind]
	switch c.Kind {
	case tenants.OperationCreate:
		if change.Create = op.RetryOf == ""; change.Create {
			change.Tenant, from = tenantNamed(id, c.Tier), ""
		}
	case tenants.OperationMove:
		if op.RetryOf == "" {
			change.Operation.FromTier, change.Operation.ToTier = t.Tier, c.Tier
		}
	}
	if to == "" {
		to = from
	}
	change.Tenant.ID, change.Tenant.Status = id, to
	allowed := from == to || tenants.Transition(from, to) == nil
	if change.Create {
		allowed = !exists || t.Status == tenants.StatusDeleted
	}
	if c.Kind == tenants.OperationMove && change.Operation.FromTier == change.Operation.ToTier {
		allowed = false
	}
	allowed = allowed && (exists || change.Create)
	begun, err := w.ledger.Begin(context.Background(), change)
	if (err == nil) != allowed {
		w.t.Fatalf("%s of a tenant that is %q: %v; it should begin: %v", c.Kind, t.Status, err, allowed)
	}
	if err == nil {
		w.witness.began(begun.Operation)
	}
	return begun.Operation, err == nil
}

// earlier gives the failed operation that a chore takes up.
func (w *world) earlier(c chore) *tenants.Operation {
	n := c.Retry
	for i := len(w.past) - 1; i >= 0 && n > 0; i-- {
		if w.past[i].Kind != c.Kind || w.past[i].Progress != tenants.ProgressFailed {
			continue
		}
		if n--; n == 0 {
			return &w.past[i]
		}
	}
	return nil
}

// process makes a process that works on an operation.
func (w *world) process(op tenants.Operation, c chore) *process {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(silent{})
	return &process{world: w, op: op, chore: c, env: suite.NewTestWorkflowEnvironment()}
}

// activities gives the process's activities, all of whose surroundings are its own.
func (p *process) activities() *Activities {
	l := mortal{Ledger: p.ledger, p: p}
	return &Activities{
		Ledger: l, Publisher: p, Notifier: p, Services: neighbours, Now: p.env.Now, Holder: &paper{},
		Timing: Timing{Step: 10 * time.Minute, Tries: 20 * time.Minute, Heartbeat: time.Minute, Retry: time.Second},
		Steps: &lifecycle.Lifecycle{
			Engine: site{p}, Store: l, Journal: p.ledger, Catalogue: p.catalogue, Now: p.env.Now,
			Settings: stacks.Settings{Environment: "dev", Region: "eu-west-1", AccountID: "111111111111", FunctionsAccountID: "222222222222"},
			Transfer: func(context.Context, string, tenants.Placement, tenants.Placement) error {
				return p.step("transfer", "")
			},
		},
	}
}

// run works on the operation until its workflow has ended. That of a process that
// has died ends too: what fails ten times, Temporal's test environment gives up,
// as no Temporal does.
func (p *process) run() {
	p.t.Helper()
	p.env.SetTestTimeout(time.Minute)
	p.env.SetStartTime(p.clock.now())
	registerWorkflows(p.env)
	a := p.activities()
	registerActivities(p.env, a)
	registerRun(p.env, a)
	name, err := nameOf(p.op.Kind)
	if err != nil {
		p.t.Fatal(err)
	}
	p.env.ExecuteWorkflow(name, Input{OperationID: p.op.ID, TenantID: p.op.TenantID, Kind: p.op.Kind})
	p.clock.set(p.env.Now())
	if !p.env.IsWorkflowCompleted() {
		p.t.Fatalf("the workflow of %s does not end", p.op.ID)
	}
}

var errDead = tenants.Errorf(tenants.CodeUnavailable, "this process is dead")

// outcome makes the error of a run, and what the run says of itself.
func (f fate) outcome(call, stack string) (automation.Result, error) {
	var res automation.Result
	if f.Code == tenants.CodeForbidden {
		res.Report.Verdict = policies.VerdictDeny
	}
	if f.Code == "" {
		return res, nil
	}
	return res, tenants.Errorf(f.Code, "%s of %s goes wrong, as it was to", call, stack)
}

// answers says what a chore's answers are to an asking, beside its own.
func (c chore) answers(a Asking) []reply {
	all := slices.Clone(c.Replies)
	if c.Served {
		for _, s := range a.Services {
			all = append(all, reply{Service: s.Service, After: 5 * time.Second})
		}
	}
	return all
}
