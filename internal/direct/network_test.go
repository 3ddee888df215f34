package direct_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/internal/direct"
	"github.com/tenantform/tenantform/internal/lifecycle"
	"github.com/tenantform/tenantform/policies"
	"github.com/tenantform/tenantform/stacks"
	"github.com/tenantform/tenantform/tenants"
	"github.com/tenantform/tenantform/tenants/filestore"
	"github.com/tenantform/tenantform/tenants/tenantfile"
)

// paper is an engine that brings nothing up: it runs programs against mocks and
// keeps the range of each stack's network.
type paper struct {
	mu       sync.Mutex
	networks map[string]string // by stack; one without a network is not there
	before   func(call, stack string) error
	after    func(call, stack string)
}

func (p *paper) run(call string, s automation.Stack) (automation.Result, error) {
	if p.before != nil {
		if err := p.before(call, s.Name); err != nil {
			return automation.Result{}, err
		}
	}
	cidr := ""
	if s.Program != nil {
		r, err := componenttest.Run(s.Name, s.Program, shared())
		if err != nil {
			return automation.Result{}, err
		}
		for _, vpc := range r.OfType("aws:ec2/vpc:Vpc") {
			cidr, _ = vpc.Inputs["cidrBlock"].(string)
		}
	}
	p.mu.Lock()
	if call != "preview" {
		delete(p.networks, s.Name)
		if cidr != "" {
			p.networks[s.Name] = cidr
		}
	} else if cidr != "" {
		p.networks["preview"] = cidr
	}
	p.mu.Unlock()
	if p.after != nil {
		p.after(call, s.Name)
	}
	return automation.Result{}, nil
}

func (p *paper) Preview(_ context.Context, s automation.Stack) (automation.Result, error) {
	return p.run("preview", s)
}

func (p *paper) Up(_ context.Context, s automation.Stack) (automation.Result, error) {
	return p.run("up", s)
}

func (p *paper) Destroy(_ context.Context, s automation.Stack) (automation.Result, error) {
	s.Program = nil
	return p.run("destroy", s)
}

func (p *paper) PreviewDestroy(context.Context, automation.Stack) (automation.Result, error) {
	return automation.Result{}, nil
}

func (p *paper) Refresh(context.Context, automation.Stack) (automation.Result, error) {
	return automation.Result{}, nil
}

// Hold lets everybody have everything: the tests take turns where they must.
func (p *paper) Hold(string) (func(), error) { return func() {}, nil }

// Evaluate allows everything.
func (p *paper) Evaluate(context.Context, policies.Input) (policies.Report, error) {
	return policies.Report{}, nil
}

func shared() componenttest.Stacks {
	return componenttest.Stacks{
		"organization/tenantform/pool-a": {
			"keyArn": "arn:key", "userPoolId": "users-1", "userPoolClientId": "client-1", "apiEndpoint": "https://api",
			"usagePlanIds": map[string]any{"free": "plan-free", "standard": "plan-standard"},
		},
	}
}

// desk gives a runner over a store in a directory, as a process of its own has.
func desk(t *testing.T, dir string, p *paper) *direct.Runner {
	t.Helper()
	store, err := filestore.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	catalogue, err := tenantfile.DefaultCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	return &direct.Runner{Holder: p, Initiator: "tester", Lifecycle: lifecycle.Lifecycle{
		Engine: p, Gate: p, Store: store, Journal: store, Catalogue: catalogue,
		Settings: stacks.Settings{Environment: "dev", Region: "eu-west-1", AccountID: "111111111111", FunctionsAccountID: "222222222222"},
		Transfer: func(context.Context, string, tenants.Placement, tenants.Placement) error { return nil },
	}}
}

func newDesk(t *testing.T) (*direct.Runner, *paper, string) {
	t.Helper()
	p, dir := &paper{networks: map[string]string{}}, t.TempDir()
	return desk(t, dir, p), p, dir
}

func named(id, tier string) tenants.Tenant {
	return tenants.Tenant{ID: id, Name: id, AdminEmail: "ops@" + id + ".example", Tier: tier}
}

func create(t *testing.T, r *direct.Runner, id, tier string) tenants.Tenant {
	t.Helper()
	out, err := r.Create(t.Context(), named(id, tier), "")
	if err != nil {
		t.Fatal(err)
	}
	return out.Tenant
}

// killed runs something that ends in the middle, as a killed process does.
func killed(t *testing.T, f func()) {
	t.Helper()
	defer func() {
		if r := recover(); r != "killed" {
			t.Fatalf("it was not killed: %v", r)
		}
	}()
	f()
}

