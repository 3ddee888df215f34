package direct_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/automation/plan"
	"github.com/tenantform/tenantform/internal/direct"
	"github.com/tenantform/tenantform/internal/lifecycle"
	"github.com/tenantform/tenantform/internal/localcloud"
	"github.com/tenantform/tenantform/policies"
	"github.com/tenantform/tenantform/stacks"
	"github.com/tenantform/tenantform/tenants"
	"github.com/tenantform/tenantform/tenants/filestore"
	"github.com/tenantform/tenantform/tenants/tenantfile"
)

// house is a runner over the real engine, policies, store and local cloud.
type house struct {
	*direct.Runner
	t      *testing.T
	cloud  *localcloud.Cloud
	engine *automation.Engine
}

func newHouse(t *testing.T) house { return newHouseIn(t, t.TempDir()) }

func newHouseIn(t *testing.T, dir string) house {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	cloud, err := localcloud.Start(t.Context(), filepath.Join(dir, "cloud"), nil)
	must(err)
	t.Cleanup(func() { _ = cloud.Close() })
	gate, err := policies.New(t.Context(), nil)
	must(err)
	cli, err := automation.FindPulumi([]string{"../../bin/pulumi"})
	must(err)
	catalogue, err := tenantfile.DefaultCatalogue()
	must(err)
	engine, err := automation.New(dir, gate, &automation.Options{Pulumi: cli, Env: cloud.Env(), Catalogue: catalogue, Locator: cloud})
	must(err)
	store, err := filestore.Open(filepath.Join(dir, "tenants"))
	must(err)
	return house{t: t, cloud: cloud, engine: engine, Runner: &direct.Runner{Holder: engine, Initiator: "tester", Lifecycle: lifecycle.Lifecycle{
		Engine: engine, Gate: gate, Store: store, Journal: store, Catalogue: catalogue,
		Settings: stacks.Settings{Environment: "dev", Region: "eu-west-1", AccountID: "111111111111", FunctionsAccountID: "222222222222"},
		Transfer: func(context.Context, string, tenants.Placement, tenants.Placement) error { return nil },
	}}}
}

func (h house) stackUp(name string) {
	h.t.Helper()
	s, err := h.Stack(h.t.Context(), name)
	if err != nil {
		h.t.Fatal(err)
	}
	if _, err := h.engine.Up(h.t.Context(), s); err != nil {
		h.t.Fatalf("%s: %v", name, err)
	}
}

func acme(tier string) tenants.Tenant {
	return tenants.Tenant{ID: "acme", Name: "Acme Ltd", AdminEmail: "ops@acme.example", Tier: tier}
}

// owned counts the cloud's resources that carry the tenant's tag, by tier tag.
func (h house) owned(id string) map[string]int {
	h.t.Helper()
	all, err := h.cloud.Resources()
	if err != nil {
		h.t.Fatal(err)
	}
	n := map[string]int{}
	for _, r := range all {
		tags, _ := r.Inputs["tags"].(map[string]any)
		if tags["tenant-id"] == id {
			n[fmt.Sprint(tags["tier"])]++
		}
	}
	return n
}

func (h house) count() int {
	h.t.Helper()
	all, err := h.cloud.Resources()
	if err != nil {
		h.t.Fatal(err)
	}
	return len(all)
}

func steps(op tenants.Operation) string {
	var names []string
	for _, s := range op.Steps {
		names = append(names, s.Name+":"+string(s.Progress))
	}
	return strings.Join(names, " ")
}

func TestTenantGoesToItsSiloAndBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	h.stackUp("platform")
	h.stackUp("pool-a")
	shared := h.count()

	out, err := h.Create(ctx, acme("standard"), "signed")
	if err != nil {
		t.Fatal(err)
	}
	if out.Tenant.Status != tenants.StatusActive || out.Operation.Initiator != "tester" || out.Operation.Reason != "signed" {
		t.Errorf("after create: %+v", out)
	}
	pooled := h.count()

	dry, err := h.PlanMove(ctx, "acme", "premium")
	if err != nil {
		t.Fatal(err)
	}
	if !dry.Allowed() || len(dry.Runs) != 2 || dry.Runs[0].Result.Changes[plan.OperationCreate] == 0 ||
		dry.Runs[1].Result.Changes[plan.OperationDelete] != pooled-shared || dry.Runs[1].Result.Changes[plan.OperationCreate] != 0 {
		for _, r := range dry.Runs {
			t.Errorf("dry run: %s %v %+v", r.Step, r.Result.Changes, r.Result.Report.Findings)
		}
	}
	if h.count() != pooled {
		t.Error("the dry run changed the cloud")
	}

	var middle map[string]int
	h.Runner.Transfer = func(context.Context, string, tenants.Placement, tenants.Placement) error {
		middle = h.owned("acme")
		return nil
	}
	out, err = h.Move(ctx, "acme", "premium", "contract")
	if err != nil {
		t.Fatal(err)
	}
	if middle["standard"] == 0 || middle["premium"] == 0 {
		t.Errorf("in the middle of the move the cloud holds %v, want both placements", middle)
	}
	if got := h.owned("acme"); got["standard"] != 0 || got["premium"] == 0 {
		t.Errorf("after the move the cloud holds %v, want the silo alone", got)
	}
	if want := []tenants.Placement{{Model: tenants.ModelSilo}}; !slices.Equal(out.Tenant.Placements, want) || out.Tenant.Tier != "premium" || out.Tenant.ID != "acme" {
		t.Errorf("after the move: %+v", out.Tenant)
	}
	if got, want := steps(out.Operation), "prepare:succeeded transfer:succeeded retire:succeeded"; got != want {
		t.Errorf("steps are %s, want %s", got, want)
	}

	dry, err = h.PlanMove(ctx, "acme", "standard")
	if err != nil || !dry.Allowed() || len(dry.Runs) != 3 {
		t.Errorf("dry run back: %v, allowed %v, %d runs", err, dry.Allowed(), len(dry.Runs))
		for _, r := range dry.Runs {
			t.Logf("%s %v %+v", r.Step, r.Result.Changes, r.Result.Report.Findings)
		}
	}
	out, err = h.Move(ctx, "acme", "standard", "downgrade")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := steps(out.Operation), "prepare:succeeded transfer:succeeded release:succeeded retire:succeeded"; got != want {
		t.Errorf("steps are %s, want %s", got, want)
	}
	if h.count() != pooled {
		t.Errorf("after the way back the cloud holds %d resources, want %d as before", h.count(), pooled)
	}

	if _, err := h.Move(ctx, "acme", "free", ""); err != nil {
		t.Errorf("to another tier of the same pool: %v", err)
	}
	if _, err := h.Move(ctx, "acme", "free", ""); tenants.CodeOf(err) != tenants.CodeInvalid {
		t.Errorf("to the tier it has: %v, want invalid", err)
	}
	if _, err := h.Delete(ctx, "acme", "ended"); err != nil {
		t.Fatal(err)
	}
	if h.count() != shared {
		t.Errorf("after deletion the cloud holds %d resources, want %d", h.count(), shared)
	}
	ops, err := h.Journal.Operations(ctx, "acme")
	if err != nil || len(ops) != 5 {
		t.Errorf("the journal has %d operations, %v; want 5", len(ops), err)
	}
}

func TestMoveThatFailedGoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	h.stackUp("platform")
	h.stackUp("pool-a")
	if _, err := h.Create(ctx, acme("premium"), ""); err != nil {
		t.Fatal(err)
	}
	remove := h.cloud.Inject(localcloud.Fault{Type: "aws:dynamodb/table:Table", Operation: "delete", Error: "InternalServerError: try later"})
	out, err := h.Move(ctx, "acme", "standard", "")
	remove()
	if err == nil || out.Tenant.Status != tenants.StatusMoveFailed {
		t.Fatalf("move: %v, status %s; want a failure", err, out.Tenant.Status)
	}
	if got, want := steps(out.Operation), "prepare:succeeded transfer:succeeded release:succeeded retire:failed"; got != want {
		t.Errorf("steps are %s, want %s", got, want)
	}
	if _, err := h.Move(ctx, "acme", "premium", ""); tenants.CodeOf(err) != tenants.CodeFailedPrecondition {
		t.Errorf("taking back what has gone over: %v, want failed_precondition", err)
	}
	out, err = h.Move(ctx, "acme", "standard", "")
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Runs) != 1 || out.Runs[0].Step != "retire" || out.Runs[0].Result.Changes[plan.OperationCreate] != 0 {
		t.Errorf("the second try ran %+v, want retire alone, creating nothing", out.Runs)
	}
	if got := h.owned("acme"); got["premium"] != 0 || got["standard"] == 0 {
		t.Errorf("the cloud holds %v, want the pool's share alone", got)
	}
}

func TestMoveThatFailedIsTakenBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	h.stackUp("platform")
	h.stackUp("pool-a")
	if _, err := h.Create(ctx, acme("standard"), ""); err != nil {
		t.Fatal(err)
	}
	before := h.count()
	// The cause stays, so making the bucket in order to take it away would fail.
	defer h.cloud.Inject(localcloud.Fault{Type: "aws:s3/bucketV2:BucketV2", Operation: "create", Error: "TooManyBuckets"})()
	_, err := h.Move(ctx, "acme", "premium", "")
	if err == nil || h.count() == before {
		t.Fatalf("move: %v with %d resources; want a failure half way", err, h.count())
	}
	out, err := h.Move(ctx, "acme", "standard", "not today")
	if err != nil {
		t.Fatal(err)
	}
	if h.count() != before || out.Tenant.Tier != "standard" || out.Tenant.Status != tenants.StatusActive {
		t.Errorf("taken back: %d resources, want %d; %+v", h.count(), before, out.Tenant)
	}
}

func TestTakingBackThatFailedGoesOnOrTurnsRound(t *testing.T) {
	t.Parallel()
	for _, tier := range []string{"standard", "premium"} {
		t.Run("to_"+tier, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			ctx := t.Context()
			h.stackUp("platform")
			h.stackUp("pool-a")
			if _, err := h.Create(ctx, acme("standard"), ""); err != nil {
				t.Fatal(err)
			}
			pooled := h.count()
			transfers := 0
			h.Runner.Transfer = func(context.Context, string, tenants.Placement, tenants.Placement) error {
				if transfers++; transfers == 1 {
					return tenants.Errorf(tenants.CodeUnavailable, "the users could not be reached")
				}
				return nil
			}
			if _, err := h.Move(ctx, "acme", "premium", ""); err == nil {
				t.Fatal("the move did not fail")
			}
			remove := h.cloud.Inject(localcloud.Fault{Type: "aws:dynamodb/table:Table", Operation: "delete", Error: "InternalServerError"})
			_, err := h.Move(ctx, "acme", "standard", "")
			remove()
			if err == nil {
				t.Fatal("the taking back did not fail")
			}
			out, err := h.Move(ctx, "acme", tier, "")
			if err != nil {
				t.Fatal(err)
			}
			if out.Tenant.Tier != tier || len(out.Tenant.Placements) != 1 || out.Tenant.Status != tenants.StatusActive {
				t.Errorf("the tenant is %+v", out.Tenant)
			}
			got := h.owned("acme")
			if (got["standard"] > 0) != (tier == "standard") || (got["premium"] > 0) != (tier == "premium") {
				t.Errorf("the cloud holds %v", got)
			}
			if want := map[string]int{"standard": 1, "premium": 2}[tier]; transfers != want {
				t.Errorf("users and data were taken over %d times, want %d", transfers, want)
			}
			if tier == "standard" && h.count() != pooled {
				t.Errorf("%d resources, want %d as before", h.count(), pooled)
			}
		})
	}
}

