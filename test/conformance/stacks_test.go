package conformance_test

import (
	"archive/zip"
	"os"
	"path/filepath"
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

// total is the sum of a run's changes.
func total(c map[plan.Operation]int) (n int) {
	for _, v := range c {
		n += v
	}
	return n
}

// life is what a stack goes through.
type life struct {
	stack   automation.Stack
	changed automation.Stack // after the update, which replaces nothing
	needs   []life
	last    automation.Stack // what Destroy is preceded by, where something has to be released
}

func TestStacks(t *testing.T) {
	r := newRig(t)
	code := archive(t)
	up := func(t *testing.T, s automation.Stack, want func(map[plan.Operation]int) bool) bool {
		t.Helper()
		res, err := r.Up(t.Context(), s)
		t.Logf("%.1f s %v", res.Seconds, res.Changes)
		if err != nil {
			t.Errorf("%s: %v", s.Name, err)
			return false
		}
		if !want(res.Changes) {
			t.Errorf("%s: %v", s.Name, res.Changes)
			for _, c := range res.Plan.Resources {
				if c.Operation != plan.OperationSame && c.Operation != plan.OperationRead && c.Operation != plan.OperationCreate {
					t.Logf("%s %s: %+v", c.Operation, c.URN, c.Changed)
				}
			}
		}
		return true
	}
	created := func(c map[plan.Operation]int) bool { return c[plan.OperationCreate] > 0 }
	same := func(c map[plan.Operation]int) bool {
		return c[plan.OperationSame]+c[plan.OperationRead] == total(c)
	}
	updated := func(c map[plan.Operation]int) bool {
		return c[plan.OperationUpdate] > 0 && c[plan.OperationReplace] == 0 && c[plan.OperationCreate] == 0 && c[plan.OperationDelete] == 0
	}
	for _, l := range []struct {
		name  string
		life  life
		leave bool
	}{
		{"platform", life{stack: platform("dev"), changed: platform("staging")}, true},
		{"pool", life{stack: pool(5), changed: pool(6)}, true},
		{"pooled tenant", life{stack: tenant(tenants.ModelPool, 7, false), changed: tenant(tenants.ModelPool, 14, false)}, false},
		{"functions", life{stack: functionsStack(code, 128), changed: functionsStack(code, 256)}, false},
		{"siloed tenant", life{stack: tenant(tenants.ModelSilo, 365, false), changed: tenant(tenants.ModelSilo, 731, false), last: tenant(tenants.ModelSilo, 731, true)}, false},
	} {
		t.Run(l.name, func(t *testing.T) {
			defer func() {
				if l.leave {
					return
				}
				if l.life.last.Program != nil {
					up(t, l.life.last, updated)
				}
				res, err := r.Destroy(t.Context(), l.life.stack)
				t.Logf("destroy %.1f s %v %v", res.Seconds, res.Changes, err)
			}()
			if up(t, l.life.stack, created) {
				up(t, l.life.stack, same)
				up(t, l.life.changed, updated)
			}
		})
	}
	for _, s := range []automation.Stack{pool(5), platform("dev")} {
		res, err := r.Destroy(t.Context(), s)
		t.Logf("destroy %s %.1f s %v %v", s.Name, res.Seconds, res.Changes, err)
	}
}