func die() { panic("killed") }

func TestSilosHaveTheirOwnRanges(t *testing.T) {
	r, p, _ := newDesk(t)
	if got := create(t, r, "acme", "premium").NetworkCIDR; got != "10.64.16.0/20" || p.networks["tenant-acme"] != got {
		t.Errorf("acme has %s, its network %s", got, p.networks["tenant-acme"])
	}
	if got := create(t, r, "birch", "premium").NetworkCIDR; got != "10.64.32.0/20" || p.networks["tenant-birch"] != got {
		t.Errorf("birch has %s, its network %s", got, p.networks["tenant-birch"])
	}
	if got := create(t, r, "cedar", "free").NetworkCIDR; got != "" {
		t.Errorf("a pooled tenant has the range %s", got)
	}

	if _, err := r.PlanCreate(t.Context(), named("dogwood", "premium")); err != nil || p.networks["preview"] != "10.64.48.0/20" {
		t.Errorf("the dry run shows %s, %v", p.networks["preview"], err)
	}
	out, err := r.Delete(t.Context(), "acme", "")
	if err != nil || out.Tenant.NetworkCIDR != "" {
		t.Errorf("the deleted tenant has %q, %v", out.Tenant.NetworkCIDR, err)
	}
	if got := create(t, r, "elm", "premium").NetworkCIDR; got != "10.64.16.0/20" {
		t.Errorf("elm has %s, want the range of the deleted tenant", got)
	}
	if got := create(t, r, "acme", "premium").NetworkCIDR; got != "10.64.48.0/20" {
		t.Errorf("acme, created again, has %s", got)
	}
}

func TestRangesOfOperationsAtOnceDoNotOverlap(t *testing.T) {
	_, p, dir := newDesk(t)
	const many = 8
	var wg sync.WaitGroup
	got := make([]string, many)
	for i := range many {
		r := desk(t, dir, p)
		wg.Go(func() {
			out, err := r.Create(t.Context(), named(fmt.Sprintf("tenant-%c", 'a'+i), "premium"), "")
			if err != nil {
				t.Error(err)
			}
			got[i] = out.Tenant.NetworkCIDR
		})
	}
	wg.Wait()
	for i, a := range got {
		for _, b := range got[:i] {
			if a == "" || tenants.NetworksOverlap(a, b) {
				t.Errorf("two tenants have %s and %s", a, b)
			}
		}
	}
}

func TestARangeComesAndGoesWithTheSilo(t *testing.T) {
	r, p, _ := newDesk(t)
	ctx := t.Context()
	create(t, r, "acme", "standard")
	if _, err := r.PlanMove(ctx, "acme", "premium"); err != nil || p.networks["preview"] != "10.64.16.0/20" {
		t.Errorf("the dry run shows %s, %v", p.networks["preview"], err)
	}
	out, err := r.Move(ctx, "acme", "premium", "")
	if err != nil || out.Tenant.NetworkCIDR != "10.64.16.0/20" || p.networks["tenant-acme"] != "10.64.16.0/20" {
		t.Fatalf("after the move: %q, network %s, %v", out.Tenant.NetworkCIDR, p.networks["tenant-acme"], err)
	}

	// On the way back the process dies when the network is gone and nobody knows.
	p.after = func(call, stack string) {
		if _, there := p.networks[stack]; call == "up" && !there {
			die()
		}
	}
	killed(t, func() { _, _ = r.Move(ctx, "acme", "standard", "") })
	p.after = nil
	if got := create(t, r, "birch", "premium").NetworkCIDR; got != "10.64.32.0/20" {
		t.Errorf("birch has %s while the move of acme is not recorded to its end", got)
	}
	out, err = r.Move(ctx, "acme", "standard", "")
	if err != nil || out.Tenant.NetworkCIDR != "" {
		t.Errorf("after the way back: %q, %v", out.Tenant.NetworkCIDR, err)
	}
	if got := create(t, r, "cedar", "premium").NetworkCIDR; got != "10.64.16.0/20" {
		t.Errorf("cedar has %s, want the range that was given back", got)
	}
}