func TestFunctionsFollowTheirTenant(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	h.stackUp("platform")
	h.stackUp("pool-a")
	if _, err := h.Create(ctx, acme("standard"), ""); err != nil {
		t.Fatal(err)
	}
	code := t.TempDir()
	if err := os.WriteFile(filepath.Join(code, "app.py"), []byte("def handler(event, context):\n    return event\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f := tenants.Function{Name: "greet", Runtime: "python3.13", Handler: "app.handler", Archive: code}
	if _, err := h.Deploy(ctx, "acme", f, ""); err != nil {
		t.Fatal(err)
	}
	for _, f.Name = range []string{"part", "wave"} {
		if _, err := h.Deploy(ctx, "acme", f, ""); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := h.Move(ctx, "acme", "free", ""); tenants.CodeOf(err) != tenants.CodeFailedPrecondition {
		t.Errorf("three functions to a tier that allows two: %v, want failed_precondition", err)
	}
	dry, err := h.PlanMove(ctx, "acme", "premium")
	if err != nil || !dry.Allowed() || dry.Runs[len(dry.Runs)-1].Step != "functions" {
		t.Errorf("dry run: %v, allowed %v, %+v", err, dry.Allowed(), dry.Operation.Steps)
	}
	if _, err := h.Move(ctx, "acme", "premium", ""); err != nil {
		t.Fatal(err)
	}
	premium, err := h.Catalogue.Tier("premium")
	if err != nil {
		t.Fatal(err)
	}
	all, err := h.cloud.Resources()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, r := range all {
		tags, _ := r.Inputs["tags"].(map[string]any)
		if r.Type != "aws:lambda/function:Function" || tags["service"] != "functions" {
			continue
		}
		seen++
		if fmt.Sprint(r.Inputs["memorySize"]) != fmt.Sprint(premium.FunctionMemoryMB) || tags["tier"] != "premium" {
			t.Errorf("function %s has memory %v and tags %v, want those of premium", r.Name, r.Inputs["memorySize"], tags)
		}
	}
	if seen != 3 {
		t.Errorf("%d functions, want 3", seen)
	}
	if _, err := h.Delete(ctx, "acme", ""); err != nil {
		t.Fatal(err)
	}
	if names, _ := h.engine.Stacks(ctx); !slices.Equal(names, []string{"platform", "pool-a"}) {
		t.Errorf("stacks left: %v", names)
	}
}

func TestHalfCreatedTenantIsDeletedWithoutMakingMore(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	h.stackUp("platform")
	platform := h.count()
	remove := h.cloud.Inject(localcloud.Fault{Type: "aws:s3/bucketV2:BucketV2", Operation: "create", Error: "TooManyBuckets: you have too many"})
	defer remove() // the cause stays, so making the bucket in order to delete it would fail
	out, err := h.Create(ctx, acme("premium"), "")
	if err == nil || out.Tenant.Status != tenants.StatusCreateFailed {
		t.Fatalf("create: %v, %s", err, out.Tenant.Status)
	}
	if _, err := h.Delete(ctx, "acme", ""); err != nil {
		t.Fatal(err)
	}
	if h.count() != platform {
		t.Errorf("%d resources are left, want the platform's %d", h.count(), platform)
	}
	if names, _ := h.engine.Stacks(ctx); !slices.Equal(names, []string{tenants.PlatformStackName}) {
		t.Errorf("stacks are left: %v", names)
	}
}

func TestMoveWithoutAWayForTheDataIsRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.Runner.Transfer = nil
	h.stackUp("pool-a")
	if _, err := h.Create(t.Context(), acme("standard"), ""); err != nil {
		t.Fatal(err)
	}
	before := h.count()
	if _, err := h.Move(t.Context(), "acme", "premium", ""); tenants.CodeOf(err) != tenants.CodeFailedPrecondition {
		t.Errorf("move: %v, want failed_precondition", err)
	}
	if got, err := h.Store.Get(t.Context(), "acme"); err != nil || got.Status != tenants.StatusActive || h.count() != before {
		t.Errorf("the refused move changed something: %+v, %v", got, err)
	}
}
