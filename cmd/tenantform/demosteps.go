package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/automation/plan"
	"github.com/tenantform/tenantform/internal/direct"
	"github.com/tenantform/tenantform/policies"
	"github.com/tenantform/tenantform/tenants"
	"github.com/tenantform/tenantform/tenants/tenantfile"
)

// demoFiles is what the demo reads from its files.
type demoFiles struct {
	tenants []tenants.Tenant // in the file's order; at least two pooled ones and a silo
	pools   []string         // stacks of the cells that the pooled ones live in
	coder   tenants.Tenant   // the one with a function
	mover   tenants.Tenant   // the pooled one that moves
	silo    tenants.Tier     // where it moves to
	leaky   tenants.Function // the one to be refused
}

// readDemoFiles reads and checks the files.
func (a *app) readDemoFiles(dir string) (demoFiles, error) {
	var f demoFiles
	catalogue, err := a.flags.catalogue()
	if err != nil {
		return f, err
	}
	file := filepath.Join(dir, "tenants.yaml")
	if f.tenants, err = tenantfile.ReadTenants(file, catalogue); err != nil {
		return f, err
	}
	var fields []tenants.FieldError
	pooled, silos := 0, 0
	for i := range f.tenants {
		t := &f.tenants[i]
		if t.Region == "" {
			t.Region = a.flags.region
		}
		tier, err := catalogue.Tier(t.Tier)
		if err != nil {
			return f, err
		}
		for j, fn := range t.Functions {
			fields = append(fields, fieldsOf(checkFunction(fn), file, "tenants."+t.ID+".functions."+fn.Name)...)
			if t.Functions[j], err = absolute(fn); err != nil {
				return f, err
			}
		}
		if len(t.Functions) > 0 && f.coder.ID == "" {
			f.coder = *t
		}
		if tier.Model == tenants.ModelSilo {
			silos++
			continue
		}
		pooled++
		f.pools = appendNew(f.pools, tenants.PoolStackName(tier.Cell))
		if f.mover.ID == "" || len(f.mover.Functions) > 0 && len(t.Functions) == 0 {
			f.mover = *t
		}
	}
	for _, tier := range catalogue.Tiers {
		if tier.Model == tenants.ModelSilo && f.silo.Name == "" {
			f.silo = tier
		}
	}
	if pooled < 2 || silos < 1 || f.coder.ID == "" {
		fields = append(fields, tenants.FieldError{Source: file, Field: "tenants", Value: fmt.Sprintf("%d in a pool, %d in a silo", pooled, silos),
			Allowed: "for the demo at least two in a pool, one in a silo, and one that has a function"})
	}
	if err := tenants.Invalid(fields...); err != nil {
		return f, err
	}
	f.leaky, err = deployment{file: filepath.Join(dir, "leaky.yaml")}.read()
	return f, err
}

func appendNew(list []string, s string) []string {
	for _, x := range list {
		if x == s {
			return list
		}
	}
	return append(list, s)
}

// planned is a step of the demo before it is done.
type planned struct {
	name string
	says string
	do   func(context.Context, *demoStep) error
}

func (d *demo) plan() []planned {
	f := d.files
	pools := strings.Join(f.pools, ", ")
	home := d.tierOf(f.mover)
	return []planned{
		{"shared stacks up", fmt.Sprintf("The shared stacks come up: platform and %s.", pools), d.bringUpShared},
		{"tenants created", fmt.Sprintf("The tenants are created: %s.", strings.Join(idsOf(f.tenants), ", ")), d.createTenants},
		{"function deployed", fmt.Sprintf("Code that %s brought is deployed, isolated from everything.", f.coder.ID), d.deployFunction},
		{"function refused", fmt.Sprintf("%s asks for a function that could read other tenants' data.", f.mover.ID), d.refuseFunction},
		{"moved to a silo", fmt.Sprintf("%s moves from %s to %s, to a silo of its own.", f.mover.ID, f.mover.Tier, f.silo.Name), func(ctx context.Context, s *demoStep) error {
			return d.move(ctx, s, home, f.silo)
		}},
		{"moved back", fmt.Sprintf("%s moves back to %s, to %s.", f.mover.ID, f.mover.Tier, home.Placement()), func(ctx context.Context, s *demoStep) error {
			return d.move(ctx, s, f.silo, home)
		}},
		{"tenants deleted", "The tenants are deleted with everything they have.", d.deleteTenants},
		{"shared stacks gone", fmt.Sprintf("The shared stacks go: platform and %s.", pools), d.destroyShared},
		{"nothing left", "Nothing may be left behind.", d.residue},
	}
}