func TestARangeOutlivesTheProcess(t *testing.T) {
	r, p, dir := newDesk(t)
	ctx := t.Context()
	p.before = func(call, stack string) error {
		if call == "up" && stack == "tenant-acme" {
			die()
		}
		return nil
	}
	killed(t, func() { _, _ = r.Create(ctx, named("acme", "premium"), "") })
	r = desk(t, dir, p)
	if got := create(t, r, "birch", "premium").NetworkCIDR; got != "10.64.32.0/20" {
		t.Errorf("birch has %s, and acme may have a network", got)
	}
	p.before = nil
	if got := create(t, r, "acme", "premium").NetworkCIDR; got != "10.64.16.0/20" || p.networks["tenant-acme"] != got {
		t.Errorf("acme goes on with %s, network %s", got, p.networks["tenant-acme"])
	}

	p.after = func(call, stack string) {
		if call == "destroy" && stack == "tenant-acme" {
			die()
		}
	}
	killed(t, func() { _, _ = r.Delete(ctx, "acme", "") })
	p.after = nil
	if got := create(t, r, "cedar", "premium").NetworkCIDR; got != "10.64.48.0/20" {
		t.Errorf("cedar has %s while the deletion of acme is not recorded", got)
	}
	if _, err := r.Delete(ctx, "acme", ""); err != nil {
		t.Fatal(err)
	}
	if got := create(t, r, "dogwood", "premium").NetworkCIDR; got != "10.64.16.0/20" {
		t.Errorf("dogwood has %s", got)
	}
}

func TestACreationThatTurnsToAPoolKeepsItsRangeUntilTheSiloIsGone(t *testing.T) {
	r, p, _ := newDesk(t)
	ctx := t.Context()
	fail := func(string, string) error { return tenants.Errorf(tenants.CodeUnavailable, "try later") }
	p.before = fail
	for _, tier := range []string{"premium", "free"} {
		out, err := r.Create(ctx, named("acme", tier), "")
		if err == nil || out.Tenant.NetworkCIDR != "10.64.16.0/20" {
			t.Errorf("%s: %v, range %q", tier, err, out.Tenant.NetworkCIDR)
		}
	}
	p.before = nil
	if got := create(t, r, "acme", "free").NetworkCIDR; got != "" {
		t.Errorf("in the pool it has %s", got)
	}
}

func TestASiloOlderThanRangesKeepsItsNetwork(t *testing.T) {
	r, p, _ := newDesk(t)
	ctx := t.Context()
	old := named("acme", "premium")
	old.Region, old.CostCenter, old.Status = "eu-west-1", "acme", tenants.StatusCreateFailed
	old.Placements = []tenants.Placement{{Model: tenants.ModelSilo}}
	if _, err := r.Store.Create(ctx, old); err != nil {
		t.Fatal(err)
	}
	if got := create(t, r, "acme", "premium").NetworkCIDR; got != "" || p.networks["tenant-acme"] != stacks.DefaultSiloCIDR {
		t.Errorf("it has %q, and its network %s", got, p.networks["tenant-acme"])
	}
	if got := create(t, r, "birch", "premium").NetworkCIDR; got != "10.64.16.0/20" {
		t.Errorf("birch has %s", got)
	}
	if out, err := r.Move(ctx, "acme", "free", ""); err != nil || out.Tenant.NetworkCIDR != "" {
		t.Errorf("in the pool: %q, %v", out.Tenant.NetworkCIDR, err)
	}
	if out, err := r.Move(ctx, "acme", "premium", ""); err != nil || out.Tenant.NetworkCIDR != "10.64.32.0/20" || p.networks["tenant-acme"] != "10.64.32.0/20" {
		t.Errorf("in a silo again: %q, network %s, %v", out.Tenant.NetworkCIDR, p.networks["tenant-acme"], err)
	}
}

func TestNoRangeIsLeft(t *testing.T) {
	r, p, _ := newDesk(t)
	r.Networks.Supernet = "10.64.0.0/19"
	create(t, r, "acme", "premium")
	_, dry := r.PlanCreate(t.Context(), named("birch", "premium"))
	out, err := r.Create(t.Context(), named("birch", "premium"), "")
	for _, err := range []error{dry, err} {
		if tenants.CodeOf(err) != tenants.CodeFailedPrecondition {
			t.Errorf("no range is left, and the error is %v", err)
		}
	}
	if out.Tenant.Status != tenants.StatusCreateFailed || p.networks["tenant-birch"] != "" {
		t.Errorf("it is %s with network %q", out.Tenant.Status, p.networks["tenant-birch"])
	}
	if got := create(t, r, "birch", "free"); got.Status != tenants.StatusActive || !slices.Equal(got.Placements, []tenants.Placement{{Model: tenants.ModelPool, Cell: "a"}}) {
		t.Errorf("in the pool: %+v", got)
	}
}
