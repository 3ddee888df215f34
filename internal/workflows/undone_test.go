package workflows

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tenantform/tenantform/internal/lifecycle"
	"github.com/tenantform/tenantform/tenants"
)

// TestADeletionThatTookNothingAwayLeavesTheTenantAsItWas cancels deletions before
// their first step, and has the business services refuse them.
func TestADeletionThatTookNothingAwayLeavesTheTenantAsItWas(t *testing.T) {
	t.Parallel()
	country := newCountry(t)
	create := func(tier string, engine ...fate) chore {
		return chore{Kind: tenants.OperationCreate, Tier: tier, Served: true, Engine: engine}
	}
	no := fate{Code: tenants.CodeFailedPrecondition, Half: true}
	refusals := []reply{
		{Service: "billing", Failed: true, After: time.Second}, {Service: "search", Failed: true, After: time.Second}, {Service: "chat", Failed: true, After: time.Second},
	}
	lives := map[tenants.Status][]chore{
		tenants.StatusActive:       {create("standard")},
		tenants.StatusInactive:     {create("standard"), {Kind: tenants.OperationDeactivate, Served: true}},
		tenants.StatusCreateFailed: {create("standard", no)},
		tenants.StatusUpdateFailed: {create("standard"), {Kind: tenants.OperationUpdate, Engine: []fate{no}}},
		tenants.StatusMoveFailed:   {create("free"), {Kind: tenants.OperationMove, Tier: "premium", Engine: []fate{no}}},
		tenants.StatusDeleteFailed: {create("standard"), {Kind: tenants.OperationDelete, Served: true, Engine: []fate{no}}},
	}
	for status, life := range lives {
		for _, how := range []string{"cancelled", "refused"} {
			t.Run(string(status)+" "+how, func(t *testing.T) {
				w := country.world(t)
				for _, c := range life {
					w.do(c)
				}
				before, err := country.ledger.Get(t.Context(), w.witness.tenant)
				if err != nil || before.Status != status {
					t.Fatalf("it began with %s, %v", before.Status, err)
				}
				if how == "refused" {
					w.do(chore{Kind: tenants.OperationDelete, Replies: refusals})
				} else {
					w.cancelled(tenants.OperationDelete)
				}
				after, err := country.ledger.Get(t.Context(), w.witness.tenant)
				if err != nil || after.Status != status || after.Tier != before.Tier || !slices.Equal(after.Placements, before.Placements) || after.NetworkCIDR != before.NetworkCIDR {
					t.Fatalf("it was %+v and is %+v, %v", before, after, err)
				}
				w.do(chore{Kind: tenants.OperationDelete, Retry: 1, Served: true})
				if w.witness.status != tenants.StatusDeleted {
					t.Errorf("taken up again, the deletion left it %s", w.witness.status)
				}
			})
		}
	}
	for name, replies := range map[string][]reply{
		"one service has done its part": append([]reply{{Service: "billing", After: time.Millisecond}}, refusals[1:]...),
		"one service did not say":       refusals[:1],
	} {
		w := country.world(t)
		w.do(create("standard"))
		w.do(chore{Kind: tenants.OperationDelete, Replies: replies})
		if w.witness.status != tenants.StatusDeleteFailed {
			t.Errorf("%s: the tenant is %s", name, w.witness.status)
		}
	}
}

// cancelled begins an operation that is cancelled before its workflow looks.
func (w *world) cancelled(kind tenants.OperationKind) {
	w.t.Helper()
	op, begun := w.begin(chore{Kind: kind})
	if !begun {
		w.t.Fatalf("%s did not begin", kind)
	}
	if _, err := w.ledger.RequestCancel(context.Background(), op.ID, tenants.AuditEntry{Actor: "tester", Action: "operation.cancel"}); err != nil {
		w.t.Fatal(err)
	}
	w.process(op, chore{}).run()
	op, err := w.ledger.Operation(context.Background(), op.ID)
	if err != nil || !strings.Contains(op.Error, "was cancelled before") {
		w.t.Fatalf("it ended with %q, %v", op.Error, err)
	}
	w.past = append(w.past, op)
	w.witness.rests(w.t, op, w.stacks)
}

