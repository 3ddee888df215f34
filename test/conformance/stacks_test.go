package conformance_test

import (
	"archive/zip"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/automation/plan"
	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/stacks"
	"github.com/tenantform/tenantform/tenants"
)

func settings() stacks.Settings {
	return stacks.Settings{Environment: "dev", Region: region, AccountID: core, FunctionsAccountID: functions}
}

// archive makes a function's archive.
func archive(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "code.zip")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z := zip.NewWriter(f)
	w, err := z.Create("index.py")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("def handler(event, context):\n    return event\n")); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func pool(rate float64) automation.Stack {
	tier := componenttest.Tier(tenants.ModelPool)
	tier.RateLimit = rate
	return automation.Stack{Name: "pool-a", Program: stacks.Pool(stacks.PoolSpec{Settings: settings(), Cell: "a", Tiers: []tenants.Tier{tier}})}
}

func tenant(model tenants.Model, retention int, released bool) automation.Stack {
	tier := componenttest.Tier(model)
	tier.LogRetentionDays = retention
	return automation.Stack{Name: "tenant-acme", Program: stacks.Tenant(stacks.TenantSpec{
		Settings: settings(), TenantID: "acme", Name: "Acme", CostCenter: "cc-7",
		Placements: []stacks.Placement{{Placement: tier.Placement(), Tier: tier, Released: released}},
	})}
}

func functionsStack(code string, memory int) automation.Stack {
	tier := componenttest.Tier(tenants.ModelPool)
	tier.FunctionMemoryMB = memory
	return automation.Stack{Name: "functions-acme", Program: stacks.Functions(stacks.FunctionsSpec{
		Settings: settings(), TenantID: "acme", CostCenter: "cc-7", Tier: tier,
		Functions: []tenants.Function{{Name: "score", Runtime: "python3.13", Handler: "index.handler", Archive: code}},
	})}
}

func platform(environment string) automation.Stack {
	s := settings()
	s.Environment = environment
	return automation.Stack{Name: "platform", Program: stacks.Platform(stacks.PlatformSpec{Settings: s})}
}

// life is what a stack goes through.
type life struct {
	name    string
	stack   automation.Stack
	changed automation.Stack // after the update, which replaces nothing
	release automation.Stack // what goes before the end, where something is protected
	look    func(*testing.T, *rig)
	gone    func(*testing.T, *rig)
	stays   bool // others need it; it ends with the test
}

func lives(code string) []life {
	return []life{
		{name: "platform", stack: platform("dev"), changed: platform("staging"), look: lookPlatform, stays: true,
			gone: func(t *testing.T, r *rig) { r.gone(t, functions, "iam", "get-role", "--role-name", "platform-invoker") }},
		{name: "pool", stack: pool(5), changed: pool(6), look: lookPool, stays: true,
			gone: func(t *testing.T, r *rig) {
				r.gone(t, core, "dynamodb", "describe-table", "--table-name", "pool-a-data")
			}},
		{name: "tenant in a pool", stack: tenant(tenants.ModelPool, 7, false), changed: tenant(tenants.ModelPool, 14, false), look: lookPooled,
			gone: func(t *testing.T, r *rig) { r.gone(t, core, "iam", "get-role", "--role-name", "acme-pool-a-data") }},
		{name: "functions", stack: functionsStack(code, 128), changed: functionsStack(code, 256), look: lookFunctions,
			gone: func(t *testing.T, r *rig) {
				r.gone(t, functions, "lambda", "get-function-configuration", "--function-name", "acme-score")
			}},
		{name: "tenant in a silo", stack: tenant(tenants.ModelSilo, 365, false), changed: tenant(tenants.ModelSilo, 731, false),
			release: tenant(tenants.ModelSilo, 731, true), look: lookSilo,
			gone: func(t *testing.T, r *rig) {
				r.gone(t, core, "s3api", "head-bucket", "--bucket", siloBucket)
				r.gone(t, core, "dynamodb", "describe-table", "--table-name", "acme-silo-data")
			}},
	}
}

// only holds a run to having made changes of one kind, and at least one of it;
// "" for a run that has nothing to do.
func only(res automation.Result, kind plan.Operation) bool {
	n := 0
	for op, count := range res.Changes {
		switch op {
		case kind:
			n += count
		case plan.OperationSame, plan.OperationRead:
		default:
			return false
		}
	}
	return kind == "" || n > 0
}

// TestStacks takes each program through its life on the real provider.
func TestStacks(t *testing.T) {
	r := newRig(t)
	rep := &report{}
	step := func(t *testing.T, name, what string, want plan.Operation, run func() (automation.Result, error)) bool {
		t.Helper()
		res, err := run()
		rep.add(name, what, res, err)
		t.Logf("%s: %.1f s %v", what, res.Seconds, res.Changes)
		if err != nil {
			t.Errorf("%s: %v", what, err)
			return false
		}
		if !only(res, want) {
			t.Errorf("%s: %v, want only %q", what, res.Changes, want)
			for _, c := range res.Plan.Resources {
				if c.Operation != plan.OperationSame && c.Operation != want {
					t.Logf("%s %s: %v", c.Operation, c.URN, c.Changed)
				}
			}
		}
		return true
	}
	end := func(t *testing.T, l life) {
		t.Helper()
		if l.release.Program != nil {
			step(t, l.name, "release", plan.OperationUpdate, func() (automation.Result, error) { return r.Up(t.Context(), l.release) })
		}
		if step(t, l.name, "destroy", plan.OperationDelete, func() (automation.Result, error) { return r.Destroy(t.Context(), l.stack) }) {
			l.gone(t, r)
		}
	}
	all := lives(archive(t))
	for _, l := range all {
		t.Run(l.name, func(t *testing.T) {
			if step(t, l.name, "up", plan.OperationCreate, func() (automation.Result, error) { return r.Up(t.Context(), l.stack) }) {
				l.look(t, r)
				step(t, l.name, "up again", "", func() (automation.Result, error) { return r.Up(t.Context(), l.stack) })
				step(t, l.name, "update", plan.OperationUpdate, func() (automation.Result, error) { return r.Up(t.Context(), l.changed) })
			}
			if !l.stays {
				end(t, l)
			}
		})
	}
	for _, l := range slices.Backward(all) {
		if l.stays {
			t.Run("end of "+l.name, func(t *testing.T) { end(t, l) })
		}
	}
	if path := os.Getenv("TENANTFORM_CONFORMANCE_REPORT"); path != "" {
		if err := os.WriteFile(path, rep.markdown(r.versions()), 0o644); err != nil {
			t.Error(err)
		}
	}
}
