package policies_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/internal/localcloud"
	"github.com/tenantform/tenantform/policies"
	"github.com/tenantform/tenantform/stacks"
	"github.com/tenantform/tenantform/tenants"
	"github.com/tenantform/tenantform/tenants/tenantfile"
)

var update = flag.Bool("update", false, "write the inputs of the reference stacks to testdata/reference")

// recorder decides as its evaluator does and keeps the inputs.
type recorder struct {
	*policies.Evaluator
	mu     sync.Mutex
	inputs []policies.Input
}

func (r *recorder) Evaluate(ctx context.Context, in policies.Input) (policies.Report, error) {
	r.mu.Lock()
	r.inputs = append(r.inputs, in)
	r.mu.Unlock()
	return r.Evaluator.Evaluate(ctx, in)
}

// TestReferenceStacks runs the project's own programs through the engine and
// wants every one allowed, in production. With -update it keeps what the rules
// were given, for the tests and benchmarks that run without the engine.
func TestReferenceStacks(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the pulumi CLI")
	}
	cli, err := automation.FindPulumi([]string{"../bin/pulumi"})
	if err != nil {
		t.Skip(err)
	}
	ctx := t.Context()
	dir := t.TempDir()
	cloud, err := localcloud.Start(ctx, filepath.Join(dir, "cloud"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := cloud.Close(); err != nil {
			t.Error(err)
		}
	}()
	evaluator, err := policies.New(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	gate := &recorder{Evaluator: evaluator}
	catalogue, err := tenantfile.DefaultCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	engine, err := automation.New(filepath.Join(dir, "engine"), gate, &automation.Options{Pulumi: cli, Env: cloud.Env(), Catalogue: catalogue})
	if err != nil {
		t.Fatal(err)
	}
	settings := stacks.Settings{Environment: "production", Region: "eu-west-1", AccountID: "111111111111", FunctionsAccountID: "222222222222"}
	subject := policies.Subject{Environment: "production", Region: "eu-west-1", Account: "111111111111", FunctionsAccount: "222222222222"}
	about := func(program, tenant string, tiers ...string) policies.Subject {
		s := subject
		s.Program, s.TenantID, s.Tiers = program, tenant, tiers
		return s
	}
	tier := func(name string) tenants.Tier {
		found, err := catalogue.Tier(name)
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	placement := func(name string) stacks.Placement {
		return stacks.Placement{Placement: tier(name).Placement(), Tier: tier(name)}
	}
	functions := func(grants ...tenants.Grant) automation.Stack {
		whose := about(policies.ProgramFunctions, "acme", "standard")
		whose.Account = settings.FunctionsAccountID
		return automation.Stack{Name: "functions-acme", Subject: whose,
			Program: stacks.Functions(stacks.FunctionsSpec{Settings: settings, TenantID: "acme", Tier: tier("standard"), Unsigned: true, Functions: []tenants.Function{{
				Name: "greeting", Runtime: "python3.13", Handler: "app.handler", Grants: grants,
				Archive: absolute(t, "../examples/quickstart/functions/greeting"), Layers: []string{absolute(t, "../examples/quickstart/layers/greeting-lib")},
			}}})}
	}
	for _, s := range []automation.Stack{
		{Name: tenants.PlatformStackName, Subject: about(policies.ProgramPlatform, ""), Program: stacks.Platform(stacks.PlatformSpec{Settings: settings})},
		{Name: "pool-a", Subject: about(policies.ProgramPool, ""), Program: stacks.Pool(stacks.PoolSpec{Settings: settings, Cell: "a", Tiers: []tenants.Tier{tier("free"), tier("standard")}})},
		{Name: "tenant-acme", Subject: about(policies.ProgramTenant, "acme", "standard", "premium"), Program: stacks.Tenant(stacks.TenantSpec{
			Settings: settings, TenantID: "acme", Name: "Acme", Placements: []stacks.Placement{placement("standard"), placement("premium")},
			Worker: &stacks.Worker{Runtime: "python3.13", Handler: "index.handler", Archive: absolute(t, "../stacks/worker")}})},
		functions(),
	} {
		if _, err := engine.Up(ctx, s); err != nil {
			t.Fatalf("%s: %v", s.Name, err)
		}
		if _, err := engine.Up(ctx, s); err != nil {
			t.Fatalf("%s, unchanged: %v", s.Name, err)
		}
	}
	result, err := engine.Preview(ctx, functions(tenants.Grant{Actions: []string{"sts:AssumeRole"}, Resources: []string{"arn:aws:iam::111111111111:role/other"}}))
	if err != nil {
		t.Fatal(err)
	}
	if result.Report.Allowed() || result.Report.Findings[0].Rule != "untrusted_function_role" {
		t.Errorf("a tenant's function with a grant got %+v", result.Report)
	}
	if *update {
		keep(t, gate.inputs)
	}
}

// keep writes each stack's first and second input, with paths from the root of
// the repository.
func keep(t *testing.T, inputs []policies.Input) {
	t.Helper()
	seen := map[string]int{}
	for _, in := range inputs {
		name := in.Plan.Stack
		if seen[name]++; seen[name] > 1 {
			name += "-unchanged"
		}
		if seen[in.Plan.Stack] > 2 {
			continue
		}
		text, err := json.MarshalIndent(in, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		text = bytes.ReplaceAll(text, []byte(absolute(t, "..")+"/"), nil)
		if err := os.WriteFile(filepath.Join("testdata", "reference", name+".json"), append(text, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func absolute(t *testing.T, path string) string {
	t.Helper()
	abs, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return abs
}