// TestAnOperationThatCouldNotBePlanned ends operations whose plan nobody heard of.
func TestAnOperationThatCouldNotBePlanned(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC)
	ran := []tenants.Step{{Name: ServicesStep, Progress: tenants.ProgressSucceeded, StartedAt: began.Add(time.Second)}, {Name: "destroy"}}
	early := []tenants.Step{{Name: ServicesStep, Progress: tenants.ProgressSucceeded, StartedAt: began.Add(-time.Second)}, {Name: "destroy"}}
	for name, c := range map[string]struct {
		op   tenants.Operation
		now  tenants.Status
		want tenants.Status
	}{
		"a move":                        {tenants.Operation{Kind: tenants.OperationMove, FromStatus: tenants.StatusActive}, tenants.StatusMoving, tenants.StatusActive},
		"a move gone on with":           {tenants.Operation{Kind: tenants.OperationMove, FromStatus: tenants.StatusMoveFailed, RetryOf: "x"}, tenants.StatusMoving, tenants.StatusMoveFailed},
		"a move taken back":             {tenants.Operation{Kind: tenants.OperationMove, FromStatus: tenants.StatusMoveFailed}, tenants.StatusMoving, tenants.StatusMoveFailed},
		"a move of which is not known":  {tenants.Operation{Kind: tenants.OperationMove}, tenants.StatusMoving, tenants.StatusMoveFailed},
		"a deletion":                    {tenants.Operation{Kind: tenants.OperationDelete, FromStatus: tenants.StatusInactive}, tenants.StatusDeleting, tenants.StatusInactive},
		"a deletion that had begun":     {tenants.Operation{Kind: tenants.OperationDelete, FromStatus: tenants.StatusActive, Steps: ran}, tenants.StatusDeleting, tenants.StatusDeleteFailed},
		"one by a clock that is behind": {tenants.Operation{Kind: tenants.OperationDelete, FromStatus: tenants.StatusActive, Steps: early}, tenants.StatusDeleting, tenants.StatusDeleteFailed},
		"a change of the record":        {tenants.Operation{Kind: tenants.OperationUpdate, FromStatus: tenants.StatusActive}, tenants.StatusUpdating, tenants.StatusUpdateFailed},
		"a creation":                    {tenants.Operation{Kind: tenants.OperationCreate}, tenants.StatusCreating, tenants.StatusCreateFailed},
		"a reconciliation":              {tenants.Operation{Kind: tenants.OperationReconcile, FromStatus: tenants.StatusActive}, tenants.StatusActive, tenants.StatusActive},
	} {
		acme := tenants.Tenant{ID: "acme", Status: c.now}
		c.op.StartedAt = began
		failed{Cause: cause{Unchanged: true, Message: "why"}}.mark(&c.op, &acme, began.Add(time.Minute))
		if acme.Status != c.want {
			t.Errorf("%s: the tenant is %s, want %s", name, acme.Status, c.want)
		}
	}
}

// TestWhatWasChangedAfterAFailedCreationIsDeployed changes a tenant between a
// creation that failed and the next try.
func TestWhatWasChangedAfterAFailedCreationIsDeployed(t *testing.T) {
	t.Parallel()
	h := newPaper(t)
	h.a.Services = tenants.ServiceCatalogue{Services: []tenants.Service{{Name: "billing"}, {Name: "search"}}}
	h.town.behave = func(a Asking, s Ask) []Answer {
		return []Answer{{OperationID: a.Operation.ID, Service: s.Service, Attempt: a.Attempt, Failed: s.Service == "search" && a.Attempt == 1, Error: "the index is full"}}
	}
	h.work()
	op := h.failed(h.create("acme", "free"))
	acme := h.tenant("acme")
	acme.CostCenter = "sales"
	if _, err := h.ledger.Write(t.Context(), tenants.Change{Tenant: acme, Audit: tenants.AuditEntry{Actor: "tester", Action: "tenant.update"}}); err != nil {
		t.Fatal(err)
	}
	again := h.done(h.on("acme", tenants.Operation{Kind: tenants.OperationCreate, RetryOf: op.ID}, tenants.StatusCreating))
	ups := 0
	for _, call := range h.steps.Engine.(*paper).seen {
		if call == "up tenant-acme" {
			ups++
		}
	}
	if ups != 2 || again.Steps[0].StartedAt.Before(again.StartedAt) {
		t.Errorf("%d runs, the last from %s; the change is not deployed", ups, again.Steps[0].StartedAt)
	}
	asks := h.town.asked()
	if len(asks) != 2 || len(asks[1].Services) != 2 || asks[1].Attempt != 2 || asks[1].Tenant.CostCenter != "sales" {
		t.Errorf("asked: %+v", asks)
	}
	if got := h.town.mails(t, "acme"); len(got) != 1 {
		t.Errorf("mails: %v", got)
	}
}