// tierOf gives a tenant's tier; the files were checked against the catalogue.
func (d *demo) tierOf(t tenants.Tenant) tenants.Tier {
	tier, _ := d.catalogue.Tier(t.Tier)
	return tier
}

// together runs functions at once and joins their errors.
func together[T any](items []T, f func(T) error) error {
	var wg sync.WaitGroup
	errs := make([]error, len(items))
	for i, item := range items {
		wg.Go(func() { errs[i] = f(item) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

func (d *demo) shared() []string {
	return append([]string{tenants.PlatformStackName}, d.files.pools...)
}

// onShared runs something on all shared stacks at once, and counts.
func (d *demo) onShared(ctx context.Context, s *demoStep, run func(context.Context, automation.Stack) ([]direct.StepRun, error)) (map[plan.Operation]int, error) {
	defer d.app.signals.change()()
	var mu sync.Mutex
	sum := map[plan.Operation]int{}
	err := together(d.shared(), func(name string) error {
		st, err := d.runner.Stack(ctx, name)
		if err != nil {
			return err
		}
		runs, err := run(ctx, st)
		mu.Lock()
		defer mu.Unlock()
		for _, r := range runs {
			for op, n := range r.Result.Changes {
				sum[op] += n
			}
		}
		return err
	})
	s.Resources += total(sum)
	return sum, err
}

func (d *demo) bringUpShared(ctx context.Context, s *demoStep) error {
	did, err := d.onShared(ctx, s, func(ctx context.Context, st automation.Stack) ([]direct.StepRun, error) {
		res, err := d.engine.Up(ctx, st)
		return []direct.StepRun{{Result: res}}, err
	})
	if err != nil {
		return err
	}
	if d.base, err = d.world(); err != nil {
		return err
	}
	n := len(d.base.all)
	s.expect(n > 0 && n == total(did) && n == did[plan.OperationCreate], fmt.Sprintf("the local cloud holds the %s that were created, and no other", count(did[plan.OperationCreate], "resource")), count(n, "resource"))
	return d.expectStacks(ctx, s, d.shared()...)
}

// expectStacks checks which stacks there are.
func (d *demo) expectStacks(ctx context.Context, s *demoStep, want ...string) error {
	got, err := d.engine.Stacks(ctx)
	if err != nil {
		return err
	}
	words := "no stack is there"
	if len(want) > 0 {
		words = "exactly these stacks are there: " + strings.Join(sorted(want), ", ")
	}
	s.expect(strings.Join(sorted(want), ",") == strings.Join(sorted(got), ","), words, strings.Join(got, ", "))
	return nil
}

func (d *demo) createTenants(ctx context.Context, s *demoStep) error {
	defer d.app.signals.change()()
	outs := make([]direct.Outcome, len(d.files.tenants))
	index := make([]int, len(outs))
	for i := range index {
		index[i] = i
	}
	err := together(index, func(i int) (err error) {
		t := d.files.tenants[i]
		t.Functions = nil
		outs[i], err = d.runner.Create(ctx, t, "demo")
		return err
	})
	s.ran(outs...)
	if err != nil {
		return err
	}
	w, err := d.world()
	if err != nil {
		return err
	}
	s.expect(len(w.all) == len(d.base.all)+s.Resources, fmt.Sprintf("%d more resources are there, as many as were created", s.Resources), fmt.Sprint(len(w.all)-len(d.base.all)))
	for _, t := range d.files.tenants {
		d.expectHome(ctx, s, w, t.ID, d.tierOf(t))
	}
	return nil
}

// expectHome checks that a tenant is active and lives where its tier says, and
// there alone: in the store and in the cloud.
func (d *demo) expectHome(ctx context.Context, s *demoStep, w world, id string, tier tenants.Tier) {
	t, err := d.store.Get(ctx, id)
	if err != nil {
		s.expect(false, id+" is in the store", err.Error())
		return
	}
	home := tier.Placement()
	s.expect(t.ID == id && t.Status == tenants.StatusActive && t.Tier == tier.Name && len(t.Placements) == 1 && t.Placements[0] == home,
		fmt.Sprintf("%s is active in tier %s, and lives in %s alone", id, tier.Name, home),
		fmt.Sprintf("%s, %s, %s", t.Status, t.Tier, placement(t)))
	pool, silo := w.at(id, tenants.ModelPool), w.at(id, tenants.ModelSilo)
	here, there := pool, silo
	if home.Model == tenants.ModelSilo {
		here, there = silo, pool
	}
	s.expect(len(here) > 0 && len(there) == 0, fmt.Sprintf("all %d tagged resources of %s carry tenant-id %s and model %s", len(here), id, id, home.Model),
		fmt.Sprintf("%d in a pool, %d in a silo", len(pool), len(silo)))
}

func (d *demo) deployFunction(ctx context.Context, s *demoStep) error {
	defer d.app.signals.change()()
	before, err := d.world()
	if err != nil {
		return err
	}
	for _, f := range d.files.coder.Functions {
		out, err := d.runner.Deploy(ctx, d.files.coder.ID, f, "demo")
		s.ran(out)
		if err != nil {
			return err
		}
	}
	w, err := d.world()
	if err != nil {
		return err
	}
	s.expect(len(w.all) == len(before.all)+s.Resources, fmt.Sprintf("%d more resources are there, as many as were created", s.Resources), fmt.Sprint(len(w.all)-len(before.all)))
	w.expectIsolated(s, w.minus(before), d.files.coder.Functions, d.app.flags.functionsAccount)
	return nil
}

func (d *demo) refuseFunction(ctx context.Context, s *demoStep) error {
	before, err := d.world()
	if err != nil {
		return err
	}
	stacks, err := d.engine.Stacks(ctx)
	if err != nil {
		return err
	}
	id := d.files.mover.ID
	tenant, err := d.store.Get(ctx, id)
	if err != nil {
		return err
	}
	out, refusal := d.runner.Deploy(ctx, id, d.files.leaky, "demo")
	s.ran(out)
	s.expect(tenants.CodeOf(refusal) == tenants.CodeForbidden, "the policies refuse it before anything is changed", fmt.Sprint(refusal))
	var findings []policies.Finding
	for _, r := range out.Runs {
		findings = append(findings, r.Result.Report.Findings...)
	}
	complete := len(findings) > 0
	for _, f := range findings {
		complete = complete && f.Rule != "" && f.URN != "" && f.Message != "" && f.Remediation != ""
	}
	d.sayFindings(findings)
	s.expect(complete, "each finding names the rule, the resource, the reason and what to do", fmt.Sprintf("%d findings", len(findings)))
	after, err := d.world()
	if err != nil {
		return err
	}
	s.expect(after.same(before), fmt.Sprintf("the same %d resources are there as before, none of them touched", len(before.all)), fmt.Sprintf("%d resources", len(after.all)))
	now, err := d.store.Get(ctx, id)
	if err != nil {
		return err
	}
	s.expect(now.Status == tenants.StatusActive && len(now.Functions) == len(tenant.Functions), fmt.Sprintf("%s is active, and has no function more", id), fmt.Sprintf("%s with %d functions", now.Status, len(now.Functions)))
	return d.expectStacks(ctx, s, stacks...)
}

// move takes the mover from one tier to another, with a look into the cloud
// when source and target must stand side by side.
func (d *demo) move(ctx context.Context, s *demoStep, from, to tenants.Tier) error {
	defer d.app.signals.change()()
	id := d.files.mover.ID
	before, err := d.world()
	if err != nil {
		return err
	}
	if from.Name == d.files.mover.Tier {
		d.home = before
	}
	var during world
	var placements int
	var looked error
	d.setWatch(func(op tenants.Operation, step tenants.Step) {
		if op.TenantID != id || step.Name != string(automation.MovePrepare) || step.Progress != tenants.ProgressSucceeded {
			return
		}
		during, looked = d.world()
		if t, err := d.store.Get(ctx, id); err == nil {
			placements = len(t.Placements)
		}
	})
	out, err := d.runner.Move(ctx, id, to.Name, "demo")
	d.setWatch(nil)
	s.ran(out)
	if err != nil || looked != nil {
		return errors.Join(err, looked)
	}
	var steps []string
	for _, x := range out.Operation.Steps {
		steps = append(steps, x.Name)
	}
	d.say("   steps: %s", strings.Join(steps, ", "))
	pool, silo := during.at(id, tenants.ModelPool), during.at(id, tenants.ModelSilo)
	s.expect(len(pool) > 0 && len(silo) > 0 && placements == 2, fmt.Sprintf("in the middle both placements stood side by side: %d tagged resources in the pool, %d in the silo", len(pool), len(silo)),
		fmt.Sprintf("%d in a pool, %d in a silo, %d placements", len(pool), len(silo), placements))
	after, err := d.world()
	if err != nil {
		return err
	}
	d.expectHome(ctx, s, after, id, to)
	was, is := before.tags(id, from.Name), after.tags(id, to.Name)
	s.expect(was == is && strings.Contains(is, "tenant-id="+id), "tenant id and tags are as before, but for tier and model: "+is, "before "+was)
	if to.Name == d.files.mover.Tier {
		s.expect(after.names() == d.home.names(), "the very same resources are there as before the first move", "others")
	}
	s.expect(after.without(id).same(before.without(id)), "nothing of the other tenants and of the shared stacks was touched", "something was")
	return nil
}

func (d *demo) deleteTenants(ctx context.Context, s *demoStep) error {
	defer d.app.signals.change()()
	var mu sync.Mutex
	err := together(idsOf(d.files.tenants), func(id string) error {
		out, err := d.runner.Delete(ctx, id, "demo")
		mu.Lock()
		s.ran(out)
		mu.Unlock()
		return err
	})
	if err != nil {
		return err
	}
	w, err := d.world()
	if err != nil {
		return err
	}
	s.expect(w.same(d.base), fmt.Sprintf("the %d resources of the shared stacks are there, untouched, and no other", len(d.base.all)), count(len(w.all), "resource"))
	left, err := d.store.List(ctx)
	if err != nil {
		return err
	}
	s.expect(len(left) == 0, "the store lists no tenant", strings.Join(idsOf(left), ", "))
	return d.expectStacks(ctx, s, d.shared()...)
}

func (d *demo) destroyShared(ctx context.Context, s *demoStep) error {
	did, err := d.onShared(ctx, s, d.teardown)
	if err != nil {
		return err
	}
	n := did[plan.OperationDelete]
	s.expect(n == len(d.base.all), fmt.Sprintf("as many resources were deleted as there were: %d", len(d.base.all)), fmt.Sprint(n))
	return nil
}

// residue looks for whatever may have stayed behind, and takes the demo's own
// directory away.
func (d *demo) residue(ctx context.Context, s *demoStep) error {
	w, err := d.world()
	if err != nil {
		return err
	}
	s.expect(len(w.all) == 0, "the local cloud holds no resource", count(len(w.all), "resource"))
	if err := d.expectStacks(ctx, s); err != nil {
		return err
	}
	dir := d.app.flags.dir
	for _, p := range []struct{ path, promise string }{
		{d.app.flags.cloudDir(), "the local cloud's directory holds no file"},
		{filepath.Join(dir, "runs"), "no working directory of a run is left"},
		{filepath.Join(dir, "leases"), "no lease is left"},
		{filepath.Join(dir, "state", ".pulumi", "locks"), "no lock is left"},
		{d.tempFiles(), "no temporary file is left"},
	} {
		left := filesBelow(p.path)
		s.expect(len(left) == 0, p.promise, strings.Join(left, ", "))
	}
	if err := os.RemoveAll(d.temp); err != nil {
		return tenants.Errorf(tenants.CodeInternal, "the demo's directory cannot be removed: %w", err)
	}
	s.expect(!exists(d.temp), "the demo's own directory is gone", d.temp)
	return nil
}

// settle is how long a file that is being removed may still be seen.
const settle = 2 * time.Second

// filesBelow gives the files below a directory, and waits a little for those
// that another process is just removing.
func filesBelow(dir string) []string {
	deadline := time.Now().Add(settle)
	for {
		left := listFiles(dir)
		if len(left) == 0 || time.Now().After(deadline) {
			return left
		}
		time.Sleep(50 * time.Millisecond)
	}
}
