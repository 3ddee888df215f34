package policies_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tenantform/tenantform/automation/plan"
	"github.com/tenantform/tenantform/policies"
	"github.com/tenantform/tenantform/policies/internal/inputschema"
	"github.com/tenantform/tenantform/tenants"
)

// readAll gives the inputs of all fixtures, and those that the engine had for the
// reference stacks, by file.
func readAll(t *testing.T) map[string]policies.Input {
	t.Helper()
	all := map[string]policies.Input{}
	for _, pattern := range []string{"bundle/rules/*/fixtures/*.json", "testdata/reference/*.json"} {
		names, err := filepath.Glob(pattern)
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(names), err)
		}
		for _, name := range names {
			in, err := policies.ReadFixture(os.DirFS(filepath.Dir(name)), filepath.Base(name))
			if err != nil {
				t.Fatal(err)
			}
			all[name] = in
		}
	}
	return all
}

func TestInputsAreAsTheSchemaSays(t *testing.T) {
	for name, in := range readAll(t) {
		if err := inputschema.Check(t.Context(), policies.InputSchema(), in); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	whole := policies.NewInput(plan.Plan{Project: "p", Stack: "s", Resources: []plan.Resource{{
		URN: "urn:u", Type: "a:b:c", Name: "u", ID: "i", Operation: plan.OperationReplace, Custom: true, Protected: true,
		Inputs: map[string]any{"a": []any{nil, 1.5, plan.Unknown(), map[string]any{"b": plan.Secret()}}}, OldInputs: map[string]any{"a": "text"}, WasProtected: new(false),
		Parent: "urn:p", Dependencies: []string{"urn:d"}, PropertyDependencies: map[string][]string{"a": {"urn:d"}},
		Provider: plan.Provider{URN: "urn:v", Region: "eu-west-1", Account: "111111111111"}, Changed: []string{"a[0]"}, ReplaceKeys: []string{"a"},
	}}}, policies.Subject{
		Program: policies.ProgramTenant, TenantID: "acme", Environment: "dev", Region: "eu-west-1", Account: "111111111111", Tiers: []string{"t"},
		Tags: map[string]string{"team": "payments"}, Destroy: true, Release: &policies.Release{Kind: policies.ReleaseMove, Under: "acme-silo"},
	}, tenants.Catalogue{ConcurrencyLimit: 5, Tiers: []tenants.Tier{{Name: "t", Model: tenants.ModelSilo, Cell: "a", ThreatProtection: true, MonthlyBudgetUSD: 1}}})
	for name, in := range map[string]policies.Input{"empty": policies.NewInput(plan.Plan{}, policies.Subject{}, tenants.Catalogue{}), "whole": whole} {
		if err := inputschema.Check(t.Context(), policies.InputSchema(), in); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestSchemaRefuses takes an input that is right and spoils one place of it.
func TestSchemaRefuses(t *testing.T) {
	good, err := os.ReadFile("testdata/reference/tenant-acme.json")
	if err != nil {
		t.Fatal(err)
	}
	const unknown, signature = "04da6b54-80e4-46f7-96ec-b56ff0331ba9", "4dabf18193072939515e22adb298388d"
	inputs := func(v any) func(map[string]any) {
		return func(in map[string]any) {
			resource(in)["inputs"] = map[string]any{"deep": []any{map[string]any{"value": v}}}
		}
	}
	for name, tt := range map[string]struct {
		spoil func(map[string]any)
		want  string
	}{
		"another version":         {func(in map[string]any) { in["version"] = 2 }, "version"},
		"no plan":                 {func(in map[string]any) { delete(in, "plan") }, "plan"},
		"a field of none":         {func(in map[string]any) { in["stack"] = "s" }, "stack"},
		"a field of no resource":  {func(in map[string]any) { resource(in)["outputs"] = map[string]any{} }, "outputs"},
		"no URN":                  {func(in map[string]any) { delete(resource(in), "urn") }, "urn"},
		"another operation":       {func(in map[string]any) { resource(in)["operation"] = "refresh" }, "operation"},
		"a dependency of nothing": {func(in map[string]any) { resource(in)["dependencies"] = []any{nil} }, "dependencies"},
		"an account of letters":   {func(in map[string]any) { in["subject"].(map[string]any)["account"] = "core" }, "account"},
		"tags of numbers":         {func(in map[string]any) { in["subject"].(map[string]any)["tags"] = map[string]any{"a": 1} }, "tags"},
		"another model":           {func(in map[string]any) { in["subject"].(map[string]any)["models"] = []any{"bridge"} }, "models"},
		"an unknown, raw":         {inputs("arn:" + unknown), "inputs"},
		"a secret, raw":           {inputs(map[string]any{signature: "1b47061264138c4ac30d75fd1eb44270", "value": "x"}), "inputs"},
		"a secret, masked":        {inputs("[secret]"), "inputs"},
		"a mark with a value":     {inputs(map[string]any{"$secret": "x"}), "inputs"},
		"a mark with more":        {inputs(map[string]any{"$unknown": true, "value": "x"}), "inputs"},
	} {
		var in map[string]any
		if err := json.Unmarshal(good, &in); err != nil {
			t.Fatal(err)
		}
		if err := inputschema.Check(t.Context(), policies.InputSchema(), in); err != nil {
			t.Fatalf("before it is spoilt: %v", err)
		}
		tt.spoil(in)
		if err := inputschema.Check(t.Context(), policies.InputSchema(), in); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, schema := range []string{"", "{", `{"type": "nothing"}`} {
		if err := inputschema.Check(t.Context(), []byte(schema), map[string]any{}); err == nil {
			t.Errorf("the schema %q took a value", schema)
		}
	}
}

// resource gives a copy of the first resource with inputs, and puts it in the place of that.
func resource(in map[string]any) map[string]any {
	all := in["plan"].(map[string]any)["resources"].([]any)
	for i, r := range all {
		if r.(map[string]any)["inputs"] != nil {
			all[i] = maps.Clone(r.(map[string]any))
			return all[i].(map[string]any)
		}
	}
	return nil
}

func TestNewInputModels(t *testing.T) {
	catalogue := tenants.Catalogue{Tiers: []tenants.Tier{{Name: "free", Model: tenants.ModelPool}, {Name: "standard", Model: tenants.ModelPool}, {Name: "premium", Model: tenants.ModelSilo}}}
	for name, tt := range map[string]struct {
		subject policies.Subject
		want    string
	}{
		"nothing known":  {policies.Subject{}, ""},
		"a pooled tier":  {policies.Subject{Tiers: []string{"free"}}, "pool"},
		"two of a model": {policies.Subject{Tiers: []string{"free", "standard"}}, "pool"},
		"a move":         {policies.Subject{Program: policies.ProgramTenant, Tiers: []string{"free", "premium"}}, "pool silo"},
		"another tier":   {policies.Subject{Tiers: []string{"gold", "premium"}}, "silo"},
		"a shared stack": {policies.Subject{Program: policies.ProgramPlatform}, "pool"},
		"told":           {policies.Subject{Tiers: []string{"free"}, Models: []tenants.Model{tenants.ModelSilo}}, "silo"},
	} {
		in := policies.NewInput(plan.Plan{}, tt.subject, catalogue)
		var got []string
		for _, m := range in.Subject.Models {
			got = append(got, string(m))
		}
		if strings.Join(got, " ") != tt.want || in.Version != policies.InputVersion {
			t.Errorf("%s: %v, want %q", name, got, tt.want)
		}
	}
}