// TestNobodyIsToldOfWhatNobodyNotices moves and deletes tenants without anybody
// who uses them noticing.
func TestNobodyIsToldOfWhatNobodyNotices(t *testing.T) {
	t.Parallel()
	country := newCountry(t)
	no := fate{Code: tenants.CodeFailedPrecondition, Half: true}
	create := chore{Kind: tenants.OperationCreate, Tier: "free", Served: true}
	for name, c := range map[string]struct {
		chores []chore
		want   string // the kinds of which somebody was told
	}{
		"deleted, never of use":   {[]chore{{Kind: tenants.OperationCreate, Tier: "free", Engine: []fate{no}}, {Kind: tenants.OperationDelete, Served: true}}, ""},
		"deleted in a second try": {[]chore{{Kind: tenants.OperationCreate, Tier: "free", Engine: []fate{no}}, {Kind: tenants.OperationDelete, Engine: []fate{no}, Served: true}, {Kind: tenants.OperationDelete, Served: true}}, ""},
		"deleted":                 {[]chore{create, {Kind: tenants.OperationDelete, Served: true}}, "create delete"},
		"in place":                {[]chore{create, {Kind: tenants.OperationMove, Tier: "standard", Served: true}}, "create"},
		"moved":                   {[]chore{create, {Kind: tenants.OperationMove, Tier: "premium", Served: true}}, "create move"},
		"gone on with":            {[]chore{create, {Kind: tenants.OperationMove, Tier: "premium", Engine: []fate{no}}, {Kind: tenants.OperationMove, Tier: "premium", Retry: 1, Served: true}}, "create move"},
	} {
		w := country.world(t)
		for _, c := range c.chores {
			w.do(c)
		}
		if last := w.past[len(w.past)-1]; last.Progress != tenants.ProgressSucceeded {
			t.Errorf("%s: %s", name, last.Error)
		}
		var told []string
		for id := range w.witness.mails {
			told = append(told, id[strings.LastIndex(id, "-")+1:])
		}
		slices.Sort(told)
		if got := strings.Join(told, " "); got != c.want {
			t.Errorf("%s: told of %q, want %q", name, got, c.want)
		}
	}
	back := marks(tenants.OperationMove, lifecycle.Plan{Steps: []lifecycle.Step{{Name: "release"}, {Name: "retire"}}}, nil)
	concerned, err := (&Activities{}).concerns(t.Context(), tenants.Operation{Kind: tenants.OperationMove, FromTier: "premium", ToTier: "free", Steps: back})
	if err != nil || concerned {
		t.Errorf("a move that is taken back: somebody is told, %v", err)
	}
}

// TestWhatIsSaidOfAPlanIsWhatTheWorkflowDoes compares what a dry run says of
// cancelling with where the workflow hears of it.
func TestWhatIsSaidOfAPlanIsWhatTheWorkflowDoes(t *testing.T) {
	t.Parallel()
	infrastructure := map[tenants.OperationKind][]lifecycle.Step{
		tenants.OperationCreate: {{Name: "provision", Title: "bring it up", Cancellable: true}},
		tenants.OperationDelete: {{Name: "functions", Title: "take them away", Cancellable: true}, {Name: "destroy"}},
		tenants.OperationMove:   {{Name: "prepare", Cancellable: true}, {Name: "transfer", Cancellable: true}, {Name: "retire"}},
	}
	want := map[tenants.OperationKind]string{
		tenants.OperationCreate: "provision services",
		tenants.OperationDelete: "services",
		tenants.OperationMove:   "prepare transfer",
	}
	for kind, planned := range infrastructure {
		ahead := Planned(kind, lifecycle.Plan{Steps: planned})
		var cancellable []string
		for _, s := range ahead {
			if s.Cancellable {
				cancellable = append(cancellable, s.Name)
			}
			for _, p := range planned {
				if p.Name == s.Name && p.Title != s.Title {
					t.Errorf("%s: %s is called %q", kind, s.Name, s.Title)
				}
			}
		}
		if got := strings.Join(cancellable, " "); got != want[kind] {
			t.Errorf("%s: cancellable before %q, want %q", kind, got, want[kind])
		}
	}
}
